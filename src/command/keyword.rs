//! The words of the grammar, each spelled once.

/// A word with a meaning in the grammar. The nom productions, completion, help and
/// suggestions all take their words from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Abort,
    All,
    Backup,
    Bye,
    Clusterlog,
    Completed,
    Connect,
    Create,
    Debug,
    Drop,
    Dump,
    Encrypt,
    Enter,
    Exit,
    Filter,
    Help,
    Info,
    Log,
    Loglevel,
    Mode,
    Nodegroup,
    Nodelog,
    Nowait,
    Off,
    On,
    Password,
    Prompt,
    Purge,
    QuestionMark,
    Quit,
    Report,
    Restart,
    Sessions,
    Show,
    Shutdown,
    Single,
    Sleep,
    SnapshotEnd,
    SnapshotStart,
    Stale,
    Start,
    Started,
    Status,
    Stop,
    TestOff,
    TestOn,
    Tls,
    Toggle,
    User,
    Wait,
}

impl Keyword {
    /// Every keyword, in the order of the enum.
    pub(super) const ALL: [Keyword; 50] = [
        Keyword::Abort,
        Keyword::All,
        Keyword::Backup,
        Keyword::Bye,
        Keyword::Clusterlog,
        Keyword::Completed,
        Keyword::Connect,
        Keyword::Create,
        Keyword::Debug,
        Keyword::Drop,
        Keyword::Dump,
        Keyword::Encrypt,
        Keyword::Enter,
        Keyword::Exit,
        Keyword::Filter,
        Keyword::Help,
        Keyword::Info,
        Keyword::Log,
        Keyword::Loglevel,
        Keyword::Mode,
        Keyword::Nodegroup,
        Keyword::Nodelog,
        Keyword::Nowait,
        Keyword::Off,
        Keyword::On,
        Keyword::Password,
        Keyword::Prompt,
        Keyword::Purge,
        Keyword::QuestionMark,
        Keyword::Quit,
        Keyword::Report,
        Keyword::Restart,
        Keyword::Sessions,
        Keyword::Show,
        Keyword::Shutdown,
        Keyword::Single,
        Keyword::Sleep,
        Keyword::SnapshotEnd,
        Keyword::SnapshotStart,
        Keyword::Stale,
        Keyword::Start,
        Keyword::Started,
        Keyword::Status,
        Keyword::Stop,
        Keyword::TestOff,
        Keyword::TestOn,
        Keyword::Tls,
        Keyword::Toggle,
        Keyword::User,
        Keyword::Wait,
    ];

    /// The canonical spelling, upper case.
    pub(super) fn text(self) -> &'static str {
        match self {
            Keyword::Abort => "ABORT",
            Keyword::All => "ALL",
            Keyword::Backup => "BACKUP",
            Keyword::Bye => "BYE",
            Keyword::Clusterlog => "CLUSTERLOG",
            Keyword::Completed => "COMPLETED",
            Keyword::Connect => "CONNECT",
            Keyword::Create => "CREATE",
            Keyword::Debug => "DEBUG",
            Keyword::Drop => "DROP",
            Keyword::Dump => "DUMP",
            Keyword::Encrypt => "ENCRYPT",
            Keyword::Enter => "ENTER",
            Keyword::Exit => "EXIT",
            Keyword::Filter => "FILTER",
            Keyword::Help => "HELP",
            Keyword::Info => "INFO",
            Keyword::Log => "LOG",
            Keyword::Loglevel => "LOGLEVEL",
            Keyword::Mode => "MODE",
            Keyword::Nodegroup => "NODEGROUP",
            Keyword::Nodelog => "NODELOG",
            Keyword::Nowait => "NOWAIT",
            Keyword::Off => "OFF",
            Keyword::On => "ON",
            Keyword::Password => "PASSWORD",
            Keyword::Prompt => "PROMPT",
            Keyword::Purge => "PURGE",
            Keyword::QuestionMark => "?",
            Keyword::Quit => "QUIT",
            Keyword::Report => "REPORT",
            Keyword::Restart => "RESTART",
            Keyword::Sessions => "SESSIONS",
            Keyword::Show => "SHOW",
            Keyword::Shutdown => "SHUTDOWN",
            Keyword::Single => "SINGLE",
            Keyword::Sleep => "SLEEP",
            Keyword::SnapshotEnd => "SNAPSHOTEND",
            Keyword::SnapshotStart => "SNAPSHOTSTART",
            Keyword::Stale => "STALE",
            Keyword::Start => "START",
            Keyword::Started => "STARTED",
            Keyword::Status => "STATUS",
            Keyword::Stop => "STOP",
            Keyword::TestOff => "TESTOFF",
            Keyword::TestOn => "TESTON",
            Keyword::Tls => "TLS",
            Keyword::Toggle => "TOGGLE",
            Keyword::User => "USER",
            Keyword::Wait => "WAIT",
        }
    }

    /// True if `word` is this keyword, in any case.
    pub(super) fn is(self, word: &str) -> bool {
        word.eq_ignore_ascii_case(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_keywords_is_complete() {
        for (index, keyword) in Keyword::ALL.into_iter().enumerate() {
            assert_eq!(keyword as usize, index, "{}", keyword.text());
        }
        assert_eq!(Keyword::Wait as usize + 1, Keyword::ALL.len());
    }
}
