//! The texts of the help pages: usage, summary, page.

pub(super) const START_BACKUP: [&str; 3] = [
    "START BACKUP [<backup id>] [ENCRYPT [PASSWORD=<password>]]\n        [WAIT STARTED | WAIT COMPLETED | NOWAIT] [SNAPSHOTSTART | SNAPSHOTEND]",
    "Back up the cluster.",
    "\x20 <backup id>      A number from 1 to 4294967294, directly after BACKUP.
                   Without it the cluster takes the next free one. An id whose
                   files exist already is refused. With -e the id must be given,
                   unless the client has --auto-backup-id, also in my.cnf.
  ENCRYPT          Encrypt the files. The password is the one given here, else
                   that of the --backup-password options; else the client asks.
  PASSWORD         In single or double quotes: PASSWORD='..' or PASSWORD=\"..\",
                   without blanks before them. At most 256 printable ASCII
                   characters, none of  ! ' \" $ % \\ ^  and not empty (the data
                   nodes refuse an empty one). Nobody stores it: without it the
                   backup can't be read again.
  WAIT COMPLETED   Return when the backup is complete. This is the default.
  WAIT STARTED     Return when the backup has started.
  NOWAIT           Return at once; progress is printed while you go on.
  SNAPSHOTEND      The backup holds the state at its end. This is the default.
  SNAPSHOTSTART    The backup holds the state at its start.

  The options may stand in any order, each kind once.

  Examples:
    START BACKUP
    START BACKUP 7 WAIT STARTED SNAPSHOTSTART
    START BACKUP 8 ENCRYPT PASSWORD='correct horse' NOWAIT
",
];

pub(super) const ABORT_BACKUP: [&str; 3] = [
    "ABORT BACKUP <backup id>",
    "Stop a running backup and remove its files.",
    "\x20 The line \"Abort of backup .. ordered\" says that the order was passed on. The
  data nodes then report, in no fixed order, that the backup has been aborted.
  If no backup with this id runs, nothing is printed.
",
];

pub(super) const SHOW: [&str; 3] = [
    "SHOW",
    "Show the nodes of the cluster.",
    "\x20 Lists data nodes, management servers and API nodes with their ids, addresses,
  versions and nodegroups. The node marked with * is the master.
",
];

pub(super) const STATUS: [&str; 3] = [
    "{<node id> | ALL} STATUS",
    "Show the state of one node, or of all data nodes.",
    "\x20 A node that is starting or shutting down is shown with the last phase that it
  has completed.
",
];

pub(super) const REPORT: [&str; 3] = [
    "{<node id> | ALL} REPORT {BackupStatus | MemoryUsage | EventLog}",
    "Print a report of one data node, or of all.",
    "\x20 BackupStatus   how far a running backup is
  MemoryUsage    data and index memory in use
  EventLog       the events that the node has kept

  The beginning of a name is enough, and so are two words: ALL REPORT Mem,
  ALL REPORT BACKUP STATUS.
",
];

pub(super) const START: [&str; 3] = [
    "{<node id> [<node id> ..] | ALL} START",
    "Start data nodes that wait for it.",
    "\x20 A node waits after RESTART -N, or when its process was started that way.
",
];

pub(super) const STOP: [&str; 3] = [
    "{<node id> [<node id> ..] | ALL} STOP [-A] [-F]",
    "Stop nodes.",
    "\x20 -A   at once, without a clean shutdown
  -F   even if the cluster can't go on without the node

  ALL stops the data nodes; SHUTDOWN stops the management servers too.
",
];

pub(super) const RESTART: [&str; 3] = [
    "{<node id> [<node id> ..] | ALL} RESTART [-N] [-I] [-A] [-F]",
    "Stop nodes and start them again.",
    "\x20 -N   come up, but wait for START
  -I   come up without the old data, and get it from the other nodes; with ALL
       this empties the cluster
  -A   at once, without a clean shutdown
  -F   even if the cluster can't go on without the node
",
];

pub(super) const SHUTDOWN: [&str; 3] = [
    "SHUTDOWN",
    "Stop all data nodes and management servers.",
    "\x20 The client is disconnected when the management server that it talks to stops.
",
];

