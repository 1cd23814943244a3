//! Every command of the recordings: what it means, or how it is answered.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ndbmgm::cluster::PasswordError;
use ndbmgm::command::{Command, ParseErrorKind as Kind, parse};
use ndbmgm::shell::render_parse_error;

/// The lines of a recording in their canonical spelling, `BOGUS` where one is no command.
const ACCEPTED: &[(&str, &[&str])] = &[
    ("abort_246", &["ABORT BACKUP 246"]),
    ("abort_running", &["ABORT BACKUP 242"]),
    ("abort_unknown", &["ABORT BACKUP 999"]),
    (
        "all_clusterlog",
        &["ALL CLUSTERLOG STATISTICS=8 CHECKPOINT=7"],
    ),
    ("all_status", &["ALL STATUS"]),
    ("api_status", &["10 STATUS"]),
    ("backup_201", &["START BACKUP 201 SNAPSHOTSTART"]),
    ("backup_201_exists", &["START BACKUP 201"]),
    ("backup_aborted_wait_completed", &["START BACKUP 241"]),
    ("backup_already_running", &["START BACKUP 243"]),
    (
        "backup_already_running_nowait",
        &["START BACKUP 243 NOWAIT"],
    ),
    ("backup_auto_id", &["START BACKUP"]),
    ("backup_encrypt", &["START BACKUP 206 ENCRYPT PASSWORD=***"]),
    (
        "backup_encrypt_256",
        &["START BACKUP 210 ENCRYPT PASSWORD=***"],
    ),
    ("backup_encrypt_backup_option", &["START BACKUP 214"]),
    (
        "backup_encrypt_empty",
        &["START BACKUP 207 ENCRYPT PASSWORD=***"],
    ),
    ("backup_encrypt_no_password", &["START BACKUP 212 ENCRYPT"]),
    (
        "backup_encrypt_nowait_is_not_encrypted",
        &["START BACKUP 246 ENCRYPT NOWAIT"],
    ),
    ("backup_nowait", &["START BACKUP 204 NOWAIT"]),
    ("backup_password_from_stdin", &["START BACKUP 213 ENCRYPT"]),
    ("backup_password_unused", &["START BACKUP 215"]),
    ("backup_slow_nowait", &["START BACKUP 242 NOWAIT"]),
    ("backup_snapshot_first", &["START BACKUP 205"]),
    ("backup_wait_started", &["START BACKUP 203 WAIT STARTED"]),
    ("backup_with_node_not_started", &["START BACKUP 220"]),
    ("clusterlog_bad_severity", &["CLUSTERLOG ON FOO"]),
    ("clusterlog_info", &["CLUSTERLOG INFO"]),
    ("clusterlog_off_debug", &["CLUSTERLOG OFF DEBUG"]),
    ("clusterlog_on_debug", &["CLUSTERLOG ON DEBUG"]),
    ("clusterlog_toggle", &["CLUSTERLOG TOGGLE INFO ERROR"]),
    ("clusterlog_toggle_back", &["CLUSTERLOG TOGGLE INFO ERROR"]),
    ("comment", &[""]),
    ("connect", &["CONNECT"]),
    ("create_ng", &["CREATE NODEGROUP 2,3"]),
    ("drop_ng", &["DROP NODEGROUP 0"]),
    ("dump", &["2 DUMP 1000"]),
    ("dump_hex", &["ALL DUMP 1000"]),
    ("empty", &[""]),
    ("log", &["2 LOG"]),
    ("loglevel", &["2 LOGLEVEL BACKUP=5"]),
    ("mgm_status", &["1 STATUS"]),
    ("node_clusterlog", &["2 CLUSTERLOG BACKUP=15"]),
    ("node_clusterlog_bad", &["2 CLUSTERLOG FOO=7"]),
    ("node_status", &["2 STATUS"]),
    ("nodelog", &["2 NODELOG DEBUG ON"]),
    ("nodelog_off", &["2 NODELOG DEBUG OFF"]),
    ("piped", &["SHOW", "ALL STATUS", "BOGUS", "QUIT"]),
    (
        "piped_backup_completed",
        &["START BACKUP 230", "SLEEP 2", "QUIT"],
    ),
    (
        "piped_backup_exists",
        &["START BACKUP 231", "SLEEP 1", "QUIT"],
    ),
    (
        "piped_backup_nowait",
        &["START BACKUP 231 NOWAIT", "SLEEP 8", "QUIT"],
    ),
    (
        "piped_backup_wait_started_then_abort",
        &[
            "START BACKUP 244 WAIT STARTED",
            "SLEEP 3",
            "ABORT BACKUP 244",
            "SLEEP 4",
            "QUIT",
        ],
    ),
    ("piped_no_quit", &["ALL STATUS"]),
    (
        "piped_node_killed_during_backup",
        &["START BACKUP 411 NOWAIT", "SLEEP 14", "ALL STATUS", "QUIT"],
    ),
    (
        "piped_nowait_progress_abort",
        &[
            "START BACKUP 245 NOWAIT",
            "SLEEP 4",
            "ALL REPORT BackupStatus",
            "ABORT BACKUP 245",
            "SLEEP 4",
            "QUIT",
        ],
    ),
    ("piped_watch_node_restart", &["SHOW", "SLEEP 32", "QUIT"]),
    ("prompt", &["PROMPT abc"]),
    ("prompt_none", &["PROMPT"]),
    ("purge", &["PURGE STALE SESSIONS"]),
    ("quit", &["QUIT"]),
    ("report_backup", &["ALL REPORT BackupStatus"]),
    ("report_backup_after_abort", &["ALL REPORT BackupStatus"]),
    ("report_backup_running", &["ALL REPORT BackupStatus"]),
    ("report_eventlog", &["2 REPORT EventLog"]),
    ("report_memory", &["2 REPORT MemoryUsage"]),
    ("report_memory_prefix", &["ALL REPORT MemoryUsage"]),
    ("report_not_ndb", &["10 REPORT MemoryUsage"]),
    ("restart_nostart", &["3 RESTART -N"]),
    ("restart_unknown", &["99 RESTART"]),
    ("show", &["SHOW"]),
    ("show_node_down", &["SHOW"]),
    ("show_not_started", &["SHOW"]),
    ("show_semicolon", &["SHOW"]),
    ("single_user_enter", &["ENTER SINGLE USER MODE 10"]),
    ("single_user_exit", &["EXIT SINGLE USER MODE"]),
    ("single_user_ndb", &["ENTER SINGLE USER MODE 2"]),
    ("single_user_show", &["SHOW"]),
    ("single_user_status", &["ALL STATUS"]),
    ("sleep0", &["SLEEP 0"]),
    ("start_all", &["ALL START"]),
    ("start_node", &["3 START"]),
    ("start_tls", &["START TLS"]),
    ("status_node_down", &["ALL STATUS"]),
    ("status_not_started", &["ALL STATUS"]),
    ("status_starting", &["ALL STATUS"]),
    ("stop_last", &["2 STOP"]),
    ("stop_node", &["3 STOP"]),
    ("testoff", &["2 TESTOFF"]),
    ("teston", &["2 TESTON"]),
    ("tls_info", &["TLS INFO"]),
    ("unknown_node_status", &["99 STATUS"]),
    ("verbose0", &["SHOW"]),
];

