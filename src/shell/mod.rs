//! The prompt: reads lines, carries out commands, prints results and events.
//!
//! | module | its one job |
//! |---|---|
//! | `lines`, `editor`, `history`, `live_ids`, `batch` | where lines come from |
//! | `connection`, `events` | the main connection and the event connection |
//! | `execute` | one command: requests to the management server |
//! | `outcome` | what commands come to, as values |
//! | `tell` | when values are told: as they come, or at a command's end |
//! | `render` | values to text and to JSON (pure) |
//! | `top` | a live view of the cluster, on the whole terminal or as lines |
//! | `progress`, `live_lines` | how far a backup is that is waited for |
//! | `pager` | the program that long results go to |
//! | `output`, `colors` | where text goes, and whether it is coloured |
//! | `type_ahead`, `stuck_terminal` | terminals on which is typed, and that take nothing |
//!
//! Three modes: commands in options (`-e`), commands on standard input, and a prompt on a terminal.

mod batch;
mod colors;
mod confirm;
mod connection;
mod editor;
mod events;
mod execute;
mod history;
mod interrupt;
mod lines;
mod live_ids;
mod live_lines;
mod options;
mod outcome;
mod output;
mod pager;
mod progress;
mod render;
mod settings;
mod stuck_terminal;
mod tell;
mod tls;
mod top;
mod type_ahead;

use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use zeroize::Zeroizing;

use crate::cli::Exit;
use crate::client::{Retries, Session};
use crate::cluster::{ConnectStringError, HostPort};
use crate::command::{self, Command};

pub use colors::ColorWhen;
pub use options::{BACKUP_PASSWORD, Options, PROGRAM};
pub use outcome::ExitCodes;
pub use output::Format;
pub use progress::{Progress, ProgressSettings};
pub use render::render_parse_error;
pub use settings::{Limits, Settings};
pub use tls::{TlsRequirement, TlsSettings};

use batch::STANDARD_INPUT;
use colors::Colors;
use events::EventFeed;
use interrupt::{Ending, Interrupt, Termination};
use lines::{Input, Lines};
use live_ids::{Question, Questions};
use outcome::{Failure, Outcome};
use output::Output;
use render::json;
use tell::Spoken;
use type_ahead::TerminalModes;

/// How often a simulated cluster is asked whether its backup has ended.
const BUSY_CHECK: Duration = Duration::from_millis(20);

/// How commands come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Commands on the command line.
    OneShot,
    /// Commands on standard input that is no terminal.
    Piped,
    /// A prompt on a terminal.
    Terminal,
}

/// Runs the shell until its commands are done or its user ends it.
///
/// Ends with the status of the one command, or of the first of the piped commands that failed;
/// a prompt on a terminal ends with success.
pub fn run(settings: Settings) -> Exit {
    if settings.output.is_for_monitoring() && !asks_health_only(&settings.execute) {
        Output::new(settings.output).advise(render::ONLY_HEALTH);
        return Exit::HealthUnknown;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(Shell::new(settings).run()),
        Err(error) => {
            Output::new(Format::Text).advise(&render::render_unreachable(&error.to_string()));
            Exit::CommandFailed
        }
    }
}

fn asks_health_only(lines: &[String]) -> bool {
    let is_health = |line: &String| command::parse(line) == Ok(Command::Health);
    !lines.is_empty() && lines.iter().all(is_health)
}

/// Waits until `is_busy` says no. True if Ctrl-C came first.
///
/// For a cluster that is simulated in this process, and that must not end in the middle of
/// a backup; what it waits for is said on standard error.
pub fn wait_for_simulated_backup(is_busy: impl Fn() -> bool) -> bool {
    if !is_busy() {
        return false;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return true;
    };
    runtime.block_on(async {
        let interrupt = Interrupt::end_command().unwrap_or(Interrupt::ENDS_PROGRAM);
        tokio::select! {
            // Ctrl-C is caught before it is said what it does; an earlier one would be lost.
            biased;
            () = interrupt.next() => true,
            () = async {
                Output::new(Format::Text).advise(render::SIMULATED_BACKUP_RUNS);
                while is_busy() {
                    tokio::time::sleep(BUSY_CHECK).await;
                }
            } => false,
        }
    })
}

/// Says on standard error that what follows happens in a simulated cluster.
pub fn announce_simulation(directory: &Path) {
    Output::new(Format::Text).advise(&render::render_simulated(directory));
}

/// Connects once, with TLS, and says whether the server has accepted it: `--test-tls`.
pub fn test_tls(mut settings: Settings) -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            Output::new(Format::Text).advise(&render::render_unreachable(&error.to_string()));
            return Exit::Failure;
        }
    };
    settings.tls.requirement = TlsRequirement::Strict;
    settings.connect.retries = Retries::Attempts(1);
    settings.verbose = settings.verbose.max(1);
    let mut shell = Shell::new(settings);
    shell.mode = Mode::OneShot;
    shell.warn_of_own_certificate();
    runtime.block_on(async {
        match shell.connect().await {
            Ok(()) => Exit::Success,
            Err(failure) => {
                shell.show_failure(&failure).await;
                match failure {
                    Failure::NoValidCertificate => Exit::CommandFailed,
                    _ => Exit::Failure,
                }
            }
        }
    })
}

