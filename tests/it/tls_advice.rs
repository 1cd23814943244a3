//! What standard error says about TLS, where the original says nothing, and what the programs ask
//! for at a terminal.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::terminal::Terminal;
use crate::tls_console::Server;
use crate::tls_keys::Keys;

/// Standard output, standard error and status of the client with these keys.
fn client(keys: &Keys, directory: &str, port: u16, more: &[&str]) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args(["--no-defaults", "--connect-retries=1"])
        .arg(format!("--ndb-connectstring=localhost:{port}"))
        .arg(format!(
            "--ndb-tls-search-path={}",
            keys.directory(directory).display()
        ))
        .args(more)
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code().unwrap(),
    )
}

#[test]
fn what_tls_lacks_is_told_with_what_to_do() {
    let keys = Keys::make();
    let servers = ["notls", "tls", "reqtls", "foreign"].map(|it| (it, Server::start(&keys, it)));
    let show = ["-e", "SHOW"];
    let strict = ["--ndb-mgm-tls=strict", "-e", "SHOW"];
    let deferred = ["--ndb-mgm-tls=deferred", "-e", "SHOW"];
    let start = ["--ndb-mgm-tls=deferred", "-e", "START TLS"];
    let test = ["--test-tls"];
    let cases: [(&str, &str, &[&str], &[&str]); 19] = [
        (
            "notls",
            "client",
            &show,
            &["[Warning]", "the connection is cleartext"],
        ),
        (
            "notls",
            "client",
            &strict,
            &["it has no valid certificate itself"],
        ),
        (
            "tls",
            "mismatch",
            &show,
            &["TLS is not used", "was not made for the private key"],
        ),
        (
            "tls",
            "expired",
            &show,
            &["TLS is not used", "expired on 25-Nov-2026"],
        ),
        (
            "tls",
            "no-chain",
            &show,
            &["TLS is not used", "holds no CA certificate"],
        ),
        (
            "tls",
            "unreadable",
            &show,
            &["TLS is not used", "cannot read the private key"],
        ),
        (
            "tls",
            "encrypted",
            &show,
            &["TLS is not used", "there is no terminal to ask"],
        ),
        (
            "tls",
            "badmode",
            &show,
            &["[Warning]", "can be read by others (mode 0666)"],
        ),
        (
            "tls",
            "nocert",
            &strict,
            &["no file ndb-api-private-key in the TLS search path"],
        ),
        (
            "tls",
            "keyonly",
            &test,
            &["a private key, but no file ndb-api-cert"],
        ),
        (
            "tls",
            "future",
            &test,
            &["is not valid before", "rejected this client's certificate"],
        ),
        (
            "tls",
            "client-ekuserver",
            &test,
            &["extended key usage is not that of a client"],
        ),
        (
            "tls",
            "foreign-client",
            &test,
            &["is not signed by a CA in this client's"],
        ),
        (
            "foreign",
            "client",
            &show,
            &["is not signed by a CA in this client's"],
        ),
        (
            "reqtls",
            "nocert",
            &show,
            &["accepts TLS only", "no file", "ndb_sign_keys"],
        ),
        (
            "reqtls",
            "mismatch",
            &show,
            &["accepts TLS only", "was not made for"],
        ),
        (
            "reqtls",
            "client",
            &deferred,
            &["accepts TLS only. START TLS changes"],
        ),
        (
            "tls",
            "nocert",
            &start,
            &["TLS is not used", "no file ndb-api-private-key"],
        ),
        ("notls", "client", &start, &["refused TLS"]),
    ];
    for (server, directory, arguments, sentences) in cases {
        let (_, running) = servers.iter().find(|(name, _)| *name == server).unwrap();
        let (_, stderr, _) = client(&keys, directory, running.port(), arguments);
        for sentence in sentences {
            assert!(
                stderr.contains(sentence),
                "{directory} {arguments:?}: {stderr}"
            );
        }
    }
    // Most clusters have no TLS, and scripts want no warnings.
    for (server, directory, more) in [
        ("notls", "nocert", &[][..]),
        ("tls", "nocert", &[]),
        ("tls", "client", &[]),
        ("notls", "client", &["--verbose=0"]),
        ("tls", "mismatch", &["--verbose=0"]),
    ] {
        let (_, running) = servers.iter().find(|(name, _)| *name == server).unwrap();
        let arguments = [more, &show].concat();
        let (_, stderr, status) = client(&keys, directory, running.port(), &arguments);
        assert_eq!((stderr.as_str(), status), ("", 0), "{server} {directory}");
    }
}

#[test]
fn the_pass_phrase_of_a_key_is_asked_for_at_a_terminal_and_not_shown() {
    let keys = Keys::make();
    let server = Server::start(&keys, "reqtls");
    let arguments = [
        "--no-defaults".to_owned(),
        "--connect-retries=1".to_owned(),
        format!("--ndb-connectstring=localhost:{}", server.port()),
        format!(
            "--ndb-tls-search-path={}",
            keys.directory("encrypted").display()
        ),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut terminal = Terminal::start(&arguments);
    terminal.type_password("Enter pass phrase for", "wonderland\r");
    terminal.wait_for_line("");
    let screen = terminal.run_command("TLS INFO");
    assert!(
        screen.contains("Main interactive connection is using TLS"),
        "{screen}"
    );
    assert!(!terminal.quit().contains("wonderland"));

    let mut terminal = Terminal::start(&arguments);
    terminal.type_password("Enter pass phrase for", "looking-glass\r");
    terminal.wait_for("its pass phrase is wrong");
    terminal.wait_for_line("");
    assert!(!terminal.quit().contains("looking-glass"));
}

/// The two commands of the README.
#[test]
fn a_newcomer_sees_tls_with_two_commands() {
    let home = tempfile::tempdir().unwrap();
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let (_, after) = readme.split_once("ndb_sim --make-certificates ").unwrap();
    let (rest, _) = after.split_once("```").unwrap();
    let script = format!("ndb_sim --make-certificates {rest}");
    let programs = Path::new(env!("CARGO_BIN_EXE_ndb_mgm")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let bash = |script: &str| {
        Command::new("bash")
            .args(["-c", script])
            .current_dir(home.path())
            .env("HOME", home.path())
            .env("PATH", format!("{}:{path}", programs.display()))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let output = bash(&script);
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stdout.contains("(using TLS)"), "{stdout}");
    assert!(
        stdout.contains("Server reports 2 TLS connections."),
        "{stdout}"
    );
    assert!(stderr.contains("for practice"), "{stderr}");
    let again = bash("ndb_sim --make-certificates tls");
    assert_eq!(again.status.code(), Some(1));
    let strict = bash("ndb_mgm --sim --ndb-tls-search-path=tls --test-tls");
    assert_eq!(strict.status.code(), Some(0));
    let without = bash("ndb_mgm --sim --ndb-tls-search-path=none --test-tls");
    assert_eq!(without.status.code(), Some(255));
}

#[test]
fn a_simulator_that_requires_tls_does_not_start_without_a_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.ini");
    let text = "[ndb_mgmd]\nRequireTls=1\n[ndbd default]\nNoOfReplicas=1\n[ndbd]\n[mysqld]\n";
    std::fs::write(&config, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ndb_sim"))
        .arg("--config-file")
        .arg(&config)
        .arg("--data-dir")
        .arg(directory.path().join("data"))
        .args(["--port=0", "--ndb-tls-search-path="])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr.contains("does not have a valid TLS certificate"),
        "{stderr}"
    );
}
