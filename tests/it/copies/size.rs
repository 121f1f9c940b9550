//! The largest mail that leaves, and what an attachment is labelled as.

use crate::faces::got;
use crate::support::{Peer, Sandbox};

#[test]
fn what_is_too_large_is_refused_before_anything_is_connected() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "max_size = \"100K\"\nqueue = \"always\"");
    for (name, octets) in [("a.bin", 40_000), ("b.bin", 30_000), ("c.bin", 20_000), ("d.bin", 5_000)] {
        sandbox.file(name, vec![0; octets]);
    }
    let to = ["--", "bob@example.test"];
    let send = |words: &[&str]| sandbox.stdin("x\n").run(&[words, &to].concat());
    // 95,000 octets, and a third more as they are sent.
    let ran = send(&["-a", "a.bin", "d.bin", "b.bin", "c.bin"]);
    ran.exits(69)
        .says("the mail is too large: as it is sent it has 128.1 KiB, and max_size is 100 KiB (~/.config/whippet/config.toml:")
        .says("because its largest parts are a.bin (39.1 KiB), b.bin (29.3 KiB), c.bin (19.6 KiB)\n")
        .says("hint: send less, or a link to it; --max-size SIZE is for a server that takes more\n");
    // A file of 1 TiB is not read.
    std::fs::File::create(sandbox.work().join("hole.txt")).unwrap().set_len(1 << 40).unwrap();
    send(&["-a", "hole.txt"]).exits(69).says("without its text it has 1024 GiB").says("it holds hole.txt");
    let text = "x".repeat(200_000);
    sandbox
        .stdin(text)
        .run(&["bob@example.test"])
        .exits(69)
        .says("as it is sent it has")
        .never_shows("because");
    sandbox.file("page.html", "x".repeat(60_000));
    sandbox.file("logo.png", [b"\x89PNG\r\n\x1a\n".to_vec(), vec![0; 50_000]].concat());
    sandbox.file("i.ics", format!("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nX:{}\r\n", "y".repeat(9_000)));
    send(&["--html", "page.html", "--inline", "logo.png", "--calendar", "i.ics"])
        .exits(69)
        .says("without its text it has 116.3 KiB")
        .says("because it holds the HTML text (58.6 KiB), logo.png (48.9 KiB), i.ics (8.9 KiB)");
    send(&["--html", "page.html", "-a", "a.bin", "b.bin"]).exits(69).says("it holds page.html (58.6 KiB), ");
    send(&["--dry-run", "-a", "a.bin", "b.bin", "c.bin"]).exits(69);
    let ran = send(&["--json", "-a", "a.bin", "b.bin", "c.bin"]);
    let report: serde_json::Value = serde_json::from_str(&ran.exits(69).stdout()).unwrap();
    assert_eq!(report["exit"], 69);
    assert!(!sandbox.files().iter().any(|file| file.contains("spool")), "nothing is queued");
    assert_eq!(peer.book().connections(), 0);

    send(&["--max-size", "200K", "-a", "a.bin", "d.bin", "b.bin", "c.bin"]).exits(0);
    send(&["--max-size=1", "--set", "max_size=1M"]).exits(69).says("max_size is 1 octets (--max-size)");
    for wrong in ["big", "", "0", "1.5M"] {
        send(&["--max-size", wrong]).exits(64).says("--max-size: max_size ");
    }
    assert_eq!(peer.finish().dots(), 1);
}

/// What Python reads: the type and the charset of each attachment.
const READER: &str = "\
import email, email.policy, sys
message = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
for part in message.iter_attachments():
    print(part.get_filename(), part.get_content_type(), part.get_content_charset(), len(part.get_payload(decode=True)))
";

#[test]
fn a_text_is_labelled_with_what_all_of_it_proves() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let late = |end: &[u8]| [&b"plain text\n".repeat(30_000)[..], end].concat();
    for (name, octets) in [
        ("ascii.txt", late(b"")),
        ("utf8.txt", late("例\n".as_bytes())),
        ("latin.txt", late(b"caf\xe9\n")),
        ("cut.txt", late(b"\xe4\xbe")),
        ("zero.txt", late(b"\0")),
        ("bare", late("例\n".as_bytes())),
        ("binary", late(b"\0")),
    ] {
        sandbox.file(name, octets);
    }
    let names = ["ascii.txt", "utf8.txt", "latin.txt", "cut.txt", "zero.txt", "bare", "binary"];
    sandbox.stdin("x\n").run(&[&["-a"], &names[..], &["--", "bob@example.test"]].concat()).exits(0).quiet();
    let text = got(&peer.finish()).text;
    let ran = sandbox.stdin(text).program("/usr/bin/python3").run(&["-c", READER]);
    let lines: Vec<String> = ran.exits(0).stdout().lines().map(str::to_owned).collect();
    assert_eq!(
        lines,
        [
            "ascii.txt text/plain us-ascii 330000",
            "utf8.txt text/plain utf-8 330004",
            "latin.txt text/plain None 330005",
            "cut.txt text/plain None 330002",
            "zero.txt text/plain None 330001",
            "bare text/plain utf-8 330004",
            "binary application/octet-stream None 330001",
        ]
    );
}
