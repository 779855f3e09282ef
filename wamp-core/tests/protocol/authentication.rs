//! Logins: each method, and each way in which a login can fail.

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;

use super::support::login::{
    self, DELAY, DENIED, FAILED, NO_METHOD, REQUIRED, answer_cra, answer_scram, as_user,
    authenticate, challenged, sign,
};
use super::support::{Client, VIOLATION, assert_aborted, handlers, welcomed};
use serde_json::{Value, json};
use wamp_core::{
    Anonymous, Attempt, Close, CraCredential, Cryptosign, Denied, Http, Identity, Limits, Realm,
    Router, Scram, ScramCredential, Ticket, WampCra,
};

const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";

static SALTED: LazyLock<CraCredential> =
    LazyLock::new(|| CraCredential::derive("secret3", "salt123", 1000, 32).unwrap());
static PBKDF2: LazyLock<ScramCredential> =
    LazyLock::new(|| ScramCredential::pbkdf2("pencil", SALT, 4096).unwrap());
static ARGON2: LazyLock<ScramCredential> =
    LazyLock::new(|| ScramCredential::argon2id13("pencil", SALT, 4, 512).unwrap());

fn joe() -> Identity {
    Identity { authprovider: "tests".into(), ..Identity::new("joe", "user").extra("desk", 7) }
}

fn by_ticket() -> Ticket {
    Ticket::new(|attempt: Attempt| async move {
        match attempt.authid() {
            Some("joe") if attempt.ticket_is("secret!!!") => Ok(joe()),
            Some("renamed") if attempt.ticket_is("secret!!!") => Ok(Identity::new("joe", "staff")),
            Some("roleless") => Err(Denied::role()),
            Some("absent") => Err(Denied::absent()),
            Some("broken") => {
                Err(std::io::Error::other("the database with the secret is down").into())
            }
            Some("panicking") => panic!("the secret of the panic"),
            Some("waiting") => {
                handlers::wait_at("login").await.unwrap();
                Ok(joe())
            }
            _ => Err(Denied::credentials()),
        }
    })
}

fn by_cra() -> WampCra {
    let decide = |attempt: Attempt| async move {
        match attempt.authid() {
            Some("joe") => Ok((joe(), CraCredential::plain("secret2"))),
            Some("salted") => Ok((joe(), SALTED.clone())),
            Some("roleless") => Err(Denied::role()),
            Some("broken") => Err(Denied::failed("the database is down")),
            Some("panicking") => panic!("the secret of the panic"),
            Some("waiting") => {
                handlers::wait_at("login").await.unwrap();
                Ok((joe(), CraCredential::plain("secret2")))
            }
            _ => Err(Denied::credentials()),
        }
    };
    WampCra::new(decide)
}

fn by_key() -> Cryptosign {
    Cryptosign::new(|attempt: Attempt| async move {
        let known = hex::encode(login::key().verifying_key().as_bytes());
        match attempt.public_key() {
            Some(key) if key == known => Ok(Identity::new(attempt.authid().unwrap_or(key), "user")),
            _ => Err(Denied::credentials()),
        }
    })
}

fn by_scram() -> Scram {
    Scram::new(|attempt: Attempt| async move {
        match attempt.authid() {
            Some("joe") => Ok((joe(), PBKDF2.clone())),
            Some("argon") => Ok((joe(), ARGON2.clone())),
            Some("broken") => Err(Denied::failed("the database is down")),
            _ => Err(Denied::credentials()),
        }
    })
    .mock_like(PBKDF2.clone())
}

/// The host's value of a connection in these tests.
#[derive(Default)]
struct Request {
    cookie: Option<&'static str>,
    bearer: Option<&'static str>,
}

fn by_cookie() -> Http {
    Http::new("cookie", |attempt: Attempt| async move {
        match attempt.host::<Request>().and_then(|request| request.cookie) {
            Some("fresh") => Ok(joe()),
            Some(_) => Err(Denied::credentials()),
            None => Err(Denied::absent()),
        }
    })
}

fn by_bearer() -> Http {
    Http::new("bearer", |attempt: Attempt| async move {
        let token =
            attempt.host::<Request>().and_then(|request| request.bearer).ok_or(Denied::absent())?;
        Ok(Identity::new(token, "robot"))
    })
}

fn router() -> Router {
    router_with(Limits::default())
}

