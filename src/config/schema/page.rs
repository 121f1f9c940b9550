//! The manual page whippet-config(5): every key, out of the table.

use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::{Group, KEYS, Key};

const DESCRIPTION: [&str; 4] = [
    "The settings of whippet(1) are a file in TOML. Every key may be left out, and one that does not exist is an error (78). \
     whippet generate config prints a file with all keys, commented out.",
    "What is said later is stronger: built-in values; $EMAIL; /etc/whippet/config.toml; ~/.config/whippet/config.toml; the profile in \
     the first and in the second; WHIPPET_SMTP and REPLYTO; --smtp; other options, and --set NAME=VALUE. whippet config show prints what \
     holds and where it was said, and hides passwords.",
    "The user's file is in $XDG_CONFIG_HOME, where that is set. --config FILE or WHIPPET_CONFIG names another one, --no-system leaves \
     the system's out. Whoever may send may have to read these files; so /etc/whippet/config.toml is readable for all, and \
     holds no password.",
    "A path may begin with ~. A size is a number of octets, or has K, M or G behind it; a time is a number of seconds, or has s, m, h or \
     d behind it.",
];

const PROFILES: [&str; 3] = [
    "Without profiles all keys at the top are the one profile there is. A table [profiles.NAME] holds keys of its own; those at the top are \
     shared, but for login, protocol, port and tls, which stay with the host that stands beside them.",
    "The profile is that of --profile; else of WHIPPET_PROFILE; else the one whose from is the address of --from; else the one that the key \
     default names; else the only one there is. Where there are several and nothing chooses, that is an error (78).",
    "The tables [timeouts] and [spool] hold the keys that begin so; [spool] is for all profiles together.",
];

const SECRETS: [&str; 3] = [
    "The password has one source: password_command, password_file, password_env, password_credential or password. It never stands on a \
     command line, which every user can see, and no message shows it.",
    "The file of password_file must be writable for its owner alone, and readable for nobody else but by group (chmod 600 or 640); a \
     configuration file with password in it is for its owner alone (chmod 600). For mail of \
     the whole machine: put the password of the system's profile into /etc/whippet/password, owned by root with mode 600, if root alone sends; \
     if services send too, give it to a group of theirs (chown root:mail, chmod 640), or give each service its own by LoadCredential= \
     and password_credential.",
    "Programs of password_command and tunnel are started without a shell, unless a string needs one.",
];

const LOCAL: [&str; 5] = [
    "Cron, mdadm and others write to root. What such a name means, the first that holds: an alias (aliases); local_to, which also takes the \
     mail for addresses at this machine and at localhost; the domain of qualify_domain; that of the profile's from.",
    "local_to changes who receives, not what the header says, so that the reader sees whom the mail was for. With \
     rewrite_local = true the header names the recipient too, and the old name stands beside the address.",
    "Providers take no author but the one who logs in. from_rule = \"login\" puts from into the From field and the reverse-path of every \
     mail that names another author, and the other one into Reply-To.",
    "An alias file has lines alias NAME ADDRESS, ... as mutt's, or NAME: ADDRESS, ... as aliases(5) has them. Commands, files and \
     :include: in it are never run, written or read. It must belong to the user or to root.",
    "For a machine that only reports:",
];

const MACHINE: &str = "host = \"smtp.example.org\"
username = \"web1@example.org\"
password_file = \"/etc/whippet/password\"
from = \"web1@example.org\"
from_rule = \"login\"
local_to = \"admin@example.org\"
queue = \"on-failure\"";

const TWO: &str = "default = \"work\"

[profiles.work]
host = \"smtp.work.example\"
username = \"me\"
password_command = [\"pass\", \"show\", \"work\"]
from = \"me@work.example\"

[profiles.home]
host = \"smtp.home.example\"
port = 587
username = \"me@home.example\"
password_file = \"~/.config/whippet/home-password\"
from = \"Me Myself <me@home.example>\"";

/// The page, in roff.
pub fn man_page() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]);
    roff.text([roman("whippet-config - settings of whippet")]);
    roff.control("SH", ["SYNOPSIS"]);
    roff.text([bold("/etc/whippet/config.toml")]);
    roff.control("br", []);
    roff.text([bold("~/.config/whippet/config.toml")]);
    chapter(&mut roff, "DESCRIPTION", &DESCRIPTION);
    let mut group = None;
    for key in KEYS {
        if group != Some(key.group) {
            group = Some(key.group);
            roff.control("SH", [key.group.title().to_uppercase().as_str()]);
            opening(&mut roff, key.group);
        }
        entry(&mut roff, key);
    }
    chapter(&mut roff, "PROFILES", &PROFILES);
    lines(&mut roff, TWO);
    chapter(&mut roff, "SECRETS", &SECRETS);
    chapter(&mut roff, "LOCAL MAIL", &LOCAL);
    lines(&mut roff, MACHINE);
    roff.control("SH", ["SEE ALSO"]);
    roff.text([
        bold("whippet"),
        roman("(1), "),
        bold("whippet-sendmail"),
        roman("(8), "),
        bold("whippet-spool"),
        roman("(7)"),
    ]);
    format!(".TH WHIPPET-CONFIG 5 \"\" \"whippet {version}\" \"File Formats\"\n") + &roff.render()
}

/// What holds for all keys of a group.
fn opening(roff: &mut Roff, group: Group) {
    let words = match group {
        Group::Queue => "All profiles share one spool: what begins with spool. cannot stand in a profile.",
        Group::Time => {
            "Each is at most what RFC 5321 4.5.3.2 gives; one time for all of them is written timeouts = \"30s\"."
        }
        _ => return,
    };
    roff.text([roman(words)]);
}

/// A key: its type, what it is for, its built-in value, an example.
fn entry(roff: &mut Roff, key: &Key) {
    roff.control("TP", []);
    roff.text([bold(key.name), roman(" ("), italic(key.kind), roman(")")]);
    roff.text(code(key.doc));
    if !key.default.is_empty() {
        let mut inlines = vec![roman("Built-in: ")];
        inlines.extend(code(key.default));
        inlines.push(roman("."));
        roff.text(inlines);
    }
    // As it stands: a value is not to be broken.
    roff.control("EX", []);
    roff.text([roman(format!("{} = {}", key.name, key.example))]);
    roff.control("EE", []);
}

/// A text in which what stands between backquotes is bold.
fn code(text: &str) -> Vec<Inline> {
    let inline = |(index, part): (usize, &str)| if index % 2 == 1 { bold(part) } else { roman(part) };
    text.split('`').enumerate().map(inline).collect()
}

fn chapter(roff: &mut Roff, title: &str, texts: &[&str]) {
    roff.control("SH", [title]);
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*text)]);
    }
}

/// Lines that stand as they are.
fn lines(roff: &mut Roff, text: &str) {
    roff.control("PP", []);
    roff.control("EX", []);
    for line in text.lines() {
        roff.text([roman(format!("  {line}"))]);
    }
    roff.control("EE", []);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_told_and_the_examples_are_read() {
        let page = man_page();
        for key in KEYS {
            let name = key.name.replace('-', "\\-");
            assert!(page.contains(&format!("\\fB{name}\\fR (\\fI")), "{}", key.name);
        }
        for text in [MACHINE, TWO] {
            let table = toml::de::DeTable::parse(text).unwrap();
            for (key, _) in table.get_ref() {
                let key = key.get_ref().as_ref();
                assert!(
                    crate::config::schema::is_known(key) || ["default", "profiles"].contains(&key),
                    "{key}"
                );
            }
        }
    }
}
