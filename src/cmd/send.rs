//! The verb `send`: one mail, from the words typed to the exit code.

mod copy;
mod dry;
mod editor;
mod promised;
mod ready;
mod size;
mod spoken;
mod told;

use self::copy::Fcc;
use self::editor::Task;
pub(super) use self::ready::{Composed, compose};
use crate::cli::Request;
use crate::cmd::given::Handed;
use crate::cmd::inputs::{Files, take_recipient};
use crate::cmd::queue::{Memory, Waiting, Wish, leave_run, may_wait, once, spool};
use crate::cmd::route::{Route, no_secret};
use crate::cmd::{Exit, Failure, World, faces, settings};
use crate::config::{PendingSecret, Queue, Settings};
use crate::deliver::{Fallback, File, Sendmail, SmartHost, Transport};
use crate::mail::{Address, Envelope, OriginalRecipient, Outcome, Problem, Report, Warning};
use crate::mime::{Message, Source};
use crate::spool::{Id, Name};
use crate::sys::{Interrupt, Secret, catch_interrupts};

/// Sends the mail that `request` asks for.
pub(super) fn send(request: &Request, world: &mut World<'_>) -> Result<Exit, Failure> {
    let mut request = request.clone();
    take_recipient(&mut request);
    faces::settle(&mut request, world)?;
    let task = Task::of(&request, world)?;
    if !matches!(task, Some(Task::Write)) {
        request.require_recipient()?;
    }
    let settings = settings::resolve(&request, world)?;
    let mut files = Files::open(&request, &settings)?;
    let Some(task) = task else { return send_with(request, settings, files, None, world) };
    let edited = task.perform(&mut request, &mut files, &settings, world)?;
    let is_trial = request.dry_run;
    let done = send_with(request, settings, files, edited.source.clone(), world);
    edited.close(done, is_trial, world)
}

/// Sends it; `written` is the draft that a person has written for it.
pub(super) fn send_with(
    mut request: Request,
    settings: Settings,
    files: Files,
    written: Option<Source>,
    world: &mut World<'_>,
) -> Result<Exit, Failure> {
    let handed = Handed::read(&mut request, written, world)?;
    match compose(request, settings, files, handed, world)? {
        Composed::Ready(ready) => ready.send(world),
        Composed::Settled(exit) => Ok(exit),
    }
}

/// A mail as it is sent.
pub(super) struct Mail {
    pub(super) request: Request,
    pub(super) settings: Settings,
    envelope: Envelope,
    message: Message,
    fcc: Option<Fcc>,
    warnings: Vec<Warning>,
}

impl Mail {
    /// Hands it over by `route`; `secret` is that of the login.
    pub(super) fn deliver(
        &self,
        route: &Route,
        mut secret: Option<PendingSecret>,
        world: &mut World<'_>,
    ) -> Result<Report, Failure> {
        let report = self.deliver_with(route, secret.as_mut(), world)?;
        let is_missing = report.outcomes().iter().any(|one| one.problem == Some(Problem::NoSecret));
        match secret.filter(|_| is_missing) {
            Some(secret) => Err(no_secret(secret)),
            None => Ok(report),
        }
    }

    fn deliver_with(
        &self,
        route: &Route,
        secret: Option<&mut PendingSecret>,
        world: &mut World<'_>,
    ) -> Result<Report, Failure> {
        let mut wait = secret.map(|secret| || secret.wait());
        let secret = wait.as_mut().map(|wait| wait as &mut dyn FnMut() -> Option<Secret>);
        if matches!(route, Route::SmartHost(_) | Route::Fallback(_)) {
            // Without it they kill, as they do where another program or a file takes the mail.
            let _ = catch_interrupts();
        }
        let stderr = &mut *world.stderr;
        let mut say = |line: &str| {
            let _ = writeln!(stderr, "{line}");
        };
        let transcript: Option<&mut dyn FnMut(&str)> =
            if self.request.verbose > 0 { Some(&mut say) } else { None };
        let mut transport: Box<dyn Transport> = match route {
            Route::SmartHost(route) => {
                Box::new(SmartHost { route, resolve: world.resolve, transcript, secret })
            }
            Route::Fallback(routes) => {
                Box::new(Fallback { routes, resolve: world.resolve, transcript, secret })
            }
            Route::Sendmail(command) => Box::new(Sendmail {
                command: command.clone(),
                without: self.settings.secret_variables.clone(),
                passed: Sendmail::passed(|name| world.surroundings.variable(name)),
                patience: self.settings.timeouts.dot.value,
                run: world.run,
            }),
            Route::File(place) => Box::new(File {
                place: place.clone(),
                name: file_name(world)?,
                time: world.clock.now(),
                stdout: world.stdout,
                notes: Vec::new(),
            }),
            Route::Sandbox => unreachable!("the sandbox has a way of its own"),
        };
        Ok(transport.deliver(&self.envelope, &self.message))
    }