/// The recordings of lines that are no commands; the text is the recorded one.
const REFUSED: &[(&str, Kind)] = &[
    ("abort_bad", Kind::AbortIdExpected),
    ("abort_huge", Kind::AbortIdOutOfRange),
    ("abort_missing", Kind::AbortIdExpected),
    ("abort_zero", Kind::AbortIdOutOfRange),
    ("all_alone", Kind::CommandMissing),
    ("backup_bad_word", Kind::BackupOption),
    ("backup_id_after_option", Kind::BackupOption),
    ("backup_id_max", Kind::BackupIdOutOfRange),
    ("backup_id_zero", Kind::BackupIdOutOfRange),
    ("backup_two_snapshots", Kind::BackupOption),
    ("backup_two_waits", Kind::BackupOption),
    ("backup_wait_alone", Kind::BackupOption),
    ("backup_wait_bad", Kind::BackupOption),
    ("bogus", Kind::NotACommand),
    ("clusterlog_bad", Kind::ClusterLogArgumentUnknown),
    ("clusterlog_none", Kind::ClusterLogArgumentMissing),
    ("create_ng_bad", Kind::NodeListExpected),
    ("drop_ng_bad", Kind::NodegroupExpected),
    ("dump_none", Kind::DumpWordMissing),
    ("help_unknown", Kind::HelpTopicUnknown),
    ("id_alone", Kind::NotACommand),
    ("multi_bogus", Kind::NotANodeListCommand),
    ("node_bogus", Kind::NotANodeCommand),
    ("node_id_out_of_range", Kind::NodeIdOutOfRange),
    ("nodelog_bad", Kind::NodeLogArgumentCount),
    ("purge_bad", Kind::PurgeIncomplete),
    ("report_missing", Kind::ReportTypeMissing),
    ("report_unknown", Kind::ReportTypeUnknown),
    ("show_arg", Kind::ShowArgument),
    ("single_user_bad", Kind::ApiNodeExpected),
    ("start_alone", Kind::NotACommand),
    ("status_arg", Kind::UnexpectedParameter),
    ("stop_option_bad", Kind::StopOptionUnknown),
];

