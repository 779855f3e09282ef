//! Tests of every procedure and topic, as a client sees them.

use actix_web::test::{
    TestRequest, call_and_read_body_json, call_service, init_service, read_body_json,
};
use actix_web::{App, http::StatusCode, web::Data};
use serde_json::{Value, json};
use wamp_actix::test::{Client, Event, connect, join};
use wamp_actix::{Payload, Router};

use crate::routes;
use crate::store::Documents;

/// Clients of one store.
struct Fixture {
    router: Router,
    documents: Data<Documents>,
}

impl Fixture {
    fn new() -> Self {
        let router = Router::builder().build().expect("the handlers are valid");
        Self { router, documents: Data::new(Documents::seeded()) }
    }

    async fn client(&self) -> Client {
        join(&self.router).app_data(self.documents.clone()).await.expect("a session")
    }
}

async fn client() -> Client {
    Fixture::new().client().await
}

fn first(payload: &Payload) -> Value {
    let (value,) = payload.args().expect("one argument");
    value
}

fn state(event: Option<Event>) -> Value {
    first(&event.expect("an event").payload)
}

#[actix_web::test]
async fn a_document_is_found_by_its_id() {
    let found = client().await.call("myapp:getDoc").arg("d3").await.unwrap();
    let found: Value = found.kwargs().unwrap();
    assert_eq!(found["status"], "SUCCESS");
    assert_eq!(found["document"]["title"], "Haiku");
    assert_eq!(found["document"]["revision"], 1);
}

#[actix_web::test]
async fn a_document_is_found_by_keyword_in_either_spelling() {
    let client = client().await;
    for keyword in ["document_id", "documentId"] {
        let found: Value =
            client.call("myapp:getDoc").kwarg(keyword, "d1").await.unwrap().kwargs().unwrap();
        assert_eq!(found["document"]["id"], "d1");
    }
}

