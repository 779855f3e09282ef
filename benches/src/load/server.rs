//! The servers under load: child processes, and their CPU and memory from `/proc`.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, io, thread};

use crate::Result;
use crate::client::Endpoint;
use crate::seating::Seating;

/// Ticks per second of the times in `/proc/PID/stat`: USER_HZ, 100 on every Linux that Rust's std
/// supports.
const TICKS: f64 = 100.0;
/// Crossbar.io takes half of it.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running server. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) endpoint: Endpoint,
}

impl Server {
    /// Starts a server on a free port and waits for the line that says which.
    pub(crate) fn start(program: &[OsString], seating: &Seating) -> Result<Self> {
        let pinning = seating.servers.as_ref().map(|cores| ["taskset", "--cpu-list", cores]);
        // `taskset` replaces itself by the server, so the child's process id is the server's.
        let mut words =
            pinning.iter().flatten().map(OsStr::new).chain(program.iter().map(OsString::as_os_str));
        let workers = seating.workers.to_string();
        let mut command = Command::new(words.next().ok_or("no program to start")?);
        command.args(words).args(["--port", "0", "--workers", &workers]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().expect("stdout was asked for as a pipe");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut server = Self { child, endpoint: Endpoint { address, path: String::new() } };
        server.endpoint = announced(stdout)?;
        Ok(server)
    }

    /// User and system time of the process and its descendants since they started, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        self.processes().into_iter().map(cpu_seconds).sum()
    }

    /// Resident memory of the process and its descendants in KiB.
    pub(crate) fn resident_kib(&self) -> Result<f64> {
        self.processes().into_iter().map(resident_kib).sum()
    }

    fn processes(&self) -> Vec<u32> {
        let mut processes = vec![self.child.id()];
        let mut next = 0;
        while let Some(&process) = processes.get(next) {
            let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
            processes.extend(
                children.unwrap_or_default().split_whitespace().flat_map(str::parse::<u32>),
            );
            next += 1;
        }
        processes
    }
}

fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field, the program's name in brackets, may contain spaces: fields 14 and 15 are
    // counted after it.
    let (_, after_name) = stat.rsplit_once(')').ok_or("no program name in /proc/PID/stat")?;
    let ticks: Vec<f64> = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map_while(|field| field.parse().ok())
        .collect();
    match ticks[..] {
        [user, system] => Ok((user + system) / TICKS),
        _ => Err("no times in /proc/PID/stat".into()),
    }
}

/// A process that has exited has none while its parent does not look.
fn resident_kib(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    match status.lines().find_map(|line| line.strip_prefix("VmRSS:")) {
        Some(size) => Ok(size.trim().trim_end_matches(" kB").parse()?),
        None => Ok(0.0),
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the endpoint from the server's output, and goes on reading so that the server never blocks
/// on a full pipe.
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
    let url = receiver
        .recv_timeout(START_LIMIT)
        .map_err(|_| "no line `listening on ws://…` on its output")?;
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
