//! The whole client against a server that says anything at any time: the real transport, the real wire, the real TLS, over
//! a connection that is played. `server.rs` tells the form of the input, `judge.rs` what must hold.

mod judge;
mod outbox;
mod server;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustls::ServerConfig;

use crate::deliver::{Pace, SmartHost, SmartHostRoute, Transport};
use crate::fuzzing::asks_for_much_work;
use crate::mail::{
    Address, Envelope, Mailbox, Notify, Pin, Protocol, Return, Timeouts, TlsMode, TlsPolicy, Wishes,
};
use crate::mime::{Draft, Message};
use crate::net::{Peer, Played, Resolve, ResolveError, Through, Way, server_config};
use crate::smtp::{Credentials, Mechanism, Nonces, SessionPolicy};
use crate::sys::{Secret, SeededRandom};

use judge::judge;
use outbox::{Fated, Outbox};
use server::Server;

/// The password of every login here.
const SECRET: &str = "open-sesame";

/// Octets of an input that say how the client is set; behind them stands the server's script.
const HEAD: usize = 5;

/// How the client is set.
#[derive(Debug)]
pub struct Setting {
    tls: TlsMode,
    is_plain_allowed: bool,
    is_lmtp: bool,
    /// Which message the first mail has.
    first: usize,
}

impl Setting {
    fn may_log_in_clear(&self) -> bool {
        self.tls == TlsMode::None && self.is_plain_allowed
    }

    fn message(&self, mail: usize) -> &'static (Message, Vec<u8>) {
        &messages()[(self.first + mail) % messages().len()]
    }

    /// The octets of the message that goes to this recipient: its name ends in the number of its mail.
    fn written_for(&self, path: &str) -> &'static [u8] {
        let digit = path.strip_suffix("@x").and_then(|local| local.chars().last()?.to_digit(10));
        &self.message(digit.unwrap_or(0) as usize).1
    }
}

/// Hands mails over to the server that the input describes.
pub fn run(data: &[u8]) {
    let Some((&[how, whom, when, most, many], script)) = data.split_first_chunk::<HEAD>() else { return };
    if asks_for_much_work(script) {
        return;
    }
    let tls = match how & 3 {
        0 | 1 => TlsMode::None,
        2 => TlsMode::StartTls,
        _ => TlsMode::Implicit,
    };
    let setting = Setting {
        tls,
        is_plain_allowed: how & 8 != 0,
        is_lmtp: how & 3 == 1,
        first: usize::from(how >> 4 & 3),
    };
    let theirs = theirs();
    let most = if most == 0 { usize::MAX } else { usize::from(most) };
    let config = (tls != TlsMode::None).then(|| theirs.config.clone());
    let server = Arc::new(Mutex::new(Server::new(script, most, config)));
    let peer: Arc<Mutex<dyn Peer>> = server.clone();
    let route = route(how, whom, when, &setting, Through::Played(Played::new(peer)), theirs.pin);
    let envelopes: Vec<Envelope> =
        (0..=usize::from(many & 3)).map(|mail| envelope(mail, whom, how & 0x40 != 0)).collect();

    let mut transcript = Vec::new();
    let mut sink = |line: &str| transcript.push(line.to_owned());
    let mut transport =
        SmartHost { route: &route, resolve: &NoNames, transcript: Some(&mut sink), secret: None };
    let fates: Vec<Fated> = if many == 0 {
        let report = transport.deliver(&envelopes[0], &setting.message(0).0);
        vec![Fated { envelope: envelopes[0].clone(), fate: Ok(report) }]
    } else {
        let mut outbox = Outbox::new(&setting, &envelopes, many);
        let pace = match many >> 2 & 3 {
            0 => Pace::Settled,
            most => Pace::Windowed(usize::from(most)),
        };
        let result = transport.deliver_all(&mut outbox, pace);
        outbox.close(result.is_ok())
    };
    let server = server.lock().expect("nobody else plays");
    judge(&setting, &server.record, &fates, &transcript);
}

