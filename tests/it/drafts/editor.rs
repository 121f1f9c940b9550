//! The editor, at a terminal that `script` of util-linux makes.

use super::DRAFT;
use crate::faces::{facing, fields, got};
use crate::support::{Peer, Ran, Sandbox, program, skipped_loudly};

const SCRIPT: &str = "/usr/bin/script";

/// A sandbox with an editor, which runs this in a shell; the file is `$1`.
fn sandbox(peer: &Peer, edits: &str) -> Option<Sandbox> {
    if !std::path::Path::new(SCRIPT).exists() {
        skipped_loudly("the editor: no script(1)");
        return None;
    }
    let mut sandbox = facing(peer);
    let editor = sandbox
        .script("editor", &format!("#!/bin/sh\ntest -t 0 || exit 9\nstat -c %a \"$1\" >>modes\n{edits}\n"));
    std::fs::create_dir(sandbox.work().join("run")).unwrap();
    let folder = sandbox.work().join("run");
    sandbox.env("EDITOR", editor).env("TERM", "xterm").env("XDG_RUNTIME_DIR", folder);
    sandbox.file("draft", DRAFT);
    Some(sandbox)
}

/// Runs the program at a terminal, where this is typed.
fn at_terminal(sandbox: &Sandbox, typed: &str, words: &str) -> Ran {
    let line = format!("{} {words}", program().display());
    sandbox.stdin(typed).program(SCRIPT).run(&["-qec", &line, "/dev/null"])
}

/// The drafts that are kept.
fn kept(sandbox: &Sandbox) -> Vec<String> {
    let is_kept = |file: &String| file.starts_with("work/run/whippet-");
    sandbox.files().into_iter().filter(is_kept).collect()
}

#[test]
fn a_mail_is_written_in_the_editor() {
    let peer = Peer::healthy();
    let edits = "cp \"$1\" shown; sed -i 's/^Cc:.*/Cc: c@x.test/; s/^Subject: .*/Subject: better/' \"$1\"; printf 'typed' >>\"$1\"";
    let Some(sandbox) = sandbox(&peer, edits) else { return };
    let ran = at_terminal(&sandbox, "y\n", "-s first -b b@x.test r@x.test -a draft");
    ran.exits(0).prints("Send? [y]es, [e]dit, [q]uit").never_shows("no-date");
    let shown = std::fs::read_to_string(sandbox.work().join("shown")).unwrap();
    assert!(shown.starts_with("# The fields, an empty line, the text."), "{shown}");
    let fields_shown =
        "# Attached: draft\nFrom: me@example.org\nTo: r@x.test\nCc: \nBcc: b@x.test\nSubject: first\n\n";
    assert!(shown.ends_with(fields_shown), "{shown}");
    assert_eq!(std::fs::read_to_string(sandbox.work().join("modes")).unwrap(), "600\n");
    assert!(kept(&sandbox).is_empty());
    let got = got(&peer.finish());
    assert_eq!(got.recipients, ["r@x.test", "c@x.test", "b@x.test"]);
    assert_eq!(
        (fields(&got.text, "Subject"), got.attached),
        (vec!["better".to_owned()], vec!["draft".to_owned()])
    );
    assert!(got.text.contains("\r\ntyped\r\n") && !got.text.contains('#'), "{}", got.text);
}

#[test]
fn a_field_above_the_help_is_one_of_the_draft() {
    let peer = Peer::healthy();
    let edits = "sed -i -e '1i Cc: c@x.test' -e 's/^Cc: $/#Bcc: b@x.test/' \"$1\"; echo '# A title' >>\"$1\"";
    let Some(sandbox) = sandbox(&peer, edits) else { return };
    at_terminal(&sandbox, "y\n", "r@x.test -a draft").exits(0);
    let got = got(&peer.finish());
    assert_eq!(got.recipients, ["r@x.test", "c@x.test"]);
    assert!(got.text.contains("# A title\r\n") && !got.text.contains("Bcc"), "{}", got.text);
}

