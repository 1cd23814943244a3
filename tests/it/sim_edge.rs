//! The simulator and what is around it: signals, its files and their modes, pipes instead of files,
//! clients that send too much or too often, and what it says on stderr about all that.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ndbmgm::sim::{self, SimConfig};

use crate::server::ask;
use crate::simulator::{Simulator, TWO_NODES};

const LIMIT: Duration = Duration::from_secs(60);

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

/// A simulator with these faults.
fn with_faults(faults: &str, arguments: &[&str]) -> Simulator {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), faults).unwrap();
    let path = file.path().to_str().unwrap();
    Simulator::start(TWO_NODES, &[&["--faults", path], arguments].concat())
}

/// Every file and directory below.
fn below(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found
}

fn backup_files(simulator: &Simulator) -> usize {
    let is_backup = |path: &&PathBuf| path.to_string_lossy().contains("/BACKUP-");
    let files = below(&simulator.place.path().join("cluster"));
    files.iter().filter(is_backup).count()
}

/// Runs the simulator where it has to end by itself, and soon.
fn refused(arguments: &[&str]) -> Output {
    let place = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ndb_sim"))
        .args(["--data-dir", place.path().to_str().unwrap()])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + LIMIT;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("ndb_sim {arguments:?} goes on");
        }
        std::thread::yield_now();
    }
    child.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn each_signal_ends_the_simulator_cleanly_and_is_named() {
    for signal in ["HUP", "QUIT", "TERM", "INT"] {
        let mut simulator = with_faults("slow-disk 2 1K\n", &[]);
        let mut client = simulator.connect();
        let reply = ask(&mut client, "start backup\nbackupid: 5\ncompleted: 1\n\n");
        assert!(reply.contains("id: 5\n"), "{reply}");
        assert!(backup_files(&simulator) > 0);
        let (status, said) = simulator.end_by(signal);
        assert!(status.success(), "SIG{signal}: {status}");
        assert!(said.contains(&format!("ndb_sim: SIG{signal}: ")), "{said}");
        assert!(
            said.contains("ndb_sim: the backup that runs is aborted"),
            "{said}"
        );
        assert_eq!(backup_files(&simulator), 0, "SIG{signal}");
    }
}

#[test]
fn faults_that_happen_and_full_disks_are_told() {
    let faults = "disk-full 3 10K\nlate-reply 1ms get version\nno-reply get mgmd nodeid\n\
                  lose-events 56\nafter 1ms fail-node 2\nafter 5ms launch-node 2\n";
    let simulator = with_faults(faults, &[]);
    wait_until("node 2 is launched", || {
        simulator.said().contains("started again")
    });
    let mut client = simulator.connect();
    wait_until("node 2 is started", || {
        ask(&mut client, "get status\n\n").contains("node.2.status: STARTED")
    });
    ask(&mut client, "get version\n\n");
    let reply = ask(&mut client, "start backup\nbackupid: 5\ncompleted: 2\n\n");
    assert!(reply.contains("File or scan error"), "{reply}");
    client.write_all(b"get mgmd nodeid\n\n").unwrap();
    let told = [
        "fault: data node 2 dies",
        "fault: data node 2 is started again",
        "fault: a reply to get version is late",
        "fault: a reply to get mgmd nodeid is left out",
        "data node 3: its disk is full, backup 5 fails",
    ];
    for text in told {
        wait_until(text, || {
            simulator.said().contains(&format!("ndb_sim: {text}\n"))
        });
    }
}

static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[test]
fn leftovers_of_a_killed_simulator_are_removed_and_told() {
    let place = tempfile::tempdir().unwrap();
    let backup = place.path().join("node-2/BACKUP/BACKUP-6");
    fs::create_dir_all(&backup).unwrap();
    fs::write(backup.join("BACKUP-6.2.ctl"), "half").unwrap();
    let state = "backup_sequence=6\ngci=9\nunfinished=6\n";
    fs::write(place.path().join("ndb_sim.state"), state).unwrap();
    let mut config = SimConfig::new(place.path());
    config.narrate = |text| TOLD.lock().unwrap().push(text.to_owned());
    sim::start(config).unwrap().shutdown().unwrap();
    assert!(!backup.exists());
    let told = TOLD.lock().unwrap().join("\n");
    assert!(told.contains("backup 6 was left incomplete"), "{told}");
    assert!(told.contains(": 1 files of it are removed"), "{told}");
}

#[test]
fn a_busy_port_is_told_with_the_way_out() {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    let said = stderr(&refused(&["--port", &port]));
    assert!(said.contains("--port 0"), "{said}");
}

#[test]
fn all_bad_lines_of_a_faults_file_are_told_at_once() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "no-reply\nlose-events 56\nexplode\n").unwrap();
    let said = stderr(&refused(&[
        "--port",
        "0",
        "--faults",
        file.path().to_str().unwrap(),
    ]));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "ndb_sim: fault script, line 1: no-reply needs the command whose replies never come, \
             such as: no-reply get status",
            "ndb_sim: fault script, line 3: unknown fault: explode",
        ]
    );
}

