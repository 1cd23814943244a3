//! The words of the grammar, each spelled once.

/// Makes the enum, the list of all and the spellings of one table.
macro_rules! keywords {
    ($($name:ident = $text:literal,)*) => {
        /// A word with a meaning in the grammar. The nom productions, completion, help and
        /// suggestions all take their words from here.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Keyword {
            $($name,)*
        }

        impl Keyword {
            /// Every keyword, in the order of the table.
            pub(super) const ALL: [Keyword; [$($text),*].len()] = [$(Keyword::$name),*];

            /// The canonical spelling, upper case.
            pub(super) fn text(self) -> &'static str {
                match self {
                    $(Keyword::$name => $text,)*
                }
            }
        }
    };
}

keywords! {
    Abort = "ABORT",
    After = "AFTER",
    All = "ALL",
    Backup = "BACKUP",
    Bye = "BYE",
    Clusterlog = "CLUSTERLOG",
    Completed = "COMPLETED",
    Connect = "CONNECT",
    Contact = "CONTACT",
    Create = "CREATE",
    Debug = "DEBUG",
    Drop = "DROP",
    Dry = "DRY",
    Dump = "DUMP",
    Encrypt = "ENCRYPT",
    Enter = "ENTER",
    Every = "EVERY",
    Exit = "EXIT",
    Filter = "FILTER",
    For = "FOR",
    Health = "HEALTH",
    Help = "HELP",
    Info = "INFO",
    Initial = "INITIAL",
    Log = "LOG",
    Loglevel = "LOGLEVEL",
    Mode = "MODE",
    No = "NO",
    Nodegroup = "NODEGROUP",
    Nodelog = "NODELOG",
    Nopager = "NOPAGER",
    Not = "NOT",
    Nowait = "NOWAIT",
    Off = "OFF",
    Ok = "OK",
    On = "ON",
    Only = "ONLY",
    Pager = "PAGER",
    Password = "PASSWORD",
    Per = "PER",
    Prompt = "PROMPT",
    Purge = "PURGE",
    QuestionMark = "?",
    Quit = "QUIT",
    Report = "REPORT",
    Restart = "RESTART",
    Rolling = "ROLLING",
    Run = "RUN",
    Sessions = "SESSIONS",
    Show = "SHOW",
    Shutdown = "SHUTDOWN",
    Single = "SINGLE",
    Sleep = "SLEEP",
    SnapshotEnd = "SNAPSHOTEND",
    SnapshotStart = "SNAPSHOTSTART",
    Stale = "STALE",
    Start = "START",
    Started = "STARTED",
    Status = "STATUS",
    Stop = "STOP",
    TestOff = "TESTOFF",
    TestOn = "TESTON",
    Timeout = "TIMEOUT",
    Tls = "TLS",
    To = "TO",
    Toggle = "TOGGLE",
    Top = "TOP",
    User = "USER",
    Wait = "WAIT",
    Watch = "\\WATCH",
}

impl Keyword {
    /// True if `word` is this keyword, in any case.
    pub(super) fn is(self, word: &str) -> bool {
        word.eq_ignore_ascii_case(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_has_a_spelling_of_its_own_in_upper_case() {
        for (index, keyword) in Keyword::ALL.into_iter().enumerate() {
            let text = keyword.text();
            assert_eq!(text, text.to_ascii_uppercase());
            let first = Keyword::ALL.into_iter().position(|other| other.is(text));
            assert_eq!(first, Some(index), "{text}");
        }
    }
}
