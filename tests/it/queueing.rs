//! Mail that the server does not take now waits in the spool, if that is wanted, and the queue hands it over.

use crate::support::{Peer, Ran, Rules, Sandbox, say};

fn waiting(sandbox: &Sandbox) -> Vec<String> {
    sandbox.files().into_iter().filter(|file| file.contains("/spool/q/")).collect()
}

/// Nothing listens there.
fn facing_nobody(more: &str) -> Sandbox {
    Sandbox::facing(Peer::closed_port(), more)
}

fn send(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    sandbox.stdin("text\n").run(&[&["-s", "queued"], arguments].concat())
}

#[test]
fn who_is_deferred_is_queued_where_that_is_wanted() {
    let sandbox = facing_nobody("");
    let ran = send(&sandbox, &["--queue", "bob@example.test"]);
    ran.exits(0).says("bob@example.test: queued as 0").says("next attempt in 1").says("nothing listens");
    assert_eq!(waiting(&sandbox).len(), 1);
    let stats = sandbox.run(&["queue", "stats"]);
    stats.exits(0).prints("by the profile without a name: 1 queued, 0 due\n");

    let sandbox = facing_nobody("queue = \"on-failure\"");
    send(&sandbox, &["bob@example.test"]).exits(0).says("queued as");
    send(&sandbox, &["--no-queue", "bob@example.test"]).exits(75).never_shows("queued as");
    assert_eq!(waiting(&sandbox).len(), 1);

    for quiet in ["", "queue = \"off\"", "queue = \"auto\""] {
        let sandbox = facing_nobody(quiet);
        send(&sandbox, &["bob@example.test"]).exits(75).never_shows("queued as");
        assert_eq!(waiting(&sandbox), Vec::<String>::new(), "{quiet}");
    }
}

#[test]
fn each_recipient_has_an_outcome_of_its_own() {
    let rules = Rules::healthy()
        .on("RCPT TO:<later", [say("450 4.2.0 greylisted")])
        .on("RCPT TO:<never", [say("550 5.1.1 unknown")]);
    let peer = Peer::serving(rules);
    let sandbox = Sandbox::facing(peer.port(), "queue = \"on-failure\"");
    let to = ["--json", "good@example.test", "later@example.test", "never@example.test"];
    let ran = send(&sandbox, &to);
    ran.exits(67);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout()).unwrap();
    let row = |at: usize| &report["outcomes"][at];
    let outcomes = [0, 1, 2].map(|at| row(at)["outcome"].as_str().unwrap().to_owned());
    assert_eq!(outcomes, ["accepted", "queued", "failed"]);
    assert_eq!(row(1)["queue_id"].as_str().unwrap().len(), 26);
    assert!(row(0)["queue_id"].is_null() && row(2)["queue_id"].is_null());
    let kept = waiting(&sandbox);
    assert_eq!(kept.len(), 1);
    let entry = std::fs::read(sandbox.home().parent().unwrap().join(&kept[0])).unwrap();
    let entry = String::from_utf8_lossy(&entry);
    assert!(entry.contains("later@example.test") && entry.contains("greylisted"));
}

#[test]
fn what_only_the_command_line_names_is_not_queued() {
    let sandbox = facing_nobody("");
    let url = format!("smtp://127.0.0.1:{}?tls=none", Peer::closed_port());
    let ran = send(&sandbox, &["--queue", "--smtp", &url, "bob@example.test"]);
    ran.exits(75).says("not queued: no profile names the server");
    assert_eq!(waiting(&sandbox), Vec::<String>::new());
}

#[test]
fn a_spool_that_cannot_be_written_is_told_of_and_the_mail_is_deferred() {
    let sandbox = facing_nobody("");
    sandbox.file("../home/.local/state/whippet", "no folder");
    let ran = sandbox.stdin("text\n").run(&["-s", "x", "--queue", "bob@example.test"]);
    ran.exits(75).says("not queued: ").never_shows("queued as");
}

