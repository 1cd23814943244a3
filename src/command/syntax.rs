//! The table of syntaxes: what may follow what. Completion, help and suggestions read it.

use crate::cluster::{EventCategory, ReportKind, Severity};

use super::keyword::Keyword;
use super::pages;
use super::text::words;

/// One command: its words, and what it takes.
pub(super) struct Syntax {
    pub(super) target: TargetRule,
    pub(super) words: &'static [Keyword],
    pub(super) arguments: Arguments,
    /// The whole syntax on one line.
    pub(super) usage: &'static str,
    /// One line for the overview.
    pub(super) summary: &'static str,
    /// The help page, without usage and summary.
    pub(super) page: &'static str,
}

/// Whether ids or ALL stand before the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetRule {
    Never,
    One,
    Many,
}

/// What follows the words of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arguments {
    Nothing,
    Place(&'static str),
    Places(&'static str),
    Keywords(&'static [Keyword]),
    Flags(&'static [&'static str]),
    BackupOptions,
    Reports,
    Severities,
    Levels,
    Topic,
    WaitFor,
    Nodes,
    Rolling,
    Every,
    Query,
}

/// Something that may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A word, as it is.
    Word(&'static str),
    /// Something of the user's own, as `<seconds>`.
    Place(&'static str),
}

/// Places for ids that the cluster knows.
pub(super) const BACKUP_ID: &str = "<backup id>";
pub(super) const NODE_ID: &str = "<node id>";
pub(super) const NODE_IDS: &str = "<node id>,<node id>..";
pub(super) const NODEGROUP: &str = "<nodegroup>";

impl Next {
    pub(super) fn text(self) -> &'static str {
        match self {
            Next::Word(text) | Next::Place(text) => text,
        }
    }

    pub(super) fn word(self) -> Option<&'static str> {
        match self {
            Next::Word(word) => Some(word),
            Next::Place(_) => None,
        }
    }
}

impl Syntax {
    /// True for the commands that only ask.
    fn is_query(&self) -> bool {
        matches!(
            self.words,
            [Keyword::Show]
                | [Keyword::Status]
                | [Keyword::Report]
                | [Keyword::Clusterlog, Keyword::Info]
                | [Keyword::Health]
                | [Keyword::Ok, Keyword::To, Keyword::Stop]
        )
    }
}

