//! Tests of the permissions of an anonymous client, a user and an admin, and of the end of a login.

use actix_web::http::{StatusCode, header};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, web::Data};
use serde_json::{Value, json};
use wamp_actix::test::{Call, Client, JoinError, Received, connect};
use wamp_actix::{
    Anonymous, Authorization, Error, Payload, Permission, Realm, RealmBuilder, Router,
};

use crate::board::Board;
use crate::logins::Logins;
use crate::{realm, routes};

/// Starts the application of `main`, or one with another realm.
macro_rules! application {
    () => {
        application!(realm::site())
    };
    ($realm:expr) => {{
        let (logins, board) = (Data::new(Logins::default()), Data::new(Board::default()));
        let router = Router::builder().realm($realm).build().expect("sound handlers");
        let app = App::new().app_data(logins).app_data(board).service(router.endpoint("/ws"));
        init_service(app.configure(routes::configure)).await
    }};
}

/// Sends the login form, and returns the response.
macro_rules! log_in {
    ($app:expr, $name:expr, $password:expr) => {{
        let form = json!({ "name": $name, "password": $password });
        call_service(&$app, TestRequest::post().uri("/login").set_json(form).to_request()).await
    }};
}

/// Logs a user in. Returns a session of the user, and the cookie.
macro_rules! user {
    ($app:expr, $name:expr, $password:expr) => {{
        let response = log_in!($app, $name, $password);
        let cookie = response.response().cookies().next().expect("a cookie").into_owned();
        let pair = format!("{}={}", cookie.name(), cookie.value());
        let client =
            connect(&$app, "/ws").realm("site").header("Cookie", &pair).await.expect("a session");
        (client, cookie)
    }};
}

/// Returns the procedures of the page that this client may call.
async fn allowed(client: &Client) -> Vec<&'static str> {
    let mut allowed = Vec::new();
    for (procedure, args) in [
        ("board.read", None),
        ("board.post", Some("hello")),
        ("board.clear", None),
        ("users.alice.profile", None),
        ("users.grace.profile", None),
    ] {
        let call = client.call(procedure);
        match args.into_iter().fold(call, Call::arg).await {
            Ok(_) => allowed.push(procedure),
            Err(error) => assert_eq!(error.uri(), "wamp.error.not_authorized", "{procedure}"),
        }
    }
    allowed
}

fn first(payload: &Payload) -> Value {
    let (value,) = payload.args().expect("one argument");
    value
}

#[actix_web::test]
async fn strangers_may_read() {
    let app = application!();
    let stranger = connect(&app, "/ws").realm("site").await.expect("a session");
    assert_eq!(stranger.welcome()["authrole"], "anonymous");
    assert_eq!(allowed(&stranger).await, ["board.read"]);
}

#[actix_web::test]
async fn users_may_post_and_see_what_is_their_own() {
    let app = application!();
    let (alice, _) = user!(app, "alice", "wonderland");
    assert_eq!(allowed(&alice).await, ["board.read", "board.post", "users.alice.profile"]);
    let profile = alice.call("users.alice.profile").await.expect("her own");
    assert_eq!(first(&profile), json!({ "name": "alice", "role": "user", "notices": 1 }));
}

#[actix_web::test]
async fn admins_may_do_everything() {
    let app = application!();
    let (grace, _) = user!(app, "grace", "hopper");
    let welcome = grace.welcome();
    assert_eq!(
        ["authid", "authrole", "authmethod"].map(|key| &welcome[key]),
        ["grace", "admin", "cookie"]
    );
    assert_eq!(allowed(&grace).await.len(), 5);
    let error = grace.call("users.nobody.profile").await.expect_err("there is nobody");
    assert_eq!(error.uri(), "login.error.no_such_user");
}

