//! The other forms of a text: HTML and the text beside it, Markdown, pictures, invitations; and what Python's `email` reads.

use serde_json::Value;

use crate::support::{Call, Peer, Ran, Sandbox, python};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const INVITATION: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@example.org\r\nSUMMARY:会议\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// Prints the tree of a message, its leaves with what belongs to them, and all defects.
const TREE: &str = r#"
import email, email.policy, json, sys
message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
defects, leaves = [], []
def tree(part):
    defects.extend(map(repr, part.defects))
    for name, value in part.items():
        defects.extend(map(repr, value.defects))
    if part.is_multipart():
        return part.get_content_subtype() + "(" + " ".join(map(tree, part.iter_parts())) + ")"
    text = part.get_content().replace("\r\n", "\n") if part.get_content_maintype() == "text" else None
    leaves.append({"type": part.get_content_type(), "text": text, "id": part["Content-ID"], "name": part.get_filename(),
                   "disposition": part.get_content_disposition(), "parameters": dict(part["Content-Type"].params)})
    return part.get_content_type()
json.dump({"tree": tree(message), "leaves": leaves, "defects": defects}, sys.stdout)
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.profile("[profiles.default]\nhost = \"127.0.0.1\"\nfrom = \"ann@example.org\"\n");
    sandbox
}

/// What Python reads of the mail that these words make; nothing without python3.
#[track_caller]
fn read(call: Call<'_>, words: &[&str]) -> Option<Value> {
    let ran = call.run(&[words, &["--output", "-", "-s", "hi", "--", "bob@example.org"]].concat());
    ran.exits(0);
    let read: Value = serde_json::from_slice(&python(TREE, ran.stdout_octets())?).unwrap();
    assert_eq!(read["defects"], Value::Array(vec![]), "{read}");
    Some(read)
}

#[track_caller]
fn refused(ran: &Ran, code: i32, words: &str) {
    ran.exits(code).says(words);
    assert_eq!(ran.stdout(), "");
}

#[test]
fn each_form_stands_in_its_place() {
    let sandbox = sandbox();
    sandbox.file("page.html", "<p>Grüße <img src=\"cid:logo one.png\"></p>");
    sandbox.file("logo one.png", PNG);
    sandbox.file("a.pdf", "%PDF-1.4");
    sandbox.file("i.ics", INVITATION);
    let words = ["--html", "page.html", "--inline", "logo one.png", "--calendar", "i.ics", "-a", "a.pdf"];
    let Some(read) = read(sandbox.stdin("Greetings\n"), &words) else { return };
    assert_eq!(
        read["tree"],
        "mixed(related(alternative(text/plain text/html text/calendar) image/png) application/pdf)"
    );
    let [text, html, calendar, picture, file] = read["leaves"].as_array().unwrap().as_slice() else {
        panic!()
    };
    assert_eq!((&text["text"], &text["disposition"]), (&"Greetings\n".into(), &Value::Null));
    let id = picture["id"].as_str().unwrap().trim_matches(['<', '>']).to_owned();
    assert_eq!(html["text"], format!("<p>Grüße <img src=\"cid:{id}\"></p>\n"));
    assert!(id.contains('@'), "{id}");
    assert_eq!((&picture["disposition"], &picture["name"]), (&"inline".into(), &"logo one.png".into()));
    assert_eq!(calendar["parameters"]["method"], "REQUEST");
    assert_eq!(calendar["text"].as_str().unwrap().replace("\r\n", "\n"), INVITATION.replace("\r\n", "\n"));
    assert_eq!(file["disposition"], "attachment");
}

#[test]
fn of_nothing_no_html_is_made() {
    let sandbox = sandbox();
    sandbox.file("empty.html", " \n");
    let to = ["--", "bob@example.org"];
    for words in [&["--markdown"][..], &["--html", "empty.html"], &["--html", "-"]] {
        let Some(read) = read(sandbox.stdin("\n"), words) else { return };
        assert_eq!(read["tree"], "text/plain", "{words:?}");
        let fail = [words, &["--empty-body", "fail"], &to].concat();
        sandbox.stdin("").run(&fail).exits(65).says("the body is empty");
    }
    let ran = sandbox.stdin("x\n").run(&[&["--html", "empty.html", "--output", "-"], &to[..]].concat());
    ran.exits(0).says("the HTML text is empty, and is left out [empty-html]");
    assert!(!ran.stdout().contains("text/html"), "{}", ran.stdout());
    sandbox.file("page.html", "<p>hi");
    for form in [&["--html", "page.html"][..], &["--markdown"]] {
        let other = [form, &["-e", "set content_type=text/html"], &to].concat();
        sandbox.stdin("x\n").run(&other).exits(64).says("goes with a plain text, and -e set content_type");
    }
}

#[test]
fn html_without_a_text_gets_one() {
    let sandbox = sandbox();
    sandbox.file("page.html", "<h1>Report</h1><ul><li>one<li><a href=https://x.org>two</a></ul>");
    for (stdin, words) in [
        ("", &["--html", "page.html"][..]),
        ("<h1>Report</h1><ul><li>one<li><a href=https://x.org>two</a></ul>", &["--html", "-"]),
    ] {
        let Some(read) = read(sandbox.stdin(stdin), words) else { return };
        assert_eq!(read["tree"], "alternative(text/plain text/html)");
        assert_eq!(read["leaves"][0]["text"], "Report\n\n* one\n* two (https://x.org)\n");
    }
    let Some(read) = read(sandbox.call(), &["--html", "page.html", "--body", "mine"]) else { return };
    assert_eq!(read["leaves"][0]["text"], "mine\n");
}

