//! Several servers in turn: who is passed over, who is not, and what is said of it.

use serde_json::Value;

use crate::support::{Certificate, Peer, Ran, Rules, Sandbox, Step, raw, say};

/// Sends to these ports in turn; `more` is TOML that is added.
fn send(ports: &[u16], more: &str) -> Ran {
    let sandbox = Sandbox::new();
    sandbox.profile(&profile(ports, more));
    sandbox.stdin("x\n").run(&["--json", "-s", "turn", "bob@example.test"])
}

fn profile(ports: &[u16], more: &str) -> String {
    let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let tls = if more.contains("tls =") { "" } else { "tls = \"none\"\n" };
    format!("hosts = {hosts:?}\nfrom = \"ann@example.test\"\n{tls}{more}\n")
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout()).unwrap()
}

fn on(start: &str, steps: Vec<Step>) -> Peer {
    Peer::serving(Rules::healthy().on(start, steps))
}

#[test]
fn the_first_that_takes_a_session_takes_the_mail() {
    let (first, second) = (Peer::healthy(), Peer::healthy());
    send(&[first.port(), second.port()], "").exits(0).quiet_on_stderr();
    assert_eq!((first.finish().dots(), second.finish().connections()), (1, 0));

    let login = "username = \"ann\"\npassword_env = \"HOME\"\nallow_plaintext_auth = true";
    for (start, steps, why) in [
        ("greeting", vec![say("421 4.3.2 not now"), Step::Close], "it said: 421 4.3.2 not now"),
        ("greeting", vec![say("451 busy"), Step::Close], "it said: 451 busy"),
        ("greeting", vec![Step::Close], "closed the connection"),
        ("EHLO", vec![say("421 4.3.2 going"), Step::Close], "it said: 421 4.3.2 going"),
        ("EHLO", vec![Step::Reset], "after EHLO"),
        ("AUTH", vec![say("421 4.3.2 going"), Step::Close], "it said: 421 4.3.2 going"),
        ("AUTH", vec![Step::Cut], "while logging in"),
    ] {
        let (first, second) = (on(start, steps), Peer::healthy());
        let ran = send(&[first.port(), second.port()], login);
        let place = format!("127.0.0.1:{}", second.port());
        ran.exits(0).says(&format!("whippet: 127.0.0.1:{} was passed over: ", first.port())).says(why);
        let report = report(&ran);
        assert_eq!(
            (&report["session"]["host"], &report["outcomes"][0]["host"]),
            (&place.as_str().into(), &place.into())
        );
        assert!(report["warnings"][0].as_str().unwrap().contains(why), "{report}");
        let (first, second) = (first.finish(), second.finish());
        assert_eq!((first.commands("MAIL").len(), second.dots()), (0, 1), "{start}");
    }
}

#[test]
fn what_cannot_be_reached_is_passed_over() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::new();
    let hosts = format!(
        "hosts = [\"no-such-host.invalid\", \"127.0.0.1:{}\", \"127.0.0.1:{}\"]",
        Peer::closed_port(),
        peer.port()
    );
    sandbox.profile(&format!("{hosts}\nfrom = \"ann@example.test\"\ntls = \"none\"\n"));
    let ran = sandbox.stdin("x\n").run(&["bob@example.test"]);
    ran.exits(0).says("no-such-host.invalid:25 was passed over").says("nothing listens at that port");
    assert_eq!(peer.finish().dots(), 1);

    // A silent one costs its time limit and no more.
    let (silent, peer) = (on("greeting", vec![Step::Silence]), Peer::healthy());
    send(&[silent.port(), peer.port()], "timeouts.greeting = 1").exits(0).says("gave no answer within 1 s");
    assert_eq!(peer.finish().dots(), 1);
    drop(silent);
}

#[test]
fn nobody_is_asked_after_a_server_has_decided() {
    let login = "username = \"ann\"\npassword_env = \"HOME\"\nallow_plaintext_auth = true";
    for (start, steps, code) in [
        ("AUTH", vec![say("535 5.7.8 no")], 77),
        ("AUTH", vec![say("454 4.7.0 not now")], 75),
        ("AUTH", vec![say("535 5.7.8 no"), Step::Close], 77),
        ("greeting", vec![say("554 5.7.1 go away")], 69),
        ("greeting", vec![say("HTTP/1.1 400 Bad Request")], 76),
        ("MAIL", vec![say("451 4.3.0 not now")], 75),
        ("MAIL", vec![say("421 4.3.2 going"), Step::Close], 75),
        ("MAIL", vec![Step::Reset], 75),
        ("RCPT", vec![say("450 4.2.1 not now")], 75),
        ("RCPT", vec![Step::Close], 75),
        ("DATA", vec![Step::Cut], 75),
        (".", vec![Step::Reset], 75),
        (".", vec![say("451 4.3.0 not now")], 75),
    ] {
        let (first, second) = (on(start, steps.clone()), Peer::healthy());
        let ran = send(&[first.port(), second.port()], login);
        ran.exits(code).never_shows("passed over");
        assert_eq!(report(&ran)["session"]["host"], format!("127.0.0.1:{}", first.port()));
        drop(first);
        assert_eq!(second.finish().connections(), 0, "{start} {steps:?}");
    }
}

#[test]
fn a_bad_certificate_or_an_attack_is_not_hidden() {
    let good = Peer::secured(Rules::healthy());
    for first in [
        Peer::playing([Step::Tls, Step::Serve(Rules::healthy())]),
        Peer::start(
            Certificate::for_names(&["other.test"]),
            vec![vec![Step::Tls, Step::Serve(Rules::healthy())]],
        ),
        Peer::playing([say("220 in the clear"), Step::Serve(Rules::healthy())]),
    ] {
        let sandbox = Sandbox::securely_facing(&good, "implicit", "");
        let path = sandbox.home().join(".config/whippet/config.toml");
        let secure = std::fs::read_to_string(&path).unwrap();
        let rest: String = secure
            .lines()
            .filter(|line| !line.starts_with("host") && !line.starts_with("port"))
            .map(|line| format!("{line}\n"))
            .collect();
        sandbox.profile(&format!(
            "hosts = [\"127.0.0.1:{}\", \"127.0.0.1:{}\"]\n{rest}",
            first.port(),
            good.port()
        ));
        let ran = sandbox.stdin("x\n").run(&["bob@example.test"]);
        ran.exits(78)
            .says(&format!("no secure connection to 127.0.0.1:{}", first.port()))
            .never_shows("passed over");
    }
    let injecting = on("STARTTLS", vec![raw(b"220 go on\r\n250 mine\r\n")]);
    send(&[injecting.port(), good.port()], "tls = \"starttls\"").exits(76);
    assert_eq!(good.finish().connections(), 0);
}

#[test]
fn where_none_takes_a_session_the_one_that_may_do_later_speaks() {
    let busy = on("greeting", vec![say("421 4.3.2 not now"), Step::Close]);
    let closed = Peer::closed_port();
    let sandbox = Sandbox::new();
    let hosts =
        format!("hosts = [\"127.0.0.1:{closed}\", \"127.0.0.1:{}\", \"no-such-host.invalid\"]", busy.port());
    sandbox.profile(&format!("{hosts}\nfrom = \"ann@example.test\"\ntls = \"none\"\n"));
    let ran = sandbox.stdin("x\n").run(&["bob@example.test"]);
    ran.exits(75).says(&format!("127.0.0.1:{closed} was passed over: nothing listens at that port"));
    ran.says("no-such-host.invalid:25 was passed over")
        .says(&format!("no session with 127.0.0.1:{}", busy.port()));
}