fn router_with(limits: Limits) -> Router {
    handlers::reset();
    let all =
        Realm::new("all").authenticate(by_ticket()).authenticate(by_cra()).authenticate(by_key());
    let web = Realm::new("web").authenticate(by_cookie()).authenticate(by_bearer());
    Router::builder()
        .realm(Realm::new("realm1"))
        .realm(Realm::new("visitors").authenticate(Anonymous::new().role("visitor")))
        .realm(Realm::new("ticket").authenticate(by_ticket()))
        .realm(Realm::new("cra").authenticate(by_cra()))
        .realm(Realm::new("salted").authenticate(by_cra().mock_like(CraCredential::plain("x"))))
        .realm(Realm::new("cryptosign").authenticate(by_key()))
        .realm(Realm::new("scram").authenticate(by_scram()))
        .realm(all.authenticate(by_scram()))
        .realm(web)
        .realm(
            Realm::new("site")
                .authenticate(by_ticket())
                .authenticate(by_cookie())
                .authenticate(Anonymous::new()),
        )
        .handlers([handlers::ALL])
        .limits(limits)
        .build()
        .expect("the realms of the tests are sound")
}

/// Returns the identity that WELCOME shows.
#[track_caller]
fn identity(welcome: &Value) -> [&str; 4] {
    welcomed(welcome);
    ["authid", "authrole", "authmethod", "authprovider"]
        .map(|key| welcome[2][key].as_str().unwrap())
}

#[test]
fn a_ticket_that_the_closure_accepts_opens_the_session_a_21() {
    let (mut client, extra) = Client::challenge(&router(), "ticket", "ticket", "joe");
    assert_eq!(extra, json!({}));
    let welcome = client.ask(authenticate("secret!!!", &json!({})));
    assert_eq!(identity(&welcome), ["joe", "user", "ticket", "tests"]);
    assert_eq!(welcome[2]["authextra"], json!({"desk": 7}));
    let session = client.session();
    assert_eq!((session.identity().authid.as_str(), session.authrole()), ("joe", "user"));
    assert_eq!(
        (session.id().get(), session.realm().name()),
        (welcome[1].as_u64().unwrap(), "ticket")
    );
}

#[test]
fn welcome_shows_the_identity_that_was_assigned_not_the_one_that_was_asked_for_a_11() {
    let mut client = Client::connect(&router());
    let wishes = json!({"authid": "renamed", "authrole": "admin", "authextra": {"admin": true}});
    client.ask(login::hello("ticket", &["ticket"], &wishes));
    let welcome = client.ask(authenticate("secret!!!", &json!({})));
    assert_eq!(identity(&welcome), ["joe", "staff", "ticket", "dynamic"]);
    assert!(welcome[2].get("authextra").is_none(), "{welcome}");
}

#[test]
fn a_login_without_an_authid_is_denied_a_21() {
    for (realm, method) in
        [("ticket", "ticket"), ("cra", "wampcra"), ("scram", "wamp-scram"), ("scram", "scram")]
    {
        for authid in [json!({}), json!({"authid": ""}), json!({"authid": null})] {
            let mut client = Client::connect(&router());
            let mut details = json!({"authextra": {"nonce": login::CLIENT_NONCE}});
            details.as_object_mut().unwrap().extend(authid.as_object().unwrap().clone());
            client.send(login::hello(realm, &[method], &details));
            client.assert_denied(DENIED);
        }
    }
}

#[test]
fn a_cra_challenge_has_all_its_fields_and_the_session_of_welcome_a_30() {
    let router = router();
    let (mut client, extra) = Client::challenge(&router, "cra", "wampcra", "joe");
    assert_eq!(extra.as_object().unwrap().keys().collect::<Vec<_>>(), ["challenge"]);
    let challenge: Value = serde_json::from_str(extra["challenge"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&challenge["authid"], &challenge["authmethod"]),
        (&json!("joe"), &json!("wampcra"))
    );
    for key in ["authrole", "authprovider", "nonce", "timestamp"] {
        assert!(challenge[key].is_string(), "{key}: {challenge}");
    }
    let timestamp = challenge["timestamp"].as_str().unwrap();
    assert!(timestamp.ends_with('Z') && timestamp.as_bytes()[10] == b'T', "{timestamp}");
    let welcome = client.ask(authenticate(&answer_cra("secret2", &extra), &json!({})));
    assert_eq!(identity(&welcome), ["joe", "user", "wampcra", "tests"]);
    assert_eq!(welcome[1], challenge["session"], "A-31");
}

#[test]
fn a_salted_secret_opens_the_session_a_33() {
    let (mut client, extra) = Client::challenge(&router(), "cra", "wampcra", "salted");
    assert_eq!(
        (&extra["salt"], &extra["iterations"], &extra["keylen"]),
        (&json!("salt123"), &json!(1000), &json!(32))
    );
    let welcome = client.ask(authenticate(&answer_cra("secret3", &extra), &json!({})));
    assert_eq!(identity(&welcome)[2], "wampcra");
}

