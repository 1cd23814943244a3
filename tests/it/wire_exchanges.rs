//! Requests and the replies of an original server to them, as recorded outside the console
//! traces.

/// What was sent, and the whole reply.
pub(crate) const EXCHANGES: &[(&str, &str)] = &[
    (
        "get version\n\n",
        "version\nid: 591618\nmajor: 9\nminor: 7\nbuild: 2\nstring: mysql-9.7.2 ndb-9.7.2\nmysql_major: 9\nmysql_minor: 7\nmysql_build: 2\n\n",
    ),
    (
        "set clientversion\nmajor: 9\nminor: 7\nbuild: 2\n\n",
        "set clientversion reply\nresult: Ok\n\n",
    ),
    (
        "get status\n\n",
        "node status\nnodes: 5\nnode.1.type: NDB\nnode.1.status: NO_CONTACT\nnode.1.version: 0\nnode.1.mysql_version: 0\nnode.1.startphase: 0\nnode.1.dynamic_id: 0\nnode.1.node_group: 0\nnode.1.connect_count: 0\nnode.1.address: \nnode.2.type: NDB\nnode.2.status: NO_CONTACT\nnode.2.version: 0\nnode.2.mysql_version: 0\nnode.2.startphase: 0\nnode.2.dynamic_id: 0\nnode.2.node_group: 0\nnode.2.connect_count: 0\nnode.2.address: \nnode.49.type: MGM\nnode.49.status: CONNECTED\nnode.49.version: 591618\nnode.49.mysql_version: 591618\nnode.49.startphase: 0\nnode.49.dynamic_id: 0\nnode.49.node_group: 0\nnode.49.connect_count: 0\nnode.49.address: 127.0.0.1\nnode.50.type: API\nnode.50.status: UNKNOWN\nnode.50.version: 0\nnode.50.mysql_version: 0\nnode.50.startphase: 0\nnode.50.dynamic_id: 0\nnode.50.node_group: 0\nnode.50.connect_count: 0\nnode.50.address: \nnode.51.type: API\nnode.51.status: UNKNOWN\nnode.51.version: 0\nnode.51.mysql_version: 0\nnode.51.startphase: 0\nnode.51.dynamic_id: 0\nnode.51.node_group: 0\nnode.51.connect_count: 0\nnode.51.address: \n\n",
    ),
    (
        "get status\n\n",
        "node status\nnodes: 5\nnode.1.type: NDB\nnode.1.status: NO_CONTACT\nnode.1.version: 0\nnode.1.mysql_version: 0\nnode.1.startphase: 0\nnode.1.dynamic_id: 0\nnode.1.node_group: 0\nnode.1.connect_count: 0\nnode.1.address: \nnode.1.is_single_user: 0\nnode.2.type: NDB\nnode.2.status: NO_CONTACT\nnode.2.version: 0\nnode.2.mysql_version: 0\nnode.2.startphase: 0\nnode.2.dynamic_id: 0\nnode.2.node_group: 0\nnode.2.connect_count: 0\nnode.2.address: \nnode.2.is_single_user: 0\nnode.49.type: MGM\nnode.49.status: CONNECTED\nnode.49.version: 591618\nnode.49.mysql_version: 591618\nnode.49.startphase: 0\nnode.49.dynamic_id: 0\nnode.49.node_group: 0\nnode.49.connect_count: 0\nnode.49.address: 127.0.0.1\nnode.49.is_single_user: 0\nnode.50.type: API\nnode.50.status: UNKNOWN\nnode.50.version: 0\nnode.50.mysql_version: 0\nnode.50.startphase: 0\nnode.50.dynamic_id: 0\nnode.50.node_group: 0\nnode.50.connect_count: 0\nnode.50.address: \nnode.50.is_single_user: 0\nnode.51.type: API\nnode.51.status: UNKNOWN\nnode.51.version: 0\nnode.51.mysql_version: 0\nnode.51.startphase: 0\nnode.51.dynamic_id: 0\nnode.51.node_group: 0\nnode.51.connect_count: 0\nnode.51.address: \nnode.51.is_single_user: 0\n\n",
    ),
    (
        "get status\ntypes: NDB \n\n",
        "node status\nnodes: 2\nnode.1.type: NDB\nnode.1.status: NO_CONTACT\nnode.1.version: 0\nnode.1.mysql_version: 0\nnode.1.startphase: 0\nnode.1.dynamic_id: 0\nnode.1.node_group: 0\nnode.1.connect_count: 0\nnode.1.address: \nnode.2.type: NDB\nnode.2.status: NO_CONTACT\nnode.2.version: 0\nnode.2.mysql_version: 0\nnode.2.startphase: 0\nnode.2.dynamic_id: 0\nnode.2.node_group: 0\nnode.2.connect_count: 0\nnode.2.address: \n\n",
    ),
    (
        "get status\ntypes: mysqld NDB\n\n",
        "node status\nnodes: 4\nnode.50.type: API\nnode.50.status: UNKNOWN\nnode.50.version: 0\nnode.50.mysql_version: 0\nnode.50.startphase: 0\nnode.50.dynamic_id: 0\nnode.50.node_group: 0\nnode.50.connect_count: 0\nnode.50.address: \nnode.51.type: API\nnode.51.status: UNKNOWN\nnode.51.version: 0\nnode.51.mysql_version: 0\nnode.51.startphase: 0\nnode.51.dynamic_id: 0\nnode.51.node_group: 0\nnode.51.connect_count: 0\nnode.51.address: \nnode.1.type: NDB\nnode.1.status: NO_CONTACT\nnode.1.version: 0\nnode.1.mysql_version: 0\nnode.1.startphase: 0\nnode.1.dynamic_id: 0\nnode.1.node_group: 0\nnode.1.connect_count: 0\nnode.1.address: \nnode.2.type: NDB\nnode.2.status: NO_CONTACT\nnode.2.version: 0\nnode.2.mysql_version: 0\nnode.2.startphase: 0\nnode.2.dynamic_id: 0\nnode.2.node_group: 0\nnode.2.connect_count: 0\nnode.2.address: \n\n",
    ),
    ("get status\ntypes: JUNK\n\n", "node status\nnodes: 0\n\n"),
    (
        "get status\ntypes: NDB MGM API DB NDB\n\n",
        "node status\nnodes: 5\nnode.1.type: NDB\nnode.1.status: NO_CONTACT\nnode.1.version: 0\nnode.1.mysql_version: 0\nnode.1.startphase: 0\nnode.1.dynamic_id: 0\nnode.1.node_group: 0\nnode.1.connect_count: 0\nnode.1.address: \nnode.2.type: NDB\nnode.2.status: NO_CONTACT\nnode.2.version: 0\nnode.2.mysql_version: 0\nnode.2.startphase: 0\nnode.2.dynamic_id: 0\nnode.2.node_group: 0\nnode.2.connect_count: 0\nnode.2.address: \nnode.49.type: MGM\nnode.49.status: CONNECTED\nnode.49.version: 591618\nnode.49.mysql_version: 591618\nnode.49.startphase: 0\nnode.49.dynamic_id: 0\nnode.49.node_group: 0\nnode.49.connect_count: 0\nnode.49.address: 127.0.0.1\nnode.50.type: API\nnode.50.status: UNKNOWN\nnode.50.version: 0\nnode.50.mysql_version: 0\nnode.50.startphase: 0\nnode.50.dynamic_id: 0\nnode.50.node_group: 0\nnode.50.connect_count: 0\nnode.50.address: \nnode.51.type: API\nnode.51.status: UNKNOWN\nnode.51.version: 0\nnode.51.mysql_version: 0\nnode.51.startphase: 0\nnode.51.dynamic_id: 0\nnode.51.node_group: 0\nnode.51.connect_count: 0\nnode.51.address: \n\n",
    ),
    (
        "  get version \t\n\n",
        "version\nid: 591618\nmajor: 9\nminor: 7\nbuild: 2\nstring: mysql-9.7.2 ndb-9.7.2\nmysql_major: 9\nmysql_minor: 7\nmysql_build: 2\n\n",
    ),
    (
        "abort backup\nid=5\n\n",
        "abort backup reply\nresult: No contact with database nodes: Permanent error: Application error\n\n",
    ),
    (
        "abort backup\nid:\"5\"\n\n",
        "abort backup reply\nresult: No contact with database nodes: Permanent error: Application error\n\n",
    ),
    (
        "\"get version\"\n\n",
        "version\nid: 591618\nmajor: 9\nminor: 7\nbuild: 2\nstring: mysql-9.7.2 ndb-9.7.2\nmysql_major: 9\nmysql_minor: 7\nmysql_build: 2\n\n",
    ),
    (
        "abort backup\nid: -5\n\n",
        "abort backup reply\nresult: No contact with database nodes: Permanent error: Application error\n\n",
    ),
    (
        "\n\n\nget mgmd nodeid\n\n",
        "get mgmd nodeid reply\nnodeid:49\n\n",
    ),
    (
        "get mgmd nodeid\n\n",
        "get mgmd nodeid reply\nnodeid:49\n\n",
    ),
    (
        "check connection\n\n",
        "check connection reply\nresult: Ok\n\n",
    ),
    (
        "list sessions\n\n",
        "session: 1\nsession.1.m_stopSelf: 0\nsession.1.m_stop: 0\nsession.1.tls: 0\nsession.1.parser.buffer.len: 0\nsession.1.parser.buffer: \nsession.1.parser.status: 0\nsession: 24\nsession.24.m_stopSelf: 0\nsession.24.m_stop: 0\nsession.24.tls: 0\nsession.24.parser.buffer.len: 1\nsession.24.parser.buffer: \\n\nsession.24.parser.status: 0\n\n",
    ),
    ("get session id\n\n", "get session id reply\nid: 25\n\n"),
    ("get session\nid: 99999\n\n", "get session reply\nid: 0\n\n"),
    ("end session\n\n", "end session reply\n"),
    (
        "get info clusterlog\n\n",
        "clusterlog\nenabled: 1\ndebug: 0\ninfo: 1\nwarning: 1\nerror: 1\ncritical: 1\nalert: 1\n\n",
    ),
    (
        "get cluster loglevel\n\n",
        "get cluster loglevel\nstartup: 7\nshutdown: 7\nstatistics: 7\ncheckpoint: 7\nnoderestart: 7\nconnection: 8\ninfo: 7\nwarning: 7\nerror: 15\ncongestion: 7\ndebug: 7\nbackup: 15\nschema: 7\n\n",
    ),
    (
        "purge stale sessions\n\n",
        "purge stale sessions reply\nresult: Ok\n\n",
    ),
    ("start tls\n\n", "start tls reply\nresult: Failed\n\n"),
    ("list certs\n\n", "list certs reply\n\n"),
    (
        "get tls stats\n\n",
        "get tls stats reply\naccepted: 31\nupgraded: 0\ncurrent: 2\ntls: 0\nauthfail: 0\n\n",
    ),
    (
        "start backup\ncompleted: 2\n\n",
        "start backup reply\nresult: Send to process or receive failed.: Permanent error: Application error\n\n",
    ),
    (
        "start backup\ncompleted: 0\n\n",
        "start backup reply\nresult: Send to process or receive failed.: Permanent error: Application error\n\n",
    ),
    (
        "start backup\ncompleted: 1\nbackuppoint: 0\n\n",
        "start backup reply\nresult: Send to process or receive failed.: Permanent error: Application error\n\n",
    ),
    (
        "start backup\ncompleted: 1\nbackuppoint: 0\nencryption_password:\"abc\"\npassword_length: 3\n\n",
        "start backup reply\nresult: Encrypted backup is not supported by the data node/s: Permanent error: Internal error\n\n",
    ),
    (
        "abort backup\nid: 5\n\n",
        "abort backup reply\nresult: No contact with database nodes: Permanent error: Application error\n\n",
    ),
    (
        "show variables\n\n",
        "show variables reply\ndaemon: no\nnon_interactive: yes\ninteractive: no\nconfig_filename: config.ini\nmycnf: no\nbind_address: (null)\ncheck_address: yes\nprint_full_config: no\nconfigdir: /var/lib/mysql-cluster\nconfig_cache: no\nverbose: no\nreload: no\nnodeid: 49\nblocknumber: 0x8001\nown_reference: 0x80010031\nport: 12186\nneed_restart: 0\nis_stop_thread: 0\nlog_level_thread_sleep: 500\nmaster_node: 0\n\n",
    ),
    (
        "listen event\nparsable: 1\nfilter:\"15=10 1=0\"\n\n",
        "listen event\nresult: -1\nmsg: Unknown category: >15<\n\n",
    ),
    (
        "listen event\nfilter: BACKUP\n\n",
        "listen event\nresult: -1\nmsg: Invalid filter specification: >BACKUP< >BACKUP< 1\n\n",
    ),
    (
        "listen event\nfilter: FOO=1\n\n",
        "listen event\nresult: -1\nmsg: Unknown category: >FOO<\n\n",
    ),
    (
        "listen event\nfilter: BACKUP=16\n\n",
        "listen event\nresult: -1\nmsg: Invalid level: >16<\n\n",
    ),
    (
        "listen event\nfilter: 249=1\n\n",
        "listen event\nresult: -1\nmsg: Unknown category: >249<\n\n",
    ),
    (
        "listen event\nfilter:\n\n",
        "listen event\nresult: -1\nmsg: Invalid filter specification: >< >< 1\n\n",
    ),
    (
        "listen event\nfilter: 0=1\n\n",
        "listen event\nresult: -1\nmsg: Unknown category: >0<\n\n",
    ),
    (
        "get config_v2\nversion: 0\nfrom_node: 1\n\n",
        "get config reply\nresult: Data node 1 is not alive. \n\n",
    ),
    (
        "get config_v2\nversion: 0\nfrom_node: 49\n\n",
        "get config reply\nresult: Node 49 is not a data node. \n\n",
    ),
    (
        "get config_v2\nversion: 0\nfrom_node: 99\n\n",
        "get config reply\nresult: Nodeid 99 does not exist. \n\n",
    ),
    (
        "get config_v2\nversion: 0\nfrom_node: 300\n\n",
        "get config reply\nresult: Nodeid 300 is greater than max nodeid 255. \n\n",
    ),
    (
        "get nodeid\nversion: 591618\nnodetype: 1\nnodeid: 50\nuser: mysqld\npassword: mysqld\npublic key: a public key\nendian: little\nlog_event: 0\n\n",
        "get nodeid reply\nresult: Cluster not ready for nodeid allocation.\nerror_code: 1101\n\n",
    ),
    (
        "get nodeid\nversion: 591618\nnodetype: 2\nnodeid: 49\nuser: mysqld\npassword: mysqld\npublic key: a public key\nendian: little\nlog_event: 0\n\n",
        "get nodeid reply\nresult: Id 49 is already allocated by this ndb_mgmd\nerror_code: 1102\n\n",
    ),
    (
        "get nodeid\nversion: 591618\nnodetype: 0\nnodeid: 50\nuser: mysqld\npassword: mysqld\npublic key: a public key\nendian: big\nlog_event: 0\n\n",
        "get nodeid reply\nresult: Node does not have the same endianness as the management server.\n\n",
    ),
    (
        "get nodeid\nversion: 591618\nnodetype: 7\nnodeid: 50\nuser: mysqld\npassword: mysqld\npublic key: a public key\nlog_event: 0\n\n",
        "get nodeid reply\nresult: unknown nodetype 7\n\n",
    ),
    (
        "get nodeid\nversion: 591618\nnodetype: 0\nnodeid: 50\nuser: mysqld\npassword: mysqld\npublic key: a public key\nlog_event: 0\n\n",
        "get nodeid reply\nresult: Id 50 configured as mysqld(API), connect attempted as ndbd(NDB).\nerror_code: 1102\n\n",
    ),
    (
        "get nodeid\nversion: 591618\nnodetype: 0\nnodeid: 77\nuser: mysqld\npassword: mysqld\npublic key: a public key\nlog_event: 0\n\n",
        "get nodeid reply\nresult: No node defined with id=77 in config file.\nerror_code: 1102\n\n",
    ),
    (
        "get nodeid\nversion: 591618\nnodetype: 0\nnodeid: 777\nuser: mysqld\npassword: mysqld\npublic key: a public key\nlog_event: 0\n\n",
        "get nodeid reply\nresult: illegal nodeid 777\n\n",
    ),
    (
        "get nodeid\nversion: 1\nnodetype: 1\nnodeid: 50\nuser: mysqld\npassword: mysqld\npublic key: a public key\n\n",
        "get nodeid reply\nresult: Cluster not ready for nodeid allocation.\n\n",
    ),
    ("show config\nSection: MGM\n\n", "show config reply\n\n"),
    (
        "show config\nNodeId: 50\n\n",
        "show config reply\n[mysqld(API)]\nHostName=localhost\nDedicated=0\nNodeId=50\nArbitrationRank=0\nArbitrationDelay=0\nMaxScanBatchSize=262144\nBatchByteSize=16384\nBatchSize=256\nExtraSendBufferMemory=0\nTotalSendBufferMemory=0\nAutoReconnect=1\nDefaultOperationRedoProblemAction=1\nDefaultHashmapSize=0\n__debug_mixology_level=0\nConnectBackoffMaxTime=1500\nStartConnectBackoffMaxTime=0\n\n",
    ),
    (
        "show config\nName: BackupDataDir\n\n",
        "show config reply\n[ndbd(DB)]\nBackupDataDir=/var/lib/mysql-cluster/d\n[ndbd(DB)]\nBackupDataDir=/var/lib/mysql-cluster/d\n\n",
    ),
    (
        "show config\nSection: SYSTEM\n\n",
        "show config reply\n[SYSTEM]\nName=MC_20261122060502\nPrimaryMGMNode=49\nConfigGenerationNumber=0\n\n",
    ),
    (
        "show config\nSection: TCP\nNodeId: 50\n\n",
        "show config reply\n\n",
    ),
    (
        "reload config\n\n",
        "reload config reply\nresult: Could not load configuration from 'config.ini'\n\n",
    ),
    (
        "reload config\nmycnf: 1\n\n",
        "reload config reply\nresult: ERROR: Can't switch to use my.cnf when node was started from 'config.ini'\n\n",
    ),
    (
        "reload config\nconfig_filename: /nonexist\n\n",
        "reload config reply\nresult: Could not load configuration from '/nonexist'\n\n",
    ),
    (
        "reload config\nconfig_filename: x\nmycnf: 1\n\n",
        "reload config reply\nresult: ERROR: Both mycnf and config_filename is not supported\n\n",
    ),
    (
        "get connection parameter\nnode1: 1\nnode2: 2\nparam: 406\n\n",
        "get connection parameter reply\nvalue: 0\nresult: Ok\n\n",
    ),
    (
        "get connection parameter\nnode1: 1\nnode2: 2\nparam: 400\n\n",
        "get connection parameter reply\nvalue: 0\nresult: Only param CFG_CONNECTION_SERVER_PORT can be retrieved\n\n",
    ),
    (
        "set connection parameter\nnode1: 1\nnode2: 2\nparam: 406\nvalue: 4294967290\n\n",
        "set connection parameter reply\nmessage: \nresult: Ok\n\n",
    ),
    (
        "get connection parameter\nnode1: 1\nnode2: 2\nparam: 406\n\n",
        "get connection parameter reply\nvalue: -6\nresult: Ok\n\n",
    ),
    (
        "set connection parameter\nnode1: 1\nnode2: 77\nparam: 406\nvalue: 4294967290\n\n",
        "set connection parameter reply\nmessage: Unable to find connection between nodes 1 -> 77\nresult: Failed\n\n",
    ),
    (
        "get connection parameter\nnode1: 9\nnode2: 2\nparam: 406\n\n",
        "get connection parameter reply\nvalue: 0\nresult: Unable to find connection between nodes 9 -> 2\n\n",
    ),
    (
        "set parameter\nnode: 1\nparameter: 167\nvalue: 5\n\n",
        "set parameter reply\nmessage: Success\nresult: 0\n\n",
    ),
    (
        "set parameter\nnode: 50\nparameter: 167\nvalue: 5\n\n",
        "set parameter reply\nmessage: Invalid node type or no such node (1 0)\nresult: -1\n\n",
    ),
    (
        "set parameter\nnode: 1\nparameter: 9999\nvalue: 5\n\n",
        "set parameter reply\nmessage: Could not get parameter\nresult: -1\n\n",
    ),
    (
        "set ports\nnode: 1\nnum_ports: 1\n\n2=-12345\n\n",
        "set ports reply\nresult: Ok\n\n",
    ),
    (
        "set ports\nnode: 77\nnum_ports: 1\n\n2=-12345\n\n",
        "set ports reply\nresult: Unable to find connection between nodes 77 -> 2\n\n",
    ),
    (
        "create nodegroup\nnodes: 1 2\n\n",
        "create nodegroup reply\nng: -1\nerror_code: 5005\nresult: 5005-Send to process or receive failed.: Permanent error: Application error\n\n",
    ),
    (
        "create nodegroup\nnodes: x\n\n",
        "create nodegroup reply\nng: -1\nerror_code: 5005\nresult: 5005-Send to process or receive failed.: Permanent error: Application error\n\n",
    ),
    (
        "drop nodegroup\nng: 3\n\n",
        "drop nodegroup reply\nresult: error: 5005\n\n",
    ),
    (
        "insert error\nnode: 1\nerror: 5\n\n",
        "insert error reply\nresult: Send to process or receive failed.: Permanent error: Application error\n\n",
    ),
    (
        "insert error\nnode: 50\nerror: 5\n\n",
        "insert error reply\nresult: The process has wrong type. Expected a DB process.: Permanent error: Application error\n\n",
    ),
    (
        "insert error\nnode: 49\nerror: 0\n\n",
        "insert error reply\nresult: Ok\n\n",
    ),
    (
        "set trace\nnode: 1\ntrace: 5\n\n",
        "set trace reply\nresult: No contact with the process (dead ?).: Permanent error: Application error\n\n",
    ),
    (
        "log signals\nnode: 1\nblocks: ALL|\nin: 1\nout: 1\n\n",
        "log signals reply\nresult: No contact with the process (dead ?).: Permanent error: Application error\n\n",
    ),
    (
        "log signals\nnode: 50\nblocks: \nin: 1\nout: 1\n\n",
        "log signals reply\nresult: The process has wrong type. Expected a DB process.: Permanent error: Application error\n\n",
    ),
    (
        "start signallog\nnode: 1\n\n",
        "start signallog reply\nresult: No contact with the process (dead ?).: Permanent error: Application error\n\n",
    ),
    (
        "stop signallog\nnode: 1\n\n",
        "stop signallog reply\nresult: No contact with the process (dead ?).: Permanent error: Application error\n\n",
    ),
    (
        "dump state\nnode: 1\nargs: 1\n\n",
        "dump state reply\nresult: No contact with the process (dead ?).: Permanent error: Application error\n\n",
    ),
    (
        "dump state\nnode: 49\nargs: 1\n\n",
        "dump state reply\nresult: Ok\n\n",
    ),
    (
        "dump state\nnode: 50\nargs: 1\n\n",
        "dump state reply\nresult: The process has wrong type. Expected a DB process.: Permanent error: Application error\n\n",
    ),
    (
        "dump state\nnode: 1\nargs: 12345678901234\n\n",
        "dump state reply\nresult: Unknown error code: Unknown result: Unknown error code\n\n",
    ),
    (
        "stop\nnode: 1\nabort: 0\n\n",
        "stop reply\nresult: Send to process or receive failed.: Permanent error: Application error\nstopped: 0\n\n",
    ),
    (
        "stop v2\nnode: 1 2\nabort: 0\nforce: 0\n\n",
        "stop reply\nresult: Send to process or receive failed.: Permanent error: Application error\nstopped: 0\ndisconnect: 0\n\n",
    ),
    (
        "stop v2\nnode: 50\nabort: 0\n\n",
        "stop reply\nresult: The process has wrong type. Expected a DB process.: Permanent error: Application error\nstopped: 0\ndisconnect: 0\n\n",
    ),
    (
        "stop v2\nnode: \nabort: 0\n\n",
        "stop reply\nresult: Ok\nstopped: 0\ndisconnect: 0\n\n",
    ),
    (
        "stop all\nabort: 0\nstop: db\n\n",
        "stop reply\nresult: Ok\nstopped: 0\ndisconnect: 0\n\n",
    ),
    (
        "stop all\nabort: 0\n\n",
        "stop reply\nresult: Ok\nstopped: 0\n\n",
    ),
    (
        "restart node\nnode: 1\n\n",
        "restart reply\nresult: 5005-Send to process or receive failed.: Permanent error: Application error\nrestarted: 0\n\n",
    ),
    (
        "restart node v2\nnode: 50\n\n",
        "restart reply\nresult: 5002-The process has wrong type. Expected a DB process.: Permanent error: Application error\nrestarted: 0\ndisconnect: 0\n\n",
    ),
    (
        "restart all\n\n",
        "restart reply\nresult: Ok\nrestarted: 0\n\n",
    ),
    (
        "start\nnode: 1\n\n",
        "start reply\nresult: No contact with the process (dead ?).: Permanent error: Application error\n\n",
    ),
    (
        "start\nnode: 50\n\n",
        "start reply\nresult: The process has wrong type. Expected a DB process.: Permanent error: Application error\n\n",
    ),
    ("start all\n\n", "start reply\nresult: Ok\nstarted: 0\n\n"),
    (
        "enter single user\nnodeId: 50\n\n",
        "enter single user reply\nresult: Send to process or receive failed.: Permanent error: Application error\n\n",
    ),
    (
        "exit single user\n\n",
        "exit single user reply\nresult: Ok\n\n",
    ),
    (
        "set loglevel\nnode: 1\ncategory: 261\nlevel: 15\n\n",
        "set loglevel reply\nresult: Ok\n\n",
    ),
    (
        "set loglevel\nnode: 1\ncategory: 261\nlevel: 16\n\n",
        "set loglevel reply\nresult: Invalid loglevel: \n\n",
    ),
    (
        "set cluster loglevel\nnode: 1\ncategory: 261\nlevel: 15\n\n",
        "set cluster loglevel reply\nresult: Ok\n\n",
    ),
    (
        "set cluster loglevel\nnode: 1\ncategory: 263\nlevel: 15\n\n",
        "set cluster loglevel reply\nresult: Invalid category 13\n\n",
    ),
    (
        "set cluster loglevel\nnode: 1\ncategory: 249\nlevel: 15\n\n",
        "set cluster loglevel reply\nresult: Invalid category -1\n\n",
    ),
    (
        "set cluster loglevel\nnode: 1\ncategory: 261\nlevel: 16\n\n",
        "set cluster loglevel reply\nresult: Invalid loglevel 16\n\n",
    ),
    (
        "set logfilter\nlevel: 1\nenable: -1\n\n",
        "set logfilter reply\nresult: 0\n\n",
    ),
    (
        "set logfilter\nlevel: 1\nenable: -1\n\n",
        "set logfilter reply\nresult: 1\n\n",
    ),
    (
        "set config_v2\nContent-Length: 4\nContent-Type: ndbconfig/octet-stream\nContent-Transfer-Encoding: base64\n\nAAAA\n",
        "set config reply\nresult: Failed to unpack config, error: 1\n\n",
    ),
    (
        "set config_v2\nContent-Length: 0\nContent-Type: ndbconfig/octet-stream\nContent-Transfer-Encoding: base64\n\n",
        "set config reply\nresult: Illegal config length size 0\n\n",
    ),
    ("get session id\n\n", "get session id reply\nid: 151\n\n"),
];
