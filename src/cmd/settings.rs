//! The verb `config show`, and mutt's `-D` and `-Q`: what is set, and where. Also how a request finds its settings.

use crate::cli::Request;
use crate::cmd::route::profile_place;
use crate::cmd::{Exit, Failure, World, print};
use crate::config::{self, Origin, Row, Settings, Wanted};
use crate::mail::{Listed, parse_list};
use crate::ui;

/// The settings that hold for `request`.
pub(super) fn resolve(request: &Request, world: &World<'_>) -> Result<Settings, Failure> {
    // A From that cannot be read chooses no profile; it is complained of where it is used.
    let from = request.from.as_deref().and_then(|text| parse_list(text, None).ok());
    let from = from.as_deref().and_then(|listed| match listed {
        [Listed::Mailbox(mailbox), ..] => Some(mailbox.address.clone()),
        _ => None,
    });
    let wanted = Wanted {
        config_file: request.config_file.clone(),
        no_system: request.no_system,
        profile: request.profile.clone(),
        from,
        smtp: request.smtp.clone(),
        tunnel: request.tunnel.clone(),
        max_size: request.max_size.clone(),
        signature: request.signature.clone(),
        set: request.set.clone(),
        is_queued: false,
    };
    Ok(config::resolve(&wanted, &world.surroundings)?)
}

/// Whether there is the profile that `request` names.
pub(super) fn has_profile(request: &Request, world: &World<'_>) -> bool {
    resolve(request, world).is_ok_and(|settings| settings.profile == request.profile)
}

/// Prints every setting that has a value, with its origin.
pub(super) fn show(request: &Request, world: &mut World<'_>) -> Result<Exit, Failure> {
    let settings = resolve(request, world)?;
    let mut rows = vec![];
    if let Some(profile) = &settings.profile {
        rows.push(("profile".to_owned(), profile.clone(), String::new()));
    }
    rows.extend(settings.rows().into_iter().filter_map(row));
    let text = if request.json { ui::settings_json(&rows) } else { ui::settings(&rows) };
    print(&text, world)?;
    if !settings.is_configured() {
        let place = profile_place(world);
        let _ = writeln!(world.stderr, "whippet: no profile names a server; one goes into {place}");
    }
    Ok(Exit::Ok)
}

/// Prints one setting; one without a value prints nothing behind its name.
pub(super) fn query(name: &str, request: &Request, world: &mut World<'_>) -> Result<Exit, Failure> {
    let found = resolve(request, world)?.row(name)?;
    let is_built_in = found.origin == Origin::BuiltIn.to_string();
    let from = match &found.value {
        None => "is not set".to_owned(),
        Some(_) if is_built_in => "is not set: this is the built-in value".to_owned(),
        Some(_) => format!("is set by {}", found.origin),
    };
    let text = format!("{}={}\n", found.key, found.value.unwrap_or_default());
    print(&text, world)?;
    let _ = writeln!(world.stderr, "whippet: {} {from}", found.key);
    Ok(Exit::Ok)
}

fn row(row: Row) -> Option<(String, String, String)> {
    Some((row.key.to_owned(), row.value?, row.origin))
}