#[test]
fn every_challenge_is_new_and_an_old_answer_is_denied_a_34() {
    let router = router();
    for (realm, method) in
        [("cra", "wampcra"), ("cryptosign", "cryptosign"), ("scram", "wamp-scram")]
    {
        let challenges: HashSet<String> = (0..100)
            .map(|_| Client::challenge(&router, realm, method, "joe").1.to_string())
            .collect();
        assert_eq!(challenges.len(), 100, "{method}");
    }
    let (mut client, extra) = Client::challenge(&router, "cra", "wampcra", "joe");
    let answer = authenticate(&answer_cra("secret2", &extra), &json!({}));
    welcomed(&client.ask(answer.as_str()));
    let (mut replaying, _) = Client::challenge(&router, "cra", "wampcra", "joe");
    replaying.send(answer);
    replaying.assert_denied(DENIED);
}

#[test]
fn a_signature_of_the_challenge_opens_the_session_and_an_old_one_does_not_a_42() {
    let router = router();
    let (mut client, extra) = Client::challenge(&router, "cryptosign", "cryptosign", "joe");
    assert_eq!(
        (extra["challenge"].as_str().unwrap().len(), &extra["channel_binding"]),
        (64, &Value::Null),
        "A-41"
    );
    let answer = authenticate(&sign(&login::key(), &extra), &json!({}));
    assert_eq!(identity(&client.ask(answer.as_str())), ["joe", "user", "cryptosign", "dynamic"]);
    // A valid signature, but of another challenge.
    let (mut replaying, _) = Client::challenge(&router, "cryptosign", "cryptosign", "joe");
    replaying.send(answer);
    replaying.assert_denied(DENIED);
}

#[test]
fn the_authid_of_a_key_may_be_left_to_the_server_a_40() {
    let router = router();
    let pubkey = hex::encode(login::key().verifying_key().as_bytes());
    let mut client = Client::connect(&router);
    let details =
        json!({"authextra": {"pubkey": pubkey.to_uppercase(), "channel_binding": "tls-unique"}});
    let extra = challenged(
        &client.ask(login::hello("cryptosign", &["cryptosign"], &details)),
        "cryptosign",
    );
    assert_eq!(extra["channel_binding"], Value::Null, "A-44");
    let welcome = client.ask(authenticate(&sign(&login::key(), &extra), &json!({})));
    assert_eq!(identity(&welcome)[0], pubkey);
}

#[test]
fn without_a_key_there_is_no_challenge_a_40() {
    let router = router();
    for authextra in [
        json!({}),
        json!({"pubkey": 5}),
        json!({"pubkey": "00"}),
        json!({"pubkey": null}),
        json!({"pubkey": "zz".repeat(32)}),
        json!({"pubkey": format!("02{}", "00".repeat(31))}),
    ] {
        let mut client = Client::connect(&router);
        client.send(login::hello(
            "cryptosign",
            &["cryptosign"],
            &json!({"authid": "joe", "authextra": authextra}),
        ));
        client.assert_denied(DENIED);
    }
}

#[test]
fn an_unknown_key_is_denied_as_a_wrong_signature_is_a_42() {
    let router = router();
    let stranger = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let pubkey = hex::encode(stranger.verifying_key().as_bytes());
    let mut unknown = Client::connect(&router);
    let details = json!({"authid": "joe", "authextra": {"pubkey": pubkey}});
    let extra = challenged(
        &unknown.ask(login::hello("cryptosign", &["cryptosign"], &details)),
        "cryptosign",
    );
    unknown.send(authenticate(&sign(&stranger, &extra), &json!({})));
    let (mut wrong, extra) = Client::challenge(&router, "cryptosign", "cryptosign", "joe");
    wrong.send(authenticate(&sign(&stranger, &extra), &json!({})));
    assert_eq!(unknown.assert_denied(DENIED), wrong.assert_denied(DENIED));
}

#[test]
fn scram_opens_the_session_by_both_key_derivations_and_proves_the_server_a_56() {
    let router = router();
    for authid in ["joe", "argon"] {
        let (mut client, extra) = Client::challenge(&router, "scram", "wamp-scram", authid);
        let keys: Vec<_> = extra.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["iterations", "kdf", "memory", "nonce", "salt"]);
        assert_eq!(extra["memory"], if authid == "joe" { Value::Null } else { json!(512) });
        let (proof, verifier) = answer_scram("pencil", authid, false, &extra);
        let answer = json!({"nonce": extra["nonce"], "channel_binding": null, "cbind_data": null});
        let welcome = client.ask(authenticate(&proof, &answer));
        assert_eq!(identity(&welcome), ["joe", "user", "wamp-scram", "tests"]);
        let extra = json!({"desk": 7, "verifier": verifier, "scram_server_signature": verifier});
        assert_eq!(welcome[2]["authextra"], extra);
    }
}

