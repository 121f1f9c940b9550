//! The verb `send`: one mail, from the words typed to the exit code.

use std::io::BufReader;
use std::path::PathBuf;

use crate::cli::{EmptyBody, MissingSubject, Request};
use crate::cmd::draft::{draft, identity, recipients};
use crate::cmd::failure::system_words;
use crate::cmd::inputs::{Files, Inputs, take_recipient};
use crate::cmd::route::{Route, hello_name, profile_place};
use crate::cmd::{Exit, Failure, World, advice, settings};
use crate::config::Settings;
use crate::deliver::{File, Sandbox, Sendmail, SmartHost, Transport};
use crate::mail::{Envelope, Report};
use crate::mime::{Contents, Message};
use crate::ui::{self, Complaint};

/// Where the sandbox keeps what arrives.
const SANDBOX: &str = "whippet-sandbox";

/// What is said of a mail that `--empty-body skip` keeps back.
const SKIPPED: &str = "skipped: empty body";

/// Sends the mail that `request` asks for.
pub(super) fn send(request: &Request, world: &mut World<'_>) -> Result<Exit, Failure> {
    let mut request = request.clone();
    take_recipient(&mut request);
    let request = &request;
    let settings = settings::resolve(request, world)?;
    let identity = identity(request, &settings, world)?;
    let recipients = recipients(request, &settings, &identity)?;
    let files = Files::open(request)?;
    let envelope = recipients.envelope(&identity)?;
    if request.subject.is_none() && request.missing_subject == Some(MissingSubject::Fail) {
        return Err(Failure::plain(Exit::DataErr, "there is no subject").hint("give one with -s"));
    }
    let route = if request.dry_run { None } else { Some(Route::choose(request, &settings, world)?) };

    let inputs = Inputs::read(files, request, world)?;
    for warning in request.warnings.iter().chain(&inputs.warnings) {
        warn(request, world, warning);
    }
    match inputs.emptiness(request)? {
        Some(EmptyBody::Skip) => {
            warn(request, world, SKIPPED);
            if request.json {
                let _ = world.stdout.write_all(ui::nothing_json(SKIPPED).as_bytes());
            }
            return Ok(Exit::Ok);
        }
        Some(EmptyBody::Fail) => {
            return Err(Failure::plain(Exit::DataErr, "there is no text: the body is empty")
                .hint("--empty-body send sends it all the same"));
        }
        Some(EmptyBody::Send) | None => {}
    }
    let draft = draft(request, &settings, identity, recipients, inputs, world)?;
    let message = Message::compose(draft, world.random)?;
    for warning in message.warnings() {
        warn(request, world, warning);
    }

    match route {
        None => dry_run(&envelope, &message, world),
        Some(Route::Sandbox) => sandbox(request, &settings, &envelope, &message, world),
        Some(route) => {
            let report = deliver(request, &settings, route, &envelope, &message, world)?;
            Ok(tell(request, &settings, &report, &message, world))
        }
    }
}

/// Hands the message over by `route`.
fn deliver(
    request: &Request,
    settings: &Settings,
    route: Route,
    envelope: &Envelope,
    message: &Message,
    world: &mut World<'_>,
) -> Result<Report, Failure> {
    let stderr = &mut *world.stderr;
    let mut say = |line: &str| {
        let _ = writeln!(stderr, "{line}");
    };
    let mut transport: Box<dyn Transport> = match &route {
        Route::SmartHost(route) => Box::new(SmartHost {
            route,
            resolve: world.resolve,
            transcript: if request.verbose > 0 { Some(&mut say) } else { None },
        }),
        Route::Sendmail(command) => Box::new(Sendmail {
            command: command.clone(),
            without: settings.secret_variables.clone(),
            run: world.run,
        }),
        Route::File(place) => Box::new(File { place: place.clone(), name: file_name(world)? }),
        Route::Sandbox => unreachable!("the sandbox has a way of its own"),
    };
    Ok(transport.deliver(envelope, message))
}

/// A name that is unique in a Maildir (its convention: time, something unique, host).
fn file_name(world: &World<'_>) -> Result<String, Failure> {
    let seconds = world.clock.now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let token = world.random.token(12).map_err(|error| Failure::plain(Exit::OsErr, error.to_string()))?;
    Ok(format!("{seconds}.{token}.{}", world.machine))
}

