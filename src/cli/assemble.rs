//! Makes the request of the options that clap has read: checks each value, joins the ways to say one thing.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use clap::ArgMatches;

use crate::cli::args::{DeliveryArgs, MessageArgs, OutputArgs, ProfileArgs, RecipientArgs, SendArgs};
use crate::cli::fields;
use crate::cli::mailto::Mailto;
use crate::cli::muttrc::{FieldRole, Muttrc, field_role, sendmail_argv, unverified};
use crate::cli::once;
use crate::cli::request::{Attachment, Body, Include, Raw, Request, Source, TlsWords};
use crate::cli::rules::{
    addresses, attachment_name, attachment_type, authors, header, one_address, one_line, path, server_url,
    setting, text, word,
};
use crate::cli::usage::{UsageError, printable, shown};
use crate::mail::{Warning, WarningKind};

/// Makes the request. `matches` tells the order of the attachments. Whether there is a recipient is not asked here.
pub(super) fn request(args: SendArgs, matches: &ArgMatches) -> Result<Request, UsageError> {
    let muttrc = Muttrc::read(&args.delivery.commands)?;
    let mut request = Request::default();
    profile(args.profile, &mut request)?;
    output(args.output, &mut request)?;
    let has_body = args.message.body.is_some()
        || args.message.body_file.is_some()
        || args.message.draft.is_some()
        || args.message.raw.is_some();
    request.letter = args.letter.letter()?;
    message(args.message, matches, &mut request)?;
    args.fields.read(&mut request)?;
    recipients(args.recipients, has_body, &mut request)?;
    delivery(args.delivery, &mut request)?;
    args.copies.read(&mut request)?;
    request.wishes = args.wishes.wishes()?;
    args.once.read(&mut request)?;
    add_muttrc(muttrc, &mut request)?;
    check_stdin(&request)?;
    once::check(&request, request.body == Body::Stdin || !stdin_uses(&request).is_empty())?;
    check_addresses(&request)?;
    Ok(request)
}

/// `--profile`, `-F`, `-n`, `--set`.
pub(super) fn profile(args: ProfileArgs, request: &mut Request) -> Result<(), UsageError> {
    request.profile = args.profile.map(|name| word("--profile", name)).transpose()?;
    request.config_file = args.config.map(|file| path("--config", file)).transpose()?.map(PathBuf::from);
    request.no_system = args.no_system;
    request.set = args.set.into_iter().map(setting).collect::<Result<_, _>>()?;
    Ok(())
}

fn output(args: OutputArgs, request: &mut Request) -> Result<(), UsageError> {
    let level = match args.debug {
        None => 0,
        Some(level) => match level.as_bytes() {
            [digit @ b'0'..=b'5'] => digit - b'0',
            _ => return Err(UsageError::usage(format!("-d takes 0 to 5, not `{}`", shown(&level)))),
        },
    };
    request.json = args.json;
    request.verbose = args.verbose.min(5).max(level);
    request.quiet = args.quiet;
    for names in args.no_warn {
        let kinds = WarningKind::read(&word("--no-warn", names)?);
        request.no_warn.extend(kinds.map_err(|error| UsageError::usage(format!("--no-warn: {error}")))?);
    }
    Ok(())
}

