//! What stands in a mailbox after good and bad days.

use super::*;
use proptest::prelude::*;

const OPENING: &str = "From ann@example.org Thu Jan  1 00:00:00 1970";

fn put(path: &Path, text: &str) -> Result<Option<String>, Verdict> {
    append(path, OPENING, PATIENCE, &mut |out| out.write_all(text.as_bytes()).map_err(MessageError::Sink))
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.mbox");
    (folder, path)
}

fn entries(folder: &tempfile::TempDir) -> usize {
    fs::read_dir(folder.path()).unwrap().count()
}

#[test]
fn messages_stand_behind_each_other() {
    let (folder, path) = folder();
    put(&path, "A: b\r\n\r\nFrom here\r\n>From there\r\nFromage\r\n").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    put(&path, "A: c\r\n\r\nx").unwrap();
    let wanted = format!("{OPENING}\nA: b\n\n>From here\n>>From there\nFromage\n\n{OPENING}\nA: c\n\nx\n\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), wanted);
    assert_eq!(entries(&folder), 1, "no lock is left");
    for (before, gap) in [("From a\nx", "\n\n"), ("From a\nx\n", "\n"), ("From a\nx\n\n", ""), ("", "")] {
        fs::write(&path, before).unwrap();
        put(&path, "y\r\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{before}{gap}{OPENING}\ny\n\n"));
    }
}

#[test]
fn what_cannot_be_written_to_its_end_is_taken_back() {
    let (folder, path) = folder();
    let fail = |path: &Path| {
        append(path, OPENING, PATIENCE, &mut |out| {
            out.write_all(&[b'x'; 200_000]).map_err(MessageError::Sink)?;
            Err(MessageError::Sink(io::Error::other("the disk is full")))
        })
    };
    let verdict = fail(&path).unwrap_err();
    assert!(verdict.sentence.ends_with("m.mbox: the disk is full"), "{}", verdict.sentence);
    assert_eq!(entries(&folder), 0, "no empty mailbox is left");
    put(&path, "y\r\n").unwrap();
    let before = fs::read(&path).unwrap();
    fail(&path).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::write(&path, "no mail\n").unwrap();
    let verdict = put(&path, "y\r\n").unwrap_err();
    assert!(verdict.sentence.contains("it is no mbox"), "{}", verdict.sentence);
    assert_eq!(fs::read(&path).unwrap(), b"no mail\n");
}

#[test]
fn a_locked_mailbox_is_waited_for() {
    let (folder, path) = folder();
    put(&path, "y\r\n").unwrap();
    let lock = folder.path().join("m.mbox.lock");
    // Held by a process that lives, and by nobody known but young.
    for holder in [std::process::id().to_string(), String::new()] {
        fs::write(&lock, &holder).unwrap();
        let verdict = Locked::wait(&path, Duration::from_millis(120)).unwrap_err();
        let named =
            if holder.is_empty() { "locked it".to_owned() } else { format!("locked it, process {holder}") };
        assert!(verdict.sentence.ends_with(&named), "{}", verdict.sentence);
        assert!(lock.exists());
    }
    // Its process has ended.
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    fs::write(&lock, child.id().to_string()).unwrap();
    let said = put(&path, "z\r\n").unwrap();
    assert_eq!(said, Some(format!("{} was left behind: nobody held it any more", lock.display())));
    assert!(!lock.exists());
    assert_eq!(put(&path, "z\r\n").unwrap(), None);
}

#[test]
fn a_link_that_leads_nowhere_is_no_mailbox() {
    let (_folder, path) = folder();
    std::os::unix::fs::symlink("/no/such/folder/m", &path).unwrap();
    let verdict = put(&path, "y\r\n").unwrap_err();
    assert!(verdict.sentence.ends_with("no such file or directory"), "{}", verdict.sentence);
}

proptest! {
    #[test]
    fn quoting_is_undone_by_taking_one_mark(lines in prop::collection::vec("(>{0,3}(From |Fro|From)?[a-z>F ]{0,6})", 0..6), cut in 0_usize..40) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut out = Vec::new();
        let mut quoted = Quoted::new(&mut out);
        let cut = cut.min(text.len());
        quoted.write_all(&text.as_bytes()[..cut]).unwrap();
        quoted.write_all(&text.as_bytes()[cut..]).unwrap();
        quoted.finish().unwrap();
        let out = String::from_utf8(out).unwrap();
        let mut undone = String::new();
        for line in out.strip_suffix('\n').unwrap().lines() {
            prop_assert!(!line.starts_with("From "));
            let is_quoted = line.starts_with('>') && line.trim_start_matches('>').starts_with("From ");
            undone.push_str(if is_quoted { &line[1..] } else { line });
            undone.push('\n');
        }
        prop_assert_eq!(undone, text);
    }
}
