//! What is shown: the table, an entry, its message, figures.

use whippet::spool::{Event, Place};

use super::filled::{Entry, Filled, HOUR, STATES, answer};
use super::json;

/// Compares with what is kept; IDs, file names and times are not the same twice.
#[track_caller]
fn snapshot(name: &str, text: &str) {
    for line in text.lines() {
        assert!(line == line.trim_end(), "{line:?}");
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"[0-9a-f]{10}\.[0-9a-f]{8}\.", "DUE.HOP.");
    settings.add_filter(r"[0-9A-Z]{26}", "01BX5ZZKBKACTAV9WEVGEMMVRZ");
    settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "2026-01-31 08:00:00Z");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn filled() -> Filled {
    let spool = Filled::new();
    spool.queue(Entry { number: 1, age_s: 90, size: 300, ..Entry::default() });
    let events = vec![
        spool.attempt(3000, 1),
        answer(2, "250 2.1.5 ok", &[0]),
        answer(
            4,
            "450 4.2.1 The mailbox is busy now, please try again later, and do not call us about it",
            &[1],
        ),
    ];
    spool.queue(Entry { number: 2, events, size: 20_000, ..Entry::default() });
    let events = vec![
        spool.attempt(3000, 1),
        spool.commit(3000, 1, &[0]),
        Event::Doubt { transaction: 1, reason: "the connection was lost".to_owned() },
    ];
    let from = "a.person.with.quite.a.long.name@department.example.org";
    spool.queue(Entry { number: 3, events, from, age_s: 47 * HOUR, ..Entry::default() });
    spool.queue(Entry { number: 4, from: "", is_bounce: true, age_s: 80 * HOUR, ..Entry::default() });
    spool.queue(Entry { number: 5, from: "用户@例子.test", age_s: 90 * HOUR, ..Entry::default() });
    spool
}

#[test]
fn the_table_fits_a_terminal() {
    let spool = filled();
    let ran = spool.run(&["queue", "list"]);
    ran.exits(0).quiet_on_stderr();
    assert!(ran.stdout().lines().all(|line| line.chars().count() <= 80));
    snapshot("queue-list", &ran.stdout());
    assert_eq!(spool.run(&["mailq"]).exits(0).stdout(), ran.stdout());
    assert_eq!(spool.sandbox.call().called_as("mailq").run(&[]).exits(0).stdout(), ran.stdout());
    let list = json(&spool.run(&["queue", "list", "--json"]));
    assert_eq!(list["entries"].as_array().unwrap().len(), 5);
    let entry = &list["entries"][3];
    assert_eq!(
        (&entry["recipients"], &entry["pending"], &entry["size"]),
        (&2.into(), &1.into(), &20_000.into())
    );
    assert_eq!((&entry["last"]["code"], &entry["last"]["outcome"]), (&450.into(), &"deferred".into()));
    assert_eq!((&entry["from"], &entry["profile"]), (&"ann@example.org".into(), &"default".into()));
}

#[test]
fn every_state_has_its_rows() {
    let spool = Filled::new();
    let mut locks = Vec::new();
    for (number, (state, _)) in STATES.into_iter().enumerate() {
        locks.push(spool.entry_in(state, number as u64 + 1));
    }
    let words = ["queue", "list", "--queued", "--held", "--badmail", "--corrupt"];
    let ran = spool.run(&words);
    let list = json(&spool.run(&[&words[..], &["--json"]].concat()));
    for (id, (state, name)) in locks.iter().zip(STATES) {
        let entries = list["entries"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["id"] == id.0.to_string().as_str()).unwrap();
        assert_eq!(entry["state"], name, "{state:?}: {entry}");
    }
    // All are of one second: their order is that of chance.
    let mut text: Vec<&str> = ran.exits(0).stdout().leak().lines().collect();
    text.sort_by_key(|line| line.split_whitespace().skip(4).collect::<String>());
    assert_eq!(text.len(), 14, "{text:#?}");
    ran.prints("3 queued, 2 held, 1 in badmail, 1 corrupt\n");
    ran.prints("  failed  ann@").prints("  done    ann@").prints("  held    ann@");
    ran.prints("2 recipients may have it already").prints("the sum of its header does not agree");
    ran.prints("    550 no such user\n");
}

#[test]
fn an_entry_is_told_with_its_history() {
    let spool = filled();
    let list = json(&spool.run(&["queue", "list", "--json"]));
    let id = list["entries"][3]["id"].as_str().unwrap().to_owned();
    let ran = spool.run(&["queue", "show", &id]);
    ran.exits(0).quiet_on_stderr();
    snapshot("queue-show", &ran.stdout());
    let header = spool.run(&["queue", "show", "--header", &id]);
    assert_eq!(header.exits(0).stdout(), "Message-ID: <2@example.org>\r\nSubject: number\r\n");
    let message = spool.run(&["queue", "show", "--message", &id]).exits(0).stdout();
    assert!(message.len() == 20_000 && message.starts_with("Message-ID: <2@") && message.ends_with("x\r\n"));
    spool.run(&["queue", "show", "--message", "--header", &id]).exits(64);
}

#[test]
fn a_message_that_changed_is_not_printed_to_its_end() {
    let spool = Filled::new();
    let name = spool.queue(Entry::default());
    let file = spool.path().join("q").join(name.to_string());
    let mut octets = std::fs::read(&file).unwrap();
    let at = octets.windows(3).position(|window| window == b"xxx").unwrap();
    octets[at] = b'y';
    std::fs::write(&file, octets).unwrap();
    let ran = spool.run(&["queue", "show", "--message", &name.id.to_string()]);
    ran.exits(65).says("is not printed to its end\n  because its digest does not agree\n");
    assert_eq!(ran.stdout(), "");
    spool.run(&["queue", "show", &name.id.to_string()]).exits(0);
}

#[test]
fn figures() {
    let spool = filled();
    let (_, lock) = spool.entry_in(super::filled::State::Badmail, 9);
    assert!(lock.is_none());
    let stats = json(spool.run(&["queue", "stats", "--json"]).exits(0));
    assert_eq!((&stats["places"][0]["entries"], &stats["places"][2]["entries"]), (&5.into(), &1.into()));
    assert_eq!(stats["places"][2]["place"], Place::Badmail.name());
    let hop = &stats["profiles"][0];
    assert_eq!((&hop["profile"], &hop["queued"], &hop["due"]), (&"default".into(), &5.into(), &2.into()));
    assert!(hop["last"].as_str().unwrap().starts_with("450 4.2.1 The mailbox"), "{hop}");
    assert_eq!(stats["in_doubt_24h"], 1);
    let ran = spool.run(&["queue", "stats"]);
    ran.exits(0).prints("by profile default: 5 queued, 2 due\n").prints("in doubt within 24 hours: 1\n");
    ran.prints("  queued          5 ").prints("oldest 3d\n");
}
