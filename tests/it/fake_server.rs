//! A management server that the test directs: it answers what it is told, when it is told, and
//! lies if it is told to.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for a request.
const LIMIT: Duration = Duration::from_secs(60);

/// What the server does instead of answering one request honestly.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// These bytes, and on to the next request.
    Say(&'static str),
    /// These bytes, and the end of the connection.
    SayAndClose(&'static str),
    /// These bytes, and nothing more while the connection stays open.
    SayAndStall(&'static str),
    /// The first bytes, then the second ones without end.
    SayEndlessly(&'static str, &'static str),
    /// A blank every tenth of a second.
    Dribble,
    /// These bytes, then the same.
    SayAndDribble(&'static str),
    /// Nothing, to nobody, from now on.
    Freeze,
}

/// What is answered to which requests.
pub(crate) type Lies = &'static [(&'static str, Answer)];

/// A management server that knows just enough, and that the test directs.
pub(crate) struct FakeServer {
    pub(crate) address: String,
    state: Arc<ServerState>,
    backup_reply: Sender<String>,
}

struct ServerState {
    lies: Lies,
    /// It answers nobody any more.
    frozen: AtomicBool,
    listeners: Mutex<Vec<TcpStream>>,
    /// Every request, its lines joined.
    requests: Mutex<Vec<String>>,
    changed: Condvar,
    /// The backup that node 2 reports; none: no node reports anything.
    running: Mutex<Option<u32>>,
    /// Events of a flood that have been sent.
    flooded: AtomicU64,
    /// Replies to START BACKUP that have been sent.
    backups_answered: AtomicU64,
}

impl FakeServer {
    pub(crate) fn start() -> Self {
        Self::answering(&[])
    }

    /// It lies about these requests, and does start a backup 7.
    pub(crate) fn lying(lies: Lies) -> Self {
        let server = Self::answering(lies);
        server.answer_backup("result: Ok\nid: 7");
        server
    }

    fn answering(lies: Lies) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(ServerState {
            lies,
            frozen: AtomicBool::new(false),
            listeners: Mutex::default(),
            requests: Mutex::default(),
            changed: Condvar::new(),
            running: Mutex::default(),
            flooded: AtomicU64::new(0),
            backups_answered: AtomicU64::new(0),
        });
        let (backup_reply, replies) = channel();
        let replies = Arc::new(Mutex::new(replies));
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, replies) = (Arc::clone(&served), Arc::clone(&replies));
                thread::spawn(move || state.serve(stream, &replies));
            }
        });
        Self {
            address,
            state,
            backup_reply,
        }
    }

    /// Answers the START BACKUP that waits, or the next one.
    pub(crate) fn answer_backup(&self, lines: &str) {
        self.backup_reply.send(lines.to_owned()).unwrap();
    }

    /// Answers the START BACKUP that waits: the client has the reply to read when this returns.
    pub(crate) fn answer_backup_now(&self, lines: &str) {
        let answered = || self.state.backups_answered.load(Ordering::Acquire);
        let (before, deadline) = (answered(), Instant::now() + LIMIT);
        self.answer_backup(lines);
        while answered() == before {
            assert!(Instant::now() < deadline, "no START BACKUP waits");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends an event to all listeners.
    pub(crate) fn send_event(&self, lines: &str) {
        let record = format!("log event reply\n{lines}\n\n");
        for listener in self.state.listeners.lock().unwrap().iter_mut() {
            listener.write_all(record.as_bytes()).unwrap();
        }
    }

    pub(crate) fn backup_started(&self, id: u32) {
        self.send_event(&format!(
            "type=54\ntime=0\nsource_nodeid=2\nstarting_node=1\nbackup_id={id}"
        ));
    }

    pub(crate) fn backup_aborted(&self, id: u32) {
        self.backup_aborted_by(2, id, 1321);
    }

    /// The data node says why.
    pub(crate) fn backup_aborted_by(&self, node: u32, id: u32, error: u32) {
        self.send_event(&format!(
            "type=57\ntime=0\nsource_nodeid={node}\nstarting_node=1\nbackup_id={id}\nerror={error}"
        ));
    }

    /// Sends events to all listeners without end, as fast as they take them.
    pub(crate) fn flood(&self) {
        let record = "log event reply\ntype=50\ntime=0\nsource_nodeid=2\ngth=1\n\
             page_size_bytes=32768\npages_used=8\npages_total=10\nblock=249\n\n"
            .repeat(100);
        for mut listener in self.state.listeners.lock().unwrap().drain(..) {
            let (record, state) = (record.clone(), Arc::clone(&self.state));
            thread::spawn(move || {
                while listener.write_all(record.as_bytes()).is_ok() {
                    state.flooded.fetch_add(100, Ordering::Relaxed);
                }
            });
        }
    }

    /// Waits until so many events of the flood have been sent.
    pub(crate) fn wait_for_flood(&self, count: u64) {
        let deadline = Instant::now() + 3 * LIMIT;
        while self.state.flooded.load(Ordering::Relaxed) < count {
            assert!(Instant::now() < deadline, "the flood does not come");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Answers nobody any more, and ends all event connections.
    pub(crate) fn fall_silent(&self) {
        self.state.frozen.store(true, Ordering::Release);
        self.close_listeners();
    }

    pub(crate) fn backup_completed(&self, id: u32) {
        self.send_event(&format!(
            "type=56\ntime=0\nsource_nodeid=2\nstarting_node=1\nbackup_id={id}\nstart_gci=35\n\
             stop_gci=38\nn_bytes=5\nn_records=7\nn_log_bytes=0\nn_log_records=0\nn_bytes_hi=1\n\
             n_records_hi=0\nn_log_bytes_hi=0\nn_log_records_hi=0"
        ));
    }

    /// Closes all event connections.
    pub(crate) fn close_listeners(&self) {
        for listener in self.state.listeners.lock().unwrap().drain(..) {
            listener.shutdown(Shutdown::Both).unwrap();
        }
    }

    /// The next reports of the backup status name this backup on node 2; 0 is none.
    pub(crate) fn report_backup(&self, id: u32) {
        *self.state.running.lock().unwrap() = Some(id);
    }

    /// All requests so far, one per line.
    pub(crate) fn requests(&self) -> String {
        let requests = self.state.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| request.replace('\n', " | ") + "\n")
            .collect()
    }

    /// Waits until a request that contains the text has come, and returns it.
    pub(crate) fn wait_for_request(&self, text: &str) -> String {
        self.wait_for_requests(text, 1)
    }

    /// Waits until so many requests that contain the text have come, and returns the last.
    pub(crate) fn wait_for_requests(&self, text: &str, count: usize) -> String {
        let deadline = Instant::now() + LIMIT;
        let mut requests = self.state.requests.lock().unwrap();
        loop {
            let mut matching = requests.iter().filter(|request| request.contains(text));
            if let Some(request) = matching.nth(count - 1) {
                return request.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no request {text}: {requests:?}");
            requests = self.state.changed.wait_timeout(requests, left).unwrap().0;
        }
    }
}

/// The lines of the next request, without the empty one that ends it; none once the client is gone.
pub(crate) fn next_request(lines: &mut Lines<BufReader<TcpStream>>) -> Option<Vec<String>> {
    let mut request = Vec::new();
    loop {
        match lines.next()?.ok()? {
            line if line.is_empty() => return Some(request),
            line => request.push(line),
        }
    }
}

impl ServerState {
    /// Ends with the first failure to read or write: the client is gone.
    fn serve(&self, mut stream: TcpStream, replies: &Mutex<Receiver<String>>) -> Option<()> {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        loop {
            let request = next_request(&mut lines)?;
            let Some(name) = request.first().cloned() else {
                continue;
            };
            self.requests.lock().unwrap().push(request.join("\n"));
            self.changed.notify_all();
            let lie = self.lies.iter().find(|(lied, _)| *lied == name);
            let answer = match lie {
                _ if self.frozen.load(Ordering::Acquire) => Some(Answer::Freeze),
                lie => lie.map(|(_, answer)| *answer),
            };
            match answer {
                Some(answer) => self.lie(answer, &mut stream)?,
                None => self.answer(&name, &mut stream, replies)?,
            }
        }
    }

    /// `None` is the end of the connection.
    fn lie(&self, answer: Answer, stream: &mut TcpStream) -> Option<()> {
        let mut send = |text: &str| stream.write_all(text.as_bytes()).ok();
        match answer {
            Answer::Say(text) => return send(text),
            Answer::SayAndClose(text) => send(text)?,
            Answer::SayAndStall(text) => {
                send(text)?;
                wait_for_the_end(stream);
            }
            Answer::SayEndlessly(start, rest) => {
                send(start)?;
                let rest = rest.repeat(1000);
                loop {
                    send(&rest)?;
                }
            }
            Answer::Dribble => dribble(send)?,
            Answer::SayAndDribble(text) => {
                send(text)?;
                dribble(send)?;
            }
            Answer::Freeze => {
                self.frozen.store(true, Ordering::Release);
                wait_for_the_end(stream);
            }
        }
        None
    }

    fn answer(
        &self,
        name: &str,
        stream: &mut TcpStream,
        replies: &Mutex<Receiver<String>>,
    ) -> Option<()> {
        let reply = match name {
            "get version" => "version\nid: 591618\nmajor: 9\nminor: 7\nbuild: 2\n\
                 string: mysql-9.7.2 ndb-9.7.2\nmysql_major: 9\nmysql_minor: 7\n\
                 mysql_build: 2"
                .to_owned(),
            "get info clusterlog" => "clusterlog\nenabled: 1\ndebug: 0\ninfo: 1\nwarning: 1\n\
                 error: 1\ncritical: 1\nalert: 1"
                .to_owned(),
            "get status" => "node status\nnodes: 0".to_owned(),
            "dump events" => self.backup_status(),
            "listen event" => "listen event\nresult: 0".to_owned(),
            "start backup" => {
                let lines = replies.lock().unwrap().recv().ok()?;
                format!("start backup reply\n{lines}")
            }
            name => format!("{name} reply\nresult: Ok"),
        };
        let reply = format!("{reply}\n\n");
        if name == "listen event" {
            // Who sends an event once the client has been answered must find the listener.
            let mut listeners = self.listeners.lock().unwrap();
            stream.write_all(reply.as_bytes()).ok()?;
            listeners.push(stream.try_clone().unwrap());
            return Some(());
        }
        stream.write_all(reply.as_bytes()).ok()?;
        if name == "start backup" {
            self.backups_answered.fetch_add(1, Ordering::Release);
        }
        Some(())
    }

    fn backup_status(&self) -> String {
        match *self.running.lock().unwrap() {
            None => "dump events reply\nresult: Ok\nevents: 0".to_owned(),
            Some(id) => format!(
                "dump events reply\nresult: Ok\nevents: 1\n\nlog event reply\ntype=62\ntime=0\n\
                 source_nodeid=2\nstarting_node={}\nbackup_id={id}\nn_bytes_lo=0\nn_bytes_hi=0\n\
                 n_records_lo=0\nn_records_hi=0\nn_log_bytes_lo=0\nn_log_bytes_hi=0\n\
                 n_log_records_lo=0\nn_log_records_hi=0",
                u32::from(id != 0)
            ),
        }
    }
}

/// Ends when the client is gone.
fn dribble(mut send: impl FnMut(&str) -> Option<()>) -> Option<()> {
    loop {
        send(" ")?;
        thread::sleep(Duration::from_millis(100));
    }
}

/// The client ends the connection, not we.
fn wait_for_the_end(stream: &mut TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}
