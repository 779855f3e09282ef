//! A Prometheus that scrapes a server, and its checker of texts, extracted from Debian's package by
//! `scripts/test`.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::debian::{free_address, program};
use super::{eventually, get};

/// A running Prometheus. It is killed when this is dropped.
pub(crate) struct Prometheus {
    child: Child,
    address: String,
    directory: PathBuf,
}

impl Prometheus {
    /// Starts a Prometheus that scrapes `/metrics` of this address several times a second. Returns
    /// `None`, with a line on stderr, if Prometheus is not installed; in CI it must be.
    pub(crate) fn scraping(target: &str) -> Option<Self> {
        let mut command = program("usr/bin/prometheus", "--version")?;
        let address = free_address();
        let name = format!("wamp-prometheus-{address}").replace(':', "-");
        let directory = env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("a directory for temporary files");
        let path = directory.join("prometheus.yml");
        let configuration = format!(
            "scrape_configs: [{{job_name: wamp, scrape_interval: 200ms, scrape_timeout: 200ms, \
             static_configs: [{{targets: ['{target}']}}]}}]\n"
        );
        fs::write(&path, configuration).expect("it can be written");
        let child = command
            .arg(format!("--config.file={}", path.display()))
            .arg(format!("--storage.tsdb.path={}", directory.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=warn")
            .stdin(Stdio::null())
            .spawn()
            .expect("prometheus can be run");
        Some(Self { child, address, directory })
    }

    /// Waits until a query for one series has this value.
    pub(crate) fn until(&mut self, query: &str, expected: &str) {
        let (mut found, mut ended) = (None, None);
        eventually(&format!("{query} is {expected}"), || {
            ended = self.child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "prometheus has ended: {ended:?}");
            found = self.value(query);
            found.as_deref() == Some(expected)
        });
    }

    fn value(&self, query: &str) -> Option<String> {
        let escaped: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let (_, body) = get(&self.address, &format!("/api/v1/query?query={escaped}"), "*/*")?;
        let answer: Value = serde_json::from_str(&body).ok()?;
        answer["data"]["result"][0]["value"][1].as_str().map(str::to_owned)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.directory).ok();
    }
}

/// Returns the complaints of `promtool check metrics` about a text, none if it is well-formed and
/// its names are as Prometheus wants them, or `None` without promtool; in CI it must be there.
pub(crate) fn complaints(text: &str) -> Option<String> {
    let mut child = program("usr/bin/promtool", "--version")?
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool can be run");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(text.as_bytes()).expect("promtool reads all of it");
    drop(stdin);
    let output = child.wait_with_output().expect("promtool ends");
    let told = [output.stdout, output.stderr].concat();
    let status = if output.status.success() { "" } else { "refused\n" };
    Some(format!("{status}{}", String::from_utf8_lossy(&told)))
}
