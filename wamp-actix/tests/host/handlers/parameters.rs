//! Arguments of a call, in every way that a parameter can ask for them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wamp_actix::{Context, Error, FromContext, Raw, Realm, Router, Session, handlers, rpc};

use super::{client, refusal, single};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
    Green,
}

#[derive(Serialize, Deserialize)]
struct Point {
    x: i32,
    color: Color,
}

#[rpc("add")]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[rpc("join")]
async fn join_names(first_name: &str, last_name: Cow<'_, str>, mut suffix: String) -> String {
    suffix.insert(0, ' ');
    format!("{first_name} {last_name}{suffix}")
}

#[rpc("point")]
async fn point(point: Point, points: Vec<Point>) -> (Point, usize) {
    (point, points.len())
}

#[rpc("optional")]
async fn optional(number: Option<u8>, list: Option<Vec<(u8, &str)>>) -> String {
    format!("{number:?} {list:?}")
}

#[rpc("default")]
async fn defaults(
    #[default] first: i32,
    #[default(40 + 2)] second: u8,
    #[default("x")] third: &str,
) -> String {
    format!("{first} {second} {third}")
}

#[rpc("rest")]
async fn rest(
    #[args] more: Vec<i64>,
    first: u8,
    #[kwargs] options: HashMap<&str, Value>,
    second: u8,
) -> String {
    let mut options: Vec<_> = options.into_iter().collect();
    options.sort_by_key(|(key, _)| *key);
    format!("{first} {second} {more:?} {options:?}")
}

#[rpc("rest.optional")]
async fn optional_rest(
    #[args] more: Option<Vec<i64>>,
    #[kwargs] options: Option<HashMap<&str, u8>>,
) -> String {
    format!("{more:?} {options:?}")
}

#[rpc("echo")]
async fn echo(value: Raw<'_>) -> Raw<'_> {
    value
}

#[rpc("raws")]
async fn raws<'a>(values: Vec<Raw<'a>>, #[default] unused: Option<&'a str>) -> Vec<Raw<'a>> {
    let _ = unused;
    values
}

type Alias = Session;
type Text<'a> = &'a str;

#[rpc("injected")]
async fn injected(
    before: u8,
    alias: Alias,
    realm: Realm,
    router: Router,
    missing: Option<Refused>,
    text: Text<'_>,
) -> String {
    assert!(router.realm(realm.name()).is_some());
    format!("{before} {} {} {} {text}", alias.authrole(), realm.name(), missing.is_none())
}

struct Refused;

impl FromContext for Refused {
    async fn from_context(_: &Context) -> Result<Self, Error> {
        Err(Error::new("com.example.error.refused").arg("nobody gets this"))
    }
}

#[rpc("refused")]
async fn refused(_refused: Refused) {
    unreachable!("the parameter cannot be made");
}

/// An injected type that is deserialisable, so that a client could try to send one.
#[derive(Deserialize)]
struct Customer(String);

impl FromContext for Customer {
    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(Self(context.session().authrole().to_owned()))
    }
}

#[rpc("customer")]
async fn customer(customer: Customer) -> String {
    customer.0
}

#[rpc("customer.maybe")]
async fn maybe_customer(
    customer: Option<Customer>,
    id: Id<'_, Refused>,
    list: List<{ SIZE }, SIZE>,
) -> String {
    format!("{:?} {} {:?}", customer.map(|customer| customer.0), id.0, list.0)
}

/// A type with a generic argument that it does not contain.
#[derive(Deserialize)]
#[serde(transparent, bound = "")]
struct Id<'a, T>(&'a str, #[serde(skip)] PhantomData<T>);

const SIZE: usize = 2;

/// A type with generic arguments that are constants.
#[derive(Deserialize)]
struct List<const A: usize, const B: usize>(Vec<u8>);

#[derive(Debug, Deserialize)]
struct Limits {
    limit: u32,
    offset: u32,
}

#[rpc("limited")]
async fn limited(#[kwargs] options: Limits) -> u32 {
    options.limit + options.offset
}

#[rpc("pair")]
async fn pair(text: String, #[args] more: (u32, u32)) -> String {
    format!("{text} {more:?}")
}

#[rpc("plain")]
async fn plain(text: String, pair: (String, String), nothing: ()) -> String {
    let () = nothing;
    format!("{text} {} {}", pair.0, pair.1)
}

