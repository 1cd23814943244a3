//! The commands that a server knows and their arguments (management protocol, 3).

/// How the value of an argument is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Text,
    /// May go on in lines whose name begins with `+`.
    LongText,
}

/// One argument of a command, or one name of a reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) mandatory: bool,
}

/// A command.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) arguments: &'static [Argument],
    /// First line of its reply.
    reply: &'static str,
}

pub(super) const fn int(name: &'static str) -> Argument {
    argument(name, Kind::Int, true)
}

pub(super) const fn optional_int(name: &'static str) -> Argument {
    argument(name, Kind::Int, false)
}

pub(super) const fn text(name: &'static str) -> Argument {
    argument(name, Kind::Text, true)
}

pub(super) const fn optional_text(name: &'static str) -> Argument {
    argument(name, Kind::Text, false)
}

const fn argument(name: &'static str, kind: Kind, mandatory: bool) -> Argument {
    Argument {
        name,
        kind,
        mandatory,
    }
}

const fn command(
    name: &'static str,
    reply: &'static str,
    arguments: &'static [Argument],
) -> Command {
    Command {
        name,
        arguments,
        reply,
    }
}

const GET_CONFIG: &[Argument] = &[
    int("version"),
    optional_int("node"),
    optional_int("nodetype"),
    optional_int("from_node"),
];

const SET_CONFIG: &[Argument] = &[
    int("Content-Length"),
    text("Content-Type"),
    text("Content-Transfer-Encoding"),
];

const LEVEL: &[Argument] = &[int("node"), int("category"), int("level")];

/// An empty reply header means that the reply has none.
const COMMANDS: [Command; 55] = [
    command("check connection", "check connection reply", &[]),
    command("get version", "version", &[]),
    command(
        "set clientversion",
        "set clientversion reply",
        &[int("major"), int("minor"), int("build")],
    ),
    command("get mgmd nodeid", "get mgmd nodeid reply", &[]),
    command("start tls", "start tls reply", &[]),
    command("end session", "end session reply", &[]),
    command("bye", "", &[]),
    command("get status", "node status", &[optional_text("types")]),
    command("get config", "get config reply", GET_CONFIG),
    command("get config_v2", "get config reply", GET_CONFIG),
    command("set config", "set config reply", SET_CONFIG),
    command("set config_v2", "set config reply", SET_CONFIG),
    command(
        "get nodeid",
        "get nodeid reply",
        &[
            int("version"),
            int("nodetype"),
            optional_text("transporter"),
            optional_int("nodeid"),
            text("user"),
            text("password"),
            text("public key"),
            optional_text("endian"),
            optional_text("name"),
            optional_int("timeout"),
            optional_int("log_event"),
        ],
    ),
    command(
        "start backup",
        "start backup reply",
        &[
            optional_int("completed"),
            optional_int("backupid"),
            optional_int("backuppoint"),
            argument("encryption_password", Kind::LongText, false),
            optional_int("password_length"),
        ],
    ),
    command("abort backup", "abort backup reply", &[int("id")]),
    command("stop", "stop reply", &[text("node"), int("abort")]),
    command(
        "stop v2",
        "stop reply",
        &[text("node"), int("abort"), optional_int("force")],
    ),
    command(
        "stop all",
        "stop reply",
        &[int("abort"), optional_text("stop")],
    ),
    command(
        "restart node",
        "restart reply",
        &[
            text("node"),
            optional_int("initialstart"),
            optional_int("nostart"),
            optional_int("abort"),
        ],
    ),
    command(
        "restart node v2",
        "restart reply",
        &[
            text("node"),
            optional_int("initialstart"),
            optional_int("nostart"),
            optional_int("abort"),
            optional_int("force"),
        ],
    ),
    command(
        "restart all",
        "restart reply",
        &[
            optional_int("initialstart"),
            optional_int("nostart"),
            optional_int("abort"),
        ],
    ),
    command("start", "start reply", &[int("node")]),
    command("start all", "start reply", &[]),
    command(
        "enter single user",
        "enter single user reply",
        &[int("nodeId")],
    ),
    command("exit single user", "exit single user reply", &[]),
    command(
        "dump state",
        "dump state reply",
        &[int("node"), text("args")],
    ),
    command(
        "insert error",
        "insert error reply",
        &[int("node"), int("error"), optional_int("extra")],
    ),
    command("set trace", "set trace reply", &[int("node"), int("trace")]),
    command(
        "log signals",
        "log signals reply",
        &[int("node"), text("blocks"), int("in"), int("out")],
    ),
    command("start signallog", "start signallog reply", &[int("node")]),
    command("stop signallog", "stop signallog reply", &[int("node")]),
    command("set loglevel", "set loglevel reply", LEVEL),
    command("set cluster loglevel", "set cluster loglevel reply", LEVEL),
    command("get cluster loglevel", "get cluster loglevel", &[]),
    command("get info clusterlog", "clusterlog", &[]),
    command(
        "set logfilter",
        "set logfilter reply",
        &[int("level"), int("enable")],
    ),
    command(
        "dump events",
        "dump events reply",
        &[int("type"), optional_text("nodes")],
    ),
    command(
        "listen event",
        "listen event",
        &[
            optional_int("node"),
            text("filter"),
            optional_int("parsable"),
        ],
    ),
    command("list sessions", "", &[]),
    command("get session id", "get session id reply", &[]),
    command("get session", "get session reply", &[int("id")]),
    command("purge stale sessions", "purge stale sessions reply", &[]),
    command("list certs", "list certs reply", &[]),
    command("get tls stats", "get tls stats reply", &[]),
    command("transporter connect", "", &[]),
    command(
        "show config",
        "show config reply",
        &[
            optional_text("Section"),
            optional_int("NodeId"),
            optional_text("Name"),
        ],
    ),
    command(
        "reload config",
        "reload config reply",
        &[
            optional_text("config_filename"),
            optional_int("mycnf"),
            optional_int("force"),
        ],
    ),
    command("show variables", "show variables reply", &[]),
    command(
        "set parameter",
        "set parameter reply",
        &[int("node"), int("parameter"), text("value")],
    ),
    command(
        "set connection parameter",
        "set connection parameter reply",
        &[int("node1"), int("node2"), int("param"), int("value")],
    ),
    command(
        "get connection parameter",
        "get connection parameter reply",
        &[int("node1"), int("node2"), int("param")],
    ),
    command(
        "set ports",
        "set ports reply",
        &[int("node"), int("num_ports")],
    ),
    command(
        "create nodegroup",
        "create nodegroup reply",
        &[text("nodes")],
    ),
    command("drop nodegroup", "drop nodegroup reply", &[int("ng")]),
    command(
        "report event",
        "report event reply",
        &[int("length"), text("data")],
    ),
];

/// The command with this name.
pub(super) fn find(name: &[u8]) -> Option<&'static Command> {
    COMMANDS
        .iter()
        .find(|command| command.name.as_bytes() == name)
}

/// First line of a command's reply.
pub(super) fn reply_header(name: &str) -> Option<&'static str> {
    find(name.as_bytes())
        .map(|command| command.reply)
        .filter(|header| !header.is_empty())
}