#[test]
fn what_goes_first_into_the_queue_is_tried_at_once() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "queue = \"always\"");
    send(&sandbox, &["bob@example.test"]).exits(0).says("queued as 0");
    let book = peer.finish();
    assert_eq!((book.dots(), waiting(&sandbox)), (1, Vec::new()));

    let sandbox = facing_nobody("queue = \"always\"");
    send(&sandbox, &["bob@example.test"]).exits(0).says("queued as 0").says("1 mail waits");
    assert_eq!(waiting(&sandbox).len(), 1);
}

/// The profile names another server from now on.
fn turn(sandbox: &Sandbox, port: u16, more: &str) {
    sandbox.profile(&format!(
        "host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"ann@example.test\"\n{more}\n"
    ));
}

#[test]
fn the_queue_hands_over_what_waits() {
    let sandbox = facing_nobody("queue = \"on-failure\"");
    for _ in 0..3 {
        send(&sandbox, &["bob@example.test"]).exits(0);
    }
    // Nothing is due yet, and a server that is down is asked once.
    sandbox.run(&["queue", "run"]).exits(0).quiet();
    sandbox.run(&["queue", "run", "--now"]).exits(75).says("3 mails wait for a server that takes none now");
    assert_eq!(waiting(&sandbox).len(), 3);

    let peer = Peer::healthy();
    turn(&sandbox, peer.port(), "");
    sandbox.run(&["queue", "run", "--now"]).exits(0).quiet();
    let book = peer.finish();
    assert_eq!((book.connections(), book.dots(), waiting(&sandbox).len()), (1, 3, 0));
    // Now something runs the queue, and so it may be used.
    turn(&sandbox, Peer::closed_port(), "queue = \"auto\"");
    send(&sandbox, &["bob@example.test"]).exits(0).says("queued as");
}

#[test]
fn a_wrong_password_fails_no_mail() {
    let sandbox = facing_nobody("queue = \"on-failure\"");
    send(&sandbox, &["bob@example.test"]).exits(0);
    let peer = Peer::serving(Rules::healthy().on("MAIL", [say("530 5.7.0 Authentication required")]));
    turn(&sandbox, peer.port(), "");
    sandbox.run(&["queue", "run", "--now"]).exits(75).says("1 mail waits");
    drop(peer.finish());
    sandbox.run(&["queue", "list"]).exits(0).prints("  1/1  ").prints("530 5.7.0");
    let files = sandbox.files();
    assert!(!files.iter().any(|file| file.contains("/badmail/")), "{files:?}");
}

#[test]
fn who_sent_what_fails_is_told() {
    let sandbox = facing_nobody("queue = \"on-failure\"");
    send(&sandbox, &["bob@example.test"]).exits(0);
    let rules = Rules::healthy().on_nth("RCPT", 1, [say("550 5.1.1 no such user")]);
    let peer = Peer::serving(rules);
    turn(&sandbox, peer.port(), "");
    sandbox.run(&["queue", "run", "--now"]).exits(69).says("1 failed");
    drop(peer.finish());
    let peer = Peer::healthy();
    turn(&sandbox, peer.port(), "");
    sandbox.run(&["queue", "run", "--now"]).exits(0);
    let book = peer.finish();
    let said = |verb| book.commands(verb).remove(0);
    assert_eq!((book.commands("MAIL").len(), book.commands("RCPT").len()), (1, 1));
    assert!(said("MAIL").starts_with("MAIL FROM:<> "), "{}", said("MAIL"));
    assert!(said("RCPT").starts_with("RCPT TO:<ann@example.test>"), "{}", said("RCPT"));
    let report = String::from_utf8(book.bodies().remove(0)).unwrap();
    assert!(report.contains("multipart/report") && report.contains("Status: 5.1.1"), "{report}");
    sandbox.run(&["queue", "list", "--badmail"]).exits(0).prints("0/1");
}