#[test]
fn what_a_full_device_does_not_take_is_a_failure() {
    let place = tempfile::tempdir().unwrap();
    for arguments in [
        &["--version"][..],
        &["--help"],
        &["--make-certificates", "tls"],
        &["--port", "0"],
    ] {
        let ended = Command::new(env!("CARGO_BIN_EXE_ndb_sim"))
            .args(arguments)
            .current_dir(place.path())
            .stdout(fs::File::options().write(true).open("/dev/full").unwrap())
            .output()
            .unwrap();
        let said = stderr(&ended);
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("ndb_sim: could not write to standard output: "),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn a_named_pipe_instead_of_a_file_is_refused_instead_of_waited_for() {
    let place = tempfile::tempdir().unwrap();
    let pipe = place.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let name = pipe.to_str().unwrap();
    for option in ["--config-file", "--faults"] {
        let said = stderr(&refused(&["--port", "0", option, name]));
        assert!(said.contains("pipe: not a regular file"), "{said}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args([&format!("--defaults-file={name}"), "-e", "SHOW"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("a named pipe, not a file"), "{said}");
}

#[test]
fn files_and_directories_are_closed_to_others_whatever_the_umask() {
    let place = tempfile::tempdir().unwrap();
    let mut child = Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" --port 0 --data-dir \"$1\""])
        .arg(env!("CARGO_BIN_EXE_ndb_sim"))
        .arg(place.path().join("cluster"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut address = String::new();
    let mut byte = [0];
    while !address.ends_with('\n') {
        stdout.read_exact(&mut byte).unwrap();
        address.push(char::from(byte[0]));
    }
    let mut client = TcpStream::connect(address.trim()).unwrap();
    let reply = ask(&mut client, "start backup\nbackupid: 5\ncompleted: 2\n\n");
    assert!(reply.contains("id: 5\n"), "{reply}");
    child.kill().unwrap();
    child.wait().unwrap();
    let mut kinds = [0, 0];
    for path in below(place.path()) {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let want = match (path.is_dir(), name.as_str()) {
            (true, _) => 0o750,
            // Nobody but the simulator reads it.
            (false, "ndb_sim.state") => 0o600,
            (false, _) => 0o640,
        };
        kinds[usize::from(path.is_dir())] += 1;
        assert_eq!(mode, want, "{}: {mode:o}", path.display());
    }
    assert!(kinds[0] >= 9 && kinds[1] >= 6, "{kinds:?}");
}

#[test]
fn half_sent_configurations_and_idle_connections_are_bounded() {
    let simulator = Simulator::start(TWO_NODES, &["--rows", "100"]);
    let head = "set config_v2\nContent-Length: 1048576\nContent-Type: ndbconfig/octet-stream\n\
                Content-Transfer-Encoding: base64\n\n";
    let half = [head.as_bytes(), &[b'A'; 1_000_000]].concat();
    let clients: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = simulator.connect();
            stream.set_write_timeout(Some(LIMIT)).unwrap();
            // The simulator may end the connection meanwhile.
            let _ = stream.write_all(&half);
            stream
        })
        .collect();
    assert!(ask(&mut simulator.connect(), "check connection\n\n").contains("result: Ok"));
    let mut idle: Vec<TcpStream> = Vec::new();
    for _ in 0..600 {
        let mut stream = simulator.connect();
        ask(&mut stream, "check connection\n\n");
        idle.push(stream);
    }
    // The oldest is closed, the newest still served.
    let first = &mut idle[0];
    first.set_read_timeout(Some(LIMIT)).unwrap();
    assert_eq!(first.read(&mut [0; 16]).unwrap_or(0), 0);
    let newest = idle.last_mut().unwrap();
    assert!(ask(newest, "check connection\n\n").contains("result: Ok"));
    drop(clients);
    if let Some(peak) = simulator.peak_memory() {
        assert!(peak < 96 * 1024, "{peak} KiB");
    }
}

/// True if the bytes are anywhere in the memory of a child of ours that it can write.
fn memory_has(pid: u32, wanted: &[u8]) -> bool {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mut memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut searched = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        let (start, end) = (number(start), number(end));
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        memory.seek(SeekFrom::Start(start)).unwrap();
        // A part that is gone meanwhile holds nothing.
        if memory.read_exact(&mut bytes).is_ok() {
            searched += bytes.len();
            if bytes.windows(wanted.len()).any(|window| window == wanted) {
                return true;
            }
        }
    }
    assert!(searched > 100_000, "{searched}");
    false
}

#[test]
fn no_password_is_left_in_memory_after_an_aborted_encrypted_backup() {
    const PASSWORD: &str = "Vq7vXw2-never-to-be-found-again";
    let simulator = with_faults("slow-disk 2 1K\nslow-disk 3 1K\n", &["--rows", "1000"]);
    let mut client = simulator.connect();
    let request = format!(
        "start backup\nbackupid: 5\ncompleted: 1\nencryption_password: {PASSWORD}\n\
         password_length: {}\n\n",
        PASSWORD.len()
    );
    // The search finds what is there: the request as far as it is sent.
    let (begun, rest) = request.split_at(request.len() - 2);
    client.write_all(begun.as_bytes()).unwrap();
    wait_until("the password arrives", || {
        memory_has(simulator.pid(), PASSWORD.as_bytes())
    });
    let reply = ask(&mut client, rest);
    assert!(reply.contains("id: 5\n"), "{reply}");
    ask(&mut client, "abort backup\nid: 5\n\n");
    wait_until("the files are removed", || backup_files(&simulator) == 0);
    wait_until("no password is left", || {
        !memory_has(simulator.pid(), PASSWORD.as_bytes())
    });
}
