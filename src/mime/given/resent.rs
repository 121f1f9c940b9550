//! Which fields say who sends a message and who receives it: those of the newest resending that names recipients, if it was
//! resent (RFC 5322 3.6.6). The others tell of what was before and stay as they are.

use super::Given;
use super::field::{Field, Value};
use crate::mail::{Listed, parse_list};

const RESENT: &str = "Resent-";

/// Marks the fields of the newest resending that names recipients, and tells what the names begin with that count.
pub(super) fn prefix(fields: &mut [Field]) -> &'static str {
    let mut newest: Vec<usize> = Vec::new();
    let mut names_somebody = false;
    for (place, field) in fields.iter().enumerate() {
        if !is_resent(field) {
            // The fields of one resending should stand together, behind what its transport has written above.
            if names_somebody && ["Received", "Return-Path"].iter().any(|name| field.is(name)) {
                break;
            }
            continue;
        }
        if newest.iter().any(|&other| fields[other].is(&field.name)) {
            if names_somebody {
                break;
            }
            newest.clear();
        }
        newest.push(place);
        names_somebody |= ["Resent-To", "Resent-Cc", "Resent-Bcc"].iter().any(|name| field.is(name));
    }
    if !names_somebody {
        return "";
    }
    newest.into_iter().for_each(|place| fields[place].is_newest = true);
    RESENT
}

fn is_resent(field: &Field) -> bool {
    field.name.get(..RESENT.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESENT))
}

/// Names are given without `Resent-` here.
impl Given {
    /// `Resent-` where fields of such names say who sends and receives, else nothing.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// What the fields of this name say that count.
    pub fn counted(&self, name: &str) -> impl Iterator<Item = String> {
        self.fields.iter().filter(self.counts(name)).filter_map(|field| field.read(&self.charsets))
    }

    /// Whether a field of this name is there that counts.
    pub fn has_counted(&self, name: &str) -> bool {
        self.fields.iter().any(|field| self.counts(name)(&field))
    }

    /// Takes the fields of this name out that count.
    pub fn remove_counted(&mut self, name: &str) {
        let counts = self.counts(name);
        self.fields.retain(|field| !counts(&field));
    }

    /// Sets addresses in place of the fields of this name that count, or behind the other fields of the resending.
    pub fn set_counted(&mut self, name: &str, list: Vec<Listed>) {
        let replaced = self.fields.iter().filter(self.counts(name));
        let value = Field::addresses(replaced, list, &self.charsets);
        self.put_counted(name, value);
    }

    /// The same with addresses that a person has typed.
    pub fn set_counted_typed(&mut self, name: &str, list: Vec<Listed>) {
        self.put_counted(name, Value::Typed(list));
    }

    /// Adds addresses that a person has typed to the first field of this name that counts, whose octets stay; there must be something to add.
    pub fn add_counted(&mut self, name: &str, list: Vec<Listed>) {
        let is_empty = |value: &[u8]| {
            let text = String::from_utf8_lossy(value).replace(['\r', '\n'], "");
            parse_list(&text, None).is_ok_and(|list| list.is_empty())
        };
        let counts = self.counts(name);
        match self.fields.iter_mut().find(|field| counts(&&**field)) {
            Some(Field { value, .. }) => match value {
                Value::Written(given) if !is_empty(given) => {
                    *value = Value::Extended(std::mem::take(given), list);
                }
                _ => *value = Value::Typed(list),
            },
            None => self.put_counted(name, Value::Typed(list)),
        }
    }

    /// Sets other addresses in each field of this name, prefix and all, where `others` finds some for what it says.
    pub fn set_each(&mut self, name: &str, others: impl Fn(&str) -> Option<Vec<Listed>>) {
        for field in self.fields.iter_mut().filter(|field| field.is(name)) {
            if let Some(list) = field.read(&self.charsets).and_then(|text| others(&text)) {
                field.value = Field::addresses([&*field], list, &self.charsets);
            }
        }
    }

    fn put_counted(&mut self, name: &str, value: Value) {
        let counts = self.counts(name);
        let name = format!("{}{name}", self.prefix);
        if self.prefix.is_empty() {
            return self.put(&name, value);
        }
        if let Some(place) = self.fields.iter().position(|field| counts(&field)) {
            self.fields[place].value = value;
            return;
        }
        // The newest resending stands above all else (RFC 5322 3.6.6).
        let place = self.fields.iter().rposition(|field| field.is_newest).map_or(0, |last| last + 1);
        self.fields.insert(place, Field { is_newest: true, ..Field::new(&name, 0, value) });
    }

    /// Whether a field has this name and counts.
    fn counts(&self, name: &str) -> impl Fn(&&Field) -> bool + use<> {
        let (name, is_resent) = (format!("{}{name}", self.prefix), !self.prefix.is_empty());
        move |field| field.is(&name) && (field.is_newest || !is_resent)
    }
}