/// Says what there is to say, and gives the exit code.
fn tell(
    request: &Request,
    settings: &Settings,
    report: &Report,
    message: &Message,
    world: &mut World<'_>,
) -> Exit {
    let exit = Exit::of_report(report);
    let hints = advice::hints(report, settings, &profile_place(world));
    if request.json {
        let text = ui::report_json(report, exit.code(), message.message_id(), message.size(), &hints);
        // A reader that went away cannot change what became of the mail.
        let _ = world.stdout.write_all(text.as_bytes());
    }
    for warning in &report.warnings {
        warn(request, world, warning);
    }
    for complaint in ui::complaints(report) {
        let _ = write!(world.stderr, "{complaint}");
    }
    for hint in hints {
        let _ = writeln!(world.stderr, "hint: {}", ui::printable(&hint));
    }
    exit
}

fn warn(request: &Request, world: &mut World<'_>, text: &str) {
    if !request.quiet {
        let _ = writeln!(world.stderr, "whippet: {}", ui::printable(text));
    }
}

/// The message on stdout, the envelope on stderr, nothing connected.
fn dry_run(envelope: &Envelope, message: &Message, world: &mut World<'_>) -> Result<Exit, Failure> {
    let reverse_path = envelope.reverse_path().map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(world.stderr, "MAIL FROM:<{reverse_path}> SIZE={}", message.size());
    for recipient in envelope.recipients() {
        let _ = writeln!(world.stderr, "RCPT TO:<{recipient}>");
    }
    match message.write_to(&mut world.stdout) {
        // Whoever reads our output may stop when they have seen enough.
        Err(crate::mime::MessageError::Sink(error)) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let complaint = Complaint::new("cannot write the message to the standard output");
            Err(Failure::new(Exit::IoErr, complaint.because(system_words(&error.to_string()))))
        }
        Err(crate::mime::MessageError::Sink(_)) | Ok(()) => Ok(Exit::Ok),
        Err(error) => Err(error.into()),
    }
}

/// Sends to a server of our own and shows what arrived there.
fn sandbox(
    request: &Request,
    settings: &Settings,
    envelope: &Envelope,
    message: &Message,
    world: &mut World<'_>,
) -> Result<Exit, Failure> {
    let broken = |error: std::io::Error| {
        let complaint = Complaint::new("the sandbox does not work").because(system_words(&error.to_string()));
        Failure::new(
            Exit::CantCreat,
            complaint.hint(format!("it keeps its mail in ./{SANDBOX}: can you write there?")),
        )
    };
    let folder = PathBuf::from(SANDBOX);
    let sandbox = Sandbox::start(&folder, world.random).map_err(broken)?;
    let route = sandbox.route(hello_name(request, settings, world), settings.timeouts.plain());
    let report = deliver(request, settings, Route::SmartHost(Box::new(route)), envelope, message, world)?;
    let kept = sandbox.finish().map_err(broken)?;
    let exit = tell(request, settings, &report, message, world);
    if request.json || request.quiet {
        return Ok(exit);
    }
    for kept in kept {
        let file = std::fs::File::open(&kept.path).map_err(broken)?;
        let contents = Contents::read(&mut BufReader::new(file)).map_err(broken)?;
        let text = arrival(&report, &kept, &contents);
        let _ = world.stdout.write_all(text.as_bytes());
    }
    Ok(exit)
}

fn arrival(report: &Report, kept: &crate::deliver::Kept, contents: &Contents) -> String {
    let mut rows = Vec::new();
    let mut row = |label: &str, value: String| rows.push((label.to_owned(), value));
    let session = &report.session;
    if let Some(tls) = &session.tls {
        let login = session.mechanism.as_deref().unwrap_or("no login");
        row("accepted", format!("by {} over {}, login with {login}", session.host, tls.version));
    }
    row("envelope", format!("from <{}>", kept.arrival.reverse_path));
    for recipient in &kept.arrival.recipients {
        row("", format!("to <{recipient}>"));
    }
    for (index, (name, value)) in contents.fields.iter().enumerate() {
        row(if index == 0 { "header" } else { "" }, format!("{name}: {value}"));
    }
    let part = |leaf: &crate::mime::Leaf| {
        (leaf.media_type.clone(), leaf.name.clone().unwrap_or_default(), leaf.octets)
    };
    let parts: Vec<_> = contents.parts.iter().map(part).collect();
    let mut text = ui::arrivals(&rows, &parts);
    text.push_str(&ui::arrivals(&[("kept in".to_owned(), format!("./{}", kept.path.display()))], &[]));
    text
}
