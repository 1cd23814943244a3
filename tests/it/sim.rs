//! The simulated cluster over its socket: backups on disk, aborts, restarts.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ndbmgm::backup::{CtlFile, DataItem, DataReader, LogReader, Row};
use ndbmgm::sim::{self, FaultPlan, SimConfig, SimHandle};
use ndbmgm::xfrm::{self, Secret};
use tempfile::TempDir;

use crate::backup_files::backup_path;

const LIMIT: Duration = Duration::from_secs(60);

/// A cluster, its directory and a way to talk to it.
struct Fixture {
    directory: TempDir,
    handle: Option<SimHandle>,
}

impl Fixture {
    fn start(adjust: impl FnOnce(&mut SimConfig)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut fixture = Fixture {
            directory,
            handle: None,
        };
        fixture.restart(adjust);
        fixture
    }

    fn restart(&mut self, adjust: impl FnOnce(&mut SimConfig)) {
        if let Some(handle) = self.handle.take() {
            handle.shutdown().unwrap();
        }
        let mut config = SimConfig::new(self.directory.path());
        config.phase_time = Duration::from_millis(2);
        config.rows = 1000;
        adjust(&mut config);
        self.handle = Some(sim::start(config).unwrap());
    }

    fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.handle.as_ref().unwrap().address()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Connection(stream)
    }

    fn ask(&self, request: &str) -> String {
        self.connect().ask(request)
    }

    fn backup_dir(&self, node: u32, id: u32) -> PathBuf {
        self.directory
            .path()
            .join(format!("node-{node}/BACKUP/BACKUP-{id}"))
    }

    fn file(&self, node: u32, id: u32, kind: &str) -> PathBuf {
        let base = self.directory.path().join(format!("node-{node}"));
        backup_path(&base, node, id, kind)
    }

    /// Every file below the directory.
    fn all_files(&self) -> Vec<PathBuf> {
        fn walk(path: &Path, files: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(path).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, files);
                } else {
                    files.push(path);
                }
            }
        }
        let mut files = Vec::new();
        walk(self.directory.path(), &mut files);
        files
    }

    fn wait_until_idle(&self) {
        wait_until(|| self.handle.as_ref().unwrap().backups_running() == 0);
    }
}

fn wait_until(test: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !test() {
        assert!(Instant::now() < deadline, "not within {LIMIT:?}");
        std::thread::yield_now();
    }
}

struct Connection(TcpStream);

impl Connection {
    /// Sends a request and reads up to the empty line that ends the reply.
    fn ask(&mut self, request: &str) -> String {
        self.0.write_all(request.as_bytes()).unwrap();
        self.read_block()
    }

