//! Parameters that are read from the URI.

use serde::Deserialize;
use wamp_actix::{Call, handlers, rpc};

use super::{client, refusal, single};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Part {
    Head,
    Tail,
}

#[rpc("parts.{part}.{number}.{name}.get")]
async fn part(name: &str, surplus: Option<bool>, part: Part, number: u16) -> String {
    format!("{part:?} {number} {name} {surplus:?}")
}

#[rpc("files.{path..}")]
async fn file(call: Call, path: String) -> String {
    format!("{path} of {}", call.procedure())
}

#[rpc("users.{name}.rename", "user.rename")]
async fn rename(#[default("nobody")] name: &str, new_name: &str) -> String {
    format!("{name} {new_name}")
}

#[rpc("raw.{type}")]
async fn raw(r#type: &str, _other: u8) -> String {
    r#type.to_owned()
}

#[actix_web::test]
async fn components_are_read_as_the_types_of_their_parameters() {
    let client = client(handlers![part]).await;
    assert_eq!(single(client.call("parts.tail.65535.ä.get")).await, "Tail 65535 ä None");
    assert_eq!(single(client.call("parts.head.0.x.get").arg(true)).await, "Head 0 x Some(true)");
}

#[actix_web::test]
async fn a_component_that_does_not_fit_is_refused_with_its_name() {
    let client = client(handlers![part]).await;
    let wrong = refusal(client.call("parts.tail.65536.x.get")).await;
    assert!(wrong.starts_with("`number`: "), "{wrong}");
    let wrong = refusal(client.call("parts.middle.1.x.get")).await;
    assert!(wrong.starts_with("`part`: "), "{wrong}");
    let surplus = refusal(client.call("parts.tail.1.x.get").kwarg("name", "y")).await;
    assert!(surplus.contains("`name`"), "{surplus}");
}

#[actix_web::test]
async fn the_rest_of_a_uri_keeps_its_dots() {
    let client = client(handlers![file]).await;
    assert_eq!(single(client.call("files.a.b.txt")).await, "a.b.txt of files.a.b.txt");
}

#[actix_web::test]
async fn a_parameter_is_a_capture_under_one_uri_and_an_argument_under_another() {
    let client = client(handlers![rename]).await;
    assert_eq!(single(client.call("users.ada.rename").arg("eva")).await, "ada eva");
    assert_eq!(single(client.call("user.rename").arg("ada").arg("eva")).await, "ada eva");
    assert_eq!(single(client.call("user.rename").kwarg("newName", "eva")).await, "nobody eva");
    assert!(
        refusal(client.call("users.ada.rename").arg("eva").arg("ada")).await.contains("too many")
    );
}

#[actix_web::test]
async fn raw_identifiers_and_leading_underscores_are_no_part_of_a_name() {
    let client = client(handlers![raw]).await;
    assert_eq!(single(client.call("raw.x").kwarg("other", 1)).await, "x");
}
