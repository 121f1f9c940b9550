//! The stages of a session, and a server that stops at one of them until it is told to go on.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::home::{Home, Program};
use crate::support::{Book, Gate, Peer, Rules, Step, hear, say};

/// Where the server stops, in the order of a session.
pub const STAGES: [&str; 18] = [
    "connect",
    "greeting",
    "EHLO",
    "STARTTLS",
    "handshake",
    "EHLO 2",
    "AUTH 1",
    "AUTH 2",
    "MAIL",
    "RCPT first",
    "RCPT middle",
    "RCPT last",
    "DATA",
    "body 0 %",
    "body 50 %",
    "body 99 %",
    "dot",
    "QUIT",
];
pub const DOT: usize = 16;
pub const QUIT: usize = 17;
pub const BODY: std::ops::Range<usize> = 13..16;
/// Octets of a message of which one part in a hundred is more than a socket in the file system takes in (unix(7),
/// net.core.wmem_default).
pub const LARGE: usize = 28 << 20;
/// One of which that is true of one part in ten: that is as near to its end as it comes in a short time.
pub const SMALLER: usize = 3 << 20;

/// A server that stops at a stage.
pub struct Scene {
    gate: Gate,
    peer: Option<Peer>,
    deaf: Option<Deaf>,
}

impl Scene {
    /// Makes it, and a profile that leads to it, for a mail of about this size. `after` is what the server does when it goes on, in place of the usual.
    pub fn set(stage: usize, size: usize, home: &Home, after: Option<Vec<Step>>) -> Self {
        let gate = Gate::default();
        let mut scene = Scene { gate: gate.clone(), peer: None, deaf: None };
        if stage == 0 {
            let deaf = Deaf::new();
            home.configure("127.0.0.1", &format!("port = {}\ntls = \"none\"", deaf.port));
            scene.deaf = Some(deaf);
            return scene;
        }
        let peer = Peer::serving(rules(stage, &gate, after));
        if BODY.contains(&stage) {
            let path = home.path.join("socket");
            let _ = std::fs::remove_file(&path);
            relay(
                &path,
                peer.port(),
                [0, size / 2, if size == LARGE { size / 100 * 99 } else { size / 10 * 9 }]
                    [stage - BODY.start],
                gate,
            );
            home.configure(&format!("unix:{}", path.display()), "tls = \"none\"");
        } else if stage < 8 {
            let ca_file = home.path.join("ca.pem");
            std::fs::write(&ca_file, peer.certificate().authority_pem()).unwrap();
            let more = format!(
                "port = {}\ntls = \"starttls\"\ntls_ca_file = {ca_file:?}\nusername = \"ann\"\npassword_command = \
                 [\"echo\", \"correct horse\"]\n",
                peer.port()
            );
            home.configure("127.0.0.1", &more);
        } else {
            home.configure("127.0.0.1", &format!("port = {}\ntls = \"none\"", peer.port()));
        }
        scene.peer = Some(peer);
        scene
    }

    /// Waits until the program has come to the stage.
    pub fn wait(&self, program: &Program) {
        match &self.deaf {
            Some(deaf) => deaf.wait(program),
            None => self.gate.wait_for_server(),
        }
    }

    /// Lets the server go on.
    pub fn open(&mut self) {
        self.gate.open();
        self.deaf = None;
    }

    /// Ends the server; gives its book.
    pub fn finish(mut self) -> Book {
        self.open();
        self.peer.take().map(Peer::finish).unwrap_or_default()
    }
}

