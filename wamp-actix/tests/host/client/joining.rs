//! Joining: identities, logins, what the request says, what HELLO says.

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpRequest, HttpResponse, web};
use serde_json::json;
use wamp_actix::test::{Application, Client, JoinError, Login, connect, join};
use wamp_actix::{
    Attempt, CraCredential, Cryptosign, Denied, Error, Identity, Realm, Router, Scram,
    ScramCredential, Session, Ticket, WampCra, handlers, rpc, session,
};

#[rpc("client.whoami")]
async fn whoami(session: Session) -> String {
    format!("{} {}", session.authid(), session.authrole())
}

#[rpc("client.secret", role = "admin")]
async fn secret() -> u32 {
    42
}

#[rpc("client.cookies")]
async fn cookies(request: HttpRequest) -> Vec<String> {
    let cookies = request.cookies().unwrap();
    cookies.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect()
}

#[session(role = "banned")]
async fn banned() -> Result<(), Error> {
    Err(Error::not_authorized("you are banned"))
}

fn refused<T>() -> Result<T, Denied> {
    Err(Denied::credentials())
}

/// A router whose clients log in as joe, by any method.
fn router() -> Router {
    let cra = CraCredential::derive("secret2", "salt123", 100, 32).unwrap();
    let plain = CraCredential::plain("secret1");
    let scram = ScramCredential::pbkdf2("pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", 16).unwrap();
    let argon = ScramCredential::argon2id13("pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", 1, 8).unwrap();
    let lamp = Login::public_key(&[7; 32]);
    let joe = || Identity::new("joe", "user");
    let ticket = Ticket::new(move |attempt: Attempt| async move {
        if attempt.ticket_is("secret!!!") { Ok(joe()) } else { refused() }
    });
    let wampcra = WampCra::new(move |attempt: Attempt| {
        let (cra, plain) = (cra.clone(), plain.clone());
        async move {
            match attempt.authid() {
                Some("joe") => Ok((joe(), cra)),
                Some("jim") => Ok((Identity::new("jim", "user"), plain)),
                _ => refused(),
            }
        }
    });
    let scram = Scram::new(move |attempt: Attempt| {
        let (scram, argon) = (scram.clone(), argon.clone());
        async move {
            match attempt.authid() {
                Some("joe") => Ok((joe(), scram)),
                Some("a=b,c") => Ok((Identity::new("a=b,c", "user"), argon)),
                _ => refused(),
            }
        }
    });
    let cryptosign = Cryptosign::new(move |attempt: Attempt| {
        let is_lamp = attempt.public_key() == Some(&lamp);
        async move { if is_lamp { Ok(Identity::new("lamp", "device")) } else { refused() } }
    });
    let realm = Realm::new("realm1").authenticate(ticket).authenticate(wampcra);
    let realm = realm.authenticate(scram).authenticate(cryptosign);
    let handlers = handlers![whoami, secret, cookies, banned];
    Router::builder().realm(realm).handlers(handlers).build().unwrap()
}

async fn name(client: &Client) -> String {
    let (name,) = client.call("client.whoami").await.unwrap().args().unwrap();
    name
}

#[actix_web::test]
async fn a_client_logs_in_by_each_method() {
    let router = router();
    for (login, expected) in [
        (Login::ticket("joe", "secret!!!"), "joe user"),
        (Login::wampcra("joe", "secret2"), "joe user"),
        (Login::wampcra("jim", "secret1"), "jim user"),
        (Login::scram("joe", "pencil"), "joe user"),
        (Login::scram("a=b,c", "pencil"), "a=b,c user"),
        (Login::cryptosign("lamp", &[7; 32]), "lamp device"),
        (Login::new("ticket", "joe", |_| "secret!!!".to_owned()), "joe user"),
    ] {
        assert_eq!(name(&join(&router).login(login).await.unwrap()).await, expected);
    }
}

