//! Logins without credentials, and with those of another user.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::clients::{node, passes, python};
use crate::harness::{
    FIN, Received, Server, Session, Socket, TEXT, UPGRADE, beside_a_witness, exchange, frame,
};

const DENIED: &str = "wamp.error.authentication_denied";
/// The minimum time of a refusal.
const DELAY: Duration = Duration::from_millis(500);

/// Returns the HELLO of this authid with these methods.
fn hello(realm: &str, methods: &Value, authid: &str) -> Value {
    json!([1, realm, {
        "roles": {"caller": {}, "publisher": {}, "subscriber": {}},
        "authmethods": methods, "authid": authid,
        "authextra": {"nonce": "ZmFpcmx5IHJhbmRvbQ=="},
    }])
}

/// Returns the only message before the connection ends.
#[track_caller]
fn only(mut socket: Socket) -> Value {
    let received = socket.rest();
    match <[_; 2]>::try_from(received) {
        Ok([Received::Text(message), Received::Close(Some(1008))]) => message,
        other => panic!("{other:?}"),
    }
}

/// A hundred connections guess a ticket or a name, while joe logs in beside them.
#[test]
fn a_client_that_tries_secrets_gets_one_attempt_each_half_second_for_each_connection() {
    const ROUNDS: u32 = 2;
    beside_a_witness(|server| {
        let mut answers = Vec::new();
        let begun = Instant::now();
        for round in 0..ROUNDS {
            // Half of them guess joe's ticket, the others a name.
            let sockets = (0..100).map(|number| {
                let mut socket = Socket::open(server);
                let authid =
                    if number % 2 == 0 { "joe".to_owned() } else { format!("joe{number}") };
                socket.text(&hello("testbed.ticket", &json!(["ticket"]), &authid).to_string());
                assert_eq!(socket.receive(), Received::Text(json!([4, "ticket", {}])));
                // A second and a third guess, and even the right ticket, come too late.
                let guesses =
                    [format!("guess {round} {number}"), "guess".to_owned(), "secret!!!".to_owned()];
                let guesses = guesses
                    .map(|guess| frame(FIN | TEXT, json!([5, guess, {}]).to_string().as_bytes()));
                socket.send(&guesses.concat());
                socket
            });
            answers.extend(sockets.collect::<Vec<_>>().into_iter().map(only));
            let mut joe = Session::connect(server);
            joe.send(&hello("testbed.ticket", &json!(["ticket"]), "joe"));
            assert_eq!(joe.receive()[0], 4);
            joe.send(&json!([5, "secret!!!", {}]));
            assert_eq!(joe.receive()[2]["authid"], "joe", "others can log in meanwhile");
        }
        assert!(begun.elapsed() >= DELAY * ROUNDS, "{:?}", begun.elapsed());
        // A-06: the same answer for all.
        assert_eq!((&answers[0][0], &answers[0][2]), (&json!(3), &json!(DENIED)));
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    });
}

