//! `queue show`: one entry, or its message as it is stored.

use std::io;

use super::chosen::{candidates, unfound};
use super::{Counter, facts};
use crate::cli::{Chosen, Part};
use crate::cmd::{Exit, Failure, World, print};
use crate::mail::Wishes;
use crate::mime::MessageError;
use crate::spool::desk::{Condition, Facts, Gates, Row, Spot};
use crate::spool::{Cause, Event, Fate, Kind, Seen, Store, Trouble};
use crate::ui::Complaint;
use crate::ui::queue as ui;

/// Most of a header that is printed, octets.
const LONGEST_HEADER: usize = 1 << 20;

/// Shows the entry with this ID.
pub(super) fn show(
    counter: &Counter<'_>,
    id: &str,
    part: Part,
    world: &mut World<'_>,
) -> Result<Exit, Failure> {
    let wanted = Chosen { ids: vec![id.to_owned()], ..Chosen::default() };
    let found = candidates(counter, &wanted, &[])?;
    let (Some(spot), Some(store)) = (found.spots.first(), counter.store) else {
        return Err(found.unfound.first().map_or_else(|| Failure::plain(Exit::NoInput, "no entry"), unfound));
    };
    let seen = see(store, spot, counter.rules.in_doubt_limit)?;
    match part {
        Part::Entry => {
            let gates = Gates::read(store).map_err(|error| super::trouble(&error))?;
            let details = details(spot, &seen, &gates);
            let text = match counter.json {
                true => ui::details_json(&details, counter.now_s),
                false => ui::details(&details, counter.now_s),
            };
            print(&text, world)?;
        }
        Part::Header => {
            let header = seen.body().head(LONGEST_HEADER).map_err(|error| super::trouble(&error))?;
            written(spot, world.stdout.write_all(&header).map_err(MessageError::Sink))?;
        }
        Part::Message => {
            let body = seen.body().write_to(&mut world.stdout);
            written(spot, body)?;
        }
    }
    print("", world)?;
    Ok(Exit::Ok)
}

/// Reads an entry that may move while it is looked for.
fn see<'s>(store: &'s Store<'static>, spot: &Spot, limit: u32) -> Result<Seen<'s>, Failure> {
    let mut seen = store.see(spot.place(), &spot.text(), limit);
    if let (Err(Trouble::Gone), Some(id)) = (&seen, spot.id())
        && let Ok(Some((place, name))) = store.find(id)
    {
        let text = name.map_or_else(|| id.to_string(), |name| name.to_string());
        seen = store.see(place, &text, limit);
    }
    seen.map_err(|trouble| {
        let exit = super::act::exit(&trouble);
        let headline = format!("cannot read {}", facts::file(spot));
        Failure::new(exit, Complaint::new(headline).because(facts::words(&trouble)))
    })
}

/// What came of writing a message. A reader that went away is no failure.
fn written(spot: &Spot, result: Result<(), MessageError>) -> Result<(), Failure> {
    let file = facts::file(spot);
    match result {
        Ok(()) => Ok(()),
        Err(MessageError::Sink(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(MessageError::Changed { change, .. }) => Err(Failure::new(
            Exit::DataErr,
            Complaint::new(format!("the message of {file} is not printed to its end")).because(change),
        )),
        Err(error) => Err(error.into()),
    }
}

fn details(spot: &Spot, seen: &Seen<'_>, gates: &Gates) -> ui::Details {
    let condition = Condition::of(spot.place(), seen);
    let made_s = Some(seen.header.created_ms / 1000);
    let row = Row { spot: spot.clone(), condition, made_s, facts: Ok(Facts::of(spot, seen)) };
    let addresses: Vec<String> = seen.sealed.envelope.recipients().iter().map(ToString::to_string).collect();
    let recipient = |(place, address): (usize, &String)| ui::Recipient {
        address: address.clone(),
        fate: match seen.state.fate(place) {
            Fate::Pending => "pending",
            Fate::InDoubt(_) => "in doubt",
            Fate::Held => "held",
            Fate::Accepted => "accepted",
            Fate::Failed => "failed",
        },
        last: seen.state.last(place).cloned().map(facts::answer),
    };
    ui::Details {
        row: facts::row(row, gates),
        message_id: seen.sealed.message_id.clone(),
        uid: seen.sealed.uid,
        is_bounce: seen.header.flags.bounce,
        wishes: wishes(seen.sealed.envelope.wishes()),
        recipients: addresses.iter().enumerate().map(recipient).collect(),
        journal: seen.events.iter().map(|event| moment(event, &addresses)).collect(),
    }
}

fn wishes(wishes: &Wishes) -> Vec<ui::Wish> {
    let texts = [
        ("notify", wishes.notify.as_ref().map(ToString::to_string)),
        ("return", wishes.returned.as_ref().map(ToString::to_string)),
        ("envelope id", wishes.envelope_id.as_ref().map(|id| id.as_str().to_owned())),
        ("priority", wishes.priority.map(|priority| priority.number().to_string())),
        ("time limit", wishes.deliver_by.map(|by| format!("{} s", by.within_s))),
        ("require tls", wishes.require_tls.then(|| "yes".to_owned())),
    ];
    texts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

/// An event in words.
fn moment(event: &Event, addresses: &[String]) -> ui::Moment {
    let to = |places: &[u16]| -> String {
        let named = |place: &u16| addresses.get(usize::from(*place)).cloned().unwrap_or_default();
        match places {
            [] => "nobody".to_owned(),
            [place] => named(place),
            [place, rest @ ..] => format!("{} and {} more", named(place), rest.len()),
        }
    };
    let (event, time_s, words) = match event {
        Event::Attempt { time_s, number, .. } => ("attempt", Some(*time_s), format!("attempt {number}")),
        Event::Commit { time_s, places, .. } => {
            ("commit", Some(*time_s), format!("the end of the message is about to leave for {}", to(places)))
        }
        Event::Result { decision, places, .. } => {
            let answer = facts::answer(decision.clone());
            ("result", None, format!("{} for {}: {}", answer.outcome, to(places), answer.line()))
        }
        Event::Doubt { reason, .. } => {
            ("doubt", None, format!("it is not known whether it was taken: {reason}"))
        }
        Event::Schedule { cause, .. } => {
            let words = match cause {
                Cause::Host => "the host was not there; that was no attempt",
                Cause::Retry => "taken up again by a person",
                Cause::Hold => "held by a person",
                Cause::Release => "released by a person",
                Cause::Repair => "its end was that of a wrong clock, and is a new one",
                Cause::Attempt => "to be tried again",
            };
            ("schedule", None, words.to_owned())
        }
        Event::Notice { kind, bounce, places } => {
            let bounce = bounce.map(|id| format!(" ({id})")).unwrap_or_default();
            let about = to(places);
            let words = match kind {
                Kind::Failed => format!("the sender is told that it failed for {about}{bounce}"),
                Kind::Delayed if bounce.is_empty() => {
                    "the sender is not told that it takes longer".to_owned()
                }
                Kind::Delayed => format!("the sender is told that it takes longer{bounce}"),
                Kind::Relayed => format!("the sender is told that it went on for {about}{bounce}"),
                Kind::Silent => format!("the sender is not told about {about}"),
            };
            ("notice", None, words)
        }
        Event::Removed { uid, time_s } => {
            ("removed", Some(*time_s), format!("removed by the user with the id {uid}"))
        }
    };
    ui::Moment { time_s, event, words }
}
