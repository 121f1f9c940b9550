//! A scripted SMTP server on 127.0.0.1, in threads of its own. It shares no code with the program, so that no fault
//! of the program's SMTP can hide behind the same fault here. It can misbehave at any point ([`Step`]), and it keeps
//! its own [`Book`].

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::connection::{Connection, Over, Stop};
use super::{Book, Certificate, Rules, Step};

/// A running server. Dropping it ends it.
pub struct Peer {
    address: SocketAddr,
    shared: Arc<Shared>,
    doorman: Option<JoinHandle<()>>,
}

struct Shared {
    scripts: Vec<Vec<Step>>,
    certificate: Certificate,
    book: Arc<Mutex<Book>>,
    stop: Arc<Stop>,
    flights: Arc<AtomicUsize>,
    /// The connection that [`Peer::end`] makes: it is the last one.
    farewell: Mutex<Option<SocketAddr>>,
}

impl Peer {
    /// A server that accepts everything; STARTTLS is offered.
    pub fn healthy() -> Peer {
        Peer::serving(Rules::healthy())
    }

    /// A server that behaves as these rules say.
    pub fn serving(rules: Rules) -> Peer {
        Peer::playing([Step::Serve(rules)])
    }

    /// The same, under TLS from the first octet.
    pub fn secured(rules: Rules) -> Peer {
        Peer::playing([Step::Tls, Step::Serve(rules)])
    }

    /// A server that plays this script on each connection.
    pub fn playing(script: impl Into<Vec<Step>>) -> Peer {
        Peer::start(Certificate::good(), vec![script.into()])
    }

    /// A server that plays the first script on the first connection, and so on; the last one again and again.
    pub fn start(certificate: Certificate, scripts: Vec<Vec<Step>>) -> Peer {
        assert!(!scripts.is_empty(), "a server without a script");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            scripts,
            certificate,
            book: Arc::default(),
            stop: Arc::default(),
            flights: Arc::default(),
            farewell: Mutex::default(),
        });
        let doorman = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || receive(&listener, &shared)
        });
        Peer { address, shared, doorman: Some(doorman) }
    }

    /// A port on 127.0.0.1 at which nobody listens.
    pub fn closed_port() -> u16 {
        use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
        // Bound and not listened at: nobody answers there, and nobody else gets the port.
        let held = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&held, &std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
        let place = std::net::SocketAddrV4::try_from(getsockname(&held).unwrap()).unwrap();
        std::mem::forget(held);
        place.port()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn certificate(&self) -> &Certificate {
        &self.shared.certificate
    }

    /// What has happened so far. A connection may still be at work: see [`Peer::finish`].
    pub fn book(&self) -> Book {
        self.shared.book.lock().unwrap().clone()
    }

    /// Ends the server and gives its book. Connections made before are heard to their end first, so this is the
    /// whole truth once the program has ended.
    pub fn finish(mut self) -> Book {
        self.end();
        self.book()
    }

    /// Ends the server as [`Peer::finish`] does, and gives its book and the number of flights: how often it was the
    /// client's turn.
    pub fn finish_with_flights(mut self) -> (Book, usize) {
        self.end();
        (self.book(), self.shared.flights.load(Ordering::Relaxed))
    }

    fn end(&mut self) {
        let Some(doorman) = self.doorman.take() else { return };
        self.shared.stop.stop();
        {
            // The doorman takes connections in their order: those of the program come before this one.
            let mut farewell = self.shared.farewell.lock().unwrap();
            *farewell = TcpStream::connect(self.address).and_then(|socket| socket.local_addr()).ok();
        }
        if doorman.join().is_err() && !std::thread::panicking() {
            panic!("the scripted server has failed");
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.end();
    }
}

fn receive(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut connections = Vec::new();
    for number in 0.. {
        let Ok((socket, from)) = listener.accept() else { continue };
        if *shared.farewell.lock().unwrap() == Some(from) {
            break;
        }
        let script = shared.scripts.get(number).or(shared.scripts.last()).unwrap().clone();
        let shared = Arc::clone(shared);
        let (stop, book) = (Arc::clone(&shared.stop), Arc::clone(&shared.book));
        let connection = Connection::new(number, socket, stop, book, Arc::clone(&shared.flights));
        connections.push(std::thread::spawn(move || {
            Player { connection, shared: &shared }.play(&script);
        }));
    }
    for connection in connections {
        connection.join().unwrap();
    }
}

/// A script at play on one connection.
struct Player<'a> {
    connection: Connection,
    shared: &'a Shared,
}

impl Player<'_> {
    fn play(&mut self, script: &[Step]) {
        let played = script.iter().try_for_each(|step| self.perform(step));
        if played.is_ok() {
            self.connection.close(true);
        }
    }

    fn perform(&mut self, step: &Step) -> Result<(), Over> {
        match step {
            Step::Say(lines) => self.connection.send(wire_lines(lines).as_bytes()),
            Step::Raw(octets) => self.connection.send(octets),
            Step::Drip(lines, each) => self.drip(lines, *each),
            Step::Hear => self.connection.line().map(drop),
            Step::Body => self.connection.body(),
            Step::Octets(length) => self.connection.octets(*length),
            Step::Count => self.connection.count(),
            Step::Sip(octets) => {
                self.connection.sip(*octets);
                Ok(())
            }
            Step::Meet(gate) => gate.pass(&self.shared.stop).map_err(|()| Over),
            Step::Wait(time) => {
                self.shared.stop.rest(*time);
                Ok(())
            }
            Step::Tls => self.connection.secure(self.shared.certificate.config()),
            Step::Serve(rules) => self.serve(rules),
            Step::Close => self.over(|connection| connection.close(true)),
            Step::Cut => self.over(|connection| connection.close(false)),
            Step::Reset => self.over(Connection::reset),
            Step::Silence => {
                // Longer than any test.
                self.shared.stop.rest(Duration::from_secs(600));
                Err(Over)
            }
        }
    }

    fn over(&mut self, end: impl FnOnce(&mut Connection)) -> Result<(), Over> {
        end(&mut self.connection);
        Err(Over)
    }

    fn drip(&mut self, lines: &str, each: Duration) -> Result<(), Over> {
        for octet in wire_lines(lines).bytes() {
            self.connection.send(&[octet])?;
            self.shared.stop.rest(each);
        }
        Ok(())
    }

    fn serve(&mut self, rules: &Rules) -> Result<(), Over> {
        let mut server = rules.begin();
        let mut line = "greeting".to_owned();
        loop {
            let steps = server.answer(&line, self.connection.is_secured());
            steps.iter().try_for_each(|step| self.perform(step))?;
            // The dot is a command like the others: it has its reply, and may have its exception.
            line = if matches!(steps.last(), Some(Step::Body | Step::Count)) {
                ".".to_owned()
            } else {
                self.connection.line()?
            };
        }
    }
}

/// Lines as they go over the wire.
fn wire_lines(lines: &str) -> String {
    lines.split('\n').map(|line| format!("{line}\r\n")).collect()
}

#[cfg(test)]
#[path = "peer_tests.rs"]
mod tests;
