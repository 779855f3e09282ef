//! Secrets that the log must not show, at any level.

use super::support::login::{self, answer_cra, answer_scram, as_user, authenticate, challenged};
use super::support::{Client, handlers, router_with};
use crate::log::Log;
use serde_json::json;
use wamp_core::{
    Attempt, CraCredential, Denied, Identity, Limits, Realm, Router, Scram, ScramCredential,
    Ticket, WampCra,
};

fn router() -> Router {
    handlers::reset();
    let ticket = Ticket::new(|attempt: Attempt| async move {
        // An application that logs what it was asked.
        tracing::trace!(?attempt, "asked");
        let known = attempt.ticket_is("secret!!!");
        known.then(|| Identity::new("joe", "user")).ok_or(Denied::credentials())
    });
    let cra = WampCra::new(|attempt: Attempt| async move {
        let credential = CraCredential::derive("secret!!!", "salt123", 1, 32)?;
        tracing::trace!(?attempt, ?credential, "asked");
        Ok((Identity::new("joe", "user"), credential))
    });
    let scram = Scram::new(|attempt: Attempt| async move {
        let credential = ScramCredential::pbkdf2("secret!!!", "aBc+fx0NAVA=", 1)?;
        tracing::trace!(?attempt, ?credential, "asked");
        Ok((Identity::new("joe", "user"), credential))
    });
    let realm = Realm::new("realm1").authenticate(ticket).authenticate(cra).authenticate(scram);
    // All that could be logged is.
    let limits = Limits::default().log_lines_per_second(usize::MAX);
    Router::builder().realm(realm).handlers([handlers::ALL]).limits(limits).build().unwrap()
}

#[test]
fn tickets_signatures_and_proofs_are_not_logged_at_any_level() {
    let mut secrets = vec!["secret!!!".to_owned()];
    let log = Log::of(|| {
        let router = router();
        tracing::trace!(?router, "built");
        for method in ["ticket", "wampcra", "wamp-scram"] {
            for right in [true, false] {
                let mut client = Client::connect(&router);
                let extra = challenged(&client.ask(as_user("realm1", method, "joe")), method);
                let mut signature = match method {
                    "ticket" => "secret!!!".to_owned(),
                    "wampcra" => answer_cra("secret!!!", &extra),
                    _ => answer_scram("secret!!!", "joe", false, &extra).0,
                };
                if !right {
                    signature.insert(0, 'A');
                }
                secrets.push(signature.clone());
                let message = authenticate(
                    &signature,
                    &json!({"nonce": extra["nonce"].as_str().unwrap_or_default()}),
                );
                client.send(message.as_str());
                client.advance(login::DELAY);
                client.received();
                // A violation after it.
                client.send(message);
                client.send(format!(r#"[5,"{signature}",[]]"#));
                client.received();
            }
            // One in the message itself.
            for message in [
                r#"[5,"secret!!!"]"#,
                r#"[5,"x","secret!!!"]"#,
                r#"[5,"x",{},"secret!!!"]"#,
                r#"["secret!!!","x",{}]"#,
                r#"[5,"secret!!!",{}"#,
                r#"[1,"secret!!!","secret!!!"]"#,
                r#"[48,"secret!!!",{},"secret!!!"]"#,
                r#"[5,["secret!!!"],{}]"#,
                r#"[5,{"secret!!!":1},{}]"#,
                r#"[5,"secret!!!",{"nonce":["secret!!!"]}]"#,
                r#"[5,"secret!!!",{"secret!!!"}]"#,
            ] {
                let mut client = Client::connect(&router);
                client.ask(as_user("realm1", method, "joe"));
                client.send(message);
                client.received();
            }
        }
    });
    assert!(
        log.contains("login refused")
            && log.contains("session opened")
            && log.contains("violation"),
        "{log}"
    );
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} in {log}");
    }
}

#[test]
fn the_names_that_strangers_take_are_escaped_and_cut_in_the_log() {
    let evil = format!("joe\r\n\u{1b}[31m{}", "x".repeat(100_000));
    let log = Log::of(|| {
        let router = router();
        let mut client = Client::connect(&router);
        client.ask(login::hello("realm1", &["ticket"], &json!({"authid": evil})));
        client.send(authenticate("x", &json!({})));
        client.advance(login::DELAY);
        client.received();
        for realm in [&evil, "\u{1b}[31mrealm1"] {
            let any = Router::builder().handlers([]).build().unwrap();
            Client::connect(&any).ask(login::hello(realm, &[], &json!({})));
        }
        let mut client = Client::connect(&router);
        client.ask(login::hello("realm1", &["foo"], &json!({"authid": evil})));
    });
    assert!(
        log.contains("no_matching_auth_method"),
        "a login that no method took is logged too: {log}"
    );
    assert!(log.contains("login refused") && log.contains("session opened"), "{log}");
    assert!(!log.contains(r#"method: """#), "who was refused by what: {log}");
    assert!(log.len() < 10_000 && !log.contains('\u{1b}') && !log.contains('\r'), "{log}");
}

#[test]
fn the_values_that_clients_send_and_get_are_not_logged_at_any_level() {
    let router = router_with(Limits::default().log_lines_per_second(usize::MAX));
    let log = Log::of(|| {
        let mut client = Client::join(&router);
        let mut request = 0;
        for procedure in [
            "test.echo",
            "test.add",
            "test.panic",
            "test.fail",
            "test.keys",
            "test.none",
            "test.staff",
            "test.fail_with_keys",
            "wamp.session.get",
            "no uri at all",
        ] {
            request += 1;
            client.send(format!(
                r#"[48,{request},{{}},"{procedure}",["secret!!!"],{{"a":"secret!!!"}}]"#
            ));
            client.received();
        }
        for topic in ["pub.accept", "pub.refuse", "pub.panic", "pub.staff", "pub.none"] {
            for options in ["{}", r#"{"acknowledge":true}"#] {
                request += 1;
                client.send(format!(r#"[16,{request},{options},"{topic}",["secret!!!"]]"#));
                client.received();
            }
        }
        client.send(format!(r#"[48,{request},{{}},{{"secret!!!":1}}]"#));
        client.received();
    });
    for line in
        ["a request failed", "request refused", "violation", "in wamp.call", "call answered"]
    {
        assert!(log.contains(line), "{line}: {log}");
    }
    assert!(!log.contains("secret!!!"), "{log}");
}
