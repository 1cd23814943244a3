//! The built `ndbxfrm`: where it writes, with which mode, and what an untimely end leaves.

use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::xfrm::sample;
use crate::xfrm_tool::Place;

const LIMIT: Duration = Duration::from_secs(60);

fn mode(place: &Place, name: &str) -> u32 {
    let metadata = fs::metadata(place.path(name)).unwrap();
    metadata.permissions().mode() & 0o777
}

#[test]
fn a_file_gets_the_mode_of_its_source_and_decrypted_data_is_its_users_alone() {
    let place = Place::new();
    let decrypt = "--decrypt-password=secret";
    for source_mode in [0o644, 0o640, 0o600, 0o444] {
        for name in ["a.txt", "a.enc", "a.az"] {
            fs::set_permissions(place.path(name), Permissions::from_mode(source_mode)).unwrap();
        }
        for (arguments, expected) in [
            (&["a.txt", "o"][..], source_mode),
            (&["-c", "a.txt", "o"], source_mode),
            (&["a.az", "o"], source_mode),
            (&["--encrypt-password=x", "-k3", "a.txt", "o"], source_mode),
            (
                &[decrypt, "--encrypt-password=x", "-k3", "a.enc", "o"],
                source_mode,
            ),
            (&[decrypt, "a.enc", "o"], 0o600),
            (&[decrypt, "-c", "a.enc", "o"], 0o600),
        ] {
            place.expect(arguments, 0, "");
            assert_eq!(mode(&place, "o"), expected, "{arguments:?}");
            fs::remove_file(place.path("o")).unwrap();
        }
    }
    place.expect_with(&["-c", "-", "o"], &sample(5000), 0, "");
    assert_eq!(mode(&place, "o"), 0o600);
}

#[test]
fn stdout_devices_and_pipes_are_destinations() {
    let place = Place::new();
    let output = place.run(&["a.az", "/dev/stdout"], b"");
    assert!(output.status.success());
    assert_eq!(output.stdout, place.get("a.txt"));
    // Also where stdout is a file, which a file of that name would not be.
    let status = Command::new(env!("CARGO_BIN_EXE_ndbxfrm"))
        .args(["--no-defaults", "a.az", "/dev/stdout"])
        .current_dir(place.0.path())
        .stdout(File::create(place.path("o")).unwrap())
        .status();
    assert!(status.unwrap().success());
    assert_eq!(place.get("o"), place.get("a.txt"));

    place.expect(&["-c", "a.txt", "/dev/null"], 0, "");

    let made = Command::new("mkfifo").arg(place.path("pipe")).status();
    assert!(made.unwrap().success());
    let pipe = place.path("pipe");
    let reader = thread::spawn(move || fs::read(pipe).unwrap());
    place.expect(&["a.az", "pipe"], 0, "");
    assert_eq!(reader.join().unwrap(), place.get("a.txt"));

    let help = place.run(&["--help"], b"");
    let help = String::from_utf8(help.stdout).unwrap();
    for name in ["`-`", "/dev/stdout", "/dev/null"] {
        assert!(help.contains(name), "{help}");
    }
}

/// At work on a file that it waits for more of.
fn at_work(place: &Place) -> Child {
    // As a terminal starts it, even where these tests run under nohup.
    let mut child = Command::new("env")
        .args(["--default-signal", env!("CARGO_BIN_EXE_ndbxfrm")])
        .args(["--no-defaults", "-", "o"])
        .current_dir(place.0.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // More than pipes hold: once it is taken, the destination is written.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&sample(4 << 20)).unwrap();
    child.stdin = Some(stdin);
    child
}

#[test]
fn no_signal_leaves_a_file() {
    let place = Place::new();
    let before = place.names();
    let mut signals = vec!["INT", "TERM", "HUP", "QUIT"];
    if has_nameless_files(&place) {
        signals.push("KILL");
    }
    for signal in signals {
        let mut child = at_work(&place);
        let kill = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let status = child.wait().unwrap();
        assert!(
            status.signal().is_some() || status.code() > Some(128),
            "{signal} {status}"
        );
        assert_eq!(place.names(), before, "{signal}");
    }
}

/// True where the file system of the tests has files without a name.
fn has_nameless_files(place: &Place) -> bool {
    const O_TMPFILE: i32 = 0o20_200_000;
    let made = File::options()
        .write(true)
        .custom_flags(O_TMPFILE)
        .open(place.0.path());
    made.is_ok()
}

#[test]
fn a_file_that_may_not_grow_is_a_failed_write() {
    let place = Place::new();
    place.put("large", &sample(300_000));
    let before = place.names();
    let command = format!(
        "ulimit -f 128; exec '{}' --no-defaults large o",
        env!("CARGO_BIN_EXE_ndbxfrm")
    );
    let output = Command::new("bash")
        .args(["-c", &command])
        .current_dir(place.0.path())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "Error: Can not write file o.\no: File too large\n"
    );
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(place.names(), before);
}

