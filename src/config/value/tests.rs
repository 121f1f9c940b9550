//! Values of each type, good and bad.

use super::*;

/// Reads the value of `key = TEXT`.
fn toml<T>(text: &str, read: impl Fn(Given<'_>) -> Reading<T>) -> Reading<T> {
    let value = DeValue::parse(text).unwrap();
    read(Given::Toml(value.get_ref()))
}

#[test]
fn types_are_told() {
    assert_eq!(toml("'465'", port).unwrap_err(), "must be a number from 1 to 65535, not a string");
    assert_eq!(toml("0", port).unwrap_err(), "must be a number from 1 to 65535");
    assert_eq!(toml("65536", port).unwrap_err(), "must be a number from 1 to 65535");
    assert_eq!(toml("1_025", port), Ok(1025));
    assert_eq!(toml("0x19", port), Ok(25));
    assert_eq!(toml("1.5", text).unwrap_err(), "must be a string, not a number with a fraction");
    assert_eq!(toml("'true'", boolean).unwrap_err(), "must be true or false, not a string");
    assert_eq!(
        toml("[1]", auth).unwrap_err(),
        "must be the name of a login mechanism or a list of them, not a number"
    );
}

#[test]
fn a_flag_takes_the_type_of_its_key() {
    assert_eq!(port(Given::Text("465")), Ok(465));
    assert!(port(Given::Text("+465")).is_err());
    assert_eq!(boolean(Given::Text("yes")), Ok(true));
    assert_eq!(auth(Given::Text("login,plain")), Ok(vec![Mechanism::Login, Mechanism::Plain]));
}

#[test]
fn line_ends_and_nul_pass_nowhere() {
    for bad in ["a\rb", "a\nb", "a\0b"] {
        let given = Given::Text(bad);
        assert!(text(given).is_err() && any_text(given).is_err() && hello_name(given).is_err());
        assert!(host_setting(given).is_err() && mailbox(given).is_err() && reverse_path(given).is_err());
        assert!(path(given, None, None).is_err() && charset(given).is_err());
    }
    let error = toml("\"can\\nary\"", password).unwrap_err();
    assert_eq!(error, "may not hold a line break or NUL");
    assert_eq!(text(Given::Text("a\nb")).unwrap_err(), "may not hold the control character \\n");
}

#[test]
fn replies_are_in_a_charset_that_holds_ascii() {
    assert_eq!(reply_charset(Given::Text("gb2312")), Ok(encoding_rs::GBK));
    assert!(
        reply_charset(Given::Text("utf-16le")).is_err() && reply_charset(Given::Text("klingon")).is_err()
    );
}

#[test]
fn reports_are_a_string_or_a_list() {
    assert_eq!(toml("['failure', 'Delay']", dsn_notify), Ok(Notify::parse("failure,delay").unwrap()));
    assert_eq!(toml("'never'", dsn_notify), Ok(Notify::Never));
    assert_eq!(dsn_return(Given::Text("hdrs")), Ok(Return::Headers));
    for bad in ["[]", "''", "['never', 'delay']", "[1]", "true"] {
        assert!(toml(bad, dsn_notify).is_err(), "{bad}");
    }
    assert_eq!(toml("'all'", dsn_return).unwrap_err(), "takes full or headers, not `all`");
}

#[test]
fn a_reverse_path_may_be_null() {
    for null in ["", "<>", " <> "] {
        assert_eq!(reverse_path(Given::Text(null)), Ok(None));
    }
    let address = Address::parse("a@b").unwrap();
    assert_eq!(reverse_path(Given::Text("<a@b>")), Ok(Some(address.clone())));
    assert_eq!(reverse_path(Given::Text("a@b")), Ok(Some(address)));
    assert!(reverse_path(Given::Text("a")).is_err());
}

#[test]
fn paths_begin_at_home_or_at_the_file() {
    let home = Some(Path::new("/h"));
    let folder = Some(Path::new("/f"));
    let read = |text| path(Given::Text(text), home, folder);
    assert_eq!(read("~/x"), Ok(PathBuf::from("/h/x")));
    assert_eq!(read("x/y"), Ok(PathBuf::from("/f/x/y")));
    assert_eq!(read("/x"), Ok(PathBuf::from("/x")));
    assert!(read("~root/x").is_err());
    assert!(path(Given::Text("~/x"), None, folder).is_err());
    assert_eq!(program(Given::Text("sendmail"), home, folder), Ok(PathBuf::from("sendmail")));
}

#[test]
fn times_have_bounds() {
    let limit = &timeouts::LIMITS[0];
    assert_eq!(toml("30", |given| time(given, limit)), Ok(Duration::from_secs(30)));
    assert_eq!(toml("'5m'", |given| time(given, limit)), Ok(Duration::from_secs(300)));
    assert_eq!(toml("301", |given| time(given, limit)).unwrap_err(), "may be at most 5m (RFC 5321 4.5.3.2)");
    assert_eq!(toml("0", any_time).unwrap_err(), "must be at least 1s");
    assert!(toml("-1", any_time).is_err());
    assert!(toml("true", any_time).unwrap_err().ends_with("not true or false"));
}

#[test]
fn charsets_are_those_of_the_web() {
    assert_eq!(charset(Given::Text("Latin1")).unwrap().name(), "windows-1252");
    assert!(charset(Given::Text("utf-9")).is_err());
    assert!(charset(Given::Text("hz-gb-2312")).is_err(), "a charset that decodes to nothing");
}

#[test]
fn pins_are_read_one_by_one() {
    let hex = "0".repeat(64);
    assert_eq!(pins(Given::Text(&hex)).unwrap().len(), 1);
    assert_eq!(pins(Given::Text(&format!("{hex},sha256:{hex}"))).unwrap().len(), 2);
    assert!(pins(Given::Text("sha1:00")).unwrap_err().contains("`sha1:00` is none"));
    assert!(pins(Given::Text("")).is_err());
}

#[test]
fn addresses_and_families() {
    assert_eq!(ip_family(Given::Text("6")), Ok(IpFamily::V6));
    assert!(ip_family(Given::Text("5")).is_err());
    for text in ["2001:db8::7", "[2001:db8::7]", "192.0.2.7"] {
        assert!(ip_address(Given::Text(text)).is_ok(), "{text}");
    }
    assert!(ip_address(Given::Text("eth0")).is_err());
}

#[test]
fn a_letter_is_in_a_charset_of_mail() {
    assert_eq!(letter_charset(Given::Text("iso-2022-jp")), Ok(encoding_rs::ISO_2022_JP));
    assert_eq!(letter_charset(Given::Text("US-ASCII")), Ok(crate::mime::ASCII));
    for label in ["utf-16", "utf-16be", "x-user-defined"] {
        let error = letter_charset(Given::Text(label)).unwrap_err();
        assert_eq!(error, "must be a charset of mail, such as gb18030", "{label}");
    }
    for label in ["hz-gb-2312", "klingon"] {
        assert!(letter_charset(Given::Text(label)).unwrap_err().contains("is no charset that is known"));
    }
}

#[test]
fn warnings_are_known_by_name() {
    use crate::mail::WarningKind;
    let two = vec![WarningKind::NO_SUBJECT, WarningKind::TOO_LARGE];
    assert_eq!(toml("['no-subject', 'too-large']", warnings), Ok(two.clone()));
    assert_eq!(warnings(Given::Text("no-subject,too-large")), Ok(two));
    let error = toml("'no-sbject'", warnings).unwrap_err();
    assert!(error.starts_with("is wrong: `no-sbject` is no warning; there are no-subject, "), "{error}");
}