#[actix_web::test]
async fn arguments_are_taken_by_position_by_keyword_and_mixed() {
    let client = client(handlers![add]).await;
    assert_eq!(single(client.call("add").arg(1).arg(2)).await, 3);
    assert_eq!(single(client.call("add").kwarg("b", 2).kwarg("a", 1)).await, 3);
    assert_eq!(single(client.call("add").arg(1).kwarg("b", 2)).await, 3);
    assert_eq!(single(client.call("add").arg(1.0).arg(2)).await, 3);
}

#[actix_web::test]
async fn a_keyword_is_written_in_snake_case_or_in_camel_case() {
    let client = client(handlers![join_names]).await;
    for (first, last) in
        [("first_name", "last_name"), ("firstName", "lastName"), ("first_name", "lastName")]
    {
        let call = client
            .call("join")
            .kwarg(first, "Ada")
            .kwarg(last, "L\"ovelace\n")
            .kwarg("suffix", "!");
        assert_eq!(single(call).await, "Ada L\"ovelace\n !");
    }
}

#[actix_web::test]
async fn wrong_arguments_are_refused_with_the_parameter_and_its_position() {
    let client = client(handlers![add, join_names]).await;
    let missing = refusal(client.call("add").arg(1)).await;
    assert_eq!(missing, "argument 2 `b` is missing");
    let wrong = refusal(client.call("add").arg(1).arg("two")).await;
    assert!(wrong.starts_with("argument 2 `b`: ") && wrong.contains("i64"), "{wrong}");
    let doubled = refusal(client.call("add").arg(1).arg(2).kwarg("a", 1)).await;
    assert!(doubled.contains("`a`") && doubled.contains("by position and by keyword"), "{doubled}");
    let surplus = refusal(client.call("add").arg(1).arg(2).arg(3)).await;
    assert!(surplus.contains("too many") && surplus.contains('2'), "{surplus}");
    let unknown = refusal(client.call("add").arg(1).arg(2).kwarg("c", 3)).await;
    assert!(unknown.contains("`c`"), "{unknown}");
    let twice = refusal(client.call("join").kwarg("first_name", "a").kwarg("firstName", "b")).await;
    assert!(twice.contains("`first_name`") && twice.contains("`firstName`"), "{twice}");
}

#[actix_web::test]
async fn a_fault_in_a_keyword_argument_names_the_parameter_and_no_position() {
    let client = client(handlers![add, join_names, rest, limited]).await;
    for keyword in ["a", "b"] {
        let other = if keyword == "a" { "b" } else { "a" };
        let wrong = refusal(client.call("add").kwarg(keyword, "one").kwarg(other, 2)).await;
        assert_eq!(wrong, format!("`{keyword}`: invalid type: string \"one\", expected i64"));
    }
    let wrong = refusal(client.call("add").arg(1).kwarg("b", "two")).await;
    assert!(wrong.starts_with("`b`: "), "{wrong}");
    let camel = refusal(client.call("join").kwarg("firstName", 1).kwarg("lastName", "x")).await;
    assert!(camel.starts_with("`first_name`: "), "{camel}");
    assert_eq!(refusal(client.call("add").kwarg("a", 1)).await, "argument `b` is missing");
    assert_eq!(refusal(client.call("add").kwarg("b", 1)).await, "argument 1 `a` is missing");
    // `#[kwargs]` takes several arguments: the error names the faulty one.
    let options = refusal(client.call("limited").kwarg("limit", "ten").kwarg("offset", 1)).await;
    assert_eq!(options, "`options`: `limit`: invalid type: string \"ten\", expected u32");
    let options = refusal(client.call("limited").kwarg("limit", 10)).await;
    assert_eq!(options, "`options`: missing field `offset`");
}

#[actix_web::test]
async fn a_fault_in_the_remaining_arguments_names_a_position_if_there_is_one() {
    let client = client(handlers![pair]).await;
    let wrong = refusal(client.call("pair").arg("x").arg(1).arg("two")).await;
    assert!(wrong.starts_with("argument 3 `more`: "), "{wrong}");
    let short = refusal(client.call("pair").arg("x").arg(1)).await;
    assert!(short.starts_with("`more`: invalid length 1"), "{short}");
    let none = refusal(client.call("pair").arg("x")).await;
    assert!(none.starts_with("`more`: invalid length 0"), "{none}");
}

