//! What kind of file system a folder is on, as far as that decides whether what is flushed there is kept.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A kind of file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Nothing is known against it.
    Sound,
    /// Other machines share it: what is flushed there may still be lost, and a lock may hold on this machine only.
    Shared,
    /// It keeps nothing for long: its name, and what becomes of what is on it.
    Fleeting(&'static str, &'static str),
}

const RAM: &str = "is gone when the machine goes down";
const NO_JOURNAL: &str = "may be lost when the power fails";

/// By the number that statfs(2) gives: NFS, SMB, CIFS, SMB 2, 9P, AFS, Ceph, Coda; what follows keeps nothing for long. FUSE
/// may be anything, and is taken for sound.
const KINDS: [(u64, Ground); 13] = [
    (0x6969, Ground::Shared),
    (0x517b, Ground::Shared),
    (0xff53_4d42, Ground::Shared),
    (0xfe53_4d42, Ground::Shared),
    (0x0102_1997, Ground::Shared),
    (0x5346_414f, Ground::Shared),
    (0x00c3_6400, Ground::Shared),
    (0x7375_7245, Ground::Shared),
    (0x0102_1994, Ground::Fleeting("tmpfs", RAM)),
    (0x8584_58f6, Ground::Fleeting("ramfs", RAM)),
    (0x794c_7630, Ground::Fleeting("overlay", "is gone when the container is removed")),
    (0x4d44, Ground::Fleeting("vfat", NO_JOURNAL)),
    (0x2011_bab0, Ground::Fleeting("exfat", NO_JOURNAL)),
];

/// ext2, ext3 and ext4 have one number: the first has no journal.
const EXT: u64 = 0xef53;

/// What a folder is on.
pub fn ground(path: &Path) -> Ground {
    match number(path) {
        Some(EXT) if is_ext2(path) => Ground::Fleeting("ext2", NO_JOURNAL),
        Some(number) => {
            KINDS.into_iter().find(|(known, _)| *known == number).map_or(Ground::Sound, |(_, kind)| kind)
        }
        None => Ground::Sound,
    }
}

#[cfg(target_os = "linux")]
#[allow(clippy::unnecessary_cast, reason = "the widths differ between systems")]
fn number(path: &Path) -> Option<u64> {
    rustix::fs::statfs(path).ok().map(|stat| stat.f_type as u64 & 0xffff_ffff)
}

#[cfg(not(target_os = "linux"))]
fn number(_: &Path) -> Option<u64> {
    None
}

fn is_ext2(path: &Path) -> bool {
    let Ok(device) = std::fs::metadata(path).map(|stat| stat.dev()) else { return false };
    let device = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
    let mounts = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    kind(&String::from_utf8_lossy(&mounts), &device) == Some("ext2")
}

/// The name of the file system on this device (proc_pid_mountinfo(5)).
fn kind<'a>(mounts: &'a str, device: &str) -> Option<&'a str> {
    let line = mounts.lines().find(|line| line.split(' ').nth(2) == Some(device))?;
    line.split_once(" - ")?.1.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_known_by_its_device() {
        let mounts = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
                      40 22 7:0 / /mnt/a\\040b rw shared:2 master:1 - ext2 /dev/loop0 rw\n";
        assert_eq!((kind(mounts, "7:0"), kind(mounts, "254:0")), (Some("ext2"), Some("ext4")));
        assert_eq!((kind(mounts, "7:1"), kind("", "7:0"), kind("1 2 7:0 x", "7:0")), (None, None, None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_kernel_makes_up_is_of_no_kind_of_ours() {
        assert_eq!(ground(Path::new("/proc")), Ground::Sound);
        assert_eq!(ground(Path::new("/no/such/place")), Ground::Sound);
        assert_eq!(number(Path::new("/proc")), Some(0x9fa0));
    }
}