fn route(how: u8, whom: u8, when: u8, setting: &Setting, through: Through, pin: Pin) -> SmartHostRoute {
    let login = (how & 4 != 0).then(|| Credentials {
        username: "dan".to_owned(),
        secret: Secret::new(SECRET),
        nonces: Nonces::new(Secret::new("seed of the fuzz targets")),
    });
    let only = Mechanism::ALL.get(usize::from(when & 15).wrapping_sub(1));
    SmartHostRoute {
        host: "mail.example".to_owned(),
        port: 465,
        way: Way { through, ..Way::default() },
        tls: TlsPolicy { pins: vec![pin], ..TlsPolicy::new(setting.tls) },
        session: SessionPolicy {
            protocol: if setting.is_lmtp { Protocol::Lmtp } else { Protocol::Smtp },
            tls: setting.tls,
            hello_name: "client.example".to_owned(),
            credentials: login,
            mechanisms: only.into_iter().copied().collect(),
            allow_plaintext_auth: setting.is_plain_allowed,
            rows: Vec::new(),
        },
        timeouts: timeouts(when >> 4),
        reply_charset: (when & 15 == 15).then_some(encoding_rs::GBK),
        max_messages: None,
        max_recipients: match whom >> 3 & 7 {
            0 => None,
            most => Some(usize::from(most)),
        },
    }
}

/// At the stage with this number, the client has no patience at all.
fn timeouts(impatient: u8) -> Timeouts {
    let at = |number: u8| if number == impatient { Duration::ZERO } else { Duration::from_secs(60) };
    Timeouts {
        connect: at(0),
        greeting: at(1),
        ehlo: at(2),
        auth: at(3),
        mail: at(4),
        rcpt: at(5),
        data: at(6),
        body: at(7),
        dot: at(8),
    }
}

fn envelope(mail: usize, whom: u8, has_wishes: bool) -> Envelope {
    let address = |text: &str| Address::parse(text).expect("an address");
    let from = (whom & 0x80 == 0).then(|| address("me@x"));
    let mut recipients: Vec<Address> =
        (0..=whom & 7).map(|number| address(&format!("r{number}.{mail}@x"))).collect();
    if whom & 0x40 != 0 {
        recipients.push(address(&format!("ü{mail}@x")));
    }
    let wishes = Wishes {
        notify: Notify::parse("failure,delay").ok(),
        returned: Return::parse("hdrs").ok(),
        ..Wishes::default()
    };
    let envelope = Envelope::new(from, recipients).expect("there are recipients");
    if has_wishes { envelope.with_wishes(wishes) } else { envelope }
}

/// A small one, one with dots and a long one, each with its octets.
fn messages() -> &'static [(Message, Vec<u8>)] {
    static MESSAGES: OnceLock<Vec<(Message, Vec<u8>)>> = OnceLock::new();
    MESSAGES.get_or_init(|| {
        let long = "a line of a text that is longer than what rides with its envelope\n".repeat(6000);
        ["hello\n", ".\n..\n.a\n\n.", &long].map(composed).into()
    })
}

fn composed(text: &str) -> (Message, Vec<u8>) {
    let date = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let from = Mailbox::from(Address::parse("me@x").expect("an address"));
    let mut draft = Draft::new(from, date, "<1@x>".to_owned());
    draft.body = crate::mime::Source::Octets(text.as_bytes().to_vec()).into();
    let message = Message::compose(draft, &SeededRandom::new(1)).expect("a plain text is a message");
    let mut written = Vec::new();
    message.write_to(&mut written).expect("memory takes it");
    (message, written)
}

/// The server's TLS.
struct Theirs {
    config: Arc<ServerConfig>,
    pin: Pin,
}

fn theirs() -> &'static Theirs {
    static THEIRS: OnceLock<Theirs> = OnceLock::new();
    THEIRS.get_or_init(|| {
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = rcgen::CertificateParams::new(vec!["mail.example".to_owned()])
            .and_then(|parameters| parameters.self_signed(&key))
            .expect("a certificate");
        let digest = ring::digest::digest(&ring::digest::SHA256, certificate.der());
        let pin = Pin::new(digest.as_ref().try_into().expect("32 octets"));
        let config = server_config(certificate.der().to_vec(), key.serialize_der()).expect("TLS");
        Theirs { config, pin }
    })
}

/// Nobody looks up a name for a connection that is played.
#[derive(Debug)]
struct NoNames;

impl Resolve for NoNames {
    fn resolve(&self, host: &str, _: u16, _: Duration) -> Result<Vec<std::net::SocketAddr>, ResolveError> {
        Err(ResolveError::NoSuchName(host.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    /// Two mails of two recipients, one a transaction: with one piece the server ends a transaction of each.
    #[test]
    fn two_mails_may_wait_for_their_next_batch_at_once() {
        let head = [0, 0x09, 0, 0, 0x09];
        let script = b"220 a\r\n\x00250-a\r\n250 PIPELINING\r\n\x00250 mail\r\n250 rcpt\r\n354 go\r\n\x00\
            250 dot\r\n250 mail\r\n550 rcpt\r\n554 data\r\n";
        super::run(&[&head[..], script].concat());
    }
}
