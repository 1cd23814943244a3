//! As much of HTTP as a scrape needs: one GET on each connection, then it is closed.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::exporter::Exporter;

/// Connections at the same time; further ones wait until one is closed.
const CONNECTIONS_MAX: usize = 16;

/// Longest request, to the empty line.
const HEAD_MAX: usize = 8 * 1024;

/// Longest time to send a request, and to take its answer.
const HEAD_LIMIT: Duration = Duration::from_secs(5);
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How long, and how much of it, what a client still sends is read before the connection is closed:
/// otherwise it may lose the answer.
const LINGER_LIMIT: Duration = Duration::from_millis(500);
const LINGER_MAX: u64 = 64 * 1024;

/// The process may have no descriptor left for a moment.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Metrics,
    /// The first page, for people.
    Root,
    NoSuchPage,
    OtherMethod,
    NoHttp,
    TooLong,
}

/// Answers for as long as it is polled.
pub(crate) async fn serve(listener: TcpListener, exporter: Arc<Exporter>) {
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // It is never closed.
    while let Ok(place) = Arc::clone(&free).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let exporter = Arc::clone(&exporter);
                tokio::spawn(async move {
                    answer(stream, &exporter).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "accept");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn answer(mut stream: TcpStream, exporter: &Exporter) {
    let Ok(Some((asked, has_body))) = timeout(HEAD_LIMIT, read_head(&mut stream)).await else {
        return;
    };
    let (status, content_type, body) = match asked {
        Asked::Metrics => ("200 OK", METRICS, exporter.scrape().await),
        Asked::Root => ("200 OK", TEXT, "ndb_exporter: see /metrics\n".to_owned()),
        Asked::NoSuchPage => ("404 Not Found", TEXT, "only /metrics is here\n".to_owned()),
        Asked::OtherMethod => (
            "405 Method Not Allowed",
            TEXT,
            "only GET and HEAD\n".to_owned(),
        ),
        Asked::NoHttp => ("400 Bad Request", TEXT, "this is no HTTP/1\n".to_owned()),
        Asked::TooLong => (
            "431 Request Header Fields Too Large",
            TEXT,
            format!("the request is longer than {HEAD_MAX} bytes\n"),
        ),
    };
    let allow = match asked {
        Asked::OtherMethod => "Allow: GET, HEAD\r\n",
        _ => "",
    };
    let mut text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n{allow}\
         Connection: close\r\n\r\n",
        body.len()
    );
    if has_body {
        text.push_str(&body);
    }
    let sent = timeout(ANSWER_LIMIT, async {
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await
    });
    if let Ok(Ok(())) = sent.await {
        let mut rest = stream.take(LINGER_MAX);
        let mut nowhere = tokio::io::sink();
        let _ = timeout(LINGER_LIMIT, tokio::io::copy(&mut rest, &mut nowhere)).await;
    }
}

/// What is asked for, and whether the answer has a body. None: the client went away.
async fn read_head(stream: &mut TcpStream) -> Option<(Asked, bool)> {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let size = stream.read(&mut chunk).await.ok()?;
        if size == 0 {
            return None;
        }
        head.extend_from_slice(&chunk[..size]);
        if head.len() > HEAD_MAX {
            return Some((Asked::TooLong, true));
        }
        let ends = |end: &[u8]| head.windows(end.len()).any(|window| window == end);
        if ends(b"\r\n\r\n") || ends(b"\n\n") {
            return Some(parse_head(&head));
        }
    }
}

/// `GET /metrics HTTP/1.1` and whatever lines behind it.
fn parse_head(head: &[u8]) -> (Asked, bool) {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).unwrap_or_default();
    let mut words = line.trim_end_matches('\r').split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return (Asked::NoHttp, true);
    };
    if !version.starts_with("HTTP/1.") {
        return (Asked::NoHttp, true);
    }
    let asked = match (method, target.split('?').next().unwrap_or_default()) {
        ("GET" | "HEAD", "/metrics") => Asked::Metrics,
        ("GET" | "HEAD", "/") => Asked::Root,
        ("GET" | "HEAD", _) => Asked::NoSuchPage,
        _ => Asked::OtherMethod,
    };
    (asked, method != "HEAD")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_is_asked_for() {
        for (line, asked) in [
            ("GET /metrics HTTP/1.1", (Asked::Metrics, true)),
            ("GET /metrics?name=a HTTP/1.0", (Asked::Metrics, true)),
            ("HEAD /metrics HTTP/1.1", (Asked::Metrics, false)),
            ("GET / HTTP/1.1", (Asked::Root, true)),
            ("GET /metrics/ HTTP/1.1", (Asked::NoSuchPage, true)),
            ("POST /metrics HTTP/1.1", (Asked::OtherMethod, true)),
            ("GET /metrics", (Asked::NoHttp, true)),
            ("GET  /metrics HTTP/1.1", (Asked::NoHttp, true)),
            ("GET /metrics HTTP/2", (Asked::NoHttp, true)),
            ("", (Asked::NoHttp, true)),
        ] {
            let head = format!("{line}\r\nHost: a\r\n\r\n");
            assert_eq!(parse_head(head.as_bytes()), asked, "{line}");
        }
        assert_eq!(parse_head(b"\xff /metrics HTTP/1.1\n\n").0, Asked::NoHttp);
    }
}