#[test]
fn the_method_scram_is_autobahns_dialect() {
    let router = router();
    let (mut client, extra) = Client::challenge(&router, "scram", "scram", "argon");
    let keys: Vec<_> = extra.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["iterations", "kdf", "memory", "nonce", "salt"]);
    let (proof, verifier) = answer_scram("pencil", "argon", true, &extra);
    let welcome = client.ask(authenticate(&proof, &json!({})));
    assert_eq!(identity(&welcome)[2], "scram");
    assert_eq!(welcome[2]["authextra"]["scram_server_signature"], verifier);
    // A credential that autobahn cannot use lets nobody in.
    let (mut client, extra) = Client::challenge(&router, "scram", "scram", "joe");
    assert_eq!(extra["kdf"], "pbkdf2");
    client.send(authenticate(&answer_scram("pencil", "joe", true, &extra).0, &json!({})));
    client.assert_denied(DENIED);
}

#[test]
fn scram_wants_a_nonce_in_base64_and_no_channel_binding_a_51() {
    let router = router();
    for authextra in [
        json!(null),
        json!({}),
        json!({"nonce": null}),
        json!({"nonce": ""}),
        json!({"nonce": 5}),
        json!({"nonce": "no base64"}),
        json!({"nonce": "a".repeat(260)}),
        json!({"nonce": "egVDf3DMJh0=", "channel_binding": "tls-unique"}),
        json!({"nonce": "egVDf3DMJh0=", "channel_binding": 5}),
    ] {
        let mut client = Client::connect(&router);
        client.send(login::hello(
            "scram",
            &["wamp-scram"],
            &json!({"authid": "joe", "authextra": authextra}),
        ));
        client.assert_denied(DENIED);
    }
}