#[actix_web::test]
async fn a_wrong_secret_is_refused_by_each_method() {
    let router = router();
    for login in [
        Login::ticket("joe", "secret"),
        Login::wampcra("joe", "secret1"),
        Login::scram("joe", "pen"),
        Login::scram("nobody", "pencil"),
        Login::cryptosign("lamp", &[8; 32]),
    ] {
        let Err(JoinError::Aborted(error)) = join(&router).login(login).await else {
            panic!("let in")
        };
        assert_eq!(error.uri(), "wamp.error.authentication_denied");
    }
}

#[actix_web::test]
async fn an_identity_is_taken_past_the_methods_and_roles_hold() {
    let router = router();
    assert!(join(&router).await.is_err(), "nobody joins without a login");
    let app = init_service(App::new().service(router.endpoint("/ws"))).await;
    let (joe, ann) = (Identity::new("joe", "user"), Identity::new("ann", "admin"));
    for joe in [
        join(&router).identity(joe.clone()).await.unwrap(),
        connect(&app, "/ws").identity(joe).await.unwrap(),
    ] {
        assert_eq!(name(&joe).await, "joe user");
        let error = joe.call("client.secret").await.unwrap_err();
        assert_eq!(error.uri(), "wamp.error.not_authorized");
    }
    for admin in [
        join(&router).identity(ann).await.unwrap(),
        connect(&app, "/ws").role("admin").await.unwrap(),
    ] {
        assert!(admin.call("client.secret").await.is_ok());
    }
}

#[actix_web::test]
async fn session_handlers_decide_about_an_identity() {
    let Err(JoinError::Aborted(error)) = join(&router()).role("banned").await else {
        panic!("let in")
    };
    assert_eq!(error.uri(), "wamp.error.not_authorized");
    assert_eq!(error.args::<(String,)>().unwrap().0, "you are banned");
}

/// A request cannot claim what the test client does.
#[actix_web::test]
async fn an_identity_in_a_request_does_not_pass_the_methods() {
    use actix_web::HttpMessage as _;
    use actix_web::dev::Service as _;
    let app = App::new().service(router().endpoint("/ws")).wrap_fn(|request, service| {
        request.extensions_mut().insert(Identity::new("eve", "admin"));
        service.call(request)
    });
    let Err(JoinError::Aborted(error)) = connect(&init_service(app).await, "/ws").await else {
        panic!("let in")
    };
    assert!(error.uri().starts_with("wamp.error."), "{error}");
}

#[actix_web::test]
async fn the_request_has_the_cookies_and_headers_of_the_test() {
    let router = router();
    let app = init_service(App::new().service(router.endpoint("/ws"))).await;
    let client = connect(&app, "/ws").cookie("sid", "6a20").cookie("theme", "dark").role("user");
    let answer = client.await.unwrap().call("client.cookies").await.unwrap();
    assert_eq!(answer.args::<(Vec<String>,)>().unwrap().0, ["sid=6a20", "theme=dark"]);
    let foreign = connect(&app, "/ws").header("Origin", "http://evil.example").await;
    assert!(matches!(foreign, Err(JoinError::Refused { status, .. }) if status == 403));
}

async fn visitor(app: &impl Application) -> Client {
    let response = call_service(app, TestRequest::get().uri("/").to_request()).await;
    assert!(response.status().is_success());
    connect(app, "/ws").role("visitor").await.unwrap()
}

#[actix_web::test]
async fn a_function_of_a_test_takes_any_application() {
    let app = App::new()
        .service(router().endpoint("/ws"))
        .route("/", web::get().to(async || HttpResponse::Ok().body("hello")));
    assert!(name(&visitor(&init_service(app).await).await).await.ends_with(" visitor"));
}

#[actix_web::test]
async fn hello_announces_everything_unless_the_test_says_less() {
    let router = Router::builder().handlers(handlers![whoami]).build().unwrap();
    let simple = join(&router).announce(json!({ "caller": {} })).await.unwrap();
    let call = simple.call("client.whoami").chunks([1, 2]);
    assert_eq!(call.await.unwrap_err().uri(), "wamp.error.protocol_violation");
    let client = join(&router).await.unwrap();
    let call = client.call("client.whoami").chunks([1, 2]);
    assert_eq!(call.await.unwrap_err().uri(), "wamp.error.feature_not_supported");
}
