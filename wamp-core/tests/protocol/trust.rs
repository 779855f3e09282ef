//! Trust levels: what a realm thinks of a role, and who learns of it.

use super::support::*;
use serde_json::{Value, json};
use wamp_core::{Identity, Realm, RealmBuilder, Router, Topic};

fn router(levels: impl FnOnce(RealmBuilder) -> RealmBuilder) -> Router {
    let realm = levels(Realm::new("realm1").topic("open.{name}", Topic::open()));
    Router::builder().realm(realm).handlers([]).build().expect("the declarations are sound")
}

fn levelled() -> Router {
    router(|realm| realm.trustlevel("nurse", 1).trustlevel("doctor", 2))
}

fn with(router: &Router, role: &str) -> Client {
    Client::join_as(router, "realm1", Identity { authrole: role.into(), ..Identity::anonymous() })
}

fn announces(router: &Router) -> Value {
    let welcome = Client::connect(router).ask(hello("realm1"));
    welcome[2]["roles"]["broker"]["features"]["publication_trustlevels"].clone()
}

#[test]
fn events_carry_the_trust_level_of_their_publisher_n_05() {
    let router = levelled();
    let mut client = with(&router, "nurse");
    let id = client.subscribe(1, "open.a");
    for (role, level) in [("nurse", 1), ("doctor", 2), ("visitor", 0)] {
        let mut publisher = with(&router, role);
        publisher.publish(1, "open.a", role);
        let event = client.one();
        assert_eq!(event, json!([36, id, event[2], {"trustlevel": level}, [role]]));
        assert_eq!(publisher.session().trustlevel(), Some(level));
    }
}

#[test]
fn what_the_application_publishes_has_no_trust_level_n_05() {
    let router = levelled();
    let mut client = with(&router, "nurse");
    let id = client.subscribe(1, "open.a");
    router.realm("realm1").unwrap().publish("open.a").arg(1).send().unwrap();
    assert_event(&client.one(), id, 1);
}

#[test]
fn trust_levels_are_announced_where_a_role_has_one_n_05() {
    assert_eq!(announces(&levelled()), json!(true));
    let router = router(|realm| realm);
    assert_eq!(announces(&router), Value::Null);
    let mut client = with(&router, "nurse");
    assert_eq!(client.session().trustlevel(), None);
    let id = client.subscribe(1, "open.a");
    with(&router, "doctor").publish(1, "open.a", 1);
    assert_event(&client.one(), id, 1);
}
