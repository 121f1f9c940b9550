//! C3: the power goes, on real filesystems. The image that a filesystem lies on is copied in one instant: what the filesystem
//! had not written by then is lost. A copy is mounted, the filesystem recovers, and every mail that was said to be queued
//! must be there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::mount::{Kind, Mount};
use crate::kill::can_trace;
use crate::process::letter::{Book, Letter};
use crate::real::home::{Home, try_done};
use crate::real::peer::{Got, Peer, accepting};
use crate::states::Dice;
use crate::world::Ground;
use crate::{Outcome, Wanted};

/// Cuts right after an answer, and in the midst of everything.
const CUTS: (usize, usize) = (100, 20);
/// Cuts in which nothing is flushed.
const UNFLUSHED: usize = 10;

/// C3.
pub fn everywhere(wanted: &Wanted, outcome: &mut Outcome) {
    // It takes minutes, and tools that few have.
    if wanted.is_quick {
        return;
    }
    let ground = Ground::new();
    // A filesystem that copies a file in one instant, whatever is written to it meanwhile (ioctl_ficlone(2)).
    let store = match Mount::sized(Kind::Xfs, &ground.next(), 8 << 30) {
        Ok(mount) => mount,
        Err(words) => return outcome.skips.push(format!("no place for the images: {words}")),
    };
    for kind in [Kind::Ext4, Kind::Xfs, Kind::Btrfs, Kind::F2fs] {
        match Yard::new(kind, &ground, &store.path.join(kind.name())) {
            Err(words) => outcome.skips.push(format!("{}: {words}", kind.name())),
            Ok(yard) => cuts(yard, wanted, outcome),
        }
    }
}

/// A filesystem in an image, a spool on it, and copies of the image.
struct Yard<'g> {
    kind: Kind,
    ground: &'g Ground,
    /// Where the images are.
    folder: PathBuf,
    home: Home,
    mount: Mount,
}

/// A copy of the image, and what was known when it was made.
struct Cut {
    image: PathBuf,
    /// How many letters had been answered before.
    answered: usize,
    /// What the server had taken before, and by the time the copy was made.
    before: Vec<Got>,
    after: Vec<Got>,
}

fn cuts(yard: Yard<'_>, wanted: &Wanted, outcome: &mut Outcome) {
    let letters: Vec<Letter> = (0..CUTS.0).map(|number| Letter::new(number, wanted.seed)).collect();
    let name = yard.kind.name();
    let mut note = |cases: usize, wrongs: Vec<String>| {
        outcome.cases += cases;
        outcome.failures.extend(wrongs.into_iter().take(5).map(|words| format!("{name}: {words}")));
    };
    let after_each = yard.after_each(&letters, &[]);
    let amid = yard.amid(wanted.seed);
    let Yard { kind, ground, folder, home, mount } = yard;
    // Two filesystems with one identity cannot be mounted at once.
    drop(mount);
    let recover = |cut: &Cut, letters: &[Letter]| recover(kind, ground, &home, cut, letters);
    note(CUTS.0, after_each.iter().flat_map(|cut| recover(cut, &letters)).collect());
    let (cuts, letters) = &amid;
    note(CUTS.1, cuts.iter().flat_map(|cut| recover(cut, letters)).collect());
    if let Err(words) = can_trace(&ground.next()) {
        return outcome.skips.push(words);
    }
    // And now with a program that flushes nothing: that must be seen.
    let letters: Vec<Letter> = (0..UNFLUSHED).map(|number| Letter::new(number, wanted.seed)).collect();
    fs::remove_dir_all(&folder).unwrap();
    let yard = match Yard::new(kind, ground, &folder) {
        Ok(yard) => yard,
        Err(words) => return outcome.failures.push(format!("{name}: {words}")),
    };
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync,fdatasync:retval=0"];
    let cuts = yard.after_each(&letters, &strace);
    let Yard { home, mount, .. } = yard;
    drop(mount);
    let lost: usize = cuts.iter().map(|cut| self::recover(kind, ground, &home, cut, &letters).len()).sum();
    outcome.cases += UNFLUSHED;
    if lost == 0 {
        outcome.failures.push(format!("{name}: nothing notices that nothing is flushed"));
    }
}

impl<'g> Yard<'g> {
    fn new(kind: Kind, ground: &'g Ground, folder: &Path) -> Result<Self, String> {
        fs::create_dir(folder).unwrap();
        let path = ground.next();
        let file = folder.join("image");
        Mount::make(kind, &file, kind.size())?;
        let mount = Mount::of_image(kind, &path, &file)?;
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let home = Home::with_spool(ground.next(), mount.path.join("spool"), nobody);
        Ok(Yard { kind, ground, folder: folder.to_owned(), home, mount })
    }

