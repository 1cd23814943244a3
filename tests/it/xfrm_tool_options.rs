//! The built `ndbxfrm`: what its options mean.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use ndbmgm::xfrm::Header;

use crate::xfrm::{backup_file, sample};
use crate::xfrm_tool::Place;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn header(place: &Place, name: &str) -> Header {
    Header::decode(&place.get(name)).unwrap()
}

#[test]
fn a_key_is_a_password_in_other_letters() {
    let place = Place::new();
    let key = format!("--decrypt-key={}", hex(b"secret"));
    place.expect(&[&key, "a.enc", "b.txt"], 0, "");
    assert!(place.get("b.txt") == place.get("a.txt"));
    // Without -k 0 a key of any length is derived from, as a password is.
    place.expect(&["--encrypt-key=6b6579", "-k5", "a.txt", "b.enc"], 0, "");
    assert_eq!(header(&place, "b.enc").iterations, 5);
    place.expect(&["--decrypt-password=key", "b.enc", "c.txt"], 0, "");
    assert!(place.get("c.txt") == place.get("a.txt"));
    // With it a password of 32 bytes wraps.
    let password = "0123456789abcdef0123456789abcdef";
    let encrypt = format!("--encrypt-password={password}");
    place.expect(&[&encrypt, "-k0", "a.txt", "c.enc"], 0, "");
    assert_eq!(header(&place, "c.enc").flags.0, 0x0012_1000);
    let decrypt = format!("--decrypt-key={}", hex(password.as_bytes()));
    place.expect(&[&decrypt, "c.enc", "d.txt"], 0, "");
    assert!(place.get("d.txt") == place.get("a.txt"));
}

#[test]
fn a_key_is_read_from_stdin() {
    let place = Place::new();
    let line = format!("{}\n", hex(b"secret"));
    let arguments = ["--decrypt-key-from-stdin", "a.enc", "b.txt"];
    place.expect_with(&arguments, line.as_bytes(), 0, "");
    assert!(place.get("b.txt") == place.get("a.txt"));
}

#[test]
fn what_is_not_encrypted_is_not_decrypted_in_silence() {
    let place = Place::new();
    let decrypt = "--decrypt-password=secret";
    // Every beginning of an encrypted file, too short to tell from a text.
    for size in 0..8 {
        place.put("short", &place.get("a.enc")[..size]);
        place.expect_nothing_written(
            &[decrypt, "short", "o"],
            1,
            "Error: Can not read file short, bad password or key?\n\
             short: the file is too short to be a backup file\n",
        );
        let copy = format!("copy{size}");
        place.expect(&["short", &copy], 0, "");
        assert_eq!(place.get(&copy).len(), size);
    }
    place.expect_nothing_written_but_error(&[decrypt, "-", "o"], b"NDBXFRM");

    let nothing = "nothing was decrypted: the file is not encrypted\n";
    place.expect(
        &[decrypt, "a.txt", "b.txt"],
        0,
        &format!("a.txt: {nothing}"),
    );
    assert_eq!(place.get("b.txt"), place.get("a.txt"));
    place.expect_with(
        &[decrypt, "-", "c.txt"],
        &place.get("a.txt"),
        0,
        &format!("-: {nothing}"),
    );
    assert_eq!(place.get("c.txt"), place.get("a.txt"));
    // A backup file in the clear, as the original copies it.
    let plain = backup_file("BACKUP-1-0.2.Data");
    let plain = plain.to_str().unwrap();
    place.expect(&[decrypt, plain, "d.Data"], 0, "");
    assert_eq!(place.get("d.Data"), fs::read(plain).unwrap());
    place.expect(&[decrypt, "a.az", "e.txt"], 0, "");
    assert_eq!(place.get("e.txt"), place.get("a.txt"));
}

