//! Drafts (`-H`): a message that is given with its header is sent as it is, and what is typed is added to it.

#[path = "drafts/corpus.rs"]
mod corpus;
#[path = "drafts/editor.rs"]
mod editor;

use crate::faces::{Got, addresses, facing, fields, got};
use crate::support::{Peer, Ran, Rules, Sandbox, judge};

/// What must stand in place of a draft.
fn expected(case: &corpus::Case) -> Vec<u8> {
    // Octets above 127 are not to be touched, whatever charset they are in.
    let mut text: String = case.draft.iter().map(|&octet| char::from(octet)).collect();
    text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    for (from, to) in &case.changes {
        let [from, to] = [from, to].map(|words| words.bytes().map(char::from).collect::<String>());
        assert_eq!(text.matches(&from).count(), 1, "{from:?} in {text}");
        text = text.replacen(&from, &to, 1);
    }
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
}

#[test]
fn what_arrives_is_what_was_given() {
    let cases = corpus::cases();
    assert!(cases.len() >= 30, "{}", cases.len());
    let mut arrived = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let peer = Peer::healthy();
        let sandbox = facing(&peer);
        sandbox.file("draft", &case.draft);
        let (words, stdin) =
            if index % 2 == 0 { (["-H", "draft"], &b""[..]) } else { (["-H", "-"], &case.draft[..]) };
        // What mutt notes for itself is left out, and that is told.
        let unheard = ["--no-warn", "ignored-field,no-crypto"];
        sandbox.stdin(stdin).run(&[words, unheard].concat()).exits(0).quiet();
        let book = peer.finish();
        let octets = book.octets().remove(0);
        let shown = String::from_utf8_lossy(&octets).into_owned();
        assert_eq!(shown, String::from_utf8_lossy(&expected(case)), "{index}");
        assert_eq!(octets, expected(case), "{index}");
        let is_eight_bit = book.commands("MAIL").remove(0).contains("BODY=8BITMIME");
        assert_eq!(is_eight_bit, !octets.is_ascii(), "{index}");
        arrived.push(octets);
    }
    let Some(judged) = judge(&arrived) else { return };
    for judged in judged {
        assert_eq!(judged.field("Message-ID"), Some("<kept@example.test>"));
        assert_eq!(judged.field("Bcc"), None);
    }
}

const DRAFT: &str = "From: Bo <bo@y.test>\nTo: a@x.test, Root <root>\nCc: c@x.test\nBcc: d@x.test\nSubject: old\nX-Keep: 1\n\
                     Reply-To: z@x.test\n\nthe text\n";

fn run_with(draft: &str, stdin: &str, words: &[&str]) -> (Ran, Peer, Sandbox) {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.file("draft", draft);
    sandbox.file("a.txt", "attached\n");
    let ran = sandbox.stdin(stdin).run(&[&["-H", "draft"], words].concat());
    (ran, peer, sandbox)
}

#[track_caller]
fn sent(draft: &str, stdin: &str, words: &[&str]) -> (Got, String) {
    let (ran, peer, _sandbox) = run_with(draft, stdin, words);
    ran.exits(0).quiet();
    let book = peer.finish();
    let sender = addresses(&book.commands("MAIL FROM:")).remove(0);
    (got(&book), sender)
}

