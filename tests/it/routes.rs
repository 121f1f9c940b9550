//! The ways to a server: through proxies, to a socket in the file system, through a program.

mod hosts;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::support::{Certificate, Peer, Peers, Ran, Rules, Sandbox, Step, skipped_loudly};

const WORDS: [&str; 5] = ["--json", "--verbose", "-s", "way", "bob@example.test"];

fn send(sandbox: &Sandbox) -> Ran {
    sandbox.stdin("x\n").run(&WORDS)
}

/// Copies both ways until both sides have ended.
fn relay(mut one: impl Duplex, mut other: impl Duplex) {
    let (mut back_from, mut back_to) = (other.twin(), one.twin());
    let back = thread::spawn(move || {
        let _ = std::io::copy(&mut back_from, &mut back_to);
        back_to.end();
    });
    let _ = std::io::copy(&mut one, &mut other);
    other.end();
    back.join().unwrap();
}

trait Duplex: Read + Write + Send + 'static + Sized {
    fn twin(&self) -> Self;
    fn end(&self);
}

impl Duplex for TcpStream {
    fn twin(&self) -> Self {
        self.try_clone().unwrap()
    }
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl Duplex for std::os::unix::net::UnixStream {
    fn twin(&self) -> Self {
        self.try_clone().unwrap()
    }
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

/// A proxy for one connection: hears `heads` octets at a time and answers, then relays to `port`, if at all. Gives what
/// it has heard.
fn proxy(port: Option<u16>, script: Vec<(Wanted, &'static [u8])>) -> (u16, thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let proxy = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        for (wanted, answer) in script {
            wanted.read(&mut socket, &mut heard);
            socket.write_all(answer).unwrap();
        }
        match port {
            Some(port) => relay(socket, TcpStream::connect(("127.0.0.1", port)).unwrap()),
            None => drop(socket),
        }
        heard
    });
    (own, proxy)
}

/// How much a proxy reads before it answers.
enum Wanted {
    Octets(usize),
    Head,
}

