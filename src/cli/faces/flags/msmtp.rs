//! msmtp: where its options and the keys of its configuration are found in whippet. It is no face: the name msmtp gives mutt's
//! options.

/// An option or key of msmtp, and what stands for it: an option, or a key of the profile; `""` if nothing does, and why.
pub(in crate::cli) struct Move {
    /// How msmtp has it.
    pub theirs: &'static str,
    /// How whippet has it, in Markdown.
    pub ours: &'static str,
}

const fn to(theirs: &'static str, ours: &'static str) -> Move {
    Move { theirs, ours }
}

/// Each of them.
pub(in crate::cli) const MSMTP: &[Move] = &[
    to("-t, -f, -N, -R, -F, -v, -i, -oi", "the same, of `whippet sendmail`"),
    to(
        "-a, --account=NAME",
        "`--profile`, before all other words; several accounts are several `[profiles.NAME]`",
    ),
    to("account default : NAME", "the key default, at the top of the file"),
    to("-C, --file=FILE", "`--config`, before all other words; `-C` itself is ignored, and told"),
    to("-P, --pretend", "`--dry-run`"),
    to("-d, --debug", "`--verbose`, which shows no password"),
    to("-S, --serverinfo, --rmqs", "nothing"),
    to(
        "-X, --logfile, --syslog",
        "nothing for a single mail: standard error tells; the queue keeps a log of its own",
    ),
    to("--read-envelope-from", "so without it: `from_rule` of the profile decides"),
    to("--aliases=FILE", "`aliases`; `default:` is `local_to`"),
    to("--keepbcc", "nothing: Bcc never leaves"),
    to("--undisclosed-recipients", "nothing: To and Cc stay as they are"),
    to("--add-missing-from-header, --add-missing-date-header", "always so"),
    to("host, port, user", "`host`, `port`, `username`"),
    to("password", "`password`, in a file that nobody else can read"),
    to("passwordeval", "`password_command`"),
    to("tls on, tls_starttls off", "`tls = \"implicit\"`, the built-in choice"),
    to("tls on, tls_starttls on", "`tls = \"starttls\"`"),
    to("tls off", "`tls = \"none\"`, and with a password `allow_plaintext_auth = true`"),
    to("tls_trust_file", "`tls_ca_file`"),
    to("tls_fingerprint", "`tls_pin`, SHA-256 only"),
    to("tls_cert_file, tls_key_file", "`tls_client_cert`, `tls_client_key`"),
    to("tls_host_override", "`tls_server_name`"),
    to("tls_certcheck off", "refused: `tls_pin` trusts one certificate"),
    to("tls_crl_file, tls_priorities, tls_min_dh_prime_bits", "nothing; `tls_min_version`"),
    to("auth on, auth METHOD", "`auth`; a login is tried where there is a `username`"),
    to("from", "`from`, and `envelope_from` for the reverse-path alone"),
    to("allow_from_override off, set_from_header on", "`from_rule = \"login\"`"),
    to("auto_from, maildomain", "`qualify_domain`"),
    to("domain", "`hello_name`"),
    to("dsn_notify, dsn_return", "`dsn_notify` (off is never), `dsn_return`"),
    to("proxy_host, proxy_port", "`proxy`"),
    to("socket", "`host = \"unix:/path\"`"),
    to("protocol lmtp", "`protocol = \"lmtp\"`"),
    to("source_ip", "`source_address`"),
    to("timeout", "`timeouts`"),
    to(
        "msmtpq, msmtp-runqueue.sh, msmtp-listqueue.sh",
        "`queue = \"on-failure\"`, `whippet queue run`, `whippet queue list`",
    ),
];
