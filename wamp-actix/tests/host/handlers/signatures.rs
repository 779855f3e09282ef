//! Signatures: names of keywords, keyword-only arguments, patterns, and plain functions.

use actix_web::web::Data;
use serde_json::json;
use wamp_actix::test::join;
use wamp_actix::{Chunks, Error, Router, Session, handlers, rpc, subscribe};

use super::{client, refusal, single};

#[rpc("names.filter")]
async fn filter(
    #[arg(name = "$filter")] filter: &str,
    #[kwarg(name = "$top")]
    #[default(10)]
    top: u8,
) -> String {
    format!("{filter} {top}")
}

#[rpc("names.point")]
async fn point(#[arg(name = "point")] (x, y): (i64, i64)) -> i64 {
    x + y
}

#[rpc("keyword.upload")]
async fn upload(mut chunks: Chunks<String>, #[kwarg] file_name: &str) -> Result<String, Error> {
    let mut text = format!("{file_name}:");
    while let Some(chunk) = chunks.next().await? {
        text.push_str(&chunk);
    }
    Ok(text)
}

#[rpc("keyword.optional")]
async fn optional(first: u8, #[kwarg] second: Option<u8>, third: Option<u8>) -> String {
    format!("{first} {second:?} {third:?}")
}

#[derive(Clone, Copy)]
struct Size {
    width: u32,
    height: u32,
}

#[rpc("pattern.area")]
async fn area(_: Session, data: Data<Size>, factor: u32) -> u32 {
    inner(data.get_ref().to_owned()) * factor
}

fn inner(Size { width, height }: Size) -> u32 {
    width * height
}

struct Pair(u8, u8);

impl wamp_actix::FromContext for Pair {
    async fn from_context(_: &wamp_actix::Context) -> Result<Self, Error> {
        Ok(Self(3, 4))
    }
}

#[rpc("pattern.pair")]
async fn pair(Pair(three, four): Pair, _: Session, factor: u8) -> u8 {
    (three + four) * factor
}

#[rpc("plain.add")]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[rpc("plain.refuse")]
fn refuse() -> Result<(), Error> {
    Err(Error::new("test.error.refused"))
}

#[subscribe("plain.{room}")]
fn plain_topic(room: &str) -> Result<(), Error> {
    if room == "open" { Ok(()) } else { Err(Error::new("test.error.closed")) }
}

#[actix_web::test]
async fn a_parameter_has_the_keyword_that_its_attribute_gives_and_no_other() {
    let client = client(handlers![filter, point]).await;
    assert_eq!(single(client.call("names.filter").kwarg("$filter", "x")).await, "x 10");
    assert_eq!(single(client.call("names.filter").arg("x").kwarg("$top", 3)).await, "x 3");
    let unknown = refusal(client.call("names.filter").kwarg("filter", "x")).await;
    assert_eq!(unknown, "argument 1 `$filter` is missing");
    assert_eq!(single(client.call("names.point").arg((1, 2))).await, 3);
    assert_eq!(single(client.call("names.point").kwarg("point", (1, 2))).await, 3);
}

#[actix_web::test]
async fn no_position_is_read_into_a_keyword_argument() {
    let client = client(handlers![upload, optional]).await;
    let call = client.call("keyword.upload").arg("text").kwarg("file_name", "a.txt");
    assert_eq!(single(call).await, "a.txt:text");
    let call = client.call("keyword.upload").arg("text").kwarg("fileName", "a.txt");
    assert_eq!(single(call).await, "a.txt:text");
    let text = refusal(client.call("keyword.upload").arg("text")).await;
    assert_eq!(text, "keyword argument `file_name` is missing");
    assert_eq!(single(client.call("keyword.optional").arg(1).arg(3)).await, "1 None Some(3)");
    let text = refusal(client.call("keyword.optional").arg(1).arg(2).arg(3)).await;
    assert_eq!(text, "too many positional arguments: 2 expected");
}

#[actix_web::test]
async fn an_injected_or_extracted_parameter_needs_no_name() {
    let router = Router::builder().handlers(handlers![area, pair]).build().unwrap();
    let size = Data::new(Size { width: 2, height: 3 });
    let client = join(&router).app_data(size).await.unwrap();
    assert_eq!(single(client.call("pattern.area").arg(7)).await, 42);
    assert_eq!(single(client.call("pattern.pair").kwarg("factor", 2)).await, 14);
}

#[actix_web::test]
async fn a_plain_function_is_a_handler() {
    let client = client(handlers![add, refuse, plain_topic]).await;
    assert_eq!(single(client.call("plain.add").arg(1).arg(2)).await, json!(3));
    assert_eq!(client.call("plain.refuse").await.unwrap_err().uri(), "test.error.refused");
    client.subscribe("plain.open").await.unwrap();
    let refused = client.subscribe("plain.other").await.err().unwrap();
    assert_eq!(refused.uri(), "test.error.closed");
    assert_eq!(add(1, 2), 3);
}
