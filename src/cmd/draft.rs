//! From what was typed and what is set to a draft and an envelope: addresses are qualified here.

mod local;
mod people;
mod signature;

pub(super) use local::Locals;
pub(super) use people::{Recipients, locals, print_alias, recipients};
pub(super) use signature::Signature;

use local::BARE;

use crate::cli::Request;
use crate::cmd::inputs::Inputs;
use crate::cmd::{Exit, Failure, World};
use crate::config::{FromRule, Layer, Origin, Settings};
use crate::mail::{Address, Listed, Mailbox, Warning, WarningKind, parse_list};
use crate::mime::{Charsets, Draft, Text, charset};
use crate::sys::reason;
use crate::ui::Complaint;

/// Who writes, and what completes a bare name.
pub(super) struct Identity {
    pub(super) author: Mailbox,
    /// Who else writes.
    pub(super) co_authors: Vec<Mailbox>,
    /// Who hands it in, if that was said.
    pub(super) sender: Option<Mailbox>,
    pub(super) reverse_path: Option<Address>,
    pub(super) domain: String,
    /// Who was the author, where the profile's took their place.
    pub(super) replaced: Option<Mailbox>,
}

impl Identity {
    /// Lets a name of this machine in the reverse-path stand for whom it stands for.
    pub(super) fn redirect(&mut self, locals: &Locals<'_>) {
        self.reverse_path = self.reverse_path.take().map(|path| locals.redirected(&path));
    }

    /// Puts the profile's author in the place of another, where `from_rule` wants that.
    fn obey(&mut self, settings: &Settings) {
        let Some(own) = settings.author().or_else(|| login_address(settings)) else { return };
        if settings.local.from_rule.value == FromRule::Keep {
            return;
        }
        // No provider tells `Dan` from `dan`.
        let is_own =
            |address: &Address| address.to_string().to_lowercase() == own.address.to_string().to_lowercase();
        if self.reverse_path.as_ref().is_some_and(|path| !is_own(path)) {
            self.reverse_path = Some(own.address.clone());
        }
        self.sender = self.sender.take().filter(|sender| is_own(&sender.address));
        if !is_own(&self.author.address) {
            let name = self.author.name.clone().or(own.name);
            let author = Mailbox { name, address: own.address };
            self.replaced = Some(std::mem::replace(&mut self.author, author));
            self.co_authors.clear();
        }
    }
}

/// Finds the author: flag, profile, `$EMAIL`, a login that is an address, the account on this machine.
pub(super) fn identity(
    request: &Request,
    settings: &Settings,
    world: &World<'_>,
) -> Result<Identity, Failure> {
    let qualified = settings.local.qualify_domain.as_ref().map(|set| set.value.as_str());
    let named = request.hostname.as_deref().or(qualified);
    let of_profile = settings.author().filter(|_| request.raw.is_some());
    // Whom a program writes to is completed by the profile, whatever the program calls itself (`root@web1`).
    let domain = |author: &Mailbox| match (named, &of_profile) {
        (Some(domain), _) => domain.to_owned(),
        (None, Some(own)) => own.address.domain().to_owned(),
        (None, None) => author.address.domain().to_owned(),
    };
    let mut co_authors = Vec::new();
    let mut author = match &request.from {
        Some(from) => {
            let of_profile = settings.from.as_ref().map(|from| from.value.address.domain());
            // What a program hands in is not refused for the name that it gives itself.
            let of_machine = request.raw.as_ref().map(|_| world.machine.as_str());
            co_authors = authors(from, named.or(of_profile).or(of_machine))?;
            co_authors.remove(0)
        }
        // As other sendmail programs do: without a From, who is named by -f is the author.
        None => match typed_path(request).filter(|_| request.raw.is_some()) {
            Some(path) => {
                let of_profile = of_profile.as_ref().map(|own| own.address.domain());
                let domain = named.or(of_profile).or(Some(&world.machine));
                Mailbox { name: None, ..single(path, domain, "a reverse-path is one address")? }
            }
            None => match settings.author().or_else(|| login_address(settings)) {
                Some(author) => author,
                None => account_mailbox(named, world)?,
            },
        },
    };
    if author.name.is_none() && co_authors.is_empty() {
        author.name = request
            .realname
            .as_ref()
            .map(|name| name.to_string_lossy().into_owned())
            .or_else(|| settings.realname.as_ref().map(|name| name.value.clone()))
            .filter(|name| !name.trim().is_empty());
    }
    let domain = domain(&author);
    let sender = request.sender.as_deref();
    let sender = sender.map(|text| single(text, Some(&domain), "a Sender is one address")).transpose()?;
    let reverse_path = match &request.reverse_path {
        Some(_) => match typed_path(request) {
            Some(path) => Some(single(path, Some(BARE), "a reverse-path is one address")?.address),
            None => None,
        },
        None => match &settings.envelope_from {
            Some(path) => path.value.clone(),
            // RFC 5322 3.6.2: the Sender is who answers for the transmission.
            None => {
                let own = settings.author().filter(|_| request.raw.is_some());
                Some(own.as_ref().or(sender.as_ref()).unwrap_or(&author).address.clone())
            }
        },
    };
    let mut identity = Identity { author, co_authors, sender, reverse_path, domain, replaced: None };
    identity.obey(settings);
    Ok(identity)
}