#[test]
fn who_does_not_want_it_sent_keeps_the_draft() {
    let peer = Peer::healthy();
    let Some(sandbox) = sandbox(&peer, "echo more >>\"$1\"") else { return };
    at_terminal(&sandbox, "what\ne\nq\n", "r@x.test")
        .exits(75)
        .prints("nothing was sent")
        .prints("the draft is kept in");
    let kept = kept(&sandbox);
    assert_eq!(kept.len(), 1);
    let name = kept[0].strip_prefix("work/").unwrap();
    let draft = std::fs::read_to_string(sandbox.work().join(name)).unwrap();
    assert!(draft.starts_with("From: me@example.org\n") && draft.ends_with("\n\nmore\nmore\n"), "{draft}");
    assert_eq!(peer.book().connections(), 0);
    // It is a draft, which goes as it is.
    sandbox.run(&["-H", name]).exits(0);
    assert!(got(&peer.finish()).text.ends_with("\r\nmore\r\nmore\r\n"));
}

#[test]
fn the_words_that_go_on_with_a_draft_do() {
    let peer = Peer::healthy();
    let edits = "sed -i 's/^Cc:.*/Attach: draft/' \"$1\"; echo more >>\"$1\"";
    let Some(sandbox) = sandbox(&peer, edits) else { return };
    at_terminal(&sandbox, "q\n", "r@x.test").exits(75).prints("whippet --allow-draft-attach -H /");
    let draft = kept(&sandbox).remove(0);
    let name = draft.strip_prefix("work/").unwrap();
    sandbox.run(&["--allow-draft-attach", "-H", name]).exits(0);
    assert_eq!(got(&peer.finish()).attached, ["draft"]);
    // Who was refused the files of a draft from elsewhere is not told to attach them.
    let other = format!("-E -H {name}");
    at_terminal(&sandbox, "q\n", &other).exits(65).never_shows("whippet --allow-draft-attach");
}

#[test]
fn a_draft_that_the_editor_took_away_is_not_said_to_be_kept() {
    for words in ["r@x.test", "-E -H draft", "-E -i draft r@x.test"] {
        let peer = Peer::healthy();
        let Some(sandbox) = sandbox(&peer, "rm \"$1\"") else { return };
        at_terminal(&sandbox, "y\n", words).exits(66).never_shows("the draft is kept in");
        assert_eq!(peer.finish().connections(), 0);
    }
}

#[test]
fn a_trial_keeps_what_was_written() {
    let peer = Peer::healthy();
    let Some(sandbox) = sandbox(&peer, "echo more >>\"$1\"") else { return };
    at_terminal(&sandbox, "y\n", "--dry-run r@x.test").exits(0).prints("hint: the draft is kept in");
    assert_eq!((kept(&sandbox).len(), peer.finish().connections()), (1, 0));
}

#[test]
fn whom_it_is_for_may_be_written_in_the_editor() {
    let peer = Peer::healthy();
    let edits = "sed -i 's/^To:.*/To: r@x.test/' \"$1\"; echo more >>\"$1\"";
    let Some(mut sandbox) = sandbox(&peer, edits) else { return };
    at_terminal(&sandbox, "", "").exits(64).prints("no recipient").never_shows("Send?");
    at_terminal(&sandbox, "y\n", "-s x").exits(0);
    assert_eq!(got(&peer.finish()).recipients, ["r@x.test"]);
    sandbox.env("EDITOR", "echo more >>");
    at_terminal(&sandbox, "y\n", "-s x").exits(64).prints("no recipient").prints("the draft is kept in");
    // Where no editor comes, nobody is asked for a text either.
    sandbox.env("TERM", "dumb");
    at_terminal(&sandbox, "", "-s x").exits(64).prints("no recipient").never_shows("type the text");
    sandbox.stdin("x\n").run(&["-s", "x"]).exits(64).says("no recipient");
}

#[test]
fn a_fault_is_told_before_it_is_asked_and_can_be_mended() {
    for (fault, code, words) in [
        ("s/^Cc:.*/no field/", 65, "line 3 of the draft: `no field` is no field"),
        ("s/^Cc:.*/Attach: none/", 66, "cannot open none"),
        ("s/^Cc:.*/Cc: a@@b/", 65, "a@@b"),
        ("s/^To:.*//;s/^From:.*//", 64, "no recipient"),
        ("s/^To:.*/To:/", 64, "no recipient"),
    ] {
        let peer = Peer::healthy();
        let edits = format!(
            "test -e seen && mv seen \"$1\" && exit; cp \"$1\" seen; echo x | tee -a seen >>\"$1\"; sed -i '{fault}' \"$1\""
        );
        let Some(sandbox) = sandbox(&peer, &edits) else { return };
        // A yes is none.
        let ran = at_terminal(&sandbox, "y\nq\n", "r@x.test");
        ran.exits(code).prints(words).prints("nothing was sent").prints("the draft is kept in");
        ran.never_shows("Send?");
        assert_eq!(peer.book().connections(), 0);
        std::fs::remove_file(sandbox.work().join("seen")).unwrap();
        let ran = at_terminal(&sandbox, "e\ny\n", "r@x.test");
        ran.exits(0).prints(words);
        let said = ran.stdout();
        assert!(said.find(words) < said.find("[e]dit, [q]uit") && said.contains("Send?"), "{said}");
        assert_eq!(got(&peer.finish()).recipients, ["r@x.test"]);
    }
}

