//! The built `ndbxfrm`: outputs, messages and exit statuses.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::xfrm::{backup_file, directory_of, fixtures, plaintexts, sample, sha256};

const INSECURE: &str =
    "ndbxfrm: [Warning] Using a password on the command line interface can be insecure.\n";

/// A directory to run in, with a text, an encrypted and a compressed file.
pub(crate) struct Place(pub(crate) TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        place.put("a.txt", &sample(3000));
        place.expect(
            &["--encrypt-password=secret", "-k", "9", "a.txt", "a.enc"],
            0,
            "",
        );
        place.expect(&["-c", "a.txt", "a.az"], 0, "");
        place
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn get(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ndbxfrm"))
            .arg("--no-defaults")
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let bytes = stdin.to_vec();
        let feeder = std::thread::spawn(move || {
            // The program may end without reading it all.
            let _ = pipe.write_all(&bytes);
        });
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        output
    }

    /// Runs with nothing on stdin and compares exit status and stderr, without the warning.
    #[track_caller]
    pub(crate) fn expect(&self, arguments: &[&str], status: i32, stderr: &str) {
        self.expect_with(arguments, b"", status, stderr);
    }

    #[track_caller]
    pub(crate) fn expect_with(&self, arguments: &[&str], stdin: &[u8], status: i32, stderr: &str) {
        let output = self.run(arguments, stdin);
        let text = String::from_utf8(output.stderr)
            .unwrap()
            .replace(INSECURE, "");
        assert_eq!(text, stderr, "{arguments:?}");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }

    /// Like `expect`; the output must be absent afterwards, and no other file may appear.
    /// The same with this on stdin, whatever is said.
    #[track_caller]
    pub(crate) fn expect_nothing_written_but_error(&self, arguments: &[&str], stdin: &[u8]) {
        let before = self.names();
        let output = self.run(arguments, stdin);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(!output.stderr.is_empty());
        assert_eq!(self.names(), before, "{arguments:?}");
    }

    #[track_caller]
    pub(crate) fn expect_nothing_written(&self, arguments: &[&str], status: i32, stderr: &str) {
        let before = self.names();
        self.expect(arguments, status, stderr);
        assert_eq!(self.names(), before, "{arguments:?}");
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.unwrap().file_name().into_string().unwrap()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }
}

#[test]
fn recorded_files_give_their_plaintext() {
    let place = Place::new();
    for (name, sum, _) in plaintexts() {
        let source = backup_file(&name);
        let arguments = [
            "--decrypt-password=Fixture pass #1 (a-z)",
            source.to_str().unwrap(),
            &name,
        ];
        place.expect(&arguments, 0, "");
        assert_eq!(sha256(&place.get(&name)), sum, "{name}");
    }
}

#[test]
fn info_of_recorded_files_is_the_originals() {
    let backups = fixtures().join("backups");
    for (name, _, _) in plaintexts() {
        for (option, suffix) in [("--info", "info"), ("--detailed-info", "detailed-info")] {
            let output = Command::new(env!("CARGO_BIN_EXE_ndbxfrm"))
                .args(["--no-defaults", option])
                .arg(Path::new(directory_of(&name)).join(&name))
                .current_dir(&backups)
                .output()
                .unwrap();
            let golden = fixtures().join(format!("golden/{name}.{suffix}.txt"));
            let golden = fs::read_to_string(golden).unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), golden, "{name}");
            assert!(output.status.success() && output.stderr.is_empty());
        }
    }
}

#[test]
fn info_takes_many_files_and_fails_after_them_all() {
    let place = Place::new();
    place.expect(
        &["-c", "--encrypt-password=secret", "-k9", "a.txt", "a.ce"],
        0,
        "",
    );
    place.put("bad", &[&b"NDBXFRM1"[..], &[1; 600]].concat());
    let files = ["-i", "a.txt", "a.az", "nosuch", "bad", "a.enc", "a.ce"];
    let output = place.run(&files, b"");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "File=a.txt, compression=no, encryption=no\n\
         File=a.az, compression=yes, encryption=no\n\
         File=a.enc, compression=no, encryption=yes\n\
         File=a.ce, compression=yes, encryption=yes\n"
    );
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "Error: Could not open file 'nosuch' for read.\n\
         nosuch: No such file or directory\n\
         Error: Could not read file 'bad'.\n\
         bad: damaged header: endian marker\n"
    );
    assert_eq!(output.status.code(), Some(1));
    place.expect(&["--info"], 0, "");
}