#[actix_web::test]
async fn an_unknown_document_is_not_found() {
    let client = client().await;
    for procedure in ["myapp:getDoc", "myapp:delDoc", "myapp:editDoc"] {
        let error = client.call(procedure).arg("d9").await.unwrap_err();
        assert_eq!(error.uri(), "myapp.error.not_found");
        assert_eq!(error.args::<(String,)>().unwrap().0, r#"there is no document "d9""#);
        assert_eq!(error.kwargs::<Value>().unwrap(), json!({ "document_id": "d9" }));
    }
}

#[actix_web::test]
async fn the_list_shows_documents_without_their_text() {
    let listed = first(&client().await.call("myapp:listDocs").await.unwrap());
    assert_eq!(
        listed,
        json!([
            { "id": "d1", "title": "Welcome", "revision": 1 },
            { "id": "d2", "title": "Shopping list", "revision": 1 },
            { "id": "d3", "title": "Haiku", "revision": 1 },
        ])
    );
}

#[actix_web::test]
async fn a_new_document_has_no_text_unless_it_is_given() {
    let client = client().await;
    let empty = first(&client.call("myapp:newDoc").arg(" Notes ").await.unwrap());
    assert_eq!(empty, json!({ "id": "d4", "title": "Notes", "text": "", "revision": 1 }));
    let filled = first(
        &client.call("myapp:newDoc").kwarg("title", "Notes").kwarg("text", "…").await.unwrap(),
    );
    assert_eq!(filled, json!({ "id": "d5", "title": "Notes", "text": "…", "revision": 1 }));
}

#[actix_web::test]
async fn an_edit_changes_what_it_names_only() {
    let client = client().await;
    let edit = || client.call("myapp:editDoc").arg("d2");
    let edited = first(&edit().kwarg("text", "Tea").await.unwrap());
    assert_eq!(
        edited,
        json!({ "id": "d2", "title": "Shopping list", "text": "Tea", "revision": 2 })
    );
    let edited = first(&edit().kwarg("title", "Errands").kwarg("revision", 2).await.unwrap());
    assert_eq!(edited, json!({ "id": "d2", "title": "Errands", "text": "Tea", "revision": 3 }));
}

#[actix_web::test]
async fn an_edit_of_an_outdated_revision_is_a_conflict_and_changes_nothing() {
    let client = client().await;
    let edit = |text: &str| {
        client.call("myapp:editDoc").arg("d2").kwarg("text", text).kwarg("revision", 1)
    };
    edit("mine").await.unwrap();
    let error = edit("yours").await.unwrap_err();
    assert_eq!(error.uri(), "myapp.error.conflict");
    assert_eq!(error.kwargs::<Value>().unwrap(), json!({ "revision": 2 }));
    let found: Value = client.call("myapp:getDoc").arg("d2").await.unwrap().kwargs().unwrap();
    assert_eq!(found["document"]["text"], "mine");
}

#[actix_web::test]
async fn an_empty_or_overlong_title_is_refused() {
    let client = client().await;
    for title in [String::new(), "  ".to_owned(), "x".repeat(101)] {
        for call in [client.call("myapp:newDoc"), client.call("myapp:editDoc").arg("d1")] {
            let error = call.kwarg("title", &title).await.unwrap_err();
            assert_eq!(error.uri(), "myapp.error.invalid_title");
            assert_eq!(error.kwargs::<Value>().unwrap(), json!({ "max_chars": 100 }));
        }
    }
    client.call("myapp:newDoc").arg("ü".repeat(100)).await.unwrap();
}

#[actix_web::test]
async fn deleting_gives_nothing_back() {
    let client = client().await;
    assert!(client.call("myapp:delDoc").arg("d1").await.unwrap().is_empty());
    client.call("myapp:getDoc").arg("d1").await.unwrap_err();
}

#[actix_web::test]
async fn a_wrong_call_is_told_which_argument_it_is() {
    let client = client().await;
    for call in [client.call("myapp:editDoc"), client.call("myapp:getDoc").arg(1)] {
        let error = call.await.unwrap_err();
        assert_eq!(error.uri(), "wamp.error.invalid_argument");
        assert!(error.args::<(String,)>().unwrap().0.contains("document_id"), "{error}");
    }
}

#[actix_web::test]
async fn a_client_that_follows_a_document_sees_its_state_every_change_and_its_end() {
    let fixture = Fixture::new();
    let (writer, reader) = (fixture.client().await, fixture.client().await);
    let mut document = reader.subscribe("docs.d2.changed").await.unwrap();
    assert_eq!(state(document.next().await)["revision"], 1);

    writer.call("myapp:editDoc").arg("d2").kwarg("text", "Tea").await.unwrap();
    let changed = state(document.next().await);
    assert_eq!(
        changed,
        json!({ "id": "d2", "title": "Shopping list", "text": "Tea", "revision": 2 })
    );

    writer.call("myapp:editDoc").arg("d1").kwarg("text", "another document").await.unwrap();
    writer.call("myapp:delDoc").arg("d2").await.unwrap();
    assert_eq!(state(document.next().await), Value::Null);
}

#[actix_web::test]
async fn an_unknown_document_cannot_be_followed() {
    let error = client().await.subscribe("docs.d9.changed").await.err().expect("a refusal");
    assert_eq!(error.uri(), "myapp.error.not_found");
}

#[actix_web::test]
async fn a_client_that_follows_the_list_sees_every_change_without_the_text() {
    let fixture = Fixture::new();
    let (writer, reader) = (fixture.client().await, fixture.client().await);
    let mut list = reader.subscribe("docs.changed").await.unwrap();

    writer.call("myapp:newDoc").arg("Notes").await.unwrap();
    writer.call("myapp:editDoc").arg("d4").kwarg("title", "Ideas").await.unwrap();
    writer.call("myapp:delDoc").arg("d4").await.unwrap();
    for (title, revision, deleted) in [("Notes", 1, false), ("Ideas", 2, false), ("Ideas", 3, true)]
    {
        let expected =
            json!({ "id": "d4", "title": title, "revision": revision, "deleted": deleted });
        assert_eq!(state(list.next().await), expected);
    }
}

#[actix_web::test]
async fn clients_may_not_publish() {
    let client = client().await;
    for topic in ["docs.d1.changed", "docs.changed"] {
        let error = client.publish(topic).arg("forged").await.unwrap_err();
        assert_eq!(error.uri(), "wamp.error.not_authorized");
    }
}

#[actix_web::test]
async fn a_put_over_http_reaches_the_followers_of_the_document() {
    let Fixture { router, documents } = Fixture::new();
    let app =
        App::new().app_data(documents).app_data(router.clone()).service(router.endpoint("/ws"));
    let app = init_service(app.configure(routes::configure)).await;
    let reader = connect(&app, "/ws").realm("documents").await.unwrap();
    let mut document = reader.subscribe("docs.d1.changed").await.unwrap();
    assert_eq!(state(document.next().await)["revision"], 1);

    let put = TestRequest::put().uri("/documents/d1").set_payload("Hello").to_request();
    let answer: Value = call_and_read_body_json(&app, put).await;
    assert_eq!(answer, json!({ "id": "d1", "title": "Welcome", "text": "Hello", "revision": 2 }));
    assert_eq!(state(document.next().await), answer);

    let get = TestRequest::get().uri("/documents/d1").to_request();
    assert_eq!(read_body_json::<Value, _>(call_service(&app, get).await).await, answer);
    let get = TestRequest::get().uri("/documents/d9").to_request();
    assert_eq!(call_service(&app, get).await.status(), StatusCode::NOT_FOUND);
}
