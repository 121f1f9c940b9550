//! Errors of the login and of the secret.

use super::inside::{Children, PROFILE};
use super::{Inside, Page};
use crate::support::{Certificate, Peer, Rules, Step, hear, say};

const WORDS: [&str; 3] = ["-s", "Backup", "ann@example.com"];

fn secured(host: &str, rules: Rules) -> Peer {
    Peer::start(Certificate::for_names(&[host]), vec![vec![Step::Tls, Step::Serve(rules)]])
}

#[test]
fn what_the_server_says() {
    let mut page = Page::default();
    let mut case = |title: &str, host: &str, more: &str, rules: Rules| {
        let peer = secured(host, rules);
        let profile = format!("{}{more}\n", PROFILE.replace("smtp.example.org", host));
        page.run(title, &Inside::facing(&peer, &profile), &WORDS);
    };
    let here = "smtp.example.org";
    let refuse = |reply: &str| Rules::healthy().on("AUTH", [say(reply)]);
    case("wrong password", here, "", refuse("535 5.7.8 Error: authentication failed"));
    let google = "535-5.7.8 Username and Password not accepted. For more information, go to\n535 5.7.8  \
                  https://support.google.com/mail/?p=BadCredentials x - gsmtp";
    case("wrong password at Gmail", "smtp.gmail.com", "", refuse(google));
    case("wrong password at 163", "smtp.163.com", "", refuse("535 Error: authentication failed"));
    case("the server cannot tell now", here, "", refuse("454 4.7.0 Temporary authentication failure"));
    case("no login offered", here, "", Rules::healthy().offering(&["PIPELINING", "SIZE 1000000"]));
    case("no mechanism in common", here, "", Rules::healthy().offering(&["AUTH NTLM GSSAPI"]));
    case(
        "the mechanism refused",
        here,
        "auth = \"plain\"",
        refuse("504 5.5.4 Unrecognized authentication type"),
    );
    let scram = |reply| refuse(reply).offering(&["AUTH PLAIN SCRAM-SHA-256"]);
    case("wrong password by SCRAM", here, "", scram("535 5.7.8 Error: authentication failed"));
    case("a server that does not prove that it knows the password", here, "", scram("235 2.7.0 welcome"));
    let tokens = || Rules::healthy().offering(&["AUTH LOGIN XOAUTH2", "STARTTLS"]);
    // {"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}
    let objection = "334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==";
    let refused = [say(objection), hear(), say("535 5.7.8 Username and Password not accepted.")];
    let by_token = "auth = \"xoauth2\"";
    case("the token refused", here, by_token, tokens().on("AUTH", refused));
    let at_once = [say("535 5.7.3 Authentication unsuccessful")];
    case("the token refused without a reason", here, by_token, tokens().on("AUTH", at_once));
    case("only tokens are taken", here, "", Rules::healthy().offering(&["AUTH XOAUTH2"]));
    let peer = secured(here, Rules::healthy().on("MAIL", [say("530 5.7.0 Authentication required")]));
    let profile = format!("host = \"{here}\"\ntls_ca_file = \"ca.pem\"\nfrom = \"you@example.org\"\n");
    page.run("no login in the profile, and the server wants one", &Inside::facing(&peer, &profile), &WORDS);
    let peer =
        secured(here, Rules::healthy().on("RCPT", [say("554 5.7.1 <ann@example.com>: Relay access denied")]));
    page.run(
        "no login in the profile, and the server does not relay",
        &Inside::facing(&peer, &profile),
        &WORDS,
    );
    let peer = Peer::healthy();
    let profile = format!("{PROFILE}tls = \"none\"\n");
    page.run("the login would go in the clear", &Inside::facing(&peer, &profile), &WORDS);
    assert_eq!(peer.finish().commands("AUTH"), Vec::<String>::new());
    let peer = Peer::serving(tokens());
    let profile = format!("{PROFILE}tls = \"none\"\nallow_plaintext_auth = true\n{by_token}\n");
    page.run("the token would go in the clear", &Inside::facing(&peer, &profile), &WORDS);
    assert_eq!(peer.finish().commands("AUTH"), Vec::<String>::new());
    page.check("login-server");
}

#[test]
fn where_the_password_is() {
    let mut page = Page::default();
    let rest = PROFILE.replace("password_command = \"echo canary\"\n", "");
    let mut case = |title: &str, source: &str| {
        let peer = secured("smtp.example.org", Rules::healthy());
        page.run(title, &Inside::facing(&peer, &format!("{rest}{source}\n")), &WORDS);
        assert_eq!(peer.finish().commands("AUTH"), Vec::<String>::new());
    };
    case("no source at all", "");
    case(
        "the command fails",
        "password_command = \"echo 'gpg: decryption failed: No secret key' >&2; exit 2\"",
    );
    case("the command fails and is silent", "password_command = \"false\"");
    case("the command says nothing", "password_command = \"true\"");
    case("there is no such command", "password_command = \"/no/such/pass show mail\"");
    case("password_file missing", "password_file = \"password\"");
    case("the variable is not set", "password_env = \"SMTP_PASSWORD\"");
    case("no credential", "password_credential = \"smtp\"");

    let peer = secured("smtp.example.org", Rules::healthy());
    let mut inside = Inside::facing(&peer, &format!("{rest}password_file = \"password\"\n"));
    let file = inside.sandbox.home().join(".config/whippet/password");
    std::fs::write(&file, "canary\n").unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    page.run("password_file is open to others", &inside, &WORDS);

    inside.sandbox.profile(PROFILE);
    inside.children = Children::Hang;
    page.run("the command hangs", &inside, &WORDS);
    page.check("login-password");
}
