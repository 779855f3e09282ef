//! Logging in through the whole pipeline of actix: what the upgrade request tells, and what closes
//! a refused login.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::{ErrorImATeapot, ErrorUnauthorized};
use actix_web::test::init_service;
use actix_web::web::Data;
use actix_web::{App, FromRequest, HttpRequest};
use wamp_actix::test::{JoinError, Login, Received, connect, join};
use wamp_actix::{
    Anonymous, Attempt, AttemptExt as _, Denied, Http, Identity, Limits, Realm, Router, Session,
    Ticket, handlers, rpc,
};

/// The cookies of logins, by user.
struct Logins(Vec<(&'static str, &'static str)>);

async fn by_cookie(attempt: Attempt) -> Result<Identity, Denied> {
    let cookie = attempt.request().cookie("sid").ok_or(Denied::absent())?;
    let logins = attempt.data::<Logins>()?;
    let login = logins.0.iter().find(|(sid, _)| *sid == cookie.value());
    login.map(|(_, user)| Identity::new(*user, "user")).ok_or(Denied::credentials())
}

async fn by_token(attempt: Attempt) -> Result<Identity, Denied> {
    match attempt.bearer().ok_or(Denied::absent())? {
        "6a204bd8" => Ok(Identity::new("robot", "machine")),
        _ => Err(Denied::credentials()),
    }
}

/// The employee whom a middleware or an extractor of the application identifies.
struct Employee(String);

impl FromRequest for Employee {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.headers().get("x-employee").map(|value| value.to_str().unwrap()) {
            None => Err(ErrorUnauthorized("who?")),
            Some("teapot") => Err(ErrorImATeapot("a secret")),
            Some(name) => Ok(Self(name.to_owned())),
        })
    }
}

async fn by_employee(attempt: Attempt) -> Result<Identity, Denied> {
    let Employee(name) = attempt.extract().await?;
    Ok(Identity::new(name, "staff"))
}

async fn by_ticket(attempt: Attempt) -> Result<Identity, Denied> {
    attempt
        .ticket_is("secret!!!")
        .then(|| Identity::new("joe", "user"))
        .ok_or(Denied::credentials())
}

#[rpc("test.whoami")]
async fn whoami(session: Session) -> String {
    let identity = session.identity();
    format!("{} {} {}", identity.authid, identity.authrole, identity.authmethod)
}

fn router() -> Router {
    let realm = Realm::new("realm1")
        .authenticate(Http::new("cookie", by_cookie))
        .authenticate(Http::new("bearer", by_token))
        .authenticate(Http::new("employee", by_employee))
        .authenticate(Ticket::new(by_ticket))
        .authenticate(Anonymous::new());
    Router::builder().realm(realm).handlers(handlers![whoami]).build().unwrap()
}

#[actix_web::test]
async fn cookies_headers_tokens_and_extractors_tell_the_identity_a_13() {
    let logins = Data::new(Logins(vec![("fresh", "ann")]));
    let router = router();
    let app = init_service(App::new().app_data(logins).service(router.endpoint("/ws"))).await;
    for (name, value, expected) in [
        ("Cookie", "theme=dark; sid=fresh", "ann user cookie"),
        ("Authorization", "Bearer 6a204bd8", "robot machine bearer"),
        ("Authorization", "bearer  6a204bd8 ", "robot machine bearer"),
        ("X-Employee", "bob", "bob staff employee"),
    ] {
        let client = connect(&app, "/ws").header(name, value).await.unwrap();
        let (who,): (String,) = client.call("test.whoami").await.unwrap().args().unwrap();
        assert_eq!(who, expected, "{name}: {value}");
    }
    for (name, value) in
        [("Authorization", "Basic 6a204bd8"), ("Authorization", "Bearer"), ("X-Other", "1")]
    {
        let client = connect(&app, "/ws").header(name, value).await.unwrap();
        assert_eq!(client.welcome()["authrole"], "anonymous", "{name}: {value}");
    }
    for (name, value, reason) in [
        ("Cookie", "sid=stale", "wamp.error.authentication_denied"),
        ("Authorization", "Bearer guess", "wamp.error.authentication_denied"),
        ("X-Employee", "teapot", "wamp.error.authentication_failed"),
    ] {
        let Err(JoinError::Aborted(error)) = connect(&app, "/ws").header(name, value).await else {
            panic!("{name}: {value} let in")
        };
        assert_eq!(error.uri(), reason);
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[actix_web::test]
async fn data_that_the_application_does_not_have_fails_the_login_a_05() {
    let router = router();
    let app = init_service(App::new().service(router.endpoint("/ws"))).await;
    let Err(JoinError::Aborted(error)) = connect(&app, "/ws").header("Cookie", "sid=fresh").await
    else {
        panic!("let in")
    };
    assert_eq!(error.uri(), "wamp.error.authentication_failed");
}

#[actix_web::test]
async fn a_client_logs_in_by_ticket_and_a_wrong_one_is_refused() {
    let router = router();
    let client = join(&router).login(Login::ticket("joe", "secret!!!")).await.unwrap();
    assert_eq!(client.welcome()["authmethod"], "ticket");
    let Err(JoinError::Aborted(error)) = join(&router).login(Login::ticket("joe", "guess")).await
    else {
        panic!("let in")
    };
    assert_eq!(error.uri(), "wamp.error.authentication_denied");
}

#[actix_web::test]
async fn a_refused_login_closes_the_websocket_with_1008() {
    let limits = Limits::default().denial_delay(Duration::ZERO);
    let realm = Realm::new("realm1").authenticate(Ticket::new(by_ticket)).limits(limits);
    let router = Router::builder().realm(realm).handlers([]).build().unwrap();
    let mut wire = join(&router).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"joe"}]"#);
    assert_eq!(wire.receive().await, Some(Received::Text(r#"[4,"ticket",{}]"#.to_owned())));
    wire.send(r#"[5,"guess",{}]"#);
    let Some(Received::Text(abort)) = wire.receive().await else { panic!("no ABORT") };
    assert!(abort.contains("wamp.error.authentication_denied"), "{abort}");
    assert_eq!(wire.receive().await, Some(Received::Close(Some(1008))));
}
