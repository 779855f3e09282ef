//! Return values of handlers, in every shape.

use serde::Serialize;
use serde_json::json;
use wamp_actix::{Args, Error, Kwargs, Reply, handlers, rpc};

use super::{answer, client, single};

#[derive(Serialize)]
struct Found {
    status: &'static str,
    size: u8,
}

const FOUND: Found = Found { status: "SUCCESS", size: 7 };

#[rpc("nothing")]
async fn nothing() {}

#[rpc("tuple")]
async fn tuple() -> (u8, &'static str) {
    (1, "two")
}

#[rpc("args")]
async fn args() -> Args<(u8, &'static str)> {
    Args((1, "two"))
}

#[rpc("kwargs")]
async fn kwargs() -> Kwargs<Found> {
    Kwargs(FOUND)
}

#[rpc("reply")]
async fn reply() -> Reply {
    Reply::new().arg(1).kwarg("two", 2)
}

type Outcome<T> = Result<T, Error>;

#[rpc("fallible.nothing")]
async fn fallible_nothing(fail: bool) -> Result<(), Error> {
    if fail {
        Err(Error::new("com.example.error.failed").arg("as asked").kwarg("fail", true))
    } else {
        Ok(())
    }
}

#[rpc("fallible.kwargs")]
async fn fallible_kwargs() -> Outcome<Kwargs<Found>> {
    Ok(Kwargs(FOUND))
}

#[rpc("fallible.value")]
async fn fallible_value() -> Outcome<Vec<u8>> {
    Ok(vec![1, 2])
}

#[rpc("opaque")]
async fn opaque(number: u8) -> impl Serialize {
    number + 1
}

#[rpc("borrowed")]
async fn borrowed<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}

#[actix_web::test]
async fn each_shape_of_a_value_is_its_shape_of_a_result() {
    let client = client(handlers![nothing, tuple, args, kwargs, reply, opaque, borrowed]).await;
    assert_eq!(answer(client.call("nothing")).await, (json!([]), json!({})));
    assert_eq!(answer(client.call("tuple")).await, (json!([[1, "two"]]), json!({})));
    assert_eq!(answer(client.call("args")).await, (json!([1, "two"]), json!({})));
    assert_eq!(
        answer(client.call("kwargs")).await,
        (json!([]), json!({ "status": "SUCCESS", "size": 7 }))
    );
    assert_eq!(answer(client.call("reply")).await, (json!([1]), json!({ "two": 2 })));
    assert_eq!(single(client.call("opaque").arg(1)).await, 2);
    assert_eq!(single(client.call("borrowed").arg("").arg("b\n")).await, "b\n");
}

#[actix_web::test]
async fn the_ok_of_a_result_is_what_it_contains() {
    let client = client(handlers![fallible_nothing, fallible_kwargs, fallible_value]).await;
    assert_eq!(answer(client.call("fallible.nothing").arg(false)).await, (json!([]), json!({})));
    assert_eq!(
        answer(client.call("fallible.kwargs")).await,
        (json!([]), json!({ "status": "SUCCESS", "size": 7 }))
    );
    assert_eq!(single(client.call("fallible.value")).await, json!([1, 2]));
}

#[actix_web::test]
async fn an_err_is_never_a_result() {
    let client = client(handlers![fallible_nothing]).await;
    let error = client.call("fallible.nothing").arg(true).await.unwrap_err();
    assert_eq!(error.uri(), "com.example.error.failed");
    assert_eq!(error.args::<(String,)>().unwrap().0, "as asked");
    assert_eq!(error.kwargs::<serde_json::Value>().unwrap(), json!({ "fail": true }));
}
