//! Rows by which replies are classed: those of a provider before the generic ones, and the first that fits wins. What no row
//! fits is judged by its code alone. Rows are data: what knows a provider gives them, and nothing here names one.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::mail::{Class, EnhancedStatus, ReportedReply, Stage};
use crate::smtp::Reply;

/// A kind of reply. What is empty or absent fits any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplyRow {
    /// Where it may come.
    pub at: Cow<'static, [Stage]>,
    /// The codes.
    pub codes: Cow<'static, [RangeInclusive<u16>]>,
    /// Subject and detail of the enhanced status; the detail may be any.
    pub status: Option<(u16, Option<u16>)>,
    /// Words, any of which stands in the text: all lines in one, with the status before them. ASCII case is ignored, and
    /// a `*` is a gap.
    pub words: Cow<'static, [Cow<'static, str>]>,
    /// What it amounts to; `None`: what its code says, and no later row is asked.
    pub class: Option<Class>,
    /// What helps.
    pub advice: Option<Cow<'static, str>>,
}

impl ReplyRow {
    /// Whether a reply of that stage is of this kind.
    fn fits(&self, stage: Stage, reply: &ReportedReply, status: Option<EnhancedStatus>) -> bool {
        let is_here = self.at.is_empty() || self.at.contains(&stage);
        let has_code = self.codes.is_empty() || self.codes.iter().any(|codes| codes.contains(&reply.code));
        let has_status = self.status.is_none_or(|(subject, detail)| {
            status.is_some_and(|status| {
                status.subject == subject && detail.is_none_or(|detail| status.detail == detail)
            })
        });
        let has_words = self.words.is_empty() || self.words.iter().any(|words| stands_in(words, &reply.text));
        is_here && has_code && has_status && has_words
    }
}

/// The first row that fits a refusal, of these or else of the generic ones.
pub(super) fn row_of<'r>(rows: &'r [ReplyRow], stage: Stage, reply: &Reply) -> Option<&'r ReplyRow> {
    let (said, status) = (reply.reported(), reply.status());
    rows.iter().chain(&super::generic::ROWS).find(|row| row.fits(stage, &said, status))
}

/// Whether the pieces between the gaps of `words` stand in `text`, one behind the other.
fn stands_in(words: &str, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut rest = text.as_str();
    words.to_ascii_lowercase().split('*').all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_gaps_in_their_order() {
        let text = "5.7.8 Username and Password not accepted. BadCredentials 授权码";
        for (words, is_there) in [
            ("5.7.8", true),
            ("5.7.8*badcredentials", true),
            ("USERNAME*password*Accepted", true),
            ("*accepted.*", true),
            ("授权码", true),
            ("", true),
            ("badcredentials*5.7.8", false),
            ("password*password", false),
            ("5.7.9", false),
        ] {
            assert_eq!(stands_in(words, text), is_there, "{words}");
        }
    }

    fn said(code: u16, lines: &[&str]) -> Reply {
        Reply { code, lines: lines.iter().map(|&line| line.to_owned()).collect() }
    }

    fn class(rows: &[ReplyRow], stage: Stage, reply: &Reply) -> Option<Class> {
        row_of(rows, stage, reply).and_then(|row| row.class)
    }

    /// Those of a provider come first, the first of them wins, and one without a class ends the search.
    #[test]
    fn the_first_row_wins() {
        let row = |at: &'static [Stage], code: u16, words: &'static str, class| ReplyRow {
            at: Cow::Borrowed(at),
            codes: Cow::Owned(vec![code..=code]),
            words: Cow::Owned(vec![Cow::Borrowed(words)]),
            class,
            ..ReplyRow::default()
        };
        let rows = [
            row(&[Stage::Auth], 535, "5.7.8*app password", Some(Class::SecretKind)),
            row(&[], 454, "daily*exceeded", Some(Class::Quota(7))),
            row(&[Stage::Rcpt], 451, "too many", None),
            row(&[Stage::Dot], 554, "", Some(Class::ServiceOff)),
        ];
        for (stage, code, lines, wanted) in [
            (
                Stage::Auth,
                535,
                &["5.7.8 No.", "5.7.8 Take an", "5.7.8 App Password"][..],
                Some(Class::SecretKind),
            ),
            (Stage::Auth, 535, &["5.7.8 No."], Some(Class::Secret)),
            (Stage::Auth, 454, &["Daily message quota exceeded"], Some(Class::Quota(7))),
            (Stage::Rcpt, 454, &["Daily message quota exceeded"], Some(Class::Quota(7))),
            (Stage::Auth, 454, &["Daily message quota reached"], Some(Class::Throttled(900))),
            (Stage::Rcpt, 451, &["too many"], None),
            (Stage::Mail, 451, &["too many"], Some(Class::Throttled(900))),
            (Stage::Dot, 554, &["5.7.1 spam"], Some(Class::ServiceOff)),
            (Stage::Dot, 550, &["5.7.1 spam"], Some(Class::Content)),
        ] {
            assert_eq!(class(&rows, stage, &said(code, lines)), wanted, "{stage:?} {code} {lines:?}");
        }
    }
}