/// Deliberate differences: the client knows the rules of passwords itself, and never shows one.
const DIFFERENT: &[(&str, Kind, &str)] = &[
    (
        "backup_encrypt_unquoted",
        Kind::PasswordNotQuoted,
        "Invalid command: BACKUP 211 ENCRYPT PASSWORD=***\n\
         Encryption password should be within quotes\n\
         Type HELP for help.\n\n",
    ),
    (
        "backup_encrypt_bad_char",
        Kind::Password(PasswordError::BadCharacter { position: 2 }),
        "Invalid command: BACKUP 208 ENCRYPT PASSWORD=***\n\
         Encryption password has a character that is not allowed at position 2 \
         (allowed: printable ASCII except ! ' \" $ % \\ and ^)\n\
         Type HELP for help.\n\n",
    ),
    (
        "backup_encrypt_too_long",
        Kind::Password(PasswordError::TooLong { length: 257 }),
        "Invalid command: BACKUP 209 ENCRYPT PASSWORD=***\n\
         Encryption password is 257 characters long, the limit is 256\n\
         Type HELP for help.\n\n",
    ),
];

struct Recording {
    lines: Vec<String>,
    /// Without the line that tells of the connection.
    stdout: String,
    sent_anything: bool,
}

fn recording(name: &str) -> Recording {
    let path = Path::new("tests/fixtures/console").join(format!("{name}.trace"));
    let trace = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let header = |key: &str| {
        let line = trace.lines().find_map(|line| line.strip_prefix(key));
        line.map(|json| serde_json::from_str::<serde_json::Value>(json).unwrap())
    };
    let argv: Vec<String> = serde_json::from_value(header("# argv: ").unwrap()).unwrap();
    let execute = argv.iter().position(|word| word == "-e");
    let lines = match execute {
        Some(at) => vec![argv[at + 1].clone()],
        None => {
            let stdin = header("# stdin: ").unwrap();
            stdin.as_str().unwrap().lines().map(String::from).collect()
        }
    };
    let stdout = trace
        .lines()
        .filter_map(|line| line.strip_prefix("O: "))
        .filter(|line| !line.starts_with("Connected to management server"))
        .map(|line| format!("{line}\n"))
        .collect();
    Recording {
        lines,
        stdout,
        sent_anything: trace.lines().any(|line| line.starts_with("C: ")),
    }
}