pub(super) const ENTER_SINGLE_USER_MODE: [&str; 3] = [
    "ENTER SINGLE USER MODE <node id>",
    "Let one API node use the cluster, and no other.",
    "\x20 The id is that of an API node; SHOW lists them. EXIT SINGLE USER MODE ends it.
",
];

pub(super) const EXIT_SINGLE_USER_MODE: [&str; 3] = [
    "EXIT SINGLE USER MODE",
    "Let all API nodes use the cluster again.",
    "\x20 The order returns at once; ALL STATUS shows when it is done.
",
];

pub(super) const CLUSTERLOG_INFO: [&str; 3] = [
    "CLUSTERLOG INFO",
    "Show which severities the cluster log takes.",
    "\x20 The management server writes the log.
",
];

pub(super) const CLUSTERLOG_ON: [&str; 3] = [
    "CLUSTERLOG ON [<severity> ..]",
    "Let severities into the cluster log.",
    "\x20 The severities are DEBUG, INFO, WARNING, ERROR, CRITICAL and ALERT; ALL is
  every one of them. Without a severity the whole log is switched on.
",
];

pub(super) const CLUSTERLOG_OFF: [&str; 3] = [
    "CLUSTERLOG OFF [<severity> ..]",
    "Keep severities out of the cluster log.",
    "\x20 The severities are DEBUG, INFO, WARNING, ERROR, CRITICAL and ALERT; ALL is
  every one of them. Without a severity the whole log is switched off.
",
];

pub(super) const CLUSTERLOG_TOGGLE: [&str; 3] = [
    "CLUSTERLOG TOGGLE [<severity> ..]",
    "Switch severities of the cluster log the other way.",
    "\x20 The severities are DEBUG, INFO, WARNING, ERROR, CRITICAL and ALERT; ALL is
  every one of them. Without a severity the whole log is switched.
",
];

pub(super) const CLUSTERLOG_FILTER: [&str; 3] = [
    "CLUSTERLOG FILTER [<severity> ..]",
    "The same as CLUSTERLOG TOGGLE.",
    "\x20 See HELP CLUSTERLOG TOGGLE.
",
];

pub(super) const CLUSTERLOG: [&str; 3] = [
    "{<node id> | ALL} CLUSTERLOG <category>=<level> ..",
    "Set how much of a category reaches the cluster log.",
    "\x20 Categories: STARTUP SHUTDOWN STATISTICS CHECKPOINT NODERESTART CONNECTION INFO
              ERROR CONGESTION DEBUG BACKUP SCHEMA
  Levels:     0 (least) to 15 (everything)

  Example: ALL CLUSTERLOG STATISTICS=8 CHECKPOINT=7
",
];

pub(super) const LOGLEVEL: [&str; 3] = [
    "{<node id> | ALL} LOGLEVEL <category>=<level> ..",
    "Set how much of a category a node reports.",
    "\x20 Categories and levels are those of CLUSTERLOG.
",
];

pub(super) const NODELOG_DEBUG: [&str; 3] = [
    "{<node id> | ALL} NODELOG DEBUG {ON | OFF}",
    "Switch debug lines in the log of a data node.",
    "\x20 The lines go to the log file that the node writes by itself.
",
];

pub(super) const DUMP: [&str; 3] = [
    "{<node id> | ALL} DUMP <number> [<number> ..]",
    "Send a dump signal to a data node.",
    "\x20 One to 25 numbers from 0 to 0xffffffff, decimal or 0x.., without leading
  zeros. Dump codes are for the developers of the cluster; some stop a node.
",
];

pub(super) const LOG: [&str; 3] = [
    "{<node id> | ALL} LOG",
    "Log the signals that a data node sends and receives.",
    "\x20 For the developers of the cluster. TESTON and TESTOFF start and stop the log.
",
];

pub(super) const TESTON: [&str; 3] = [
    "{<node id> | ALL} TESTON",
    "Start the signal log of a data node.",
    "\x20 For the developers of the cluster.
",
];

pub(super) const TESTOFF: [&str; 3] = [
    "{<node id> | ALL} TESTOFF",
    "Stop the signal log of a data node.",
    "\x20 For the developers of the cluster.
",
];

pub(super) const CREATE_NODEGROUP: [&str; 3] = [
    "CREATE NODEGROUP <node id>,<node id> ..",
    "Make a nodegroup of started data nodes that have none.",
    "\x20 As many nodes as the cluster keeps replicas, separated by commas.

  Example: CREATE NODEGROUP 5,6
",
];