fn rules(stage: usize, gate: &Gate, after: Option<Vec<Step>>) -> Rules {
    let offers = ["SIZE 104857600", "8BITMIME", "ENHANCEDSTATUSCODES", "STARTTLS"];
    // One command at a time: each stage is one that the server can tell.
    let login = if stage == 7 { "AUTH LOGIN" } else { "AUTH PLAIN" };
    let with_login = [&offers[..], &[login]].concat();
    let rules = Rules::healthy().offering(if stage < 8 { &with_login } else { &offers[..3] });
    let meet = |before: Vec<Step>, usual: Vec<Step>| {
        let meeting = Step::Meet(gate.clone());
        [before, vec![meeting], after.clone().unwrap_or(usual)].concat()
    };
    let ok = || vec![say("250 2.0.0 ok")];
    match stage {
        1 => rules.on("greeting", meet(vec![], vec![say("220 peer.test ESMTP")])),
        2 => rules.on_nth("EHLO", 1, meet(vec![], vec![say("250-peer.test\n250 STARTTLS")])),
        3 => rules.on("STARTTLS", meet(vec![], vec![say("220 go on"), Step::Tls])),
        4 => rules.on("STARTTLS", meet(vec![say("220 go on"), Step::Octets(100)], vec![Step::Close])),
        5 => rules.on_nth("EHLO", 2, meet(vec![], vec![say("250-peer.test\n250 AUTH PLAIN")])),
        6 => rules.on("AUTH", meet(vec![], vec![say("235 2.7.0 ok")])),
        7 => rules.on(
            "AUTH",
            meet(
                vec![say("334 VXNlcm5hbWU6"), hear()],
                vec![say("334 UGFzc3dvcmQ6"), hear(), say("235 2.7.0 ok")],
            ),
        ),
        8 => rules.on("MAIL", meet(vec![], ok())),
        9..=11 => rules.on_nth("RCPT", stage - 8, meet(vec![], ok())),
        12 => rules.on("DATA", meet(vec![], vec![say("354 go on"), Step::Body])),
        DOT => rules.on(".", meet(vec![], ok())),
        QUIT => rules.on("QUIT", meet(vec![], vec![say("221 2.0.0 bye"), Step::Close])),
        _ => rules,
    }
}

/// Hands on what comes at a socket in the file system, and stops when so many octets of the message have gone on: a TCP
/// socket would take in far more than the server reads.
fn relay(path: &Path, port: u16, octets: usize, gate: Gate) {
    let listener = UnixListener::bind(path).unwrap();
    std::thread::spawn(move || -> std::io::Result<()> {
        let (mut client, _) = listener.accept()?;
        drop(listener);
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        let is_message = Arc::new(AtomicBool::new(false));
        answer(server.try_clone()?, client.try_clone()?, Arc::clone(&is_message));
        let (mut buffer, mut gone) = ([0; 16 * 1024], 0);
        while !is_message.load(Ordering::SeqCst) || gone < octets {
            let count = client.read(&mut buffer)?;
            if count == 0 {
                return server.shutdown(Shutdown::Both);
            }
            gone += if is_message.load(Ordering::SeqCst) { count } else { 0 };
            server.write_all(&buffer[..count])?;
        }
        gate.meet();
        server.shutdown(Shutdown::Both)?;
        client.shutdown(Shutdown::Both)
    });
}

/// Hands the answers back; notes that the message comes before the client can know that it may.
fn answer(mut server: TcpStream, mut client: UnixStream, is_message: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = server.read(&mut buffer) {
            is_message.fetch_or(buffer.starts_with(b"354"), Ordering::SeqCst);
            if client.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
    });
}

/// A port of which the queue is full: who connects gets no answer.
pub struct Deaf {
    pub port: u16,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Deaf {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(socket) = TcpStream::connect_timeout(&address, Duration::from_millis(50)) {
            waiting.push(socket);
            assert!(waiting.len() < 100, "the queue does not fill");
        }
        Deaf { port: address.port(), _listener: listener, _waiting: waiting }
    }

    /// Waits until the program tries to connect: a socket of its own is in the state SYN_SENT (proc(5)).
    fn wait(&self, program: &Program) {
        let begin = Instant::now();
        let port = format!(":{:04X} 02 ", self.port);
        let is_trying = || {
            let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
            let lines = table.lines().filter(|line| line.contains(&port));
            let mut inodes = lines.filter_map(|line| line.split_ascii_whitespace().nth(9));
            inodes.any(|inode| program.has(&format!("socket:[{inode}]")))
        };
        while !is_trying() {
            assert!(begin.elapsed() < Duration::from_secs(60), "nobody tries to connect");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