#[test]
fn a_scram_answer_about_something_else_is_denied_a_53() {
    let router = router();
    for answer in [
        json!({}),
        json!({"nonce": login::CLIENT_NONCE}),
        json!({"nonce": "$", "channel_binding": "tls-unique"}),
        json!({"nonce": "$", "cbind_data": "AAAA"}),
    ] {
        let (mut client, extra) = Client::challenge(&router, "scram", "wamp-scram", "joe");
        let answer = answer.to_string().replace('$', extra["nonce"].as_str().unwrap());
        let (proof, _) = answer_scram("pencil", "joe", false, &extra);
        client.send(format!(r#"[5,"{proof}",{answer}]"#));
        client.assert_denied(DENIED);
    }
}

#[test]
fn strangers_have_the_role_that_the_realm_gives_them_a_20() {
    let router = router();
    let claims = json!({"authid": "admin", "authrole": "admin"});
    for methods in [&[][..], &["anonymous"], &["ticket", "anonymous"]] {
        let welcome = Client::connect(&router).ask(login::hello("visitors", methods, &claims));
        let [authid, authrole, authmethod, _] = identity(&welcome);
        assert_eq!((authrole, authmethod), ("visitor", "anonymous"));
        assert!(authid.len() >= 16 && authid != "admin");
    }
}

#[test]
fn the_first_method_of_the_client_that_the_realm_has_decides_a_02() {
    let router = router();
    for (methods, chosen) in [
        (&["ticket", "wampcra"][..], "ticket"),
        (&["wampcra", "ticket"], "wampcra"),
        (&["foo", "bar", "wampcra", "ticket"], "wampcra"),
        (&["anonymous", "scram", "ticket"], "scram"),
        (&["Ticket", "TICKET ", "wamp-scram"], "wamp-scram"),
    ] {
        let details = json!({"authid": "joe", "authextra": {"nonce": login::CLIENT_NONCE}});
        let answer = Client::connect(&router).ask(login::hello("all", methods, &details));
        challenged(&answer, chosen);
    }
}

#[test]
fn what_the_realm_does_not_have_is_refused_whatever_is_offered_a_03() {
    let router = router();
    let many: Vec<String> = (0..10_000).map(|number| format!("method{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let details = json!({"authid": "joe", "authrole": "user"});
    for (methods, reason) in [
        (&[][..], REQUIRED),
        (&["anonymous"], REQUIRED),
        (&["anonymous", "anonymous"], REQUIRED),
        (&["foo"], NO_METHOD),
        (&["anonymous", "foo"], NO_METHOD),
        (&["", "wampcra\n"], NO_METHOD),
        (&many, NO_METHOD),
    ] {
        let mut client = Client::connect(&router);
        client.send(login::hello("ticket", methods, &details));
        client.assert_refused(reason);
    }
    for (details, reason) in [("null", REQUIRED), ("[]", REQUIRED)] {
        let mut client = Client::connect(&router);
        client
            .send(format!(r#"[1,"ticket",{{"roles":{{"caller":{{}}}},"authmethods":{details}}}]"#));
        client.assert_refused(reason);
    }
}

#[test]
fn a_method_that_is_named_ten_thousand_times_is_asked_once_a_02() {
    let mut client = Client::connect(&router());
    client.send(login::hello("web", &vec!["cookie"; 10_000], &json!({})));
    client.assert_denied(REQUIRED);
}

#[test]
fn a_wrong_secret_is_denied_by_every_method_a_04() {
    let router = router();
    for (realm, method) in [
        ("ticket", "ticket"),
        ("cra", "wampcra"),
        ("cryptosign", "cryptosign"),
        ("scram", "wamp-scram"),
    ] {
        for signature in
            ["", "secret", "AAAA", "\u{0}\u{0}", &"ab".repeat(96), &"x".repeat(100_000)]
        {
            let (mut client, extra) = Client::challenge(&router, realm, method, "joe");
            client.send(authenticate(
                signature,
                &json!({"nonce": extra["nonce"].as_str().unwrap_or_default()}),
            ));
            client.assert_denied(DENIED);
        }
    }
    assert_eq!(router.realm("ticket").unwrap().session_count(), 0);
}

#[test]
fn an_unknown_authid_cannot_be_told_from_a_wrong_secret_a_06() {
    let router = router();
    for (realm, method, known) in [
        ("ticket", "ticket", "joe"),
        ("cra", "wampcra", "salted"),
        ("salted", "wampcra", "joe"),
        ("scram", "wamp-scram", "joe"),
        ("scram", "scram", "joe"),
    ] {
        let shown = |authid: &str| {
            let (mut client, extra) = Client::challenge(&router, realm, method, authid);
            client.send(authenticate(
                "d3Jvbmc=",
                &json!({"nonce": extra["nonce"].as_str().unwrap_or_default()}),
            ));
            let abort = client.assert_denied(DENIED);
            let fields: Vec<_> = extra
                .as_object()
                .unwrap()
                .iter()
                .map(|(key, value)| (key.clone(), kind(value)))
                .collect();
            (fields, extra["kdf"].clone(), abort)
        };
        assert_eq!(shown(known), shown("nobody"), "{method}");
        if method != "ticket" {
            assert_eq!(shown(known), shown("roleless"), "{method}");
        }
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Number(_) => 1,
        Value::String(_) => 2,
        _ => 3,
    }
}

#[test]
fn the_salt_of_an_unknown_user_is_always_the_same_a_06() {
    let router = router();
    for (realm, method) in [("cra", "wampcra"), ("scram", "wamp-scram"), ("scram", "scram")] {
        let salt = |authid| Client::challenge(&router, realm, method, authid).1["salt"].clone();
        assert!(salt("nobody").is_string());
        assert_eq!(salt("nobody"), salt("nobody"));
        assert_ne!(salt("nobody"), salt("nobody2"));
        assert_eq!(salt("salted"), salt("salted"));
    }
}

#[test]
fn a_salt_that_is_made_up_by_the_applications_key_outlives_the_process_a_06() {
    let nobody = |_: Attempt| async { Err(Denied::credentials()) };
    let shown = |key, authid| {
        let realms = [
            Realm::new("cra").authenticate(WampCra::new(nobody).mock_key(key)),
            Realm::new("scram").authenticate(
                Scram::new(|_: Attempt| async { Err(Denied::credentials()) }).mock_key(key),
            ),
        ];
        let router = realms
            .into_iter()
            .fold(Router::builder(), wamp_core::RouterBuilder::realm)
            .handlers([])
            .build()
            .unwrap();
        [("cra", "wampcra"), ("scram", "wamp-scram")].map(|(realm, method)| {
            Client::challenge(&router, realm, method, authid).1["salt"].clone()
        })
    };
    // Computed once: no other process may show another.
    assert_eq!(shown([7; 32], "nobody"), ["maHcNhNn4u6rSa032TUaiA==", "70S5t3GUot6ecyVUTe4qjQ=="]);
    assert_ne!(shown([7; 32], "nobody"), shown([7; 32], "somebody"));
    assert_ne!(shown([7; 32], "nobody"), shown([8; 32], "nobody"));
}

#[test]
fn an_empty_secret_lets_no_client_in() {
    let user = || Identity::new("joe", "user");
    let ticket = Ticket::new(move |attempt: Attempt| async move {
        let known = attempt.ticket_is("") || attempt.ticket() == Some("");
        known.then(user).ok_or(Denied::credentials())
    });
    let plain =
        WampCra::new(move |_: Attempt| async move { Ok((user(), CraCredential::plain(""))) });
    let router = Router::builder()
        .realm(Realm::new("ticket").authenticate(ticket))
        .realm(Realm::new("cra").authenticate(plain))
        .handlers([])
        .build()
        .unwrap();
    let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "joe");
    client.send(authenticate("", &json!({})));
    client.assert_denied(DENIED);
    let (mut client, extra) = Client::challenge(&router, "cra", "wampcra", "joe");
    client.send(authenticate(&login::answer_cra("", &extra), &json!({})));
    client.assert_denied(DENIED);
    assert!(CraCredential::derive("", "salt123", 1000, 32).is_err());
    // SASLprep maps a soft hyphen to nothing.
    for password in ["", "\u{ad}"] {
        assert!(ScramCredential::pbkdf2(password, "aBc+fx0NAVA=", 1).is_err());
    }
}

#[test]
fn the_two_names_of_scram_show_one_salt_whether_the_user_is_known_or_not_a_06() {
    let router = router();
    for authid in ["joe", "argon", "nobody"] {
        let salt = |method| Client::challenge(&router, "scram", method, authid).1["salt"].clone();
        assert_eq!(salt("wamp-scram"), salt("scram"), "{authid}");
    }
}

#[test]
fn a_role_that_does_not_exist_is_told_to_a_client_that_proved_something_a_07() {
    let (mut client, _) = Client::challenge(&router(), "ticket", "ticket", "roleless");
    client.send(authenticate("secret!!!", &json!({})));
    client.assert_denied("wamp.error.no_such_role");
}

#[test]
fn a_realm_that_does_not_exist_is_refused_before_any_challenge_a_07() {
    let mut client = Client::connect(&router());
    client.send(as_user("nowhere", "ticket", "joe"));
    client.assert_refused("wamp.error.no_such_realm");
}

#[test]
fn what_breaks_in_a_closure_fails_the_login_without_a_word_of_why_a_05() {
    let router = router();
    for authid in ["broken", "panicking"] {
        let (mut client, _) = Client::challenge(&router, "ticket", "ticket", authid);
        client.send(authenticate("secret!!!", &json!({})));
        let abort = client.assert_denied(FAILED);
        assert!(
            !abort.to_string().contains("secret") && !abort.to_string().contains("database"),
            "{abort}"
        );
    }
    for (realm, method, authid) in [
        ("cra", "wampcra", "broken"),
        ("cra", "wampcra", "panicking"),
        ("scram", "wamp-scram", "broken"),
    ] {
        let mut client = Client::connect(&router);
        client.send(as_user(realm, method, authid));
        client.assert_denied(FAILED);
    }
}

#[test]
fn absent_means_denied_where_there_was_a_challenge() {
    let mut client = Client::connect(&router());
    client.ask(login::hello("site", &["ticket", "anonymous"], &json!({"authid": "absent"})));
    client.send(authenticate("x", &json!({})));
    client.assert_denied(REQUIRED);
}

#[test]
fn a_challenge_that_is_not_answered_in_time_fails_the_login_a_08() {
    let (mut client, _) = Client::challenge(&router(), "ticket", "ticket", "joe");
    assert_eq!(client.deadline_in(), Some(Duration::from_secs(5)));
    client.advance(Duration::from_millis(4999));
    client.assert_silent();
    client.advance(Duration::from_millis(1));
    client.assert_refused(FAILED);
}

#[test]
fn a_closure_that_never_decides_fails_the_login_a_08() {
    let router = router();
    let (mut after, _) = Client::challenge(&router, "ticket", "ticket", "waiting");
    after.advance(Duration::from_secs(4));
    after.send(authenticate("secret!!!", &json!({})));
    after.assert_silent();
    assert_eq!(after.deadline_in(), Some(Duration::from_secs(6)), "10 s in all");
    after.advance(Duration::from_secs(6));
    after.assert_refused(FAILED);
    let mut before = Client::connect(&router);
    before.send(as_user("cra", "wampcra", "waiting"));
    before.assert_silent();
    before.advance(Duration::from_secs(10));
    before.assert_refused(FAILED);
    assert_eq!(handlers::waiting("login"), 0);
}

#[test]
fn a_closure_may_wait_before_and_after_the_challenge() {
    let router = router();
    let mut client = Client::connect(&router);
    client.send(as_user("cra", "wampcra", "waiting"));
    client.assert_silent();
    handlers::open("login");
    let extra = challenged(&client.one(), "wampcra");
    welcomed(&client.ask(authenticate(&answer_cra("secret2", &extra), &json!({}))));
    let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "waiting");
    client.send(authenticate("secret!!!", &json!({})));
    client.assert_silent();
    assert!(!client.has_session());
    handlers::open("login");
    welcomed(&client.one());
}

#[test]
fn nothing_but_authenticate_and_abort_may_answer_a_challenge_a_09() {
    let router = router();
    for message in [
        r#"[48,1,{},"test.add",[1,2]]"#,
        r#"[32,1,{},"sub.accept"]"#,
        r#"[6,{},"wamp.close.close_realm"]"#,
        r#"[1,"ticket",{"roles":{"caller":{}}}]"#,
        r#"[5,"secret!!!"]"#,
        r#"[5,"secret!!!",[]]"#,
        r#"[5,5,{}]"#,
        r#"[5,null,{}]"#,
        r#"[5,"secret!!!",{"nonce":5}]"#,
        "no JSON",
    ] {
        let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "joe");
        client.send(message);
        client.assert_violated(message);
    }
    let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "joe");
    client.send(r#"[3,{},"wamp.close.normal"]"#);
    client.assert_silent();
    assert_eq!(client.close(), Some(Close::Normal));
}

#[test]
fn while_a_closure_decides_any_message_is_a_violation_a_09() {
    let router = router();
    for message in [r#"[5,"secret!!!",{}]"#, r#"[48,1,{},"test.add",[1,2]]"#] {
        let mut client = Client::connect(&router);
        client.send(as_user("cra", "wampcra", "waiting"));
        client.send(message);
        client.assert_violated("before the challenge");
        let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "waiting");
        client.send(authenticate("secret!!!", &json!({})));
        client.send(message);
        client.assert_violated("after the challenge");
    }
    assert_eq!(handlers::waiting("login"), 0);
}

#[test]
fn authenticate_without_a_challenge_is_a_violation_in_every_state_a_09() {
    let router = router();
    let mut before = Client::connect(&router);
    before.send(authenticate("secret!!!", &json!({})));
    before.assert_violated("before HELLO");
    let (mut open, _) = Client::challenge(&router, "ticket", "ticket", "joe");
    welcomed(&open.ask(authenticate("secret!!!", &json!({}))));
    open.send(authenticate("secret!!!", &json!({})));
    open.assert_violated("in an open session");
}

#[test]
fn a_connection_has_one_attempt_a_10() {
    let router = router();
    let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "joe");
    client.send(authenticate("wrong", &json!({})));
    client.send(authenticate("secret!!!", &json!({})));
    client.send(as_user("ticket", "ticket", "joe"));
    client.send("no JSON");
    client.assert_denied(DENIED);
}

#[test]
fn ten_thousand_attempts_each_need_a_connection_and_do_not_keep_others_out() {
    let router = router();
    for attempt in 0..10_000 {
        let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "joe");
        client.send(authenticate(&format!("guess{attempt}"), &json!({})));
        client.assert_silent();
        client.advance(DELAY);
        assert_aborted(&client.one(), DENIED);
        if attempt % 1000 == 0 {
            let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "joe");
            welcomed(&client.ask(authenticate("secret!!!", &json!({}))));
        }
    }
    assert_eq!(router.realm("ticket").unwrap().session_count(), 0);
}

