//! What other programs execute to send mail: each line as it is in their source, in their environment, with their octets;
//! and, where they can be had, the programs themselves.

#[path = "callers/clients.rs"]
mod clients;
#[path = "callers/daemons.rs"]
mod daemons;
#[path = "callers/fronts.rs"]
mod fronts;
#[path = "callers/git.rs"]
mod git;
#[path = "callers/hostile.rs"]
mod hostile;
#[path = "callers/letters.rs"]
mod letters;
#[path = "callers/machine.rs"]
mod machine;
#[path = "callers/php.rs"]
mod php;
#[path = "callers/resent.rs"]
mod resent;
#[path = "callers/scripts.rs"]
mod scripts;
#[path = "callers/symfony.rs"]
mod symfony;
#[path = "callers/system.rs"]
mod system;

use std::os::unix::fs::symlink;

use crate::faces::{addresses, fields};
use crate::support::{Book, Peer, Ran, Rules, Sandbox, program};

/// Where programs look for a program that sends mail.
const PLACES: [&str; 3] = ["/usr/sbin/", "/usr/lib/", "/usr/bin/"];

/// An account for which whippet is every such program, as a job of cron sees it: four variables, and no locale.
pub struct Account {
    pub sandbox: Sandbox,
}

impl Account {
    /// An account whose mail goes to this server; `more` is TOML for its profile.
    pub fn at(peer: &Peer, more: &str) -> Account {
        Account::facing(peer.port(), more)
    }

    /// The same with a server at this port.
    pub fn facing(port: u16, more: &str) -> Account {
        let mut sandbox = Sandbox::new();
        sandbox.profile(&format!(
            "host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"me@example.org\"\n{more}"
        ));
        let links = sandbox.work().join("bin");
        std::fs::create_dir(&links).unwrap();
        for name in ["sendmail", "mail", "mailx", "s-nail", "mutt", "mailq", "newaliases", "whippet"] {
            symlink(program(), links.join(name)).unwrap();
        }
        sandbox.without_env("LC_ALL").env("LOGNAME", "root").env("SHELL", "/bin/sh");
        sandbox.env("PATH", format!("{}:/usr/bin:/bin", links.display()));
        Account { sandbox }
    }

    /// The line with the places of this account's programs in it.
    pub fn line(&self, line: &str) -> String {
        let links = format!("{}/", self.sandbox.work().join("bin").display());
        PLACES.iter().fold(line.to_owned(), |line, place| {
            ["sendmail", "mail", "s-nail", "mutt"]
                .iter()
                .fold(line, |line, name| line.replace(&format!("{place}{name} "), &format!("{links}{name} ")))
        })
    }

    /// Has the shell execute a line.
    #[track_caller]
    pub fn call(&self, line: &str, stdin: impl AsRef<[u8]>) -> Ran {
        // Some lines end in the program's name.
        let line = self.line(&format!("{line} "));
        self.sandbox.stdin(stdin).program("/bin/sh").run(&["-c", line.trim_end()])
    }
}

/// A mail as the server got it.
pub struct Mail {
    pub text: String,
    pub recipients: Vec<String>,
    pub reverse_path: String,
}

impl Mail {
    /// The one mail of a server. It is in order: each field that must be there once is, and no blind copy shows.
    #[track_caller]
    pub fn of(book: &Book) -> Mail {
        let messages = book.messages();
        assert_eq!(messages.len(), 1, "one message: {book:?}");
        let mail = Mail {
            text: messages[0].clone(),
            recipients: addresses(&book.commands("RCPT TO:")),
            reverse_path: addresses(&book.commands("MAIL FROM:")).concat(),
        };
        for name in ["Date", "Message-ID", "From", "MIME-Version"] {
            assert_eq!(mail.fields(name).len(), 1, "{name}: {}", mail.text);
        }
        for name in ["Bcc", "Resent-Bcc", "Return-Path"] {
            assert!(mail.fields(name).is_empty(), "{name}: {}", mail.text);
        }
        mail
    }

    pub fn fields(&self, name: &str) -> Vec<String> {
        fields(&self.text, name)
    }

    /// The value of a field that is there once.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let found = self.fields(name);
        assert_eq!(found.len(), 1, "{name}: {}", self.text);
        found.concat()
    }

    /// The text of the first part, by another parser than ours, with LF.
    pub fn body(&self) -> String {
        let parsed = mail_parser::MessageParser::default().parse(&self.text).expect("a message");
        parsed.body_text(0).unwrap_or_default().replace("\r\n", "\n")
    }

    #[track_caller]
    pub fn goes_to(&self, recipients: &[&str]) -> &Mail {
        assert_eq!(self.recipients, recipients, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn has(&self, name: &str, value: &str) -> &Mail {
        assert_eq!(self.field(name), value, "{name}");
        self
    }
}

/// What a server gets when the shell executes this line: the line succeeds and says nothing.
#[track_caller]
pub fn mailed(line: &str, stdin: impl AsRef<[u8]>) -> Mail {
    mailed_by(line, stdin, "")
}

/// The same with more in the profile.
#[track_caller]
pub fn mailed_by(line: &str, stdin: impl AsRef<[u8]>, more: &str) -> Mail {
    let peer = Peer::serving(Rules::healthy());
    Account::at(&peer, more).call(line, stdin).exits(0).quiet();
    Mail::of(&peer.finish())
}
