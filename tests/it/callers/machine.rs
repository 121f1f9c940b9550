//! This machine with a layer above it, in namespaces of its own: there whippet is /usr/sbin/sendmail, /usr/bin/mail and the
//! rest, its settings are the system's, and what is written anywhere can be told afterwards. Nothing of it stays.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Mail;
use crate::support::{Peer, Peers, Ran, Running, Sandbox, program, skipped_loudly};

/// Makes the layer, enters it, and executes the script there; notes which files were written.
const ENTER: &str = r#"
set -eu
base=$1 program=$2 script=$3
mount -t tmpfs -o mode=755 tmpfs "$base/mnt"
cd "$base/mnt"
mkdir upper work root layer
cp -a "$base/layer/." layer/
mount -t overlay -o "lowerdir=$PWD/layer:/,upperdir=$PWD/upper,workdir=$PWD/work" overlay root
mount -t proc proc root/proc
mount --rbind /dev root/dev
for name in sbin/sendmail lib/sendmail bin/mail bin/mailx bin/mailq bin/whippet; do
  mount --bind "$program" "root/usr/$name"
done
code=0
chroot root /bin/sh -c "$script" || code=$?
(cd upper && find . ! -type d ! -type c) >"$base/written"
exit "$code"
"#;

/// Where whippet lies.
const PLACES: [&str; 6] =
    ["sbin/sendmail", "lib/sendmail", "bin/mail", "bin/mailx", "bin/mailq", "bin/whippet"];

pub struct Machine {
    sandbox: Sandbox,
    base: PathBuf,
}

impl Machine {
    /// A machine whose mail goes to this port. None, said loudly: this process may not make one.
    pub fn facing(port: u16) -> Option<Machine> {
        let made = Command::new("unshare")
            .args(["-m", "-p", "-f", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
            .output();
        if !made.is_ok_and(|output| output.status.success()) {
            skipped_loudly("a machine where whippet is /usr/sbin/sendmail: namespaces are made by root only");
            return None;
        }
        let sandbox = Sandbox::new();
        let base = sandbox.work().join("machine");
        let machine = Machine { sandbox, base };
        std::fs::create_dir_all(machine.base.join("mnt")).unwrap();
        for place in PLACES {
            machine.file(&format!("/usr/{place}"), "", 0o755);
        }
        let profile = format!(
            "host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"me@example.test\"\nlocal_to = \"dan@example.test\"\n"
        );
        machine.file("/etc/whippet/config.toml", &profile, 0o644);
        Some(machine)
    }

    /// Adds an unpacked package of the peers.
    pub fn with_package(self, peers: &Peers, name: &str) -> Machine {
        let package = Path::new(&peers.text("PACKAGES")).join(name);
        let copied =
            Command::new("cp").arg("-a").arg(package.join(".")).arg(self.base.join("layer")).status();
        assert!(copied.unwrap().success(), "{}", package.display());
        // The packages of Debian 12 know the folders that are links to those in /usr.
        for folder in ["bin", "sbin", "lib"] {
            let old = self.base.join("layer").join(folder);
            if old.is_dir() {
                let moved = Command::new("cp").arg("-a").arg(&old).arg(self.base.join("layer/usr")).status();
                assert!(moved.unwrap().success());
                std::fs::remove_dir_all(old).unwrap();
            }
        }
        // A program of that name in a package gives way.
        for place in PLACES {
            let file = self.base.join("layer/usr").join(place);
            if file.is_symlink() {
                std::fs::remove_file(&file).unwrap();
                std::fs::write(&file, "").unwrap();
            }
        }
        self
    }

    pub fn file(&self, path: &str, text: impl AsRef<[u8]>, mode: u32) {
        let path = self.base.join("layer").join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Executes a script of the shell in it, as its root, with nothing but a PATH. What it has started ends with it.
    #[track_caller]
    pub fn run(&self, script: &str, stdin: impl AsRef<[u8]>) -> Ran {
        self.enter(script, stdin.as_ref()).finish()
    }

    /// The same, for what does not end by itself: it ends when it is dropped.
    #[track_caller]
    pub fn start(&self, script: &str) -> Running {
        self.enter(script, b"")
    }

    fn enter(&self, script: &str, stdin: &[u8]) -> Running {
        let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let (base, program) = (self.base.display().to_string(), program().display().to_string());
        let unshared = ["-i", path, "unshare", "-m", "-p", "-f", "--kill-child", "--propagation", "private"];
        let entered = ["/bin/sh", "-c", ENTER, "enter", &base, &program, script];
        self.sandbox.stdin(stdin).program("/usr/bin/env").start(&[&unshared[..], &entered[..]].concat())
    }

    /// The files that were written in the last run.
    pub fn written(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.base.join("written")).unwrap();
        text.lines().map(|line| line.trim_start_matches('.').to_owned()).collect()
    }
}

/// Without a home, or with one in which nobody writes, whippet takes the system's settings and writes nothing.
#[test]
fn c24_c40_the_settings_are_those_of_the_system() {
    for (script, stdin) in [
        (
            "exec env -i PATH=/usr/bin:/bin HOME=/ LOGNAME=root USER=root SHELL=/bin/sh /usr/sbin/sendmail -t",
            "To: root\nFrom: alice@web1\nSubject: *** SECURITY information for web1 ***\n\nweb1 : alice\n",
        ),
        ("exec env -i LC_ALL=C PATH=/usr/bin:/bin whippet -s é root", "é\n"),
        ("exec env -i /usr/bin/mail -s x root", "x\n"),
    ] {
        let peer = Peer::healthy();
        let Some(machine) = Machine::facing(peer.port()) else { return };
        machine.run(script, stdin).exits(0).quiet();
        Mail::of(&peer.finish()).goes_to(&["dan@example.test"]);
        // Root's own queue may be at work on the machine of the tests.
        let stray: Vec<String> =
            machine.written().into_iter().filter(|file| !file.starts_with(QUEUE)).collect();
        assert_eq!(stray, Vec::<String>::new(), "{script}");
    }
}

/// Where the queue of root is.
const QUEUE: &str = "/root/.local/state/whippet/spool/";

/// What cannot go now waits where root's queue is run from, not in `/`.
#[test]
fn the_queue_is_in_the_home_of_the_table() {
    for variables in ["HOME=/", "HOME=", ""] {
        let Some(machine) = Machine::facing(Peer::closed_port()) else { return };
        let script = format!("exec env -i PATH=/usr/bin:/bin {variables} /usr/sbin/sendmail root");
        machine.run(&script, "Subject: s\n\nx\n").exits(0).says("queued as");
        let written = machine.written();
        assert!(written.iter().any(|file| file.starts_with(&format!("{QUEUE}q/"))), "{written:?}");
        assert!(written.iter().all(|file| file.starts_with(QUEUE)), "{variables}: {written:?}");
    }
    let Some(machine) = Machine::facing(Peer::closed_port()) else { return };
    let script = "HOME=/nonexistent /usr/sbin/sendmail root";
    machine.run(script, "Subject: s\n\nx\n").exits(75).says("there is no folder /nonexistent");
    assert_eq!(machine.written(), Vec::<String>::new());
}
