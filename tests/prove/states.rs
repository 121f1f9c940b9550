//! What can be on a disk after the power went, or a process: the recorded changes, as far as a model of the disk lets them
//! be lost.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::tape::{Op, Spot};

/// What survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// A process was killed: all that was done.
    Kill,
    /// Names in the order in which they changed, up to some point not before the last flush; of what was written and not
    /// flushed, anything.
    Journal,
    /// Of names and content what was flushed, by their folder and file; of the rest, anything. A rename is whole or not.
    Least,
    /// As before, and a rename that is flushed where it leads to may have left the old name behind.
    Halves,
}

pub const MODELS: [Model; 4] = [Model::Kill, Model::Journal, Model::Least, Model::Halves];

/// How much of one change is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    All,
    Half,
    None,
}

/// A disk at one moment: which file each name leads to, and what is in it.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub struct Image {
    names: BTreeMap<Spot, usize>,
    files: BTreeMap<usize, Vec<u8>>,
}

/// Folders whose files may be lost at any time.
const ADVISORY: [&str; 3] = ["host", "ids", "log"];

fn is_advisory(folder: &str) -> bool {
    ADVISORY.iter().any(|name| folder.split('/').next() == Some(name))
}

/// Numbers without an order, always the same for a seed (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }
}

/// Gives every image that the model allows after these changes; of more than `most` combinations, `most` by chance.
pub fn images(model: Model, ops: &[Op], most: usize, dice: &mut Dice, each: &mut dyn FnMut(Image)) {
    let (mut kept, free, ordered) = choices(model, ops);
    let prefixes = ordered.len() + 1;
    let combinations = free.iter().map(|(_, ways)| ways.len()).try_fold(prefixes, usize::checked_mul);
    let is_all = combinations.is_some_and(|count| count <= most);
    for number in 0..combinations.unwrap_or(usize::MAX).min(most) {
        // Everything and nothing are always among them.
        let mut rest = number;
        let mut pick = |limit: usize| match number {
            _ if is_all => {
                let picked = rest % limit;
                rest /= limit;
                picked
            }
            0 => 0,
            1 => limit - 1,
            _ => dice.below(limit),
        };
        let prefix = pick(prefixes);
        for (place, &op) in ordered.iter().enumerate() {
            kept[op] = if place < prefix { Kept::All } else { Kept::None };
        }
        for (op, ways) in &free {
            kept[*op] = ways[pick(ways.len())];
        }
        each(Image::new(ops, &kept));
    }
}

/// What is certain, what is free in which ways, and what is there up to some point.
#[allow(clippy::type_complexity, reason = "they are used at one place")]
fn choices(model: Model, ops: &[Op]) -> (Vec<Kept>, Vec<(usize, Vec<Kept>)>, Vec<usize>) {
    let kept = vec![Kept::All; ops.len()];
    let (mut free, mut ordered) = (Vec::new(), Vec::new());
    if model == Model::Kill {
        return (kept, free, ordered);
    }
    let is_after = |at: usize, wanted: &dyn Fn(&Op) -> bool| ops[at..].iter().any(wanted);
    let is_synced =
        |at: usize, name: &str| is_after(at, &|op| *op == Op::SyncDir { folder: name.to_owned() });
    let flushes = |op: &Op| matches!(op, Op::Sync { .. } | Op::SyncDir { .. });
    let advisory: Vec<usize> = ops
        .iter()
        .filter_map(|op| match op {
            Op::Create { file, at } if is_advisory(&at.0) => Some(*file),
            _ => None,
        })
        .collect();
    for (at, op) in ops.iter().enumerate() {
        match op {
            Op::Write { file, .. } if advisory.contains(file) => {}
            Op::Write { file, .. } if is_after(at, &|op| *op == Op::Sync { file: *file }) => {}
            Op::Write { .. } => free.push((at, vec![Kept::None, Kept::Half, Kept::All])),
            Op::Create { at: (folder, _), .. } | Op::Unlink { at: (folder, _) } if is_advisory(folder) => {}
            Op::Create { .. } | Op::Unlink { .. } | Op::Rename { .. } if model == Model::Journal => {
                ordered.extend((!is_after(at, &flushes)).then_some(at));
            }
            Op::Create { at: (folder, _), .. } | Op::Unlink { at: (folder, _) } => {
                free.extend((!is_synced(at, folder)).then(|| (at, vec![Kept::None, Kept::All])));
            }
            Op::Rename { from, to, .. } => {
                let is_there = is_synced(at, &to.0);
                let ways = match (is_synced(at, &from.0), is_there) {
                    (true, _) => continue,
                    (false, true) if model == Model::Least => continue,
                    (false, true) => vec![Kept::Half, Kept::All],
                    (false, false) if model == Model::Least => vec![Kept::None, Kept::All],
                    (false, false) => vec![Kept::None, Kept::Half, Kept::All],
                };
                free.push((at, ways));
            }
            _ => {}
        }
    }
    (kept, free, ordered)
}

impl Image {
    fn new(ops: &[Op], kept: &[Kept]) -> Self {
        let mut image = Image::default();
        for (op, &kept) in ops.iter().zip(kept) {
            if kept != Kept::None {
                image.apply(op, kept);
            }
        }
        let named: Vec<usize> = image.names.values().copied().collect();
        image.files.retain(|file, _| named.contains(file));
        image
    }

    fn apply(&mut self, op: &Op, kept: Kept) {
        match op {
            Op::Create { file, at } => {
                self.names.insert(at.clone(), *file);
                self.files.entry(*file).or_default();
            }
            Op::Write { file, offset, octets } | Op::Damage { file, offset, octets } => {
                let octets = if kept == Kept::Half { &octets[..octets.len() / 2] } else { &octets[..] };
                let content = self.files.entry(*file).or_default();
                let begin = usize::try_from(*offset).unwrap();
                if content.len() < begin + octets.len() {
                    content.resize(begin + octets.len(), 0);
                }
                content[begin..begin + octets.len()].copy_from_slice(octets);
            }
            Op::Rename { file, from, to } => {
                self.names.insert(to.clone(), *file);
                self.files.entry(*file).or_default();
                if kept == Kept::All && self.names.get(from) == Some(file) {
                    self.names.remove(from);
                }
            }
            Op::Unlink { at } => {
                self.names.remove(at);
            }
            _ => {}
        }
    }

    /// Makes a spool of it.
    pub fn mount(&self, path: &Path) {
        let mut builder = std::fs::DirBuilder::new();
        builder.mode(0o700);
        builder.create(path).unwrap();
        for folder in ["tmp", "q", "held", "badmail", "corrupt", "host", "ids", "log"] {
            builder.create(path.join(folder)).unwrap();
        }
        write(&path.join("FORMAT"), b"whippet spool 1\n");
        let mut first: BTreeMap<usize, std::path::PathBuf> = BTreeMap::new();
        for ((folder, name), file) in &self.names {
            let at = path.join(folder).join(name);
            if !at.parent().unwrap().is_dir() {
                builder.create(at.parent().unwrap()).unwrap();
            }
            match first.get(file) {
                Some(there) => std::fs::hard_link(there, &at).unwrap(),
                None => write(&at, &self.files[file]),
            }
            first.insert(*file, at);
        }
    }

    /// What is where, in words.
    pub fn words(&self) -> String {
        let words = |((folder, name), file): (&Spot, &usize)| {
            format!("{folder}/{name} file {file}, {} octets", self.files[file].len())
        };
        self.names.iter().map(words).collect::<Vec<_>>().join("; ")
    }
}

fn write(path: &Path, octets: &[u8]) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(octets).unwrap();
}