#[test]
fn a_refusal_takes_the_same_time_however_long_it_took_to_find_out() {
    let router = router();
    let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "joe");
    client.advance(Duration::from_secs(1));
    client.send(authenticate("wrong", &json!({})));
    client.assert_denied(DENIED);
    let mut client = Client::connect(&router_with(Limits::default().denial_delay(Duration::ZERO)));
    client.ask(as_user("ticket", "ticket", "joe"));
    client.send(authenticate("wrong", &json!({})));
    client.assert_refused(DENIED);
}

#[test]
fn what_the_host_knows_of_the_request_decides_a_13() {
    let router = router();
    let ask = |realm: &str, methods: &[&str], request: Request| {
        let mut client = Client::connect_with(&router, Identity::anonymous(), Rc::new(request));
        client.send(login::hello(
            realm,
            methods,
            &json!({"transport": {"auth": {"cookie": "fresh"}}}),
        ));
        client.advance(DELAY);
        let answer = client.one();
        if answer[0] == 3 {
            answer[2].as_str().unwrap().to_owned()
        } else {
            identity(&answer)[..3].join(" ")
        }
    };
    let fresh = || Request { cookie: Some("fresh"), ..Request::default() };
    let stale = || Request { cookie: Some("stale"), ..Request::default() };
    let robot = || Request { bearer: Some("r2"), ..Request::default() };
    for (realm, methods, request, expected) in [
        ("web", &[][..], fresh(), "joe user cookie"),
        ("web", &["cookie"], fresh(), "joe user cookie"),
        ("web", &["bearer", "cookie"], fresh(), "joe user cookie"),
        ("web", &[], robot(), "r2 robot bearer"),
        ("web", &["cookie"], robot(), REQUIRED),
        ("web", &[], Request::default(), REQUIRED),
        ("web", &["anonymous"], fresh(), REQUIRED),
        ("web", &["ticket"], fresh(), NO_METHOD),
        // A wrong answer does not lead on to a weaker method.
        ("web", &["cookie", "bearer"], stale(), DENIED),
        ("site", &[], stale(), DENIED),
        ("site", &[], fresh(), "joe user cookie"),
    ] {
        assert_eq!(ask(realm, methods, request), expected, "{realm} {methods:?}");
    }
    for (methods, request) in [
        (&[][..], Request::default()),
        (&["anonymous"], fresh()),
        (&["cookie", "anonymous"], robot()),
    ] {
        let answer = ask("site", methods, request);
        assert!(answer.ends_with(" anonymous anonymous"), "{methods:?}: {answer}");
    }
}