    fn waiting(&self) -> Waiting<'_> {
        Waiting { settings: &self.settings, envelope: &self.envelope, message: &self.message }
    }

    /// Notes whom the sender has written to by this address (RFC 3461 4.2).
    pub(super) fn note_original(&mut self, address: &Address, original: OriginalRecipient) {
        if let Some(place) = self.envelope.recipients().iter().position(|one| one == address) {
            self.envelope = self.envelope.clone().with_original(place, original);
        }
    }

    /// What tells a program that its mail was taken: the queue id, or the unique part of the Message-ID.
    fn accepted(&self, id: Option<Id>) -> String {
        let message_id = self.message.message_id().trim_matches(['<', '>']);
        match id {
            Some(id) => format!("queued as {id}"),
            None => format!("id={}", message_id.split('@').next().unwrap_or_default()),
        }
    }

    /// Whether it is queued before anything is tried.
    fn goes_first_into_the_queue(&self, route: &Route) -> bool {
        self.settings.queue.value == Queue::Always && self.may_be_queued(route)
    }

    /// Whether the queue is wanted at all, and can go by the profile.
    fn may_be_queued(&self, route: &Route) -> bool {
        let is_wanted = self.request.queue.unwrap_or(self.settings.queue.value != Queue::Off);
        is_wanted
            && matches!(route, Route::SmartHost(_) | Route::Fallback(_))
            && self.settings.is_of_a_profile()
    }

    /// Queues it, and then lets the queue try it once. Whatever comes of that, it is queued.
    fn queue_first(&self, memory: &mut Memory, world: &mut World<'_>) -> Result<(Exit, Option<Id>), Failure> {
        let is_first = !spool::is_there(&self.settings, world);
        let (mut report, id) = self.waiting().queue_first(memory, world)?;
        self.judge_ground(is_first, &mut report, world);
        self.copy(&mut report, memory, world);
        report.warnings.append(&mut memory.warnings);
        if memory.is_known {
            return Ok((self.tell_as(None, &report, id, world), id));
        }
        let exit = self.tell(&report, id, world);
        // Its end notes in the same memory what became of it.
        memory.release();
        let wanted: &dyn Fn(&Name) -> bool = &|name| Some(name.id) == id;
        let wish = Wish { is_now: false, is_noted: false, is_watching: false, is_left: false, wanted };
        // The next run says what went wrong with this one.
        let _ = once(&wish, &self.request, world);
        leave_run(&self.request, &self.settings, world);
        Ok((exit, id))
    }

    /// Queues it for those who are deferred, where that is wanted. What names the server only here is not known to
    /// the queue, which goes by profiles.
    fn keep(
        &self,
        route: &Route,
        mut report: Report,
        memory: &mut Memory,
        world: &World<'_>,
    ) -> (Report, Option<Id>) {
        let is_called_off = |one: &Outcome| one.problem == Some(Problem::Interrupted(Interrupt::Int));
        // Who stops it at the terminal does not want it to go later; whoever ends a service does not judge its mail.
        if !report.outcomes().iter().any(may_wait) || report.outcomes().iter().any(is_called_off) {
            return (report, None);
        }
        let is_wanted = match (self.request.queue, self.settings.queue.value) {
            (Some(is_wanted), _) => is_wanted,
            (None, Queue::Off) => false,
            (None, Queue::OnFailure | Queue::Always) => true,
            (None, Queue::Auto) => self.request.is_last_try || spool::is_run(&self.settings, world),
        };
        if !is_wanted {
            return (report, None);
        }
        let is_server = matches!(route, Route::SmartHost(_) | Route::Fallback(_));
        if !is_server || !self.settings.is_of_a_profile() {
            // Where no server is spoken to, only who has asked for the queue expects it.
            if is_server || self.request.queue == Some(true) {
                let words = "not queued: no profile names the server, and the queue goes by profiles";
                report.warnings.push(words.to_owned());
            }
            return (report, None);
        }
        let is_first = !spool::is_there(&self.settings, world);
        let (mut report, id) = self.waiting().take_over(report, memory, world);
        self.judge_ground(is_first && id.is_some(), &mut report, world);
        (report, id)
    }

    /// Keeps a copy of what was sent or queued, where one is wanted; of a mail that was something already there is one.
    fn copy(&self, report: &mut Report, memory: &Memory, world: &World<'_>) {
        if let Some(fcc) = self.fcc.as_ref().filter(|_| !memory.is_known) {
            fcc.keep(&self.envelope, &self.message, report, world);
        }
    }

    /// Warns of a spool that keeps nothing for long; once, where the first mail of it is queued.
    fn judge_ground(&self, is_first: bool, report: &mut Report, world: &World<'_>) {
        let folder = spool::folder(&self.settings, world).filter(|_| is_first);
        report.warnings.extend(folder.and_then(|folder| spool::fleeting(&folder)));
    }

    /// Lets what waits for its time be tried behind it, where it went over the network itself.
    fn try_what_is_due(&self, route: &Route, world: &World<'_>) {
        if !matches!(route, Route::File(_)) {
            leave_run(&self.request, &self.settings, world);
        }
    }
}

/// A name that is unique in a Maildir (its convention: time, something unique, host).
fn file_name(world: &World<'_>) -> Result<String, Failure> {
    let seconds = world.clock.now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let token = world.random.token(12).map_err(|error| Failure::plain(Exit::OsErr, error.to_string()))?;
    Ok(format!("{seconds}.{token}.{}", world.machine))
}
