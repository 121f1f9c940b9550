//! The log of the spool: what became of whom, a line of JSON for each; every doubt is in it, and no mail depends on it.

use std::path::PathBuf;
use std::time::SystemTime;

use serde_json::Value;

use super::filled::{Entry, Filled, HOUR, State};
use crate::support::{Peer, Rules, Step, raw, say};

const KEYS: [&str; 16] = [
    "time",
    "event",
    "id",
    "message_id",
    "recipient",
    "profile",
    "host",
    "address",
    "tls",
    "stage",
    "status",
    "reply",
    "sentence",
    "duration_ms",
    "in_doubt",
    "uid",
];

fn files(spool: &Filled) -> Vec<PathBuf> {
    let files = std::fs::read_dir(spool.path().join("log")).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).collect()
}

/// All lines, each of which is JSON with all keys and nothing that steers a terminal.
fn lines(spool: &Filled) -> Vec<Value> {
    let mut all = Vec::new();
    for path in files(spool) {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.ends_with('\n') && !text.replace('\n', "").contains(char::is_control), "{text:?}");
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let object = value.as_object().unwrap();
            assert!(object.len() == KEYS.len() && KEYS.iter().all(|key| object.contains_key(*key)), "{line}");
            all.push(value);
        }
    }
    all
}

/// Event, recipient and doubt of each line.
fn told(spool: &Filled) -> Vec<(String, String, bool)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = |line: &Value| (text(&line["event"]), text(&line["recipient"]), line["in_doubt"] == true);
    lines(spool).iter().map(told).collect()
}

fn leads_to(spool: &Filled, port: u16) {
    spool.sandbox.profile(&format!(
        "[profiles.default]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"ann@example.test\"\n"
    ));
}

fn due(spool: &Filled, to: &[&str]) -> String {
    spool.queue(Entry { to, age_s: HOUR, ..Entry::default() }).id.to_string()
}