#[test]
fn who_sends_and_who_receives() {
    let (got, sender) = sent(DRAFT, "", &["e@x.test, f@x.test", "-c", "g@x.test", "-b", "h@x.test"]);
    let everybody = ["a", "e", "f", "c", "g", "d", "h"].map(|name| format!("{name}@x.test"));
    let mut expected = everybody.to_vec();
    expected.insert(1, "root@y.test".to_owned());
    assert_eq!((got.recipients, sender.as_str()), (expected, "bo@y.test"));
    assert_eq!(fields(&got.text, "To"), ["a@x.test, Root <root@y.test>, e@x.test, f@x.test"]);
    assert_eq!(fields(&got.text, "Cc"), ["c@x.test, g@x.test"]);
    assert_eq!(fields(&got.text, "From"), ["Bo <bo@y.test>"]);
    assert!(!got.text.contains("d@x.test") && !got.text.contains("h@x.test"), "{}", got.text);

    let resent = format!(
        "Resent-To: p@x.test\nResent-From: q@y.test\nResent-Bcc: o@x.test\nResent-To: older@x.test\n{DRAFT}"
    );
    let (got, sender) = sent(&resent, "", &["e@x.test"]);
    assert_eq!(
        (&got.recipients[..], sender.as_str()),
        (&["p@x.test", "e@x.test", "o@x.test"].map(str::to_owned)[..], "q@y.test")
    );
    assert_eq!(fields(&got.text, "Resent-To"), ["p@x.test, e@x.test", "older@x.test"]);
    assert_eq!(fields(&got.text, "To"), ["a@x.test, Root <root>"]);

    let (got, sender) = sent("Subject: s\n\nx\n", "", &["-b", "r@x.test"]);
    assert_eq!(fields(&got.text, "To"), ["undisclosed-recipients:;"]);
    assert_eq!(
        (fields(&got.text, "From"), sender.as_str()),
        (vec!["me@example.org".to_owned()], "me@example.org")
    );
}

#[test]
fn what_is_typed_replaces_fields_of_its_name() {
    let words = [
        "-s",
        "new",
        "--from",
        "me@w.test",
        "--reply-to",
        "r@w.test",
        "--header",
        "x-keep: 2",
        "--header",
        "X-New: 3",
    ];
    let (got, sender) = sent(DRAFT, "", &words);
    let text = got.text;
    for (name, value) in
        [("Subject", "new"), ("From", "me@w.test"), ("Reply-To", "r@w.test"), ("X-Keep", "2"), ("X-New", "3")]
    {
        assert_eq!(fields(&text, name), [value], "{name}");
    }
    assert_eq!(sender, "me@w.test");
    let order: Vec<&str> = text.split("\r\n").filter_map(|line| line.split(':').next()).take(6).collect();
    assert_eq!(order, ["From", "To", "Cc", "Subject", "X-Keep", "Reply-To"]);
    assert!(fields(&sent(DRAFT, "", &["-s", ""]).0.text, "Subject").is_empty());
    for (field, kept) in [("X-Keep: 9", "X-Keep: 1"), ("X-Every: 1", "X-Every: 1")] {
        let set = format!("default_headers={field}");
        let text = sent(DRAFT, "", &["--set", "signature=a.txt", "--set", &set]).0.text;
        assert!(text.ends_with("\r\nthe text\r\n") && text.contains(&format!("\r\n{kept}\r\n")), "{text}");
    }
    run_with(DRAFT, "", &["--dry-run"]).0.exits(0).says("the draft has no Date: it gets that of now");
    let (ran, peer, _sandbox) = run_with("To: a@x.test\n\nx\n", "", &["--missing-subject", "fail"]);
    ran.exits(65).says("there is no subject");
    assert_eq!(peer.finish().connections(), 0);
    sent(DRAFT, "", &["--missing-subject", "fail"]);
    run_with(DRAFT, "", &["--missing-subject", "fail", "-s", ""]).0.exits(65).says("there is no subject");
    run_with(DRAFT, "", &["--flowed"]).0.exits(0);
    let labelled = DRAFT.replace("\n\n", "\nContent-Type: text/plain\n\n");
    run_with(&labelled, "", &["--flowed"]).0.exits(65).says("so that it cannot be flowed");
}

#[test]
fn what_is_answered_ends_the_thread_of_a_draft() {
    let draft = "References: <1@x> <3@x>\n <2@x>\nSubject: s\n\nx\n";
    let references = |words: &[&str]| {
        let (got, _) = sent(draft, "", &[words, &["r@x"]].concat());
        fields(&got.text, "References")
    };
    assert_eq!(references(&["--in-reply-to", "3@x"]), ["<1@x> <2@x> <3@x>"]);
    assert_eq!(references(&["--in-reply-to", "3@x", "--references", "0@x"]), ["<0@x> <3@x>"]);
}

