//! Proxies: SOCKS version 5 (RFC 1928, login by RFC 1929) and HTTP CONNECT (RFC 9110 9.3.6, login by RFC 7617). The
//! proxy looks up the server's name: who asks for a proxy may see no names of the outside, or tell nobody.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::net::place;
use crate::sys::{LOOK, Secret, bell, interrupted, reason};

/// Longest head of an HTTP answer, octets.
const LONGEST_HEAD: usize = 16 * 1024;

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// SOCKS version 5.
    Socks5,
    /// HTTP CONNECT.
    Http,
}

/// A proxy. Displays as a URL without its login.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// What it speaks.
    pub kind: ProxyKind,
    /// A name or an address, without brackets.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
    /// Who logs in there.
    pub user: Option<String>,
    /// The password of the login.
    pub password: Option<Secret>,
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            ProxyKind::Socks5 => "socks5",
            ProxyKind::Http => "http",
        };
        write!(f, "{scheme}://{}", place(&self.host, self.port))
    }
}

/// Why a proxy gives no connection: the end of a sentence that begins with the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub words: String,
    /// Another try will not help.
    pub is_lasting: bool,
}

impl Refusal {
    pub fn lasting(words: impl Into<String>) -> Self {
        Refusal { words: words.into(), is_lasting: true }
    }

    pub fn passing(words: impl Into<String>) -> Self {
        Refusal { words: words.into(), is_lasting: false }
    }
}

impl Proxy {
    /// Has the proxy connect to `host`. Reads nothing of what comes behind its answer.
    pub(super) fn ask(
        &self,
        socket: &mut TcpStream,
        host: &str,
        port: u16,
        end: Instant,
    ) -> Result<(), Refusal> {
        let mut talk = Talk { socket, end };
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        match self.kind {
            ProxyKind::Socks5 => self.ask_socks(&mut talk, bare, port),
            ProxyKind::Http => self.ask_http(&mut talk, bare, port),
        }
    }

    fn login(&self) -> Option<(&[u8], &[u8])> {
        let password = self.password.as_ref().map_or(&b""[..], Secret::expose);
        self.user.as_ref().map(|user| (user.as_bytes(), password))
    }

    fn ask_socks(&self, talk: &mut Talk<'_>, host: &str, port: u16) -> Result<(), Refusal> {
        const NO_LOGIN: u8 = 0;
        const PASSWORD: u8 = 2;
        let login = self.login();
        let methods: &[u8] = if login.is_some() { &[5, 2, NO_LOGIN, PASSWORD] } else { &[5, 1, NO_LOGIN] };
        talk.write(methods)?;
        match (talk.read::<2>()?, login) {
            ([5, NO_LOGIN], _) => {}
            ([5, PASSWORD], Some((user, password))) => {
                talk.write(&socks_login(user, password)?)?;
                // Some answer with the version of SOCKS instead of that of the login: only the verdict counts.
                if talk.read::<2>()?[1] != 0 {
                    return Err(Refusal::lasting("refused the login"));
                }
            }
            ([5, 0xff], None) => return Err(Refusal::lasting("wants a login, and `proxy` names no user")),
            ([5, _], _) => return Err(Refusal::lasting("offers no way to log in that whippet knows")),
            _ => return Err(Refusal::lasting("does not speak SOCKS 5")),
        }
        talk.write(&socks_request(host, port)?)?;
        let [version, reply, _, kind] = talk.read::<4>()?;
        if version != 5 {
            return Err(Refusal::lasting("does not speak SOCKS 5"));
        }
        if reply != 0 {
            return Err(socks_refusal(reply));
        }
        // The address that it connects from is of no use, but must be read.
        let length = match kind {
            1 => 4,
            4 => 16,
            3 => usize::from(talk.read::<1>()?[0]),
            _ => return Err(Refusal::lasting("does not speak SOCKS 5")),
        };
        for _ in 0..length + 2 {
            talk.read::<1>()?;
        }
        Ok(())
    }

    fn ask_http(&self, talk: &mut Talk<'_>, host: &str, port: u16) -> Result<(), Refusal> {
        let place = place(host, port);
        let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n").into_bytes();
        if let Some((user, password)) = self.login() {
            let login = Zeroizing::new([user, b":", password].concat());
            let base64 = Zeroizing::new(base64_simd::STANDARD.encode_to_string(&login));
            talk.write(&request)?;
            talk.write(b"Proxy-Authorization: Basic ")?;
            talk.write(base64.as_bytes())?;
            request = b"\r\n".to_vec();
        }
        request.extend_from_slice(b"\r\n");
        talk.write(&request)?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
            // Octet by octet: what follows the head is the server's.
            head.push(talk.read::<1>()?[0]);
            if head.len() > LONGEST_HEAD || !b"HTTP/".starts_with(&head[..head.len().min(5)]) {
                return Err(Refusal::lasting("does not speak HTTP"));
            }
        }
        http_verdict(&head)
    }
}

