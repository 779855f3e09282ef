//! The whole pipeline of actix, without a port: scopes, middleware, the Origin check, extractors,
//! push from routes.

use std::time::Duration;

use actix_web::dev::{Service as _, ServiceRequest};
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Data;
use actix_web::{App, HttpMessage as _, HttpRequest, HttpResponse, web};
use parking_lot::Mutex;
use wamp_actix::test::{JoinError, Received, Wire, connect, join};
use wamp_actix::{
    Error, Left, Realm, Router, RouterBuilder, Session, Subscription, Topic, handlers, publish,
    rpc, uris,
};

#[rpc("test.user")]
async fn user(request: HttpRequest) -> Option<String> {
    request.headers().get("x-user")?.to_str().ok().map(str::to_owned)
}

#[rpc("test.greeting")]
async fn greeting(name: &str, phrase: Data<String>) -> String {
    format!("{}, {name}", phrase.as_str())
}

#[derive(Clone)]
struct Visitor(u32);

#[rpc("test.visitor")]
async fn visitor(visitor: web::ReqData<Visitor>) -> u32 {
    visitor.0
}

#[rpc("test.admin", role = "admin")]
async fn admin() -> &'static str {
    "welcome"
}

#[rpc("test.spread")]
async fn spread(realm: Realm, session: Session, text: &str) -> Result<(), Error> {
    realm.publish("news").arg(text).exclude([session.id()]).send()?;
    Ok(())
}

#[publish("moderated.{room}")]
async fn moderated(room: &str, text: &str) -> Result<(), Error> {
    if text.contains(room) { Ok(()) } else { Err(Error::new("test.error.off_topic")) }
}

#[wamp_actix::subscribe("moderated.{room}")]
async fn readers(room: &str) {
    assert!(!room.is_empty());
}

/// The subscriptions of all subscribers.
type Handles = Data<Mutex<Vec<Subscription>>>;

#[wamp_actix::subscribe("test.handled")]
async fn handled(subscription: Subscription, handles: Handles) {
    handles.lock().push(subscription);
}

#[actix_web::test]
async fn a_handle_to_a_subscription_ends_with_it_although_the_id_lives_on() {
    let router = Router::builder().handlers(handlers![handled]).build().unwrap();
    let handles = Handles::new(Mutex::default());
    let other = join(&router).app_data(handles.clone()).await.unwrap();
    let kept = other.subscribe("test.handled").await.unwrap();
    let client = join(&router).app_data(handles.clone()).await.unwrap();
    let first = client.subscribe("test.handled").await.unwrap();
    first.unsubscribe().await.unwrap();
    let mut second = client.subscribe("test.handled").await.unwrap();
    assert_eq!(second.id(), kept.id());
    let handles = handles.lock().clone();
    assert_eq!(
        handles.iter().map(Subscription::is_active).collect::<Vec<_>>(),
        [true, false, true]
    );
    handles[1].emit("of the first").unwrap();
    handles[2].emit("of the second").unwrap();
    assert_eq!(second.next().await.unwrap().payload.to_string(), r#"["of the second"]"#);
}

fn builder() -> RouterBuilder {
    let realm = Realm::any().topic("news", Topic::open());
    let handlers = handlers![user, greeting, visitor, admin, spread, moderated, readers];
    Router::builder().realm(realm).handlers(handlers)
}

fn router() -> Router {
    builder().build().unwrap()
}

async fn result<T: serde::de::DeserializeOwned>(call: wamp_actix::test::Call) -> T {
    let (value,): (T,) = call.await.unwrap().args().unwrap();
    value
}

#[actix_web::test]
async fn an_endpoint_works_in_a_scope_under_middleware_with_extractors() {
    let router = router();
    let number = |request: ServiceRequest, next: actix_web::middleware::Next<_>| {
        request.extensions_mut().insert(Visitor(7));
        next.call(request)
    };
    let scope = web::scope("/api").wrap(from_fn(number)).service(router.endpoint("/ws"));
    let app = init_service(App::new().app_data(Data::new("Hello".to_owned())).service(scope)).await;
    let client = connect(&app, "/api/ws").header("X-User", "ann").await.unwrap();
    assert_eq!(result::<String>(client.call("test.user")).await, "ann");
    assert_eq!(
        result::<String>(client.call("test.greeting").kwarg("name", "Bob")).await,
        "Hello, Bob"
    );
    assert_eq!(result::<u32>(client.call("test.visitor")).await, 7);
}

#[actix_web::test]
async fn an_extractor_that_fails_is_a_runtime_error_and_the_session_lives() {
    let client = join(&router()).await.unwrap();
    let error = client.call("test.visitor").await.unwrap_err();
    assert_eq!(error.uri(), uris::RUNTIME_ERROR);
    assert_eq!(result::<Option<String>>(client.call("test.user")).await, None);
}

#[actix_web::test]
async fn a_page_of_another_origin_is_refused_before_the_upgrade() {
    let router = router();
    let app = init_service(App::new().service(router.endpoint("/ws"))).await;
    let refused = connect(&app, "/ws").header("Origin", "https://evil.example").wire().await;
    assert!(matches!(refused, Err(JoinError::Refused { status: StatusCode::FORBIDDEN, .. })));
    assert!(connect(&app, "/ws").header("Origin", "http://localhost").await.is_ok());
    let app =
        init_service(App::new().service(router.endpoint("/ws").origins(["https://app.example"])))
            .await;
    assert!(connect(&app, "/ws").header("Origin", "https://app.example").await.is_ok());
    assert!(connect(&app, "/ws").header("Origin", "http://localhost").wire().await.is_err());
}

#[test]
#[should_panic(expected = "`on_signal` of an endpoint can be set only once")]
fn an_option_of_an_endpoint_that_is_said_twice_is_refused_when_it_is_said() {
    let _endpoint = router().endpoint("/ws").on_signal(false).on_signal(true);
}

#[actix_web::test]
#[should_panic(expected = "is not an origin")]
async fn an_origin_that_is_none_is_refused_at_start() {
    let _ = router().endpoint("/ws").origins(["app.example"]);
}

#[actix_web::test]
async fn an_unknown_subprotocol_is_refused_before_the_upgrade_t_05() {
    let app = init_service(App::new().service(router().endpoint("/ws"))).await;
    let refused =
        connect(&app, "/ws").header("Sec-WebSocket-Protocol", "wamp.2.flatbuffers").wire().await;
    let Err(JoinError::Refused { status, body }) = refused else { panic!("upgraded") };
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("wamp.2.json"), "{body}");
}