/// The message of the only mail that a healthy server gets from the queue.
fn handed_over(sandbox: &Sandbox) -> String {
    let peer = Peer::healthy();
    turn(sandbox, peer.port(), "");
    sandbox.run(&["queue", "run", "--now"]).exits(0);
    let mut bodies = peer.finish().bodies();
    assert_eq!(bodies.len(), 1);
    String::from_utf8(bodies.remove(0)).unwrap()
}

#[test]
fn who_wants_to_hear_of_success_is_told_where_no_reports_are_made() {
    for (offers, is_told) in [(&[][..], true), (&["DSN"][..], false)] {
        let sandbox = facing_nobody("queue = \"on-failure\"");
        send(&sandbox, &["--dsn-notify", "success", "--envid", "7", "bob@example.test"]).exits(0);
        let peer = Peer::serving(Rules::healthy().offering(offers));
        turn(&sandbox, peer.port(), "");
        sandbox.run(&["queue", "run", "--now"]).exits(0).quiet();
        let rcpt = peer.finish().commands("RCPT").remove(0);
        assert_eq!(rcpt.contains("NOTIFY=SUCCESS ORCPT=rfc822;bob@example.test"), !is_told, "{rcpt}");
        assert_eq!(waiting(&sandbox).len(), usize::from(is_told));
        if is_told {
            let report = handed_over(&sandbox);
            for line in ["Action: relayed", "Original-Envelope-Id: 7", "Remote-MTA: dns; 127.0.0.1"] {
                assert!(report.contains(line), "{line} in {report}");
            }
        }
    }
}

#[test]
fn a_mail_that_was_changed_on_the_disk_is_not_sent_and_its_sender_is_told() {
    let sandbox = facing_nobody("queue = \"on-failure\"");
    send(&sandbox, &["bob@example.test"]).exits(0);
    let entry = sandbox.home().parent().unwrap().join(&waiting(&sandbox)[0]);
    let octets = std::fs::read(&entry).unwrap();
    let at = octets.windows(4).position(|four| four == b"text").unwrap();
    std::fs::write(&entry, [&octets[..at], b"T", &octets[at + 1..]].concat()).unwrap();

    let peer = Peer::healthy();
    turn(&sandbox, peer.port(), "");
    sandbox.run(&["queue", "run", "--now"]).exits(69).says("its digest does not agree").says("1 failed");
    assert_eq!(peer.finish().dots(), 0);
    let corrupt: Vec<String> =
        sandbox.files().into_iter().filter(|file| file.contains("/spool/corrupt/")).collect();
    assert_eq!((corrupt.len(), waiting(&sandbox).len()), (1, 1), "the mail, and its report");
    let report = handed_over(&sandbox);
    assert!(report.contains("Status: 5.6.0") && !report.contains("Text"), "{report}");
    sandbox.run(&["queue", "run", "--now"]).exits(0).quiet();
    sandbox.run(&["queue", "check"]).exits(65).prints("corrupt/");
}

#[test]
fn of_a_mail_that_is_accepted_the_queue_says_nothing() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::new();
    let url = format!("smtp://127.0.0.1:{}?tls=none", peer.port());
    let words = ["-s", "x", "--queue", "--from", "ann@example.test", "--smtp", &url, "bob@example.test"];
    sandbox.stdin("text\n").run(&words).exits(0).quiet();
    peer.finish();
}

#[test]
fn a_queue_that_the_last_run_found_full_takes_no_more() {
    let sandbox = facing_nobody("queue = \"on-failure\"\n[spool]\nmax_entries = 2");
    for _ in 0..2 {
        send(&sandbox, &["bob@example.test"]).exits(0);
    }
    sandbox.run(&["queue", "run"]).exits(0);
    send(&sandbox, &["bob@example.test"]).exits(75).says("the queue is full: spool.max_entries is 2");
    assert_eq!(waiting(&sandbox).len(), 2);
}