/// The login (RFC 1929 2).
fn socks_login(user: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut login = Zeroizing::new(Vec::with_capacity(3 + user.len() + password.len()));
    login.push(1);
    for word in [user, password] {
        let length = u8::try_from(word.len())
            .map_err(|_| Refusal::lasting("cannot be given a name or password of more than 255 octets"))?;
        login.push(length);
        login.extend_from_slice(word);
    }
    Ok(login)
}

/// The request to connect (RFC 1928 4).
fn socks_request(host: &str, port: u16) -> Result<Vec<u8>, Refusal> {
    let mut request = vec![5, 1, 0];
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            request.push(1);
            request.extend_from_slice(&address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(4);
            request.extend_from_slice(&address.octets());
        }
        Err(_) => {
            let length = u8::try_from(host.len())
                .map_err(|_| Refusal::lasting("cannot be given a host name of more than 255 octets"))?;
            request.extend_from_slice(&[3, length]);
            request.extend_from_slice(host.as_bytes());
        }
    }
    request.extend_from_slice(&port.to_be_bytes());
    Ok(request)
}

/// What a reply other than 0 means (RFC 1928 6).
fn socks_refusal(reply: u8) -> Refusal {
    match reply {
        2 => Refusal::lasting("does not allow a connection to that server"),
        3 => Refusal::passing("cannot reach the network of the server"),
        4 => Refusal::passing("cannot reach the server"),
        5 => Refusal::passing("says that nothing listens at that port of the server"),
        6 => Refusal::passing("got no answer from the server in time"),
        7 => Refusal::lasting("makes no connections for others"),
        8 => Refusal::lasting("cannot use this kind of address"),
        other => Refusal::passing(format!("failed to connect to the server (SOCKS reply {other})")),
    }
}

/// What the first line of an answer means.
fn http_verdict(head: &[u8]) -> Result<(), Refusal> {
    let line = head.split(|&octet| octet == b'\n').next().unwrap_or_default();
    let line: String =
        String::from_utf8_lossy(line).trim_end().chars().filter(|c| !c.is_control()).take(200).collect();
    let said = line.split_once(' ').map_or("", |(_, said)| said.trim());
    match said.get(..3).and_then(|code| code.parse::<u16>().ok()) {
        Some(200..=299) => Ok(()),
        // 401 is what tinyproxy says of a wrong password.
        Some(401 | 407) => Err(Refusal::lasting(format!("refused the login: {said}"))),
        Some(500..=599 | 408 | 429) => Err(Refusal::passing(format!("could not connect: {said}"))),
        Some(_) => Err(Refusal::lasting(format!("refused to connect: {said}"))),
        None => Err(Refusal::lasting("does not speak HTTP")),
    }
}

/// Octets in and out of a socket that does not block, until the deadline.
struct Talk<'a> {
    socket: &'a mut TcpStream,
    end: Instant,
}

impl Talk<'_> {
    fn write(&mut self, mut octets: &[u8]) -> Result<(), Refusal> {
        while !octets.is_empty() {
            match self.socket.write(octets) {
                Ok(count) => octets = &octets[count..],
                Err(error) => self.wait(error, PollFlags::OUT)?,
            }
        }
        Ok(())
    }

    fn read<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Refusal> {
        let mut octets = [0; LENGTH];
        let mut have = 0;
        while have < LENGTH {
            match self.socket.read(&mut octets[have..]) {
                Ok(0) => return Err(Refusal::passing("closed the connection")),
                Ok(count) => have += count,
                Err(error) => self.wait(error, PollFlags::IN)?,
            }
        }
        Ok(octets)
    }

    /// Waits when that is all that is wrong.
    fn wait(&self, error: io::Error, flags: PollFlags) -> Result<(), Refusal> {
        match error.kind() {
            io::ErrorKind::WouldBlock => {}
            io::ErrorKind::Interrupted => return Ok(()),
            _ => return Err(Refusal::passing(format!("broke the connection: {}", reason(&error)))),
        }
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Refusal::passing("gave no answer in time"));
        }
        let timeout = Timespec::try_from(left.min(LOOK) + Duration::from_micros(1)).ok();
        let mut polled = vec![PollFd::new(&*self.socket, flags)];
        polled.extend(bell().map(|bell| PollFd::from_borrowed_fd(bell, PollFlags::IN)));
        match poll(&mut polled, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) if interrupted(1).is_some() => {
                Err(Refusal::passing("was not waited for"))
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(Refusal::passing(reason(&io::Error::from(error)).to_string())),
        }
    }
}

#[cfg(test)]
mod tests;
