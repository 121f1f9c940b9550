//! The table of all keys: name, type, built-in value, what it is for, an example. The example file, the unknown-key
//! advice and the rows of `config show` come from it; how a value is read is in `value.rs`.

pub(super) mod example;
mod page;

pub use example::example;
pub use page::man_page;

use crate::config::{Fault, Origin, UnknownKey, error};

/// What a key is about; the order of the groups is the order of the example file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Where the mail goes.
    Server,
    /// Who logs in there.
    Login,
    /// Who writes.
    Sender,
    /// What every mail gets.
    Letter,
    /// How else mail may leave.
    Route,
    /// What becomes of mail that the server does not take now.
    Queue,
    /// How long to wait.
    Time,
}

impl Group {
    /// The heading in the example file.
    pub fn title(self) -> &'static str {
        match self {
            Group::Server => "The server",
            Group::Login => "The login",
            Group::Sender => "The sender",
            Group::Letter => "Every mail",
            Group::Route => "Other routes",
            Group::Queue => "The queue",
            Group::Time => "Time limits",
        }
    }
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The name in a profile.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// Its type in words.
    pub kind: &'static str,
    /// The built-in value in words; empty if there is none.
    pub default: &'static str,
    /// What it is for, one sentence.
    pub doc: &'static str,
    /// A value as it is written in TOML.
    pub example: &'static str,
}

/// The five sources of the secret. A profile has one of them.
pub(super) const SECRETS: [&str; 5] =
    ["password_command", "password_file", "password_env", "password_credential", "password"];

macro_rules! keys {
    ($($group:ident $name:literal, $kind:literal, $default:literal, $example:literal, $doc:literal;)*) => {
        &[$(Key {
            name: $name, group: Group::$group, kind: $kind, default: $default, doc: $doc, example: $example,
        }),*]
    };
}