#[test]
fn session_handlers_decide_after_authentication_and_see_the_identity() {
    handlers::reset();
    static JOINS: &[wamp_core::__private::HandlerEntry] = &[wamp_core::__private::HandlerEntry {
        roles: &["user"],
        ..handlers::session(handlers::locking_out)
    }];
    let realm = Realm::new("ticket").authenticate(by_ticket());
    let router = Router::builder().realm(realm).handlers([JOINS]).build().unwrap();
    let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "joe");
    client.assert_silent();
    client.send(authenticate("secret!!!", &json!({})));
    client.assert_refused("test.error.locked_out");
    let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "renamed");
    assert_eq!(identity(&client.ask(authenticate("secret!!!", &json!({}))))[1], "staff");
}

#[test]
fn a_shutdown_ends_a_login_that_waits_for_the_client_s_20() {
    for says_goodbye in [false, true] {
        let router = router();
        let (mut client, _) = Client::challenge(&router, "ticket", "ticket", "joe");
        client.assert_silent();
        let stopped = router.shutdown(Duration::from_secs(9));
        drop(if says_goodbye { stopped.goodbye() } else { stopped });
        if says_goodbye {
            assert_aborted(&client.one(), "wamp.close.system_shutdown");
        }
        client.assert_silent();
        assert_eq!(client.close(), Some(Close::Shutdown));
        client.assert_ended();
    }
}

