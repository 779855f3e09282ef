//! Layers of a realm and of a handler, around handlers as the macros write them.

use std::cell::RefCell;
use std::future::ready;

use actix_web::HttpRequest;
use serde_json::json;
use wamp_actix::test::{Received, Wire, join};
use wamp_actix::{
    Chunks, Denied, Error, Http, Identity, Invocation, Next, Progress, Realm, Router, Session,
    handlers, publish, rpc, subscribe, uris,
};

thread_local! {
    static JOURNAL: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn note(text: impl Into<String>) {
    JOURNAL.with_borrow_mut(|journal| journal.push(text.into()));
}

fn journal() -> Vec<String> {
    JOURNAL.take()
}

async fn audited(work: Invocation, next: Next) -> Result<(), Error> {
    let function = work.function().unwrap_or_default().to_owned();
    let agent = work.host::<HttpRequest>().is_some();
    let outcome = next.run(work).await;
    note(format!("audited {function} {agent} {}", outcome.is_ok()));
    outcome
}

async fn own_documents(work: Invocation, next: Next) -> Result<(), Error> {
    if work.capture("user").is(work.session().authid()) {
        return next.run(work).await;
    }
    Err(Error::not_authorized("not your document"))
}

mod inner {
    use wamp_actix::{Error, Invocation, Next};

    pub(super) async fn noted(work: Invocation, next: Next) -> Result<(), Error> {
        super::note("noted");
        next.run(work).await
    }
}

#[rpc("docs.{user}.get", around = [audited, own_documents, inner::noted])]
async fn get(user: &str) -> String {
    format!("the document of {user}")
}

#[rpc("docs.count", around = audited)]
async fn count(progress: Progress<u32>, to: u32) -> Result<u32, Error> {
    for number in 0..to {
        progress.send(number).await?;
    }
    Ok(to)
}

#[rpc("docs.sum", around = audited)]
async fn sum(mut numbers: Chunks<i64>) -> Result<i64, Error> {
    let mut sum = 0;
    while let Some(number) = numbers.next().await? {
        sum += number;
    }
    Ok(sum)
}

#[publish("docs.{user}.changed", around = own_documents)]
async fn changed(user: &str) {
    note(format!("changed {user}"));
}

#[subscribe("docs.{user}.changed", around = own_documents)]
async fn readers(user: &str) {
    note(format!("subscribed {user}"));
}

#[wamp_actix::session(around = greeted)]
async fn joining(session: Session) {
    note(format!("joining {}", session.authid()));
}

async fn greeted(work: Invocation, next: Next) -> Result<(), Error> {
    note("greeted");
    next.run(work).await
}

fn router() -> Router {
    journal();
    let joe = Http::new("test", |_| ready(Ok::<_, Denied>(Identity::new("joe", "user"))));
    let realm = Realm::new("realm1").authenticate(joe);
    let handlers = handlers![get, count, sum, changed, readers, joining];
    Router::builder().realm(realm).handlers(handlers).build().unwrap()
}

#[actix_web::test]
async fn layers_of_a_handler_run_in_their_order_with_the_captures_of_its_uri() {
    let client = join(&router()).await.unwrap();
    assert_eq!(journal(), ["greeted", "joining joe"]);
    let (own,): (String,) = client.call("docs.joe.get").await.unwrap().args().unwrap();
    assert_eq!(own, "the document of joe");
    let others = client.call("docs.eve.get").await.unwrap_err();
    assert_eq!(others.uri(), uris::NOT_AUTHORIZED);
    let audited = "audited host::layers::get true";
    assert_eq!(journal(), ["noted", &format!("{audited} true"), &format!("{audited} false")]);
}

async fn wire() -> Wire {
    let mut wire = join(&router()).wire().await.unwrap();
    let features = json!({
        "call_canceling": true,
        "progressive_call_invocations": true,
        "progressive_call_results": true,
    });
    wire.send(&format!(r#"[1,"realm1",{{"roles":{{"caller":{{"features":{features}}}}}}}]"#));
    let [welcome] = texts(&mut wire).await;
    assert!(welcome.starts_with("[2,"), "{welcome}");
    journal();
    wire
}

async fn texts<const N: usize>(wire: &mut Wire) -> [String; N] {
    let mut texts = std::array::from_fn(|_| String::new());
    for text in &mut texts {
        let Some(Received::Text(received)) = wire.receive().await else { panic!("a message") };
        *text = received;
    }
    texts
}

#[actix_web::test]
async fn progressive_results_pass_through_the_layers_one_by_one() {
    let mut wire = wire().await;
    wire.send_message(r#"[48,1,{"receive_progress":true},"docs.count",[2]]"#);
    assert_eq!(
        texts(&mut wire).await,
        [r#"[50,1,{"progress":true},[0]]"#, r#"[50,1,{"progress":true},[1]]"#, r#"[50,1,{},[2]]"#]
    );
    assert_eq!(journal(), ["audited host::layers::count true true"]);
}

#[actix_web::test]
async fn chunks_of_a_call_pass_through_the_layers() {
    let mut wire = wire().await;
    wire.send_message(r#"[48,1,{"progress":true},"docs.sum",[2]]"#);
    wire.send_message(r#"[48,1,{},"docs.sum",[3]]"#);
    assert_eq!(texts(&mut wire).await, [r#"[50,1,{},[5]]"#]);
}

#[actix_web::test]
async fn layers_are_around_publications_and_subscriptions_too() {
    let client = join(&router()).await.unwrap();
    journal();
    client.subscribe("docs.joe.changed").await.unwrap();
    client.publish("docs.joe.changed").await.unwrap();
    assert_eq!(journal(), ["subscribed joe", "changed joe"]);
    let refused = client.publish("docs.eve.changed").await.unwrap_err();
    assert_eq!(refused.uri(), uris::NOT_AUTHORIZED);
    assert!(client.subscribe("docs.eve.changed").await.is_err());
    assert!(journal().is_empty(), "no handler has run");
}
