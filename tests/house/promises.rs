//! What man/whippet-spool.7 promises: each promise names its tests, and each test that is named is there.

use crate::Offence;

const PAGE: &str = "man/whippet-spool.7";

/// Identifiers in a text: a capital letter and one or two digits, standing alone.
fn identifiers(text: &str) -> Vec<&str> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '-';
    let is_identifier = |word: &&str| {
        let (letter, digits) = word.split_at_checked(1).unwrap_or(("", ""));
        letter.chars().all(|letter| letter.is_ascii_uppercase())
            && matches!(digits.len(), 1 | 2)
            && digits.chars().all(|digit| digit.is_ascii_digit())
    };
    text.split(|letter| !is_part(letter)).filter(is_identifier).collect()
}

/// The paragraphs of the page that begin with a promise: its identifier, and the words up to the next paragraph.
fn promises(page: &str) -> Vec<(&str, &str)> {
    let mut paragraphs = page.split("\n.TP\n.B ");
    paragraphs.next();
    paragraphs
        .filter_map(|paragraph| {
            let id = *identifiers(paragraph.lines().next()?).first()?;
            let words = paragraph.split("\n.SH").next()?;
            id.starts_with('P').then_some((id, words))
        })
        .collect()
}

/// Promises without a test, tests that are named and are not there, and promises that are not there. `made` is the text
/// in which the proofs stand by `id: "K1"`, `measured` the one that names figures and other tests.
pub fn offences(page: &str, made: &str, measured: &str) -> Vec<Offence> {
    let promises = promises(page);
    let missing =
        (1..=9).map(|number| format!("P{number}")).filter(|id| promises.iter().all(|(one, _)| one != id));
    let bare = promises.iter().filter(|(_, words)| !words.contains("Proved by "));
    let figures = identifiers(measured);
    let is_there =
        |id: &str| id.starts_with('P') || made.contains(&format!("id: \"{id}\"")) || figures.contains(&id);
    let unknown = identifiers(page).into_iter().filter(|id| !is_there(id));
    let no_promise = missing.map(|id| format!("{PAGE}: {id} is not there"));
    let no_test = bare.map(|(id, _)| format!("{PAGE}: {id} names no test"));
    no_promise.chain(no_test).chain(unknown.map(|id| format!("{PAGE}: there is no test {id}"))).collect()
}

#[test]
fn samples() {
    let promise = |number| format!("\n.TP\n.B P{number} kept\nIt is.\nProved by K1, L2.\n");
    let page: String = (1..=9).map(promise).collect();
    let found = |page: &str| offences(page, "id: \"K1\",", "the figure L2");
    assert_eq!(found(&page), Vec::<Offence>::new());
    assert_eq!(found(&page.replace("P3 kept", "P kept")), ["man/whippet-spool.7: P3 is not there"]);
    assert_eq!(
        found(&page.replacen("Proved by K1, L2.", "Believe it.", 1)),
        ["man/whippet-spool.7: P1 names no test"]
    );
    let unproved = page.replacen("K1, L2", "K1, L2, K44", 1);
    assert_eq!(found(&unproved), ["man/whippet-spool.7: there is no test K44"]);
}