#[actix_web::test]
async fn a_role_decides_which_clients_may_call() {
    let router = router();
    let app = init_service(App::new().service(router.endpoint("/ws"))).await;
    let anonymous = connect(&app, "/ws").await.unwrap();
    assert_eq!(anonymous.call("test.admin").await.unwrap_err().uri(), uris::NOT_AUTHORIZED);
    let admin = connect(&app, "/ws").role("admin").await.unwrap();
    assert_eq!(result::<String>(admin.call("test.admin")).await, "welcome");
    assert_eq!(admin.welcome()["authrole"], "admin");
}

#[actix_web::test]
async fn an_event_is_pushed_from_a_handler_from_a_route_and_from_a_thread() {
    async fn post(text: String, router: Router) -> HttpResponse {
        router.realm("realm1").unwrap().publish("news").arg(text).send().unwrap();
        HttpResponse::NoContent().finish()
    }
    let router = router();
    let app = App::new().service(router.endpoint("/ws")).route("/news", web::post().to(post));
    let app = init_service(app).await;
    let (reader, writer) =
        (connect(&app, "/ws").await.unwrap(), connect(&app, "/ws").await.unwrap());
    let mut news = reader.subscribe("news").await.unwrap();
    let mut own = writer.subscribe("news").await.unwrap();

    writer.call("test.spread").arg("by a handler").await.unwrap();
    let request = TestRequest::post().uri("/news").set_payload("by a route").to_request();
    assert_eq!(call_service(&app, request).await.status(), StatusCode::NO_CONTENT);
    let realm = router.realm("realm1").unwrap();
    std::thread::spawn(move || realm.publish("news").arg("by a thread").send().unwrap())
        .join()
        .unwrap();

    for text in ["by a handler", "by a route", "by a thread"] {
        assert_eq!(
            news.next().await.unwrap().payload.args::<(String,)>().unwrap(),
            (text.to_owned(),)
        );
    }
    assert_eq!(
        own.next().await.unwrap().payload.to_string(),
        r#"["by a route"]"#,
        "excluded from the first"
    );
}

