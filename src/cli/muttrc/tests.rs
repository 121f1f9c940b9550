//! The rows of the table of `-e`, and what is refused.

use super::*;
use crate::cli::usage::UsageKind::{Data, Usage};

fn read(commands: &[&str]) -> Result<Muttrc, UsageError> {
    Muttrc::read(&commands.iter().map(OsString::from).collect::<Vec<_>>())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn variables() {
    let muttrc = read(&[
        "set from='Al <a@x>' realname=\"Al Ice\"; set hostname = h.例え.org",
        "set envelope_from_address=b@x use_envelope_from content_type=text/html charset=iso-8859-1",
        "set smtp_url=smtps://u@h:465 ssl_starttls=no nossl_force_tls ssl_force_tls",
        "set ssl_ca_certificates_file=/ca ssl_client_cert=/cert sendmail='/bin/x -i  -f a' dsn_notify=failure,delay",
        "set dsn_return=hdrs ssl_verify_host=yes ssl_verify_dates tunnel=\"ssh -q h nc localhost 25\"",
    ])
    .unwrap();
    let expected = Muttrc {
        from: some("Al <a@x>"),
        realname: Some("Al Ice".into()),
        hostname: some("h.xn--r8jz45g.org"),
        reverse_path: some("b@x"),
        use_envelope_from: Some(true),
        content_type: some("text/html"),
        charset: some("iso-8859-1"),
        smtp_url: some("smtps://u@h:465"),
        tunnel: some("ssh -q h nc localhost 25"),
        ssl_starttls: Some(false),
        ssl_force_tls: Some(true),
        ca_file: Some("/ca".into()),
        client_cert: Some("/cert".into()),
        sendmail: Some("/bin/x -i  -f a".into()),
        dsn_notify: Notify::parse("failure,delay").ok(),
        dsn_return: Some(Return::Headers),
        ..Muttrc::default()
    };
    assert_eq!(muttrc, expected);
    assert_eq!(sendmail_argv(OsStr::new("/bin/x -i  -f a")), ["/bin/x", "-i", "-f", "a"]);
    let unset = [
        "unset from realname content_type",
        "set nosmtp_url nossl_starttls",
        "set sendmail=",
        "unset dsn_notify tunnel",
    ];
    let muttrc = read(
        &[
            &["set from=a@x realname=b content_type=a/b smtp_url=smtp://h sendmail=x dsn_notify=never tunnel=x"],
            &unset[..],
        ]
        .concat(),
    );
    assert_eq!(muttrc.unwrap(), Muttrc { ssl_starttls: Some(false), ..Muttrc::default() });
    assert_eq!(read(&["set from=a@x realname=b use_from=no"]).unwrap().from, None);
    assert_eq!(read(&["set envelope_from_address=a@x nouse_envelope_from"]).unwrap().reverse_path, None);
    assert_eq!(read(&["set ssl_starttls=ask-yes"]).unwrap().ssl_starttls, Some(true));
}

#[test]
fn a_signature() {
    let said = |commands: &str| read(&[commands]).unwrap().signature;
    assert_eq!(
        said("set signature='~/my sig' nosig_dashes"),
        [("signature", "~/my sig".to_owned()), ("sig_dashes", "false".to_owned())]
    );
    for commands in ["set signature=", "unset signature", "set nosignature"] {
        assert_eq!(said(commands), [("signature", String::new())], "{commands}");
    }
    for commands in
        ["set signature='fortune|'", "set signature", "set sig_dashes=x", "set signature=\"a\\nb\""]
    {
        assert!(read(&[commands]).is_err(), "{commands}");
    }
}

#[test]
fn variables_without_effect() {
    for name in WITHOUT_EFFECT.into_iter().chain(["crypt_use_gpgme", "crypt_replysign"]) {
        for commands in [
            format!("set {name}=yes"),
            format!("set {name}"),
            format!("set no{name}"),
            format!("unset {name}"),
        ] {
            assert_eq!(read(&[&commands]), Ok(Muttrc::default()), "{commands}");
        }
    }
    assert_eq!(read(&["set crypt_autosign=yes"]).unwrap().warnings.len(), 1);
    assert_eq!(read(&["set crypt_autosign=no; unset crypt_autoencrypt"]).unwrap().warnings.len(), 0);
}

#[test]
fn fields() {
    let muttrc = read(&["my_hdr X-NMUDIFF-Version: 2", "my_hdr X-A: \"b\" 'c ; my_hdr x-a: d"]).unwrap();
    assert_eq!(muttrc.fields, [("X-NMUDIFF-Version".into(), "2".into()), ("x-a".into(), "d".into())]);
    assert_eq!(read(&["my_hdr X: 1;my_hdr Y: 2; unmy_hdr x:"]).unwrap().fields.len(), 1);
    assert_eq!(read(&["my_hdr X: 1;my_hdr Y: 2; unmy_hdr *"]).unwrap().fields.len(), 0);
    for (name, role) in [
        ("To", FieldRole::To),
        ("cc", FieldRole::Cc),
        ("BCC", FieldRole::Bcc),
        ("From", FieldRole::From),
        ("Reply-To", FieldRole::ReplyTo),
        ("Subject", FieldRole::Ignored),
        ("Return-Path", FieldRole::Ignored),
        ("Received", FieldRole::Ignored),
        ("Date", FieldRole::Ignored),
        ("X-Y", FieldRole::Added),
    ] {
        assert_eq!(field_role(name), Ok(role), "{name}");
    }
    for name in ["Content-Type", "content-transfer-encoding", "MIME-Version"] {
        assert!(field_role(name).unwrap_err().message.contains("use content_type"), "{name}");
    }
    assert!(field_role("Resent-To").is_err());
}

#[test]
fn refusals() {
    for (commands, kind, why) in [
        ("source /etc/x", Usage, "`source` is no command"),
        ("set from=`id`", Usage, "backticks"),
        ("exec x", Usage, "`exec` is no command"),
        ("send-hook . 'set x'", Usage, "`send-hook` is no command"),
        ("set sort=date", Usage, "`sort` is no variable"),
        ("set nosort", Usage, "`nosort` is no variable"),
        ("unset sort", Usage, "`sort` is no variable"),
        ("set from", Usage, "needs a value"),
        ("set from?", Usage, "`from?` is no variable"),
        ("set from+=x", Usage, "`from+` is no variable"),
        ("set from=$EMAIL", Usage, "expands no $"),
        ("set from='a@x", Usage, "a quote is not closed"),
        ("set from=a@x # me", Usage, "# begins a comment"),
        ("set use_from=maybe", Usage, "takes yes or no"),
        ("set content_type=text", Usage, "no media type"),
        ("set dsn_notify=always", Usage, "takes never, or success"),
        ("set dsn_notify=never,delay", Usage, "takes never, or success"),
        ("set dsn_return=all", Usage, "takes full or headers"),
        ("set ssl_verify_host=no", Usage, "refused"),
        ("unset ssl_verify_dates", Usage, "refused"),
        ("set smtp_pass=canary", Usage, "visible to every user"),
        ("set smtp_url=smtp://u:canary@h", Usage, "visible to every user"),
        ("set imap_pass=canary", Usage, "no variable"),
        ("set 'imap_pass=canary'", Usage, "`imap_pass` is no variable"),
        ("smtp_pass=canary", Usage, "`smtp_pass` is no command"),
        ("'smtp_pass canary'", Usage, "`smtp_pass` is no command"),
        ("unset 'smtp_pass canary'", Usage, "`smtp_pass` is no variable"),
        ("my_hdr X-A", Usage, "no colon"),
        ("my_hdr X-A: a\\nBcc: e@x", Data, "one line"),
        ("my_hdr X-A: a\nBcc: e@x", Data, "one line"),
        ("my_hdr X A: a", Data, "no field name"),
        ("set from=\"a\\nb\"", Data, "one line"),
        ("set realname=\"a\\rb\"", Data, "one line"),
    ] {
        let error = read(&[commands]).unwrap_err();
        assert_eq!(error.kind, kind, "{commands}: {error}");
        assert!(error.message.contains(why), "{commands}: {error}");
        assert!(!format!("{error:?}").contains("canary"), "{commands}");
    }
    let error = read(&["set ssl_verify_host=no"]).unwrap_err();
    assert!(error.hint.unwrap().contains("into the profile: tls_pin"));
}

#[test]
fn the_copy_goes_where_record_says_unless_copy_is_off() {
    let fcc = |commands: &str| read(&[commands]).unwrap().fcc;
    assert_eq!(fcc("set from=a@x"), None);
    assert_eq!(fcc("set record=~/sent"), Some(Some("~/sent".into())));
    for none in
        ["set copy=no", "set nocopy record=/a", "set record=''", "unset record", "set record=/dev/null"]
    {
        assert_eq!(fcc(none), Some(None), "{none}");
    }
    assert_eq!(fcc("set record=/a copy=no; set copy=ask-yes"), Some(Some("/a".into())));
    for short in ["+Sent", "=Sent", "imaps://ann:canary@h/Sent", "'|cat'"] {
        let muttrc = read(&[&format!("set record={short}")]).unwrap();
        assert_eq!(muttrc.fcc, Some(None), "{short}");
        assert_eq!(muttrc.warnings, ["-e set record: its value is no path, so no copy is kept"]);
    }
    assert!(read(&["set record=~bob/sent"]).unwrap_err().message.contains("another user's home"));
}

#[test]
fn every_variable_can_be_unset() {
    for name in VARIABLES {
        let error = read(&[&format!("unset {name}")]).err().map(|error| error.message).unwrap_or_default();
        assert!(!error.contains("no variable"), "{error}");
        assert_eq!(
            read(&[&format!("set no{name}")]).err().map(|error| error.message).unwrap_or_default(),
            error
        );
    }
}