/// An identity claimed in HELLO and in Options of PUBLISH.
#[test]
fn a_stranger_that_claims_an_identity_stays_a_stranger_to_all_sessions() {
    beside_a_witness(|server| {
        let mut observer = Session::join(server);
        observer.subscribe("testbed.open.spoofed");
        observer.subscribe("wamp.session.on_join");
        let mut stranger = Session::connect(server);
        stranger.send(&json!([1, "realm1", {
            "roles": {"caller": {}, "publisher": {}},
            "authid": "admin", "authrole": "user", "authmethod": "ticket", "authprovider": "static",
            "authextra": {"authrole": "user", "authid": "admin"},
            "transport": {"auth": {"cookie": "user"}},
        }]));
        let welcome = stranger.receive();
        let authid = welcome[2]["authid"].clone();
        assert_ne!(authid, "admin", "{welcome}");
        assert_eq!(
            ["authrole", "authmethod"].map(|key| &welcome[2][key]),
            ["anonymous"; 2],
            "{welcome}"
        );
        for known in [observer.event(), observer.call("wamp.session.get", &json!([welcome[1]]))] {
            let who = ["session", "authid", "authrole", "authmethod"].map(|key| &known[0][key]);
            assert_eq!(
                who,
                [&welcome[1], &authid, &json!("anonymous"), &json!("anonymous")],
                "{known}"
            );
        }

        let request = stranger.start_call("testbed.whoami", &json!([]));
        let result = stranger.receive();
        assert_eq!(result[1], request);
        assert_eq!(
            (&result[4]["authid"], &result[4]["authrole"]),
            (&authid, &json!("anonymous")),
            "{result}"
        );

        let request = stranger.start_call("testbed.secret", &json!([]));
        let error = stranger.receive();
        assert_eq!(
            (&error[0], &error[2], &error[4]),
            (&json!(8), &json!(request), &json!("wamp.error.not_authorized"))
        );

        // The details disclosed to subscribers are the router's, not those that the publisher
        // claims.
        let request = stranger.next_request();
        let options = json!({
            "acknowledge": true, "disclose_me": true,
            "publisher_authid": "admin", "publisher_authrole": "user",
        });
        stranger.send(&json!([16, request, options, "testbed.open.spoofed", ["hi"]]));
        assert_eq!(stranger.receive()[0], 17);
        let details = observer.receive()[3].clone();
        assert_eq!(
            ["publisher", "publisher_authid", "publisher_authrole"].map(|key| &details[key]),
            [&welcome[1], &authid, &json!("anonymous")]
        );
    });
}

/// HELLO without a method, with `anonymous`, and with methods that do not exist.
#[test]
fn a_realm_that_wants_credentials_lets_no_client_in_by_less() {
    const REQUIRED: &str = "wamp.error.authentication_required";
    const NO_METHOD: &str = "wamp.error.no_matching_auth_method";
    let many: Vec<_> = (0..4_000).map(|number| format!("method{number}")).collect();
    beside_a_witness(|server| {
        let mut refused = Vec::new();
        for realm in ["testbed.ticket", "testbed.cra", "testbed.cryptosign", "testbed.scram"] {
            for (methods, reason) in [
                (json!(["anonymous"]), REQUIRED),
                (json!([]), REQUIRED),
                (Value::Null, REQUIRED),
                (json!(["unknown"]), NO_METHOD),
                (json!(["anonymous", "unknown"]), NO_METHOD),
                (json!(["WAMPCRA", "Ticket", "", " ticket"]), NO_METHOD),
                (json!(many), NO_METHOD),
            ] {
                let mut socket = Socket::open(server);
                socket.text(&hello(realm, &methods, "joe").to_string());
                refused.push((socket, reason));
            }
        }
        for (socket, reason) in refused {
            let abort = only(socket);
            assert_eq!((&abort[0], &abort[2]), (&json!(3), &json!(reason)), "{abort}");
            assert!(abort.to_string().len() < 300, "{abort}");
        }
        // Other methods beside it are ignored: the server sends a CHALLENGE of the realm's method.
        let mut socket = Socket::open(server);
        socket.text(
            &hello("testbed.cra", &json!(["anonymous", "unknown", "wampcra"]), "joe").to_string(),
        );
        let Received::Text(challenge) = socket.receive() else { panic!("no CHALLENGE") };
        assert_eq!((&challenge[0], &challenge[1]), (&json!(4), &json!("wampcra")));
    });
}