fn message(mut args: MessageArgs, matches: &ArgMatches, request: &mut Request) -> Result<(), UsageError> {
    request.attachments = attachments(&mut args, matches)?;
    if let Some(subject) = &args.subject {
        one_line("--subject", "a subject", subject)?;
    }
    request.subject = args.subject;
    request.draft = args.draft.map(|file| source("--draft", file)).transpose()?;
    request.allow_draft_attach = args.allow_draft_attach;
    if request.allow_draft_attach && request.draft.is_none() {
        return Err(UsageError::usage("--allow-draft-attach is about a draft, and there is none")
            .with_hint("-H FILE names one"));
    }
    let raw = args.raw.map(|file| source("--raw", file)).transpose()?;
    request.raw = raw.map(|source| Raw { source, reads_recipients: false });
    let is_stdin_named = args.body_file.as_ref().is_some_and(|file| file == "-");
    request.edit = if args.edit { Some(true) } else { is_stdin_named.then_some(false) };
    request.include = match args.include {
        None => None,
        Some(_) if request.draft.is_some() => {
            let words = "-i is ignored: the text is that of -H";
            request.warnings.push(Warning::new(WarningKind::IGNORED_INCLUDE, words));
            None
        }
        Some(file) if file == "-" => Some(Include::Stdin),
        Some(file) => Some(Include::File(path("--include", file)?.into())),
    };
    request.body = match (args.body, args.body_file) {
        (Some(body), _) => Body::Text(body),
        (None, Some(file)) if file == "-" => Body::Stdin,
        (None, Some(file)) => Body::File(path("--body-file", file)?.into()),
        (None, None) if request.raw.is_some() => Body::Empty,
        // Where standard input goes elsewhere, nothing is left for the body.
        (None, None) if stdin_uses(request).is_empty() => Body::Stdin,
        (None, None) => Body::Empty,
    };
    request.charset = args.charset.map(|name| word("--charset", name)).transpose()?;
    request.headers = args.header.iter().map(|field| header("--header", field)).collect::<Result<_, _>>()?;
    request.no_signature = args.no_signature;
    request.empty_body = args.empty_body;
    request.missing_subject = args.missing_subject;
    Ok(())
}

/// The forms in which an attachment, or something for the next one, is given.
#[derive(Debug, Clone, Copy)]
enum Form {
    List,
    Plain,
    As,
    Stdin,
    Type,
}

/// The attachments of all forms in the order typed.
fn attachments(args: &mut MessageArgs, matches: &ArgMatches) -> Result<Vec<Attachment>, UsageError> {
    let mut words: Vec<(usize, Form, OsString)> = Vec::new();
    for (id, form, values) in [
        ("list", Form::List, &mut args.list),
        ("attach", Form::Plain, &mut args.attach),
        ("attach_as", Form::As, &mut args.attach_as),
        ("attach_stdin", Form::Stdin, &mut args.attach_stdin),
        ("attach_type", Form::Type, &mut args.attach_type),
    ] {
        let indices = matches.indices_of(id).into_iter().flatten();
        words.extend(indices.zip(values.drain(..)).map(|(index, value)| (index, form, value)));
    }
    words.sort_by_key(|(index, ..)| *index);
    let mut list = Vec::new();
    let mut next_type = None;
    for (_, form, word) in words {
        let (source, name) = match form {
            Form::Type => {
                if next_type.replace(attachment_type("--attach-type", word)?).is_some() {
                    return Err(UsageError::usage("--attach-type is given twice for one attachment"));
                }
                continue;
            }
            Form::List => (source("-a", word)?, None),
            Form::Plain => (source("--attach", word)?, None),
            Form::As => named(word)?,
            Form::Stdin => (Source::Stdin, Some(attachment_name("--attach-stdin", &word)?)),
        };
        let from_list = matches!(form, Form::List);
        list.push(Attachment { source, name, media_type: next_type.take(), from_list });
    }
    match next_type {
        Some(_) => Err(UsageError::usage("no attachment follows --attach-type")
            .with_hint("--attach-type stands before the attachment it is for")),
        None => Ok(list),
    }
}

fn source(option: &str, word: OsString) -> Result<Source, UsageError> {
    if word == "-" { Ok(Source::Stdin) } else { Ok(Source::File(path(option, word)?.into())) }
}

/// Splits `NAME=PATH` of `--attach-as` at its first `=`.
fn named(word: OsString) -> Result<(Source, Option<String>), UsageError> {
    let octets = word.into_vec();
    let Some(equals) = octets.iter().position(|octet| *octet == b'=') else {
        return Err(UsageError::usage("--attach-as takes NAME=PATH, and there is no = in its value"));
    };
    let name = attachment_name("--attach-as", &OsString::from_vec(octets[..equals].to_vec()))?;
    Ok((source("--attach-as", OsString::from_vec(octets[equals + 1..].to_vec()))?, Some(name)))
}

