//! Writing behind whoever makes the octets: the kernel takes one block while the next is read and encoded.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

use super::{BLOCK, Blocks};

/// From this size on a thread of its own pays, octets: it costs as much as the writing of some 100 KB does.
const LONG: u64 = 1 << 20;
/// Blocks in flight: one that is filled, one that waits, one that is written.
const IN_FLIGHT: usize = 3;

/// Has `work` write some `size` octets to `out`, in whole blocks, beside it if they are many. An error of `work` ends the
/// writing: what it has gathered does not follow. An error of `out` becomes one by `sink`.
pub fn write_behind<E>(
    out: &mut (dyn Write + Send),
    size: u64,
    sink: impl Fn(io::Error) -> E,
    work: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let mut work = Some(work);
    let beside = (size >= LONG).then(|| beside(&mut *out, &sink, &mut work)).flatten();
    match (beside, work) {
        (Some(done), _) => done,
        (None, Some(work)) => {
            let mut blocks = Blocks::new(out, 0);
            work(&mut blocks).and_then(|()| blocks.flush().map_err(sink))
        }
        (None, None) => unreachable!("work that was begun has an end"),
    }
}

/// `None`, and nothing is done, if there is no thread to be had.
fn beside<E>(
    out: &mut (dyn Write + Send),
    sink: &impl Fn(io::Error) -> E,
    work: &mut Option<impl FnOnce(&mut dyn Write) -> Result<(), E>>,
) -> Option<Result<(), E>> {
    let (full, blocks) = sync_channel::<Vec<u8>>(1);
    let (used, unused) = channel();
    thread::scope(|scope| {
        let writing = move || {
            for block in blocks {
                out.write_all(&block)?;
                // Whoever fills blocks may be done.
                let _ = used.send(block);
            }
            out.flush()
        };
        let writer = thread::Builder::new().stack_size(64 * 1024).spawn_scoped(scope, writing).ok()?;
        let mut behind = Behind { block: Vec::with_capacity(BLOCK), made: 1, full, unused };
        let done = work.take()?(&mut behind).and_then(|()| behind.pass().map_err(sink));
        drop(behind);
        // What the thread has met is the reason for what was met here.
        Some(match writer.join().expect("it only writes") {
            Ok(()) => done,
            Err(error) => Err(sink(error)),
        })
    })
}

/// Fills blocks and passes them on.
struct Behind {
    block: Vec<u8>,
    /// How many blocks there are.
    made: usize,
    full: SyncSender<Vec<u8>>,
    unused: Receiver<Vec<u8>>,
}

impl Behind {
    fn pass(&mut self) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let next = if self.made < IN_FLIGHT {
            self.made += 1;
            Vec::with_capacity(BLOCK)
        } else {
            let mut next = self.unused.recv().map_err(|_| gone())?;
            next.clear();
            next
        };
        self.full.send(std::mem::replace(&mut self.block, next)).map_err(|_| gone())
    }
}

impl Write for Behind {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let taken = octets.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&octets[..taken]);
        if self.block.len() == BLOCK {
            self.pass()?;
        }
        Ok(taken)
    }

    /// Nothing: blocks stay whole until the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Takes so many octets, and remembers the sizes of what came at once.
    struct Small(Vec<u8>, usize, Vec<usize>);

    impl Write for Small {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            if self.0.len() + octets.len() > self.1 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.extend_from_slice(octets);
            self.2.push(octets.len());
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn octets(count: usize) -> Vec<u8> {
        (0..count).map(|n| (n % 251) as u8).collect()
    }

    #[test]
    fn all_octets_come_in_order_and_in_whole_blocks() {
        for (size, step) in
            [(0, 1), (5, 3), (BLOCK * 9 + 77, 79_872), (BLOCK * 16, BLOCK), (BLOCK * 8 + 1, 1000)]
        {
            for told in [0, size as u64, u64::MAX] {
                let all = octets(size);
                let mut out = Small(Vec::new(), usize::MAX, Vec::new());
                let write = |out: &mut dyn Write| all.chunks(step).try_for_each(|part| out.write_all(part));
                write_behind(&mut out, told, |error| error, write).unwrap();
                assert!(out.0 == all, "{size} {step} {told}");
                let full = out.2.split_last().map(|(_, full)| full).unwrap_or_default();
                assert!(full.iter().all(|&size| size == BLOCK), "{size} {step} {told}");
            }
        }
    }

    #[test]
    fn an_error_of_either_side_ends_it() {
        let all = octets(BLOCK * 40);
        let mut out = Small(Vec::new(), BLOCK * 3 + 5, Vec::new());
        let write = |out: &mut dyn Write| all.chunks(5000).try_for_each(|part| out.write_all(part));
        let error = write_behind(&mut out, u64::MAX, |error| error, write).unwrap_err();
        assert_eq!((error.kind(), out.0.len()), (io::ErrorKind::StorageFull, BLOCK * 3));
        let mut out = Small(Vec::new(), usize::MAX, Vec::new());
        let broken = |out: &mut dyn Write| {
            out.write_all(&all[..BLOCK * 2 + 9])?;
            Err(io::Error::from(io::ErrorKind::UnexpectedEof))
        };
        let error = write_behind(&mut out, u64::MAX, |error| error, broken).unwrap_err();
        // What was gathered for a block does not follow.
        assert_eq!((error.kind(), out.0.len()), (io::ErrorKind::UnexpectedEof, BLOCK * 2));
    }
}