/// Every key, in the order of the example file.
pub const KEYS: &[Key] = keys! {
    Server "host", "name, IP address or unix:/path", "", r#""smtp.example.org""#,
        "The submission server; unix: and a path is a socket in the file system, in the clear unless `tls` is set.";
    Server "hosts", "list of names, each with a port or without", "", r#"["smtp.example.org", "smtp2.example.org:587"]"#,
        "Servers instead of the one `host`: the next is tried where one cannot be reached or takes no session now.";
    Server "protocol", "\"smtp\" or \"lmtp\"", "\"smtp\"", r#""smtp""#,
        "What the server speaks; LMTP is for one that puts mail into mailboxes, and each recipient has its own reply.";
    Server "port", "number", "465 with tls = \"implicit\", 587 with \"starttls\", 25 with \"none\"; LMTP has none", "465",
        "The port of the server.";
    Server "tls", "\"implicit\", \"starttls\" or \"none\"", "\"implicit\"; with a port other than 465 \"starttls\"", r#""implicit""#,
        "When encryption begins: with the first octet, after STARTTLS (which must be offered), or never; to an LMTP server on \
         this machine never, unless this says so.";
    Server "tls_min_version", "\"1.2\" or \"1.3\"", "\"1.2\"", r#""1.2""#,
        "The oldest TLS that is accepted.";
    Server "tls_ca_file", "path", "the system's trust anchors", r#""~/.config/whippet/ca.pem""#,
        "A PEM file of trust anchors used instead of the system's.";
    Server "tls_pin", "fingerprint or a list of them", "", r#""sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#,
        "The SHA-256 of the only certificate, or key, that is trusted; it stands in for anchors, names and dates.";
    Server "tls_server_name", "name or IP address", "the `host`", r#""smtp.example.org""#,
        "The name that the certificate must be for, if it is not the `host`; it is also what the server is asked for.";
    Server "tls_client_cert", "path", "", r#""~/.config/whippet/me.pem""#,
        "A PEM file with a certificate of yours, for a server that asks for one.";
    Server "tls_client_key", "path", "the file of `tls_client_cert`", r#""~/.config/whippet/me.key""#,
        "A PEM file with the key of that certificate, which others cannot read.";
    Server "reply_charset", "name", "replies are UTF-8", r#""gbk""#,
        "The charset of the server's replies, where they are not in UTF-8.";
    Server "max_recipients", "number", "as many as the server takes", "100",
        "Most recipients of one transaction; more of them go into further ones of the same connection.";
    Server "max_messages", "number", "as many as the server takes", "100",
        "Most mails of one connection; more of them go over a further one.";
    Server "max_connections", "number", "1", "4",
        "Most connections at once that a run of the queue opens to the server; more than one only while it takes mail.";
    Server "max_size", "size", "", r#""25M""#,
        "The largest mail that leaves, as a number of octets or with K, M or G behind it; a larger one is refused before \
         anything is connected.";
    Server "server_saves_sent", "true or false", "false", "false",
        "Whether the server keeps a copy of what is sent itself, as those of Gmail and Microsoft 365 do; `fcc` is then not used.";
    Server "hello_name", "host name or address literal", "the host name of this machine", r#""laptop.example.org""#,
        "What whippet calls itself in EHLO or LHLO.";
    Server "ip_family", "\"any\", \"4\" or \"6\"", "\"any\"", r#""any""#,
        "Whether the server may be reached over IPv4, IPv6, or whichever answers first.";
    Server "source_address", "IP address", "what the system chooses", r#""192.0.2.7""#,
        "The address of this machine that connections come from.";
    Server "proxy", "URL or \"none\"", "$ALL_PROXY, but not for this machine itself and $NO_PROXY", r#""socks5://proxy.example.org:1080""#,
        "A proxy on the way to the server, socks5://[user@]host:port or http://[user@]host:port; it looks up the name.";
    Server "proxy_password_file", "path", "", r#""~/.config/whippet/proxy-password""#,
        "A file that holds the password of `proxy`, as `password_file` does for the server.";
    Server "proxy_password_env", "name", "", r#""PROXY_PASSWORD""#,
        "The environment variable that holds the password of `proxy`, instead of a file.";
    Server "tunnel", "string or list", "", r#"["ssh", "-q", "gate.example.org", "nc", "smtp.example.org", "465"]"#,
        "A program whose standard input and output lead to the server; a string is given to a shell only if it needs one.";
    Login "username", "string", "no login", r#""me@example.org""#,
        "The user name of the login.";
    Login "password_command", "string or list", "", r#"["pass", "show", "mail/example"]"#,
        "A program whose output is the password; a string is given to a shell only if it needs one.";
    Login "password_file", "path", "", r#""~/.config/whippet/password""#,
        "A file that holds the password and that only you can write and others cannot read.";
    Login "password_env", "name", "", r#""SMTP_PASSWORD""#,
        "The environment variable that holds the password.";
    Login "password_credential", "name", "", r#""smtp""#,
        "The systemd credential (LoadCredential=) that holds the password.";
    Login "password", "string", "", r#""secret""#,
        "The password itself, only in a file that nobody else can read (chmod 600).";
    Login "auth", "name or a list of names", "by strength: scram, plain, login, cram-md5", r#"["scram-sha-256", "plain"]"#,
        "The ways to log in, the preferred one first: plain, login, cram-md5, scram-sha-1, scram-sha-256, both also with \
         -plus (bound to TLS); only when named: oauthbearer and xoauth2 (the password is an access token), external (a \
         client certificate), anonymous.";
    Login "allow_plaintext_auth", "true or false", "false", "false",
        "Whether the password may go over a connection without TLS.";
    Sender "from", "address", "$EMAIL, else your login name at the name of this machine", r#""me@example.org""#,
        "The author of the mail, with or without a name: me@example.org or Me Myself <me@example.org>.";
    Sender "realname", "string", "", r#""Me Myself""#,
        "The name beside the address, if `from` has none.";
    Sender "reply_to", "address or several, divided by commas", "", r#""replies@example.org""#,
        "Where answers go; $REPLYTO is stronger.";
    Sender "envelope_from", "address or \"<>\"", "the address of `from`", r#""bounces@example.org""#,
        "The reverse-path, where reports of failure go; \"<>\" asks for none.";
    Sender "from_rule", "\"keep\" or \"login\"", "\"keep\"", r#""login""#,
        "Whether an author other than `from` stays (keep), or `from` takes their place in From and reverse-path, and they go \
         to Reply-To (login): for a server that takes no other author, beneath programs such as cron that name their own.";
    Sender "fcc", "path", "", r#""~/Maildir/.Sent/""#,
        "Where a copy of each mail is kept that was accepted or queued: a Maildir, if it is one or its name ends in /, else an mbox.";
    Sender "fcc_bcc", "true or false", "false", "false",
        "Whether that copy names those who got a blind copy.";
    Sender "charset", "name", "\"utf-8\"", r#""gb18030""#,
        "The charset that text, fields and file names outside ASCII are sent in; UTF-8 where it lacks a character, which a warning \
         says. Its name is read, and sent, as browsers do: iso-8859-1 is windows-1252, iso-8859-9 windows-1254, tis-620 windows-874, \
         gb2312 GBK. us-ascii has no character outside ASCII.";
    Sender "dsn_notify", "\"never\", or \"success\", \"failure\", \"delay\" or a list of them", "failure, and delay at the server's will", r#"["failure", "delay"]"#,
        "Which reports the servers send back, where they know such a wish (DSN).";
    Sender "dsn_return", "\"full\" or \"headers\"", "the server's will", r#""headers""#,
        "How much of the mail a report of failure brings back, likewise.";
    Letter "qualify_domain", "domain", "that of the author", r#""example.org""#,
        "The domain of a name that has none and is no alias, such as root.";
    Letter "local_to", "address or several, divided by commas", "", r#""admin@example.org""#,
        "Who gets the mail for such a name, and for addresses at this machine and at localhost; \"\" is nobody else.";
    Letter "rewrite_local", "true or false", "false", "false",
        "Whether the header names `local_to` too, with what stood there before as its name; else only the envelope does.";
    Letter "aliases", "path or a list of them, or a table", "", r#""~/.mutt/aliases""#,
        "A file of aliases in the form of mutt (alias NAME ADDRESS, ...) or of aliases(5) (NAME: ADDRESS, ...); or a table \
         [aliases] of lines NAME = \"ADDRESS, ...\". It must be there when a recipient is a word without @. Aliases of a \
         profile come on top of those outside of it; [] forgets these.";
    Letter "default_headers", "list of fields", "", r#"["Organization: Example Ltd"]"#,
        "Fields of every mail, by the rules of --header; one that a mail has by itself, by an option or my_hdr, stands in its place.";
    Letter "auto_submitted", "\"auto-generated\", \"auto-replied\" or \"no\"", "", r#""auto-generated""#,
        "What makes the mails, for programs that would answer them (RFC 3834); --auto-submitted is stronger, \"\" is none.";
    Letter "default_cc", "address or several, divided by commas", "", r#""team@example.org""#,
        "Recipients of a copy of every mail; \"\" is none.";
    Letter "default_bcc", "address or several, divided by commas", "", r#""archive@example.org""#,
        "Recipients of a copy of every mail whom the others do not see; \"\" is none.";
    Letter "signature", "path", "", r#""~/.signature""#,
        "A file that goes under every text that is plain, in the charset of the text; \"\" is none.";
    Letter "signature_dashes", "true or false", "true", "true",
        "Whether the line \"-- \", which marks a signature, goes before it, unless the file begins with it.";
    Letter "text_flowed", "true or false", "false", "true",
        "Whether a plain text is wrapped so that readers flow it to their width (format=flowed).";
    Letter "silent_warnings", "name or a list of names", "", r#"["no-subject", "caps-subject"]"#,
        "Warnings that are not wanted, by the names that whippet(1) lists under WARNINGS.";
    Route "route", "\"smtp\", \"sendmail\" or \"file\"", "\"smtp\"", r#""smtp""#,
        "How mail leaves: to the server above, through a sendmail program, or into `output`. Where nothing names a server, the \
         first goes to the sendmail program of this machine too, if it has another one than whippet.";
    Route "sendmail_path", "path", "\"/usr/sbin/sendmail\"", r#""/usr/sbin/sendmail""#,
        "The program of route = \"sendmail\".";
    Route "output", "path", "", r#""~/Maildir""#,
        "Where route = \"file\" puts mail: a new file, a Maildir folder, an mbox (its name ends in .mbox or begins with mbox:), \
         or - for standard output.";
    Queue "queue", "\"auto\", \"on-failure\", \"always\" or \"off\"", "\"auto\"", r#""auto""#,
        "Which mail waits in the spool: that which the server does not take now, if something runs the queue (auto) or in any case \
         (on-failure); every mail, which is then tried once before whippet ends (always); none (off).";
    Queue "spool.first", "number of minutes", "15", "15",
        "The time between the first try and the second.";
    Queue "spool.second", "number of minutes", "30", "30",
        "The time between the second and the third.";
    Queue "spool.third", "number of minutes", "60", "60",
        "The time between the third and the fourth.";
    Queue "spool.subsequent", "number of minutes", "240", "240",
        "The time between all later ones.";
    Queue "spool.jitter_percent", "number", "10", "10",
        "By how much each of these times may be longer or shorter, percent, at most 50.";
    Queue "spool.expire", "time", "\"5d\"", r#""5d""#,
        "How long a mail waits before it is given up and its sender told.";
    Queue "spool.bounce_expire", "time", "\"2d\"", r#""2d""#,
        "How long such a report waits itself.";
    Queue "spool.delay_notice", "time or \"off\"", "\"off\"", r#""12h""#,
        "After which time the sender is told that it takes longer.";
    Queue "spool.in_doubt", "\"retry\" or \"hold\"", "\"retry\"", r#""retry""#,
        "What happens when the connection is lost while the server takes a mail: it is sent again, which may make a copy, \
         or waits for `whippet queue release`.";
    Queue "spool.in_doubt_limit", "number", "3", "3",
        "How often that may happen to a recipient before the mail waits for `whippet queue release` all the same.";
    Queue "spool.submit_once", "time or \"off\"", "\"1h\"", r#""1h""#,
        "How long a mail that was accepted is known again when it is handed in once more, at most 5d.";
    Queue "spool.badmail_keep", "time or \"forever\"", "\"forever\"", r#""90d""#,
        "How long mail that failed is kept in badmail/.";
    Queue "spool.dir", "path", "~/.local/state/whippet/spool ($XDG_STATE_HOME counts)", r#""/var/spool/whippet""#,
        "Where the spool is.";
    Queue "spool.max_message", "size", "\"2G\"", r#""100M""#,
        "The largest mail that is queued, as a number of octets or with K, M or G behind it.";
    Queue "spool.max_entries", "number", "100000", "100000",
        "Most mails that may wait at once.";
    Queue "spool.allow_network_spool", "true or false", "false", "false",
        "Whether the spool may be on a network filesystem, where a promise to keep mail may not hold.";
    Queue "spool.run_after_send", "true or false", "true", "false",
        "Whether a send that finds other mail due has it tried behind its back, by a process that nobody waits for.";
    Time "timeouts.connect", "time", "\"30s\"", r#""30s""#,
        "Finding and reaching the server, with TLS.";
    Time "timeouts.greeting", "time", "\"1m\"", r#""1m""#,
        "The server's first words.";
    Time "timeouts.ehlo", "time", "\"1m\"", r#""1m""#,
        "The reply to EHLO, LHLO and STARTTLS.";
    Time "timeouts.auth", "time", "\"1m\"", r#""1m""#,
        "Each reply of the login.";
    Time "timeouts.mail", "time", "\"1m\"", r#""1m""#,
        "The reply to MAIL.";
    Time "timeouts.rcpt", "time", "\"2m\"", r#""2m""#,
        "The reply to each RCPT.";
    Time "timeouts.data", "time", "\"2m\"", r#""2m""#,
        "The reply to DATA.";
    Time "timeouts.body", "time", "\"3m\"", r#""3m""#,
        "Each block of the message being taken.";
    Time "timeouts.dot", "time", "\"10m\"", r#""10m""#,
        "The reply to the end of the message; a shorter time leaves mail in doubt.";
};