#[test]
fn one_click_goes_with_the_url_that_offered_it() {
    let post = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n";
    let draft = format!("List-Unsubscribe: <https://x/u>\n{post}Subject: s\n\nx\n");
    for (url, offered) in [("mailto:leave@x", &[][..]), ("https://y/u", &["List-Unsubscribe=One-Click"])] {
        let (got, _) = sent(&draft, "", &["--list-unsubscribe", url, "r@x"]);
        assert_eq!(fields(&got.text, "List-Unsubscribe"), [format!("<{url}>")]);
        assert_eq!(fields(&got.text, "List-Unsubscribe-Post"), offered);
    }
}

#[test]
fn what_a_draft_asks_for_in_vain_is_told() {
    let asking = format!("Fcc: =sent\nX-Mutt-Fcc:\nPgp: SE\nX-Mutt-SMIME: S\n{DRAFT}");
    let (ran, peer, sandbox) = run_with(&asking, "", &[]);
    ran.exits(0)
        .says("the field Fcc of the draft is ignored: --fcc PATH keeps a copy [ignored-field]\n")
        .says("the field Pgp of the draft is ignored: whippet does not sign or encrypt [no-crypto]\n")
        .says("the field X-Mutt-SMIME of the draft is ignored")
        .never_shows("X-Mutt-Fcc");
    assert!(!sandbox.work().join("sent").exists());
    let text = peer.finish().messages().remove(0);
    assert!(!text.contains("Fcc") && !text.contains("Pgp") && !text.contains("SMIME"), "{text}");
    // Who has said what becomes of the copy needs no advice.
    for words in [&["--fcc", "copy"][..], &["--no-fcc"]] {
        run_with(&asking, "", words).0.exits(0).never_shows("Fcc of the draft");
    }
}

#[test]
fn a_draft_attaches_files_only_where_that_is_allowed() {
    let asking = format!("Attach: a.txt\nattach: ~/my\\ plan.txt The plan\nAttach:\n{DRAFT}");
    let (ran, peer, sandbox) = run_with(&asking, "", &[]);
    ran.exits(65)
        .says("the draft asks for a file to be attached: `a.txt`")
        .says("--allow-draft-attach attaches what a draft names");
    assert_eq!(peer.finish().connections(), 0);
    let peer = Peer::healthy();
    sandbox.profile(&format!("host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n", peer.port()));
    let words = ["-H", "draft", "--allow-draft-attach", "-a", "draft"];
    sandbox.run(&words).exits(66).says("/home/my plan.txt\n");
    sandbox.file("../home/my plan.txt", "plan\n");
    sandbox.run(&words).exits(0).says("the description of ~/my plan.txt in the field Attach");
    let got = got(&peer.finish());
    assert_eq!(got.attached, ["a.txt", "my plan.txt", "draft"]);
    assert!(!got.text.contains("Attach:"), "{}", got.text);
    sandbox.run(&["--allow-draft-attach", "r@x.test"]).exits(64).says("and there is none");
}

#[test]
fn standard_input_is_added_to_a_plain_text() {
    assert!(sent(DRAFT, "more\n", &[]).0.text.ends_with("\r\n\r\nthe text\r\nmore\r\n"));
    let labelled = DRAFT.replace("\n\n", "\nContent-Type: text/plain; charset=utf-8\n\n");
    assert!(sent(&labelled, "m\u{f6}re\n", &[]).0.text.ends_with("\r\n\r\nthe text\r\nm=C3=B6re\r\n"));
    let html = DRAFT.replace("\n\n", "\nContent-Type: text/html\n\n");
    assert!(sent(&html, "", &[]).0.text.ends_with("\r\n\r\nthe text\r\n"));
    let (ran, peer, _sandbox) = run_with(&html, "more\n", &[]);
    ran.exits(64).says("standard input cannot be added to the draft").says("< /dev/null");
    assert_eq!(peer.finish().connections(), 0);
    let (ran, _peer, _sandbox) = run_with(DRAFT, "", &["-i", "a.txt"]);
    ran.exits(0).says("-i is ignored: the text is that of -H");
    for words in [&["--body", "x"][..], &["--body-file", "a.txt"], &["--body-file", "-"]] {
        run_with(DRAFT, "", words).0.exits(64).says("contradict");
    }
    let peer = Peer::healthy();
    facing(&peer).stdin(DRAFT).run(&["-H", "-", "-a", "-"]).exits(64).says("feeds one thing");
}

