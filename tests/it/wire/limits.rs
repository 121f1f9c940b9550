//! Servers without measure, and messages that are large: how much memory the program takes, and how soon it gives up.

use std::time::{Duration, Instant};

use super::only_outcome;
use crate::support::{Gate, Peer, Ran, Rules, Sandbox, Step, What, raw, say, skipped_loudly};

/// Runs the program as its child and prints the most memory that the child has held, in KiB.
const MEASURE: &str = "import os, resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=2)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)";

/// Sends a short mail to this server, with its memory measured: less than 32 MiB. It is given five seconds.
fn send_and_measure(rules: Rules) -> Option<Ran> {
    let peer = Peer::serving(rules);
    let sandbox = Sandbox::facing(peer.port(), "");
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        skipped_loudly("the memory of the program is not measured: no python3");
        return None;
    }
    let program = sandbox.program();
    let arguments = ["-c", MEASURE, program.to_str().unwrap(), "-s", "limits", "bob@example.test"];
    let begin = Instant::now();
    let ran = sandbox.stdin("x\n").program("python3").run(&arguments);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    let peak_kib: u64 = ran.stdout().trim().parse().unwrap();
    assert!(peak_kib < 32 * 1024, "{peak_kib} KiB");
    Some(ran)
}

fn lines(code: u16, count: usize) -> Vec<u8> {
    format!("{code}-and so on\r\n").repeat(count).into_bytes()
}

#[test]
fn a_greeting_of_250_lines() {
    let greeting = raw([lines(220, 249), b"220 at last\r\n".to_vec()].concat());
    let Some(ran) = send_and_measure(Rules::healthy().on("greeting", [greeting])) else { return };
    ran.exits(76).says("while waiting for the greeting: a reply of more than ").says(" lines");
}

#[test]
fn a_line_without_end() {
    for (at, words) in [("greeting", "the greeting"), ("EHLO", "after EHLO"), ("MAIL", "after MAIL FROM")] {
        let line = raw([b"250-".to_vec(), vec![b'x'; 8 * 1024 * 1024]].concat());
        let Some(ran) = send_and_measure(Rules::healthy().on(at, [line, Step::Silence])) else { return };
        ran.exits(76).says(words).says("a line of more than 64 KiB");
    }
}

#[test]
fn a_reply_without_end() {
    for (at, code, words) in [
        ("greeting", 220, "while waiting for the greeting"),
        ("EHLO", 250, "after EHLO"),
        ("MAIL", 250, "after MAIL FROM"),
        ("RCPT", 250, "after RCPT TO"),
        ("DATA", 354, "after DATA"),
    ] {
        let flood = Rules::healthy().on(at, [raw(lines(code, 1_000_000)), Step::Silence]);
        let Some(ran) = send_and_measure(flood) else { return };
        ran.exits(76).says(words).says("a reply of more than ");
    }
}

#[test]
fn a_reply_without_end_to_the_dot() {
    let flood = Rules::healthy().on(".", [raw(lines(250, 1_000_000)), Step::Silence]);
    let Some(ran) = send_and_measure(flood) else { return };
    ran.exits(75).says("a reply of more than ").says("it may have been accepted");
}

#[test]
fn replies_without_end() {
    let flood = Rules::healthy().on("DATA", [raw(b"250 ok\r\n".repeat(1_000_000)), Step::Silence]);
    let Some(ran) = send_and_measure(flood) else { return };
    ran.exits(76).says("after DATA");
}

#[test]
fn a_large_server_is_understood() {
    let capabilities: String =
        (0..190).map(|number| format!("250-X-KEYWORD-{number} {}\n", "v".repeat(400))).collect();
    let reply =
        format!("250-peer.test\n{capabilities}250-SIZE 18446744073709551616\n250-SIZE -1\n250 PIPELINING");
    let Some(ran) = send_and_measure(Rules::healthy().on("EHLO", [say(&reply)])) else { return };
    ran.exits(0);
}

#[test]
fn a_large_attachment_needs_little_memory_and_no_copy() {
    let gate = Gate::default();
    let rules = Rules::healthy()
        .on("DATA", [say("354 go on"), Step::Count])
        .on(".", [Step::Meet(gate.clone()), say("250 2.0.0 accepted")])
        .offering(&["PIPELINING", "8BITMIME", "SIZE 0"]);
    let peer = Peer::serving(rules);
    let sandbox = Sandbox::facing(peer.port(), "");
    let size = 256 * 1024 * 1024;
    std::fs::File::create(sandbox.work().join("large.bin")).unwrap().set_len(size).unwrap();
    // Nowhere to put a copy of the file.
    let call = sandbox.call().env("TMPDIR", "/nonexistent").within(Duration::from_secs(120));
    let running = call.start(&["--json", "-s", "large", "-a", "large.bin", "--", "bob@example.test"]);
    gate.wait_for_server();
    let peak_kib = running.peak_memory_kib();
    gate.open();
    let ran = running.finish();
    ran.exits(0);
    // The program itself is in it, which is three times as large without optimisation.
    let most = if std::env::var_os("WHIPPET_BIN").is_some() { 16 } else { 24 };
    assert!(peak_kib <= most * 1024, "{peak_kib} KiB");
    assert_eq!(only_outcome(&ran)["outcome"], "accepted");
    let report: serde_json::Value = serde_json::from_str(&ran.stdout()).unwrap();
    let told = report["size"].as_u64().unwrap() as usize;
    let book = peer.finish();
    assert!(book.commands("MAIL")[0].contains(&format!(" SIZE={told}")), "{:?}", book.lines());
    let counted = What::Counted { octets: told, finished: true };
    assert!(book.0.iter().any(|heard| heard.what == counted), "{:?}", book.lines());
}