#[test]
fn what_is_forgotten_is_told_before_it_is_asked() {
    for (words, field, is_told) in [
        ("r@x.test", "X: y", true),
        ("r@x.test -a draft", "X: y", false),
        ("r@x.test", "Attach: draft", false),
    ] {
        let peer = Peer::healthy();
        let edits = format!("sed -i 's/^Cc:.*/{field}/' \"$1\"; echo 'The plan is attached.' >>\"$1\"");
        let Some(sandbox) = sandbox(&peer, &edits) else { return };
        let ran = at_terminal(&sandbox, "y\n", words);
        let said = ran.exits(0).stdout();
        let warning = said.find("the text says `attached`, and nothing is attached");
        assert_eq!(warning.is_some(), is_told, "{said}");
        assert!(warning < said.find("Send?"), "{said}");
        assert_eq!(got(&peer.finish()).attached.len(), usize::from(!is_told), "{words} {field}");
    }
}

#[test]
fn a_missing_file_is_told_before_a_text_is_written() {
    let peer = Peer::healthy();
    let Some(sandbox) = sandbox(&peer, "echo more >>\"$1\"") else { return };
    at_terminal(&sandbox, "y\n", "r@x.test --attach none").exits(66).never_shows("Send?");
    assert!(kept(&sandbox).is_empty() && !sandbox.work().join("modes").exists());
    drop(peer.finish());
}

#[test]
fn a_page_at_hand_needs_no_editor() {
    let peer = Peer::healthy();
    let Some(sandbox) = sandbox(&peer, "exit 3") else { return };
    sandbox.file("page.html", "<p>hi\n");
    at_terminal(&sandbox, "", "r@x.test --html page.html").exits(0);
    assert!(got(&peer.finish()).text.contains("text/html"));
}

#[test]
fn a_signal_leaves_what_was_written_where_it_was_said_to_be() {
    let peer = Peer::healthy();
    let edits = format!("echo more >>\"$1\"\n{}", to_whippet("TERM"));
    let Some(sandbox) = sandbox(&peer, &edits) else { return };
    let ran = at_terminal(&sandbox, "", "r@x.test");
    assert_ne!(ran.code(), Some(0));
    let kept = kept(&sandbox);
    ran.prints("what is written is in ").prints(kept[0].strip_prefix("work/run/").unwrap());
    assert!(std::fs::read_to_string(sandbox.work().join(&kept[0][5..])).unwrap().ends_with("\nmore\n"));
    assert_eq!(peer.finish().connections(), 0);
}

/// Lines of a shell that send a signal to the program, which the editor's shell may or may not stand between.
fn to_whippet(signal: &str) -> String {
    format!(
        "p=$PPID; test $(cat /proc/$p/comm) = whippet || p=$(cut -d' ' -f4 /proc/$p/stat)\n\
         test $(cat /proc/$p/comm) = whippet && kill -{signal} $p"
    )
}

#[test]
fn an_empty_text_and_a_failing_editor_send_nothing() {
    for (edits, code, words) in [(":", 65, "aborted: the text is empty"), ("exit 3", 71, "has failed")] {
        let peer = Peer::healthy();
        let Some(sandbox) = sandbox(&peer, edits) else { return };
        at_terminal(&sandbox, "y\n", "r@x.test").exits(code).prints(words).prints("the draft is kept in");
        assert_eq!(peer.finish().connections(), 0);
    }
}

