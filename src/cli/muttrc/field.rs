//! What becomes of a field of `my_hdr`: most are added, some say who gets the mail, some are whippet's own.

use crate::cli::usage::UsageError;

/// What a field of `my_hdr` is to whippet.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum FieldRole {
    To,
    Cc,
    Bcc,
    From,
    ReplyTo,
    /// Left out; mutt leaves it out too, or whippet writes it itself.
    Ignored,
    /// Added as it is.
    Added,
}

/// Decides what a field of `my_hdr` is.
pub(in crate::cli) fn field_role(name: &str) -> Result<FieldRole, UsageError> {
    let name = name.to_ascii_lowercase();
    Ok(match name.as_str() {
        "to" => FieldRole::To,
        "cc" => FieldRole::Cc,
        "bcc" => FieldRole::Bcc,
        "from" => FieldRole::From,
        "reply-to" => FieldRole::ReplyTo,
        "subject" | "return-path" | "received" | "date" => FieldRole::Ignored,
        "mime-version" => return Err(mime_field(&name)),
        _ if name.starts_with("content-") => return Err(mime_field(&name)),
        _ if name.starts_with("resent-") => {
            return Err(UsageError::usage(format!(
                "-e my_hdr: the field {name} cannot be added: whippet does not resend"
            )));
        }
        _ => FieldRole::Added,
    })
}

fn mime_field(name: &str) -> UsageError {
    UsageError::usage(format!("-e my_hdr: the field {name} cannot be added; use content_type"))
        .with_hint("-e 'set content_type=text/html'")
}
