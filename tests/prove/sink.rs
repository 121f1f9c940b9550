//! A server on loopback for the real program. One connection at a time, and a book of what it took. The first letter of an
//! address says what becomes of it: `f…` is refused for ever.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The last line of the mail.
pub const END: &str = "Its end.";

/// One copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub to: String,
    pub is_report: bool,
    pub is_whole: bool,
}

pub struct Sink {
    pub port: u16,
    book: Arc<Mutex<Vec<Got>>>,
}

impl Sink {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sink = Sink { port: listener.local_addr().unwrap().port(), book: Arc::default() };
        let book = Arc::clone(&sink.book);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that is killed just goes.
                let _ = serve(&stream.unwrap(), &book);
            }
        });
        sink
    }

    /// What it took since it was last asked. Whoever came before has been served to the end.
    pub fn taken(&self) -> Vec<Got> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        BufReader::new(stream).read_line(&mut String::new()).unwrap();
        std::mem::take(&mut self.book.lock().unwrap())
    }
}

fn serve(stream: &TcpStream, book: &Mutex<Vec<Got>>) -> std::io::Result<()> {
    let (mut input, mut output) = (BufReader::new(stream), stream);
    output.write_all(b"220 sink ESMTP\r\n")?;
    let mut recipients = Vec::new();
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let reply = match line.split([' ', ':']).next().unwrap_or_default().trim_end() {
            "RCPT" => {
                let to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                match to.starts_with('f') {
                    true => "550 5.1.1 nobody",
                    false => {
                        recipients.push(to);
                        "250 2.1.5 ok"
                    }
                }
            }
            "DATA" if recipients.is_empty() => "554 5.5.1 nobody",
            "DATA" => {
                output.write_all(b"354 go on\r\n")?;
                let mut message = String::new();
                while !message.ends_with("\r\n.\r\n") {
                    if input.read_line(&mut message)? == 0 {
                        return Ok(());
                    }
                }
                let is_report = message.contains("multipart/report");
                let end = if is_report { "--\r\n.\r\n".to_owned() } else { format!("{END}\r\n.\r\n") };
                let is_whole = message.ends_with(&end);
                let got = |to| Got { to, is_report, is_whole };
                book.lock().unwrap().extend(recipients.drain(..).map(got));
                "250 2.0.0 taken"
            }
            "QUIT" => {
                output.write_all(b"221 2.0.0 bye\r\n")?;
                return Ok(());
            }
            "RSET" => {
                recipients.clear();
                "250 2.0.0 ok"
            }
            _ => "250 ok",
        };
        output.write_all(format!("{reply}\r\n").as_bytes())?;
    }
}