#[actix_web::test]
async fn a_publish_handler_reads_the_event_and_decides() {
    let router = router();
    let (reader, writer) = (join(&router).await.unwrap(), join(&router).await.unwrap());
    let mut room = reader.subscribe("moderated.rust").await.unwrap();
    let refused = writer.publish("moderated.rust").arg("of tea").await.unwrap_err();
    assert_eq!(refused.uri(), "test.error.off_topic");
    let invalid = writer.publish("moderated.rust").arg(1).await.unwrap_err();
    assert_eq!(invalid.uri(), uris::INVALID_ARGUMENT);
    let publication = writer.publish("moderated.rust").arg("of rust").await.unwrap();
    assert_eq!(room.next().await.unwrap().publication, publication);
    assert!(room.try_next().await.is_none());
}

/// Waits until the server has read all input: it answers a ping.
async fn read_so_far(wire: &mut Wire) {
    wire.send_frame(0x89, b"?");
    assert_eq!(wire.receive().await, Some(Received::Pong(b"?".to_vec())));
}

#[actix_web::test]
async fn a_client_that_says_nothing_is_closed_after_the_hello_timeout_t_22() {
    let mut wire = join(&router()).wire().await.unwrap();
    wire.clock().advance(Duration::from_secs(5));
    assert_eq!(wire.receive().await, Some(Received::Close(Some(1008))));
}

#[actix_web::test]
async fn a_silent_peer_is_pinged_and_then_given_up() {
    let router = counting_router();
    let mut wire = join(&router).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    assert!(
        matches!(wire.receive().await, Some(Received::Text(welcome)) if welcome.starts_with("[2,"))
    );
    wire.clock().advance(Duration::from_secs(20));
    assert_eq!(wire.receive().await, Some(Received::Ping));
    wire.send_frame(0x8a, b"");
    read_so_far(&mut wire).await;
    wire.clock().advance(Duration::from_secs(20));
    assert_eq!(wire.receive().await, Some(Received::Ping), "the pong counted");
    let realm = router.realm("realm1").unwrap();
    assert_eq!(realm.session_count(), 1);
    wire.clock().advance(Duration::from_secs(20));
    assert_eq!(wire.receive().await, None);
    assert_eq!(realm.session_count(), 0);
    assert_eq!(reasons(&router), [(Left::Ping, 1)]);
}

#[actix_web::test]
async fn a_session_whose_transport_ends_is_lost() {
    let router = counting_router();
    drop(join(&router).await.unwrap());
    while reasons(&router).is_empty() {
        actix_web::rt::task::yield_now().await;
    }
    assert_eq!(reasons(&router), [(Left::Lost, 1)]);
}

fn counting_router() -> Router {
    Router::builder().handlers(handlers![]).metrics(true).build().unwrap()
}

