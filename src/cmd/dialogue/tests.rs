//! Streams that break, and messages that are large. What is said is tried by `tests/dialogues/server`.

#![allow(clippy::unwrap_used)]

use super::*;

/// A client that writes this, and reads until it has had enough.
fn serve(input: &[u8], room: usize, size_limit: Option<u64>) -> (Ended, String, Vec<(Arrival, Source)>) {
    struct Narrow(Vec<u8>, usize);
    impl Write for Narrow {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            if self.0.len() + octets.len() > self.1 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.0.extend_from_slice(octets);
            Ok(octets.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut output = Narrow(Vec::new(), room);
    let mut taken = Vec::new();
    let mut take = |arrival, source| {
        taken.push((arrival, source));
        Ok(format!("queued as {}", taken.len()))
    };
    let host = Host { name: "host.example".to_owned(), size_limit };
    let ended = converse(host, &mut { input }, &mut output, &mut take);
    (ended, String::from_utf8(output.0).unwrap(), taken)
}

const MAIL: &str = "EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\nx\r\n.\r\n";

#[test]
fn a_large_message_is_kept_in_a_file_and_one_that_is_too_large_is_drained() {
    let text = "..23456789abcde\r\n".repeat(60_000);
    let wire = format!("{}{text}.\r\nNOOP\r\nQUIT\r\n", MAIL.strip_suffix("x\r\n.\r\n").unwrap());
    let (ended, said, taken) = serve(wire.as_bytes(), 9999, None);
    assert!(matches!(ended, Ended::Closed), "{ended:?}");
    assert!(said.ends_with("354 End data with <CR><LF>.<CR><LF>\r\n250 2.0.0 Ok: queued as 1\r\n250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n"));
    assert!(matches!(taken[0].1, Source::Temporary { .. }));
    assert_eq!(taken[0].1.length(), (text.len() - 60_000) as u64);

    let (ended, said, taken) = serve(wire.as_bytes(), 9999, Some(900_000));
    assert!(matches!(ended, Ended::Closed) && taken.is_empty(), "{ended:?}");
    assert!(
        said.contains("\r\n552 5.3.4 ") && said.ends_with("\r\n250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n"),
        "{said}"
    );
}

#[test]
fn whoever_is_gone_gets_nothing_taken_and_loses_nothing_that_was() {
    let all = serve(MAIL.as_bytes(), 9999, None).1.len();
    let two = [MAIL, MAIL].concat();
    for room in 0..all + 200 {
        let (ended, said, taken) = serve(two.as_bytes(), room, None);
        let answers = said.matches("queued as").count();
        assert!(taken.len() == answers || taken.len() == answers + 1, "{room}: {} {answers}", taken.len());
        assert!(matches!(ended, Ended::Mute(_) | Ended::Silent), "{ended:?}");
    }
    assert!(serve(two.as_bytes(), 0, None).2.is_empty());
}

#[test]
fn an_input_that_breaks_is_told_and_an_interrupted_one_is_none() {
    struct Broken(Vec<io::ErrorKind>);
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(self.0.remove(0).into())
        }
    }
    for wire in ["", "EHLO c\r\n", MAIL.strip_suffix("\r\n.\r\n").unwrap()] {
        let mut input =
            wire.as_bytes().chain(Broken(vec![io::ErrorKind::Interrupted, io::ErrorKind::TimedOut]));
        let mut output = Vec::new();
        let host = Host { name: "host.example".to_owned(), size_limit: None };
        let ended = converse(host, &mut input, &mut output, &mut |_, _| panic!("half a message"));
        assert!(
            matches!(ended, Ended::Deaf(ref error) if error.kind() == io::ErrorKind::TimedOut),
            "{ended:?}"
        );
    }
}

#[test]
fn no_room_is_a_refusal_for_now() {
    let error = SourceError::Temporary {
        what: "the standard input".to_owned(),
        source: io::Error::from_raw_os_error(28),
    };
    let refusal = no_room(&error);
    assert_eq!(refusal.code(), 452);
    assert_eq!(
        refusal,
        Refusal::new(EnhancedStatus::new(4, 3, 1), "cannot keep the message: no space left on device")
    );
}