#[test]
fn every_recording_is_in_a_table() {
    let listed: BTreeSet<String> = ACCEPTED
        .iter()
        .map(|(name, _)| name)
        .chain(REFUSED.iter().map(|(name, _)| name))
        .chain(DIFFERENT.iter().map(|(name, ..)| name))
        .map(|name| name.to_string())
        .collect();
    let recorded: BTreeSet<String> = fs::read_dir("tests/fixtures/console")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(listed, recorded);
}

#[test]
fn recorded_commands_have_their_meaning() {
    for (name, commands) in ACCEPTED {
        let recording = recording(name);
        assert_eq!(recording.lines.len(), commands.len(), "{name}");
        for (line, canonical) in recording.lines.iter().zip(*commands) {
            match parse(line) {
                Ok(command) => assert_eq!(command.to_string(), *canonical, "{name}"),
                Err(error) => {
                    assert_eq!(*canonical, "BOGUS", "{name}: {error:?}");
                    let text = render_parse_error(&error);
                    assert!(recording.stdout.contains(&text), "{name}: {text}");
                }
            }
        }
    }
}

#[test]
fn one_shot_commands_connect_as_recorded() {
    let accepted = ACCEPTED.iter().map(|(name, _)| name);
    for name in accepted.chain(REFUSED.iter().map(|(name, _)| name)) {
        let recording = recording(name);
        let [line] = recording.lines.as_slice() else {
            continue;
        };
        let connects = match parse(line) {
            Ok(command) => command.needs_connection(),
            Err(error) => error.needs_connection(),
        };
        assert_eq!(connects, recording.sent_anything, "{name}");
    }
}

#[test]
fn lines_that_are_no_commands_are_answered_as_recorded() {
    for (name, kind) in REFUSED {
        let recording = recording(name);
        let line = &recording.lines[0];
        let error = parse(line).expect_err(name);
        assert_eq!(error.kind(), *kind, "{name}");
        assert_eq!(render_parse_error(&error), recording.stdout, "{name}");
    }
}

#[test]
fn password_faults_are_found_here_and_show_no_password() {
    for (name, kind, text) in DIFFERENT {
        let recording = recording(name);
        let line = &recording.lines[0];
        let error = parse(line).expect_err(name);
        assert_eq!(error.kind(), *kind, "{name}");
        assert_eq!(render_parse_error(&error), *text, "{name}");
        assert_ne!(recording.stdout, *text, "{name}");
    }
}

#[test]
fn faults_of_a_list_are_carried_out_in_their_place() {
    let name = "node_clusterlog_bad";
    let text = recording(name);
    let Ok(Command::ClusterLogLevels { levels, .. }) = parse(&text.lines[0]) else {
        panic!("{name} is a command");
    };
    let fault = levels[0].clone().expect_err(name);
    assert_eq!(format!("{fault}\n\n"), text.stdout);

    let name = "clusterlog_bad_severity";
    let text = recording(name);
    let Ok(Command::ClusterLogFilter { severities, .. }) = parse(&text.lines[0]) else {
        panic!("{name} is a command");
    };
    let fault = severities[0].clone().expect_err(name);
    assert_eq!(format!("{fault}\n"), text.stdout);
}

