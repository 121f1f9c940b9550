//! Real proxies, a program and a socket in the file system on the way to a real server.

use super::arrived_whole;
use crate::routes::Microsocks;
use crate::support::{Account, Peers, attachment, noise};

fn exim() -> Option<Peers> {
    Peers::find().map(|peers| peers.with_mail_of("EXIM"))
}

/// Exim by STARTTLS, by this way.
fn by_way<'a>(peers: &'a Peers, way: &str) -> Account<'a> {
    Account::new(peers, peers.port("EXIM_PORT"), "starttls", way)
}

/// Sends a letter that does not fit any buffer on the way and looks at what has come of it.
fn a_letter_comes_through(account: &Account, says: &str) {
    let octets = noise(5 * 1024 * 1024);
    account.sandbox.file("large.bin", &octets);
    let (ran, report) = account.send("x\n", &["--verbose", "-a", "large.bin", "--", "dan@example.test"]);
    ran.exits(0).says(says);
    let arrived = arrived_whole(account, &report, &["dan"]).remove(0);
    assert!(attachment(&arrived.message) == octets, "the attachment is not what was sent");
}

#[test]
fn tinyproxy() {
    let Some(peers) = exim() else { return };
    let proxy = format!("http://127.0.0.1:{}", peers.port("PROXY_PORT"));
    let account = by_way(&peers, &format!("proxy = \"{proxy}\""));
    a_letter_comes_through(&account, &format!("(through {proxy})"));
}

#[test]
fn tinyproxy_with_a_login() {
    let Some(peers) = exim() else { return };
    let place = format!("127.0.0.1:{}", peers.port("PROXY_LOGIN_PORT"));
    let (user, secret) = (peers.text("PROXY_USER"), peers.text("PROXY_PASSWORD_FILE"));
    let way = format!("proxy = \"http://{user}@{place}\"\nproxy_password_file = \"{secret}\"");
    let account = by_way(&peers, &way);
    a_letter_comes_through(&account, &format!("{place})"));
    let wrong = account.sandbox.private_file("wrong", "not the password");
    let wrong = format!("proxy_password_file={}", wrong.display());
    let (ran, _) = account.send("x\n", &["--verbose", "--set", &wrong, "dan@example.test"]);
    ran.exits(78).says("the proxy").says("refused the login").never_shows("C: EHLO");
    // Nobody logs in.
    let account = by_way(&peers, &format!("proxy = \"http://{place}\""));
    let (ran, _) = account.send("x\n", &["--verbose", "dan@example.test"]);
    ran.exits(78).says("the proxy").never_shows("C: EHLO");
}

#[test]
fn a_port_behind_tinyproxy_where_nothing_listens() {
    let Some(peers) = exim() else { return };
    let proxy = format!("proxy = \"http://127.0.0.1:{}\"", peers.port("PROXY_PORT"));
    let account = Account::new(&peers, crate::support::Peer::closed_port(), "starttls", &proxy);
    let (ran, _) = account.send("x\n", &["dan@example.test"]);
    ran.exits(75).says("the proxy").says("could not connect");
}

#[test]
fn microsocks() {
    let Some(peers) = exim() else { return };
    let socks = Microsocks::start(&["-u", "ann", "-P", "correct horse"])
        .expect("scripts/test-peers installs microsocks");
    let way = format!(
        "proxy = \"socks5://ann@127.0.0.1:{}\"\nproxy_password_env = \"PROXY_PASSWORD\"",
        socks.port()
    );
    let mut account = by_way(&peers, &way);
    account.sandbox.env("PROXY_PASSWORD", "correct horse");
    a_letter_comes_through(&account, "through socks5://");
}

#[test]
fn exim_as_a_program() {
    let Some(peers) = exim() else { return };
    let command = peers.text("EXIM_COMMAND");
    let tunnel = format!("host = \"exim.example.test\"\ntls = \"none\"\ntunnel = [\"{command}\", \"-bs\"]");
    a_letter_comes_through(&Account::plain(&peers, &tunnel), &format!("(through {command})"));
}

#[test]
fn openssl_as_a_program() {
    let Some(peers) = exim() else { return };
    let place = format!("127.0.0.1:{}", peers.port("EXIM_TLS_PORT"));
    let tunnel = format!(
        "tunnel = [\"openssl\", \"s_client\", \"-quiet\", \"-verify_quiet\", \"-verify_return_error\", \"-CAfile\", \"{}\", \"-connect\", \"{place}\"]",
        peers.ca_file.display()
    );
    let account = Account::new(&peers, peers.port("EXIM_TLS_PORT"), "none", &tunnel);
    // That the program encrypts nobody can see from here: it must be said.
    let (ran, _) = account.send("x\n", &["--verbose", "dan@example.test"]);
    ran.exits(78).says("allow_plaintext_auth = true permits it").never_shows("C: AUTH");
    let tunnel = format!("{tunnel}\nallow_plaintext_auth = true");
    let account = Account::new(&peers, peers.port("EXIM_TLS_PORT"), "none", &tunnel);
    a_letter_comes_through(&account, "(through openssl)");
}

#[test]
fn a_socket_of_postfix() {
    let Some(peers) = Peers::find() else { return };
    let path = peers.text("SUBMISSION_SOCKET");
    let account = Account::plain(&peers, &format!("host = \"unix:{path}\""));
    a_letter_comes_through(&account, &format!("connected to {path}"));
}