#[test]
fn attachments_are_added_to_any_draft() {
    let got = sent(DRAFT, "", &["-a", "a.txt"]).0;
    assert_eq!(got.attached, ["a.txt"]);
    let got = sent(DRAFT, "piped\n", &["-a", "-", "a.txt"]).0;
    assert_eq!(got.attached, ["stdin.txt", "a.txt"]);
    let inner = "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>x\n--b--\n";
    let got = sent(&DRAFT.replace("\n\nthe text\n", &format!("\n{inner}")), "", &["-a", "a.txt"]).0;
    assert!(got.text.contains(&inner.replace('\n', "\r\n")), "{}", got.text);
    assert_eq!(fields(&got.text, "MIME-Version"), ["1.0"]);
    let Some(judged) = judge(&[got.text.into_bytes()]) else { return };
    let types: Vec<&str> = judged[0].parts.iter().map(|part| part.media_type.as_str()).collect();
    assert_eq!(types, ["text/plain", "text/html", "text/plain"]);
}

#[test]
fn a_server_without_8bitmime_gets_no_8_bit_multipart() {
    let multipart = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n\u{e9}\n--b--\n";
    let peer = Peer::serving(Rules::healthy().offering(&["PIPELINING"]));
    let sandbox = facing(&peer);
    sandbox.file("draft", DRAFT.replace("\n\nthe text\n", &format!("\n{multipart}")));
    sandbox
        .run(&["-H", "draft"])
        .exits(69)
        .says("the message holds 8-bit text, and the server does not offer 8BITMIME");
    assert_eq!(peer.finish().dots(), 0);
}

#[test]
fn what_is_no_draft_is_not_sent() {
    for (draft, code, words) in [
        (
            "Hello Bob,\n\nhow are you?\n",
            65,
            "line 1 of the draft: `Hello Bob,` is no field\nhint: a draft begins with fields",
        ),
        ("To: a@x.test\nSubject: \0\n\nx\n", 65, "line 2 of the draft: a NUL stands in the header"),
        ("To: a@x.test\rBcc: e@x.test\n\nx\n", 65, "line 1 of the draft: a CR without LF"),
        ("To: a@x.test\nTo: b@\n\nx\n", 65, "b@"),
        ("To: a@x.test\nFrom: a@b\nfrom: c@d\n\nx\n", 65, "line 3 of the draft: it is a second from"),
        (
            "To: a@x.test\nAttach: /etc/passwd\n\nx\n",
            65,
            "the draft asks for a file to be attached: `/etc/passwd`",
        ),
        ("Subject: s\n\nx\n", 64, "no recipient"),
    ] {
        let (ran, peer, _sandbox) = run_with(draft, "", &[]);
        ran.exits(code).says(words);
        assert_eq!(peer.finish().connections(), 0, "{draft}");
    }
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.run(&["-H", "none"]).exits(66).says("cannot open none");
    sandbox.stdin(DRAFT).run(&["-H", "-", "--expect-bytes", "3"]).exits(65).says("standard input has 1");
    assert_eq!(peer.finish().connections(), 0);
}

#[test]
fn a_draft_is_written_down_and_shown_like_any_mail() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.file("draft", DRAFT);
    sandbox.run(&["-H", "draft", "--dry-run"]).exits(0).prints("Subject: old\r\n").says("RCPT TO:<d@x.test>");
    sandbox.run(&["-H", "draft", "--output", "out"]).exits(0).quiet();
    let written = std::fs::read_to_string(sandbox.work().join("out")).unwrap();
    assert!(written.contains("X-Keep: 1\r\n") && written.ends_with("the text\r\n"), "{written}");
    sandbox.run(&["-H", "draft", "--json"]).exits(0).prints("\"message_id\"");
    assert_eq!(got(&peer.finish()).recipients.len(), 4);
}