#[test]
fn a_text_without_fields_is_not_called_empty() {
    for (edits, code, words) in [
        ("printf 'hello\\nthere\\n' >\"$1\"", 65, "line 1 of the draft: `hello` is no field"),
        ("printf '# A title\\n\\nhello\\n' >\"$1\"", 65, "line 1 of the draft: `# A title` is no field"),
        ("printf '\\nhello\\n' >\"$1\"", 64, "no recipient"),
        ("echo 'Reminder: at noon' >\"$1\"", 65, "aborted: no empty line ends the fields"),
        (": >\"$1\"", 65, "aborted: the text is empty"),
    ] {
        let peer = Peer::healthy();
        let Some(sandbox) = sandbox(&peer, edits) else { return };
        let ran = at_terminal(&sandbox, "q\n", "r@x.test");
        ran.exits(code).prints(words).prints("the draft is kept in").never_shows("Send?");
        assert_eq!(ran.stdout().contains("is empty"), words.contains("is empty"), "{}", ran.stdout());
        assert_eq!(peer.finish().connections(), 0);
    }
}

#[test]
fn a_copy_of_a_draft_is_edited() {
    for (words, last) in [("-E -H draft", "more"), ("-E -i draft r@x.test --body ''", "more")] {
        let peer = Peer::healthy();
        let Some(sandbox) = sandbox(&peer, "echo more >>\"$1\"") else { return };
        at_terminal(&sandbox, "y\n", words).exits(0);
        assert_eq!(std::fs::read_to_string(sandbox.work().join("draft")).unwrap(), DRAFT);
        let got = got(&peer.finish());
        assert!(got.text.ends_with(&format!("\r\nthe text\r\n{last}\r\n")), "{}", got.text);
        assert!(kept(&sandbox).is_empty());
    }
}

#[test]
fn what_is_typed_after_the_answer_is_no_text() {
    for words in ["-s x -E -i draft r@x.test", "-E -H draft"] {
        let peer = Peer::healthy();
        let Some(sandbox) = sandbox(&peer, "echo 'This is attached.' >>\"$1\"") else { return };
        let ran = at_terminal(&sandbox, "y\nlater\n\u{4}", words);
        ran.exits(0).never_shows("type the text");
        // Who edits a text is warned as who types one.
        let (said, is_text) = (ran.stdout(), words.contains("-i"));
        let warning = said.find("the text says `attached`, and nothing is attached");
        assert_eq!(warning.is_some(), is_text, "{said}");
        assert!(warning < said.find("Send?"), "{said}");
        let got = got(&peer.finish());
        assert!(got.text.ends_with("\r\nThis is attached.\r\n"), "{}", got.text);
    }
}

#[test]
fn an_interrupt_in_the_editor_is_the_editor_s() {
    let peer = Peer::healthy();
    let edits = format!("{} && echo more >>\"$1\"", to_whippet("INT"));
    let Some(sandbox) = sandbox(&peer, &edits) else { return };
    at_terminal(&sandbox, "y\n", "r@x.test").exits(0);
    assert!(got(&peer.finish()).text.ends_with("\r\n\r\nmore\r\n"));
}

#[test]
fn a_text_can_still_be_typed() {
    for (words, dumb) in [("--body-file - r@x.test", false), ("r@x.test", true)] {
        let peer = Peer::healthy();
        let Some(mut sandbox) = sandbox(&peer, "exit 3") else { return };
        if dumb {
            sandbox.env("TERM", "dumb");
        }
        at_terminal(&sandbox, "typed\n\u{4}", words).exits(0).prints("type the text; end it with Ctrl-D");
        assert!(got(&peer.finish()).text.ends_with("\r\n\r\ntyped\r\n"));
    }
}

#[test]
fn without_anything_to_edit_it_is_a_usage_error() {
    let peer = Peer::healthy();
    let mut sandbox = facing(&peer);
    sandbox.stdin("text\n").run(&["-E", "r@x.test"]).exits(64).says("-E edits the file of -H or -i");
    // Without a terminal a copy is of no use.
    sandbox.file("draft", DRAFT);
    std::fs::create_dir(sandbox.work().join("run")).unwrap();
    let folder = sandbox.work().join("run");
    sandbox.env("XDG_RUNTIME_DIR", folder);
    let ran = sandbox.stdin("").program("/usr/bin/setsid").run(&[
        "-w",
        program().to_str().unwrap(),
        "-E",
        "-H",
        "draft",
    ]);
    ran.exits(64).says("there is no terminal for it");
    assert!(kept(&sandbox).is_empty());
    assert_eq!(peer.finish().connections(), 0);
}
