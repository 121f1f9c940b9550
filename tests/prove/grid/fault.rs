//! What can go wrong with a reply, and where; and what a server is told to do.

/// The stages of a session, in their order.
pub mod stage {
    pub use crate::session::stage::STAGES as NAMES;

    pub const CONNECT: usize = 0;
    pub const GREETING: usize = 1;
    pub const EHLO: usize = 2;
    pub const STARTTLS: usize = 3;
    pub const HANDSHAKE: usize = 4;
    pub const EHLO_2: usize = 5;
    pub const AUTH_1: usize = 6;
    pub const AUTH_2: usize = 7;
    pub const MAIL: usize = 8;
    pub const RCPT: usize = 9;
    pub const RCPT_2: usize = 10;
    pub const RCPT_3: usize = 11;
    pub const DATA: usize = 12;
    pub const BODY: usize = 13;
    pub const BODY_2: usize = 14;
    pub const BODY_3: usize = 15;
    pub const BODIES: std::ops::Range<usize> = 13..16;
    pub const DOT: usize = 16;
    pub const QUIT: usize = 17;
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Reset,
    Fin,
    BlackHole,
    Drip,
    ZeroWindow,
    HalfFin,
    HalfSilence,
    Later,
    Farewell,
    Never,
    Taken,
    GoOn,
    Preliminary,
    Beyond,
    NoCode,
    Binary,
    Mixed,
    HalfReply,
    BareCr,
    BareLf,
    Nul,
    Pieces,
    TooMany,
    Early,
}

/// All of them, by their names in the table.
pub const FAULTS: [(&str, Fault); 24] = [
    ("RST", Fault::Reset),
    ("FIN", Fault::Fin),
    ("black hole", Fault::BlackHole),
    ("one byte each 10 s", Fault::Drip),
    ("zero window", Fault::ZeroWindow),
    ("half a line then FIN", Fault::HalfFin),
    ("half a line then silence", Fault::HalfSilence),
    ("4yz", Fault::Later),
    ("421", Fault::Farewell),
    ("5yz", Fault::Never),
    ("2yz", Fault::Taken),
    ("3yz", Fault::GoOn),
    ("1yz", Fault::Preliminary),
    ("999", Fault::Beyond),
    ("no code", Fault::NoCode),
    ("binary", Fault::Binary),
    ("mixed codes", Fault::Mixed),
    ("250- then EOF", Fault::HalfReply),
    ("bare CR", Fault::BareCr),
    ("bare LF", Fault::BareLf),
    ("NUL", Fault::Nul),
    ("one byte per segment", Fault::Pieces),
    ("one reply too many", Fault::TooMany),
    ("reply before its command", Fault::Early),
];

impl Fault {
    /// Whether the program has to wait for its deadline.
    pub fn is_slow(self) -> bool {
        matches!(
            self,
            Fault::BlackHole | Fault::Drip | Fault::ZeroWindow | Fault::HalfSilence | Fault::BareCr
        )
    }

    /// Whether the trouble can show at another stage than its own.
    pub fn wanders(self) -> bool {
        matches!(self, Fault::TooMany | Fault::Early | Fault::BareCr)
    }

    /// The octets of a reply that is said in place of the usual one.
    pub fn octets(self, at: usize, usual: &str) -> Vec<u8> {
        let text = match self {
            Fault::Later => "451 4.3.0 not now\r\n",
            Fault::Farewell => "421 4.3.2 closing for the night\r\n",
            Fault::Never => "554 5.3.0 never\r\n",
            Fault::Taken if at == stage::DOT => "252 2.0.0 taken\r\n",
            Fault::Taken => "250 2.0.0 ok\r\n",
            Fault::GoOn if at == stage::DATA => "334 VXNlcm5hbWU6\r\n",
            Fault::GoOn => "354 go on\r\n",
            Fault::Preliminary => "150 in a moment\r\n",
            Fault::Beyond => "999 beyond\r\n",
            Fault::NoCode => "What do you want?\r\n",
            Fault::Mixed => "250-yes\r\n550 no\r\n",
            Fault::HalfReply => "250-yes\r\n",
            Fault::Binary => return vec![0x80, 0xff, 0x00, 0x1b, 0x07, 0xfe, b'\r', b'\n'],
            Fault::BareCr => return usual.trim_end_matches('\n').as_bytes().to_vec(),
            Fault::BareLf => return usual.replace("\r\n", "\n").into_bytes(),
            Fault::Nul => return [&usual.as_bytes()[..4], b"\0", &usual.as_bytes()[4..]].concat(),
            Fault::TooMany => return [usual, "250 2.0.0 more\r\n"].concat().into_bytes(),
            _ => usual,
        };
        text.as_bytes().to_vec()
    }
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    Plain,
    StartTls,
    Implicit,
}

/// What the server does.
#[derive(Debug, Clone)]
pub struct Script {
    /// The stage by its place in [`stage::NAMES`], and what goes wrong there.
    pub wrong: Option<(usize, Fault)>,
    pub security: Security,
    pub is_pipelined: bool,
    pub is_chunked: bool,
    /// At which octet of the message that happens which happens while it is sent.
    pub at: usize,
}
