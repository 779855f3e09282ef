//! Log lines that clients can cause: a bounded number for each address, then a count.

use std::time::Duration;

use super::support::{Client, VIOLATION, assert_aborted, hello, login};
use crate::log::Log;
use wamp_core::{Denied, Http, Identity, Limits, Realm, Router};

const STRANGERS: usize = 40;

fn router(lines: usize) -> Router {
    let nobody = |_| async { Err::<Identity, _>(Denied::credentials()) };
    let guarded = Realm::new("guarded").authenticate(Http::new("badge", nobody));
    let limits = Limits::default().log_lines_per_second(lines);
    Router::builder()
        .realm(Realm::new("realm1"))
        .realm(guarded)
        .handlers([])
        .limits(limits)
        .build()
        .unwrap()
}

/// Returns the log of so many clients at `address` that send this one after the other, and of the
/// next that connects a second later.
fn logged(router: &Router, strangers: usize, address: &str, message: &str) -> String {
    let address = address.parse().unwrap();
    Log::of(|| {
        let connect = |_| Client::connect_from(router, address);
        let mut clients: Vec<_> = (0..strangers).map(connect).collect();
        for client in &mut clients {
            client.send(message);
            client.poll();
        }
        // The second after it: one more, of somebody else.
        let mut late = Client::connect_from(router, "198.51.100.1".parse().unwrap());
        late.advance(Duration::from_secs(2));
        late.send("[99]");
        assert_aborted(&late.one(), VIOLATION);
    })
}

/// How many lines were left out, by what the log says.
fn left_out(log: &str) -> usize {
    let counts = log.split("left_out=").skip(1);
    counts.map(|rest| rest.split(' ').next().unwrap().parse::<usize>().unwrap()).sum()
}

#[track_caller]
fn assert_bounded(log: &str, text: &str) {
    let written = log
        .lines()
        .filter(|line| line.contains(text) && line.contains("address=192.0.2.1 "))
        .count();
    assert!(0 < written && written < STRANGERS, "{written} lines: {log}");
    assert_eq!(written + left_out(log), STRANGERS, "{log}");
}

#[test]
fn violations_of_one_address_are_a_few_lines_and_a_count() {
    assert_bounded(&logged(&router(5), STRANGERS, "192.0.2.1", "[99]"), "protocol violation");
}

#[test]
fn refused_logins_of_one_address_are_a_few_lines_and_a_count() {
    assert_bounded(&logged(&router(5), STRANGERS, "192.0.2.1", &hello("guarded")), "login refused");
    let hello = login::hello("realm1", &["ticket"], &serde_json::json!({}));
    assert_bounded(&logged(&router(5), STRANGERS, "192.0.2.1", &hello), "login refused");
}

#[test]
fn as_many_lines_as_the_limit_says_are_no_matter_for_a_count() {
    let log = logged(&router(STRANGERS), STRANGERS, "192.0.2.1", "[99]");
    assert_eq!(
        (log.matches("address=192.0.2.1 ").count(), left_out(&log)),
        (STRANGERS, 0),
        "{log}"
    );
}

#[test]
fn nothing_but_the_count_is_logged_where_the_limit_is_zero() {
    let log = logged(&router(0), STRANGERS, "192.0.2.1", "[99]");
    assert!(!log.contains("protocol violation"), "{log}");
    assert_eq!(left_out(&log), STRANGERS, "{log}");
}