    /// The image as it is in this instant.
    fn cut(&self, name: &str) -> PathBuf {
        let copy = self.folder.join(name);
        let (from, to) = (File::open(self.folder.join("image")).unwrap(), File::create(&copy).unwrap());
        rustix::fs::ioctl_ficlone(&to, &from).unwrap();
        copy
    }

    /// Submits one letter after the other, to nobody who takes it, and makes a copy right after each answer.
    fn after_each(&self, letters: &[Letter], before: &[&str]) -> Vec<Cut> {
        let file = self.home.path.join("text0");
        let mut cuts = Vec::new();
        for (number, letter) in letters.iter().enumerate() {
            let mut command = letter.command(&self.home, "config.toml", before, &file);
            let status = command.output().unwrap().status;
            assert_eq!(status.code(), Some(0), "{}", letter.to[0]);
            let image = self.cut(&format!("after{number}"));
            cuts.push(Cut { image, answered: number + 1, before: Vec::new(), after: Vec::new() });
        }
        cuts
    }

    /// Submits and runs at the same time, and makes copies at any instant.
    fn amid(&self, seed: u64) -> (Vec<Cut>, Vec<Letter>) {
        let peer = Peer::start(accepting);
        // What waits from before goes first: it is nobody's business here.
        self.home.leads_to(peer.port);
        self.home.drain().unwrap();
        peer.taken();
        let (answered, is_over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
        let file = self.home.path.join("text1");
        let mut dice = Dice(seed);
        let cuts = std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0.. {
                    let letter = Letter::new(1_000_000 + number, seed);
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let status =
                        letter.command(&self.home, "config.toml", &[], &file).output().unwrap().status;
                    assert_eq!(status.code(), Some(0));
                    answered.lock().unwrap().push(letter);
                }
            });
            let run = || {
                while !is_over.load(Ordering::Relaxed) {
                    self.home.queue(&["run", "--now"]).ends(&[0, 75]).unwrap();
                }
            };
            (0..2).for_each(|_| drop(scope.spawn(run)));
            let mut cuts = Vec::new();
            for number in 0..CUTS.1 {
                std::thread::sleep(Duration::from_millis(20 + dice.below(200) as u64));
                let (answered, before) = (answered.lock().unwrap().len(), peer.so_far());
                let image = self.cut(&format!("amid{number}"));
                cuts.push(Cut { image, answered, before, after: peer.so_far() });
            }
            is_over.store(true, Ordering::Relaxed);
            cuts
        });
        (cuts, answered.into_inner().unwrap())
    }
}

/// Mounts the copy, lets the queue go, and says what is wrong.
fn recover(kind: Kind, ground: &Ground, home: &Home, cut: &Cut, letters: &[Letter]) -> Vec<String> {
    let name = cut.image.file_name().unwrap().to_string_lossy().into_owned();
    let judged = try_recover(kind, ground, home, cut, letters);
    let wrongs = judged.unwrap_or_else(|words| vec![words]);
    fs::remove_file(&cut.image).unwrap();
    wrongs.into_iter().map(|words| format!("{name}: {words}")).collect()
}

fn try_recover(
    kind: Kind,
    ground: &Ground,
    home: &Home,
    cut: &Cut,
    letters: &[Letter],
) -> Result<Vec<String>, String> {
    if kind == Kind::Btrfs {
        // It remembers which device a filesystem was on.
        let _ = try_done(Command::new("btrfs").args(["device", "scan", "--forget"]));
    }
    let mount = Mount::of_image(kind, &ground.next(), &cut.image)?;
    let peer = Peer::start(accepting);
    let copy = Home { path: home.path.clone(), spool: mount.path.join("spool") };
    copy.leads_to(peer.port);
    copy.queue(&["check"]).ends(&[0, 65])?;
    copy.drain()?;
    copy.queue(&["check"]).ends(&[0])?;
    let again = peer.taken();
    let (sure, counts) = (&cut.before, copy.counts());
    let has = |book: &[Got], to: &str| book.iter().any(|got| got.to == to);
    // What the client knew before the power went is on the disk: nobody gets another.
    let twice = again.iter().filter(|got| sure.iter().any(|one| one.is_sure && one.to == got.to));
    let mut wrongs: Vec<String> = twice.map(|got| format!("{}: sent again", got.to)).collect();
    let waited: Vec<Letter> = letters[..cut.answered]
        .iter()
        .filter(|letter| !letter.to.iter().all(|to| has(&cut.after, to) && !has(&again, to)))
        .cloned()
        .collect();
    wrongs.extend(Book { copies: &again, most: 1 }.wrongs(&waited, letters));
    if counts != [0; 4] {
        wrongs.push(format!("left: {counts:?}"));
    }
    Ok(wrongs)
}
