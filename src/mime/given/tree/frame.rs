//! A part that holds others: where its parts are, and how much of them may be changed.

use std::ops::Range;

use crate::mime::given::label::Label;

/// How much a part may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Care {
    /// Nothing of it needs 8BITMIME afterwards.
    Encode,
    /// What no server takes is changed, and fields that are not ASCII (RFC 5322 2.2).
    Fields,
    /// Only what no server takes is changed.
    OnlyLong,
    Never,
}

/// A part that holds others and is open.
#[derive(Debug)]
pub(super) struct Frame {
    /// None for an attached message, and for what has ended.
    pub(super) boundary: Option<Vec<u8>>,
    /// Whether its parts are messages unless they say otherwise (RFC 2046 5.1.5).
    pub(super) is_digest: bool,
    pub(super) care: Care,
    /// Its Content-Transfer-Encoding field, and what that says.
    pub(super) transfer: Option<(Range<u64>, String)>,
    /// Whether something in it was changed.
    pub(super) is_edited: bool,
    /// Whether octets above 127 are left in it.
    pub(super) is_eight_bit: bool,
}

impl Frame {
    /// The frame of a part that holds parts, in one of this care.
    pub(super) fn of(label: &Label, care: Care) -> Option<Self> {
        let is_sealed = ["multipart/signed", "multipart/encrypted"].contains(&label.essence.as_str());
        let is_message = ["message/rfc822", "message/global"].contains(&label.essence.as_str());
        let boundary = label.boundary();
        if !is_message && boundary.is_none() {
            return None;
        }
        // An encoded message is one leaf.
        if is_message && !label.is_unencoded() {
            return None;
        }
        let care = match (is_sealed, is_message) {
            (true, _) => Care::Never,
            (_, true) => care.max(Care::OnlyLong),
            _ => care,
        };
        let is_digest = label.essence == "multipart/digest";
        let boundary = boundary.filter(|_| !is_message);
        Some(Frame { boundary, is_digest, care, transfer: None, is_edited: false, is_eight_bit: false })
    }
}
