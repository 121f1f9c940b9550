//! The standard output as it is: what is written leaves at once, in the pieces in which it comes.

use std::io::{self, Write};

/// The standard output without the buffer of lines that `std` puts before it, which would tear blocks apart.
#[derive(Debug, Clone, Copy)]
pub struct StandardOutput;

impl Write for StandardOutput {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(rustix::stdio::stdout(), octets)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
