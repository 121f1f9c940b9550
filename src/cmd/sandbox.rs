//! `--sandbox`: the mail goes to a server of our own, and what arrived there is shown.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use anyhow::Context;

use crate::cmd::route::{Route, hello_name};
use crate::cmd::send::Mail;
use crate::cmd::{Exit, Failure, World, print};
use crate::deliver::{Kept, Sandbox};
use crate::mail::Report;
use crate::mime::{Contents, Leaf};
use crate::smtp::Bare;
use crate::ui;

/// Where the sandbox keeps what arrives.
const FOLDER: &str = "whippet-sandbox";

/// Sends `mail` to a server of our own and shows what arrived there.
pub(super) fn send(mail: &Mail, world: &mut World<'_>) -> Result<Exit, Failure> {
    let folder = PathBuf::from(FOLDER);
    let sandbox = Sandbox::start(&folder, world.random)
        .with_context(|| format!("the sandbox cannot keep its mail in ./{FOLDER}"))
        .map_err(|error| Failure::from(error).hint("start it in a folder that you can write to"))?;
    let hello_name = hello_name(&mail.request, &mail.settings, world);
    let route = sandbox.route(hello_name, mail.settings.timeouts.plain());
    let report = mail.deliver(&Route::SmartHost(Box::new(route)), None, world)?;
    let kept = sandbox.finish().context("the sandbox broke down")?;
    let exit = mail.tell(&report, None, world);
    if !mail.request.json && !mail.request.quiet {
        for kept in kept {
            let text = arrival(&report, &kept).context("what the sandbox kept cannot be read")?;
            print(&text, world)?;
        }
    }
    Ok(exit)
}

/// What arrived, as text: who took it, its envelope, header and parts, and where it is.
fn arrival(report: &Report, kept: &Kept) -> anyhow::Result<String> {
    let contents = Contents::read(&mut BufReader::new(File::open(&kept.path)?))?;
    let mut rows = Vec::new();
    let mut row = |label: &str, value: String| rows.push((label.to_owned(), value));
    let session = &report.session;
    if let Some(tls) = &session.tls {
        let login = session.mechanism.as_deref().unwrap_or("no login");
        row("accepted", format!("by {} over {}, login with {login}", session.host, tls.version));
    }
    let reverse_path = kept.arrival.reverse_path.as_ref().map(Bare::as_str).unwrap_or_default();
    row("envelope", format!("from <{reverse_path}>"));
    for recipient in &kept.arrival.recipients {
        row("", format!("to <{}>", recipient.address));
    }
    for (index, (name, value)) in contents.fields.iter().enumerate() {
        row(if index == 0 { "header" } else { "" }, format!("{name}: {value}"));
    }
    let part = |leaf: &Leaf| (leaf.media_type.clone(), leaf.name.clone().unwrap_or_default(), leaf.octets);
    let parts: Vec<_> = contents.parts.iter().map(part).collect();
    let mut text = ui::arrivals(&rows, &parts);
    text.push_str(&ui::arrivals(&[("kept in".to_owned(), format!("./{}", kept.path.display()))], &[]));
    Ok(text)
}