#[test]
fn html_in_another_charset_is_read_as_it_says() {
    let sandbox = sandbox();
    sandbox.file("page.html", b"<meta charset=iso-8859-1><p>caf\xe9");
    let Some(read) = read(sandbox.call(), &["--html", "page.html", "--body", ""]) else { return };
    assert_eq!(read["leaves"][0]["text"], "café\n");
    assert!(read["leaves"][1]["text"].as_str().unwrap().ends_with("<p>café\n"));
}

#[test]
fn pictures_that_the_page_shows_go_along_once() {
    let sandbox = sandbox();
    std::fs::create_dir(sandbox.work().join("site")).unwrap();
    let remote = "<img src=https://x.org/y.png><img src='data:image/png;base64,xx'>";
    sandbox
        .file("site/page.html", format!("<img src=a%20b.png><img src='a b.png'>{remote}<img src=sub.png>"));
    sandbox.file("site/a b.png", PNG);
    sandbox.file("site/sub.png", PNG);
    let Some(read) = read(sandbox.call(), &["--html", "site/page.html", "--embed", "--body", "x"]) else {
        return;
    };
    assert_eq!(read["tree"], "related(alternative(text/plain text/html) image/png image/png)");
    let (html, first) = (&read["leaves"][1]["text"], read["leaves"][2]["id"].as_str().unwrap());
    let first = format!("\"cid:{}\"", first.trim_matches(['<', '>']));
    assert_eq!(html.as_str().unwrap().matches(&first).count(), 2, "{html}");
    assert!(html.as_str().unwrap().contains(remote), "{html}");
}

#[test]
fn markdown_is_sent_as_it_is_and_as_html() {
    let sandbox = sandbox();
    sandbox.file("logo.png", PNG);
    let text = "# Bericht\n\n*wichtig* ![logo](logo.png)\n\n| a |\n|---|\n| 1 |\n";
    let Some(read) = read(sandbox.stdin(text), &["--markdown", "--embed"]) else { return };
    assert_eq!(read["tree"], "related(alternative(text/plain text/html) image/png)");
    assert_eq!(read["leaves"][0]["text"], text);
    let html = read["leaves"][1]["text"].as_str().unwrap();
    assert!(html.contains("<h1>Bericht</h1>") && html.contains("<td>1</td>"), "{html}");
    assert!(html.contains("<em>wichtig</em> <img src=\"cid:1."), "{html}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let sandbox = sandbox();
    sandbox.file("page.html", "<img src=cid:other.png><img src=none.png><img src=secret.txt>");
    sandbox.file("plain.html", "<p>hi");
    sandbox.file("logo.png", PNG);
    sandbox.file("secret.txt", "secret");
    sandbox.file("no.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n");
    let run =
        |words: &[&str]| sandbox.run(&[words, &["--output", "-", "--body", "x", "bob@example.org"]].concat());
    let page = run(&["--html", "page.html", "--inline", "logo.png", "--embed"]);
    refused(&page, 65, "shows `cid:other.png`, and no --inline file has that name");
    page.says("none.png").says("secret.txt, which is no picture");
    refused(&run(&["--inline", "logo.png"]), 64, "--inline is about an HTML text");
    refused(&run(&["--embed"]), 64, "--embed is about an HTML text");
    refused(&run(&["--html", "none.html"]), 66, "none.html");
    refused(&run(&["--html", "plain.html", "--markdown"]), 64, "--markdown");
    refused(
        &run(&["--html", "plain.html", "--inline", "logo.png", "--inline", "./logo.png"]),
        64,
        "called logo.png, too",
    );
    refused(&run(&["--calendar", "no.ics"]), 65, "has no METHOD");
    refused(&run(&["--calendar", "secret.txt"]), 65, "is no iCalendar file");
    let unseen = run(&["--html", "plain.html", "--inline", "logo.png"]);
    unseen.exits(0).says("does not show logo.png");
}

#[test]
fn what_has_the_name_of_a_picture_only_stays_here() {
    let sandbox = sandbox();
    sandbox.file("secret", "secret");
    std::os::unix::fs::symlink("secret", sandbox.work().join("link.png")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", sandbox.work().join("device.png")).unwrap();
    sandbox.file("drawing.svg", "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    let run = |page: &str| {
        sandbox.file("page.html", page);
        sandbox.run(&["--html", "page.html", "--embed", "--output", "-", "--body", "x", "bob@example.org"])
    };
    refused(&run("<img src=link.png>"), 65, "link.png, which is no picture");
    refused(&run("<img src=device.png>"), 65, "device.png, which is no picture");
    run("<img src=drawing.svg>").exits(0);
}

#[test]
fn the_same_page_is_known_again() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    sandbox.file("page.html", "<img src=cid:logo.png>");
    sandbox.file("logo.png", PNG);
    let words = ["--html", "page.html", "--inline", "logo.png", "--idempotency-key", "k", "bob@example.org"];
    sandbox.run(&words).exits(0);
    sandbox.run(&words).exits(0).says("already accepted");
    sandbox.file("logo.png", [PNG, b"x"].concat());
    sandbox.run(&words).exits(0).never_shows("already accepted");
    assert_eq!(peer.book().dots(), 2);
}