#[test]
fn bad_usage_is_status_2_and_a_wrong_number_of_files_is_1() {
    let place = Place::new();
    place.expect(
        &["--x", "a", "b"],
        2,
        "ndbxfrm: [ERROR] unknown option '--x'.\n",
    );
    let both = ["--encrypt-key=00", "--encrypt-password=x", "a.txt", "o"];
    place.expect_nothing_written(
        &both,
        2,
        "Error: Both encrypt key and encrypt password is set.\n",
    );
    let both = ["--decrypt-key=00", "--decrypt-password=x", "a.txt", "o"];
    place.expect_nothing_written(
        &both,
        2,
        "Error: Both decrypt key and decrypt password is set.\n",
    );
    for files in [&["a.txt"][..], &[], &["a", "b", "c"]] {
        place.expect(
            files,
            1,
            "Error: Need one source file and one destination file.\n",
        );
    }
}

#[test]
fn faults_of_secrets_are_status_2() {
    let place = Place::new();
    let cases: [(&[&str], &[u8], &str); 7] = [
        (
            &["--decrypt-password-from-stdin"],
            b"",
            "decrypt password has no end.",
        ),
        (
            &["--decrypt-password-from-stdin"],
            b"secret\r\n",
            "decrypt password has some bad character.  Its line ends in a carriage return (CR LF): \
             write it with a newline alone.",
        ),
        (
            &["--encrypt-password-from-stdin"],
            &[b'x'; 1025],
            "encrypt password too long.",
        ),
        (
            &["--decrypt-password=secret", "--decrypt-password-from-stdin"],
            b"",
            "Multiple options for same password used.  Select one of --decrypt-password and \
             --decrypt-password-from-stdin.",
        ),
        (
            &["--encrypt-key=001"],
            b"",
            "encrypt key need even number of hex digits.",
        ),
        (
            &["--encrypt-key=00zz"],
            b"",
            "encrypt key has some bad character.",
        ),
        (
            &["--encrypt-key-from-stdin"],
            b"0z\n",
            "encrypt key has some bad character.",
        ),
    ];
    for (options, stdin, text) in cases {
        let arguments = [options, &["a.txt", "o"]].concat();
        place.expect_with(&arguments, stdin, 2, &format!("Error: {text}\n"));
        assert!(!place.path("o").exists());
    }
}

#[test]
fn a_password_from_stdin_may_end_without_newline() {
    let place = Place::new();
    for (stdin, name) in [(&b"secret"[..], "o1"), (b"secret\n", "o2")] {
        place.expect_with(
            &["--decrypt-password-from-stdin", "a.enc", name],
            stdin,
            0,
            "",
        );
        assert!(place.get(name) == place.get("a.txt"));
    }
}

#[test]
fn two_passwords_from_stdin_are_two_lines() {
    let place = Place::new();
    let arguments = [
        "--decrypt-password-from-stdin",
        "--encrypt-password-from-stdin",
        "-k7",
        "a.enc",
        "b.enc",
    ];
    place.expect_with(&arguments, b"secret\nother\n", 0, "");
    place.expect(&["--decrypt-password=other", "b.enc", "b.txt"], 0, "");
    assert!(place.get("b.txt") == place.get("a.txt"));
}

#[test]
fn faults_of_files_are_status_1_and_leave_nothing() {
    let place = Place::new();
    place.put("existing", b"mine");
    place.expect_nothing_written(
        &["a.txt", "existing"],
        1,
        "Error: Could not create file 'existing'.\nexisting: File exists\n",
    );
    assert_eq!(place.get("existing"), b"mine");
    place.expect_nothing_written(
        &["a.txt", "no/such"],
        1,
        "Error: Could not create file 'no/such'.\nno/such: No such file or directory\n",
    );
    place.expect_nothing_written(
        &["nosuch", "o"],
        1,
        "Error: Could not open file 'nosuch' for read.\nnosuch: No such file or directory\n",
    );
}

