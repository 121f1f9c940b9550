//! Address lists, and addresses alone.

use crate::mail::{Address, Listed, parse_list};

/// Any text: what is read can be printed and is read back the same.
pub fn address(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let domain = (data.first().is_some_and(|first| first % 2 == 0)).then_some("home.example");
    match parse_list(&text, domain) {
        Ok(list) => {
            for mailbox in list.iter().flat_map(Listed::mailboxes) {
                judge(&mailbox.address);
            }
            let printed = list.iter().map(Listed::to_string).collect::<Vec<_>>().join(", ");
            assert_eq!(parse_list(&printed, None).as_ref(), Ok(&list), "{printed:?}");
        }
        Err(error) => assert!(!error.to_string().chars().any(char::is_control), "{error:?}"),
    }
    match Address::parse(&text) {
        Ok(address) => judge(&address),
        Err(error) => assert!(!error.to_string().chars().any(char::is_control), "{error:?}"),
    }
}

/// It can stand in a command as it is.
fn judge(address: &Address) {
    let text = address.to_string();
    assert!(text.len() <= 254 && address.domain().is_ascii(), "{text:?}");
    assert!(!text.chars().any(char::is_control), "{text:?}");
    let is_quoted = address.local().starts_with('"');
    assert!(is_quoted || !text.contains([' ', '<', '>', ',', ';', '(', ')']), "{text:?}");
    assert_eq!(Address::parse(&text).as_ref(), Ok(address), "{text:?}");
    assert!(address.same_mailbox(address), "{text:?}");
}