/// Returns how many sessions have ended for each reason.
fn reasons(router: &Router) -> Vec<(Left, u64)> {
    let closed = router.stats().realms.remove(0).counts.unwrap().sessions_closed;
    closed.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[actix_web::test]
async fn a_message_that_never_ends_is_closed_after_the_assembly_timeout() {
    let router = counting_router();
    let mut wire = join(&router).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    wire.receive().await.unwrap();
    wire.send_frame(0x01, b"[48,1,{},");
    for _ in 0..2 {
        read_so_far(&mut wire).await;
        wire.clock().advance(Duration::from_secs(10));
        wire.send_frame(0x00, b" ");
    }
    read_so_far(&mut wire).await;
    wire.clock().advance(Duration::from_secs(10));
    assert_eq!(wire.receive().await, Some(Received::Close(Some(1008))));
    assert_eq!(reasons(&router), [(Left::Stall, 1)]);
}

#[actix_web::test]
async fn the_close_code_says_why() {
    let router = router();
    for (first, payload, code) in [
        (0x81, &b"[48"[..], 1002),
        (0x81, &[0xff], 1007),
        (0x82, b"[]", 1002),
        (0xc1, b"[]", 1002),
        (0x81, br#"[1,"a b",{"roles":{"caller":{}}}]"#, 1008),
    ] {
        let mut wire = join(&router).wire().await.unwrap();
        wire.send_frame(first, payload);
        let mut received = wire.receive().await;
        if let Some(Received::Text(abort)) = received {
            assert!(abort.starts_with("[3,"), "{abort}");
            received = wire.receive().await;
        }
        assert_eq!(received, Some(Received::Close(Some(code))), "{payload:?}");
    }
    let client = join(&router).await.unwrap();
    assert_eq!(client.goodbye().await, uris::GOODBYE_AND_OUT);
}

/// autobahn drops the ABORT of an open session unread.
#[actix_web::test]
async fn the_close_frame_says_what_was_wrong() {
    let router = router();
    for (first, payload, reason) in [
        (0x81, &b"[48"[..], None),
        (0x81, br#"[48,1,{},"test.user"]"#, None),
        (
            0x81,
            r#"[48,1,{"漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字":"#
                .as_bytes(),
            None,
        ),
        (0x81, br#"[1,"no realm",{"roles":{"caller":{}}}]"#, None),
        (0x81, br#"[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"]}]"#, None),
        (0x81, &[0xff], Some("a text message or a close reason is not UTF-8")),
        (0xc1, b"[]", Some("a frame violates RFC 6455")),
    ] {
        let mut wire = join(&router).wire().await.unwrap();
        wire.send_frame(first, payload);
        let mut received = wire.receive().await;
        let mut message = String::new();
        if let Some(Received::Text(abort)) = received {
            let abort: serde_json::Value = serde_json::from_str(&abort).unwrap();
            message = abort[1]["message"].as_str().unwrap_or_else(|| panic!("{abort}")).to_owned();
            received = wire.receive().await;
        }
        assert!(matches!(received, Some(Received::Close(Some(_)))), "{received:?}");
        let expected = reason.unwrap_or(&message[..message.floor_char_boundary(123)]);
        assert!(!expected.is_empty());
        assert_eq!(wire.close_reason(), expected);
    }
    let mut wire = join(&router).wire().await.unwrap();
    wire.clock().advance(Duration::from_secs(5));
    assert_eq!(wire.receive().await, Some(Received::Close(Some(1008))));
    assert_eq!(wire.close_reason(), "HELLO did not come in time");
}

#[actix_web::test]
async fn a_frame_is_too_big_by_its_header() {
    let mut wire = join(&router()).wire().await.unwrap();
    let mut header = vec![0x81, 0xff];
    header.extend_from_slice(&(1_u64 << 40).to_be_bytes());
    wire.send_bytes(header);
    assert_eq!(wire.receive().await, Some(Received::Close(Some(1009))));
}

#[actix_web::test]
async fn a_shutdown_closes_with_1012_and_refuses_newcomers() {
    let router = router();
    let app = init_service(App::new().service(router.endpoint("/ws"))).await;
    let mut wire = connect(&app, "/ws").wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    assert!(
        matches!(wire.receive().await, Some(Received::Text(welcome)) if welcome.starts_with("[2,"))
    );
    let mut stranger = connect(&app, "/ws").wire().await.unwrap();
    drop(router.shutdown(Duration::from_secs(1)));
    for wire in [&mut wire, &mut stranger] {
        assert_eq!(wire.receive().await, Some(Received::Close(Some(1012))));
    }
    let refused = connect(&app, "/ws").wire().await;
    assert!(matches!(
        refused,
        Err(JoinError::Refused { status: StatusCode::SERVICE_UNAVAILABLE, .. })
    ));
    drop((wire, stranger));
    router.shutdown(Duration::ZERO).await;
}

#[actix_web::test]
async fn a_shutdown_says_goodbye_where_it_is_asked_to() {
    let router = router();
    let app = init_service(App::new().service(router.endpoint("/ws"))).await;
    let client = connect(&app, "/ws").await.unwrap();
    drop(router.shutdown(Duration::from_secs(1)).goodbye());
    assert_eq!(client.closed().await.uri(), uris::SYSTEM_SHUTDOWN);
    drop(client);
    router.shutdown(Duration::ZERO).await;
}

#[actix_web::test]
async fn a_connection_whose_transport_is_gone_leaves_nothing_behind() {
    let router = router();
    let realm = router.realm("realm1").unwrap();
    let client = join(&router).await.unwrap();
    client.subscribe("news").await.unwrap();
    assert_eq!(realm.session_count(), 1);
    drop(client);
    assert_eq!(realm.session_count(), 0);
    let mut wire = join(&router).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    wire.receive().await.unwrap();
    wire.hang_up();
    assert_eq!(wire.receive().await, None);
    assert_eq!(realm.session_count(), 0);
}

#[actix_web::test]
async fn a_handler_that_the_application_does_not_provide_for_fails_its_call_only() {
    let app = init_service(App::new().service(router().endpoint("/ws"))).await;
    assert_eq!(
        app.call(TestRequest::get().uri("/ws").to_request()).await.unwrap().status().as_u16(),
        426
    );
    let client = connect(&app, "/ws").await.unwrap();
    assert_eq!(
        client.call("test.greeting").arg("Ann").await.unwrap_err().uri(),
        uris::RUNTIME_ERROR
    );
}