#[test]
fn faults_beyond_the_recordings_have_their_texts() {
    let invalid = |echo: &str, extra: &str| {
        format!("Invalid command: {echo}\n{extra}Type HELP for help.\n\n")
    };
    let range = "Backup ID out of range [1 - 4294967294]\n";
    let whole = "Backup ID is not a whole number [1 - 4294967294]\n";
    let quotes = "Encryption password should be within quotes\n";
    let thirty = "123456789012345678901234567890";
    for (line, text) in [
        (" START  BACKUP 0 ; ;", invalid("BACKUP 0", range)),
        ("START\tBACKUP\t-1", invalid("BACKUP\t-1", range)),
        ("START BACKUP 5x", invalid("BACKUP 5x", whole)),
        (
            &format!("start backup {thirty}"),
            invalid(&format!("backup {thirty}"), range),
        ),
        (
            "START BACKUP 0000000000001",
            invalid("BACKUP 0000000000001", range),
        ),
        ("START BACKUP 1 2", invalid("BACKUP 1 2", "")),
        ("START BACKUPX", invalid("START BACKUPX", "")),
        ("START FOO", invalid("START FOO", "")),
        ("START TLS now", invalid("START TLS now", "")),
        (
            "START BACKUP ENCRYPT ENCRYPT",
            invalid("BACKUP ENCRYPT ENCRYPT", ""),
        ),
        (
            "START BACKUP ENCRYPT PASSWORD='a\" NOWAIT",
            invalid("BACKUP ENCRYPT PASSWORD=***", quotes),
        ),
        (
            "START BACKUP PASSWORD='a' NOWAIT",
            invalid("BACKUP PASSWORD=*** NOWAIT", ""),
        ),
        (
            "START BACKUP ENCRYPT PASSWORD = 'a'",
            invalid("BACKUP ENCRYPT PASSWORD = ***", ""),
        ),
        ("ABORT", invalid("ABORT", "")),
        (
            "ABORT BACKUP 5 6",
            "Invalid arguments: expected <BackupId>\n".into(),
        ),
        (
            "ABORT BACKUP -1",
            "Invalid arguments: <BackupId> out of range [1-4294967294]\n".into(),
        ),
        ("SLEEP", invalid("SLEEP", "")),
        ("SLEEP 1.5", invalid("SLEEP 1.5", "")),
        ("QUIT now", invalid("QUIT now", "")),
        ("SHUTDOWN now", invalid("SHUTDOWN now", "")),
        ("STATUS", invalid("STATUS", "")),
        ("SHOW x y", "Invalid argument: 'x y'\n".into()),
        ("HELP no such", "No help for no such available\n".into()),
        ("0 STATUS", "Invalid node ID: 0.\n".into()),
        ("2 256 STOP", "Invalid node ID: 256.\n".into()),
        ("2x STATUS", "Invalid node ID: 2x.\n".into()),
        ("2 3", invalid("2 3", "")),
        ("ALL FOO", invalid("FOO", "")),
        (
            "2 LOG x",
            "No parameters expected to this command.\n\n".into(),
        ),
        (
            "ALL RESTART -n -x",
            "Invalid option: -x. Expecting -A,-N,-I or -F after RESTART\n\n".into(),
        ),
        (
            "2 3 STOP x",
            "Invalid option: x. Expecting -A or -F after STOP\n".into(),
        ),
        (
            "2 DUMP 1 0x1ffffffff",
            "ERROR: Illegal value '0x1ffffffff' in argument to signal.\n\
             (Value must be between 0 and 0xffffffff.)\n\n"
                .into(),
        ),
        (
            &format!("2 DUMP{}", " 1".repeat(26)),
            "ERROR: Too many arguments, max 25 allowed\n\n".into(),
        ),
        ("2 NODELOG DEBUG FOO", "Invalid argument.\n\n".into()),
        ("2 CLUSTERLOG", "Expected argument\n\n".into()),
        (
            "CREATE NODEGROUP 2,",
            "Invalid arguments: expected <id>,<id>...\n".into(),
        ),
        (
            "DROP NODEGROUP 65536",
            "Invalid arguments: expected <NG>\n".into(),
        ),
        (
            "PURGE STALE FOO",
            "Unexpected command, expected: PURGE STALE SESSIONS\n".into(),
        ),
        ("EXIT SINGLE", invalid("EXIT SINGLE", "")),
    ] {
        let error = parse(line).expect_err(line);
        assert_eq!(render_parse_error(&error), text, "{line}");
    }
}