#[test]
fn wrong_and_missing_passwords_have_their_statuses() {
    let place = Place::new();
    let line = "Error: Can not read file a.enc, bad password or key?\n";
    place.expect_nothing_written(&["--decrypt-password=wrong", "a.enc", "o"], 2, line);
    let needed = "a.enc: the file is encrypted: its password or key is needed \
                  (--decrypt-password asks for the password)\n";
    place.expect_nothing_written(&["a.enc", "o"], 1, &format!("{line}{needed}"));

    let key = "--encrypt-key=000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f";
    place.expect(&[key, "-k0", "a.txt", "a.kw"], 0, "");
    place.expect_nothing_written(
        &["--decrypt-password=wrong", "a.kw", "o"],
        1,
        "Error: Can not read file a.kw, bad password or key?\n\
         a.kw: wrong key: the file's keys can't be unwrapped with it\n",
    );
    let key = key.replace("encrypt", "decrypt");
    place.expect(&[&key, "a.kw", "a.kw.txt"], 0, "");
    assert!(place.get("a.kw.txt") == place.get("a.txt"));
}

#[test]
fn options_that_no_file_can_have_are_status_1() {
    let place = Place::new();
    let cases: [(&[&str], &str); 9] = [
        (
            &["-c", "--file-block-size=4096"],
            "compression without encryption needs a file block size of 512, not 4096",
        ),
        (
            &["--encrypt-key=00", "-k0"],
            "key wrap needs a key of 32 bytes, not 1",
        ),
        (
            &["--encrypt-password=x", "--encrypt-cipher=0"],
            "there is no cipher 0; 1 is CBC and 2 is XTS",
        ),
        (
            &["--encrypt-password=x", "--encrypt-cipher=3"],
            "there is no cipher 3; 1 is CBC and 2 is XTS",
        ),
        (
            &["--encrypt-password=x", "--encrypt-cipher=2"],
            "XTS needs an encryption block size",
        ),
        (
            &["--encrypt-password=x", "--encrypt-block-size=20"],
            "the encryption block size must be a multiple of 16, not 20",
        ),
        (
            &["--encrypt-password=x", "--encrypt-block-size=16"],
            "the keys need a file block size of at least 608 bytes, not 512",
        ),
        (
            &["--encrypt-password=x", "--file-block-size=32768"],
            "the file block size must be 0 or a power of two between 512 and 16384, not 32768",
        ),
        (
            &["--encrypt-password=x", "--file-block-size=1000"],
            "the file block size must be 0 or a power of two between 512 and 16384, not 1000",
        ),
    ];
    for (options, text) in cases {
        let arguments = [options, &["a.txt", "o"]].concat();
        place.expect_nothing_written(
            &arguments,
            1,
            &format!("Error: Can not initialize file o.\no: {text}\n"),
        );
    }
}

#[test]
fn damaged_sources_are_told_apart() {
    let place = Place::new();
    let encrypted = place.get("a.enc");
    let compressed = place.get("a.az");
    let secret = "--decrypt-password=secret";

    place.put("cut", &encrypted[..encrypted.len() - 100]);
    place.expect_nothing_written(
        &[secret, "cut", "o"],
        1,
        "Error: Can not read file cut, bad password or key?\ncut: truncated file: it has no trailer\n",
    );
    let end = compressed.iter().rposition(|byte| *byte != 0).unwrap();
    place.put("az.cut", &compressed[..end]);
    place.expect_nothing_written(
        &["az.cut", "o"],
        1,
        "Error: Can not read file az.cut, bad password or key?\n\
         az.cut: truncated file: it has no trailer\n",
    );
    place.put("long", &[&encrypted[..], b"more"].concat());
    place.expect_nothing_written(
        &[secret, "long", "o"],
        1,
        "Error: Can not read file long, bad password or key?\n\
         long: 4 bytes of trailing garbage after the end of the container\n",
    );
    let mut flipped = encrypted.clone();
    flipped[1000] ^= 1;
    place.put("flipped", &flipped);
    let output = place.run(&[secret, "flipped", "o"], b"");
    let text = String::from_utf8(output.stderr)
        .unwrap()
        .replace(INSECURE, "");
    assert!(
        text.starts_with(
            "Error: Can not read file flipped, bad password or key?\n\
             flipped: damaged file: the checksum of the data is "
        ),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(2));

    let mut flipped = compressed.clone();
    let end = flipped
        .windows(4)
        .rposition(|bytes| bytes == b"DBDN")
        .unwrap();
    flipped[end - 4] ^= 1;
    place.put("az.flipped", &flipped);
    place.expect_nothing_written(
        &["az.flipped", "o"],
        2,
        "Error: Can not read file az.flipped.\n\
         az.flipped: damaged file: the size of the data is 3000, it should be 3001\n",
    );
    let mut flipped = compressed;
    flipped[100] ^= 1;
    place.put("az.header", &flipped);
    place.expect_nothing_written(
        &["az.header", "o"],
        1,
        "Error: Can not read file az.header, bad password or key?\n\
         az.header: damaged header: AZ31 header\n",
    );
    place.expect_nothing_written(
        &[
            "--decrypt-password=secret",
            "--decrypt-kdf-iter-max=8",
            "a.enc",
            "o",
        ],
        1,
        "Error: Can not read file a.enc.\n\
         a.enc: the header asks for 9 rounds of key derivation, the limit is 8\n\
         a.enc: --decrypt-kdf-iter-max raises the limit\n",
    );
}

