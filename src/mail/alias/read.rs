//! The lines of an alias file, in the form of mutt (`alias NAME ADDRESS, ...`) or of aliases(5) (`NAME: ADDRESS, ...`).

use super::{Aliases, Target, list_target};

/// A line that says no alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// The line where it begins, from 1.
    pub line: usize,
    /// What is wrong with it, a sentence.
    pub problem: String,
}

/// What a line says, or what is wrong with it.
type Reading<T> = Result<T, String>;

/// A line with those that continue it.
struct Logical {
    /// The line where it begins, from 1.
    line: usize,
    text: String,
    form: Form,
}

/// Whose form a line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `alias NAME ADDRESS`.
    Mutt,
    /// `NAME: ADDRESS`, or what is wrong.
    Plain,
}

/// Adds what `text` says to `aliases`.
pub(super) fn read(aliases: &mut Aliases, text: &str, path: &str) -> Vec<BadLine> {
    let mut bad = Vec::new();
    for logical in logical_lines(text, &mut bad) {
        let read = match logical.form {
            Form::Mutt => mutt(&logical.text),
            Form::Plain => plain(&logical.text),
        };
        let place = format!("{path}:{}", logical.line);
        let added = read.and_then(|(name, targets)| {
            let targets = targets.map_err(|reason| format!("`{}` {reason}", name.escape_debug()))?;
            let added = aliases.add(&name, targets, place);
            added.map_err(|reason| format!("`{}` {reason}", name.escape_debug()))
        });
        bad.extend(added.err().map(|problem| BadLine { line: logical.line, problem }));
    }
    bad.sort_by_key(|bad| bad.line);
    bad
}

/// Joins the lines that belong together; comments and empty lines are left out.
fn logical_lines(text: &str, bad: &mut Vec<BadLine>) -> Vec<Logical> {
    let mut all: Vec<Logical> = Vec::new();
    // Whether the line before ended in a backslash.
    let mut is_open = false;
    // Whether an indented line may follow.
    let mut may_go_on = false;
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let number = index + 1;
        let mut fail = |problem: &str| bad.push(BadLine { line: number, problem: problem.to_owned() });
        if is_open && let Some(last) = all.last_mut() {
            is_open = push_open(&mut last.text, line);
            continue;
        }
        let trimmed = line.trim_start_matches([' ', '\t']);
        if trimmed.trim_end().is_empty() {
            continue;
        }
        if trimmed.starts_with('#') {
            // The next line belongs to it in mutt's form, and not in that of aliases(5).
            if ends_open(trimmed) {
                fail(
                    "a comment ends in a backslash, and it is not clear whether the next line belongs to it",
                );
            }
            continue;
        }
        let is_mutt = trimmed.strip_prefix("alias").is_some_and(|rest| rest.starts_with([' ', '\t']));
        let is_indented = trimmed.len() < line.len();
        if is_mutt {
            all.push(Logical { line: number, text: String::new(), form: Form::Mutt });
            is_open = all.last_mut().is_some_and(|last| push_open(&mut last.text, trimmed));
        } else if is_indented
            && may_go_on
            && let Some(last) = all.last_mut()
        {
            last.text.push(' ');
            last.text.push_str(trimmed);
        } else {
            all.push(Logical { line: number, text: trimmed.to_owned(), form: Form::Plain });
        }
        may_go_on = !is_mutt;
    }
    all
}

/// Adds a line without the backslash that joins it with the next one; whether there is one.
fn push_open(text: &mut String, line: &str) -> bool {
    let is_open = ends_open(line);
    text.push_str(if is_open { &line[..line.len() - 1] } else { line });
    is_open
}

/// Whether a line ends in a backslash that stands for itself.
fn ends_open(line: &str) -> bool {
    line.bytes().rev().take_while(|octet| *octet == b'\\').count() % 2 == 1
}

/// A name with what it stands for.
type Named = (String, Reading<Vec<Target>>);

/// Reads `alias [-group NAME ...] NAME LIST`. The groups are for mutt's patterns and say nothing of recipients.
fn mutt(line: &str) -> Reading<Named> {
    let mut rest = line["alias".len()..].trim_start();
    loop {
        let (word, behind) = cut_word(rest);
        if word != "-group" {
            break;
        }
        rest = cut_word(behind).1;
    }
    let (name, list) = cut_word(rest);
    if name.is_empty() {
        return Err("no name follows `alias`".to_owned());
    }
    let name = name.trim_matches('"').to_owned();
    Ok((name, words_of_mutt(list).and_then(|list| list_target(&list)).map(|target| vec![target])))
}

/// The first word, and what follows the blanks behind it.
fn cut_word(text: &str) -> (&str, &str) {
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// Undoes the backslashes by which mutt keeps quotes from itself, up to a comment. Nothing is run or expanded.
fn words_of_mutt(text: &str) -> Reading<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '#' => break,
            '`' => return Err("holds a command in backticks, and whippet runs none".to_owned()),
            '$' if chars.peek().is_some_and(|next| next.is_alphabetic() || matches!(next, '_' | '{')) => {
                return Err("holds a $ variable, and whippet expands none".to_owned());
            }
            '\\' => match chars.next() {
                Some(next) if next.is_alphanumeric() => {
                    return Err(format!("holds \\{next}, which is not understood"));
                }
                next => out.extend(next),
            },
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// Reads `NAME: ITEM, ITEM`.
fn plain(line: &str) -> Reading<Named> {
    const WRONG: &str = "is neither `alias NAME ADDRESS` nor `NAME: ADDRESS`";
    let shown = || line.chars().take(40).collect::<String>().escape_debug().to_string();
    let mut halves = Pieces { rest: Some(line), divider: ':' };
    let (Some(name), Some(items)) = (halves.next(), halves.rest) else {
        return Err(format!("`{}` {WRONG}", shown()));
    };
    let name = unquoted(name.trim());
    if name.contains([' ', '\t']) {
        return Err(format!("`{}` {WRONG}", shown()));
    }
    let items = Pieces { rest: Some(items), divider: ',' };
    let targets = items.map(str::trim).filter(|item| !item.is_empty()).map(item).collect();
    Ok((name, targets))
}

/// Reads one item of aliases(5): an address, an alias, or what whippet does not do.
fn item(text: &str) -> Reading<Target> {
    let bare = unquoted(text);
    let what = match bare.chars().next() {
        Some('|') => "a command",
        Some('/') => "a file",
        // The user of this machine, past the aliases.
        Some('\\') => "a mailbox of this machine",
        _ if bare.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(":include:")) => {
            "a list in another file"
        }
        _ => return list_target(text),
    };
    Ok(Target::Refused { text: bare, what })
}

/// A text without the quotes around it, its backslashes undone.
fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

/// The pieces of a text between dividers that stand outside of quotes, comments and angle brackets.
struct Pieces<'a> {
    rest: Option<&'a str>,
    divider: char,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let (mut is_quoted, mut depth, mut is_escaped) = (false, 0_usize, false);
        for (at, c) in rest.char_indices() {
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => is_quoted = !is_quoted,
                _ if is_quoted => {}
                '(' | '<' => depth += 1,
                ')' | '>' => depth = depth.saturating_sub(1),
                _ if c == self.divider && depth == 0 => {
                    self.rest = Some(&rest[at + c.len_utf8()..]);
                    return Some(&rest[..at]);
                }
                _ => {}
            }
        }
        self.rest = None;
        Some(rest)
    }
}
