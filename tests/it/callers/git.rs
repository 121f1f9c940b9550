//! git send-email: a series of patches, a process for each.

use std::process::Command;

use super::Account;
use crate::faces::fields;
use crate::support::{Peer, Peers, Ran, skipped_loudly};

/// The words that call git send-email here. None, said loudly: there is none.
fn send_email() -> Option<String> {
    let place = |words: &[&str]| {
        let output = Command::new("git").args(words).output().ok()?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    let own = place(&["--exec-path"])?;
    if std::path::Path::new(&own).join("git-send-email").exists() {
        return Some("git send-email".to_owned());
    }
    let named = std::env::var("WHIPPET_TEST_PEERS").ok().and_then(|_| Peers::find());
    let unpacked =
        named.map(|peers| format!("{}/git-email/usr/lib/git-core/git-send-email", peers.text("PACKAGES")));
    let unpacked = unpacked.filter(|path| std::path::Path::new(path).exists());
    if unpacked.is_none() {
        skipped_loudly("git send-email: there is none");
    }
    unpacked.map(|path| format!("perl {path}"))
}

/// An account with so many patches, and the environment that git wants.
fn patched(port: u16, count: usize) -> Account {
    let mut account = Account::facing(port, "");
    let path = std::env::var("PATH").unwrap_or_default();
    let links = account.sandbox.work().join("bin");
    account.sandbox.env("PATH", format!("{}:{path}", links.display())).env("GIT_CONFIG_NOSYSTEM", "1");
    let script = format!(
        "set -e; git init -q repo; cd repo; git config user.name 'Ann É'; git config user.email ann@example.test; \
         for n in $(seq {count}); do printf 'é %s\\n.\\nFrom here\\n' $n >file; git add file; git commit -q -m \"Change $n\"; done; \
         git format-patch -q --root --thread -o ../patches"
    );
    account.sandbox.call().program("/bin/sh").run(&["-c", &script]).exits(0);
    account
}

/// Sends them all with these options.
fn send(account: &Account, words: &str) -> Option<Ran> {
    let call = send_email()?;
    let line = account.line(&format!(
        "cd repo && {call} --confirm=never --quiet --from=ann@example.test --suppress-cc=all {words} ../patches"
    ));
    Some(account.sandbox.call().program("/bin/sh").run(&["-c", &line]))
}

#[test]
fn fifty_patches_in_order() {
    let peer = Peer::healthy();
    let account = patched(peer.port(), 50);
    let words = "--smtp-server=/usr/sbin/sendmail --to=r@x.example --cc=q@x.example --bcc=p@x.example";
    let words = words.replace("/usr/sbin", &account.sandbox.work().join("bin").display().to_string());
    let Some(ran) = send(&account, &words) else { return };
    ran.exits(0);
    let book = peer.finish();
    let messages = book.messages();
    assert_eq!((messages.len(), book.commands("RCPT TO:").len()), (50, 150));
    let first = fields(&messages[0], "Message-ID").concat();
    for (index, (message, envelope)) in messages.iter().zip(book.commands("RCPT TO:").chunks(3)).enumerate() {
        let subject = fields(message, "Subject").concat();
        assert!(
            subject.starts_with(&format!("[PATCH {:02}/50] Change {}", index + 1, index + 1)),
            "{subject}"
        );
        assert_eq!(envelope.len(), 3, "{envelope:?}");
        for address in ["r@x.example", "q@x.example", "p@x.example"] {
            assert!(envelope.iter().any(|line| line.contains(address)), "{envelope:?}");
        }
        assert!(!message.contains("p@x.example"), "{message}");
        if index > 0 {
            assert_eq!(fields(message, "In-Reply-To").concat(), first);
        }
        assert_eq!((fields(message, "Message-ID").len(), fields(message, "Date").len()), (1, 1));
    }
}

#[test]
fn a_series_can_be_applied_where_it_arrives() {
    let Some(peers) = Peers::find() else { return };
    let server = "--smtp-server=/usr/sbin/sendmail --to=dan@example.test";
    let command = "--sendmail-cmd='/usr/sbin/sendmail -i' --to=dan@example.test";
    for (index, words) in [server, command].into_iter().enumerate() {
        let account = patched(peers.plain_port, 3);
        let words = words.replace("/usr/sbin", &account.sandbox.work().join("bin").display().to_string());
        let mark = format!("git-{index}-{}", std::process::id());
        let script = format!("for p in patches/*; do sed -i '0,/^Date:/s//X-Mark: {mark}\\nDate:/' $p; done");
        account.sandbox.call().program("/bin/sh").run(&["-c", &script]).exits(0);
        let Some(ran) = send(&account, &words) else { return };
        ran.exits(0);
        let mut arrived = Vec::new();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while arrived.len() < 3 {
            assert!(std::time::Instant::now() < deadline, "{} of 3 have arrived", arrived.len());
            arrived = peers.mail("dan", &mark);
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
        arrived.sort_by_key(|one| fields(&String::from_utf8_lossy(&one.message), "Subject"));
        let mut mailbox = Vec::new();
        for one in arrived {
            mailbox.extend_from_slice(b"From ann@example.test Mon Jan  1 00:00:00 2024\n");
            mailbox.extend_from_slice(
                &String::from_utf8(one.message).unwrap().replace("\r\n", "\n").into_bytes(),
            );
            mailbox.push(b'\n');
        }
        account.sandbox.file("arrived", &mailbox);
        let script = "git init -q there && cd there && git config user.name d && git config user.email d@x && \
                      git am -q ../arrived && git log --format=%an:%s && cmp file ../repo/file";
        let ran = account.sandbox.call().program("/bin/sh").run(&["-c", script]);
        ran.exits(0).prints("Ann É:Change 3\nAnn É:Change 2\nAnn É:Change 1\n");
    }
}