#[test]
fn dashes_are_stdin_and_stdout() {
    let place = Place::new();
    let plain = place.get("a.txt");
    let encrypted = place.get("a.enc");

    let output = place.run(&["--decrypt-password=secret", "-", "-"], &encrypted);
    assert!(output.status.success() && output.stdout == plain);
    // The password's line comes first.
    let input = [b"secret\n", &encrypted[..]].concat();
    let output = place.run(&["--decrypt-password-from-stdin", "-", "-"], &input);
    assert!(output.status.success() && output.stdout == plain);

    let output = place.run(&["-c", "-", "-"], &plain);
    assert!(output.status.success());
    let output = place.run(&["-", "-"], &output.stdout);
    assert!(output.status.success() && output.stdout == plain);

    let output = place.run(&["a.az", "-"], b"");
    assert!(output.status.success() && output.stdout == plain);
    // A pipe with a name, as from the shell's `<(command)`.
    let output = place.run(
        &["--decrypt-password=secret", "/dev/stdin", "-"],
        &encrypted,
    );
    assert!(output.status.success() && output.stdout == plain);
    let output = place.run(&["-i", "-"], &encrypted);
    assert_eq!(output.stdout, b"File=-, compression=no, encryption=yes\n");
    let output = place.run(&["-", "-"], &encrypted[..900]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let output = place.run(&["-", "-"], b"short");
    assert_eq!(output.stdout, b"short");
}

#[test]
fn every_combination_of_options_is_undone() {
    let place = Place::new();
    let key = "--encrypt-key=000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f";
    let decrypt = key.replace("encrypt", "decrypt");
    let mut number = 0;
    for compress in [&[][..], &["-c"]] {
        for cipher in [
            &["--encrypt-cipher=1"][..],
            &["--encrypt-cipher=1", "--encrypt_block_size=512"],
            &["--encrypt-cipher=2", "--encrypt-block-size=512"],
        ] {
            for keys in ["-k0", "-k5"] {
                for block in [
                    "--file-block-size=512",
                    "--file-block-size=0",
                    "--file-block-size=4096",
                ] {
                    number += 1;
                    let (there, back) = (format!("{number}.x"), format!("{number}.txt"));
                    let arguments =
                        [compress, cipher, &[key, keys, block, "a.txt", &there]].concat();
                    place.expect(&arguments, 0, "");
                    place.expect(&[&decrypt, &there, &back], 0, "");
                    assert!(place.get(&back) == place.get("a.txt"), "{arguments:?}");
                }
            }
        }
    }
}

#[test]
fn help_and_version_are_status_0() {
    let place = Place::new();
    let output = place.run(&["--version"], b"");
    let text = String::from_utf8(output.stdout).unwrap();
    let ours = format!("ndbxfrm of ndbmgm {}", env!("CARGO_PKG_VERSION"));
    let lines: Vec<&str> = text.lines().collect();
    let original = "MySQL distrib mysql-9.7.2 ndb-9.7.2, for Linux (x86_64)";
    assert_eq!(lines, [original, &ours]);
    let output = place.run(&["--help"], b"");
    let text = String::from_utf8(output.stdout).unwrap();
    for option in [
        "--decrypt-password",
        "--encrypt-kdf-iter-count",
        "--detailed-info",
    ] {
        assert!(text.contains(option), "{option}");
    }
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_negative_number_is_adjusted_with_a_warning() {
    let place = Place::new();
    let output = place.run(
        &[
            "--encrypt-password=x",
            "-k3",
            "--file-block-size=-1",
            "a.txt",
            "o",
        ],
        b"",
    );
    let text = String::from_utf8(output.stderr).unwrap();
    let warning = "ndbxfrm: [Warning] option 'file-block-size': signed value -1 adjusted to 0.\n";
    assert!(text.contains(warning), "{text}");
    assert_eq!(output.status.code(), Some(0));
}