fn recipients(args: RecipientArgs, has_body: bool, request: &mut Request) -> Result<(), UsageError> {
    for word in args.words {
        let word = text("a recipient", word)?;
        if Mailto::is_url(&word) {
            add_mailto(Mailto::parse(&word)?, has_body, request);
        } else {
            add_list(&mut request.recipients, word);
        }
    }
    for (option, words, list) in [
        ("--to", args.to, &mut request.to),
        ("--cc", args.cc, &mut request.cc),
        ("--bcc", args.bcc, &mut request.bcc),
    ] {
        for word in words {
            add_list(list, text(option, word)?);
        }
    }
    request.from = args.from.map(|word| text("--from", word)).transpose()?;
    request.reply_to = args.reply_to.map(|word| text("--reply-to", word)).transpose()?;
    request.reverse_path = args.reverse_path.map(|word| text("--reverse-path", word)).transpose()?;
    Ok(())
}

/// Adds a list, unless nothing is in it: `-c "$UNSET"` is common in scripts.
pub(super) fn add_list(lists: &mut Vec<String>, list: String) {
    if !list.trim_matches([' ', '\t', ',']).is_empty() {
        lists.push(list);
    }
}

/// Adds the parts of a URL. What an option says is stronger.
fn add_mailto(mailto: Mailto, has_body: bool, request: &mut Request) {
    request.recipients.extend(mailto.to);
    request.cc.extend(mailto.cc);
    if request.subject.is_none() {
        request.subject = mailto.subject.map(OsString::from);
    }
    for (name, value) in [("In-Reply-To", mailto.in_reply_to), ("References", mailto.references)] {
        let is_given = request.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        if let (Some(value), false) = (value, is_given) {
            request.headers.push((name.to_owned(), value.into()));
        }
    }
    match mailto.body {
        Some(_) if has_body => {
            let words = "the text in the mailto: URL is ignored: there is another";
            request.warnings.push(Warning::new(WarningKind::IGNORED_URL, words));
        }
        Some(body) => request.body = Body::Text(body.into()),
        None => {}
    }
    let ignored = mailto.ignored.into_iter();
    let words = ignored.map(|name| format!("{name} in the mailto: URL is ignored"));
    request.warnings.extend(words.map(|words| Warning::new(WarningKind::IGNORED_URL, words)));
}

fn delivery(args: DeliveryArgs, request: &mut Request) -> Result<(), UsageError> {
    request.smtp = args.smtp.map(|url| server_url("--smtp", url)).transpose()?;
    request.sendmail = args.sendmail;
    request.sandbox = args.sandbox;
    request.output = args.output.map(|place| path("--output", place).map(PathBuf::from)).transpose()?;
    request.dry_run = args.dry_run;
    request.queue = (args.queue || args.no_queue).then_some(args.queue);
    Ok(())
}

/// Adds what `-e` says. What an option says is stronger.
fn add_muttrc(muttrc: Muttrc, request: &mut Request) -> Result<(), UsageError> {
    let mut field_from = None;
    for (name, value) in muttrc.fields {
        let role = field_role(&name)?;
        let option = format!("-e my_hdr {name}");
        match role {
            FieldRole::To => add_list(&mut request.to, text(&option, value)?),
            FieldRole::Cc => add_list(&mut request.cc, text(&option, value)?),
            FieldRole::Bcc => add_list(&mut request.bcc, text(&option, value)?),
            FieldRole::From => field_from = Some(text(&option, value)?),
            FieldRole::ReplyTo => {
                let value = text(&option, value)?;
                request.reply_to.get_or_insert(value);
            }
            FieldRole::Ignored => {
                let words = format!("-e: my_hdr {} is ignored", printable(&name));
                request.warnings.push(Warning::new(WarningKind::IGNORED_FIELD, words));
            }
            FieldRole::Added => fields::add_own(request, name, value)?,
        }
    }
    request.from = request.from.take().or(muttrc.from).or(field_from);
    request.realname = muttrc.realname;
    request.hostname = muttrc.hostname;
    request.reverse_path = request.reverse_path.take().or(muttrc.reverse_path);
    request.charset = request.charset.take().or(muttrc.charset);
    request.body_type = muttrc.content_type;
    let is_html = request.letter.html.is_some().then_some("--html");
    let other = is_html.or(request.letter.markdown.then_some("--markdown"));
    let is_plain = request.body_type.as_ref().is_none_or(|kind| kind.starts_with("text/plain"));
    if let (false, Some(option)) = (is_plain, other) {
        return Err(UsageError::usage(format!(
            "{option} goes with a plain text, and -e set content_type says another type"
        )));
    }
    request.tunnel = muttrc.tunnel;
    request.flowed = request.flowed.or(muttrc.text_flowed);
    request.fcc = request.fcc.take().or(muttrc.fcc);
    request.signature = muttrc.signature;
    request.wishes.notify = request.wishes.notify.or(muttrc.dsn_notify);
    request.wishes.returned = request.wishes.returned.or(muttrc.dsn_return);
    request.tls = TlsWords {
        starttls: muttrc.ssl_starttls,
        force: muttrc.ssl_force_tls,
        ca_file: muttrc.ca_file.map(PathBuf::from),
        client_cert: muttrc.client_cert.map(PathBuf::from),
    };
    let argv = muttrc.sendmail.as_deref().map(sendmail_argv).unwrap_or_default();
    if request.sendmail {
        request.sendmail_argv = argv;
    } else if request.smtp.is_none() && !request.sandbox && request.output.is_none() {
        // In mutt too smtp_url is stronger than sendmail.
        request.smtp = muttrc.smtp_url;
        request.sendmail = request.smtp.is_none() && !argv.is_empty();
        request.sendmail_argv = if request.sendmail { argv } else { Vec::new() };
    }
    let has_user = request.smtp.as_ref().is_some_and(|url| url.contains('@'));
    if has_user && request.tls.force == Some(false) {
        return Err(unverified("-e set ssl_force_tls=no"));
    }
    request.warnings.extend(muttrc.warnings);
    Ok(())
}

