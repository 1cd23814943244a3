//! Results on stdout, talk on stderr.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// What made stdout fail first; nothing more is written to it.
static FAILURE: OnceLock<io::Error> = OnceLock::new();

/// Text for stdout.
pub(crate) fn say(text: &str) {
    if FAILURE.get().is_some() {
        return;
    }
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    if let Err(error) = written.and_then(|()| stdout.flush()) {
        // It is empty, or another failure is as good.
        let _ = FAILURE.set(error);
    }
}

/// What made stdout fail. A reader that went away is no failure of ours.
pub(crate) fn failure() -> Option<&'static io::Error> {
    let failure = FAILURE.get();
    failure.filter(|error| error.kind() != ErrorKind::BrokenPipe)
}

/// A line for stderr.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// One JSON object and a newline.
pub(crate) fn say_json(value: &Value) {
    say(&format!("{value}\n"));
}

/// Cells of a table, aligned; columns whose name ends in `>` are set to the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let titles: Vec<&str> = header.iter().map(|it| it.trim_end_matches('>')).collect();
    let mut widths: Vec<usize> = titles.iter().map(|it| it.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut row = String::new();
        for ((cell, width), title) in cells.zip(&widths).zip(header) {
            let pad = " ".repeat(width - cell.chars().count());
            if title.ends_with('>') {
                row.push_str(&format!("{pad}{cell}  "));
            } else {
                row.push_str(&format!("{cell}{pad}  "));
            }
        }
        text.push_str(row.trim_end());
        text.push('\n');
    };
    line(&mut titles.iter().copied());
    for row in rows {
        line(&mut row.iter().map(|cell| &cell[..]));
    }
    text
}

/// `2026-11-25 18:00:00Z`.
pub(crate) fn moment(time: SystemTime) -> String {
    match jiff::Timestamp::try_from(time) {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        Err(_) => "unknown".to_owned(),
    }
}

/// `2026-11-25T18:00:00Z`, to the second.
pub(crate) fn rfc3339(time: SystemTime) -> Option<String> {
    let moment = jiff::Timestamp::try_from(time).ok()?;
    Some(moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Now, as records have it.
pub(crate) fn now() -> String {
    rfc3339(SystemTime::now()).unwrap_or_default()
}

/// What makes records: program and version.
pub(crate) fn made_by() -> String {
    format!("ndb_backup {}", env!("CARGO_PKG_VERSION"))
}

/// Bytes with a unit, for people.
pub(crate) fn bytes(count: u64) -> String {
    indicatif::HumanBytes(count).to_string()
}

/// A progress bar on stderr, if that is a terminal, which follows a counter until it is dropped.
pub(crate) struct Progress {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    pub(crate) fn start(total: u64, counter: &Arc<AtomicU64>, quiet: bool) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        if quiet || !io::stderr().is_terminal() {
            return Progress {
                is_over,
                thread: None,
            };
        }
        let (counter, over) = (Arc::clone(counter), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            let style = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
            let bar = ProgressBar::new(total);
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            while !over.load(Ordering::Acquire) {
                bar.set_position(counter.load(Ordering::Relaxed));
                thread::park_timeout(Duration::from_millis(100));
            }
            bar.finish_and_clear();
        });
        Progress {
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It only draws.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn a_table_is_aligned() {
        let rows = [
            vec!["7".to_owned(), "x".to_owned()],
            vec!["10".into(), "yy".into()],
        ];
        assert_eq!(table(&["ID>", "NAME"], &rows), "ID  NAME\n 7  x\n10  yy\n");
    }
}
