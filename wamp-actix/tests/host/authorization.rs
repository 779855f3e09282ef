//! The authorisers of `docs/authentication.md` do what the page says, and deny what it does not.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use wamp_actix::test::{Received, Wire, join};
use wamp_actix::{
    Action, Attempt, Authorization, Denied, Error, Identity, Permission, Realm, Router, Ticket,
    Topic,
};

/// The rooms of each member.
struct Members(HashMap<String, Vec<String>>);

/// Permits members of a room to subscribe and publish to it, and every session to call. All other
/// requests are denied.
async fn members_only(request: Authorization, members: Arc<Members>) -> Result<Permission, Error> {
    let rooms = members.0.get(request.session().authid()).map_or(&[][..], Vec::as_slice);
    let may = match (request.action(), request.declared()) {
        (Action::Call, _) => true,
        (_, Some("chat.{room}")) => rooms.iter().any(|room| request.capture("room").is(room)),
        _ => false,
    };
    // The decision is remembered: a member who leaves a room keeps the permission for a minute.
    Ok(Permission::when(may).remembered_for(Duration::from_secs(60)))
}

/// Permits moderators to subscribe to all rooms at once, by the wildcard `chat.`.
async fn moderators(request: Authorization) -> Result<Permission, Error> {
    let listens =
        request.action() == Action::Subscribe && request.declared() == Some("chat.{room}");
    Ok(Permission::when(listens && request.session().authrole() == "moderator"))
}

#[test]
fn the_page_has_these_very_authorisers() {
    let (page, here) =
        (include_str!("../../../docs/authentication.md"), include_str!("authorization.rs"));
    let from = here.find("/// The rooms of each member.").unwrap();
    let authorisers = &here[from..here.find("\n#[test]").unwrap()];
    assert!(page.contains(authorisers), "the page and this test differ");
}

async fn by_ticket(attempt: Attempt) -> Result<Identity, Denied> {
    let role = if attempt.ticket_is("moderator") { "moderator" } else { "user" };
    Ok(Identity::new(attempt.authid().unwrap_or_default(), role))
}

/// The realm of the page about authorisation, whose clients log in.
fn club() -> Router {
    let members = Arc::new(Members(HashMap::from([("joe".to_owned(), vec!["lobby".to_owned()])])));
    let realm = Realm::new("club")
        .topic("chat.{room}", Topic::open())
        .authorize(move |request| members_only(request, Arc::clone(&members)))
        .authorize_patterns(moderators)
        .authenticate(Ticket::new(by_ticket));
    Router::builder().realm(realm).handlers([]).build().unwrap()
}

/// A client that sends raw messages.
struct Client(Wire);

impl Client {
    async fn of(router: &Router, authid: &str, ticket: &str) -> Self {
        let mut client = Self(join(router).wire().await.unwrap());
        let roles = json!({ "caller": {}, "callee": {}, "publisher": {}, "subscriber": {} });
        let hello =
            json!([1, "club", { "roles": roles, "authmethods": ["ticket"], "authid": authid }]);
        assert_eq!(client.ask(&hello).await[0], 4);
        assert_eq!(client.ask(&json!([5, ticket, {}])).await[0], 2);
        client
    }

    async fn ask(&mut self, message: &Value) -> Value {
        self.0.send(&message.to_string());
        let Some(Received::Text(answer)) = self.0.receive().await else {
            panic!("no answer to {message}")
        };
        serde_json::from_str(&answer).unwrap()
    }

    /// Sends these requests. Returns for each the code of the answer, or the URI of the error.
    async fn outcomes<const N: usize>(&mut self, requests: [(u64, Value, &str); N]) -> [String; N] {
        let mut outcomes = [const { String::new() }; N];
        for (request, (outcome, (code, options, uri))) in
            (1..).zip(outcomes.iter_mut().zip(requests))
        {
            let answer = self.ask(&json!([code, request, options, uri])).await;
            *outcome = answer
                .get(4)
                .map_or(answer[0].to_string(), |error| error.as_str().unwrap().to_owned());
        }
        outcomes
    }
}

const DENIED: &str = "wamp.error.not_authorized";

fn requests() -> [(u64, Value, &'static str); 8] {
    [
        (32, json!({}), "chat.lobby"),
        (16, json!({ "acknowledge": true }), "chat.lobby"),
        (32, json!({}), "chat.secret"),
        (16, json!({ "acknowledge": true }), "chat.secret"),
        (32, json!({ "match": "wildcard" }), "chat."),
        (32, json!({ "match": "prefix" }), "chat."),
        (32, json!({ "match": "wildcard" }), ".lobby"),
        (64, json!({ "match": "wildcard" }), "chat."),
    ]
}

#[actix_web::test]
async fn members_have_their_rooms_and_no_client_has_patterns() {
    let router = club();
    let mut joe = Client::of(&router, "joe", "member").await;
    let outcomes = joe.outcomes(requests()).await;
    assert_eq!(outcomes, ["33", "17", DENIED, DENIED, DENIED, DENIED, DENIED, DENIED]);
    // A closure that reads patterns as URIs would permit them: their text ends with the name of a
    // room, or with none.
    let mut eve = Client::of(&router, "eve", "member").await;
    assert_eq!(eve.outcomes(requests()).await, [DENIED; 8]);
}

#[actix_web::test]
async fn moderators_listen_to_all_rooms_by_a_pattern_that_the_declaration_covers() {
    let mut moderator = Client::of(&club(), "mod", "moderator").await;
    let outcomes = moderator.outcomes(requests()).await;
    assert_eq!(outcomes, [DENIED, DENIED, DENIED, DENIED, "33", DENIED, DENIED, DENIED]);
}

#[actix_web::test]
async fn every_client_may_call() {
    let mut eve = Client::of(&club(), "eve", "member").await;
    let outcomes = eve.outcomes([(48, json!({}), "nothing.there")]).await;
    assert_eq!(outcomes, ["wamp.error.no_such_procedure"]);
}
