//! Properties of the grammar: no panic, no leak, and what is printed can be read again.

use ndbmgm::cluster::{
    BackupId, EventCategory, FilterSwitch, LogLevel, NodeId, Nodegroup, ReportKind, RestartOptions,
    Severity, SnapshotPoint, StopOptions, WaitFor,
};
use ndbmgm::command::{
    CategoryLevel, Command, Encryption, HelpTopic, Query, Severities, StartBackup,
    TOP_MILLISECONDS_MAX, TOP_MILLISECONDS_MIN, Target, Targets, WATCH_SECONDS_MAX, complete, help,
    hint, keywords, parse, redact, split,
};
use ndbmgm::shell::render_parse_error;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn node() -> impl Strategy<Value = NodeId> {
    (1..=255_u32).prop_map(|id| NodeId::new(id).unwrap())
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![Just(Target::All), node().prop_map(Target::Node)]
}

fn targets() -> impl Strategy<Value = Targets> {
    prop_oneof![
        Just(Targets::All),
        vec(node(), 1..5).prop_map(Targets::Nodes)
    ]
}

fn free_text() -> impl Strategy<Value = Option<String>> {
    option::of("[!-:<-~]([ -~]{0,20}[!-:<-~])?")
}

fn levels() -> impl Strategy<Value = Vec<CategoryLevel>> {
    let named: Vec<EventCategory> = EventCategory::ALL
        .into_iter()
        .filter(|category| *category != EventCategory::Warning)
        .collect();
    let level = (select(named), 0..=15_u32).prop_map(|(category, level)| CategoryLevel {
        category,
        level: LogLevel::new(level).unwrap(),
    });
    vec(level, 1..4)
}

fn start_backup() -> impl Strategy<Value = Command> {
    let id = option::of((1..=4_294_967_294_u32).prop_map(|id| BackupId::new(id).unwrap()));
    let wait = select(vec![WaitFor::Nothing, WaitFor::Started, WaitFor::Completed]);
    let snapshot = select(vec![SnapshotPoint::Start, SnapshotPoint::End]);
    (id, any::<bool>(), wait, snapshot).prop_map(|(id, encrypt, wait, snapshot)| {
        Command::StartBackup(StartBackup {
            id,
            encryption: encrypt.then_some(Encryption::AskPassword),
            wait,
            snapshot,
        })
    })
}

fn node_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        target().prop_map(Command::Status),
        (target(), select(ReportKind::ALL.to_vec()))
            .prop_map(|(target, kind)| Command::Report { target, kind }),
        targets().prop_map(Command::Start),
        (targets(), any::<[bool; 2]>()).prop_map(|(targets, [abort, force])| Command::Stop {
            targets,
            options: StopOptions { abort, force },
        }),
        (targets(), any::<[bool; 4]>()).prop_map(|(targets, [nostart, initial, abort, force])| {
            let options = RestartOptions {
                nostart,
                initial,
                abort,
                force,
            };
            Command::Restart { targets, options }
        }),
        (target(), levels()).prop_map(|(target, levels)| Command::ClusterLogLevels {
            target,
            levels: levels.into_iter().map(Ok).collect(),
        }),
        (target(), levels()).prop_map(|(target, levels)| Command::LogLevels {
            target,
            levels: levels.into_iter().map(Ok).collect(),
        }),
        (target(), any::<bool>()).prop_map(|(target, on)| Command::NodeLogDebug { target, on }),
        (target(), vec(any::<u32>(), 1..=25))
            .prop_map(|(target, words)| Command::Dump { target, words }),
        target().prop_map(Command::Log),
        target().prop_map(Command::TestOn),
        target().prop_map(Command::TestOff),
    ]
}

fn command_of_words_only(index: i32) -> Command {
    match index {
        0 => Command::Nothing,
        1 => Command::Quit,
        2 => Command::Show,
        3 => Command::Shutdown,
        4 => Command::ExitSingleUserMode,
        5 => Command::ClusterLogInfo,
        6 => Command::PurgeStaleSessions,
        7 => Command::TlsInfo,
        8 => Command::NoPager,
        _ => Command::StartTls,
    }
}

fn query() -> impl Strategy<Value = Query> {
    let report = (target(), select(ReportKind::ALL.to_vec()));
    prop_oneof![
        Just(Query::Show),
        Just(Query::ClusterLogInfo),
        Just(Query::Health),
        vec(node(), 1..5).prop_map(Query::OkToStop),
        target().prop_map(Query::Status),
        report.prop_map(|(target, kind)| Query::Report { target, kind }),
    ]
}

