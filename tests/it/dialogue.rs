//! `sendmail -bs`: SMTP on standard input and output, as Symfony speaks it, in front of a server.

use crate::faces::fields;
use crate::support::{Peer, Ran, Rules, Sandbox, Step, say};

/// Speaks these commands, and says what is told.
fn speak(sandbox: &Sandbox, commands: &str, words: &[&str]) -> (Ran, Vec<String>) {
    let ran = sandbox.stdin(commands.replace('\n', "\r\n")).called_as("sendmail").run(words);
    let replies = ran.stdout().lines().map(str::to_owned).collect();
    (ran, replies)
}

/// The first words of the replies behind the one to EHLO or HELO.
fn codes(replies: &[String]) -> Vec<&str> {
    let greeted = replies.iter().position(|line| line.starts_with("250 ")).unwrap();
    replies[greeted + 1..].iter().map(|line| line.split(' ').next().unwrap()).collect()
}

const MAIL: &str = "MAIL FROM:<a@x.example>\nRCPT TO:<r@y.example>\nDATA\nSubject: S\n\nhello\n..\n.\n";

#[test]
fn two_mails_of_one_dialogue_arrive() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "local_to = \"admin@z.example\"");
    let second = "MAIL FROM:<>\nRCPT TO:<root>\nRCPT TO:<q@y.example>\nDATA\nTo: q@y.example\nBcc: hid@y.example\n\ntwo\n.\n";
    let (ran, replies) =
        speak(&sandbox, &format!("HELO [127.0.0.1]\n{MAIL}NOOP\nRSET\n{second}QUIT\n"), &["-bs", "-i"]);
    ran.exits(0);
    assert_eq!(
        codes(&replies),
        "250 250 354 250 250 250 250 250 250 354 250 221".split(' ').collect::<Vec<_>>()
    );
    assert!(replies[5].starts_with("250 2.0.0 Ok: id="), "{replies:?}");
    let book = peer.finish();
    assert_eq!(
        book.commands("RCPT"),
        ["RCPT TO:<r@y.example>", "RCPT TO:<admin@z.example>", "RCPT TO:<q@y.example>"]
    );
    assert!(book.commands("MAIL")[1].starts_with("MAIL FROM:<>"));
    let messages = book.messages();
    assert_eq!(messages.len(), 2);
    assert!(messages[0].ends_with("\r\n\r\nhello\r\n.\r\n"), "{}", messages[0]);
    assert_eq!(fields(&messages[0], "To"), ["undisclosed-recipients:;"]);
    assert_eq!((fields(&messages[1], "Bcc").len(), fields(&messages[1], "Date").len()), (0, 1));
}

#[test]
fn a_refusal_is_told_in_the_reply_and_the_next_mail_goes() {
    let rules = Rules::healthy().on("RCPT TO:<no@", [say("550 5.1.1 no such user")]);
    let peer = Peer::serving(rules);
    let sandbox = Sandbox::facing(peer.port(), "");
    let refused = MAIL.replace("r@y.example", "no@y.example");
    let (ran, replies) = speak(&sandbox, &format!("EHLO h\n{refused}{MAIL}QUIT\n"), &["-bs"]);
    ran.exits(0);
    assert_eq!(codes(&replies), "250 250 354 550 250 250 354 250 221".split(' ').collect::<Vec<_>>());
    let told = replies.iter().find(|line| line.starts_with("550")).unwrap();
    assert!(told.starts_with("550 5.1.1 no@y.example: "), "{told}");
    let messages = peer.finish().messages();
    assert_eq!(messages.iter().filter(|message| message.contains("hello")).count(), 1);
}

