//! G4 with the real program: its clock is that of libfaketime. The server is down while the clock is wrong, and healthy when
//! it is right again.

use std::path::Path;

use super::{HOUR, check};
use crate::Outcome;
use crate::session::home::{Home, Program, TO, now_s};
use crate::support::Peer;
use crate::world::Ground;

/// Where the library may be.
const PLACES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];

/// What the clock says, in the words of faketime(1): once, or again and again.
const CLOCKS: [&[&str]; 10] = [
    &["-1d"],
    &["+1d"],
    &["-10y"],
    &["+10y"],
    &["@1970-01-02 00:00:00"],
    &["@2038-01-19 03:14:07"],
    &["@2106-02-07 06:28:15"],
    &["+3d", "+3d"],
    // Twice by a clock that is behind, and twice by one that is ahead.
    &["@1970-01-02 00:00:00", "+0d", "@1970-01-02 04:00:00", "+0d"],
    &["+10y", "+0d", "+11y", "+0d"],
];

/// G4 with the real program.
pub fn everything(outcome: &mut Outcome) {
    let Some(library) = PLACES.into_iter().find(|place| Path::new(place).exists()) else {
        return outcome.skips.push("there is no libfaketime".to_owned());
    };
    let ground = Ground::new();
    for clocks in CLOCKS {
        outcome.cases += 1;
        let home = Home::new(ground.next());
        let judged = live(&home, library, clocks);
        std::fs::remove_dir_all(&home.path).unwrap();
        outcome.failures.extend(judged.err().map(|words| format!("{clocks:?}: {words}")));
    }
}

fn live(home: &Home, library: &str, clocks: &[&str]) -> Result<(), String> {
    home.queue(300);
    home.configure("127.0.0.1", &format!("port = {}\ntls = \"none\"", Peer::closed_port()));
    for clock in clocks {
        // Deadlines are not those of the clock.
        let variables = [("LD_PRELOAD", library), ("FAKETIME", clock), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
        let code = Program::end(&mut home.under(&variables, &["queue", "run", "--now"]));
        let said = home.said();
        check(code == Some(75) && home.count("q") == 1, || {
            format!("at {clock} it ends with {code:?}: {said}")
        })?;
        // It is due a quarter of an hour from then.
        let due_s = home.entry().map_or(0, |(due_s, ..)| due_s);
        let is_far = due_s.abs_diff(now_s()) > 12 * HOUR;
        check(is_far == (*clock != "+0d"), || {
            format!("at {clock} it is due at {due_s}: is that clock faked?")
        })?;
    }
    let peer = Peer::healthy();
    home.configure("127.0.0.1", &format!("port = {}\ntls = \"none\"", peer.port()));
    let code = Program::end(&mut home.start(&["queue", "run", "--now"], 0));
    let book = peer.finish();
    let to = TO.map(|to| book.commands("RCPT").iter().filter(|line| line.contains(to)).count());
    let left = ["q", "held", "badmail", "corrupt", "tmp"].map(|place| home.count(place));
    check((code, to, book.dots(), left) == (Some(0), [1; 3], 1, [0; 5]), || {
        format!(
            "then it ends with {code:?}, {to:?}, {} messages, left {left:?}: {}",
            book.dots(),
            home.said()
        )
    })
}