fn other_command() -> impl Strategy<Value = Command> {
    let switch = select(vec![
        FilterSwitch::On,
        FilterSwitch::Off,
        FilterSwitch::Toggle,
    ]);
    let severity = prop_oneof![
        Just(Severities::All),
        select(Severity::ALL.to_vec()).prop_map(Severities::One),
    ];
    let severities = vec(severity.prop_map(Ok), 0..4);
    let topics = vec![None, Some("START BACKUP"), Some("NOWAIT"), Some("ALL")];
    prop_oneof![
        (1..=4_294_967_294_u32).prop_map(|id| Command::AbortBackup(BackupId::new(id).unwrap())),
        select(topics).prop_map(|topic| Command::Help(topic.and_then(HelpTopic::new))),
        free_text().prop_map(Command::Connect),
        free_text().prop_map(Command::Prompt),
        any::<u64>().prop_map(Command::Sleep),
        (1..=WATCH_SECONDS_MAX, query())
            .prop_map(|(seconds, query)| Command::Watch { seconds, query }),
        (TOP_MILLISECONDS_MIN..=TOP_MILLISECONDS_MAX)
            .prop_map(|milliseconds| Command::Top { milliseconds }),
        free_text().prop_map(Command::Pager),
        node().prop_map(Command::EnterSingleUserMode),
        (switch, severities)
            .prop_map(|(switch, severities)| Command::ClusterLogFilter { switch, severities }),
        vec(node(), 1..5).prop_map(Command::CreateNodegroup),
        any::<u16>().prop_map(|number| Command::DropNodegroup(Nodegroup(number))),
        (0..10).prop_map(command_of_words_only),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![start_backup(), node_command(), other_command()]
}

/// Words of the grammar and scraps, so that lines get far into it.
fn scraps() -> impl Strategy<Value = String> {
    let words = "START BACKUP ABORT ALL 2 3 0 -1 5x 4294967295 99999 ENCRYPT PASSWORD= PASSWORD='a b' \
                 PASSWORD=\"x' ' \" WAIT NOWAIT STARTED COMPLETED SNAPSHOTSTART SNAPSHOTEND STATUS \
                 REPORT Mem DUMP 0x3e8 010 STOP RESTART -a -n -x CLUSTERLOG ON INFO DEBUG BACKUP=15 \
                 LOGLEVEL NODELOG ENTER SINGLE USER MODE EXIT HELP ? CONNECT PROMPT SLEEP PURGE STALE \\WATCH PAGER NOPAGER TOP EVERY 0.5 \
                 CREATE DROP NODEGROUP 2,3 TLS # ; \u{e9}\u{1f980} \u{0}";
    let words: Vec<&'static str> = words.split(' ').collect();
    let blanks = select(vec![" ", "  ", "\t", ";", ""]);
    vec((select(words), blanks), 0..9).prop_map(|parts| {
        parts
            .into_iter()
            .map(|(word, blank)| format!("{word}{blank}"))
            .collect()
    })
}

fn check_any_line(line: &str) {
    if let Err(error) = parse(line) {
        let span = error.span();
        assert!(line.get(span).is_some(), "{line:?}: {error:?}");
        let text = render_parse_error(&error);
        assert!(text.ends_with('\n'), "{line:?}: {text:?}");
    }
    for pos in 0..=line.len() + 1 {
        let completion = complete(line, pos);
        assert!(completion.start <= pos);
    }
    if let Some(topic) = HelpTopic::new(line) {
        assert!(help(Some(&topic)).ends_with('\n'));
    }
    let _ = redact(line);
    for span in keywords(line) {
        assert!(line.get(span).is_some(), "{line:?}");
    }
    if let Some(hint) = hint(line) {
        assert!(hint.shown.get(..hint.word).is_some(), "{line:?}: {hint:?}");
    }
}

proptest! {
    #[test]
    fn the_canonical_spelling_reads_back(command in command()) {
        let line = command.to_string();
        prop_assert_eq!(parse(&line), Ok(command), "{}", line);
    }

    #[test]
    fn case_blanks_and_semicolons_do_not_matter(
        command in prop_oneof![start_backup(), node_command()],
        lower in any::<bool>(),
        lead in "[ \t]{0,3}",
        blank in "[ \t]{1,3}",
        tail in "[ \t;]{0,4}\r?\n?",
    ) {
        let mut line = command.to_string().replace(' ', &blank);
        if lower {
            line = line.to_ascii_lowercase();
        }
        prop_assert_eq!(parse(&format!("{lead}{line}{tail}")), Ok(command));
    }

    #[test]
    fn commands_with_semicolons_between_them_are_told_apart(
        commands in vec(prop_oneof![start_backup(), node_command()], 1..5),
        between in "[ \t]?;[ \t;]{0,3}",
    ) {
        let lines: Vec<String> = commands.iter().map(Command::to_string).collect();
        let text = lines.join(&between);
        let read: Vec<_> = split(&text).into_iter().map(parse).collect();
        let expected: Vec<_> = commands.into_iter().map(Ok).collect();
        prop_assert_eq!(read, expected, "{}", text);
    }

    #[test]
    fn no_part_of_a_password_becomes_a_command(
        secret in "[ !#-&(-~]{0,10}s3cret[ !#-&(-~]{0,10}",
        quote in select(vec!["'", "\"", ""]),
    ) {
        let text = format!("START BACKUP 1 ENCRYPT PASSWORD={quote}{secret}{quote}; SHOW");
        for line in split(&text) {
            prop_assert!(!redact(line).contains("s3cret"), "{line}");
        }
    }

    #[test]
    fn options_of_a_backup_stand_in_any_order(
        backup in start_backup(),
        password in option::of("[a-zA-Z0-9 #;=*()]{0,30}"),
        order in Just([0, 1, 2]).prop_shuffle(),
    ) {
        let Command::StartBackup(wanted) = &backup else {
            unreachable!("it is a backup");
        };
        let encrypt = match (&wanted.encryption, &password) {
            (None, _) => String::new(),
            (Some(_), None) => "ENCRYPT".into(),
            (Some(_), Some(password)) => format!("ENCRYPT PASSWORD='{password}'"),
        };
        let wait = match wanted.wait {
            WaitFor::Nothing => "NOWAIT",
            WaitFor::Started => "WAIT STARTED",
            WaitFor::Completed => "WAIT COMPLETED",
        };
        let snapshot = match wanted.snapshot {
            SnapshotPoint::Start => "SNAPSHOTSTART",
            SnapshotPoint::End => "SNAPSHOTEND",
        };
        let options = [encrypt.as_str(), wait, snapshot];
        let id = wanted.id.map(|id| id.to_string()).unwrap_or_default();
        let [first, second, third] = order.map(|index| options[index]);
        let line = format!("START BACKUP {id} {first} {second} {third}");
        let Ok(Command::StartBackup(found)) = parse(&line) else {
            panic!("{line} is a backup");
        };
        prop_assert_eq!((found.id, found.wait, found.snapshot), (wanted.id, wanted.wait, wanted.snapshot));
        match (found.encryption, password) {
            (Some(Encryption::Password(found)), Some(given)) => {
                prop_assert_eq!(found.expose(), given.as_bytes());
            }
            (Some(Encryption::AskPassword), None) => prop_assert!(wanted.encryption.is_some()),
            (found, _) => prop_assert_eq!(found, None),
        }
    }

    #[test]
    fn every_word_of_a_command_is_offered_by_completion(command in command()) {
        let line = command.to_string();
        let mut start = 0;
        for word in line.split(' ') {
            let end = start + word.len();
            let is_word = word.bytes().all(|byte| byte.is_ascii_uppercase());
            let free = matches!(command, Command::Connect(_) | Command::Prompt(_) | Command::Pager(_) | Command::Help(_));
            let repeated = matches!(command, Command::ClusterLogFilter { .. }) && start > 0;
            let is_offered = is_word && !word.is_empty() && !repeated;
            if is_offered && (start == 0 || !free) {
                let found = complete(&line, end);
                prop_assert_eq!(found.start, start);
                prop_assert!(found.candidates.iter().any(|found| found == word), "{} in {}", word, line);
            }
            start = end + 1;
        }
    }

    #[test]
    fn a_password_never_leaks(
        start in select(vec!["START BACKUP", "start backup 7", "START BACKUP 0", "STRAT BACKUP", "BACKUP"]),
        encrypt in select(vec!["ENCRYPT", "encrypt", "NOWAIT ENCRYPT", "ENCRYPT ENCRYPT"]),
        word in select(vec!["PASSWORD", "password", "PASSWROD", "PASSWOR", "PASS", "PW", ""]),
        equals in select(vec!["=", " = ", " =", "= ", " ", ":", "=="]),
        open in select(vec!["'", "\"", ""]),
        secret in "zq7[a-z0-9]{3,9}( zq7[a-z0-9]{3})?['\"$]?( zq7)?",
        close in select(vec!["'", "\"", ""]),
        tail in select(vec!["", ";", " NOWAIT", " FOO", " WAIT 'x'", "NOWAIT"]),
    ) {
        let line = format!("{start} {encrypt} {word}{equals}{open}{secret}{close}{tail}");
        let mut shown = redact(&line);
        match parse(&line) {
            Ok(command) => shown += &format!("{command} {command:?}"),
            Err(error) => {
                shown += &render_parse_error(&error);
                shown += &format!("{error} {error:?} {:?}", error.advice());
            }
        }
        prop_assert!(!shown.contains("zq7"), "{}\n{}", line, shown);
    }

    #[test]
    fn no_line_is_fatal(line in any::<String>()) {
        check_any_line(&line);
    }

    #[test]
    fn no_line_of_scraps_is_fatal(line in scraps()) {
        check_any_line(&line);
    }
}

#[test]
fn a_very_long_line_is_answered_at_once() {
    for word in [
        "7 ",
        "START BACKUP ",
        "'",
        "PASSWORD=",
        "ENCRYPT x",
        ";",
        "ALL CLUSTERLOG a=b ",
    ] {
        let line = word.repeat(20_000);
        if let Err(error) = parse(&line) {
            assert!(!render_parse_error(&error).is_empty());
        }
    }
}
