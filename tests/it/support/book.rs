//! What the scripted server has seen. The program's word is never the evidence; this is.

/// Something that happened on a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Connected,
    /// A line without its CRLF. One that ended in a bare LF keeps it.
    Line(String),
    /// The octets between 354 and the final dot as they were on the wire, dots still stuffed; the CRLF before the
    /// dot belongs to them. Not finished: the client was gone before the dot.
    Body {
        octets: Vec<u8>,
        finished: bool,
    },
    /// How many octets there were up to the final dot, where nobody kept them. Not finished: as above.
    Counted {
        octets: usize,
        finished: bool,
    },
    /// The data of a BDAT. Not finished: the client was gone before the last octet.
    Octets {
        octets: Vec<u8>,
        finished: bool,
    },
    /// TLS began, or failed with these words.
    Secured(Result<(), String>),
    /// Octets that came in the clear behind STARTTLS, before the handshake.
    Early(Vec<u8>),
    /// The server sent this.
    Said(String),
    /// Octets that came after the server had closed its side.
    After(Vec<u8>),
    /// The client was gone while the server listened.
    Gone,
}

/// An event, with the connection (from 0) and whether TLS protected it.
#[derive(Clone, Debug)]
pub struct Heard {
    pub connection: usize,
    pub secured: bool,
    pub what: What,
}

/// All events in order.
#[derive(Clone, Default)]
pub struct Book(pub Vec<Heard>);

/// A transcript: connection, `tls` or `clear`, and what happened.
impl std::fmt::Debug for Book {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for Heard { connection, secured, what } in &self.0 {
            let guard = if *secured { "tls" } else { "clear" };
            let show = |octets: &[u8]| octets.escape_ascii().to_string();
            let end = |finished: &bool| if *finished { "whole" } else { "cut short" };
            let told = match what {
                What::Connected => "connected".to_owned(),
                What::Line(line) => format!("C: {}", show(line.as_bytes())),
                What::Said(text) => format!("S: {}", show(text.as_bytes())),
                What::Body { octets, finished } => format!("C: body, {}: {}", end(finished), show(octets)),
                What::Counted { octets, finished } => format!("C: body, {}: {octets} octets", end(finished)),
                What::Octets { octets, finished } => format!("C: data, {}: {}", end(finished), show(octets)),
                What::Secured(Ok(())) => "handshake done".to_owned(),
                What::Secured(Err(error)) => format!("handshake failed: {error}"),
                What::Early(octets) => format!("C: before the handshake: {}", show(octets)),
                What::After(octets) => format!("C: after the end: {}", show(octets)),
                What::Gone => "gone".to_owned(),
            };
            writeln!(out, "{connection} {guard:5} {told}")?;
        }
        Ok(())
    }
}

impl Book {
    pub fn connections(&self) -> usize {
        self.0.iter().filter(|heard| heard.what == What::Connected).count()
    }

    /// All lines that the client sent outside of bodies.
    pub fn lines(&self) -> Vec<String> {
        self.lines_where(|_| true)
    }

    /// The lines that everybody on the way could read.
    pub fn lines_in_clear(&self) -> Vec<String> {
        self.lines_where(|heard| !heard.secured)
    }

    fn lines_where(&self, wanted: fn(&Heard) -> bool) -> Vec<String> {
        let events = self.0.iter().filter(|heard| wanted(heard));
        events
            .filter_map(|heard| match &heard.what {
                What::Line(line) => Some(line.clone()),
                _ => None,
            })
            .collect()
    }

    /// The lines with this verb, upper or lower case.
    pub fn commands(&self, verb: &str) -> Vec<String> {
        let is = |line: &String| line.get(..verb.len()).is_some_and(|start| start.eq_ignore_ascii_case(verb));
        self.lines().into_iter().filter(is).collect()
    }

    /// The bodies that ended in a final dot, as they were on the wire.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        let whole = |heard: &Heard| match &heard.what {
            What::Body { octets, finished: true } => Some(octets.clone()),
            _ => None,
        };
        self.0.iter().filter_map(whole).collect()
    }

    /// How many final dots came.
    pub fn dots(&self) -> usize {
        let counted = |heard: &&Heard| matches!(heard.what, What::Counted { finished: true, .. });
        self.bodies().len() + self.0.iter().filter(counted).count()
    }

    /// The messages that came to their end by a final dot, with the stuffed dots taken out again.
    pub fn octets(&self) -> Vec<Vec<u8>> {
        self.bodies().iter().map(|body| unstuffed(body)).collect()
    }

    /// The messages that came to their end by a final dot, with the stuffed dots taken out again, as text.
    pub fn messages(&self) -> Vec<String> {
        let plain = |body: &Vec<u8>| String::from_utf8_lossy(&unstuffed(body)).into_owned();
        self.bodies().iter().map(plain).collect()
    }
}

/// Takes out the first dot of each line that begins with one (RFC 5321, section 4.5.2).
pub fn unstuffed(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(body.len());
    for (i, &octet) in body.iter().enumerate() {
        if octet != b'.' || !(i == 0 || body[..i].ends_with(b"\r\n")) {
            plain.push(octet);
        }
    }
    plain
}

#[test]
fn dots_are_taken_out_where_lines_begin() {
    assert_eq!(unstuffed(b"..a\r\n...\r\nb.\n.c\r\n"), b".a\r\n..\r\nb.\n.c\r\n");
}
