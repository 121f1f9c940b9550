//! Messages that were resent (RFC 5322 3.6.6): the newest resending that names recipients counts, the others stay as they are.

use crate::local_names::{envelope, field, saying, sendmail};

/// What stands below each resending here.
const REST: &str = "From: a@x.example\nTo: b@x.example\n\nx\n";

#[test]
fn the_newest_resending_that_names_recipients_counts() {
    let sandbox = saying("");
    for (resent, recipients) in [
        ("Resent-Message-ID: <q@x>\nReceived: by z\nResent-To: dist@x.example\n", &["dist@x.example"][..]),
        (
            "Resent-From: o@x.example\nOriginal-Sender: z@x.example\nResent-To: dist@x.example\n\
             RESENT-CC: m@x.example\nReceived: by y\nResent-Bcc: old@x.example\n",
            &["dist@x.example", "m@x.example"],
        ),
        (
            "Resent-From: r@x.example\nX-A: b\nResent-To: dist@x.example\nX-B: c\nResent-Cc: m@x.example\n\
             Return-Path: <p@x.example>\nResent-Bcc: old@x.example\n",
            &["dist@x.example", "m@x.example"],
        ),
        // The first one names nobody.
        (
            "Resent-From: o@x.example\nResent-Date: now\nReceived: by z\nResent-From: p@x.example\n\
             Resent-Bcc: dist@x.example\nResent-From: q@x.example\nResent-Cc: old@x.example\n",
            &["dist@x.example"],
        ),
    ] {
        let text = format!("{resent}{REST}");
        assert_eq!(envelope(&sendmail(&sandbox, &text, &["-t"]))[1..], *recipients, "{text}");
        let ran = sandbox.stdin(&text).run(&["--dry-run", "-H", "-", "z@x.example"]);
        let mut people = envelope(&ran)[1..].to_vec();
        people.sort();
        let mut wanted = [recipients, &["z@x.example"]].concat();
        wanted.sort_unstable();
        assert_eq!(people, wanted, "{text}");
    }
    let text = format!("Resent-To:\nReceived: by z\nResent-To: old@x.example\n{REST}");
    sendmail(&sandbox, &text, &["-t"])
        .exits(64)
        .says("neither Resent-To, Resent-Cc nor Resent-Bcc of the newest resending names one");
}

#[test]
fn what_is_typed_goes_into_the_newest_resending() {
    let sandbox = saying("");
    let text = format!(
        "Resent-To: Al <al>\nResent-Cc: c@x.example\nX-Between: 1\nResent-Cc: old@x.example\n\
         Resent-To: older@x.example\nResent-From: older@x.example\n{REST}"
    );
    let words = ["--dry-run", "-H", "-", "--from", "me@x.example", "-c", "d@x.example", "z@x.example"];
    let ran = sandbox.stdin(&text).run(&words);
    assert_eq!(field(&ran, "Resent-To"), ["Al <al@x.example>, z@x.example", "older@x.example"]);
    assert_eq!(field(&ran, "Resent-Cc"), ["c@x.example, d@x.example", "old@x.example"]);
    assert_eq!(field(&ran, "Resent-From"), ["me@x.example", "older@x.example"]);
    assert_eq!(
        (field(&ran, "From"), field(&ran, "To")),
        (vec!["a@x.example".into()], vec!["b@x.example".into()])
    );
    // A field that it lacks does not come from an older one, and stands with it.
    let text = format!("Resent-Bcc: al@x.example\nReceived: by y\nResent-To: older@x.example\n{REST}");
    let ran = sandbox.stdin(&text).run(&["--dry-run", "-H", "-", "z@x.example"]);
    assert_eq!(field(&ran, "Resent-To"), ["z@x.example", "older@x.example"]);
}

#[test]
fn names_of_this_machine_get_their_domain_in_each_resending() {
    let text = format!("Resent-To: root\nResent-From: root\nReceived: by y\nResent-To: web\n{REST}");
    let ran = sendmail(&saying(""), &text, &["-t"]);
    assert_eq!(field(&ran, "Resent-To"), ["root@prov.example", "web@prov.example"]);
    assert_eq!(field(&ran, "Resent-From"), ["root@prov.example"]);
}

#[test]
fn the_author_that_is_replaced_is_the_one_that_counts() {
    let sandbox = saying("from_rule = \"login\"\n");
    let run = |resent: &str, words: &[&str]| {
        let ran = sendmail(&sandbox, &format!("{resent}{REST}"), words);
        ran.says("[replaced-author]");
        ["From", "Reply-To", "Resent-From", "Resent-Sender"].map(|name| field(&ran, name).join(" | "))
    };
    // A list has left its Resent-From, and it is not resent now.
    let list = "Resent-From: list@lists.example\nResent-Sender: l@lists.example\n";
    assert_eq!(
        run(list, &["fwd@x.example"]),
        ["Dan <dan@prov.example>", "a@x.example", "list@lists.example", "l@lists.example"]
    );
    let twice =
        format!("Resent-To: r@x.example\nResent-Sender: o@x.example\nResent-From: o@x.example\n{list}");
    assert_eq!(
        run(&twice, &["-t"]),
        ["a@x.example", "", "Dan <dan@prov.example> | list@lists.example", "l@lists.example"]
    );
    // Who resends it is not said in the header.
    let nobody = format!("Resent-To: r@x.example\nReceived: by z\n{list}");
    assert_eq!(
        run(&format!("Resent-Date: now\n{nobody}"), &["-t", "-f", "o@x.example"])[..3],
        ["a@x.example", "", "Dan <dan@prov.example> | list@lists.example"]
    );
}
