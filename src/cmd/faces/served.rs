//! `sendmail -bs`: SMTP on standard input and output. Each message goes the way of any other, and the reply to its dot tells
//! what became of it.

use std::io::{self, Read};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::cli::{Raw, Request, Source as Typed};
use crate::cmd::dialogue::{Answer, Ended, Host, converse};
use crate::cmd::given::{Finished, Handed};
use crate::cmd::inputs::Files;
use crate::cmd::send::{Composed, compose};
use crate::cmd::{Exit, Failure, World, settings};
use crate::mail::{Address, EnhancedStatus, Notify, OriginalRecipient};
use crate::mime::Source;
use crate::smtp::{Arrival, Refusal};
use crate::sys::{bell, interrupted, reason};
use crate::ui::Complaint;

/// Serves whoever speaks on standard input, until they are done.
pub(in crate::cmd) fn serve(request: &Request, world: &mut World<'_>) -> Result<Exit, Failure> {
    // The streams are the dialogue's; what a message has to say goes to standard error and into the replies.
    let input = std::mem::replace(&mut world.stdin, Box::leak(Box::new(io::empty())));
    let output = std::mem::replace(&mut world.stdout, Box::leak(Box::new(io::sink())));
    world.stdin_is_terminal = false;
    let settings = settings::resolve(request, world).ok();
    let size_limit = settings.and_then(|settings| settings.outgoing.max_size).map(|size| size.value);
    let host = Host { name: world.machine.clone(), size_limit };
    let input = &mut Heedful(input);
    let ended = converse(host, input, output, &mut |arrival, source| take(request, arrival, source, world));
    match ended {
        Ended::Closed | Ended::Silent => Ok(Exit::Ok),
        Ended::Deaf(error) => Err(broken("cannot read the standard input", &error)),
        // Whoever has heard enough may go.
        Ended::Mute(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Ok),
        Ended::Mute(error) => Err(broken("cannot write to the standard output", &error)),
    }
}

/// Standard input, at whose next line it ends when somebody asks us to: once a mail was sent, signals do not kill.
struct Heedful<'a>(&'a mut dyn Read);

impl Read for Heedful<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // Before any mail signals kill, and there is nothing to wait for beside the input.
        while let Some(bell) = bell() {
            if interrupted(1).is_some() {
                return Ok(0);
            }
            let stdin = rustix::stdio::stdin();
            let mut watched = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&bell, PollFlags::IN)];
            match poll(&mut watched, None) {
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
                Ok(_) if watched[0].revents().is_empty() => continue,
                Ok(_) => break,
            }
        }
        self.0.read(into)
    }
}

fn broken(headline: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::IoErr, Complaint::new(headline).because(reason(error)))
}

/// Sends a message that has arrived.
fn take(request: &Request, arrival: Arrival, source: Source, world: &mut World<'_>) -> Answer {
    let mut request = request.clone();
    request.raw = Some(Raw { source: Typed::Stdin, reads_recipients: false });
    let path = arrival.reverse_path.map_or_else(|| "<>".to_owned(), |path| path.to_string());
    request.reverse_path = Some(path);
    request.recipients = arrival.recipients.iter().map(|one| one.address.to_string()).collect();
    request.wishes.notify = common(arrival.recipients.iter().map(|one| one.notify)).or(request.wishes.notify);
    request.wishes.returned = arrival.returned.or(request.wishes.returned);
    request.wishes.envelope_id = arrival.envelope_id.or(request.wishes.envelope_id);
    let originals =
        arrival.recipients.into_iter().filter_map(|one| Some((one.address.to_string(), one.original?)));
    let done = send(request, source, originals.collect(), world);
    done.unwrap_or_else(|failure| {
        failure.say(world);
        Err(refused(&failure))
    })
}

fn send(
    mut request: Request,
    source: Source,
    originals: Vec<(String, OriginalRecipient)>,
    world: &mut World<'_>,
) -> Result<Answer, Failure> {
    let settings = settings::resolve(&request, world)?;
    let files = Files::open(&request, &settings)?;
    let handed = Finished::of(source, &mut request, false).map(Handed::Finished)?;
    match compose(request, settings, files, Some(handed), world)? {
        Composed::Settled(_) => Ok(Ok("nothing is sent".to_owned())),
        Composed::Ready(mut ready) => {
            for (address, original) in originals {
                if let Ok(address) = Address::parse(&address) {
                    ready.mail.note_original(&address, original);
                }
            }
            ready.submit(world)
        }
    }
}

/// What is wished of all recipients alike: of one mail there is one such wish here.
fn common(mut wishes: impl Iterator<Item = Option<Notify>>) -> Option<Notify> {
    let first = wishes.next()??;
    wishes.all(|wish| wish == Some(first)).then_some(first)
}

/// A failure as a reply: for now where a later try may help, with what helps.
fn refused(failure: &Failure) -> Refusal {
    let status = match failure.exit {
        Exit::DataErr => EnhancedStatus::new(5, 6, 0),
        Exit::Usage => EnhancedStatus::new(5, 5, 4),
        Exit::Unavailable => EnhancedStatus::new(5, 3, 4),
        Exit::Config | Exit::NoPerm => EnhancedStatus::new(4, 3, 5),
        _ => EnhancedStatus::new(4, 3, 0),
    };
    let words: Vec<String> = failure.complaints.iter().map(Complaint::to_string).collect();
    Refusal::new(status, words.concat())
}
