//! I8: files that somebody has put into the spool. What is not ours, no regular file or oddly named is told of, and neither
//! written, sent nor deleted; what is ours and does not verify goes to `corrupt/`; a memory that is garbage is none. The
//! mails beside them go.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::each;
use super::home::{Home, done, overwrite};
use super::peer::{Peer, accepting, copies};
use crate::Outcome;
use crate::world::Ground;

/// Entries that are well, and the one that is not.
const WELL: [&str; 2] = ["well@example.test", "fine@example.test"];
const VICTIM: &str = "victim@example.test";
/// The ID of what is put there, and its name in the queue.
const ID: &str = "01M88F8HQKZMXN14SYQWJP5XNV";

/// What must become of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    /// It stays as it is, and is told of.
    Stays,
    /// It is set aside as it is.
    Corrupt,
    /// It is an entry, and goes.
    Goes,
    /// It is not told of either.
    Ignored,
}

/// A good entry's file, and where to put what is made of it.
struct Place<'a> {
    good: &'a Path,
    at: PathBuf,
    /// Outside of the spool.
    outside: PathBuf,
}

struct Case {
    name: &'static str,
    folder: &'static str,
    fate: Fate,
    plant: fn(&Place<'_>),
}

/// A copy of the good entry with some octets of its header changed, and the sum right again.
fn sealed(place: &Place<'_>, at: u64, octets: &[u8]) {
    copied(place);
    overwrite(&place.at, at, octets);
    let header = fs::read(&place.at).unwrap();
    overwrite(&place.at, 508, &crc32c::crc32c(&header[..508]).to_le_bytes());
}

fn copied(place: &Place<'_>) {
    done(Command::new("cp").arg("-p").arg(place.good).arg(&place.at));
}

fn changed(place: &Place<'_>, at: u64, octets: &[u8]) {
    copied(place);
    overwrite(&place.at, at, octets);
}

fn lengthened(place: &Place<'_>, length: u64) {
    copied(place);
    fs::File::options().write(true).open(&place.at).unwrap().set_len(length).unwrap();
}

fn written(place: &Place<'_>, text: &[u8]) {
    fs::write(&place.at, text).unwrap();
    fs::set_permissions(&place.at, fs::Permissions::from_mode(0o600)).unwrap();
}

fn junk(place: &Place<'_>, count: usize) {
    for number in 0..count {
        fs::write(place.at.with_file_name(format!("junk {number}")), "").unwrap();
    }
}

fn inside(place: &Place<'_>) -> PathBuf {
    place.at.with_file_name("../FORMAT")
}

const fn case(name: &'static str, folder: &'static str, fate: Fate, plant: fn(&Place<'_>)) -> Case {
    Case { name, folder, fate, plant }
}

const CASES: [Case; 40] = [
    case("link inside", "q", Fate::Stays, |p| symlink(inside(p), &p.at).unwrap()),
    case("link outside", "q", Fate::Stays, |p| symlink(&p.outside, &p.at).unwrap()),
    case("link to nothing", "q", Fate::Stays, |p| symlink("/nowhere", &p.at).unwrap()),
    case("FIFO", "q", Fate::Stays, |p| done(Command::new("mkfifo").args(["-m", "600"]).arg(&p.at))),
    case("device", "q", Fate::Stays, |p| done(Command::new("mknod").arg(&p.at).args(["c", "1", "3"]))),
    case("socket", "q", Fate::Stays, |p| drop(UnixListener::bind(&p.at).unwrap())),
    case("folder", "q", Fate::Stays, |p| fs::create_dir(&p.at).unwrap()),
    case("second name of a file outside", "q", Fate::Stays, |p| {
        fs::copy(p.good, &p.outside).unwrap();
        fs::set_permissions(&p.outside, fs::Permissions::from_mode(0o600)).unwrap();
        fs::hard_link(&p.outside, &p.at).unwrap();
    }),
    case("somebody else's", "q", Fate::Stays, |p| {
        copied(p);
        std::os::unix::fs::chown(&p.at, Some(65534), None).unwrap();
    }),
    case("open to all", "q", Fate::Stays, |p| {
        copied(p);
        fs::set_permissions(&p.at, fs::Permissions::from_mode(0o666)).unwrap();
    }),
    case("1 TiB of nothing", "q", Fate::Corrupt, |p| {
        written(p, b"");
        fs::File::options().write(true).open(&p.at).unwrap().set_len(1 << 40).unwrap();
    }),
    case("empty", "q", Fate::Corrupt, |p| written(p, b"")),
    case("shorter than a header", "q", Fate::Corrupt, |p| written(p, b"WHIPPET\x01")),
    case("wrong magic", "q", Fate::Corrupt, |p| sealed(p, 0, b"SNIPPET\x01")),
    case("of a later version", "q", Fate::Stays, |p| sealed(p, 8, &2u16.to_le_bytes())),
    case("wrong sum of the header", "q", Fate::Corrupt, |p| changed(p, 508, b"\0\0\0\0")),
    case("envelope longer than the file", "q", Fate::Corrupt, |p| sealed(p, 40, &u32::MAX.to_le_bytes())),
    case("envelope shorter", "q", Fate::Corrupt, |p| sealed(p, 40, &5u32.to_le_bytes())),
    case("envelope changed", "q", Fate::Corrupt, |p| changed(p, 520, b"\xff\xff")),
    case("message changed", "q", Fate::Corrupt, |p| changed(p, 700, b"\xff")),
    case("message of 2^63 octets", "q", Fate::Corrupt, |p| sealed(p, 32, &(1u64 << 63).to_le_bytes())),
    case("message of 2^64 - 1 octets", "q", Fate::Corrupt, |p| sealed(p, 32, &u64::MAX.to_le_bytes())),
    case("no recipients", "q", Fate::Corrupt, |p| sealed(p, 12, &0u32.to_le_bytes())),
    case("2^32 - 1 recipients", "q", Fate::Corrupt, |p| sealed(p, 12, &u32::MAX.to_le_bytes())),
    case("name with a new line", "q", Fate::Stays, |p| {
        fs::copy(p.good, p.at.with_file_name("0000000001.00000000\n.01M88F8HQKZMXN14SYQWJP5XNV"))
            .map(drop)
            .unwrap();
    }),
    case("name of something else", "q", Fate::Stays, |p| {
        fs::copy(p.good, p.at.with_file_name("core")).map(drop).unwrap();
    }),
    case("1,000 other names", "q", Fate::Stays, |p| junk(p, 1_000)),
    case("100,000 other names", "q", Fate::Stays, |p| junk(p, 100_000)),
    case("journal of 1 GiB", "q", Fate::Goes, |p| lengthened(p, (1 << 30) + 8192)),
    case("garbage for a journal", "q", Fate::Goes, |p| {
        let end = fs::metadata(p.good).unwrap().len();
        copied(p);
        overwrite(&p.at, end, &[0xff; 100_000]);
    }),
    case("gate of garbage", "host", Fate::Ignored, |p| written(p, &[0xff; 512])),
    case("gate that is a link", "host", Fate::Ignored, |p| symlink(&p.outside, &p.at).unwrap()),
    case("gate that is a folder", "host", Fate::Ignored, |p| fs::create_dir(&p.at).unwrap()),
    case("memory of garbage", "ids", Fate::Ignored, |p| written(p, &[0xff; 512])),
    case("link", "held", Fate::Stays, |p| symlink(&p.outside, &p.at).unwrap()),
    case("somebody else's", "held", Fate::Stays, |p| {
        copied(p);
        std::os::unix::fs::chown(&p.at, Some(65534), None).unwrap();
    }),
    case("odd name", "held", Fate::Stays, |p| junk(p, 1)),
    case("link", "tmp", Fate::Stays, |p| symlink(&p.outside, &p.at).unwrap()),
    case("folder", "tmp", Fate::Stays, |p| fs::create_dir(&p.at).unwrap()),
    case("odd name", "tmp", Fate::Stays, |p| junk(p, 1)),
];

/// I8.
pub fn everywhere(is_quick: bool, outcome: &mut Outcome) {
    let ground = Ground::new();
    let is_root = rustix::process::geteuid().is_root();
    let needs_root = |case: &&Case| ["device", "somebody else's"].contains(&case.name);
    if !is_root {
        outcome.skips.extend(
            CASES.iter().filter(needs_root).map(|case| format!("{}: only root can make it", case.name)),
        );
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let victim = Home::new(&ground, nobody);
    victim.submit(&[VICTIM]).ends(&[0]).unwrap();
    let good = victim.spool.join("q").join(victim.names("q").remove(0));
    let home = Home::new(&ground, nobody);
    WELL.iter().for_each(|to| drop(home.submit(&[to]).ends(&[0]).unwrap()));
    fs::remove_dir_all(home.spool.join("host")).unwrap();
    fs::create_dir(home.spool.join("host")).unwrap();
    let cases: Vec<&Case> = CASES
        .iter()
        .filter(|case| is_root || !needs_root(case))
        .filter(|case| !is_quick || !case.name.starts_with("100,000"))
        .collect();
    each(
        &cases,
        outcome,
        |case| judge(case, &home.copy(&ground), &good),
        |case| format!("{}/: {}", case.folder, case.name),
    );
}

fn judge(case: &Case, home: &Home, good: &Path) -> Result<(), String> {
    let hop = good.file_name().unwrap().to_str().unwrap().split('.').nth(1).unwrap();
    let name = match case.folder {
        "q" => format!("0000000001.{hop}.{ID}"),
        "host" => hop.to_owned(),
        _ => ID.to_owned(),
    };
    let folder = home.spool.join(case.folder);
    let place = Place { good, at: folder.join(&name), outside: home.path.join("outside") };
    fs::write(&place.outside, "not yours").unwrap();
    let mut before = fs::read_dir(&folder).unwrap().count();
    (case.plant)(&place);
    before = fs::read_dir(&folder).unwrap().count() - before;
    let (planted, outside) = (looks(&place.at), looks(&place.outside));
    let peer = Peer::start(accepting);
    home.leads_to(peer.port);
    let ran = home.queue(&["run", "--now"]).ends(&[0, 65, 69, 74, 75, 78])?;
    home.queue(&["list", "--json"]).ends(&[0])?;
    home.queue(&["stats"]).ends(&[0])?;
    let check = home.queue(&["check"]).ends(&[0, 65])?;
    let book = peer.taken();
    let goes = usize::from(case.fate == Fate::Goes);
    if WELL.iter().any(|to| copies(&book, to) != (1, 0)) || copies(&book, VICTIM) != (goes, 0) {
        return Err(format!("the peer has {:?}; the run ends with {:?}: {}", book, ran.code, ran.err));
    }
    if book.iter().any(|got| !got.is_whole) || book.len() != WELL.len() + goes {
        return Err(format!("the peer has {book:?}"));
    }
    if looks(&place.outside) != outside {
        return Err("the file outside is not as it was".to_owned());
    }
    let is_told = check.code == Some(65) && check.out.contains(&format!("{}/", case.folder));
    match case.fate {
        Fate::Stays if looks(&place.at) != planted => Err("it is not as it was".to_owned()),
        Fate::Stays if count_strange(&folder) < before => Err("it is gone".to_owned()),
        Fate::Stays if !is_told => Err("nobody is told of it".to_owned()),
        Fate::Corrupt if !is_set_aside(&home.spool.join("corrupt"), planted.as_ref()) => {
            Err(format!("it was not set aside as it was: {:?}; {}", home.counts(), ran.err))
        }
        Fate::Corrupt if !ran.err.contains(ID) => Err(format!("the run does not tell of it: {}", ran.err)),
        Fate::Goes | Fate::Ignored if home.counts() != [0; 4] => Err(format!("left: {:?}", home.counts())),
        _ => {
            // Nothing of it comes back to life but a report, and it is as safe from those who mend.
            home.queue(&["check", "--repair"]).ends(&[0, 65])?;
            home.queue(&["run", "--now"]).ends(&[0, 65, 69, 74, 75, 78])?;
            let is_there =
                case.fate != Fate::Stays || looks(&place.at) == planted && count_strange(&folder) >= before;
            match is_there && peer.taken().iter().all(|got| !got.about.is_empty()) {
                true => home.remove(),
                false => Err("it is not there any more after a repair".to_owned()),
            }
        }
    }
}

/// Whether a file is there as it was planted; that it was tried may have been added at its end, and changed its name.
fn is_set_aside(folder: &Path, planted: Option<&Looks>) -> bool {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (Some(file), None) = (files.next(), files.next()) else { return false };
    let (Some(found), Some(planted)) = (looks(&file), planted) else { return false };
    // The zeros at its end are room for what is added.
    let end = planted.3.iter().rposition(|&octet| octet != 0).map_or(0, |last| last + 1);
    let written = &planted.3[..end];
    file.to_string_lossy().ends_with(ID)
        && found.2 >= planted.2
        && found.0 == planted.0
        && found.3.starts_with(written)
}

fn count_strange(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

type Looks = (u32, u32, u64, Vec<u8>);

/// What a file is: its kind, owner, size, and what is in it, or where it leads.
fn looks(path: &Path) -> Option<Looks> {
    let found = fs::symlink_metadata(path).ok()?;
    let content = match () {
        () if found.is_symlink() => fs::read_link(path).unwrap().into_os_string().into_encoded_bytes(),
        () if found.is_file() && found.size() < 1 << 20 => fs::read(path).unwrap(),
        () => Vec::new(),
    };
    Some((found.mode(), found.uid(), found.size(), content))
}
