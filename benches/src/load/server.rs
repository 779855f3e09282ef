//! The servers under load: child processes, the cores they are pinned to, and their CPU and memory from `/proc`.

use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, io, process, thread};

use crate::Result;
use crate::client::Endpoint;

/// Ticks per second of the times in `/proc/PID/stat`: USER_HZ, 100 on every Linux that Rust's std supports.
const TICKS: f64 = 100.0;
const START_LIMIT: Duration = Duration::from_secs(10);

/// How to start a server.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) workers: usize,
    /// Cores it may use, in `taskset`'s notation; no pinning if `None`.
    pub(crate) cores: Option<String>,
}

/// A running server. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) endpoint: Endpoint,
}

impl Server {
    /// Starts a server on a free port and waits for the line that says which.
    pub(crate) fn start(program: &Program) -> Result<Self> {
        let mut command = match &program.cores {
            // `taskset` replaces itself by the server, so the child's process id is the server's.
            Some(cores) => {
                let mut command = Command::new("taskset");
                command.arg("--cpu-list").arg(cores).arg(&program.path);
                command
            }
            None => Command::new(&program.path),
        };
        let workers = program.workers.to_string();
        command.args(["--port", "0", "--workers", &workers]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().expect("stdout was asked for as a pipe");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut server = Self { child, endpoint: Endpoint { address, path: String::new() } };
        server.endpoint = announced(stdout)
            .map_err(|reason| format!("{} did not start: {reason}", program.path.display()))?;
        Ok(server)
    }

    /// User and system time of all the server's threads since it started, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field, the program's name in brackets, may contain spaces: fields 14 and 15 are counted after it.
        let (_, after_name) = stat.rsplit_once(')').ok_or("no program name in /proc/PID/stat")?;
        let ticks: Vec<f64> =
            after_name.split_whitespace().skip(11).take(2).map_while(|field| field.parse().ok()).collect();
        match ticks[..] {
            [user, system] => Ok((user + system) / TICKS),
            _ => Err("no times in /proc/PID/stat".into()),
        }
    }

    /// Resident memory in KiB.
    pub(crate) fn resident_kib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS: has it exited?")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the endpoint from the server's output, and goes on reading so that the server never blocks on a full pipe.
fn announced(stdout: ChildStdout) -> Result<Endpoint> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        while stdout.read_line(&mut line).is_ok_and(|count| count > 0) {
            if let Some((_, url)) = line.split_once("listening on ws://") {
                let _ = sender.send(url.trim().to_owned());
                break;
            }
            line.clear();
        }
        drop(sender);
        io::copy(&mut stdout, &mut io::sink())
    });
    let url =
        receiver.recv_timeout(START_LIMIT).map_err(|_| "no line `listening on ws://…` on its output")?;
    let (authority, path) = url.split_once('/').ok_or("no path in its URL")?;
    Ok(Endpoint { address: loopback(authority)?, path: format!("/{path}") })
}

/// The address as a client of this host reaches it.
fn loopback(authority: &str) -> Result<SocketAddr> {
    let mut address: SocketAddr = authority.replace("localhost", "127.0.0.1").parse()?;
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(format!("{address} is not on this host").into())
    }
}

/// Where to look for a server: `chosen`, or `name` beside this program.
pub(crate) fn locate(name: &str, chosen: Option<&Path>) -> Result<PathBuf> {
    let path = match chosen {
        Some(path) => path.to_owned(),
        None => std::env::current_exe()?.with_file_name(name),
    };
    if path.is_file() {
        return Ok(path);
    }
    let shown = path.display();
    Err(format!("no server at {shown}; build it: cargo build --release -p testbed -p wamp-benches").into())
}

/// Who runs where.
#[derive(Debug, Default)]
pub(crate) struct Cores {
    /// For the servers, in `taskset`'s notation; no pinning if `None`.
    pub(crate) servers: Option<String>,
    /// Whether this process has a core to itself.
    pub(crate) own_core: bool,
}

/// Pins this process to the last core and leaves the first ones to servers with `workers` workers; with as many
/// workers as cores it runs beside them. Says so if it cannot. Call before any thread is started.
pub(crate) fn share_cores(workers: usize) -> Cores {
    let last = thread::available_parallelism().map_or(1, usize::from) - 1;
    let own_core = workers <= last;
    let own = if own_core { last.to_string() } else { format!("0-{last}") };
    match run_quietly("taskset", &["--pid", "--cpu-list", &own, &process::id().to_string()]) {
        Ok(()) => Cores { servers: Some(format!("0-{}", workers.saturating_sub(1).min(last))), own_core },
        Err(reason) => {
            eprintln!("nothing is pinned, figures will scatter more: {reason}");
            Cores::default()
        }
    }
}

/// How many sockets this process and its servers may open: tries to raise the limit to `wanted` with `prlimit`.
pub(crate) fn open_files(wanted: usize) -> Result<usize> {
    let limit = || -> Result<(usize, usize)> {
        let limits = fs::read_to_string("/proc/self/limits")?;
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        let mut fields = line.ok_or("no `Max open files` in /proc/self/limits")?.split_whitespace();
        let mut field = || fields.next().and_then(|field| field.parse().ok()).unwrap_or(usize::MAX);
        Ok((field(), field()))
    };
    let (soft, hard) = limit()?;
    if soft < wanted {
        let raised = format!("--nofile={}:", wanted.min(hard));
        // If this fails the limit stays, and fewer sessions are opened.
        let _ = run_quietly("prlimit", &["--pid", &process::id().to_string(), &raised]);
    }
    Ok(limit()?.0)
}

fn run_quietly(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("no program `{program}`"),
        _ => format!("{program}: {error}"),
    })?;
    let message = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{program}: {}", message.trim()).into()) }
}
