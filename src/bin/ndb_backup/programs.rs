//! The subcommands as programs: their secrets, numbers, examples and exit statuses.

use ndbmgm::cli::{Examples, Exit, ExitTable, Number, Program, SecretKind, SecretOption};

/// What the program can do.
pub(crate) const OVERVIEW: &str = "\
Backup sets of NDB Cluster: list, look into, prove.

Usage: ndb_backup COMMAND [options] [arguments]

  list [DIR]..          the sets under directories: complete or not, and why
  show ID [DIR]..       what a set holds: tables, indexes, files
  verify ID [DIR]..     read every byte of a set and say what is wrong
  manifest ID [DIR]..   verify a set and write its manifest
  export ID TABLE [DIR]..
                        the rows of a table at the snapshot point: csv, jsonl or sql
  gather --to=DIR ID    copy a set from all data nodes into one directory, and prove it
  expire DIR            remove sets that no rule keeps
  keep ID, release ID   pin a set, and let it go
  run --to=DIR          the nightly job: back up, gather, verify, expire

ndb_backup COMMAND --help tells the options of a command.
";

pub(crate) const EXAMPLES: Examples = &[
    (
        "ndb_backup list /backups",
        "the sets below a directory: complete or not, and why",
    ),
    (
        "ndb_backup verify 7 /backups",
        "read every byte of backup 7, and say what is wrong",
    ),
    (
        "ndb_backup export 7 shop.customer /backups > customer.csv",
        "the rows of a table at the snapshot point",
    ),
];

const SECRETS: &[SecretOption] = &[
    SecretOption {
        prefix: "backup",
        kind: SecretKind::Key,
    },
    SecretOption {
        prefix: "backup",
        kind: SecretKind::Password,
    },
];

/// A subcommand that works on directories alone.
const fn offline(
    name: &'static str,
    groups: &'static [&'static str],
    examples: Examples,
    exits: ExitTable,
) -> Program {
    Program {
        name,
        groups,
        numbers: &[],
        secrets: SECRETS,
        bad_usage: Exit::BadUsage,
        help_after_error: false,
        examples,
        exits,
        detailed_exits: &[],
    }
}

pub(crate) const LIST: Program = offline(
    "ndb_backup list",
    &["ndb_backup", "ndb_backup_list"],
    &[(
        "ndb_backup list /var/lib/mysql-cluster /backups",
        "the sets below these directories",
    )],
    Exit::OF_LIST,
);
pub(crate) const SHOW: Program = offline(
    "ndb_backup show",
    &["ndb_backup", "ndb_backup_show"],
    &[(
        "ndb_backup show 7 /backups -P",
        "tables, indexes and files of backup 7; the password is asked for",
    )],
    Exit::OF_SHOW,
);
pub(crate) const VERIFY: Program = Program {
    numbers: &[Number {
        option: "threads",
        min: 0,
        max: 256,
    }],
    ..offline(
        "ndb_backup verify",
        &["ndb_backup", "ndb_backup_verify"],
        &[
            (
                "ndb_backup verify 7 /backups --require-manifest",
                "prove the contents of backup 7",
            ),
            (
                "ndb_backup verify 7 /backups --subset=2/7",
                "read the second seventh of its files",
            ),
        ],
        Exit::OF_VERIFY,
    )
};
pub(crate) const MANIFEST: Program = offline(
    "ndb_backup manifest",
    &["ndb_backup", "ndb_backup_manifest"],
    &[(
        "ndb_backup manifest 7 /backups",
        "verify backup 7, and write down what it is",
    )],
    Exit::OF_MANIFEST,
);

pub(crate) const EXPORT: Program = Program {
    numbers: &[
        Number {
            option: "limit",
            min: 0,
            max: i64::MAX,
        },
        Number {
            option: "index-entries",
            min: 1,
            max: 1 << 32,
        },
    ],
    ..offline(
        "ndb_backup export",
        &["ndb_backup", "ndb_backup_export"],
        &[
            (
                "ndb_backup export 7 shop.customer /backups > customer.csv",
                "all rows of a table",
            ),
            (
                "ndb_backup export 7 customer /backups --format=sql --where-key=42",
                "one row, as an INSERT statement",
            ),
        ],
        Exit::OF_EXPORT,
    )
};

/// Numbers of the options that reach a cluster, and those of the rules that keep sets.
const KEEP_NUMBERS: &[Number] = &[
    Number {
        option: "keep-last",
        min: 0,
        max: 1 << 31,
    },
    Number {
        option: "keep-days",
        min: 0,
        max: 36_500,
    },
    Number {
        option: "keep-weekly",
        min: 0,
        max: 5_200,
    },
    Number {
        option: "min-redundancy",
        min: 0,
        max: 1 << 31,
    },
    Number::CONNECT_RETRIES,
    Number::CONNECT_RETRY_DELAY,
    Number::REQUEST_TIMEOUT,
];

pub(crate) const GATHER: Program = Program {
    numbers: KEEP_NUMBERS,
    ..offline(
        "ndb_backup gather",
        &["ndb_backup", "ndb_backup_gather"],
        &[
            (
                "ndb_backup gather 7 --to=/backups -c mgm1",
                "from the data nodes that the management server names",
            ),
            (
                "ndb_backup gather 7 --to=/backups --from=2=db2:/data --from=3=db3:/data",
                "from these",
            ),
        ],
        Exit::OF_GATHER,
    )
};
pub(crate) const EXPIRE: Program = Program {
    numbers: KEEP_NUMBERS,
    ..offline(
        "ndb_backup expire",
        &["ndb_backup", "ndb_backup_expire"],
        &[(
            "ndb_backup expire /backups --keep-last=7 --keep-weekly=8 --dry-run",
            "which sets would go",
        )],
        Exit::OF_EXPIRE,
    )
};
pub(crate) const KEEP: Program = offline(
    "ndb_backup keep",
    &["ndb_backup", "ndb_backup_keep"],
    &[(
        "ndb_backup keep 7 /backups --why='before the upgrade'",
        "backup 7 stays until it is released",
    )],
    Exit::OF_KEEP,
);
pub(crate) const RELEASE: Program = offline(
    "ndb_backup release",
    &["ndb_backup", "ndb_backup_release"],
    &[(
        "ndb_backup release 7 /backups",
        "backup 7 goes when its time comes",
    )],
    Exit::OF_KEEP,
);
pub(crate) const RUN: Program = Program {
    numbers: KEEP_NUMBERS,
    secrets: &[SecretOption {
        prefix: "backup",
        kind: SecretKind::Password,
    }],
    ..offline(
        "ndb_backup run",
        &["ndb_backup", "ndb_backup_run"],
        &[(
            "ndb_backup run --to=/backups -c mgm1,mgm2 --remove-sources --keep-last=7",
            "a night, for cron or a timer",
        )],
        Exit::OF_RUN,
    )
};