/// The options that read standard input, the body left out.
fn stdin_uses(request: &Request) -> Vec<&'static str> {
    let attached = request.attachments.iter().filter(|attachment| attachment.source == Source::Stdin);
    let attached = attached.map(|attachment| match (&attachment.name, attachment.from_list) {
        (_, true) => "-a -",
        (None, false) => "--attach -",
        (Some(_), false) => "a named attachment",
    });
    let included = (request.include == Some(Include::Stdin)).then_some("-i -");
    let draft = (request.draft == Some(Source::Stdin)).then_some("-H -");
    let is_raw = request.raw.as_ref().is_some_and(|raw| raw.source == Source::Stdin);
    let raw = is_raw.then_some("--raw -");
    let html = (request.letter.html == Some(Source::Stdin)).then_some("--html -");
    attached.chain(included).chain(draft).chain(raw).chain(html).collect()
}

/// Refuses a request that reads standard input twice: the second reader would find nothing.
fn check_stdin(request: &Request) -> Result<(), UsageError> {
    let mut uses = stdin_uses(request);
    if request.body == Body::Stdin && !uses.is_empty() {
        uses.push("--body-file -");
    }
    match uses.len() {
        0 | 1 => Ok(()),
        _ => Err(UsageError::usage(format!(
            "standard input feeds one thing, and {} want it",
            uses.join(" and ")
        ))),
    }
}

/// Reads every address once, so that all bad ones are named together.
pub(super) fn check_addresses(request: &Request) -> Result<(), UsageError> {
    let lists = [("", &request.recipients), ("To", &request.to), ("Cc", &request.cc), ("Bcc", &request.bcc)];
    let lists = lists.into_iter().flat_map(|(option, lists)| lists.iter().map(move |list| (option, list)));
    let lists = lists.map(|(option, list)| addresses(option, list).map(drop));
    let from = request.from.iter().map(|from| authors("From", from));
    let sender = request.sender.iter().map(|sender| one_address("Sender", sender));
    let receipt = request.read_receipt.iter().filter(|list| !list.is_empty());
    let receipt = receipt.map(|list| addresses("--read-receipt", list).map(drop));
    let reply_to = request.reply_to.iter().map(|list| addresses("Reply-To", list).map(drop));
    let path = request.reverse_path.iter().filter(|path| !matches!(path.trim(), "" | "<>"));
    let path = path.map(|path| one_address("reverse-path", path));
    let errors: Vec<String> = lists
        .chain(from)
        .chain(sender)
        .chain(receipt)
        .chain(reply_to)
        .chain(path)
        .filter_map(Result::err)
        .map(|error| error.message)
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(UsageError::data(errors.join("; "))) }
}