pub(super) const DROP_NODEGROUP: [&str; 3] = [
    "DROP NODEGROUP <nodegroup>",
    "Dissolve a nodegroup that holds no data.",
    "\x20 SHOW lists the numbers of the nodegroups.
",
];

pub(super) const PURGE_STALE_SESSIONS: [&str; 3] = [
    "PURGE STALE SESSIONS",
    "Free the node ids of clients that are gone.",
    "\x20 Prints the ids that became free.
",
];

pub(super) const TLS_INFO: [&str; 3] = [
    "TLS INFO",
    "Show which connections use TLS.",
    "\x20 Also prints the certificates and counters of the management server.
",
];

pub(super) const START_TLS: [&str; 3] = [
    "START TLS",
    "Use TLS for the connection to the management server.",
    "\x20 For --ndb-mgm-tls=deferred; otherwise TLS is used from the start, if both
  sides have a certificate. The event connection changes with it.
",
];

pub(super) const HEALTH: [&str; 3] = [
    "HEALTH",
    "Say whether the cluster is healthy, and why not.",
    "\x20 OK         every data node is in service
  DEGRADED   the data is complete, but a data node is missing or starting
  OFFLINE    no node of some nodegroup is in service
  UNKNOWN    no management server answers, or it wants TLS

  Warnings are given for memory from a limit on (--memory-warning and
  --memory-critical, in percent), different versions, management servers that
  are down or see the nodes in different states, and single user mode.

  Exit status: 0 OK; 1 DEGRADED or a warning; 2 OFFLINE or memory at its
  critical limit; 3 UNKNOWN. Each server is tried once and has 5 seconds to
  answer, or --request-timeout if that is less.
",
];

pub(super) const WAIT_FOR: [&str; 3] = [
    "WAIT FOR {<node id>[,<node id> ..] | ALL} {STARTED | NOT STARTED | NO CONTACT}\n        [AFTER RESTART] [TIMEOUT <seconds>]",
    "Wait until nodes are in a state.",
    "\x20 STARTED         data nodes in service; other nodes connected
  NOT STARTED     data nodes that wait for START
  NO CONTACT      nodes that are down
  AFTER RESTART   Each node has to be seen leaving service first: one that has
                  just been told to restart is still STARTED for a while.
  TIMEOUT         How long to wait, in seconds; else --wait-timeout, else 600.
                  0 looks once.

  ALL is every data node. States and start phases are shown as they pass. When
  the time is over, the command fails and says which nodes are missing. A
  management server that goes away meanwhile is looked for until then.

  Example: WAIT FOR 3,4 STARTED TIMEOUT 900
",
];

pub(super) const OK_TO_STOP: [&str; 3] = [
    "OK TO STOP <node id> [<node id> ..]",
    "Say whether the cluster would go on without nodes.",
    "\x20 Nothing is stopped. The answer is the one that the management server would
  give to STOP: no, if a nodegroup would be left without a node in service
  (error 5028) or while data nodes are starting (error 5063).

  Exit status: 0 yes, 1 no, 255 if it can't be found out.
",
];

pub(super) const ROLLING_RESTART: [&str; 3] = [
    "ROLLING RESTART [<node id> [<node id> ..] | ALL] [PER NODEGROUP] [INITIAL]\n        [STOP ONLY] [TIMEOUT <seconds>] [DRY RUN]",
    "Restart data nodes one after another, without an outage.",
    "\x20 Before each step everything is checked: all data nodes started, no backup
  running, no single user mode, management servers agree. Then a node is
  restarted, never by force, and has to be seen leaving and coming back before
  the next one. Whatever goes wrong ends the command, which then says what was
  done and what was not, and prints the command that does the rest.

  PER NODEGROUP   One node of each nodegroup at once. They stop without a clean
                  shutdown (RESTART -A): servers stop several nodes only so.
  INITIAL         Come up without the old data, and get it from the other nodes.
  STOP ONLY       Stop each node and wait until somebody else has started it, as
                  for new programs; --post-stop-command is a command that does.
  TIMEOUT         For each step; 3600 seconds if it is left out.
  DRY RUN         Say what would be done, and what stands against it now.

  --stop-only and --dry-run are STOP ONLY and DRY RUN, here and as options.

  Management servers are restarted only if they are named, and then first.
  Ctrl-C ends the command after the step that has begun; a second one at once.
",
];