/// Names that other programs use for the same thing (msmtp, mutt, mailx).
const ELSEWHERE: [(&str, &str); 21] = [
    ("adminaddr", "local_to"),
    ("root", "local_to"),
    ("maildomain", "qualify_domain"),
    ("rewritedomain", "qualify_domain"),
    ("user", "username"),
    ("login", "username"),
    ("server", "host"),
    ("hostname", "host"),
    ("passwordeval", "password_command"),
    ("password_cmd", "password_command"),
    ("sender", "envelope_from"),
    ("domain", "hello_name"),
    ("tls_trust_file", "tls_ca_file"),
    ("timeout", "timeouts"),
    ("tls_fingerprint", "tls_pin"),
    ("tls_cert_file", "tls_client_cert"),
    ("tls_key_file", "tls_client_key"),
    ("ssl_client_cert", "tls_client_cert"),
    ("record", "fcc"),
    ("write_bcc", "fcc_bcc"),
    ("tls_host_override", "tls_server_name"),
];

/// Keys that are tables of keys: `timeouts.dot` is `dot` in `[timeouts]`.
pub(super) const TABLES: [&str; 2] = ["timeouts", "spool"];

/// Whether there is such a key: one of the table, or a table of them.
pub(super) fn is_known(name: &str) -> bool {
    TABLES.contains(&name) || KEYS.iter().any(|key| key.name == name)
}

