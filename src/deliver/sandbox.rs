//! The sandbox: a small SMTP server of our own on a loopback port, in a thread, for one connection. It has a
//! throw-away certificate and a throw-away password, and keeps what arrives in a Maildir folder.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::NamedTempFile;

use crate::deliver::file::{maildir, sync_folder};
use crate::mail::{Protocol, Timeouts, TlsMode, TlsPolicy, TlsVersion};
use crate::net::{Way, server_config};
use crate::smtp::{Arrival, Credentials, Event, Nonces, Server, ServerPolicy, SessionPolicy};
use crate::sys::{Random, Secret};

use super::SmartHostRoute;

/// The name that the certificate is for and the client connects to.
const NAME: &str = "127.0.0.1";
/// How long the server waits for its client, which lives in the same process.
const PATIENCE: Duration = Duration::from_secs(60);
/// The largest message it offers to take: 64 GiB, a bound that a test with a full disk will meet first.
const SIZE_LIMIT: u64 = 64 << 30;

/// A sandbox that runs.
#[derive(Debug)]
pub struct Sandbox {
    port: u16,
    certificate: NamedTempFile,
    credentials: Credentials,
    server: JoinHandle<io::Result<Vec<Kept>>>,
}

/// A message that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its envelope as the server heard it.
    pub arrival: Arrival,
    /// Where it is.
    pub path: PathBuf,
}

impl Sandbox {
    /// Starts a server that keeps its mail in `folder` and serves one connection.
    pub fn start(folder: &Path, random: &dyn Random) -> io::Result<Self> {
        let [temporary, new] = maildir(folder)?;
        let key = rcgen::KeyPair::generate().map_err(io::Error::other)?;
        let certificate = rcgen::CertificateParams::new(vec![NAME.to_owned()])
            .and_then(|parameters| parameters.self_signed(&key))
            .map_err(io::Error::other)?;
        let mut file = NamedTempFile::with_prefix("whippet-sandbox-")?;
        file.write_all(certificate.pem().as_bytes())?;
        let tls = server_config(certificate.der().to_vec(), key.serialize_der()).map_err(io::Error::other)?;

        let secret = Secret::new(random.token(24)?);
        let nonces = Nonces::new(secret.clone());
        let credentials = Credentials { username: "sandbox".to_owned(), secret, nonces };
        let clear = [b"\0sandbox\0", credentials.secret.expose()].concat();
        let policy = ServerPolicy {
            name: NAME.to_owned(),
            login: Some(base64_simd::STANDARD.encode_to_string(clear)),
            size_limit: Some(SIZE_LIMIT),
            chunking: false,
        };
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let name = random.token(16)?;
        let store = Store { temporary, new, name };
        let server = thread::spawn(move || serve(&listener, &policy, &tls, &store));
        Ok(Sandbox { port, certificate: file, credentials, server })
    }

    /// The route to it.
    pub fn route(&self, hello_name: String, timeouts: Timeouts) -> SmartHostRoute {
        SmartHostRoute {
            host: NAME.to_owned(),
            port: self.port,
            way: Way::default(),
            tls: TlsPolicy {
                min_version: TlsVersion::V1_3,
                ca_file: Some(self.certificate.path().to_owned()),
                ..TlsPolicy::new(TlsMode::StartTls)
            },
            session: SessionPolicy {
                protocol: Protocol::Smtp,
                tls: TlsMode::StartTls,
                hello_name,
                credentials: Some(self.credentials.clone()),
                mechanisms: Vec::new(),
                allow_plaintext_auth: false,
                rows: Vec::new(),
            },
            timeouts,
            reply_charset: None,
            max_messages: None,
            max_recipients: None,
        }
    }

    /// Waits for the end of the connection and gives what arrived.
    pub fn finish(self) -> io::Result<Vec<Kept>> {
        // A client that never came would leave the server waiting: a connection that says nothing ends it.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        self.server.join().map_err(|_| io::Error::other("the sandbox's server broke down"))?
    }
}

/// A connection of the server, in the clear or under TLS.
enum Line {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Line {
    fn secure(self, tls: &Arc<ServerConfig>) -> io::Result<Self> {
        match self {
            Line::Clear(socket) => {
                let connection = ServerConnection::new(tls.clone()).map_err(io::Error::other)?;
                Ok(Line::Tls(Box::new(StreamOwned::new(connection, socket))))
            }
            Line::Tls(_) => Err(io::Error::other("TLS is on already")),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self {
            Line::Clear(socket) => socket.read(buffer),
            Line::Tls(stream) => stream.read(buffer),
        };
        match read {
            // The client went without a close_notify: that is an end like another.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            other => other,
        }
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        match self {
            Line::Clear(socket) => socket.write_all(octets),
            Line::Tls(stream) => stream.write_all(octets).and_then(|()| stream.flush()),
        }
    }
}

/// Where messages are kept.
struct Store {
    temporary: PathBuf,
    new: PathBuf,
    name: String,
}

/// A message that is arriving.
struct Incoming {
    arrival: Arrival,
    name: String,
    path: PathBuf,
    file: fs::File,
}

impl Store {
    fn begin(&self, arrival: Arrival, count: usize) -> io::Result<Incoming> {
        let name = format!("{}-{count}", self.name);
        let path = self.temporary.join(&name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Incoming { arrival, name, path, file })
    }

    fn keep(&self, incoming: Incoming) -> io::Result<Kept> {
        incoming.file.sync_all()?;
        let path = self.new.join(&incoming.name);
        fs::rename(&incoming.path, &path)?;
        sync_folder(&self.new)?;
        Ok(Kept { arrival: incoming.arrival, path })
    }
}

fn serve(
    listener: &TcpListener,
    policy: &ServerPolicy,
    tls: &Arc<ServerConfig>,
    store: &Store,
) -> io::Result<Vec<Kept>> {
    let (socket, _) = listener.accept()?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_nodelay(true)?;
    let mut line = Line::Clear(socket);
    let mut server = Server::new(policy.clone());
    line.write(&server.greeting())?;

    let mut kept = Vec::new();
    let mut incoming: Option<Incoming> = None;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match server.next_event() {
            Event::Reply(reply) => line.write(&reply)?,
            Event::StartTls(reply) => {
                line.write(&reply)?;
                line = line.secure(tls)?;
                server.secured();
            }
            Event::Begin(arrival, reply) => {
                incoming = Some(store.begin(arrival, kept.len())?);
                line.write(&reply)?;
            }
            Event::Piece(piece) => {
                if let Some(incoming) = &mut incoming {
                    incoming.file.write_all(&piece)?;
                }
            }
            Event::End => {
                if let Some(incoming) = incoming.take() {
                    let words = format!("kept as {}", incoming.name);
                    kept.push(store.keep(incoming)?);
                    line.write(&server.answer(Ok(words)))?;
                }
            }
            Event::Dropped(reply) => {
                remove(incoming.take())?;
                line.write(&reply)?;
            }
            Event::Close(reply) => {
                // The client does not wait for the reply to QUIT.
                let _ = line.write(&reply);
                return Ok(kept);
            }
            Event::More => match line.read(&mut buffer) {
                Ok(count) if count > 0 => server.push(&buffer[..count]),
                // The client is gone: a message without its dot is dropped.
                _ => {
                    remove(incoming)?;
                    return Ok(kept);
                }
            },
        }
    }
}

/// Removes what has come of a message.
fn remove(incoming: Option<Incoming>) -> io::Result<()> {
    incoming.map_or(Ok(()), |incoming| fs::remove_file(incoming.path))
}
