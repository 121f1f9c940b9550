//! What such options make of a request, and what they refuse.

use crate::cli::tests::{error_of, request_of};
use crate::cli::usage::UsageKind::{Data, Usage};

/// The fields of a request, one a line.
fn fields(words: &[&str]) -> String {
    let request = request_of(&[words, &["r"]].concat());
    let lines = request.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_string_lossy()));
    lines.collect()
}

#[test]
fn threads() {
    for (words, expected) in [
        (&["--in-reply-to", "1@x"][..], "In-Reply-To: <1@x>\nReferences: <1@x>\n"),
        (&["--in-reply-to=<1@x>", "--references", "0@x"], "In-Reply-To: <1@x>\nReferences: <0@x> <1@x>\n"),
        (
            &["--references", "<a@x><b@x>  c@[::1]", "--references", "d$=+@y", "--in-reply-to", "<b@x>"],
            "In-Reply-To: <b@x>\nReferences: <a@x> <c@[::1]> <d$=+@y> <b@x>\n",
        ),
        // Which of two threads it belongs to nobody can tell.
        (&["--in-reply-to", "1@x 2@x"], "In-Reply-To: <1@x> <2@x>\n"),
        (&["--references", "1@x"], "References: <1@x>\n"),
        (&["--in-reply-to", "", "--references", " "], ""),
        (
            &["--header", "References: <0@x>", "--in-reply-to", "1@x"],
            "References: <0@x> <1@x>\nIn-Reply-To: <1@x>\n",
        ),
        // An option is stronger than a URL and than -e, which may both say it.
        (
            &["--in-reply-to", "1@x", "mailto:a@x?in-reply-to=%3C2@x%3E&references=%3C2@x%3E"],
            "In-Reply-To: <1@x>\nReferences: <1@x>\n",
        ),
        (&["-e", "my_hdr References: <2@x>", "--references", "1@x"], "References: <1@x>\n"),
        (&["-e", "my_hdr In-Reply-To: <2@x>"], "In-Reply-To: <2@x>\n"),
        (&["mailto:a@x?in-reply-to=%3C2@x%3E", "-e", "my_hdr In-Reply-To: <3@x>"], "In-Reply-To: <2@x>\n"),
    ] {
        assert_eq!(fields(words), expected, "{words:?}");
    }
}

#[test]
fn words_for_programs() {
    for (words, expected) in [
        (&["--importance", "high"][..], "Importance: high\n"),
        (&["--auto-submitted=auto-generated"], "Auto-Submitted: auto-generated\n"),
        (&["--auto-submitted", "no"], "Auto-Submitted: no\n"),
        (&["--keywords", "a, two words ,", "--keywords", "é"], "Keywords: a, two words, é\n"),
        (
            &[
                "--list-unsubscribe",
                "HTTPS://l.x/u?a=1,2",
                "--list-unsubscribe",
                "<mailto:leave@l.x?subject=u>",
            ],
            "List-Unsubscribe: <https://l.x/u?a=1,2>, <mailto:leave@l.x?subject=u>\n\
             List-Unsubscribe-Post: List-Unsubscribe=One-Click\n",
        ),
        (&["--list-unsubscribe", "http://l.x/u"], "List-Unsubscribe: <http://l.x/u>\n"),
        (
            &["--list-unsubscribe", "https://l.x/u", "--list-unsubscribe", "http://l.x/u"],
            "List-Unsubscribe: <https://l.x/u>, <http://l.x/u>\n",
        ),
    ] {
        assert_eq!(fields(words), expected, "{words:?}");
    }
}

#[test]
fn who_sends_and_who_gets_the_receipt() {
    let sender = |words: &[&str]| request_of(&[words, &["r"]].concat()).sender;
    assert_eq!(sender(&["--sender", "Me <s@x>"]).as_deref(), Some("Me <s@x>"));
    assert_eq!(sender(&["--header", "sender: s"]).as_deref(), Some("s"));
    assert_eq!(sender(&["-e", "my_hdr Sender: s@x", "--sender", "t@x"]).as_deref(), Some("t@x"));
    assert_eq!(sender(&["-e", "my_hdr Sender: s@x"]).as_deref(), Some("s@x"));
    // Without an equals sign the next word is a recipient.
    let request = request_of(&["--read-receipt", "r@x"]);
    assert_eq!((request.read_receipt.as_deref(), request.recipients), (Some(""), vec!["r@x".to_owned()]));
    let request = request_of(&["--read-receipt=a@x, b@x", "r@x"]);
    assert_eq!(request.read_receipt.as_deref(), Some("a@x, b@x"));
    assert_eq!(request_of(&["--from", "a@x, Bo <b@x>", "r"]).from.as_deref(), Some("a@x, Bo <b@x>"));
}

#[test]
fn what_is_refused() {
    for (words, kind, why) in [
        (&["--in-reply-to", "nonsense"][..], Data, "--in-reply-to: `nonsense` is no Message-ID"),
        (&["--references", "<a@x> <b@x"], Data, "--references: `<b@x` is no Message-ID"),
        (&["--references", "<é@x>"], Data, "is no Message-ID"),
        (&["--references", "=?utf-8?Q?=0D=0ABcc:=20e@x?="], Data, "is no Message-ID"),
        (&["--references", "<@x>"], Data, "is no Message-ID"),
        (&["--in-reply-to", "a@x\nBcc: e@x"], Data, "one line"),
        (&["--importance", "urgent"], Usage, "--importance takes high, normal, low, not `urgent`"),
        (&["--auto-submitted", "yes"], Usage, "--auto-submitted takes auto-generated, auto-replied, no"),
        (&["--keywords", "a\rb"], Data, "one line"),
        (&["--list-unsubscribe", "leave@l.x"], Data, "is no https:, http: or mailto: URL"),
        (&["--list-unsubscribe", "https://"], Data, "is no https:, http: or mailto: URL"),
        (&["--list-unsubscribe", "https://l.x/a b"], Data, "as % and two hexadecimal digits"),
        (&["--list-unsubscribe", "https://l.x/é"], Data, "as % and two hexadecimal digits"),
        (&["--sender", "a@x, b@x"], Data, "Sender: `a@x, b@x` is not one address"),
        (&["--header", "Sender: a b"], Data, "Sender: "),
        (&["--read-receipt=<"], Data, "--read-receipt: "),
        (&["--raw", "f", "--importance", "low"], Usage, "--raw"),
        (&["--raw", "f", "--html", "h"], Usage, "--raw"),
        (&["--from", "Team: a@x;"], Data, "From: `Team: a@x;` is not an address"),
        (
            &["--header", "Sender: a@x", "--sender", "b@x"],
            Usage,
            "--sender and --header Sender give the same",
        ),
        (
            &["--header", "in-reply-to: <a@x>", "--in-reply-to", "b@x"],
            Usage,
            "--in-reply-to and --header In-Reply-To give the same field",
        ),
        (
            &["--header", "Disposition-Notification-To: a@x", "--read-receipt"],
            Usage,
            "--read-receipt and --header Disposition-Notification-To give the same field",
        ),
        (
            &["--header", "References: <a@x>", "--header", "references: <b@x>"],
            Usage,
            "--header: the field references is given twice",
        ),
    ] {
        let error = error_of(&[words, &["r"]].concat());
        assert_eq!(error.kind, kind, "{words:?}: {error}");
        assert!(error.message.contains(why), "{words:?}: {error}");
        assert!(!error.message.contains(['\n', '\r']), "{words:?}");
    }
}