/// The key that was probably meant.
pub(super) fn suggest(name: &str) -> Option<String> {
    let lower = name.to_lowercase().replace('-', "_");
    let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == lower).map(|(_, ours)| *ours);
    let names = || {
        KEYS.iter()
            .map(|key| key.name)
            .chain(TABLES)
            .chain(["profiles", "default"])
            .filter(|known| *known != name)
    };
    elsewhere.or_else(|| error::nearest(name, names())).map(str::to_owned)
}

/// The fault of a key that does not exist.
pub(super) fn unknown(name: &str, origin: Origin) -> Fault {
    let suggestion = suggest(name);
    let problem = format!("unknown key `{}`{}", name.escape_debug(), error::meant(suggestion.as_deref()));
    Fault { origin, key: name.to_owned(), problem }
}

/// Looks a key up by its name.
pub(super) fn find(name: &str) -> Result<&'static Key, UnknownKey> {
    KEYS.iter()
        .find(|key| key.name == name)
        .ok_or_else(|| UnknownKey { name: name.to_owned(), suggestion: suggest(name) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn built_in_times_are_those_that_hold() {
        for limit in &crate::config::timeouts::LIMITS {
            let key = find(&format!("timeouts.{}", limit.name)).unwrap();
            let time = std::time::Duration::from_secs(limit.default_s);
            assert_eq!(key.default, format!("{:?}", crate::config::timeouts::shown(time)));
        }
    }

    #[test]
    fn names_of_other_programs_are_understood() {
        assert_eq!(suggest("passwordeval").as_deref(), Some("password_command"));
        assert_eq!(suggest("User").as_deref(), Some("username"));
        assert_eq!(suggest("usernme").as_deref(), Some("username"));
        assert_eq!(suggest("profile").as_deref(), Some("profiles"));
        assert_eq!(suggest("colour"), None);
        for (_, ours) in ELSEWHERE {
            assert!(is_known(ours), "{ours}");
        }
    }

    #[test]
    fn names_are_unique() {
        for (index, key) in KEYS.iter().enumerate() {
            assert!(KEYS[..index].iter().all(|other| other.name != key.name), "{}", key.name);
        }
    }
}