#[test]
fn a_trailer_that_lets_nothing_be_checked_is_an_error_or_said() {
    let place = Place::new();
    let good = place.get("a.enc");
    let flags = good.len() - 56;
    for flag in [0x10, 0x20, 0x70, 0xB0, 0xF0, 0xFF] {
        let mut file = good.clone();
        file[flags] = flag;
        place.put("bad", &file);
        place.expect_nothing_written(
            &["--decrypt-password=secret", "bad", "o"],
            1,
            "Error: Can not read file bad, bad password or key?\n\
             bad: damaged trailer: checksum flags\n",
        );
    }
    let mut file = good;
    file[flags] = 0;
    place.put("unchecked", &file);
    place.expect(
        &["--decrypt-password=secret", "unchecked", "b.txt"],
        0,
        "unchecked: its contents can't be checked: it holds no checksum\n",
    );
    assert_eq!(place.get("b.txt"), place.get("a.txt"));
}

#[test]
fn a_header_that_asks_for_too_many_rounds_is_refused_at_once() {
    let place = Place::new();
    let mut file = place.get("a.enc");
    let mut header = Header::decode(&file).unwrap();
    header.iterations = 10_000_001;
    file.splice(..header.header_size as usize, header.encode());
    place.put("slow", &file);
    place.expect_nothing_written(
        &["--decrypt-password=secret", "slow", "o"],
        1,
        "Error: Can not read file slow.\n\
         slow: the header asks for 10000001 rounds of key derivation, the limit is 10000000\n\
         slow: --decrypt-kdf-iter-max raises the limit\n",
    );
}

#[test]
fn without_options_a_backups_parameters_are_taken() {
    let place = Place::new();
    place.expect(&["--encrypt-password=x", "a.txt", "b.enc"], 0, "");
    let found = header(&place, "b.enc");
    assert_eq!(found.flags.0, 0x0011_1000);
    assert_eq!((found.header_size, found.file_block_size), (512, 512));
    assert_eq!(found.iterations, 100_000);
    assert_eq!(found.keying_material_count, 1);
    assert_eq!(found.data_unit_size, 0);
    assert_eq!(place.get("b.enc").len() % 512, 0);
}

#[test]
fn options_may_be_shortened_repeated_and_taken_back() {
    let place = Place::new();
    let shortened = ["--comp", "--encrypt-pa=x", "a.txt", "o"];
    let output = place.run(&shortened, b"");
    let text = String::from_utf8(output.stderr).unwrap();
    // The option for stdin begins alike.
    assert!(
        text.starts_with("ndbxfrm: [ERROR] ambiguous option '--encrypt-pa'"),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(2));

    let repeated = [
        "--encrypt_password=first",
        "--encrypt-password=last",
        "--encrypt-kdf=7",
        "--file-bl=1024",
        "a.txt",
        "b.enc",
    ];
    place.expect(&repeated, 0, "");
    assert_eq!(header(&place, "b.enc").file_block_size, 1024);
    place.expect(&["--decrypt-password=last", "b.enc", "b.txt"], 0, "");
    assert!(place.get("b.txt") == place.get("a.txt"));

    let taken_back = [
        "--encrypt-password=x",
        "-c",
        "--skip-encrypt-password",
        "--skip-compress",
        "a.txt",
        "c.txt",
    ];
    place.expect(&taken_back, 0, "");
    assert!(place.get("c.txt") == place.get("a.txt"));
}

#[test]
fn a_password_may_be_empty_or_any_bytes_on_the_command_line() {
    let place = Place::new();
    for (index, password) in ["", "\t\u{e9}\u{1F600}\x7f", &"x".repeat(1024)]
        .iter()
        .enumerate()
    {
        let (there, back) = (format!("{index}.enc"), format!("{index}.txt"));
        let encrypt = format!("--encrypt-password={password}");
        place.expect(&[&encrypt, "-k3", "a.txt", &there], 0, "");
        let decrypt = format!("--decrypt-password={password}");
        place.expect(&[&decrypt, &there, &back], 0, "");
        assert!(place.get(&back) == place.get("a.txt"), "{password:?}");
    }
    for (option, text) in [
        (
            format!("--encrypt-password={}", "x".repeat(1025)),
            "password",
        ),
        (format!("--encrypt-key={}", "00".repeat(513)), "key"),
    ] {
        let line = format!("Error: encrypt {text} too long.\n");
        place.expect_nothing_written(&[&option, "a.txt", "o"], 2, &line);
    }
}