#[actix_web::test]
async fn a_notice_reaches_strangers_at_once() {
    let app = application!();
    let stranger = connect(&app, "/ws").realm("site").await.expect("a session");
    let mut notices = stranger.subscribe("board.notices").await.expect("it is for everybody");
    assert_eq!(first(&notices.next().await.expect("a snapshot").payload), json!([]));
    let (alice, _) = user!(app, "alice", "wonderland");
    alice.call("board.post").arg(" hi ").await.expect("she may");
    let told = first(&notices.next().await.expect("an event").payload);
    assert_eq!(told, json!([{ "author": "alice", "text": "hi" }]));
    for wrong in [" ", &"x".repeat(201)] {
        let error = alice.call("board.post").arg(wrong).await.expect_err("it is no notice");
        assert_eq!(error.uri(), "wamp.error.invalid_argument");
    }
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_name_are_refused_alike() {
    let app = application!();
    for (name, password) in [("alice", "hopper"), ("nobody", "wonderland"), ("", "")] {
        let response = log_in!(app, name, password);
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(!response.headers().contains_key(header::SET_COOKIE));
    }
}

#[actix_web::test]
async fn the_form_of_another_site_cannot_log_anybody_in() {
    let app = application!();
    let form = [("name", "alice"), ("password", "wonderland")];
    let response =
        call_service(&app, TestRequest::post().uri("/login").set_form(form).to_request()).await;
    assert!(response.status().is_client_error(), "{}", response.status());
}

#[actix_web::test]
async fn scripts_and_other_sites_do_not_get_the_cookie() {
    let app = application!();
    let response = log_in!(app, "alice", "wonderland");
    let cookie = response.headers().get(header::SET_COOKIE).and_then(|value| value.to_str().ok());
    let cookie = cookie.expect("a cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains("Secure"), "{cookie}");
    let form = json!({ "name": "alice", "password": "wonderland" });
    let request = TestRequest::post()
        .uri("/login")
        .insert_header(("X-Forwarded-Proto", "https"))
        .set_json(form);
    let response = call_service(&app, request.to_request()).await;
    let cookie = response.response().cookies().next().expect("a cookie");
    assert_eq!(cookie.secure(), Some(true));
}

#[actix_web::test]
async fn logging_out_closes_the_sessions_of_the_cookie_and_no_others() {
    let app = application!();
    let (alice, cookie) = user!(app, "alice", "wonderland");
    let (grace, _) = user!(app, "grace", "hopper");
    let mut notices = alice.subscribe("board.notices").await.expect("it is for everybody");
    notices.next().await.expect("a snapshot");
    let logout = TestRequest::post().uri("/logout").cookie(cookie.clone()).to_request();
    let response = call_service(&app, logout).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert!(response.headers().contains_key(header::SET_COOKIE));
    assert!(notices.next().await.is_none(), "the session is over");
    assert_eq!(allowed(&grace).await.len(), 5);
    let pair = format!("{}={}", cookie.name(), cookie.value());
    let again =
        connect(&app, "/ws").realm("site").header("Cookie", &pair).await.expect("a session");
    assert_eq!(again.welcome()["authrole"], "anonymous");
}

#[actix_web::test]
async fn pages_of_other_origins_do_not_get_in_with_the_cookie() {
    let app = application!();
    let (_, cookie) = user!(app, "alice", "wonderland");
    let pair = format!("{}={}", cookie.name(), cookie.value());
    for origin in ["http://evil.example", "http://localhost:8081", "null"] {
        let request =
            connect(&app, "/ws").realm("site").header("Cookie", &pair).header("Origin", origin);
        let refused = request.await.err().expect("it is another origin");
        assert!(
            matches!(refused, JoinError::Refused { status: StatusCode::FORBIDDEN, .. }),
            "{refused}"
        );
    }
}

/// The authoriser that this example had before patterns were told apart; it compiles, and nothing
/// else has changed.
async fn may_before(asked: Authorization) -> Result<Permission, Error> {
    let session = asked.session();
    let Some(below) = asked.uri().and_then(|uri| uri.strip_prefix("users.")) else {
        return Ok(Permission::allow());
    };
    let owner = below.split('.').next();
    Ok(Permission::when(session.authrole() == "admin" || owner == Some(session.authid())))
}

/// Sends an anonymous client's requests for the topics and procedures of all users, and of one
/// user, and checks that each is denied.
async fn reach(realm: RealmBuilder) {
    let app = application!(realm.route_clients(true));
    let mut stranger = connect(&app, "/ws").wire().await.expect("an upgrade");
    stranger.send(r#"[1,"site",{"roles":{"caller":{},"callee":{},"subscriber":{}}}]"#);
    let welcome = stranger.receive().await;
    assert!(matches!(welcome, Some(Received::Text(welcome)) if welcome.starts_with("[2,")));
    let requests = [
        (32, json!({ "match": "prefix" }), "user"),
        (32, json!({ "match": "prefix" }), ""),
        (32, json!({ "match": "wildcard" }), ".alice.inbox"),
        (64, json!({ "match": "wildcard" }), ".alice.pin"),
        (64, json!({ "match": "prefix" }), "users."),
        (64, json!({}), "users.alice.pin"),
        (32, json!({}), "users.alice.inbox"),
        (48, json!({}), "users.alice.profile"),
    ];
    for (id, (code, options, uri)) in (1..).zip(requests) {
        let request = json!([code, id, options, uri]);
        stranger.send(&request.to_string());
        let Some(Received::Text(answer)) = stranger.receive().await else {
            panic!("no answer to {request}")
        };
        assert!(answer.contains("wamp.error.not_authorized"), "{request}: {answer}");
    }
}

#[actix_web::test]
async fn no_client_reaches_what_belongs_to_a_user_by_a_pattern() {
    reach(realm::site()).await;
}

#[actix_web::test]
async fn nor_did_it_take_another_authoriser_than_before() {
    reach(Realm::new("site").authenticate(Anonymous::new()).authorize(may_before)).await;
}