/// Says that a connect string has no meaning: the end of a run that was given one.
pub fn refuse_connect_string(error: ConnectStringError, format: Format, codes: ExitCodes) -> Exit {
    let command = format!("CONNECT {}", error.text);
    let failure = Failure::ConnectString(error);
    tell::tell_failure(&Output::new(format), codes, &Spoken::now(command), &failure);
    failure.exit(codes)
}

struct Shell {
    settings: Settings,
    mode: Mode,
    output: Output,
    /// What the command that runs has said so far, for its object.
    told: RefCell<Vec<json::Told>>,
    /// The server that was reached last.
    last_server: Option<HostPort>,
    /// The main connection; none before the first command that needs it, after a failure, and
    /// while a backup that was left has it.
    session: Option<Session>,
    /// Where lines come from, in the two modes that read them.
    lines: Option<Lines>,
    /// The event connection of the prompt.
    feed: Option<EventFeed>,
    /// There is none because the server wants TLS.
    feed_needs_tls: bool,
    /// The prompt that PROMPT set; none for the default.
    prompt: Option<String>,
    /// The program that PAGER set.
    pager: Option<String>,
    interrupt: Interrupt,
    /// A signal that a command has taken over ends the run, outside a prompt on a terminal.
    ending: Ending,
    /// The signals that end a program were taken over.
    catches_signals: bool,
    /// The hint to try a simulated cluster has been given, or is out of place.
    advised: bool,
    /// The next line of standard input may be the password that the last one lacked.
    hides_line: bool,
    /// No command follows: it need not spare the password of the options.
    is_last_command: bool,
}

impl Shell {
    fn new(settings: Settings) -> Self {
        let mode = if !settings.execute.is_empty() || settings.file.is_some() {
            Mode::OneShot
        } else if io::stdin().is_terminal() {
            Mode::Terminal
        } else {
            Mode::Piped
        };
        Self {
            advised: settings.simulated,
            output: Output::styled(
                settings.output,
                settings.progress.folds(),
                Colors::decide(settings.color),
            ),
            settings,
            mode,
            told: RefCell::default(),
            last_server: None,
            session: None,
            lines: None,
            feed: None,
            feed_needs_tls: false,
            prompt: None,
            pager: None,
            interrupt: Interrupt::ENDS_PROGRAM,
            ending: Ending::new(),
            catches_signals: false,
            hides_line: false,
            is_last_command: false,
        }
    }

    async fn run(mut self) -> Exit {
        // A simulated cluster in this process wants to end cleanly.
        if (self.settings.simulated || self.mode == Mode::Terminal)
            && let Ok(interrupt) = Interrupt::end_command()
        {
            self.interrupt = interrupt;
        }
        self.warn_of_own_certificate();
        let ending = self.ending.clone().next();
        let exit = tokio::select! {
            biased;
            exit = ending => exit,
            exit = self.run_commands() => exit,
        };
        self.output.end_line(false);
        match self.output.take_failure() {
            // Who ended the program does not read its output any more.
            _ if matches!(exit, Exit::HungUp | Exit::Terminated) => exit,
            Some(error) => {
                self.output
                    .advise(&render::render_output_failure(&error.to_string()));
                Exit::CommandFailed
            }
            None => exit,
        }
    }

    async fn run_commands(&mut self) -> Exit {
        match self.mode {
            Mode::OneShot => self.run_options().await,
            Mode::Piped => self.run_all_lines().await,
            Mode::Terminal => self.run_terminal().await,
        }
    }

    /// Carries out the lines of a terminal, until its user or a signal ends it.
    async fn run_terminal(&mut self) -> Exit {
        let (Some(modes), Ok(termination)) = (TerminalModes::now(), Termination::listen()) else {
            return self.run_all_lines().await;
        };
        let output = self.output.clone();
        let exit = tokio::select! {
            biased;
            exit = termination.next() => exit,
            exit = self.run_all_lines() => return exit,
        };
        // The line editor can't be called off, so its thread still has the terminal.
        modes.restore();
        output.end_typed_line();
        exit
    }

    async fn run_all_lines(&mut self) -> Exit {
        match self.run_lines().await {
            Ok(exit) => exit,
            Err(error) => {
                self.output
                    .advise(&render::render_unreachable(&error.to_string()));
                Exit::CommandFailed
            }
        }
    }

