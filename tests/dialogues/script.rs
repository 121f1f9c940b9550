//! A dialogue file read into a script. The form of a file is told in `tests/dialogues.rs`.

use std::fs;
use std::path::{Path, PathBuf};

use whippet::mail::{
    Address, ChannelBinding, DeliverBy, Envelope, EnvelopeId, Hold, Notify, Priority, Protocol, Return,
    TlsMode, Wishes,
};
use whippet::smtp::{Credentials, Loss, Mechanism, Needs, Nonces, SessionPolicy};
use whippet::sys::Secret;

/// The password of every login in the dialogues.
pub const SECRET: &str = "open-sesame";

/// The nonces of every login in the dialogues; the first is `uBUYddCFdBU95WO1xuNgVXfI`.
pub fn nonces() -> Nonces {
    Nonces::new(Secret::new("seed of the dialogues"))
}

/// One line of the dialogue itself.
#[derive(Debug, Clone)]
pub enum Line {
    /// The server's octets.
    Server(Vec<u8>),
    /// What the client must say.
    Client(String),
    /// The handshake succeeds or fails.
    Tls(bool),
    /// The message is written, or cannot be read to its end.
    Body(bool),
    /// The connection is lost.
    Gone(Loss),
}

/// One file.
#[derive(Debug)]
pub struct Script {
    pub name: String,
    pub envelope: Envelope,
    pub policy: SessionPolicy,
    /// What TLS gives to bind the login to.
    pub binding: Option<ChannelBinding>,
    pub needs: Needs,
    /// Most recipients of one transaction.
    pub most: Option<usize>,
    pub lines: Vec<Line>,
    /// The rows behind `=`.
    pub expected: Vec<String>,
    /// The texts behind `~`.
    pub words: Vec<String>,
}

/// Every file, by name.
pub fn scripts() -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "smtp"));
    paths.sort();
    paths.iter().map(|path| parse(path)).collect()
}

fn parse(path: &Path) -> Script {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    assert!(text.starts_with("# "), "{name}: the first line says what the dialogue shows");
    let mut settings = Settings::default();
    let (mut lines, mut expected, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" => {}
            _ if word.starts_with('#') => {}
            "!" => assert!(settings.take(rest), "{name}:{}: {line}", number + 1),
            "=" => expected.push(rest.to_owned()),
            "~" => words.push(rest.to_owned()),
            _ => match dialogue_line(word, rest) {
                Some(line) => lines.push(line),
                None => panic!("{name}:{}: {line}", number + 1),
            },
        }
    }
    let envelope = Envelope::new(settings.from, settings.recipients).unwrap().with_wishes(settings.wishes);
    assert!(expected.iter().any(|row| row.starts_with("exit ")), "{name}: no exit code is expected");
    let Settings { policy, binding, needs, most, .. } = settings;
    Script { name, envelope, policy, binding, needs, most, lines, expected, words }
}

fn dialogue_line(word: &str, rest: &str) -> Option<Line> {
    Some(match word {
        "S:" => Line::Server([rest.as_bytes(), b"\r\n"].concat()),
        "S<" => Line::Server(unescaped(rest)),
        "C:" => Line::Client(rest.to_owned()),
        "TLS" => Line::Tls(true),
        "TLS!" => Line::Tls(false),
        "BODY" => Line::Body(true),
        "BODY!" => Line::Body(false),
        "CLOSE" => Line::Gone(Loss::Closed),
        "RESET" => Line::Gone(Loss::Broken("connection reset by peer".to_owned())),
        "TIMEOUT" => Line::Gone(Loss::TimedOut(60)),
        _ => return None,
    })
}

