//! `whippet run`: a command, its output, and the mail about it.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::faces::fields;
use crate::support::{Peer, Rules, Sandbox, say};

/// The subject, with what differs from run to run left out.
fn subject(message: &str) -> String {
    let subject = fields(message, "Subject").join("|");
    let machine = rustix::system::uname().nodename().to_str().unwrap().to_owned();
    let subject = subject.replace(&machine, "HOST");
    match subject.rfind(" after ") {
        Some(at) => format!("{} after TIME", &subject[..at]),
        None => subject,
    }
}

fn text(message: &str) -> &str {
    message.split_once("\r\n\r\n").unwrap().1
}

/// Waits until the command has made this file.
fn wait_for(sandbox: &Sandbox, name: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !sandbox.work().join(name).exists() {
        assert!(Instant::now() < deadline, "{name} is not made");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_command_that_fails_is_told_of_and_its_code_is_ours() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let script = "echo out; echo err >&2; cat; exit 3";
    let ran = sandbox.stdin("in\n").run(&["run", "--to", "ops@x.example", "--", "sh", "-c", script]);
    ran.exits(3).quiet();
    let ran =
        sandbox.run(&["run", "-s", "Nightly backup", "--to", "ops@x.example", "sh", "-c", "kill -9 $$"]);
    ran.exits(137).quiet();
    let book = peer.finish();
    let messages = book.messages();
    assert_eq!(subject(&messages[0]), "sh failed with exit status 3 on HOST after TIME");
    assert_eq!(text(&messages[0]), "out\r\nerr\r\nin\r\n");
    assert_eq!(fields(&messages[0], "Auto-Submitted"), ["auto-generated"]);
    assert_eq!(subject(&messages[1]), "Nightly backup was killed by SIGKILL on HOST after TIME");
    assert_eq!(text(&messages[1]), "(no output)\r\n");
    assert_eq!(book.commands("RCPT"), ["RCPT TO:<ops@x.example>"; 2]);
}

#[test]
fn a_command_that_succeeds_is_told_of_only_where_that_is_asked_for() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    sandbox.run(&["run", "--", "echo", "hi"]).exits(0).quiet();
    sandbox.run(&["run", "--on-output", "--", "true"]).exits(0).quiet();
    assert_eq!(peer.book().connections(), 0);
    sandbox.run(&["run", "--on-output", "--", "echo", "hi"]).exits(0).quiet();
    sandbox.run(&["run", "--always", "--", "true"]).exits(0).quiet();
    let book = peer.finish();
    assert_eq!(
        book.messages().iter().map(|message| subject(message)).collect::<Vec<_>>(),
        ["echo succeeded on HOST after TIME", "true succeeded on HOST after TIME"]
    );
    // Nobody was named: the author of the profile hears of it.
    assert_eq!(book.commands("RCPT"), ["RCPT TO:<ann@example.test>"; 2]);
}

#[test]
fn a_command_that_cannot_be_started_is_told_of() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "local_to = \"admin@x.example\"");
    sandbox.run(&["run", "--", "no-such-command"]).exits(127).quiet();
    sandbox.run(&["run", "--", "/etc"]).exits(126).quiet();
    let book = peer.finish();
    assert_eq!(
        subject(&book.messages()[0]),
        "no-such-command could not be started: no such file or directory (on HOST)"
    );
    assert_eq!(book.commands("RCPT"), ["RCPT TO:<admin@x.example>"; 2]);
}

