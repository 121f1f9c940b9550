//! `whippet queue` by the real program, over spools that the library has filled: every verb on every state, what is shown of
//! each, what a check finds, and hostile files.

mod check;
mod connections;
mod costs;
pub(crate) mod filled;
mod heard;
mod hosts;
mod log;
mod once;
mod show;
mod states;
mod verbs;

use serde_json::Value;

use crate::support::Ran;
use filled::Filled;

/// The document that a run has printed.
#[track_caller]
fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout())
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.stdout(), ran.stderr()))
}

#[test]
fn alone_it_prints_its_help() {
    let spool = Filled::without();
    let ran = spool.run(&["queue"]);
    ran.exits(64).says("Usage: whippet queue").says("release");
    assert_eq!(ran.stdout(), "");
    spool.run(&["queue", "--json"]).exits(64).says("a verb is missing");
    spool
        .run(&["queue", "lisst"])
        .exits(64)
        .says("`lisst` is no word that whippet knows here; did you mean list?");
    spool.run(&["queue", "show"]).exits(64).says("an ID is missing");
    spool.run(&["queue", "remove"]).exits(64).says("no entry is named");
    spool.run(&["queue", "remove", "--all", "01HZ"]).exits(64).says("contradict");
    spool.run(&["queue", "retry", "--older", "soon"]).exits(64).says("--older takes a time");
    let help = spool.run(&["queue", "--help"]);
    help.exits(0).quiet_on_stderr();
    for verb in ["list", "show", "run", "retry", "hold", "release", "remove", "check", "stats"] {
        let text = spool.run(&["queue", verb, "--help"]).exits(0).stdout();
        for line in text.lines().chain(help.stdout().lines()) {
            assert!(line.chars().count() <= 80, "{line:?}");
        }
        help.prints(&format!("\n  {verb} "));
    }
}

#[test]
fn without_a_spool_nothing_waits_and_none_is_made() {
    let spool = Filled::without();
    spool.run(&["queue", "list"]).exits(0).prints("the queue is empty\n");
    assert_eq!(json(spool.run(&["queue", "list", "--json"]).exits(0))["entries"], Value::Array(vec![]));
    spool.run(&["mailq"]).exits(0).prints("the queue is empty\n");
    spool.run(&["queue", "check"]).exits(0).prints("0 files, 0 findings\n");
    spool.run(&["queue", "stats"]).exits(0).prints("there is no spool yet");
    json(spool.run(&["queue", "stats", "--json"]).exits(0));
    spool.run(&["queue", "show", "01HZ"]).exits(66).says("there is no entry `01HZ`");
    for verb in ["hold", "release", "retry", "remove"] {
        spool.run(&["queue", verb, "01HZ"]).exits(66);
        spool.run(&["queue", verb, "--all"]).exits(0).says("0 entries");
    }
    assert!(!spool.path().exists());
}

#[test]
fn an_empty_spool_is_clean() {
    let spool = Filled::new();
    spool.run(&["queue", "list"]).exits(0).quiet_on_stderr().prints("the queue is empty\n");
    let list = json(spool.run(&["queue", "list", "--json"]).exits(0));
    assert_eq!(list["totals"]["queued"], 0);
    assert_eq!(json(spool.run(&["queue", "check", "--json"]).exits(0))["findings"], Value::Array(vec![]));
    spool.run(&["queue", "stats"]).exits(0).prints("queued          0      0");
}

#[test]
fn a_spool_that_is_not_ours_is_not_used() {
    let spool = Filled::new();
    std::fs::write(spool.path().join("FORMAT"), "whippet spool 2\n").unwrap();
    spool.run(&["queue", "list"]).exits(78).says("a format that this version does not know");
    std::fs::remove_file(spool.path().join("FORMAT")).unwrap();
    spool.run(&["queue", "check"]).exits(78).says("is no spool, or not all of one");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(spool.path(), open).unwrap();
    let ran = spool.run(&["queue", "list", "--json"]);
    ran.exits(77).says("others may write to it");
    assert_eq!(json(&ran)["exit"], 77);
}