/// What the lines behind `!` say.
struct Settings {
    recipients: Vec<Address>,
    from: Option<Address>,
    policy: SessionPolicy,
    binding: Option<ChannelBinding>,
    needs: Needs,
    most: Option<usize>,
    wishes: Wishes,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            recipients: Vec::new(),
            from: Some(Address::parse("me@x").unwrap()),
            policy: SessionPolicy {
                protocol: Protocol::Smtp,
                tls: TlsMode::None,
                hello_name: "client.example".to_owned(),
                credentials: None,
                mechanisms: Vec::new(),
                allow_plaintext_auth: false,
                rows: Vec::new(),
            },
            binding: None,
            needs: Needs { size: 100, eight_bit: false, smtputf8: false },
            most: None,
            wishes: Wishes::default(),
        }
    }
}

impl Settings {
    /// Takes one line; false if it is not understood.
    fn take(&mut self, line: &str) -> bool {
        let mut words = line.split(' ');
        match words.next() {
            Some("recipients") => self.recipients.extend(words.map(|word| Address::parse(word).unwrap())),
            Some("from") => {
                self.from =
                    words.next().filter(|&path| path != "<>").map(|path| Address::parse(path).unwrap());
            }
            Some("tls") => {
                self.policy.tls = match words.next() {
                    Some("starttls") => TlsMode::StartTls,
                    Some("implicit") => TlsMode::Implicit,
                    _ => return false,
                }
            }
            Some("lmtp") => self.policy.protocol = Protocol::Lmtp,
            Some("login") => {
                let username = words.next().unwrap_or_default().to_owned();
                self.policy.credentials =
                    Some(Credentials { username, secret: Secret::new(SECRET), nonces: nonces() });
            }
            Some("binding") => {
                let octets = b"binding of the dialogues".to_vec();
                self.binding = Some(ChannelBinding { kind: "tls-exporter", octets });
            }
            Some("mechanisms") => {
                self.policy.mechanisms.extend(words.map(|word| Mechanism::parse(word).unwrap()));
            }
            Some("allow_plaintext_auth") => self.policy.allow_plaintext_auth = true,
            Some("max_recipients") => self.most = words.next().and_then(|word| word.parse().ok()),
            Some("needs") => return words.all(|word| self.need(word)),
            Some("wishes") => return words.all(|word| self.wish(word)),
            _ => return false,
        }
        true
    }

    fn wish(&mut self, word: &str) -> bool {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let wishes = &mut self.wishes;
        match name {
            "notify" => wishes.notify = Some(Notify::parse(value).unwrap()),
            "return" => wishes.returned = Some(Return::parse(value).unwrap()),
            "envid" => wishes.envelope_id = Some(EnvelopeId::parse(value).unwrap()),
            "by" => wishes.deliver_by = Some(DeliverBy::parse(value).unwrap()),
            "hold-for" => wishes.hold = Some(Hold::parse_for(value).unwrap()),
            "hold-until" => wishes.hold = Some(Hold::parse_until(value).unwrap()),
            "priority" => wishes.priority = Some(Priority::parse(value).unwrap()),
            "require-tls" => wishes.require_tls = true,
            _ => return false,
        }
        true
    }

    fn need(&mut self, word: &str) -> bool {
        match word.split_once('=') {
            Some(("size", size)) => self.needs.size = size.parse().unwrap(),
            None if word == "8bit" => self.needs.eight_bit = true,
            None if word == "smtputf8" => self.needs.smtputf8 = true,
            _ => return false,
        }
        true
    }
}

/// The octets of a text with `\r \n \\ \xHH` in it.
pub fn unescaped(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        let (code, behind) = rest.split_first().expect("an escape has a letter");
        rest = behind;
        match code {
            b'r' => octets.push(b'\r'),
            b'n' => octets.push(b'\n'),
            b'\\' => octets.push(b'\\'),
            b'x' => {
                octets.push(u8::from_str_radix(std::str::from_utf8(&rest[..2]).unwrap(), 16).unwrap());
                rest = &rest[2..];
            }
            other => panic!("escape {}", char::from(*other)),
        }
    }
    octets
}
