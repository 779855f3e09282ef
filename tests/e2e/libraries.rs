//! Client libraries in use, in versions of many years: each is served, and those that can,
//! reconnect.

use crate::clients::{node, passes, python_of, rust};
use crate::harness::{Server, executable};

/// Libraries for JavaScript in `lib/libraries.mjs`.
const JAVASCRIPT: usize = 10;

#[test]
fn every_library_for_javascript_is_served() {
    let server = Server::testbed();
    passes(node("libraries_testbed.mjs", &[&server.websocket()]), 5 * JAVASCRIPT);
}

/// C3: after GOODBYE `wamp.close.system_shutdown` most of them would stop for good.
#[test]
fn every_library_for_javascript_comes_back_after_a_cut_a_kill_and_a_restart() {
    passes(node("libraries_restart.mjs", &[executable("testbed")]), 4 * JAVASCRIPT);
}

#[test]
fn a_page_hears_events_again_after_a_restart_without_a_reload() {
    passes(node("browser_restart.mjs", &[executable("testbed")]), 6);
}

/// C1: autobahn-js draws a request id, and then finds that the value cannot be serialised.
#[test]
fn a_gap_in_the_request_ids_of_autobahn_js_is_harmless() {
    let server = Server::testbed();
    passes(node("gaps_testbed.mjs", &[&server.websocket()]), 1);
}

#[test]
fn autobahn_python_comes_back_after_a_kill_and_a_restart_in_three_versions() {
    for version in ["older/autobahn-18", "older/autobahn-23", "."] {
        passes(python_of(version, "autobahn_restart.py", &[executable("testbed")]), 3);
    }
}

#[test]
fn swampyer_is_served_and_comes_back() {
    passes(python_of("older/swampyer", "swampyer_testbed.py", &[executable("testbed")]), 5);
}

#[test]
fn the_wampy_of_pypi_is_served() {
    let server = Server::testbed();
    passes(python_of("older/wampy", "wampy_testbed.py", &[&server.websocket()]), 3);
}

#[test]
fn wamp_async_is_served_in_both_of_its_serializers() {
    let server = Server::testbed();
    passes(rust("wamp-async-testbed", &[&server.websocket()]), 8);
}
