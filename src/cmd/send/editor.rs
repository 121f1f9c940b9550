//! The editor: a person edits a copy of a draft, or writes one whose fields are shown above the text, and is asked before it
//! is sent. The copy is the person's alone, and stays until the mail is accepted or queued.

mod template;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use self::template::{emptiness, template, without_help};
use super::promised;
use super::ready::check;
use super::spoken::{say, silence, warn};
use crate::cli::{Body as TypedBody, Include, Request, Source as TypedSource};
use crate::cmd::given::Handed;
use crate::cmd::inputs::Files;
use crate::cmd::{Exit, Failure, World};
use crate::config::{Settings, quoted};
use crate::mail::{Warning, WarningKind};
use crate::mime::Source;
use crate::sys::reason;
use crate::ui::Complaint;

/// What a person does in the editor.
pub(super) enum Task {
    /// Edits a copy of this file, that of `-H` or `-i`.
    Edit(PathBuf),
    /// Writes the mail.
    Write,
}

/// What was edited.
pub(super) struct Edited {
    path: PathBuf,
    /// The option that takes the file.
    option: &'static str,
    /// Whether it holds the template of this file, and not a copy of the person's.
    is_ours: bool,
    /// Whether files that it names are attached.
    may_attach: bool,
    /// Whether the editor ran: before that nothing in the copy is worth keeping.
    has_run: bool,
    /// The draft, where it was written here.
    pub(super) source: Option<Source>,
}

impl Task {
    /// What is wanted; `None` where no editor is.
    pub(super) fn of(request: &Request, world: &World<'_>) -> Result<Option<Self>, Failure> {
        let is_asked = request.edit == Some(true);
        let named = match (&request.draft, &request.include) {
            (Some(TypedSource::File(path)), _) | (None, Some(Include::File(path))) => Some(path.clone()),
            _ => None,
        };
        match named {
            Some(path) if is_asked => Ok(Some(Task::Edit(path))),
            None if world.stdin_is_terminal
                && request.may_be_written()
                && (is_asked || has_editor(world)) =>
            {
                Ok(Some(Task::Write))
            }
            _ if is_asked => {
                let words = "-E edits the file of -H or -i, or what is typed at a terminal: there is neither";
                Err(Failure::usage(words))
            }
            _ => Ok(None),
        }
    }

    /// Lets the person do it. The request then has the copy in place of what was edited.
    pub(super) fn perform(
        self,
        request: &mut Request,
        files: &mut Files,
        settings: &Settings,
        world: &mut World<'_>,
    ) -> Result<Edited, Failure> {
        let path = match &self {
            Task::Edit(path) => {
                let refused = |error: std::io::Error| {
                    let headline = format!("cannot read {}", path.display());
                    Failure::new(Exit::NoInput, Complaint::new(headline).because(reason(&error)))
                };
                copy(&mut std::fs::File::open(path).map_err(refused)?, world)?
            }
            Task::Write => {
                // The template has none.
                request.no_warn.push(WarningKind::NO_DATE);
                copy(&mut template(request, settings, world)?.as_bytes(), world)?
            }
        };
        let is_text = request.draft.is_none() && request.include.is_some();
        let option = if is_text { "-i" } else { "-H" };
        let is_ours = matches!(self, Task::Write);
        let may_attach = is_ours || request.allow_draft_attach;
        let mut edited = Edited { path, option, is_ours, may_attach, has_run: false, source: None };
        // Whatever ends the program now, a signal or the power, the person knows where to look.
        let place = edited.path.display();
        warn(request, world, &format!("what is written is in {place} until it is sent"));
        match self {
            Task::Write => {
                // What was typed stands in the file, and may be another now.
                (request.from, request.subject) = (None, None);
                for list in [&mut request.to, &mut request.recipients, &mut request.cc, &mut request.bcc] {
                    list.clear();
                }
                request.body = TypedBody::Empty;
            }
            Task::Edit(_) if request.draft.is_some() => {
                request.draft = Some(TypedSource::File(edited.path.clone()));
            }
            Task::Edit(_) => {
                request.include = Some(Include::File(edited.path.clone()));
                // The text is what was edited: nothing that is typed after the answer belongs to it.
                if world.stdin_is_terminal && request.body == TypedBody::Stdin {
                    request.body = TypedBody::Empty;
                }
            }
        }
        let mut done = edited.converse(request, settings, world);
        if done.is_ok() && option == "-i" {
            done = files.include(&edited.path);
        }
        match done {
            Ok(()) => Ok(edited),
            Err(failure) => Err(edited.kept(failure)),
        }
    }
}