pub(super) const TOP: [&str; 3] = [
    "TOP [EVERY <seconds>]",
    "Watch the whole cluster on the screen.",
    "\x20 Nodes with their states, memory and operations, running backups, and events as
  they happen, until q is pressed; h shows the other keys. The picture is new
  every second, or every so many: 0.1 to 86400. When the management server is
  lost the screen says so, and goes on with whichever answers.
  With --output=jsonl each picture is an object on a line of standard output,
  until Ctrl-C; that needs no terminal.

  Examples: TOP, TOP EVERY 0.5
",
];

pub(super) const CONNECT: [&str; 3] = [
    "CONNECT [<connect string>]",
    "Connect to a management server.",
    "\x20 Without a connect string to the one used so far. A new one replaces the old.

  Example: CONNECT mgmd1:1186,mgmd2:1186
",
];

pub(super) const PROMPT: [&str; 3] = [
    "PROMPT [<text>]",
    "Change the prompt.",
    "\x20 Without a text the prompt is again what it was at the start.
",
];

pub(super) const SLEEP: [&str; 3] = [
    "SLEEP <seconds>",
    "Wait.",
    "\x20 For commands that are piped in, between two of which something has to happen.
",
];

pub(super) const WATCH: [&str; 3] = [
    "\\WATCH [<seconds>] <command>",
    "Carry out a command again and again.",
    "\x20 The commands are those that only ask: SHOW, STATUS, REPORT, HEALTH, OK TO
  STOP, CLUSTERLOG INFO. A number directly behind \\WATCH is that of the
  seconds, 1 to 86400; without it 2. At the prompt each turn takes the place
  of the one before, with its time above it, until a key is pressed; events
  wait so long. Otherwise one turn follows the other until Ctrl-C. A turn that
  fails ends it.

  Examples: \\WATCH SHOW, \\WATCH 5 ALL REPORT BackupStatus
",
];

pub(super) const PAGER: [&str; 3] = [
    "PAGER [<program>]",
    "Give long results to a program that shows them page by page.",
    "\x20 Results at the prompt that are longer than the screen go to its standard
  input. Without a program it is that of the environment variable PAGER, else
  less. NOPAGER ends it.

  Example: PAGER less -S
",
];

pub(super) const NOPAGER: [&str; 3] = [
    "NOPAGER",
    "Write long results to the screen again.",
    "\x20 See HELP PAGER.
",
];

pub(super) const HELP: [&str; 3] = [
    "HELP [<topic>]",
    "Show this list, or the pages of a topic.",
    "\x20 A topic is a command, its first words, or any of its keywords.

  Examples: HELP START BACKUP, HELP CLUSTERLOG, HELP SNAPSHOTSTART
",
];

pub(super) const QUESTION_MARK: [&str; 3] = [
    "? [<topic>]",
    "The same as HELP.",
    "\x20 See HELP HELP.
",
];

pub(super) const QUIT: [&str; 3] = [
    "QUIT",
    "End the client.",
    "\x20 EXIT and BYE do the same, as does the end of the input. Backups go on.
",
];

pub(super) const EXIT: [&str; 3] = [
    "EXIT",
    "The same as QUIT.",
    "\x20 See HELP QUIT.
",
];

pub(super) const BYE: [&str; 3] = [
    "BYE",
    "The same as QUIT.",
    "\x20 See HELP QUIT.
",
];

/// Above the list of commands.
pub(super) const OVERVIEW_START: &str = "\
Commands, in any case; \"|\" separates what excludes each other, [] is optional.

";

/// Below it.
pub(super) const OVERVIEW_END: &str = "
A line that begins with # is a comment. Semicolons at the end of a line do not count.
HELP <command> has more, as HELP START BACKUP.
";

/// What stands before a node command.
pub(super) const NODES: &str = "\
{<node id> | ALL} <command>
<node id> <node id> .. {START | STOP | RESTART}

  A node command begins with the id of a node, 1 to 255, or with ALL for every
  data node. START, STOP and RESTART take several ids, separated by blanks. SHOW
  lists the ids.
";
