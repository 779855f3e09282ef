//! The shares of the machine: cores of servers and generator, and open files.

use std::io::ErrorKind;
use std::process::Command;
use std::{fs, process, thread};

use crate::Result;

/// The cores of each process.
#[derive(Debug)]
pub(crate) struct Seating {
    /// Of each server.
    pub(crate) workers: usize,
    /// The servers' cores, in `taskset`'s notation; no pinning if `None`.
    pub(crate) servers: Option<String>,
    /// True if this process has a core to itself.
    pub(crate) own_core: bool,
}

/// Pins this process to the last core and leaves the first ones to servers with `workers` workers;
/// `beside` them, or with as many workers as cores, all run on all cores. Says so if it cannot.
/// Call before any thread is started.
pub(crate) fn share_cores(workers: usize, beside: bool) -> Seating {
    let last = thread::available_parallelism().map_or(1, usize::from) - 1;
    let own_core = workers <= last && !beside;
    let own = if own_core { last.to_string() } else { format!("0-{last}") };
    match run_quietly("taskset", &["--pid", "--cpu-list", &own, &process::id().to_string()]) {
        Ok(()) => {
            let servers = format!("0-{}", if own_core { workers - 1 } else { last });
            Seating { workers, servers: Some(servers), own_core }
        }
        Err(reason) => {
            eprintln!("nothing is pinned, figures will scatter more: {reason}");
            Seating { workers, servers: None, own_core: false }
        }
    }
}

/// How many sockets this process and its servers may open: tries to raise the limit to `wanted`
/// with `prlimit`.
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
    let output =
        Command::new(program).args(arguments).output().map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!("no program `{program}`"),
            _ => format!("{program}: {error}"),
        })?;
    let message = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{program}: {}", message.trim()).into())
    }
}
