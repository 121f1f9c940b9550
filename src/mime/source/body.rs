//! The text of a message as it was given.

use std::io;
use std::path::PathBuf;

use super::{Source, Taken};
use crate::mime::error::MessageError;

/// The text of a message as it was given: the octets of all its sources, one behind the other.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// In the order in which they are sent.
    pub sources: Vec<Source>,
}

impl Body {
    /// How many octets it has.
    pub fn length(&self) -> u64 {
        self.sources.iter().map(Source::length).sum()
    }

    /// Whether it holds nothing but CR, LF, blanks and tabs. Reads until it finds something else.
    pub fn is_blank(&self) -> Result<bool, MessageError> {
        /// Stops the reading.
        fn enough() -> MessageError {
            MessageError::Sink(io::ErrorKind::Other.into())
        }
        let read = self.each_block(&mut |octets| {
            let blank = octets.iter().all(|octet| matches!(octet, b'\r' | b'\n' | b' ' | b'\t'));
            if blank { Ok(()) } else { Err(enough()) }
        });
        match read {
            Ok(()) => Ok(true),
            Err(MessageError::Sink(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Hands all octets to `sink`, in blocks; an error of it ends the reading.
    pub fn each_block(&self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        self.sources.iter().try_for_each(|source| source.each_block(sink))
    }

    /// The path to name when what was read is not what was read before.
    pub(in crate::mime) fn path(&self) -> PathBuf {
        let path = self.sources.iter().find_map(|source| match source {
            Source::File { path, .. } => Some(path.clone()),
            _ => None,
        });
        path.unwrap_or_else(|| PathBuf::from("the input"))
    }
}

impl From<Source> for Body {
    fn from(source: Source) -> Self {
        Body { sources: vec![source] }
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Source::Octets(text.as_bytes().to_vec()).into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_body_is_its_sources_in_order_and_may_be_blank() {
        let mut body = Body::from(" \r\n");
        assert!(body.is_blank().unwrap());
        body.sources.push(Source::Octets(b"\tx".to_vec()));
        assert!(!body.is_blank().unwrap());
        assert_eq!(body.length(), 5);
    }
}