#[test]
fn what_became_of_each_recipient_is_one_line_and_hostile_words_are_words() {
    let spool = Filled::new();
    let id = due(&spool, &["bob@example.net", "later@example.net", "never@example.net"]);
    let rules = Rules::healthy()
        .on("RCPT TO:<later", [raw(b"450 4.2.0 \x1b[2J\xe2\x80\xae \"late\"\\\r\n")])
        .on("RCPT TO:<never", [say("550 5.1.1 unknown")]);
    let peer = Peer::serving(rules);
    leads_to(&spool, peer.port());
    spool.run(&["queue", "run"]).exits(69);
    drop(peer.finish());
    let all = lines(&spool);
    let line = |to: &str| all.iter().find(|line| line["recipient"] == format!("{to}@example.net")).unwrap();
    for (to, event, status) in
        [("bob", "accepted", "2.0.0"), ("later", "deferred", "4.2.0"), ("never", "failed", "5.1.1")]
    {
        let line = line(to);
        assert_eq!((&line["event"], &line["in_doubt"]), (&event.into(), &false.into()), "{line}");
        assert_eq!((&line["id"], &line["profile"]), (&id.as_str().into(), &"default".into()));
        assert_eq!(line["message_id"], "<1@example.org>");
        assert!(line["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
        assert!(
            line["status"].as_str().unwrap().starts_with(&status[..1]) && line["duration_ms"].is_u64(),
            "{line}"
        );
    }
    assert!(line("later")["reply"].as_str().unwrap().contains("\"late\"\\"), "{}", line("later"));
    assert_eq!(all.len(), 3, "{all:?}");
}

#[test]
fn a_doubt_is_told_of_also_when_the_run_died_that_had_it() {
    let spool = Filled::new();
    due(&spool, &["bob@example.net"]);
    let lost: [Step; 1] = [Step::Reset];
    let peer = Peer::serving(Rules::healthy().on(".", lost));
    leads_to(&spool, peer.port());
    spool.run(&["queue", "run"]).exits(75);
    drop(peer.finish());
    let doubt = |to: &str| ("in-doubt".to_owned(), format!("{to}@example.net"), true);
    assert_eq!(told(&spool), [doubt("bob")]);

    let spool = Filled::new();
    let events = vec![spool.attempt(HOUR, 1), spool.commit(HOUR, 1, &[0, 1])];
    spool.queue(Entry { events, ..Entry::default() });
    let peer = Peer::healthy();
    leads_to(&spool, peer.port());
    spool.run(&["queue", "run", "--now"]).exits(0);
    drop(peer.finish());
    let accepted = |to: &str| ("accepted".to_owned(), format!("{to}@example.net"), false);
    assert_eq!(told(&spool), [doubt("bob"), doubt("carol"), accepted("bob"), accepted("carol")]);
    assert!(lines(&spool)[0]["sentence"].as_str().unwrap().contains("ended before the reply"));
}

#[test]
fn a_host_that_is_down_is_one_line() {
    let spool = Filled::new();
    for number in 1..4 {
        spool.queue(Entry { number, age_s: HOUR, ..Entry::default() });
    }
    leads_to(&spool, Peer::closed_port());
    spool.run(&["queue", "run"]).exits(75);
    spool.run(&["queue", "run"]).exits(75);
    let all = lines(&spool);
    assert_eq!(
        (all.len(), &all[0]["event"], &all[0]["profile"]),
        (1, &"host-down".into(), &"default".into())
    );
}

#[test]
fn what_a_person_did_is_told_with_who_it_was() {
    let spool = Filled::new();
    let id = spool.queue(Entry::default()).id.to_string();
    for verb in ["hold", "release", "retry", "remove"] {
        spool.run(&["queue", verb, &id]).exits(0).quiet();
    }
    let (broken, _) = spool.entry_in(State::Corrupt, 7);
    spool.run(&["queue", "remove", &broken.to_string()]).exits(0);
    spool.run(&["queue", "hold", &id]).exits(66);
    let all = lines(&spool);
    let verbs: Vec<&str> = all.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(verbs, ["hold", "release", "retry", "remove", "remove"]);
    let uid = u64::from(rustix::process::getuid().as_raw());
    assert!(all.iter().all(|line| line["uid"] == uid), "{all:?}");
    assert!(all[..4].iter().all(|line| line["id"] == id.as_str() && line["message_id"] == "<1@example.org>"));
}

#[test]
fn where_it_cannot_be_written_mail_goes_and_that_is_said_once() {
    let spool = Filled::new();
    for number in 1..4 {
        spool.queue(Entry { number, age_s: HOUR, ..Entry::default() });
    }
    let held = spool.queue(Entry { number: 9, ..Entry::default() }).id.to_string();
    let today = jiff::Timestamp::now().strftime("%Y%m%d.jsonl").to_string();
    std::fs::create_dir(spool.path().join("log").join(today)).unwrap();
    spool.run(&["queue", "hold", &held]).exits(0).says("whippet: log/: ");
    let peer = Peer::healthy();
    leads_to(&spool, peer.port());
    let ran = spool.run(&["queue", "run"]);
    assert_eq!(ran.exits(0).stderr().matches("log/: ").count(), 1, "{}", ran.stderr());
    assert_eq!(
        (
            peer.finish().dots(),
            spool.places(spool.store().ids(whippet::spool::Place::Held, &mut |_| {}).unwrap()[0]).len()
        ),
        (3, 1)
    );
}

#[test]
fn what_is_older_than_30_days_goes() {
    let spool = Filled::new();
    let log = spool.path().join("log");
    let day = |ago: i64| {
        let time = jiff::Timestamp::try_from(SystemTime::now()).unwrap();
        let time = time - jiff::SignedDuration::from_hours(24 * ago);
        log.join(time.strftime("%Y%m%d.jsonl").to_string())
    };
    for ago in [1, 30, 31, 400] {
        std::fs::write(day(ago), "").unwrap();
    }
    spool.run(&["queue", "run"]).exits(0);
    assert_eq!([1, 30, 31, 400].map(|ago| day(ago).exists()), [true, true, false, false]);
}
