//! What a server may say of a mail, and what is made of it.

use super::inside::PROFILE;
use super::{Inside, Page};
use crate::support::{Certificate, Peer, Rules, Step, hear, raw, say};

const THREE: [&str; 5] = ["-s", "Backup", "ann@example.com", "bob@example.com", "carol@example.com"];

fn run(page: &mut Page, title: &str, rules: Rules, words: &[&str]) {
    let script = vec![Step::Tls, Step::Serve(rules)];
    let peer = Peer::start(Certificate::for_names(&["smtp.example.org"]), vec![script]);
    let profile = format!("{PROFILE}timeouts = \"1s\"\n");
    page.run(title, &Inside::facing(&peer, &profile), words);
}

#[test]
fn sender_and_recipients() {
    let mut page = Page::default();
    let mut case = |title: &str, start: &str, reply: &str| {
        run(&mut page, title, Rules::healthy().on(start, [say(reply)]), &THREE);
    };
    let not_owned = "553 5.7.1 <you@example.org>: Sender address rejected: not owned by user you";
    case("the sender is refused", "MAIL", not_owned);
    case("the sender is refused now", "MAIL", "451 4.7.1 Greylisted, try again in 5 minutes");
    case("the mail is refused", "MAIL", "554 5.7.1 Your account is suspended");
    case(
        "one recipient is unknown",
        "RCPT TO:<bob@",
        "550 5.1.1 <bob@example.com>: Recipient address rejected: User unknown",
    );
    case("two recipients are unknown", "RCPT TO:<", "550 5.1.1 User unknown in virtual mailbox table");
    case("one recipient is deferred", "RCPT TO:<bob@", "450 4.2.0 <bob@example.com>: Greylisted");
    case("one mailbox is full", "RCPT TO:<bob@", "452 4.2.2 Mailbox full");
    case("relaying is denied", "RCPT TO:<", "554 5.7.1 Relay access denied");
    case("one domain is wrong", "RCPT TO:<bob@", "550 5.1.2 Host or domain name not found");
    let rules = Rules::healthy()
        .on("RCPT TO:<ann@", [say("550 5.1.1 no such user")])
        .on("RCPT TO:<bob@", [say("451 4.3.0 later")]);
    run(&mut page, "one is unknown, one is deferred", rules, &THREE);
    page.check("delivery-recipients");
}

#[test]
fn the_message() {
    let mut page = Page::default();
    let mut case = |title: &str, rules: Rules| run(&mut page, title, rules, &THREE);
    let healthy = Rules::healthy;
    case("too big, said at once", healthy().offering(&["SIZE 100", "AUTH PLAIN", "8BITMIME"]));
    case("too big, said at MAIL", healthy().on("MAIL", [say("552 5.3.4 Message size exceeds fixed limit")]));
    case("DATA is deferred", healthy().on("DATA", [say("451 4.3.0 Try again later")]));
    case("the content is refused", healthy().on(".", [say("554 5.7.1 Message identified as spam")]));
    case("the message is malformed", healthy().on(".", [say("554 5.6.0 Message has no From field")]));
    case("deferred at the end", healthy().on(".", [say("452 4.3.1 Insufficient system storage")]));
    case("closed behind the end", healthy().on(".", [Step::Close]));
    case("silent behind the end", healthy().on(".", [Step::Wait(std::time::Duration::from_secs(5))]));
    case("closed at DATA", healthy().on("DATA", [Step::Close]));
    case("garbage behind the end", healthy().on(".", [raw("\x01\x02 what?\r\n")]));
    case("garbage at MAIL", healthy().on("MAIL", [raw("what?\r\n")]));
    case("a reply that does not belong there", healthy().on("DATA", [say("250 OK"), hear()]));
    let ascii = healthy().offering(&["AUTH PLAIN"]);
    run(&mut page, "an address outside ASCII", ascii, &["-s", "x", "ärzte@example.com"]);
    page.check("delivery-message");
}

#[test]
fn wishes() {
    let mut page = Page::default();
    let mut case = |title: &str, offers: &[&str], wishes: &[&str]| {
        let rules = Rules::healthy().offering(&[&["AUTH PLAIN", "8BITMIME"], offers].concat());
        run(&mut page, title, rules, &[wishes, &["-s", "Backup", "ann@example.com"]].concat());
    };
    case("reports are not known", &[], &["--dsn-notify", "failure,delay", "--envid", "backup-7"]);
    case("TLS is not promised", &["DSN"], &["--require-tls"]);
    case("three wishes are not known", &[], &["--deliver-by", "2h", "--hold-for", "1h", "--priority", "3"]);
    case("too little time", &["DELIVERBY 3600"], &["--deliver-by", "10m,return"]);
    case("held for too long", &["FUTURERELEASE 86400 2030-01-01T00:00:00Z"], &["--hold-for", "2d"]);
    case(
        "held until too late",
        &["FUTURERELEASE 86400 2030-01-01T00:00:00Z"],
        &["--hold-until", "2031-01-01T00:00:00Z"],
    );
    case("an option that takes something else", &[], &["--dsn-notify", "always"]);
    case("no time", &[], &["--deliver-by", "soon"]);
    page.check("delivery-wishes");
}

#[test]
fn many() {
    let mut page = Page::default();
    let many: Vec<String> = (1..=9).map(|n| format!("user{n}@example.com")).collect();
    let words: Vec<&str> = ["-s", "x"].into_iter().chain(many.iter().map(String::as_str)).collect();
    run(&mut page, "nine are unknown", Rules::healthy().on("RCPT", [say("550 5.1.1 no such user")]), &words);
    page.check("delivery-many");
}