#[test]
fn a_lost_transport_drops_the_login() {
    let router = router();
    let mut client = Client::connect(&router);
    client.send(as_user("cra", "wampcra", "waiting"));
    assert_eq!(handlers::waiting("login"), 1);
    client.lose();
    assert_eq!(handlers::waiting("login"), 0);
    client.assert_ended();
}

#[test]
fn authextra_that_is_no_dict_is_a_violation() {
    let router = router();
    for authextra in [json!([]), json!("x"), json!(1), json!(true)] {
        let mut client = Client::connect(&router);
        client.send(login::hello(
            "ticket",
            &["ticket"],
            &json!({"authid": "joe", "authextra": authextra}),
        ));
        client.assert_violated("authextra");
    }
    for details in [
        json!({"authid": 5}),
        json!({"authrole": []}),
        json!({"authmethods": "ticket"}),
        json!({"authmethods": [1]}),
    ] {
        let mut client = Client::connect(&router);
        client.send(login::hello("ticket", &["ticket"], &details));
        let messages = client.received();
        assert_aborted(&messages[0], VIOLATION);
    }
}

#[test]
fn two_methods_of_one_name_are_a_fault_of_the_declaration() {
    let realm = Realm::new("a").authenticate(by_ticket()).authenticate(by_scram());
    let realm = realm
        .authenticate(Http::new("ticket", |_| async { Err(Denied::absent()) }))
        .authenticate(by_scram());
    let error = Router::builder().realm(realm).handlers([]).build().unwrap_err();
    let faults: Vec<_> = error.faults().collect();
    assert_eq!(
        faults,
        [
            "realm \"a\" has two methods of authentication named \"scram\"",
            "realm \"a\" has two methods of authentication named \"ticket\"",
            "realm \"a\" has two methods of authentication named \"wamp-scram\"",
        ]
    );
}