impl Wanted {
    fn read(&self, socket: &mut TcpStream, heard: &mut Vec<u8>) {
        let mut octet = [0];
        let begin = heard.len();
        loop {
            match self {
                Wanted::Octets(count) if heard.len() - begin == *count => return,
                Wanted::Head if heard.ends_with(b"\r\n\r\n") => return,
                _ => {}
            }
            match socket.read(&mut octet) {
                Ok(1) => heard.push(octet[0]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => panic!("the client went: {other:?}"),
            }
        }
    }
}

const GRANTED: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

/// A server under TLS for a name that only a proxy can look up, and a sandbox for it.
fn far_away(way: &str) -> (Peer, Sandbox) {
    let peer = Peer::start(
        Certificate::for_names(&["mail.far.test"]),
        vec![vec![Step::Tls, Step::Serve(Rules::healthy())]],
    );
    let sandbox = Sandbox::securely_facing(&peer, "implicit", way);
    let path = sandbox.home().join(".config/whippet/config.toml");
    let profile = std::fs::read_to_string(&path).unwrap().replacen("127.0.0.1", "mail.far.test", 1);
    sandbox.profile(&profile);
    (peer, sandbox)
}

#[test]
fn socks_looks_up_the_name_and_tls_goes_through_it() {
    let (peer, mut sandbox) = far_away("");
    let request = 4 + 1 + "mail.far.test".len() + 2;
    let script = vec![(Wanted::Octets(3), &b"\x05\x00"[..]), (Wanted::Octets(request), GRANTED)];
    let (port, proxy) = proxy(Some(peer.port()), script);
    sandbox.env("ALL_PROXY", format!("socks5://127.0.0.1:{port}"));
    let ran = send(&sandbox);
    ran.exits(0)
        .says(&format!("(through socks5://127.0.0.1:{port})"))
        .says("certificate good for mail.far.test");
    let heard = proxy.join().unwrap();
    assert_eq!(&heard[..8], b"\x05\x01\x00\x05\x01\x00\x03\x0d");
    assert_eq!(&heard[8..21], b"mail.far.test");
    assert_eq!(heard[21..], peer.port().to_be_bytes());
    assert_eq!(peer.finish().dots(), 1);
}

#[test]
fn nobody_asks_the_proxy_for_what_no_proxy_names() {
    let (port, proxy) = proxy(None, vec![]);
    let mut sandbox = Sandbox::new();
    sandbox.env("ALL_PROXY", format!("socks5://127.0.0.1:{port}")).env("NO_PROXY", "a.test,far.invalid");
    sandbox.profile("host = \"mail.far.invalid\"\nfrom = \"ann@example.test\"");
    let ran = send(&sandbox);
    assert!(matches!(ran.code(), Some(68 | 75)), "the name is looked up here, and does not exist");
    ran.says("cannot connect to mail.far.invalid:465").never_shows("proxy");
    sandbox.env("NO_PROXY", "a.test");
    send(&sandbox).exits(75).says(&format!("the proxy socks5://127.0.0.1:{port}"));
    proxy.join().unwrap();
}

#[test]
fn http_connect_with_a_login() {
    let (peer, sandbox) = far_away("");
    let script = vec![(Wanted::Head, &b"HTTP/1.1 200 Connection established\r\n\r\n"[..])];
    let (port, proxy) = proxy(Some(peer.port()), script);
    let path = sandbox.private_file("proxy-password", "canary\n");
    let set = format!("proxy=http://ann@127.0.0.1:{port}");
    let secret = format!("proxy_password_file={}", path.display());
    let words = [&["--set", &set, "--set", &secret][..], &WORDS].concat();
    let ran = sandbox.stdin("x\n").run(&words);
    ran.exits(0).never_shows("canary").never_shows("YW5uOmNhbmFyeQ");
    let heard = String::from_utf8(proxy.join().unwrap()).unwrap();
    let place = format!("mail.far.test:{}", peer.port());
    let wanted = format!(
        "CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nProxy-Authorization: Basic YW5uOmNhbmFyeQ==\r\n\r\n"
    );
    assert_eq!(heard, wanted);
    assert_eq!(peer.finish().dots(), 1);
}

#[test]
fn errors_name_the_proxy_and_nobody_goes_past_it() {
    let socks = |answer: &'static [u8]| vec![(Wanted::Octets(3), answer)];
    let refused = vec![
        (Wanted::Octets(3), &b"\x05\x00"[..]),
        (Wanted::Octets(20), &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0][..]),
    ];
    let http = |answer: &'static [u8]| vec![(Wanted::Head, answer)];
    for (scheme, script, code, words) in [
        ("socks5", socks(b"\x05\xff"), 78, "wants a login"),
        ("socks5", socks(b"HTTP/1.1 400"), 78, "does not speak SOCKS 5"),
        ("socks5", socks(b""), 75, "closed the connection"),
        ("socks5", refused, 75, "nothing listens at that port of the server"),
        ("http", http(b"HTTP/1.1 407 Who are you?\r\n\r\n"), 78, "refused the login: 407 Who are you?"),
        ("http", http(b"HTTP/1.1 403 Forbidden\r\n\r\n"), 78, "refused to connect: 403 Forbidden"),
        ("http", http(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"), 75, "could not connect: 502 Bad Gateway"),
    ] {
        let (peer, sandbox) = far_away("");
        let (port, proxy) = proxy(None, script);
        let set = format!("proxy={scheme}://127.0.0.1:{port}");
        let ran = sandbox.stdin("x\n").run(&[&["--set", &set][..], &WORDS].concat());
        ran.exits(code).says(&format!("the proxy {scheme}://127.0.0.1:{port} ")).says(words);
        ran.says("check `proxy` (--set proxy)");
        proxy.join().unwrap();
        assert_eq!(peer.finish().connections(), 0);
    }
    let (peer, sandbox) = far_away(&format!("proxy = \"http://127.0.0.1:{}\"", Peer::closed_port()));
    send(&sandbox).exits(75).says("is out of reach: nothing listens at");
    assert_eq!(peer.finish().connections(), 0);
    let (_peer, sandbox) = far_away("proxy = \"http://ann@127.0.0.1:1\"");
    send(&sandbox).exits(78).says("there is no password for the proxy").says("proxy_password_file");
    let (_peer, sandbox) = far_away("proxy = \"http://ann@127.0.0.1:1\"\nproxy_password_file = \"/no/such\"");
    send(&sandbox).exits(78).says("proxy_password_file: cannot read /no/such");
}

/// microsocks, until it is dropped.
pub struct Microsocks(Child, u16);

impl Microsocks {
    pub fn port(&self) -> u16 {
        self.1
    }

    pub fn start(login: &[&str]) -> Option<Microsocks> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("microsocks");
        command.args(["-i", "127.0.0.1", "-p", &port.to_string()]).args(login);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let running = Microsocks(child, port);
        let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(std::time::Instant::now() < end, "microsocks does not listen");
            thread::park_timeout(std::time::Duration::from_millis(5));
        }
        Some(running)
    }
}