#[actix_web::test]
async fn structs_and_lists_of_the_application_are_arguments() {
    let client = client(handlers![point]).await;
    let red = json!({ "x": 1, "color": "red" });
    assert_eq!(single(client.call("point").arg(&red).arg([&red, &red])).await, json!([red, 2]));
}

#[actix_web::test]
async fn an_option_may_be_absent() {
    let client = client(handlers![optional]).await;
    assert_eq!(single(client.call("optional")).await, "None None");
    assert_eq!(
        single(client.call("optional").arg(Value::Null).arg([(1, "a")])).await,
        "None Some([(1, \"a\")])"
    );
    assert_eq!(single(client.call("optional").kwarg("number", 7)).await, "Some(7) None");
}

#[actix_web::test]
async fn a_default_takes_the_place_of_what_is_absent_or_null() {
    let client = client(handlers![defaults]).await;
    assert_eq!(single(client.call("default")).await, "0 42 x");
    assert_eq!(single(client.call("default").arg(1).arg(Value::Null)).await, "1 42 x");
    assert_eq!(single(client.call("default").kwarg("third", "y")).await, "0 42 y");
    assert!(refusal(client.call("default").arg("one")).await.contains("`first`"));
}

#[actix_web::test]
async fn args_and_kwargs_take_what_the_other_parameters_leave() {
    let client = client(handlers![rest]).await;
    let call = client.call("rest").arg(1).arg(2).arg(3).arg(4).kwarg("z", true).kwarg("a", [1]);
    let expected = "1 2 [3, 4] [(\"a\", Array [Number(1)]), (\"z\", Bool(true))]";
    assert_eq!(single(call).await, expected);
    let call = client.call("rest").arg(1).kwarg("second", 2).kwarg("left", "over");
    assert_eq!(single(call).await, "1 2 [] [(\"left\", String(\"over\"))]");
    assert_eq!(refusal(client.call("rest").arg(1)).await, "argument 2 `second` is missing");
}

#[actix_web::test]
async fn what_is_left_fits_an_option() {
    let client = client(handlers![optional_rest]).await;
    let call = client.call("rest.optional").arg(1).arg(2).kwarg("a", 3);
    assert_eq!(single(call).await, "Some([1, 2]) Some({\"a\": 3})");
    assert_eq!(single(client.call("rest.optional")).await, "Some([]) Some({})");
    assert!(refusal(client.call("rest.optional").arg("one")).await.contains("`more`"));
}

#[actix_web::test]
async fn raw_values_pass_through_undecoded() {
    let client = client(handlers![echo, raws]).await;
    let value = json!({ "deep": [1.5, null, { "text": "\u{1}\"" }], "big": u64::MAX });
    assert_eq!(single(client.call("echo").kwarg("value", &value)).await, value);
    assert_eq!(single(client.call("raws").arg([&value, &json!(1)])).await, json!([value, 1]));
}

#[actix_web::test]
async fn injected_parameters_take_no_argument_behind_an_alias_too() {
    let client = client(handlers![injected]).await;
    assert_eq!(single(client.call("injected").arg(1).arg("x")).await, "1 anonymous realm1 true x");
}

#[actix_web::test]
async fn what_cannot_be_injected_is_the_error_of_the_call() {
    let client = client(handlers![refused]).await;
    assert_eq!(client.call("refused").await.unwrap_err().uri(), "com.example.error.refused");
}

#[actix_web::test]
async fn no_client_can_forge_what_is_injected() {
    let client = client(handlers![customer]).await;
    assert_eq!(single(client.call("customer")).await, "anonymous");
    assert!(refusal(client.call("customer").arg("admin")).await.contains("too many"));
    assert!(
        refusal(client.call("customer").kwarg("customer", "admin")).await.contains("`customer`")
    );
}

#[actix_web::test]
async fn an_option_of_what_is_injected_is_injected() {
    let client = client(handlers![maybe_customer]).await;
    let call = client.call("customer.maybe").arg("id").arg([1]);
    assert_eq!(single(call).await, "Some(\"anonymous\") id [1]");
    let forged = client.call("customer.maybe").arg("admin").arg("id").arg([1]);
    assert!(refusal(forged).await.contains("`list`"));
}

#[actix_web::test]
async fn plain_types_are_arguments_though_actix_can_extract_them() {
    let client = client(handlers![plain]).await;
    let call = client.call("plain").arg("a").arg(["b", "c"]).arg(Value::Null);
    assert_eq!(single(call).await, "a b c");
}