impl Edited {
    /// Runs the editor until the person says what is to be done.
    fn converse(
        &mut self,
        request: &Request,
        settings: &Settings,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        loop {
            self.run_editor(settings, world)?;
            if self.is_ours {
                let text = written(&self.path)?;
                if let Some(why) = emptiness(&text) {
                    return Err(Failure::plain(Exit::DataErr, format!("aborted: {why}")));
                }
                Self::warn_of_promise(&text, request, settings, world);
                self.source = Some(Source::Octets(text));
            }
            if !world.stdin_is_terminal {
                return Ok(());
            }
            // An editor that has taken it away leaves nothing to edit.
            let text = beginning(&self.path).map_err(|error| unread(&self.path, &error))?;
            if self.option == "-i" {
                // The whole file is text.
                Self::warn_of_promise(&[b"\n", text.as_slice()].concat(), request, settings, world);
            }
            let fault = self.find_fault(request, settings, world).err();
            if let Some(fault) = &fault {
                fault.say(world);
            }
            match ask(fault.is_none(), world) {
                'y' => return Ok(()),
                'e' => {}
                _ => {
                    let exit = fault.map_or(Exit::TempFail, |fault| fault.exit);
                    return Err(Failure::plain(exit, "nothing was sent"));
                }
            }
        }
    }

    /// What is wrong with the fields, the files that they name, and the people.
    fn find_fault(
        &self,
        request: &Request,
        settings: &Settings,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        let mut request = request.clone();
        let handed = Handed::read(&mut request, self.source.clone(), world)?;
        check(request, settings, handed.as_ref(), world)
    }

    /// Warns where the text of this draft speaks of an attachment and there is none.
    fn warn_of_promise(draft: &[u8], request: &Request, settings: &Settings, world: &mut World<'_>) {
        let mut warnings: Vec<Warning> = promised::of_written(draft, request).into_iter().collect();
        silence(&mut warnings, request, settings);
        say(&warnings, request, world);
    }

    fn run_editor(&mut self, settings: &Settings, world: &mut World<'_>) -> Result<(), Failure> {
        let named = ["VISUAL", "EDITOR"].iter().find_map(|name| world.surroundings.variable(name));
        let mut line = named.unwrap_or_else(|| "vi".into());
        let shown = line.to_string_lossy().into_owned();
        // As git does: the variable may hold options.
        line.push(" \"$@\"");
        let argv = ["/bin/sh".into(), "-c".into(), line, "editor".into(), self.path.clone().into()];
        let failed = |exit, why: String| {
            let complaint = Complaint::new(format!("the editor `{shown}` has failed")).because(why);
            Err(Failure::new(exit, complaint))
        };
        match world.run.converse(&argv, &settings.secret_variables) {
            Ok(status) => {
                self.has_run = true;
                self.take_out_help();
                if status.success() { Ok(()) } else { failed(Exit::OsErr, status.to_string()) }
            }
            Err(error) => failed(Exit::Usage, format!("there is no terminal for it: {}", reason(&error))),
        }
    }

    /// Takes the copy away when the mail is accepted or queued, and says where it is if not.
    /// A trial sends nothing.
    pub(super) fn close(
        self,
        done: Result<Exit, Failure>,
        is_trial: bool,
        world: &mut World<'_>,
    ) -> Result<Exit, Failure> {
        match &done {
            Ok(Exit::Ok) if !is_trial => drop(std::fs::remove_file(&self.path)),
            Ok(_) => {
                if let Some(place) = self.place() {
                    let _ = writeln!(world.stderr, "hint: {place}");
                }
            }
            Err(_) => {}
        }
        done.map_err(|failure| self.kept(failure))
    }