    /// Carries out all lines of standard input.
    async fn run_lines(&mut self) -> io::Result<Exit> {
        let (asking, mut questions) = Questions::new();
        let lines = if self.mode == Mode::Terminal {
            if let Some(prompt) = self.settings.prompt.take() {
                let prompt = prompt.trim();
                let outcome = self.set_prompt((!prompt.is_empty()).then(|| prompt.to_owned()));
                self.output.talk(&render::render_outcome(&outcome));
            }
            if let Some(program) = self.settings.pager.take() {
                let outcome = self.set_pager(program);
                self.output.talk(&render::render_outcome(&outcome));
            }
            if let Some(modes) = TerminalModes::now() {
                stuck_terminal::watch(self.output.terminal(), modes)?;
            }
            editor::lines_of_terminal(&self.output, asking)?
        } else {
            Lines::from_stdin()?
        };
        self.lines = Some(lines);
        self.output.talk(render::BANNER);
        if self.settings.simulated {
            self.output.talk(render::SIMULATED);
        }
        let mut exit = Exit::Success;
        loop {
            let ended = match self.next_input(&mut questions).await {
                Input::Line(text) => match self.run_pasted(text).await {
                    Ended::Quit => break,
                    Ended::Hopeless(ended) => {
                        exit = ended;
                        break;
                    }
                    Ended::With(exit) => exit,
                },
                Input::Interrupted => Exit::Success,
                Input::TooLong(line) => self.refuse_line(STANDARD_INPUT.to_owned(), line).await,
                Input::Endless => {
                    let fault = render::render_endless_line(STANDARD_INPUT);
                    self.output.advise(&fault);
                    break;
                }
                Input::End => break,
                Input::HungUp => return Ok(Exit::HungUp),
                Input::Failed(reason) => {
                    self.output.advise(&render::render_unreachable(&reason));
                    return Ok(Exit::CommandFailed);
                }
            };
            if self.mode == Mode::Piped {
                exit = exit.or(ended);
                if ended == Exit::Interrupted {
                    break;
                }
            }
        }
        if let Some(lines) = self.lines.take() {
            lines.finish();
        }
        Ok(exit)
    }

    async fn next_input(&mut self, questions: &mut UnboundedReceiver<Question>) -> Input {
        let Some(mut lines) = self.lines.take() else {
            return Input::End;
        };
        let prompt = render::render_prompt(self.prompt.as_deref());
        let is_terminal = self.mode == Mode::Terminal;
        self.output
            .begin_line(is_terminal.then_some(prompt.as_str()));
        let input = {
            let mut input = pin!(lines.next(&prompt));
            loop {
                tokio::select! {
                    input = &mut input => break input,
                    Some(question) = questions.recv() => self.tell_ids(question).await,
                }
            }
        };
        self.output.end_line(is_terminal);
        self.lines = Some(lines);
        input
    }

    /// Carries out the lines of one input, up to QUIT.
    async fn run_pasted(&mut self, text: Zeroizing<String>) -> Ended {
        let lines = text.split('\n');
        let lines: Vec<_> = lines.map(|line| Zeroizing::new(line.to_owned())).collect();
        drop(text);
        let mut exit = Exit::Success;
        for line in lines {
            match self.run_line(line).await {
                Ended::With(ended) => exit = exit.or(ended),
                ended @ (Ended::Quit | Ended::Hopeless(_)) => return ended,
            }
        }
        Ended::With(exit)
    }

    /// Carries out one line and tells what came of it.
    async fn run_line(&mut self, line: Zeroizing<String>) -> Ended {
        let is_hidden = std::mem::take(&mut self.hides_line);
        let parsed = command::parse(&line);
        // It may hold a password, and the command may wait for long.
        drop(line);
        let (spoken, ending, result) = match parsed {
            Ok(Command::Nothing) => return Ended::With(Exit::Success),
            Ok(command) => {
                let spoken = Spoken::now(command.to_string());
                let lacks_password = self.lacks_password(&command);
                let ending = render::ending(&command);
                // Kept apart: the future of all commands is large.
                let result = Box::pin(self.execute(command)).await;
                self.hides_line = lacks_password && result.is_err();
                (spoken, ending, result)
            }
            Err(error) => {
                let error = match is_hidden {
                    true => error.hidden(render::HIDDEN_LINE),
                    false => error,
                };
                let spoken = Spoken::now(error.command().to_owned());
                (spoken, "", Err(self.refuse(error).await))
            }
        };
        match &result {
            Ok(outcome) => {
                self.show_outcome(&spoken, outcome, ending).await;
                match outcome {
                    Outcome::Quit => Ended::Quit,
                    outcome => Ended::With(outcome.exit(self.settings.exit_codes)),
                }
            }
            Err(failure) => {
                self.show_end(&spoken, failure, ending).await;
                let exit = failure.exit(self.settings.exit_codes);
                match failure {
                    Failure::NoValidCertificate => Ended::Hopeless(exit),
                    _ => Ended::With(exit),
                }
            }
        }
    }

    /// True for a backup whose password its user may think to write on the next line.
    fn lacks_password(&self, command: &Command) -> bool {
        self.mode == Mode::Piped
            && self.settings.backup_password.is_none()
            && matches!(command, Command::StartBackup(backup) if backup.asks_password())
    }

    /// Events are shown, and the banner.
    fn has_prompt(&self) -> bool {
        self.mode != Mode::OneShot
    }

    /// Closes all connections, as the server asked or a new one is to be made.
    fn disconnect(&mut self) {
        self.session = None;
        self.feed = None;
    }
}

/// How a line ended.
enum Ended {
    /// The shell ends with it.
    Quit,
    /// With this status.
    With(Exit),
    /// With this status, and no further line can end better.
    Hopeless(Exit),
}
