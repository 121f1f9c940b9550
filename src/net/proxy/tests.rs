//! What is said to proxies, against scripted ones; the real ones are in tests/it/proxies.rs.

use std::net::TcpListener;
use std::thread;

use super::*;

fn proxy(kind: ProxyKind, login: Option<(&str, &str)>) -> Proxy {
    Proxy {
        kind,
        host: "proxy.test".to_owned(),
        port: 1080,
        user: login.map(|(user, _)| user.to_owned()),
        password: login.map(|(_, password)| Secret::new(password)),
    }
}

/// Asks a proxy that reads what is on the left and answers what is on the right. Gives also what came behind.
fn ask(proxy: &Proxy, host: &str, script: &[(&[u8], &[u8])]) -> (Result<(), Refusal>, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let script: Vec<(Vec<u8>, Vec<u8>)> =
        script.iter().map(|(heard, said)| (heard.to_vec(), said.to_vec())).collect();
    let peer = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        for (wanted, said) in script {
            let mut heard = vec![0; wanted.len()];
            socket.read_exact(&mut heard).unwrap();
            assert_eq!(heard, wanted, "{}", String::from_utf8_lossy(&heard));
            // Octet by octet: no read of ours gets all at once.
            for octet in said {
                socket.write_all(&[octet]).unwrap();
            }
        }
    });
    socket.set_nonblocking(true).unwrap();
    let result = proxy.ask(&mut socket, host, 465, Instant::now() + Duration::from_secs(20));
    peer.join().unwrap();
    socket.set_nonblocking(false).unwrap();
    let mut behind = Vec::new();
    socket.read_to_end(&mut behind).unwrap();
    (result, behind)
}

const GRANTED: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
const NAME: &[u8] = b"\x05\x01\x00\x03\x06a.test\x01\xd1";

#[test]
fn socks_without_a_login() {
    let granted = |grant: &[u8]| [grant, b"220 hello"].concat();
    let named = [&[5, 0, 0, 3, 2, b'a', b'b', 0, 0][..], b"220 hello"].concat();
    let six = granted(&[&[5, 0, 0, 4][..], &[0; 18]].concat());
    for grant in [granted(GRANTED), named, six] {
        let script: [(&[u8], &[u8]); 2] = [(&[5, 1, 0], &[5, 0]), (NAME, &grant)];
        let (result, behind) = ask(&proxy(ProxyKind::Socks5, None), "a.test", &script);
        assert_eq!((result, behind.as_slice()), (Ok(()), &b"220 hello"[..]));
    }
    for (host, request) in [
        ("192.0.2.7", &b"\x05\x01\x00\x01\xc0\x00\x02\x07\x01\xd1"[..]),
        ("[::1]", b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xd1"),
    ] {
        let script: [(&[u8], &[u8]); 2] = [(&[5, 1, 0], &[5, 0]), (request, GRANTED)];
        assert_eq!(ask(&proxy(ProxyKind::Socks5, None), host, &script).0, Ok(()));
    }
}

#[test]
fn socks_with_a_login() {
    let ann = proxy(ProxyKind::Socks5, Some(("ann", "x y")));
    let offer: (&[u8], &[u8]) = (&[5, 2, 0, 2], &[5, 2]);
    let login = b"\x01\x03ann\x03x y";
    let script = [offer, (login, &[1, 0]), (NAME, GRANTED)];
    assert_eq!(ask(&ann, "a.test", &script).0, Ok(()));
    let (result, _) = ask(&ann, "a.test", &[offer, (login, &[1, 1])]);
    assert_eq!(result, Err(Refusal::lasting("refused the login")));
    let script: [(&[u8], &[u8]); 1] = [(&[5, 1, 0], &[5, 0xff])];
    let (result, _) = ask(&proxy(ProxyKind::Socks5, None), "a.test", &script);
    assert_eq!(result, Err(Refusal::lasting("wants a login, and `proxy` names no user")));
}

#[test]
fn socks_that_refuses() {
    for (reply, is_lasting) in
        [(1, false), (2, true), (3, false), (4, false), (5, false), (7, true), (99, false)]
    {
        let answer = [5, reply, 0, 1, 0, 0, 0, 0, 0, 0];
        let script: [(&[u8], &[u8]); 2] = [(&[5, 1, 0], &[5, 0]), (NAME, &answer)];
        let (result, _) = ask(&proxy(ProxyKind::Socks5, None), "a.test", &script);
        assert_eq!(result.unwrap_err().is_lasting, is_lasting, "{reply}");
    }
    for (answer, words) in [(&b"HT"[..], "does not speak SOCKS 5"), (b"\x05", "closed the connection")] {
        let (result, _) = ask(&proxy(ProxyKind::Socks5, None), "a.test", &[(&[5, 1, 0], answer)]);
        assert_eq!(result.unwrap_err().words, words);
    }
}

#[test]
fn http_connect() {
    let request = b"CONNECT a.test:465 HTTP/1.1\r\nHost: a.test:465\r\n\r\n";
    let plain = proxy(ProxyKind::Http, None);
    let answer = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n220 hello\r\n";
    let (result, behind) = ask(&plain, "a.test", &[(request, answer)]);
    assert_eq!((result, behind.as_slice()), (Ok(()), &b"220 hello\r\n"[..]));
    for (line, words, is_lasting) in [
        ("HTTP/1.1 407 Who are you", "refused the login: 407 Who are you", true),
        ("HTTP/1.0 401 Unauthorized", "refused the login: 401 Unauthorized", true),
        ("HTTP/1.1 403 Forbidden", "refused to connect: 403 Forbidden", true),
        ("HTTP/1.0 503 Not now", "could not connect: 503 Not now", false),
        ("HTTP/1.1 what", "does not speak HTTP", true),
        ("220 mail.test ESMTP", "does not speak HTTP", true),
    ] {
        let (result, _) = ask(&plain, "a.test", &[(request, format!("{line}\r\n\r\n").as_bytes())]);
        assert_eq!(result, Err(Refusal { words: words.to_owned(), is_lasting }));
    }
    let login =
        b"CONNECT [::1]:465 HTTP/1.1\r\nHost: [::1]:465\r\nProxy-Authorization: Basic YW5uOng=\r\n\r\n";
    let ann = proxy(ProxyKind::Http, Some(("ann", "x")));
    assert_eq!(ask(&ann, "::1", &[(login, b"HTTP/1.1 200 ok\r\n\r\n")]).0, Ok(()));
}

#[test]
fn a_silent_proxy_is_not_waited_for_beyond_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let end = Instant::now() + Duration::from_millis(50);
    let result = proxy(ProxyKind::Socks5, None).ask(&mut socket, "a.test", 25, end);
    assert_eq!(result, Err(Refusal::passing("gave no answer in time")));
}

#[test]
fn it_shows_no_login() {
    let ann = proxy(ProxyKind::Http, Some(("ann", "canary")));
    assert_eq!(ann.to_string(), "http://proxy.test:1080");
    assert!(!format!("{ann:?}").contains("canary"));
}