impl Drop for Microsocks {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_real_socks_server_with_and_without_a_login() {
    for login in [&[][..], &["-u", "ann", "-P", "correct horse"]] {
        let Some(socks) = Microsocks::start(login) else {
            assert!(!Peers::are_owed(), "scripts/test-peers installs microsocks");
            return skipped_loudly("no real SOCKS server (microsocks of Debian)");
        };
        let user = if login.is_empty() { "" } else { "ann@" };
        let peer = Peer::secured(Rules::healthy());
        let way = format!(
            "proxy = \"socks5://{user}127.0.0.1:{}\"\nproxy_password_env = \"PROXY_PASSWORD\"",
            socks.1
        );
        let mut sandbox = Sandbox::securely_facing(&peer, "implicit", &way);
        sandbox.env("PROXY_PASSWORD", "correct horse");
        send(&sandbox).exits(0).says("through socks5://");
        if !login.is_empty() {
            sandbox.env("PROXY_PASSWORD", "wrong");
            send(&sandbox).exits(78).says("refused the login");
        }
        assert_eq!(peer.finish().dots(), 1);
    }
}

#[test]
fn a_socket_in_the_file_system() {
    let peer = Peer::healthy();
    let port = peer.port();
    let sandbox = Sandbox::new();
    let path = sandbox.work().join("submission");
    let profile = format!("host = \"unix:{}\"\nfrom = \"ann@example.test\"\n", path.display());
    sandbox.profile(&profile);
    send(&sandbox).exits(75).says("no such file").says("does the server run?");
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        relay(socket, TcpStream::connect(("127.0.0.1", port)).unwrap());
    });
    let ran = send(&sandbox);
    ran.exits(0).says(&format!("connected to {}", path.display()));
    server.join().unwrap();
    assert_eq!(peer.finish().dots(), 1);
    // Its server has gone and left it behind.
    send(&sandbox).exits(75).says("nothing listens at that socket");
}

#[test]
fn a_program_leads_to_the_server() {
    let (peer, sandbox) = far_away("tunnel = [\"./tunnel\", \"a b\"]");
    send(&sandbox).exits(78).says("the tunnel ./tunnel cannot be started").says("check `tunnel`");
    sandbox.script(
        "tunnel",
        &format!(
            "#!/bin/bash\n[ \"$1\" = 'a b' ] || exit 9\nexec 3<>/dev/tcp/127.0.0.1/{}\ncat <&3 &\ncat >&3\n",
            peer.port()
        ),
    );
    send(&sandbox).exits(0).says("(through ./tunnel)").says("certificate good for mail.far.test");
    let same = sandbox.stdin("x\n").run(&[&["-e", "set tunnel='./tunnel \"a b\"'"][..], &WORDS].concat());
    same.exits(0).says("(through sh)").says("certificate good for mail.far.test");
    sandbox.script("tunnel", "#!/bin/sh\necho 'ssh: no route' >&2\nexit 255\n");
    let ran = send(&sandbox);
    ran.exits(75).says("ssh: no route").says("the tunnel ./tunnel ended with exit code 255");
    assert_eq!(peer.finish().dots(), 2);
}
