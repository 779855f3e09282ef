//! Third-party clients in their own languages, and a browser. Each script prints `ok NAME` or
//! `FAIL NAME: WHY` for each of its checks.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::Server;

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// Runs a script to its end; all of its checks must be passed, and be as many as are expected.
pub(crate) fn passes(mut script: Command, checks: usize) {
    let output = script.output().unwrap_or_else(|error| panic!("{script:?}: {error}"));
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{stdout}");
    let passed = stdout.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(
        output.status.success() && passed == checks,
        "{passed} of {checks} checks passed\n{stdout}{stderr}"
    );
}

pub(crate) fn node(script: &str, arguments: &[&str]) -> Command {
    let directory = clients().join("js");
    assert!(
        directory.join("node_modules").exists(),
        "the npm packages are not installed: run scripts/test"
    );
    let mut node = Command::new("node");
    node.arg(directory.join(script)).args(arguments);
    node
}

pub(crate) fn python(script: &str, arguments: &[&str]) -> Command {
    python_of(".", script, arguments)
}

/// With the packages that the requirements in `environment` name.
pub(crate) fn python_of(environment: &str, script: &str, arguments: &[&str]) -> Command {
    let directory = clients().join("py");
    let interpreter = directory.join(environment).join(".venv/bin/python");
    assert!(interpreter.exists(), "the Python packages are not installed: run scripts/test");
    let mut python = Command::new(interpreter);
    python.arg("-B").arg(directory.join(script)).args(arguments);
    python
}

pub(crate) fn rust(program: &str, arguments: &[&str]) -> Command {
    let program = clients().join("rust/target/debug").join(program);
    assert!(program.exists(), "the clients in Rust are not built: run scripts/test");
    let mut rust = Command::new(program);
    rust.args(arguments);
    rust
}

/// The serializers of wampy, and those of autobahn-python, which separates batched JSON by 0x18
/// (D-01).
const WAMPY: [&str; 3] = ["json", "msgpack", "cbor"];
const AUTOBAHN: [&str; 6] =
    ["json", "msgpack", "cbor", "json.batched", "msgpack.batched", "cbor.batched"];

#[test]
fn autobahn_js_is_served() {
    let server = Server::start("testbed", &["--workers", "2"]);
    passes(node("autobahn_testbed.mjs", &[&server.websocket()]), 45);
}

#[test]
fn autobahn_js_uses_the_meta_api_and_what_is_kept_of_events() {
    let server = Server::start("testbed", &["--workers", "2"]);
    passes(node("autobahn_meta.mjs", &[&server.websocket()]), 14);
}

#[test]
fn wampy_is_served_in_each_of_its_serializers() {
    let server = Server::testbed();
    for serializer in WAMPY {
        let mut script = node("wampy_testbed.mjs", &[&server.websocket()]);
        script.env("WAMP_SERIALIZER", serializer);
        passes(script, 16);
    }
}

#[test]
fn autobahn_js_has_the_advanced_features() {
    let server = Server::start("testbed", &["--workers", "2"]);
    passes(node("autobahn_features.mjs", &[&server.websocket()]), 21);
}

#[test]
fn wampy_has_the_advanced_features_in_each_of_its_serializers() {
    let server = Server::start("testbed", &["--workers", "2"]);
    for serializer in WAMPY {
        let mut script = node("wampy_features.mjs", &[&server.websocket()]);
        script.env("WAMP_SERIALIZER", serializer);
        passes(script, 20);
    }
}

#[test]
fn autobahn_python_is_served_in_each_of_its_serializers() {
    let server = Server::testbed();
    for serializer in AUTOBAHN {
        let mut script = python("autobahn_testbed.py", &[&server.websocket()]);
        script.env("WAMP_SERIALIZER", serializer);
        passes(script, 26);
    }
}

#[test]
fn autobahn_python_has_the_advanced_features_in_each_of_its_serializers() {
    let server = Server::start("testbed", &["--workers", "2"]);
    for serializer in AUTOBAHN {
        let mut script = python("autobahn_features.py", &[&server.websocket()]);
        script.env("WAMP_SERIALIZER", serializer);
        passes(script, 14);
    }
}

#[test]
fn autobahn_python_uses_the_meta_api_and_what_is_kept_of_events() {
    let server = Server::start("testbed", &["--workers", "2"]);
    passes(python("autobahn_meta.py", &[&server.websocket()]), 6);
}

#[test]
fn battler_wamp_logs_in_by_scram() {
    let server = Server::testbed();
    passes(rust("battler-logins", &[&server.websocket()]), 5);
}

#[test]
fn subscribers_on_all_workers_get_every_event_in_order() {
    let server = Server::start("testbed", &["--workers", "2"]);
    passes(node("workers_testbed.mjs", &[&server.websocket()]), 4);
}

#[test]
fn autobahn_js_logs_in_by_every_method_it_speaks() {
    let server = Server::testbed();
    passes(node("autobahn_logins.mjs", &[&server.websocket()]), 12);
}

#[test]
fn wampy_logs_in_by_every_method_it_speaks() {
    let server = Server::testbed();
    passes(node("wampy_logins.mjs", &[&server.websocket()]), 7);
}

#[test]
fn autobahn_python_logs_in_by_every_method_it_speaks() {
    let server = Server::testbed();
    passes(python("autobahn_logins.py", &[&server.websocket()]), 13);
}

#[test]
fn autobahn_js_edits_documents() {
    let server = Server::start("documents", &[]);
    passes(node("autobahn_documents.mjs", &[&server.websocket()]), 9);
}

#[test]
fn autobahn_python_edits_documents() {
    let server = Server::start("documents", &[]);
    passes(python("autobahn_documents.py", &[&server.websocket()]), 5);
}

#[test]
fn the_page_of_the_documents_is_live_in_a_browser() {
    let server = Server::start("documents", &[]);
    let screenshot = std::env::temp_dir().join("wamp-documents.png");
    let screenshot = screenshot.to_str().expect("a path in UTF-8");
    passes(node("browser_documents.mjs", &[&server.page(), screenshot]), 9);
}

#[test]
fn the_page_of_a_long_job_shows_its_progress_and_cancels_it() {
    let server = Server::start("progress", &[]);
    let screenshot = std::env::temp_dir().join("wamp-progress.png");
    let screenshot = screenshot.to_str().expect("a path in UTF-8");
    passes(node("browser_progress.mjs", &[&server.page(), screenshot]), 7);
}

#[test]
fn the_page_of_a_login_shows_what_strangers_users_and_admins_may_call() {
    let server = Server::start("login", &[]);
    let screenshot = std::env::temp_dir().join("wamp-login.png");
    let screenshot = screenshot.to_str().expect("a path in UTF-8");
    passes(node("browser_login.mjs", &[&server.page(), screenshot]), 10);
}

#[test]
fn the_page_of_the_metrics_plots_sessions_calls_and_cut_offs() {
    let server = Server::start("observability", &["--operations-port", "0"]);
    let page = format!("http://{}/", server.operations());
    let screenshot = std::env::temp_dir().join("wamp-observability.png");
    let screenshot = screenshot.to_str().expect("a path in UTF-8");
    passes(node("browser_observability.mjs", &[&page, screenshot]), 9);
}