/// The reverse-path that was typed, if it is not the null one.
fn typed_path(request: &Request) -> Option<&str> {
    request.reverse_path.as_deref().map(str::trim).filter(|path| !matches!(*path, "" | "<>"))
}

fn login_address(settings: &Settings) -> Option<Mailbox> {
    let username = settings.username.as_ref()?;
    Address::parse(&username.value).ok().map(Mailbox::from)
}

/// `user@machine`, or in this domain, with the person's name from the account.
fn account_mailbox(domain: Option<&str>, world: &World<'_>) -> Result<Mailbox, Failure> {
    let known = world.account.as_ref();
    let variable = |name| world.surroundings.variable(name).and_then(|value| value.into_string().ok());
    let name = known
        .map(|account| account.name.clone())
        .or_else(|| variable("LOGNAME"))
        .or_else(|| variable("USER"));
    let address =
        Address::new(&name.unwrap_or_else(|| "nobody".to_owned()), domain.unwrap_or(&world.machine))?;
    Ok(Mailbox { name: known.and_then(|account| account.person.clone()), address })
}

/// All who write, at least one.
fn authors(text: &str, domain: Option<&str>) -> Result<Vec<Mailbox>, Failure> {
    let mailbox = |listed| match listed {
        Listed::Mailbox(mailbox) => Some(mailbox),
        Listed::Group(_) => None,
    };
    let authors: Option<Vec<Mailbox>> = parse_list(text, domain)?.into_iter().map(mailbox).collect();
    authors
        .filter(|authors| !authors.is_empty())
        .ok_or_else(|| Failure::plain(Exit::DataErr, format!("a From names who writes, not `{text}`")))
}

fn single(text: &str, domain: Option<&str>, wanted: &str) -> Result<Mailbox, Failure> {
    match parse_list(text, domain)?.as_slice() {
        [Listed::Mailbox(mailbox)] => Ok(mailbox.clone()),
        _ => Err(Failure::plain(Exit::DataErr, format!("{wanted}, not `{text}`"))),
    }
}

/// Adds the fields of every mail to the request.
pub(super) fn add_fields(request: &mut Request, settings: &Settings) -> Result<(), Failure> {
    let letter = &settings.letter;
    if let Some(set) = letter.auto_submitted.as_ref().filter(|set| !set.value.is_empty()) {
        // Before the others: one of them that says the same gives way.
        add(request, "auto_submitted", &[format!("Auto-Submitted: {}", set.value)], &set.origin)?;
    }
    match &letter.default_headers {
        Some(set) => add(request, "default_headers", &set.value, &set.origin),
        None => Ok(()),
    }
}