#[test]
fn each_wrong_secret_has_its_line() {
    let place = Place::new();
    let arguments = ["--encrypt-key=6", "--decrypt-key=xx", "a.enc", "o"];
    place.expect_nothing_written(
        &arguments,
        2,
        "Error: decrypt key has some bad character.\n\
         Error: encrypt key need even number of hex digits.\n",
    );
}

#[test]
fn without_a_terminal_a_password_cannot_be_asked_for() {
    let place = Place::new();
    let output = Command::new("setsid")
        .args([env!("CARGO_BIN_EXE_ndbxfrm"), "--no-defaults"])
        .args(["--decrypt-password", "a.enc", "o"])
        .current_dir(place.0.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "Error: Failed to read decrypt password from tty (errno 9).\n"
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(!place.path("o").exists());
}

#[test]
fn the_destination_is_looked_at_before_the_source() {
    let place = Place::new();
    place.expect_nothing_written(
        &["nosuch", "a.az"],
        1,
        "Error: Could not create file 'a.az'.\na.az: File exists\n",
    );
    place.expect_nothing_written(
        &[".", "o"],
        1,
        "Error: Could not open file '.' for read.\n.: Is a directory\n",
    );
    // Nor is the source read where the destination can't be what is asked for.
    std::os::unix::fs::symlink("nowhere", place.path("link")).unwrap();
    place.expect_nothing_written(
        &["a.txt", "link"],
        1,
        "Error: Could not create file 'link'.\nlink: File exists\n",
    );
}

#[test]
fn a_full_disk_is_status_2() {
    let place = Place::new();
    for options in [&[][..], &["-c"], &["--encrypt-password=x", "-k3"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_ndbxfrm"))
            .arg("--no-defaults")
            .args(options)
            .args(["a.txt", "-"])
            .current_dir(place.0.path())
            .stdout(File::create("/dev/full").unwrap())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let expected = "Error: Can not write file -.\n-: No space left on device\n";
        assert!(text.ends_with(expected), "{text}");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn detailed_info_wins_over_info() {
    let place = Place::new();
    let short = place.run(&["--info", "a.txt"], b"").stdout;
    let both = place
        .run(&["--detailed-info", "--info", "a.txt"], b"")
        .stdout;
    assert_eq!(short, b"File=a.txt, compression=no, encryption=no\n");
    let text = String::from_utf8(both).unwrap();
    let (line, block) = text.split_once('\n').unwrap();
    assert_eq!(line, "File=a.txt, compression=no, encryption=no");
    // What the original prints where there is no header.
    for field in [
        "      header_size: 160,\n",
        "    dbg_writer_ndb_version: 591618,\n",
        "    trailer_max_size: 80,\n",
        "  octets: {\n  }\n",
        "      trailer_size: 56,\n",
    ] {
        assert!(block.contains(field), "{field}: {block}");
    }
}

#[test]
fn damage_of_compressed_data_without_encryption_is_no_question_of_passwords() {
    let place = Place::new();
    place.put("b.txt", &sample(50_000));
    place.expect(&["-c", "b.txt", "b.az"], 0, "");
    let mut damaged = place.get("b.az");
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xFF);
    place.put("b.az", &damaged);
    let before = place.names();
    let output = place.run(&["b.az", "o"], b"");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with("Error: Can not read file b.az.\nb.az: damaged file: "),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(place.names(), before);
}

#[test]
fn a_source_is_not_changed_and_its_mode_not_taken() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let encrypted = place.get("a.enc");
    fs::set_permissions(place.path("a.enc"), fs::Permissions::from_mode(0o400)).unwrap();
    place.expect(&["--decrypt-password=secret", "a.enc", "b.txt"], 0, "");
    assert!(place.get("a.enc") == encrypted);
    let mode = fs::metadata(place.path("b.txt"))
        .unwrap()
        .permissions()
        .mode();
    assert_ne!(mode & 0o777, 0o400);
}