    /// The failure, and where the copy is kept for another try; one that nobody has touched is not.
    fn kept(&self, failure: Failure) -> Failure {
        if !self.has_run {
            let _ = std::fs::remove_file(&self.path);
            return failure;
        }
        match self.place() {
            Some(place) => failure.hint(place),
            None => failure,
        }
    }

    /// Where the copy is, and what goes on with it. `None` where an editor has taken it away.
    fn place(&self) -> Option<String> {
        let draft = beginning(&self.path).ok()?;
        let mut options = self.option.to_owned();
        if self.option == "-H" && self.may_attach && promised::names_file(&draft) {
            options.insert_str(0, "--allow-draft-attach ");
        }
        let (shown, path) = (self.path.display(), quoted(&self.path));
        Some(format!("the draft is kept in {shown}: `whippet {options} {path} ...` goes on with it"))
    }

    /// Takes the help out of the copy, which then can be sent by `-H`. With the help it is still a text to read.
    fn take_out_help(&self) {
        let folder = self.path.parent().filter(|_| self.is_ours);
        if let (Ok(draft), Some(folder)) = (written(&self.path), folder) {
            // Another file in its place: what was written is never half there.
            let put = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
                file.write_all(&draft)?;
                Ok(file.persist(&self.path)?)
            });
            drop(put);
        }
    }
}

/// Whether there is an editor to open without being asked to.
fn has_editor(world: &World<'_>) -> bool {
    let is_dumb = world.surroundings.variable("TERM").is_none_or(|term| term == "dumb");
    !is_dumb && ["VISUAL", "EDITOR"].iter().any(|name| world.surroundings.variable(name).is_some())
}

/// Copies to a new file that only this user can read.
fn copy(from: &mut dyn Read, world: &World<'_>) -> Result<PathBuf, Failure> {
    let named = ["XDG_RUNTIME_DIR", "TMPDIR"].iter().filter_map(|name| world.surroundings.variable(name));
    let folder = named.map(PathBuf::from).find(|folder| folder.is_absolute() && folder.is_dir());
    let folder = folder.unwrap_or_else(|| PathBuf::from("/tmp"));
    let mut made = || -> std::io::Result<PathBuf> {
        let mut file = tempfile::Builder::new().prefix("whippet-").suffix(".eml").tempfile_in(&folder)?;
        std::io::copy(from, &mut file)?;
        Ok(file.keep().map_err(|error| error.error)?.1)
    };
    made().map_err(|error| {
        let headline = format!("cannot make a copy to edit in {}", folder.display());
        Failure::new(Exit::CantCreat, Complaint::new(headline).because(reason(&error)))
    })
}

/// The draft without the help, its last line ended.
fn written(path: &Path) -> Result<Vec<u8>, Failure> {
    let octets = std::fs::read(path).map_err(|error| unread(path, &error))?;
    let mut text = without_help(&octets);
    if text.last().is_some_and(|&octet| octet != b'\n') {
        text.push(b'\n');
    }
    Ok(text)
}

/// As much of a draft as its header and a text of a person take: what else it holds may be long.
fn beginning(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    std::fs::File::open(path)?.take(promised::LOOKED_AT as u64).read_to_end(&mut octets)?;
    Ok(octets)
}

fn unread(path: &Path, error: &std::io::Error) -> Failure {
    let headline = format!("cannot read {} again", path.display());
    Failure::new(Exit::NoInput, Complaint::new(headline).because(reason(error)))
}

/// What is to be done: `y`, if it can be sent, `e` or `q`. The end of the input is a `q`.
fn ask(can_be_sent: bool, world: &mut World<'_>) -> char {
    // Octet by octet, so that nothing is taken from who reads on.
    let mut input = BufReader::with_capacity(1, &mut *world.stdin);
    loop {
        let question = if can_be_sent { "Send? [y]es, " } else { "" };
        let _ = write!(world.stderr, "{question}[e]dit, [q]uit: ");
        let _ = world.stderr.flush();
        let mut line = String::new();
        if !matches!(input.read_line(&mut line), Ok(1..)) {
            return 'q';
        }
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" if can_be_sent => return 'y',
            "e" | "edit" => return 'e',
            "q" | "quit" => return 'q',
            _ => {}
        }
    }
}
