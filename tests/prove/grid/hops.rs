//! Hops that take nothing, with several mails in the queue: what that costs, and that no mail pays for it.

use std::collections::BTreeMap;

use whippet::spool::{Place, Store};
use whippet::sys::SystemDisk;

use super::judge::check;
use super::{Tried, each};
use crate::Outcome;
use crate::session::home::{Home, Program};
use crate::support::{Peer, Rules, Step, raw, say};

/// Mails in the queue.
const MAILS: usize = 5;

/// A server, and what must come of a run.
struct Case {
    name: &'static str,
    rules: Rules,
    /// How many of them it costs.
    connections: usize,
    /// Mails that were tried in vain, and those that were not touched.
    tried: usize,
    untouched: usize,
}

fn cases() -> Vec<Case> {
    let healthy = Rules::healthy;
    let once = |name, rules| Case { name, rules, connections: 1, tried: 0, untouched: MAILS - 1 };
    let lost = |name, steps: Vec<Step>| Case {
        name,
        rules: healthy().on("MAIL", steps),

        connections: 3,
        tried: 3,
        untouched: MAILS - 3,
    };
    vec![
        // The first mail has had its answer before.
        Case {
            tried: 1,
            untouched: MAILS - 2,
            ..once(
                "503 to MAIL behind RSET",
                healthy()
                    .on("DATA", [say("451 4.3.0 not now")])
                    .on_nth("MAIL", 1, [say("250 2.1.0 ok")])
                    .on("MAIL", [say("503 5.5.1 EHLO first")]),
            )
        },
        once("530 to MAIL", healthy().on("MAIL", [say("530 5.7.0 Authentication required")])),
        once("534 to MAIL", healthy().on("MAIL", [say("534 5.7.9 stronger")])),
        once("535 to MAIL", healthy().on("MAIL", [say("535 5.7.8 no")])),
        once("538 to MAIL", healthy().on("MAIL", [say("538 5.7.11 in the clear")])),
        once("421 to MAIL", healthy().on("MAIL", [say("421 4.3.2 closing"), Step::Close])),
        once("550 5.4.5 to MAIL", healthy().on("MAIL", [say("550 5.4.5 Daily user sending limit exceeded")])),
        once("550 5.4.5 to RCPT", healthy().on("RCPT", [say("550 5.4.5 Daily user sending limit exceeded")])),
        once("550 5.4.5 to the dot", healthy().on(".", [say("550 5.4.5 Daily user sending limit exceeded")])),
        once("454 4.7.0 to AUTH", healthy().on("AUTH", [say("454 4.7.0 Temporary authentication failure")])),
        once("535 to AUTH", healthy().on("AUTH", [say("535 5.7.8 bad password")])),
        once("554 as the greeting", healthy().on("greeting", [say("554 5.7.1 not you"), Step::Close])),
        lost("RST at MAIL", vec![Step::Reset]),
        lost("FIN at MAIL", vec![Step::Close]),
        lost("garbage at MAIL", vec![raw("What?\r\n"), Step::Close]),
        lost("half a reply to MAIL", vec![raw("250 2.1"), Step::Close]),
        Case { rules: healthy().on("RCPT", [Step::Reset]), ..lost("RST at RCPT", vec![]) },
        Case { rules: healthy().on(".", [Step::Reset]), ..lost("RST at the dot", vec![]) },
    ]
}

impl Tried for Case {
    fn is_slow(&self) -> bool {
        false
    }
}

impl Case {
    fn judge(&self, home: &Home) -> Result<(), String> {
        (0..MAILS).for_each(|_| home.queue(300));
        let before = files(home);
        let peer = Peer::serving(self.rules.clone());
        home.configure("127.0.0.1", &profile(home, peer.port()));
        let run = |words: &[&str]| Program::end(&mut home.start(&[&["queue", "run"], words].concat(), 0));
        let code = run(&[]);
        let after = files(home);
        let untouched = after.iter().filter(|(name, octets)| before.get(*name) == Some(octets)).count();
        let tried = attempts(home).into_iter().filter(|&attempts| attempts > 0).count();
        let gates = home.count("host");
        // A closed gate costs nothing.
        let again = run(&[]);
        let is_same = files(home) == after;
        let connections = peer.finish().connections();
        let found = (code, again, is_same, connections, tried, untouched, gates);
        let wanted = (Some(75), Some(75), true, self.connections, self.tried, self.untouched, 1);
        check(found == wanted && after.len() == MAILS, || {
            format!(
                "two exits, whether the second run left all as it was, connections, tried, untouched, gates are \
                 {found:?}, not {wanted:?}; {} mails: {}",
                after.len(),
                home.said()
            )
        })?;
        let left = ["held", "badmail", "corrupt", "tmp"].map(|place| home.count(place));
        check(left == [0; 4], || format!("elsewhere are {left:?}"))?;
        let peer = Peer::healthy();
        home.configure("127.0.0.1", &profile(home, peer.port()));
        let code = run(&["--now"]);
        let (book, left) = (peer.finish(), files(home).len() + home.count("host"));
        check((code, book.dots(), left) == (Some(0), MAILS, 0), || {
            format!("healed, it ends with {code:?}, {} messages, {left} left: {}", book.dots(), home.said())
        })
    }
}

/// The files of the queue.
fn files(home: &Home) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(home.spool().join("q")).unwrap().map(Result::unwrap);
    let file = |entry: std::fs::DirEntry| {
        (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

/// How often each mail was tried.
fn attempts(home: &Home) -> Vec<u32> {
    let store = Store::open(&SystemDisk, &home.spool()).unwrap();
    let names = store.scan(&mut |_| {}).unwrap();
    names.into_iter().map(|name| store.look(Place::Queue, name, 3).unwrap().2.attempts).collect()
}

/// A profile that logs in at this port.
fn profile(home: &Home, port: u16) -> String {
    use std::os::unix::fs::PermissionsExt;
    let file = home.path.join("password");
    std::fs::write(&file, "correct horse").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    format!(
        "port = {port}\ntls = \"none\"\nallow_plaintext_auth = true\nusername = \"ann\"\npassword_file = {file:?}\n"
    )
}

/// W14.
pub fn everywhere(outcome: &mut Outcome) {
    let cases = cases();
    each(&cases, outcome, |case, home| case.judge(home), |case| case.name.to_owned());
}
