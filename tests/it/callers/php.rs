//! The mail() of PHP, by the real program, into a real Postfix.

use std::path::{Path, PathBuf};

use super::Account;
use crate::support::{Peers, Ran, skipped_loudly};

/// The program of PHP in the unpacked packages of the peers.
fn php(peers: &Peers) -> Option<PathBuf> {
    let unpacked = Path::new(&peers.text("PACKAGES")).join("php/usr/bin");
    let programs = [unpacked.as_path(), Path::new("/usr/bin")].into_iter().flat_map(|folder| {
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path())
    });
    // php8.2: php itself is a link that only an installed package has.
    let program = programs.into_iter().find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.strip_prefix("php").is_some_and(|version| version.parse::<f32>().is_ok())
    });
    if program.is_none() {
        skipped_loudly("PHP's mail(): no php among the packages of the peers");
    }
    program
}

/// Executes a script of PHP with this sendmail_path.
fn execute(account: &Account, php: &PathBuf, sendmail_path: &str, script: &str) -> Ran {
    let setting = format!("sendmail_path={}", account.line(sendmail_path));
    account.sandbox.call().program(php).run(&["-n", "-d", &setting, "-r", script])
}

#[test]
fn a_mail_with_all_it_may_have() {
    let Some(peers) = Peers::find() else { return };
    let Some(php) = php(&peers) else { return };
    let account = Account::facing(peers.plain_port, "[profiles.web]\nfrom = \"web@example.test\"\n");
    let paths = ["/usr/sbin/sendmail -t -i", "/usr/sbin/sendmail -t", "whippet sendmail --profile web -t -i"];
    for (index, path) in paths.into_iter().enumerate() {
        let mark = format!("php {index} {}", std::process::id());
        let script = format!(
            "exit(mail('Dan <dan@example.test>', 'Grüße {mark}', \"Zeile ä\\n.\\nlast\\n\", \
             \"From: W <w@example.test>\\r\\nCc: wang@example.test\\r\\nBcc: eve@example.test\\r\\nReply-To: r@example.test\\r\\n\
             X-Mark: {mark}\\r\\nMIME-Version: 1.0\\r\\nContent-Type: text/plain; charset=utf-8\", '-fbounce@example.test') ? 0 : 1);"
        );
        execute(&account, &php, path, &script).exits(0).quiet();
        for user in ["dan", "wang", "eve"] {
            let delivered = peers.wait_for_mail(user, &mark);
            assert!(delivered.trace.contains("Return-Path: <bounce@example.test>"), "{}", delivered.trace);
            let parsed = mail_parser::MessageParser::default().parse(&delivered.message).unwrap();
            assert_eq!(parsed.subject(), Some(format!("Grüße {mark}").as_str()));
            assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n").trim(), "Zeile ä\n.\nlast");
            let text = String::from_utf8(delivered.message.clone()).unwrap();
            assert!(!text.contains("eve@") && text.contains("Cc: wang@example.test"), "{text}");
            assert!(
                text.contains("Reply-To: r@example.test") && text.contains("From: W <w@example.test>"),
                "{text}"
            );
        }
    }
}

#[test]
fn an_author_by_the_profile_and_a_failure_that_is_told() {
    let Some(peers) = Peers::find() else { return };
    let Some(php) = php(&peers) else { return };
    let account = Account::facing(peers.plain_port, "[profiles.web]\nfrom = \"Web <web@example.test>\"\n");
    let mark = format!("php-author {}", std::process::id());
    let script = format!("exit(mail('dan@example.test', '{mark}', 'x') ? 0 : 1);");
    execute(&account, &php, "whippet sendmail --profile web -t -i", &script).exits(0).quiet();
    let delivered = peers.wait_for_mail("dan", &mark);
    assert!(String::from_utf8_lossy(&delivered.message).contains("From: Web <web@example.test>"));
    let script = "exit(mail('nobody@example.test', 's', 'x') ? 0 : 1);";
    execute(&account, &php, "/usr/sbin/sendmail -t -i", script).exits(1).says("nobody@example.test");
}