#[test]
fn who_has_it_is_not_sent_it_again_and_the_sender_hears_of_the_others() {
    let rules = Rules::healthy().on("RCPT TO:<no@", [say("550 5.1.1 no such user")]);
    let peer = Peer::serving(rules);
    let sandbox = Sandbox::facing(peer.port(), "[spool]\nrun_after_send = false");
    let both = MAIL.replace("RCPT", "RCPT TO:<no@y.example>\nRCPT");
    let (ran, replies) = speak(&sandbox, &format!("EHLO h\n{both}QUIT\n"), &["-bs"]);
    ran.exits(0);
    assert_eq!(codes(&replies).last_chunk(), Some(&["354", "250", "221"]));
    let listed = sandbox.run(&["queue", "list", "--json"]).exits(0).stdout();
    assert!(listed.contains("\"recipients\":1"), "{listed}");
    // The run that finds the same as we did tells the sender, and the report is a mail like any other.
    sandbox.run(&["queue", "run"]).ended_by_itself();
    sandbox.run(&["queue", "run"]).ended_by_itself();
    let book = peer.finish();
    let report = book.messages().into_iter().find(|message| message.contains("multipart/report")).unwrap();
    assert!(report.contains("no@y.example") && !report.contains("r@y.example"), "{report}");
    assert_eq!(book.commands("RCPT TO:<r@y.example>").len(), 1);
    assert_eq!(book.commands("RCPT TO:<a@x.example>").len(), 1);
}

#[test]
fn what_the_server_does_not_take_now_is_queued() {
    let sandbox = Sandbox::facing(Peer::closed_port(), "[spool]\nrun_after_send = false");
    let (ran, replies) = speak(&sandbox, &format!("EHLO h\n{MAIL}QUIT\n"), &["-bs"]);
    ran.exits(0);
    let reply = replies.iter().find(|line| line.contains("queued as ")).unwrap();
    let id = reply.strip_prefix("250 2.0.0 Ok: queued as ").unwrap();
    let listed = sandbox.call().called_as("mailq").run(&[]).exits(0).stdout();
    assert!(listed.contains(id), "{id}: {listed}");
}

#[test]
fn a_message_without_its_dot_is_nobodys() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let cut = MAIL.strip_suffix(".\n").unwrap();
    for end in ["", ".", ".\r"] {
        let (ran, replies) = speak(&sandbox, &format!("EHLO h\n{cut}{end}"), &["-bs"]);
        ran.exits(0);
        assert_eq!(codes(&replies), ["250", "250", "354"], "{end:?}");
    }
    assert_eq!(peer.finish().connections(), 0);
}

#[test]
fn of_several_recipients_the_queue_tells_where_it_can() {
    let rules = Rules::healthy()
        .on("RCPT TO:<later@", [say("450 4.2.1 later")])
        .on("RCPT TO:<no@", [say("550 5.1.1 no")]);
    let peer = Peer::serving(rules);
    let three = MAIL.replace("RCPT", "RCPT TO:<later@y.example>\nRCPT TO:<no@y.example>\nRCPT");
    // Without a queue the answer says who has not got it.
    let sandbox = Sandbox::facing(peer.port(), "queue = \"off\"");
    let (ran, replies) = speak(&sandbox, &format!("EHLO h\n{three}QUIT\n"), &["-bs"]);
    ran.exits(0).says("later@y.example");
    let told = replies.iter().find(|line| line.starts_with("250 2.0.0 Ok: id=")).unwrap();
    assert!(told.ends_with("; not taken for later@y.example; not taken for no@y.example"), "{told}");
    sandbox.run(&["queue", "list"]).exits(0).prints("the queue is empty");
    // Nor does a queue that cannot keep it: who has it must not get it again.
    let sandbox = Sandbox::facing(peer.port(), "");
    sandbox.file("../home/.local/state", "in the way");
    let (ran, replies) = speak(&sandbox, &format!("EHLO h\n{three}QUIT\n"), &["-bs"]);
    ran.exits(0).says("not queued");
    let told = replies.iter().find(|line| line.starts_with("250 2.0.0 Ok: id=")).unwrap();
    assert!(told.ends_with("; not taken for later@y.example; not taken for no@y.example"), "{told}");
    // With one the deferred recipient waits, and the sender hears of the refused one by mail.
    let sandbox = Sandbox::facing(peer.port(), "[spool]\nrun_after_send = false");
    let (ran, replies) = speak(&sandbox, &format!("EHLO h\n{three}QUIT\n"), &["-bs"]);
    ran.exits(0);
    let told = replies.iter().find(|line| line.starts_with("250 2.0.0 Ok: queued as ")).unwrap();
    assert!(!told.contains("not taken"), "{told}");
    let listed = sandbox.run(&["queue", "list", "--json"]).exits(0).stdout();
    assert_eq!(listed.matches("\"recipients\":1").count(), 2, "{listed}");
    drop(peer);
}

