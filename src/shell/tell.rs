//! How what commands come to reaches their reader: as text while it happens, or as one object
//! when a command has ended. With objects, standard output holds nothing else.

use jiff::Timestamp;

use super::outcome::{Failure, Outcome, Step};
use super::output::{Format, Output};
use super::render::{self, json};
use super::{ExitCodes, Shell};

/// A command from its line to its end.
pub(super) struct Spoken {
    /// Its canonical spelling, without a password.
    command: String,
    began: Timestamp,
}

impl Spoken {
    pub(super) fn now(command: String) -> Self {
        Self {
            command,
            began: Timestamp::now(),
        }
    }
}

impl Shell {
    /// Tells what a command has done before it ends.
    pub(super) fn step(&self, step: Step) {
        match (self.output.format(), &step) {
            (Format::Text, _) => self.output.print(&render::render_step(&step)),
            // HEALTH has no steps.
            (Format::Nagios | Format::Prometheus, _) => {}
            // It was a line of its own when it came.
            (Format::JsonLines, Step::BackupEvent(_)) => {}
            (format @ (Format::Json | Format::JsonLines), _) => {
                let now = Timestamp::now();
                // These may go on for hours, before there is an object.
                if matches!(step, Step::Sighted(..) | Step::Roll(_)) {
                    match format {
                        Format::JsonLines => self.output.print(&json::render_step(&step, now)),
                        _ => self.output.advise(&render::render_step(&step)),
                    }
                }
                let told = json::Told::step(&step, now);
                self.told.borrow_mut().push(told);
            }
        }
    }

    /// Tells why a part of a command failed, while the others are gone on with; then checks
    /// whether the connection lives.
    pub(super) async fn show_part_failure(&mut self, failure: &Failure) {
        let advice = self.show_failure(failure).await;
        if self.output.format() != Format::Text {
            let told = json::Told::failure(failure, &advice);
            self.told.borrow_mut().push(told);
        }
    }

    /// Tells what a command gave; `ending` ends its text.
    pub(super) async fn show_outcome(&mut self, spoken: &Spoken, outcome: &Outcome, ending: &str) {
        match self.output.format() {
            Format::Text => {
                let text = render::render_outcome(outcome);
                if self.page(&text).await {
                    return;
                }
                match outcome {
                    Outcome::Help(_) => self.output.print_pages(&text),
                    Outcome::EventLog(saved) => {
                        let lines = saved
                            .iter()
                            .map(|saved| self.output.saved_event_text(saved));
                        self.output.print_shown(&lines.collect::<String>());
                    }
                    _ => self.output.print(&text),
                }
                self.output.print(ending);
            }
            Format::Json | Format::JsonLines => self.print_object(spoken, Ok(outcome), ""),
            Format::Nagios | Format::Prometheus => self.print_health(outcome),
        }
    }

    /// Tells why a command failed.
    pub(super) async fn show_end(&mut self, spoken: &Spoken, failure: &Failure, ending: &str) {
        let advice = self.show_failure(failure).await;
        match self.output.format() {
            Format::Text if failure.was_cut_short() => {}
            Format::Text => self.output.print(ending),
            Format::Json | Format::JsonLines => self.print_object(spoken, Err(failure), &advice),
            Format::Nagios => self.output.print(&render::render_nagios_failure(failure)),
            Format::Prometheus => {}
        }
    }

    /// The texts of a failure; gives the advice.
    pub(super) async fn show_failure(&mut self, failure: &Failure) -> String {
        if self.output.format() == Format::Text {
            self.output.print(&render::render_failure(failure));
        }
        let advice = self.tls_advice(failure);
        let advice = advice.unwrap_or_else(|| render::render_advice(failure));
        self.output.advise(&advice);
        if failure.may_end_connection() {
            self.check_after_error().await;
        }
        advice
    }

    fn print_health(&self, outcome: &Outcome) {
        if let Outcome::Health(report) = outcome {
            self.output.print(&match self.output.format() {
                Format::Nagios => render::render_nagios(report),
                _ => render::render_prometheus(report),
            });
        }
    }

    pub(super) fn print_object(
        &mut self,
        spoken: &Spoken,
        result: Result<&Outcome, &Failure>,
        advice: &str,
    ) {
        let status = match result {
            Ok(outcome) => outcome.exit(self.settings.exit_codes),
            Err(failure) => failure.exit(self.settings.exit_codes),
        };
        let told = std::mem::take(self.told.get_mut());
        let server = self.last_server.as_ref().map(ToString::to_string);
        let ended = json::Ended {
            command: &spoken.command,
            server: server.as_deref(),
            began: spoken.began,
            ended: Timestamp::now(),
            steps: &told,
            result,
            status: status.status(),
            advice,
        };
        self.output.print_object(&ended);
    }
}

/// Tells the failure of a command that was left.
pub(super) async fn announce_failure(
    output: &Output,
    codes: ExitCodes,
    spoken: &Spoken,
    failure: &Failure,
) {
    let text = failure_told(output, codes, spoken, failure);
    output.announce_surely(&text).await;
}

/// Tells a failure for which there is no shell.
pub(super) fn tell_failure(output: &Output, codes: ExitCodes, spoken: &Spoken, failure: &Failure) {
    output.print(&failure_told(output, codes, spoken, failure));
}

fn failure_told(output: &Output, codes: ExitCodes, spoken: &Spoken, failure: &Failure) -> String {
    let Some(layout) = output.layout() else {
        return render::render_failure(failure);
    };
    let ended = json::Ended {
        command: &spoken.command,
        server: None,
        began: spoken.began,
        ended: Timestamp::now(),
        steps: &[],
        result: Err(failure),
        status: failure.exit(codes).status(),
        advice: &render::render_advice(failure),
    };
    json::render_command(&ended, layout)
}