fn add(request: &mut Request, key: &str, fields: &[String], origin: &Origin) -> Result<(), Failure> {
    request.add_default_fields(&format!("{origin}: {key}"), fields).map_err(|error| {
        let exit = if origin.layer() == Layer::Flags { Exit::Usage } else { Exit::Config };
        Failure { exit, ..Failure::from(error) }
    })
}

/// Composes: headers from the request, addresses and inputs, what is policy from the settings.
pub(super) fn draft(
    request: &Request,
    settings: &Settings,
    identity: Identity,
    recipients: Recipients,
    inputs: Inputs,
    world: &World<'_>,
) -> Result<Draft, Failure> {
    let token = world.random.token(26).map_err(|error| {
        Failure::new(Exit::OsErr, Complaint::new("no random octets for a Message-ID").because(reason(&error)))
    })?;
    let message_id = format!("<{token}@{}>", identity.domain);
    let mut draft = Draft::new(identity.author, world.clock.local(), message_id);
    draft.co_authors = identity.co_authors;
    draft.sender = identity.sender;
    draft.reply_to = recipients.reply_to;
    draft.to = recipients.to;
    draft.cc = recipients.cc;
    draft.subject = request.subject.as_deref().map(Text::from);
    draft.fields =
        request.headers.iter().map(|(name, value)| (name.clone(), Text::from(value.as_os_str()))).collect();
    if !recipients.receipt.is_empty() {
        let list = recipients.receipt.iter().map(Listed::to_string).collect::<Vec<_>>().join(", ");
        draft.fields.push(("Disposition-Notification-To".to_owned(), Text::from(list)));
    }
    draft.body = inputs.body;
    draft.attachments = inputs.attachments;
    if let Some(body_type) = &request.body_type {
        draft.body_type.clone_from(body_type);
    }
    let is_set = || settings.letter.text_flowed.as_ref().is_some_and(|set| set.value);
    draft.is_flowed = request.flowed.unwrap_or_else(is_set);
    let output = settings.charset.as_ref().map(|charset| charset.value);
    draft.charsets = Charsets { output, ..charsets(request, world)? };
    Ok(draft)
}

/// Puts the author of the profile into the header; answers go to the `old` one. Says so.
pub(super) fn replace_author(draft: &mut Draft, old: Mailbox, locals: &Locals<'_>) -> Warning {
    let words =
        format!("{} is the author in place of {}, as from_rule says", draft.from.address, old.address);
    let old = vec![Listed::Mailbox(Mailbox { name: old.name, address: locals.redirected(&old.address) })];
    let author = vec![Listed::Mailbox(draft.from.clone())];
    match &mut draft.given {
        // Who resends it is the author here; who wrote it stays (RFC 5322 3.6.6).
        Some(given) if !given.prefix().is_empty() => {
            given.set_counted("From", author);
            given.remove_counted("Sender");
        }
        Some(given) => {
            given.set_addresses("From", author);
            given.remove("Sender");
            if !given.has("Reply-To") {
                given.set_addresses("Reply-To", old);
            }
        }
        None if draft.reply_to.is_empty() => draft.reply_to = old,
        None => {}
    }
    Warning::new(WarningKind::REPLACED_AUTHOR, words)
}

/// What is given may be in: the charset that the request names, and that of the locale.
pub(super) fn charsets(request: &Request, world: &World<'_>) -> Result<Charsets, Failure> {
    let declared = request.charset.as_deref().map(charset).transpose()?.flatten();
    Ok(Charsets { declared, locale: locale_charset(world), ..Charsets::default() })
}

/// The codeset of the locale: what follows the dot in the first of LC_ALL, LC_CTYPE, LANG that is set (POSIX 8.2).
fn locale_charset(world: &World<'_>) -> Option<&'static encoding_rs::Encoding> {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| world.surroundings.variable(name))?;
    let locale = locale.into_string().ok()?;
    let codeset = locale.split_once('.')?.1;
    charset(codeset.split('@').next()?).ok().flatten()
}
