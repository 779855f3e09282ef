//! Conditions on parameters and attributes: `#[cfg]`, `#[cfg_attr]`.

use wamp_actix::rpc as procedure;
use wamp_actix::{Session, handlers, rpc};

use super::{client, refusal, registrations, single};

/// `cfg(test)` holds here.
#[rpc("conditions.parameters")]
async fn parameters(
    #[cfg(test)] first: u8,
    #[cfg(not(test))] second: NoSuchType,
    #[cfg(all(test, debug_assertions))] session: Session,
    #[cfg(any())] _nothing: u8,
    third: u8,
) -> u8 {
    #[cfg(not(test))]
    let first = second;
    #[cfg(debug_assertions)]
    drop(session);
    first + third
}

#[rpc("conditions.{name}.capture")]
async fn capture(#[cfg(test)] name: &str, #[cfg(not(test))] name: String) -> String {
    format!("{name}!")
}

#[rpc("conditions.marks")]
async fn marks(
    #[cfg_attr(test, default(7))] first: u8,
    #[cfg_attr(not(test), default)] second: Option<u8>,
    #[cfg_attr(test, cfg_attr(not(test), default), args)]
    #[allow(unused_mut)]
    mut third: Vec<u8>,
) -> Vec<u8> {
    third.extend([first, second.unwrap_or(8)]);
    third
}

#[cfg_attr(test, rpc("conditions.attribute"))]
#[cfg_attr(not(test), rpc("conditions.never"))]
#[rpc("conditions.own")]
#[cfg_attr(test, rpc("conditions.behind"))]
#[procedure("conditions.renamed")]
async fn attributes(#[default(7)] number: u8, #[args] more: Vec<u8>) -> usize {
    usize::from(number) + more.len()
}

#[actix_web::test]
async fn a_parameter_is_there_where_its_condition_holds() {
    let client = client(handlers![parameters, capture]).await;
    assert_eq!(single(client.call("conditions.parameters").arg(1).arg(2)).await, 3);
    assert_eq!(
        single(client.call("conditions.parameters").kwarg("third", 2).kwarg("first", 1)).await,
        3
    );
    let surplus = refusal(client.call("conditions.parameters").arg(1).arg(2).arg(3)).await;
    assert!(surplus.contains("too many"), "{surplus}");
    assert_eq!(single(client.call("conditions.x.capture")).await, "x!");
}

#[actix_web::test]
async fn an_attribute_of_a_parameter_counts_where_its_condition_holds() {
    let client = client(handlers![marks]).await;
    assert_eq!(single(client.call("conditions.marks")).await, serde_json::json!([7, 8]));
    let call = client.call("conditions.marks").arg(1).arg(2).arg(3).arg(4);
    assert_eq!(single(call).await, serde_json::json!([3, 4, 1, 2]));
}

#[actix_web::test]
async fn attributes_under_a_condition_or_another_name_see_the_same_parameters() {
    let mut uris: Vec<_> = registrations(handlers![attributes]).iter().map(|one| one.uri).collect();
    uris.sort_unstable();
    assert_eq!(
        uris,
        ["conditions.attribute", "conditions.behind", "conditions.own", "conditions.renamed"]
    );
    let client = client(handlers![attributes]).await;
    for uri in uris {
        assert_eq!(single(client.call(uri)).await, 7, "{uri}");
        assert_eq!(single(client.call(uri).arg(1).arg(2).arg(3)).await, 3, "{uri}");
    }
}