#[test]
fn what_cannot_be_written_to_stdout_is_a_failure() {
    let place = Place::new();
    for arguments in [
        &["--info", "a.txt"][..],
        &["--version"],
        &["--help"],
        &["a.txt", "-"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ndbxfrm"))
            .arg("--no-defaults")
            .args(arguments)
            .current_dir(place.0.path())
            .stdout(File::options().write(true).open("/dev/full").unwrap())
            .output()
            .unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("No space left on device"), "{said}");
    }
    for program in [
        env!("CARGO_BIN_EXE_ndb_mgm"),
        env!("CARGO_BIN_EXE_ndb_print_backup_file"),
    ] {
        let output = Command::new(program)
            .arg("--version")
            .stdout(File::options().write(true).open("/dev/full").unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{program}");
    }
}

/// Arguments of a process, as anyone can read them at one moment: a second read might
/// go on in the arguments of the program that it has become in between.
fn arguments_of(process: u32) -> String {
    let mut text = [0; 4096];
    // None any more if it has ended.
    let length = File::open(format!("/proc/{process}/cmdline"))
        .and_then(|mut file| file.read(&mut text))
        .unwrap_or(0);
    String::from_utf8_lossy(&text[..length]).replace('\0', " ")
}

#[test]
fn a_password_does_not_stay_in_the_list_of_processes() {
    let place = Place::new();
    let made = Command::new("mkfifo").arg(place.path("pipe")).status();
    assert!(made.unwrap().success());
    let sim = place.path("sim");
    let mgm = env!("CARGO_BIN_EXE_ndb_mgm");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap().to_string();
    for (program, arguments) in [
        (
            env!("CARGO_BIN_EXE_ndbxfrm"),
            &["--decrypt-password=s3cret", "pipe", "o"][..],
        ),
        (
            env!("CARGO_BIN_EXE_ndbxfrm"),
            &["--encrypt_key=53637265742d", "pipe", "o"],
        ),
        (
            env!("CARGO_BIN_EXE_ndb_print_backup_file"),
            &["-iPs3cret", "pipe"],
        ),
        (
            mgm,
            &[&server, "-e", "START BACKUP 1 ENCRYPT PASSWORD='s3cret'"],
        ),
        (
            mgm,
            &[&server, "-eSTART BACKUP 1 ENCRYPT password = 's3cret'"],
        ),
        (
            mgm,
            &["--exec=START BACKUP 1 ENCRYPT PASSWORD='s3cret'", &server],
        ),
        (mgm, &["--backup-password=s3cret", &server, "-e", "SHOW"]),
    ] {
        let mut child = Command::new(program)
            .arg("--no-defaults")
            .args(arguments)
            .current_dir(place.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + LIMIT;
        let shown = loop {
            let shown = arguments_of(child.id());
            if shown.contains("*****") {
                break shown;
            }
            assert!(Instant::now() < deadline, "{shown}");
            thread::yield_now();
        };
        assert!(
            !shown.contains("s3cret") && !shown.contains("53637265"),
            "{shown}"
        );
        let name = fs::read_to_string(format!("/proc/{}/comm", child.id())).unwrap();
        let program = program.rsplit('/').next().unwrap();
        assert!(program.starts_with(name.trim()), "{name}");
        child.kill().unwrap();
        let mut said = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        child.wait().unwrap();
        let warning = "Using a password on the command line interface can be insecure.";
        assert!(said.matches(warning).count() <= 1, "{said}");
    }
    assert!(!sim.exists());
}

/// What it does is what it was told, though it started itself anew.
#[test]
fn hidden_arguments_arrive_whole() {
    let place = Place::new();
    for password in [
        "a b",
        "",
        "=",
        "ä\u{1}\n",
        "--no-defaults",
        "x".repeat(1024).as_str(),
    ] {
        let encrypt = format!("--encrypt-password={password}");
        place.expect(&[&encrypt, "-k3", "a.txt", "o"], 0, "");
        let decrypt = format!("--decrypt-password={password}");
        place.expect(&[&decrypt, "o", "p"], 0, "");
        assert_eq!(place.get("p"), place.get("a.txt"));
        for name in ["o", "p"] {
            fs::remove_file(place.path(name)).unwrap();
        }
    }
}