#[test]
fn a_report_is_named_by_one_word_or_by_two() {
    for (line, canonical) in [
        ("ALL REPORT BACKUP STATUS", "ALL REPORT BackupStatus"),
        ("all report memory usage;", "ALL REPORT MemoryUsage"),
        ("2 REPORT EVENT\t LOG", "2 REPORT EventLog"),
        ("2 REPORT B", "2 REPORT BackupStatus"),
        ("ALL REPORT mem us", "ALL REPORT MemoryUsage"),
        ("ALL REPORT EventL", "ALL REPORT EventLog"),
    ] {
        let command = parse(line).expect(line);
        assert_eq!(command.to_string(), canonical, "{line}");
    }
    for line in [
        "ALL REPORT BACKUP LOG",
        "ALL REPORT BACKUP STATUS x",
        "ALL REPORT BackupStatus x",
        "ALL REPORT BackupS Status",
        "ALL REPORT STATUS",
    ] {
        let error = parse(line).expect_err(line);
        assert_eq!(error.kind(), Kind::ReportTypeUnknown, "{line}");
    }
}

#[test]
fn near_misses_get_advice() {
    for (line, advice) in [
        ("START BACKUP SNAPSHOTSTRAT", "did you mean SNAPSHOTSTART?"),
        ("START BACKUP 7 WAIT COMPLETE", "did you mean COMPLETED?"),
        ("START BACKUPX", "did you mean BACKUP?"),
        ("STRAT BACKUP", "did you mean START?"),
        ("SHWO", "did you mean SHOW?"),
        ("ALL STATSU", "did you mean STATUS?"),
        ("ALL REPORT MemoryUsages", "did you mean MemoryUsage?"),
        ("STATUS", "write ALL STATUS, or <node id> STATUS"),
        ("2 SHOW", "SHOW stands alone, without a node"),
        (
            "START BACKUP NOWAIT 7",
            "the backup id stands directly after BACKUP",
        ),
        (
            "START BACKUP NOWAIT WAIT STARTED",
            "each kind of option can be given once",
        ),
        (
            "START BACKUP PASSWORD='x'",
            "PASSWORD='..' stands directly after ENCRYPT",
        ),
        (
            "START BACKUP ENCRYPT PASSWORD = 'x'",
            "write PASSWORD='..' without blanks around the equals sign",
        ),
        (
            "START BACKUP ENCRYPT PASSWORD=x",
            "write PASSWORD='..' or PASSWORD=\"..\", without blanks before the quote",
        ),
        (
            "SHOW; ALL STATUS",
            "a line is one command: semicolons do not separate commands",
        ),
        (
            "CLUSTERLOG BACKUP=15",
            "write ALL CLUSTERLOG BACKUP=15, or <node id> CLUSTERLOG BACKUP=15",
        ),
        (
            "2 DUMP 010",
            "write the number without leading zeros, or as 0x..",
        ),
    ] {
        let error = parse(line).expect_err(line);
        assert_eq!(error.advice().as_deref(), Some(advice), "{line}");
    }
    let error = parse("FOO").unwrap_err();
    assert_eq!(error.advice(), None);
}

#[test]
fn a_fault_has_a_place_and_says_what_fits_there() {
    for (line, span, expected) in [
        (
            "  START BACKUP 7 WAIT FOO ",
            22..25,
            &["STARTED", "COMPLETED"][..],
        ),
        ("START", 5..5, &["BACKUP", "TLS"]),
        ("ABORT BACKUP", 12..12, &["<backup id>"]),
        ("2 3 FOO", 4..7, &["START", "STOP", "RESTART", "<node id>"]),
    ] {
        let error = parse(line).expect_err(line);
        assert_eq!((error.span(), error.expected()), (span, expected), "{line}");
    }
}
