//! The limit of a mail's size, which holds before anything is connected and before anything is queued.

use crate::cmd::{Exit, Failure};
use crate::config::Settings;
use crate::mime::{Draft, Source};

/// Parts that are named.
const NAMED: usize = 3;

/// What a mail may have, and which of its parts are the largest.
pub(super) struct Limit {
    /// Octets, and who said it.
    most: Option<(u64, String)>,
    /// Name and octets of all but the text, the largest first.
    parts: Vec<(String, u64)>,
}

impl Limit {
    /// The limit of these settings for this draft.
    pub(super) fn of(settings: &Settings, draft: &Draft) -> Self {
        let most = settings.outgoing.max_size.as_ref().map(|most| (most.value, most.origin.to_string()));
        let path = |source: &Source| match source {
            Source::File { path, .. } => Some(path.display().to_string()),
            Source::Octets(_) | Source::Temporary { .. } | Source::Tail { .. } => None,
        };
        let attached = draft.attachments.iter().chain(draft.inlines.iter().map(|inline| &inline.attachment));
        let attached = attached.map(|one| {
            let name = one.name.clone().or_else(|| path(&one.source));
            (name.unwrap_or_else(|| "the standard input".to_owned()), one.source.length())
        });
        let html = draft.html.iter().map(|html| {
            let name = html.body.sources.first().and_then(path);
            (name.unwrap_or_else(|| "the HTML text".to_owned()), html.body.length())
        });
        let calendar = draft.calendar.iter().map(|calendar| {
            (calendar.name.clone().unwrap_or_else(|| "the calendar".to_owned()), calendar.body.length())
        });
        let mut parts: Vec<(String, u64)> = attached.chain(html).chain(calendar).collect();
        parts.sort_by_key(|(_, octets)| std::cmp::Reverse(*octets));
        Limit { most, parts }
    }

    /// Refuses a mail whose parts alone are too large, before any is read.
    pub(super) fn check_parts(&self) -> Result<(), Failure> {
        let octets = self.parts.iter().map(|(_, octets)| octets).sum();
        self.check(octets, "without its text it has")
    }

    /// Refuses a message of more octets than may be.
    pub(super) fn check_message(&self, octets: u64) -> Result<(), Failure> {
        self.check(octets, "as it is sent it has")
    }

    fn check(&self, octets: u64, what: &str) -> Result<(), Failure> {
        let Some((most, origin)) = self.most.as_ref().filter(|(most, _)| octets > *most) else {
            return Ok(());
        };
        let (size, limit) = (amount(octets), amount(*most));
        let headline = format!("the mail is too large: {what} {size}, and max_size is {limit} ({origin})");
        let named = self.parts.iter().take(NAMED);
        let named: Vec<String> =
            named.map(|(name, octets)| format!("{name} ({})", amount(*octets))).collect();
        let mut failure = Failure::plain(Exit::Unavailable, headline);
        if let (false, Some(complaint)) = (named.is_empty(), failure.complaints.last_mut()) {
            let many = if self.parts.len() > NAMED { "its largest parts are" } else { "it holds" };
            complaint.because.push(format!("{many} {}", named.join(", ")));
        }
        Err(failure.hint("send less, or a link to it; --max-size SIZE is for a server that takes more"))
    }
}

/// A size for a person, with one digit behind the point where it is no whole number. Never rounded to less.
fn amount(octets: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let Some((shift, unit)) = units.into_iter().find(|(shift, _)| octets >= 1 << shift) else {
        return format!("{octets} octets");
    };
    let tenths = (u128::from(octets) * 10).div_ceil(1 << shift);
    match tenths % 10 {
        0 => format!("{} {unit}", tenths / 10),
        tenth => format!("{}.{tenth} {unit}", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(most: u64, sizes: &[u64]) -> Limit {
        let parts = sizes.iter().map(|size| (format!("f{size}"), *size)).collect();
        Limit { most: Some((most, "here".to_owned())), parts }
    }

    #[test]
    fn what_is_too_large_is_told_with_the_largest() {
        let few = limit(100, &[60, 30]);
        assert!(few.check_parts().is_ok() && few.check_message(100).is_ok());
        let failure = few.check_message(101).unwrap_err();
        assert_eq!(failure.exit, Exit::Unavailable);
        assert_eq!(
            failure.complaints[0].to_string(),
            "whippet: the mail is too large: as it is sent it has 101 octets, and max_size is 100 octets (here)\n  \
             because it holds f60 (60 octets), f30 (30 octets)\n\
             hint: send less, or a link to it; --max-size SIZE is for a server that takes more\n"
        );
        let failure = limit(100, &[60, 30, 20, 10]).check_parts().unwrap_err();
        let words = failure.complaints[0].to_string();
        assert!(words.contains("without its text it has 120 octets"), "{words}");
        assert!(words.contains("its largest parts are f60 (60 octets), f30 (30 octets), f20"), "{words}");
        assert!(!words.contains("f10"), "{words}");
        assert!(limit(1, &[]).check_message(2).unwrap_err().complaints[0].because.is_empty());
        assert!(Limit { most: None, parts: Vec::new() }.check_message(u64::MAX).is_ok());
    }

    #[test]
    fn amounts() {
        for (octets, text) in [
            (0, "0 octets"),
            (1023, "1023 octets"),
            (1024, "1 KiB"),
            (1025, "1.1 KiB"),
            (25 << 20, "25 MiB"),
            ((25 << 20) + 1, "25.1 MiB"),
            (u64::MAX, "17179869184 GiB"),
        ] {
            assert_eq!(amount(octets), text);
        }
    }
}
