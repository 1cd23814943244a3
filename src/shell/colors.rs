//! Whether text is coloured.

use std::env;
use std::io::{self, IsTerminal};

/// When text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` or `TERM` forbid it
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Which streams are coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Colors {
    pub(super) stdout: bool,
    pub(super) stderr: bool,
}

impl Colors {
    pub(super) fn decide(when: ColorWhen) -> Self {
        match when {
            ColorWhen::Auto => {
                let may_be = !is_forbidden() && has_cursor_control();
                Self {
                    stdout: may_be && io::stdout().is_terminal(),
                    stderr: may_be && io::stderr().is_terminal(),
                }
            }
            ColorWhen::Always => Self {
                stdout: true,
                stderr: true,
            },
            ColorWhen::Never => Self::default(),
        }
    }
}

/// `NO_COLOR` is set to something (<https://no-color.org>).
fn is_forbidden() -> bool {
    env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// `TERM` names a terminal that obeys escape sequences.
pub(super) fn has_cursor_control() -> bool {
    /// As the line editor knows them.
    const PLAIN: [&str; 4] = ["", "dumb", "cons25", "emacs"];
    let name = env::var("TERM").unwrap_or_default();
    !PLAIN.iter().any(|plain| plain.eq_ignore_ascii_case(&name))
}
