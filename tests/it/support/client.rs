//! A small SMTP client, for the tests of the support itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

pub struct Client {
    stream: BufReader<Box<dyn Both>>,
}

impl Client {
    pub fn connect(port: u16) -> Client {
        Client { stream: BufReader::new(Box::new(socket(port))) }
    }

    /// TLS from the first octet.
    pub fn secured(port: u16, authority: &str) -> Client {
        Client { stream: BufReader::new(Box::new(secure(socket(port), authority))) }
    }

    /// Greeting, EHLO, STARTTLS and the handshake, all in one, since the socket must not be read ahead.
    pub fn upgraded(port: u16, authority: &str) -> Client {
        let mut socket = socket(port);
        for command in ["", "EHLO x\r\n", "STARTTLS\r\n"] {
            socket.write_all(command.as_bytes()).unwrap();
            let mut octets = [0; 4096];
            assert!(socket.read(&mut octets).unwrap() > 0);
        }
        Client { stream: BufReader::new(Box::new(secure(socket, authority))) }
    }

    /// Reads a reply, all its lines. Empty: the server is gone.
    pub fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).unwrap_or(0) == 0 || line.as_bytes().get(3) != Some(&b'-') {
                return reply + &line;
            }
            reply += &line;
        }
    }

    pub fn send(&mut self, octets: &[u8]) {
        let stream = self.stream.get_mut();
        stream.write_all(octets).and_then(|()| stream.flush()).unwrap();
    }

    /// Sends a line and gives the reply.
    pub fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    /// Reads to the end. The error is that of a reset, or of a missing close_notify.
    pub fn rest(&mut self) -> std::io::Result<Vec<u8>> {
        let mut octets = Vec::new();
        self.stream.read_to_end(&mut octets).map(|_| octets)
    }
}

fn socket(port: u16) -> TcpStream {
    let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket
}

fn config(authority: &str) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn secure(socket: TcpStream, authority: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from("127.0.0.1").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config(authority)), name).unwrap(), socket)
}

/// What the verification of the server behind STARTTLS says.
pub fn verdict(port: u16, authority: &Path) -> Result<(), String> {
    let authority = std::fs::read_to_string(authority).unwrap();
    let mut client = Client::upgraded(port, &authority);
    let stream = client.stream.get_mut();
    let greeted = stream.write_all(b"EHLO x\r\n").and_then(|()| stream.flush());
    greeted.map_err(|error| error.to_string())
}