#[test]
fn what_cannot_be_mailed_is_said_and_the_code_stays() {
    let refusing = Peer::serving(Rules::healthy().on("MAIL", [say("550 5.7.1 no")]));
    let sandbox = Sandbox::facing(refusing.port(), "");
    let ran = sandbox.run(&["run", "--", "sh", "-c", "echo precious; exit 9"]);
    ran.exits(9).says("5.7.1").says(
        "whippet: sh failed with exit status 9\nwhippet: the output of the command, which was not mailed:\nprecious\n",
    );
    // A mistake in the settings does not keep the command from being run.
    sandbox.profile("hots = \"x\"\n");
    let ran = sandbox.run(&["run", "--", "sh", "-c", "touch ran; echo precious; exit 9"]);
    ran.exits(9).says("unknown key `hots`").says("precious\n");
    assert!(sandbox.work().join("ran").exists());
    let ran = sandbox.run(&["run", "--", "no-such-command"]);
    ran.exits(127)
        .says("unknown key `hots`")
        .says("no-such-command could not be started: no such file or directory\n");
    ran.never_shows("which was not mailed");
    sandbox.run(&["run", "--", "true"]).exits(0).quiet();
}

#[test]
fn mail_that_is_not_taken_now_is_queued() {
    let sandbox = Sandbox::facing(Peer::closed_port(), "[spool]\nrun_after_send = false");
    sandbox.run(&["run", "--", "false"]).exits(1).says("queued as ");
    let listed = sandbox.run(&["queue", "list"]).exits(0).stdout();
    assert!(listed.contains("ann@example.test"), "{listed}");
    sandbox.run(&["run", "--no-queue", "--", "sh", "-c", "echo precious; false"]).exits(1).says("precious\n");
}

#[test]
fn whoever_ends_us_ends_the_command_and_it_is_told() {
    // SIGINT too: no terminal has sent it to both.
    for (name, signal) in [("TERM", Signal::TERM), ("INT", Signal::INT)] {
        let peer = Peer::healthy();
        let sandbox = Sandbox::facing(peer.port(), "[spool]\nrun_after_send = false");
        let script =
            format!("trap 'echo ended; exit 5' {name}; echo ready > ready; while :; do sleep 0.05; done");
        let running = sandbox.call().start(&["run", "--", "sh", "-c", &script]);
        wait_for(&sandbox, "ready");
        running.signal(signal);
        running.finish().exits(5).quiet();
        let messages = peer.finish().messages();
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert_eq!(subject(&messages[0]), "sh failed with exit status 5 on HOST after TIME");
        assert_eq!(text(&messages[0]), "ended\r\n");
    }
}

#[test]
fn what_the_command_leaves_behind_disturbs_nothing() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let script = "seq 1 20000; (while :; do echo behind; done) & sleep 0.2; kill -9 $!; (sleep 0.1; echo late) & exit 3";
    sandbox.run(&["run", "--", "sh", "-c", script]).exits(3);
    let message = peer.finish().messages().remove(0);
    let lines: Vec<&str> = text(&message).lines().take(20_000).collect();
    assert!(lines.iter().enumerate().all(|(at, line)| *line == (at + 1).to_string()), "{:?}", &lines[..10]);
}

#[test]
fn what_the_command_leaves_behind_goes_on_to_say_what_nobody_hears() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let script = "(sleep 0.2; echo late; sleep 0.2; echo later; touch after) & exit 3";
    sandbox.run(&["run", "--", "sh", "-c", script]).exits(3);
    assert_eq!(text(&peer.finish().messages()[0]), "(no output)\r\n");
    wait_for(&sandbox, "after");
}

#[test]
fn who_says_things_without_end_is_not_waited_for() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let script = "yes & echo $! >new; mv new busy; sleep 0.3; exit 3";
    sandbox.run(&["run", "--", "sh", "-c", script]).exits(3).quiet();
    let busy = std::fs::read_to_string(sandbox.work().join("busy")).unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(busy.trim().parse().unwrap()).unwrap(),
        Signal::KILL,
    )
    .unwrap();
    assert!(text(&peer.finish().messages()[0]).starts_with("y\r\ny\r\n"));
}

#[test]
fn an_output_that_is_opened_anew_is_not_emptied() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let script = "echo one; echo two >/dev/stderr; echo three | tee /dev/stdout; exit 3";
    sandbox.run(&["run", "--", "sh", "-c", script]).exits(3);
    assert_eq!(text(&peer.finish().messages()[0]), "one\r\ntwo\r\nthree\r\nthree\r\n");
}

