//! An example server as a child process.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::eventually;

/// A running server. It is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
    operations: String,
    log: Option<JoinHandle<String>>,
}

impl Server {
    pub(crate) fn testbed() -> Self {
        Self::start("testbed", &["--workers", "1"])
    }

    /// Runs the test application with every level of its log.
    pub(crate) fn traced() -> Self {
        let mut command = Command::new(executable("testbed"));
        command.env("RUST_LOG", "trace");
        Self::run("testbed", command)
    }

    /// Runs the test application with this limit of open files. It limits loopback addresses like
    /// others.
    pub(crate) fn with_open_files(limit: usize) -> Self {
        let mut command = Command::new("sh");
        let limited = format!("ulimit -n {limit} && exec \"$0\" \"$@\"");
        command.args([
            "-c",
            &limited,
            executable("testbed"),
            "--workers",
            "1",
            "--limit-private-addresses",
        ]);
        Self::run("testbed", command)
    }

    /// Runs an example on a port that it picks, and waits until it listens.
    pub(crate) fn start(example: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(executable(example));
        command.args(arguments);
        Self::run(example, command)
    }

    /// Runs the test application at the address of one that has ended.
    pub(crate) fn testbed_at(address: &str) -> Self {
        let (_, port) = address.rsplit_once(':').expect("HOST:PORT");
        let mut command = Command::new(executable("testbed"));
        command.args(["--workers", "1"]);
        Self::run_at(port, "testbed", command)
    }

    fn run(example: &str, command: Command) -> Self {
        Self::run_at("0", example, command)
    }

    fn run_at(port: &str, example: &str, mut command: Command) -> Self {
        let mut child = command
            .args(["--port", port])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{example} does not start: {error}"));
        let mut stderr = child.stderr.take().expect("it is piped");
        let log = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.read_to_end(&mut bytes).ok();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut server =
            Self { child, address: String::new(), operations: String::new(), log: Some(log) };
        for line in stdout.lines().map_while(Result::ok) {
            if let Some(url) = line.strip_prefix("operations on ") {
                server.operations = host(url).to_owned();
            }
            if let Some(url) = line.strip_prefix("listening on ") {
                server.address = host(url).to_owned();
                return server;
            }
        }
        panic!("{example} ended before it listened: {}", server.stop());
    }

    /// Returns the address, `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Returns the address of the listener for operators, where the example has one.
    pub(crate) fn operations(&self) -> &str {
        &self.operations
    }

    pub(crate) fn page(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn websocket(&self) -> String {
        format!("ws://{}{}", self.address, path())
    }

    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status().expect("kill can be run");
        assert!(status.success());
    }

    /// Waits for the process to end by itself. Returns its status and the time it took.
    pub(crate) fn wait(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        let mut ended = None;
        eventually("the process ends", || {
            ended = self.child.try_wait().expect("it is our child");
            ended.is_some()
        });
        (ended.expect("it has ended"), begun.elapsed())
    }

    /// Ends the process. Returns its log.
    pub(crate) fn stop(&mut self) -> String {
        self.child.kill().ok();
        self.child.wait().ok();
        self.log.take().and_then(|log| log.join().ok()).unwrap_or_default()
    }

    /// Returns how many file descriptors the process has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("the server lives").count()
    }

    /// Returns the memory of the process, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .expect("the server lives");
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells it");
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kilobytes * 1024
    }

    /// Returns the processor time of the process so far.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .expect("the server lives");
        let fields = stat.rsplit_once(") ").expect("the name is in brackets").1;
        let ticks: u64 =
            fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10)
    }
}

/// The variable by which the tests run against another WebSocket of testbed: see `second_host`.
pub(crate) const PATH: &str = "WAMP_TEST_PATH";

/// Returns the path of the WebSocket under test.
pub(crate) fn path() -> &'static str {
    static PATH_UNDER_TEST: OnceLock<String> = OnceLock::new();
    PATH_UNDER_TEST.get_or_init(|| env::var(PATH).unwrap_or("/ws".into()))
}

/// Returns the `HOST:PORT` of a URL.
fn host(url: &str) -> &str {
    let (_, rest) = url.split_once("://").expect("a URL");
    rest.split('/').next().expect("an address")
}

impl Drop for Server {
    fn drop(&mut self) {
        let log = self.stop();
        if std::thread::panicking() {
            eprintln!("the server's log:\n{log}");
        }
    }
}

/// Returns the executable of an example, built with this test's profile, in its target directory.
pub(crate) fn executable(example: &str) -> &'static str {
    static EXECUTABLES: OnceLock<HashMap<String, String>> = OnceLock::new();
    EXECUTABLES
        .get_or_init(build)
        .get(example)
        .unwrap_or_else(|| panic!("there is no example {example}"))
}

fn build() -> HashMap<String, String> {
    let test = env::current_exe().expect("a test has a path");
    let directory = test.parent().and_then(|deps| deps.parent()).expect("target/PROFILE/deps/e2e");
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let output = Command::new(env::var("CARGO").unwrap_or("cargo".into()))
        .args([
            "build",
            "-p",
            "testbed",
            "-p",
            "documents",
            "-p",
            "progress",
            "-p",
            "login",
            "-p",
            "observability",
            "--profile",
            profile,
        ])
        .args(["--message-format", "json-render-diagnostics", "--quiet"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "the examples cannot be built");
    let messages = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    messages
        .filter_map(|line| serde_json::from_slice(line).ok())
        .filter_map(|message| built(&message))
        .collect()
}

/// Returns the name and the path of an executable, from cargo's message about it.
fn built(message: &Value) -> Option<(String, String)> {
    let path = message["executable"].as_str()?;
    Some((message["target"]["name"].as_str()?.to_owned(), path.to_owned()))
}