    fn read_block(&mut self) -> String {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(b"\n\n") {
            match self.0.read_exact(&mut byte) {
                Ok(()) => bytes.push(byte[0]),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) => panic!("{error}"),
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    /// The next event record, past any `<PING>`.
    fn event(&mut self) -> String {
        self.read_block().replace("<PING>\n", "")
    }
}

fn start_backup(fixture: &Fixture, arguments: &str) -> String {
    fixture.ask(&format!("start backup\n{arguments}\n\n"))
}

fn open_file(path: &Path, password: Option<&str>) -> impl Read + use<> {
    let secret = password.map(|text| Secret::new(text.as_bytes().to_vec()));
    xfrm::open(fs::File::open(path).unwrap(), secret.as_ref()).unwrap()
}

/// Rows and log entries of all nodes, every one decoded.
fn read_fileset(fixture: &Fixture, id: u32, password: Option<&str>) -> (u64, u64) {
    let (mut rows, mut entries) = (0, 0);
    let mut counted = 0;
    for node in [2, 3] {
        let ctl = CtlFile::read(open_file(&fixture.file(node, id, "ctl"), password)).unwrap();
        assert_eq!(ctl.header.backup_id, id);
        assert!(ctl.gcp.stop().0 >= ctl.gcp.start.0 + 3);
        counted += ctl.fragments.iter().map(|it| it.records).sum::<u64>();
        let data = open_file(&fixture.file(node, id, "Data"), password);
        let mut reader = DataReader::new(data).unwrap();
        let order = reader.header().byte_order;
        let mut table = None;
        while let Some(item) = reader.next_item().unwrap() {
            match item {
                DataItem::FragmentHeader { table_id, .. } => table = ctl.table(table_id),
                DataItem::Record { payload, .. } => {
                    Row::decode(table.unwrap(), payload, order).unwrap();
                    rows += 1;
                }
                _ => {}
            }
        }
        let log = open_file(&fixture.file(node, id, "log"), password);
        let mut reader = LogReader::new(log).unwrap();
        while let Some(entry) = reader.next_entry().unwrap() {
            assert!(entry.gci > ctl.gcp.start && entry.gci <= ctl.gcp.stop());
            entry.values(ctl.table(entry.table_id).unwrap()).unwrap();
            entries += 1;
        }
    }
    assert_eq!(counted, rows, "only the master counts, for all nodes");
    (rows, entries)
}

#[test]
fn a_backup_leaves_filesets_that_the_readers_accept() {
    let fixture = Fixture::start(|_| {});
    let reply = start_backup(&fixture, "completed: 2");
    assert_eq!(reply, "start backup reply\nresult: Ok\nid: 1\n\n");
    let (rows, entries) = read_fileset(&fixture, 1, None);
    assert!((900..1100).contains(&rows), "{rows}");
    assert_eq!(entries, 0);
}

#[test]
fn changes_during_a_backup_are_in_its_redo_and_undo_log() {
    let fixture = Fixture::start(|config| config.updates = 200);
    for (id, point) in [(1, 0), (2, 1)] {
        start_backup(&fixture, &format!("completed: 2\nbackuppoint: {point}"));
        assert_eq!(read_fileset(&fixture, id, None).1, 400, "backup {id}");
    }
}

#[test]
fn an_encrypted_backup_opens_with_its_password_only() {
    let fixture = Fixture::start(|config| config.updates = 20);
    let password = "Test pass #1 (a-z)";
    let arguments =
        format!("completed: 2\npassword_length: 18\nencryption_password:\"{password}\"");
    assert!(start_backup(&fixture, &arguments).contains("result: Ok\nid: 1\n"));
    read_fileset(&fixture, 1, Some(password));
    for kind in ["ctl", "Data", "log"] {
        let bytes = fs::read(fixture.file(2, 1, kind)).unwrap();
        assert!(bytes.starts_with(b"NDBXFRM1"), "{kind}");
    }
    for path in fixture.all_files() {
        let bytes = fs::read(&path).unwrap();
        let leaks = bytes.windows(18).any(|part| part == password.as_bytes());
        assert!(!leaks, "{}", path.display());
    }
}

#[test]
fn a_refused_password_starts_no_backup() {
    let fixture = Fixture::start(|_| {});
    let cases = [
        ("", "zero length"),
        ("a$b", "bad character"),
        (&"x".repeat(257), "too long"),
    ];
    for (password, text) in cases {
        let arguments = format!(
            "password_length: {}\nencryption_password:\"{password}\"",
            password.len()
        );
        assert!(start_backup(&fixture, &arguments).contains(text), "{text}");
    }
    assert!(!fixture.backup_dir(2, 1).exists());
}

#[test]
fn an_existing_id_is_refused_and_its_files_stay() {
    let fixture = Fixture::start(|_| {});
    start_backup(&fixture, "backupid: 6\ncompleted: 2");
    let before = fs::read(fixture.file(2, 6, "Data")).unwrap();
    let mut listener = fixture.connect();
    listener.ask("listen event\nfilter: backup=15\nparsable: 1\n\n");
    let reply = start_backup(&fixture, "backupid: 6\ncompleted: 2");
    assert_eq!(
        reply,
        "start backup reply\nresult: Backup failed: file already exists \
         (use 'START BACKUP <backup id>'): Temporary error: Temporary Resource error\n\n"
    );
    let event = listener.event();
    assert!(
        event.contains("type=57\n") && event.contains("error=1350\n"),
        "{event}"
    );
    assert_eq!(fs::read(fixture.file(2, 6, "Data")).unwrap(), before);
}

#[test]
fn the_next_id_is_the_next_available_also_after_a_restart() {
    let mut fixture = Fixture::start(|_| {});
    assert!(start_backup(&fixture, "backupid: 3").contains("id: 3\n"));
    assert!(start_backup(&fixture, "backupid: 1").contains("id: 1\n"));
    fixture.restart(|_| {});
    assert!(start_backup(&fixture, "completed: 2").contains("id: 2\n"));
    // 3 is in use.
    assert!(start_backup(&fixture, "completed: 2").contains("id: 4\n"));
}

#[test]
fn an_abort_removes_the_files_and_tells_why() {
    let mut fixture = Fixture::start(|_| {});
    let script = "slow-disk 2 1K\nslow-disk 3 1K\n";
    fixture.restart(|config| config.faults = FaultPlan::parse(script).unwrap());
    let mut listener = fixture.connect();
    listener.ask("listen event\nfilter: backup=15\nparsable: 1\n\n");
    let mut waiting = fixture.connect();
    waiting
        .0
        .write_all(b"start backup\nbackupid: 8\ncompleted: 2\n\n")
        .unwrap();
    assert!(listener.event().contains("type=54\n"));
    assert!(fixture.file(3, 8, "ctl").exists());
    let second = start_backup(&fixture, "completed: 1");
    assert!(second.contains("A backup is already running"), "{second}");
    assert!(listener.event().contains("error=1302\n"));
    fixture.ask("abort backup\nid: 999\n\n");
    assert_eq!(
        fixture.ask("abort backup\nid: 8\n\n"),
        "abort backup reply\nresult: Ok\n\n"
    );
    assert_eq!(
        waiting.read_block(),
        "start backup reply\nresult: Backup aborted by user request: \
         Permanent error: User defined error\n\n"
    );
    assert!(listener.event().contains("error=1321\n"));
    assert!(listener.event().contains("error=1323\n"));
    fixture.wait_until_idle();
    assert!(!fixture.backup_dir(2, 8).exists());
    assert!(!fixture.backup_dir(3, 8).exists());
    let path = fixture.directory.path().join("node-1/ndb_1_cluster.log");
    let log = fs::read_to_string(path).unwrap();
    // The digits of times, ports and tickets may be anything.
    let mut texts = log.lines().filter_map(|line| line.split_once(" -- "));
    assert!(
        !texts.any(|(_, text)| text.contains("ackup") && text.contains("999")),
        "an unknown id leaves no trace: {log}"
    );
}

#[test]
fn a_failing_node_and_a_full_disk_end_the_backup_without_files() {
    let cases = [
        (
            "slow-disk 2 1K\nin-backup 5ms fail-node 3\n",
            "due to node failure",
        ),
        ("disk-full 3 10K\n", "File or scan error"),
    ];
    for (script, text) in cases {
        let fixture = Fixture::start(|config| config.faults = FaultPlan::parse(script).unwrap());
        let reply = start_backup(&fixture, "backupid: 5\ncompleted: 2");
        assert!(reply.contains(text), "{reply}");
        assert!(!fixture.backup_dir(2, 5).exists(), "{text}");
        assert!(!fixture.backup_dir(3, 5).exists(), "{text}");
    }
}

#[test]
fn a_shutdown_removes_the_running_backup() {
    let mut fixture = Fixture::start(|config| {
        config.faults = FaultPlan::parse("slow-disk 2 1K\n").unwrap();
    });
    assert!(start_backup(&fixture, "backupid: 5\ncompleted: 1").contains("id: 5\n"));
    assert_eq!(fixture.handle.as_ref().unwrap().backups_running(), 1);
    fixture.handle.take().unwrap().shutdown().unwrap();
    assert!(!fixture.backup_dir(2, 5).exists());
    assert!(!fixture.backup_dir(3, 5).exists());
}

#[test]
fn a_second_simulator_in_the_directory_is_told_who_holds_it() {
    let fixture = Fixture::start(|_| {});
    let error = sim::start(SimConfig::new(fixture.directory.path())).unwrap_err();
    assert!(error.to_string().contains(&std::process::id().to_string()));
}