/// A page of another origin, with the cookie of a user. More origins are in `handshake`, and with
/// proxies and lists in `wamp-actix`.
#[test]
fn a_page_that_is_refused_is_told_why_in_the_log() {
    let mut server = Server::testbed();
    for origin in ["http://evil.example", "null", "https://127.0.0.1.evil.example"] {
        let headers: Vec<_> =
            UPGRADE.into_iter().chain([("Origin", origin), ("Cookie", "id=stolen")]).collect();
        let (head, _) = exchange(&server, "GET", &headers);
        assert!(head.starts_with("HTTP/1.1 403 "), "{origin}: {head}");
    }
    let address = server.address().to_owned();
    let log = server.stop();
    for origin in ["http://evil.example", "null", "https://127.0.0.1.evil.example"] {
        let told = |line: &&str| {
            line.contains(origin) && line.contains(&address) && line.contains(".origins(")
        };
        assert_eq!(log.lines().filter(told).count(), 1, "{origin} in {log}");
    }
    assert!(!log.contains("stolen"), "{log}");
}

/// Logins by each method, right and wrong ones, with the log at its most talkative.
#[test]
fn no_secret_is_in_the_log_at_any_level() {
    let mut server = Server::traced();
    passes(node("autobahn_logins.mjs", &[&server.websocket()]), 12);
    passes(python("autobahn_logins.py", &[&server.websocket()]), 13);
    // Headers that a browser or a proxy adds.
    let secrets = [
        ("Cookie", "login=secret-cookie"),
        ("Authorization", "Bearer secret-bearer"),
        ("Sec-WebSocket-Extensions", "none"),
    ];
    let headers: Vec<_> = UPGRADE.into_iter().chain(secrets).collect();
    let (_, mut socket) = exchange(&server, "GET", &headers);
    socket.text(&hello("testbed.ticket", &json!(["ticket"]), "joe").to_string());
    assert_eq!(socket.receive(), Received::Text(json!([4, "ticket", {}])));
    socket.text(r#"[5,"secret!!!",{"ticket":"secret!!!"},"secret!!!"]"#);
    socket.rest();

    let log = server.stop();
    for written in ["TRACE", "login refused", "session opened", "violation"] {
        assert!(log.contains(written), "the log is not what it should be: {written} is missing");
    }
    for secret in [
        // The tickets, secrets and passwords of the testbed, right and wrong.
        "secret!!",
        "secret2",
        "secret3",
        "pencil",
        // Values derived from them: the key of `salted`, and SaltedPassword, StoredKey and
        // ServerKey of `joe`.
        "nythvFZ7EuM5sPCQrrgnz1oJiZXUNcZZFlDIdGSiNUs",
        "xKSVEDI6tPlSysH6mUQZOeeOp01r6B3fcJbodRPcYV0",
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY",
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU",
        // The seed of the key.
        "000102030405060708090a0b0c0d0e0f",
        "secret-cookie",
        "secret-bearer",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

/// Names with line breaks and escape sequences, and of 50 kB.
#[test]
fn the_names_that_strangers_take_do_not_forge_or_flood_the_log() {
    let mut server = Server::traced();
    let evil = format!("joe\r\n2026-01-01T00:00:00Z ERROR forged\u{1b}[31m{}", "x".repeat(50_000));
    for (realm, methods, authid) in [
        (evil.as_str(), json!(["ticket"]), "joe"),
        ("testbed.ticket", json!(["ticket"]), &evil),
        ("testbed.ticket", json!([evil]), "joe"),
    ] {
        let mut socket = Socket::open(&server);
        socket.text(&hello(realm, &methods, authid).to_string());
        if let Received::Text(message) = socket.receive()
            && message[0] == 4
        {
            socket.text(&json!([5, evil, {}]).to_string());
            socket.rest();
        }
    }
    let mut session = Session::join(&server);
    session.send(&json!([48, 1, {}, evil]));
    session.receive();
    let log = server.stop();
    assert!(log.contains("login refused"), "{log}");
    assert!(!log.contains('\u{1b}') && !log.contains('\r'), "control characters are in the log");
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01")), "a line is forged");
    let longest = log.lines().map(str::len).max().unwrap_or_default();
    assert!(longest < 2_000, "a line has {longest} bytes");
}