const fn command(
    words: &'static [Keyword],
    arguments: Arguments,
    texts: [&'static str; 3],
) -> Syntax {
    node(TargetRule::Never, words, arguments, texts)
}

const fn node(
    target: TargetRule,
    words: &'static [Keyword],
    arguments: Arguments,
    [usage, summary, page]: [&'static str; 3],
) -> Syntax {
    Syntax {
        target,
        words,
        arguments,
        usage,
        summary,
        page,
    }
}

/// Every command, in the order of the help overview.
pub(super) const SYNTAXES: [Syntax; 44] = {
    use Arguments as Args;
    use Keyword as Key;
    use TargetRule::{Many, One};
    [
        command(
            &[Key::Start, Key::Backup],
            Args::BackupOptions,
            pages::START_BACKUP,
        ),
        command(
            &[Key::Abort, Key::Backup],
            Args::Place(BACKUP_ID),
            pages::ABORT_BACKUP,
        ),
        command(&[Key::Show], Args::Nothing, pages::SHOW),
        node(One, &[Key::Status], Args::Nothing, pages::STATUS),
        node(One, &[Key::Report], Args::Reports, pages::REPORT),
        node(Many, &[Key::Start], Args::Nothing, pages::START),
        node(Many, &[Key::Stop], Args::Flags(&["-A", "-F"]), pages::STOP),
        node(
            Many,
            &[Key::Restart],
            Args::Flags(&["-N", "-I", "-A", "-F"]),
            pages::RESTART,
        ),
        command(&[Key::Shutdown], Args::Nothing, pages::SHUTDOWN),
        command(
            &[Key::Enter, Key::Single, Key::User, Key::Mode],
            Args::Place(NODE_ID),
            pages::ENTER_SINGLE_USER_MODE,
        ),
        command(
            &[Key::Exit, Key::Single, Key::User, Key::Mode],
            Args::Nothing,
            pages::EXIT_SINGLE_USER_MODE,
        ),
        command(
            &[Key::Clusterlog, Key::Info],
            Args::Nothing,
            pages::CLUSTERLOG_INFO,
        ),
        command(
            &[Key::Clusterlog, Key::On],
            Args::Severities,
            pages::CLUSTERLOG_ON,
        ),
        command(
            &[Key::Clusterlog, Key::Off],
            Args::Severities,
            pages::CLUSTERLOG_OFF,
        ),
        command(
            &[Key::Clusterlog, Key::Toggle],
            Args::Severities,
            pages::CLUSTERLOG_TOGGLE,
        ),
        command(
            &[Key::Clusterlog, Key::Filter],
            Args::Severities,
            pages::CLUSTERLOG_FILTER,
        ),
        node(One, &[Key::Clusterlog], Args::Levels, pages::CLUSTERLOG),
        node(One, &[Key::Loglevel], Args::Levels, pages::LOGLEVEL),
        node(
            One,
            &[Key::Nodelog, Key::Debug],
            Args::Keywords(&[Key::On, Key::Off]),
            pages::NODELOG_DEBUG,
        ),
        node(One, &[Key::Dump], Args::Places("<number>"), pages::DUMP),
        node(One, &[Key::Log], Args::Nothing, pages::LOG),
        node(One, &[Key::TestOn], Args::Nothing, pages::TESTON),
        node(One, &[Key::TestOff], Args::Nothing, pages::TESTOFF),
        command(
            &[Key::Create, Key::Nodegroup],
            Args::Place(NODE_IDS),
            pages::CREATE_NODEGROUP,
        ),
        command(
            &[Key::Drop, Key::Nodegroup],
            Args::Place(NODEGROUP),
            pages::DROP_NODEGROUP,
        ),
        command(
            &[Key::Purge, Key::Stale, Key::Sessions],
            Args::Nothing,
            pages::PURGE_STALE_SESSIONS,
        ),
        command(&[Key::Tls, Key::Info], Args::Nothing, pages::TLS_INFO),
        command(&[Key::Start, Key::Tls], Args::Nothing, pages::START_TLS),
        command(&[Key::Health], Args::Nothing, pages::HEALTH),
        command(&[Key::Wait, Key::For], Args::WaitFor, pages::WAIT_FOR),
        command(
            &[Key::Ok, Key::To, Key::Stop],
            Args::Nodes,
            pages::OK_TO_STOP,
        ),
        command(
            &[Key::Rolling, Key::Restart],
            Args::Rolling,
            pages::ROLLING_RESTART,
        ),
        command(&[Key::Top], Args::Every, pages::TOP),
        command(
            &[Key::Connect],
            Args::Place("<connect string>"),
            pages::CONNECT,
        ),
        command(&[Key::Prompt], Args::Place("<text>"), pages::PROMPT),
        command(&[Key::Sleep], Args::Place("<seconds>"), pages::SLEEP),
        command(&[Key::Watch], Args::Query, pages::WATCH),
        command(&[Key::Pager], Args::Place("<program>"), pages::PAGER),
        command(&[Key::Nopager], Args::Nothing, pages::NOPAGER),
        command(&[Key::Help], Args::Topic, pages::HELP),
        command(&[Key::QuestionMark], Args::Topic, pages::QUESTION_MARK),
        command(&[Key::Quit], Args::Nothing, pages::QUIT),
        command(&[Key::Exit], Args::Nothing, pages::EXIT),
        command(&[Key::Bye], Args::Nothing, pages::BYE),
    ]
};

/// What may stand behind `before`, the start of a line up to a word boundary, redacted: its
/// password is no word of its own.
pub(super) fn next(before: &str) -> Vec<Next> {
    let typed: Vec<&str> = words(before).collect();
    next_of(&typed, |_| true)
}

/// What may stand behind `typed` in the commands for which `is_meant` is true.
fn next_of(typed: &[&str], is_meant: impl Fn(&Syntax) -> bool) -> Vec<Next> {
    let numbers = typed.iter().take_while(|word| is_number(word)).count();
    let all = typed.first().is_some_and(|word| Keyword::All.is(word));
    let after = |typed: &[&str], fits: fn(TargetRule) -> bool| {
        after_words(typed, |syntax| fits(syntax.target) && is_meant(syntax))
    };
    let mut found = match (all, numbers) {
        (true, _) => after(&typed[1..], |rule| rule != TargetRule::Never),
        (false, 0) => after(typed, |rule| rule == TargetRule::Never),
        (false, 1) => after(&typed[1..], |rule| rule != TargetRule::Never),
        (false, _) => after(&typed[numbers..], |rule| rule == TargetRule::Many),
    };
    if typed.is_empty() {
        found.push(Next::Word(Keyword::All.text()));
    }
    if numbers == typed.len() {
        found.push(Next::Place(NODE_ID));
    }
    found
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn after_words(typed: &[&str], fits: impl Fn(&Syntax) -> bool) -> Vec<Next> {
    let mut found: Vec<Next> = Vec::new();
    for syntax in SYNTAXES.iter().filter(|syntax| fits(syntax)) {
        let same = syntax
            .words
            .iter()
            .zip(typed)
            .all(|(keyword, word)| keyword.is(word));
        if !same {
            continue;
        }
        let more = match syntax.words.get(typed.len()) {
            Some(keyword) => vec![Next::Word(keyword.text())],
            None => after_arguments(syntax.arguments, &typed[syntax.words.len()..]),
        };
        for next in more {
            if !found.contains(&next) {
                found.push(next);
            }
        }
    }
    found
}

fn after_arguments(arguments: Arguments, given: &[&str]) -> Vec<Next> {
    let first = given.is_empty();
    match arguments {
        Arguments::Place(name) if first => vec![Next::Place(name)],
        Arguments::Places(name) => vec![Next::Place(name)],
        Arguments::Keywords(keywords) if first => {
            keywords.iter().map(|key| Next::Word(key.text())).collect()
        }
        Arguments::Reports if first => ReportKind::ALL
            .iter()
            .map(|kind| Next::Word(kind.name()))
            .collect(),
        Arguments::Flags(flags) => unused(flags, given),
        Arguments::Severities => unused(&severity_words(), given),
        Arguments::Levels => EventCategory::named()
            .map(|category| Next::Word(category.level_word()))
            .collect(),
        Arguments::BackupOptions => after_backup_options(given),
        Arguments::Topic => topics(given),
        Arguments::WaitFor => after_wait_for(given),
        Arguments::Nodes => vec![Next::Place(NODE_ID)],
        Arguments::Rolling => after_rolling_restart(given),
        Arguments::Every => after_top(given),
        Arguments::Query => queries(given),
        Arguments::Nothing | Arguments::Place(_) | Arguments::Keywords(_) | Arguments::Reports => {
            Vec::new()
        }
    }
}

/// The severities by name, and ALL.
pub(super) fn severity_words() -> Vec<&'static str> {
    let names = Severity::ALL.into_iter().map(Severity::name);
    names.chain([Keyword::All.text()]).collect()
}

fn unused(all: &[&'static str], given: &[&str]) -> Vec<Next> {
    let used = |word: &str| given.iter().any(|given| given.eq_ignore_ascii_case(word));
    all.iter()
        .filter(|word| !used(word))
        .map(|word| Next::Word(word))
        .collect()
}

/// Completes to the opening quote, which every password needs.
const PASSWORD_START: &str = "PASSWORD='";

fn after_backup_options(given: &[&str]) -> Vec<Next> {
    let given_any = |keys: &[Keyword]| given.iter().any(|word| keys.iter().any(|key| key.is(word)));
    let last = |key: Keyword| given.last().is_some_and(|word| key.is(word));
    if last(Keyword::Wait) {
        return [Keyword::Started, Keyword::Completed]
            .map(|key| Next::Word(key.text()))
            .to_vec();
    }
    let mut found = Vec::new();
    if given.is_empty() {
        found.push(Next::Place(BACKUP_ID));
    }
    if last(Keyword::Encrypt) {
        found.push(Next::Word(PASSWORD_START));
    }
    for (group, _) in BACKUP_OPTIONS.iter().filter(|(group, _)| !given_any(group)) {
        found.extend(group.iter().map(|key| Next::Word(key.text())));
    }
    found
}

/// What may stand behind a set of nodes; none if `given` is no such set.
fn more_nodes(given: &[&str]) -> Option<Vec<Next>> {
    let is_node = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    match given {
        [] => Some(vec![Next::Word(Keyword::All.text()), Next::Place(NODE_ID)]),
        [all] if Keyword::All.is(all) => Some(Vec::new()),
        nodes if nodes.iter().all(is_node) => Some(vec![Next::Place(NODE_ID)]),
        _ => None,
    }
}

/// The second word of a pair, or the seconds of TIMEOUT, after its first word.
fn second_word(first: &str, pairs: &[(Keyword, Keyword)]) -> Option<Next> {
    if Keyword::Timeout.is(first) {
        return Some(Next::Place("<seconds>"));
    }
    let (_, second) = pairs.iter().find(|(word, _)| word.is(first))?;
    Some(Next::Word(second.text()))
}

fn after_wait_for(given: &[&str]) -> Vec<Next> {
    let pairs = [
        (Keyword::Not, Keyword::Started),
        (Keyword::No, Keyword::Contact),
        (Keyword::After, Keyword::Restart),
    ];
    if let Some(next) = given.last().and_then(|last| second_word(last, &pairs)) {
        return vec![next];
    }
    let Some(mut found) = more_nodes(given) else {
        return unused(&[Keyword::After.text(), Keyword::Timeout.text()], given);
    };
    if !given.is_empty() {
        let states = [Keyword::Started, Keyword::Not, Keyword::No];
        found.extend(states.map(|word| Next::Word(word.text())));
    }
    found
}

fn after_top(given: &[&str]) -> Vec<Next> {
    match given {
        [] => vec![Next::Word(Keyword::Every.text())],
        [every] if Keyword::Every.is(every) => vec![Next::Place("<seconds>")],
        _ => Vec::new(),
    }
}

fn after_rolling_restart(given: &[&str]) -> Vec<Next> {
    let pairs = [
        (Keyword::Per, Keyword::Nodegroup),
        (Keyword::Stop, Keyword::Only),
        (Keyword::Dry, Keyword::Run),
    ];
    if let Some(next) = given.last().and_then(|last| second_word(last, &pairs)) {
        return vec![next];
    }
    let options = [
        Keyword::Per,
        Keyword::Initial,
        Keyword::Stop,
        Keyword::Timeout,
        Keyword::Dry,
    ];
    let mut found = more_nodes(given).unwrap_or_default();
    found.extend(unused(&options.map(Keyword::text), given));
    found
}

/// The kinds of options of START BACKUP, each to be given once, and how its usage has them.
const BACKUP_OPTIONS: [(&[Keyword], &str); 3] = [
    (&[Keyword::Encrypt], "[ENCRYPT [PASSWORD='..']]"),
    (
        &[Keyword::Wait, Keyword::Nowait],
        "[WAIT STARTED | WAIT COMPLETED | NOWAIT]",
    ),
    (
        &[Keyword::SnapshotStart, Keyword::SnapshotEnd],
        "[SNAPSHOTSTART | SNAPSHOTEND]",
    ),
];

/// What may be left of START BACKUP behind `before`, as its usage has it; none for any other
/// command, and between WAIT and its second word.
pub(super) fn rest_of_backup(before: &str) -> Option<String> {
    let typed: Vec<&str> = words(before).collect();
    let [start, backup, given @ ..] = typed.as_slice() else {
        return None;
    };
    let last = |key: Keyword| given.last().is_some_and(|word| key.is(word));
    if !Keyword::Start.is(start) || !Keyword::Backup.is(backup) || last(Keyword::Wait) {
        return None;
    }
    let mut parts = Vec::new();
    if given.is_empty() {
        parts.push("[<backup id>]");
    }
    if last(Keyword::Encrypt) {
        parts.push("[PASSWORD='..']");
    }
    let is_given = |group: &[Keyword]| {
        group
            .iter()
            .any(|key| given.iter().any(|word| key.is(word)))
    };
    let left = BACKUP_OPTIONS.iter().filter(|(group, _)| !is_given(group));
    parts.extend(left.map(|(_, usage)| *usage));
    Some(parts.join(" "))
}

/// What \WATCH repeats, behind its seconds. A first number is not that of a node.
fn queries(given: &[&str]) -> Vec<Next> {
    match given {
        [] => {
            let mut found = next_of(given, Syntax::is_query);
            found.retain(|next| next.word().is_some());
            found.push(Next::Place("<seconds>"));
            found
        }
        [seconds, query @ ..] if is_number(seconds) => next_of(query, Syntax::is_query),
        query => next_of(query, Syntax::is_query),
    }
}

fn topics(given: &[&str]) -> Vec<Next> {
    let mut found = Vec::new();
    for syntax in &SYNTAXES {
        let mut pairs = syntax.words.iter().zip(given);
        if !pairs.all(|(keyword, word)| keyword.is(word)) {
            continue;
        }
        if let Some(keyword) = syntax.words.get(given.len()) {
            let next = Next::Word(keyword.text());
            if !found.contains(&next) {
                found.push(next);
            }
        }
    }
    found
}