#[test]
fn a_script_without_an_interpreter_is_run_by_the_shell() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let script = sandbox.script("job", "echo \"$0 $#\" >ran; exit 5\n");
    let named = script.to_str().unwrap().to_owned();
    sandbox.run(&["run", "--", &named, "a b", "-c"]).exits(5);
    assert_eq!(std::fs::read_to_string(sandbox.work().join("ran")).unwrap(), format!("{named} 2\n"));
}

#[test]
fn a_caller_that_ignores_its_children_takes_none_from_us() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let call = |words: &str| {
        let script = format!("trap '' CHLD; exec {:?} {words}", sandbox.program());
        sandbox.call().program("/bin/sh").stdin("x\n").run(&["-c", &script])
    };
    call("run --to a@x -- sh -c 'echo hi; exit 3'").exits(3).quiet();
    let take = sandbox.script("take", "#!/bin/sh\nexec cat >taken\n");
    call(&format!("--sendmail --set sendmail_path={} -s s a@x", take.display())).exits(0).quiet();
    assert_eq!(text(&peer.finish().messages()[0]), "hi\r\n");
}

#[test]
fn a_job_needs_no_room_for_what_it_says() {
    let peer = Peer::healthy();
    let mut sandbox = Sandbox::facing(peer.port(), "");
    sandbox.env("TMPDIR", "/nonexistent");
    sandbox.run(&["run", "--", "sh", "-c", "touch done; echo precious; exit 4"]).exits(4).quiet();
    assert!(sandbox.work().join("done").exists());
    assert_eq!(text(&peer.finish().messages()[0]), "precious\r\n");
}

#[test]
fn the_middle_of_a_long_output_is_left_out_and_any_octets_are_mailed() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    sandbox.run(&["run", "--always", "--", "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"]).exits(0);
    sandbox.run(&["run", "--always", "--", "printf", "caf\\303\\251 \\377\\000\\n"]).exits(0);
    let messages = peer.finish().messages();
    assert!(messages[0].len() < 1_600_000, "{}", messages[0].len());
    assert_eq!(messages.len(), 2);
}

#[test]
fn the_words_are_told_from_those_of_the_command() {
    let sandbox = Sandbox::new();
    sandbox.run(&["run"]).exits(64).says("no command is named");
    sandbox.run(&["run", "--alwyas", "ls"]).exits(64).says("did you mean --always?");
    sandbox.run(&["run", "--to", "a@", "ls"]).exits(65).says("`a@` is not an address");
    sandbox.run(&["run", "--help"]).exits(0).prints("--on-output");
}

#[test]
fn links_are_made_and_what_is_there_stays() {
    let sandbox = Sandbox::new();
    let made = sandbox.run(&["generate", "links", "bin"]).exits(0).stdout();
    assert_eq!(made, "bin/sendmail\nbin/mailq\nbin/newaliases\nbin/mail\nbin/mailx\n");
    for name in ["sendmail", "mailq", "newaliases", "mail", "mailx"] {
        let link = std::fs::read_link(sandbox.work().join("bin").join(name)).unwrap();
        assert_eq!(link, sandbox.program().canonicalize().unwrap(), "{name}");
    }
    sandbox.run(&["generate", "links", "bin"]).exits(0).quiet();
    sandbox.file("other/mail", "mine");
    let ran = sandbox.run(&["generate", "links", "other"]);
    ran.exits(73).says("other/mail is there already, and stays");
    assert_eq!(std::fs::read_to_string(sandbox.work().join("other/mail")).unwrap(), "mine");
    assert!(sandbox.work().join("other/sendmail").is_symlink());
    sandbox.file("plain", "");
    sandbox.run(&["generate", "links", "plain/x"]).exits(73).says("cannot make plain/x");
    sandbox.run(&["generate", "links"]).exits(64);
    let ran = sandbox.call().program(sandbox.work().join("bin/newaliases")).run(&[]);
    ran.exits(0).says("there is no table of aliases to make");
}