#[test]
fn a_sender_who_hears_no_report_hears_it_in_the_answer() {
    let rules = Rules::healthy().on("RCPT TO:<no@", [say("550 5.1.1 no")]);
    let peer = Peer::serving(rules);
    let sandbox = Sandbox::facing(peer.port(), "[spool]\nrun_after_send = false");
    let both = MAIL.replace("RCPT", "RCPT TO:<no@y.example>\nRCPT");
    for silent in [
        both.replace("<a@x.example>", "<>"),
        both.replace(".example>\n", ".example> NOTIFY=NEVER\n")
            .replace("<a@x.example> NOTIFY=NEVER", "<a@x.example>"),
        both.replace(".example>\n", ".example> NOTIFY=DELAY\n")
            .replace("<a@x.example> NOTIFY=DELAY", "<a@x.example>"),
        both.replace("Subject", "Auto-Submitted: auto-replied\nSubject"),
    ] {
        let (ran, replies) = speak(&sandbox, &format!("EHLO h\n{silent}QUIT\n"), &["-bs"]);
        ran.exits(0).says("no@y.example");
        let told = replies.iter().find(|line| line.starts_with("250 2.0.0 Ok: id=")).unwrap();
        assert!(told.ends_with("; not taken for no@y.example"), "{silent}: {told}");
        sandbox.run(&["queue", "list"]).exits(0).prints("the queue is empty");
    }
    drop(peer);
}

#[test]
fn who_perhaps_has_it_is_not_told_to_have_been_refused() {
    let peer = Peer::serving(Rules::healthy().on_nth(".", 2, [Step::Close]));
    let sandbox = Sandbox::facing(peer.port(), "queue = \"off\"\nmax_recipients = 1");
    let both = MAIL.replace("DATA", "RCPT TO:<twice@y.example>\nDATA");
    let (ran, replies) = speak(&sandbox, &format!("EHLO h\n{both}QUIT\n"), &["-bs"]);
    ran.exits(0).says("perhaps");
    let told = replies.iter().find(|line| line.starts_with("250 2.0.0 Ok: id=")).unwrap();
    assert!(told.ends_with("; perhaps not taken for twice@y.example"), "{told}");
    drop(peer);
}

#[test]
fn whoever_wants_it_to_end_ends_it() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let commands = format!("EHLO h\n{MAIL}NOOP\n").replace('\n', "\r\n");
    sandbox.file("commands", commands);
    // Standard input stays open behind them.
    let script = "mkfifo in; (exec -a sendmail \"$0\" -bs) < in & exec 3> in; cat commands >&3; sleep 1; kill -TERM $!; \
                  wait $!; echo ended $?";
    let program = sandbox.program().display().to_string();
    let ran = sandbox.call().program("/bin/bash").run(&["-c", script, &program]);
    ran.prints("ended 0").prints("250 2.0.0 Ok: id=");
    drop(peer);
}

#[test]
fn settings_that_are_wrong_are_told_in_the_reply() {
    let sandbox = Sandbox::new();
    sandbox.profile("hots = \"mail.x\"\n");
    let (ran, replies) = speak(&sandbox, &format!("EHLO h\n{MAIL}QUIT\n"), &["-bs"]);
    ran.exits(0).says("unknown key `hots`");
    assert!(
        replies.iter().any(|line| line.contains("4.3.5") && line.contains("unknown key `hots`")),
        "{replies:?}"
    );
    assert_eq!(codes(&replies).last(), Some(&"221"));
}
