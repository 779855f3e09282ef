//! Handlers behind every serializer: they cannot tell which one it is.

use std::collections::BTreeMap;

use actix_web::App;
use actix_web::test::init_service;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wamp_actix::test::{Received, Serializer, connect, join};
use wamp_actix::{
    Args, Binary, Chunks, Error, Kwargs, Raw, Realm, Router, Snapshot, Topic, handlers, rpc,
    subscribe,
};

#[derive(Debug, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(u32),
    Box { width: f64 },
}

#[derive(Debug, Serialize, Deserialize)]
struct Picture {
    title: String,
    shapes: Vec<Shape>,
    by_number: BTreeMap<u8, Option<bool>>,
    nothing: (),
}

#[rpc("test.picture")]
async fn picture(picture: Picture, scale: Option<u32>) -> Kwargs<Picture> {
    let shapes = picture.shapes.into_iter().map(|shape| match shape {
        Shape::Circle(radius) => Shape::Circle(radius * scale.unwrap_or(1)),
        other => other,
    });
    Kwargs(Picture { shapes: shapes.collect(), ..picture })
}

#[rpc("test.reversed")]
async fn reversed(bytes: &[u8], text: &str) -> Args<(Binary, String)> {
    Args((Binary(bytes.iter().rev().copied().collect()), text.chars().rev().collect()))
}

#[derive(Debug, Serialize, Deserialize)]
struct Attachment {
    name: String,
    content: Binary,
}

#[rpc("test.attached")]
async fn attached(attachment: Attachment, more: Option<Vec<Binary>>) -> Kwargs<Attachment> {
    let mut content = attachment.content;
    content.extend(more.into_iter().flatten().flat_map(Vec::from));
    Kwargs(Attachment { name: attachment.name, content })
}

#[rpc("test.joined")]
async fn joined(mut parts: Chunks<Binary>) -> Result<Binary, Error> {
    let mut joined = Binary::default();
    while let Some(part) = parts.next().await? {
        joined.extend(part.iter());
    }
    Ok(joined)
}

#[rpc("test.numbers")]
async fn numbers(numbers: Vec<u8>) -> Vec<u8> {
    numbers
}

#[rpc("test.twice")]
async fn twice<'f>(value: Raw<'f>) -> Args<(Raw<'f>, Vec<Raw<'f>>)> {
    Args((value, vec![value]))
}

#[rpc("test.tell")]
async fn tell(realm: Realm, value: Raw<'_>) -> Result<(), Error> {
    realm.publish("news").arg(value).kwarg("bytes", Binary(vec![0x10, 0xe3])).send()?;
    Ok(())
}

#[subscribe("snapshot")]
async fn snapshot() -> Snapshot<Binary> {
    Snapshot(Binary(vec![0x10, 0xe3]))
}

fn router() -> Router {
    Router::builder()
        .realm(Realm::new("realm1").topic("news", Topic::open()))
        .handlers(handlers![picture, reversed, attached, joined, numbers, twice, tell, snapshot])
        .build()
        .unwrap()
}

#[actix_web::test]
async fn a_handler_has_the_same_arguments_and_results_in_every_serializer() {
    let router = router();
    let app = init_service(App::new().service(router.endpoint("/ws"))).await;
    for serializer in Serializer::ALL {
        let client = connect(&app, "/ws").serializer(*serializer).await.unwrap();
        let picture = json!({
            "title": "é\0", "shapes": ["Point", {"Circle": 2.0}, {"Box": {"width": 1}}],
            "by_number": {"7": null, "255": true}, "nothing": null,
        });
        let drawn = client.call("test.picture").arg(picture).kwarg("scale", 3.0).await.unwrap();
        let expected = json!({
            "title": "é\0", "shapes": ["Point", {"Circle": 6}, {"Box": {"width": 1.0}}],
            "by_number": {"7": null, "255": true}, "nothing": null,
        });
        assert_eq!(drawn.kwargs::<Value>().unwrap(), json_of(&expected), "{serializer:?}");

        let reversed = client.call("test.reversed").arg("\0EOM=").arg("abc").await.unwrap();
        assert_eq!(reversed.to_string(), r#"["\u00004xA=","cba"]"#, "{serializer:?}");

        let value = json!([1, -1, 1.5, null, {"bytes": "\0EOM="}]);
        let twice: Value = client.call("test.twice").arg(&value).await.unwrap().args().unwrap();
        assert_eq!(twice, json!([value, [value]]), "{serializer:?}");

        let refused = client.call("test.reversed").arg("text").arg("abc").await.unwrap_err();
        assert_eq!(refused.uri(), "wamp.error.invalid_argument");
    }
}

#[actix_web::test]
async fn binary_is_the_same_owned_or_borrowed_in_every_serializer() {
    let router = router();
    for serializer in Serializer::ALL {
        let client = join(&router).serializer(*serializer).await.unwrap();
        let attachment = json!({ "name": "a", "content": "\0EOM=" });
        let call = client.call("test.attached").arg(&attachment).arg([Binary(vec![0, 255])]);
        let attached = call.await.unwrap();
        let expected = json!({ "name": "a", "content": "\0EOMA/w==" });
        assert_eq!(attached.kwargs::<Value>().unwrap(), expected, "{serializer:?}");
        let joined = client.call("test.joined").arg("\0EOM=").await.unwrap();
        assert_eq!(joined.to_string(), r#"["\u0000EOM="]"#, "{serializer:?}");
        // A client without binary values.
        let joined = client.call("test.joined").arg([16, 227]).await.unwrap();
        assert_eq!(joined.to_string(), r#"["\u0000EOM="]"#, "{serializer:?}");
        for no_bytes in [json!("text"), json!([256]), json!({}), json!(7)] {
            let refused = client.call("test.joined").arg(no_bytes).await.unwrap_err();
            assert_eq!(refused.uri(), "wamp.error.invalid_argument", "{serializer:?}");
        }
    }
}

#[actix_web::test]
async fn a_vec_of_bytes_is_a_list_of_numbers_and_says_what_takes_binary() {
    let router = router();
    for serializer in Serializer::ALL {
        let client = join(&router).serializer(*serializer).await.unwrap();
        let numbers = client.call("test.numbers").arg([16, 227]).await.unwrap();
        assert_eq!(numbers.to_string(), "[[16,227]]", "{serializer:?}");
        let refused = client.call("test.numbers").arg(Binary(vec![16, 227])).await.unwrap_err();
        let (text,): (String,) = refused.args().unwrap();
        let expected = "argument 1 `numbers`: invalid type: binary, expected a list (a handler \
                        takes binary as `Binary` or `&[u8]`)";
        assert_eq!(text, expected, "{serializer:?}");
    }
}

#[test]
fn binary_survives_what_serde_json_makes_of_bytes() {
    let written = serde_json::to_string(&Binary(vec![1, 255])).unwrap();
    assert_eq!(serde_json::from_str::<Binary>(&written).unwrap(), Binary(vec![1, 255]));
    assert_eq!(format!("{:?}", Binary(vec![1, 255])), "Binary(2 bytes)");
}

/// Integral floats can be read as integers.
fn json_of(value: &Value) -> Value {
    serde_json::from_str(&value.to_string().replace("1.0", "1")).unwrap()
}

#[actix_web::test]
async fn what_the_server_publishes_reaches_every_serializer() {
    let router = router();
    let mut subscribers = Vec::new();
    for serializer in Serializer::ALL {
        let client = join(&router).serializer(*serializer).await.unwrap();
        let news = client.subscribe("news").await.unwrap();
        let mut snapshot = client.subscribe("snapshot").await.unwrap();
        let shown: (String,) = snapshot.next().await.unwrap().payload.args().unwrap();
        assert_eq!(shown.0, "\0EOM=", "{serializer:?}");
        subscribers.push(news);
    }
    let caller = join(&router)
        .serializer(Serializer::from_subprotocol("wamp.2.cbor").unwrap())
        .await
        .unwrap();
    let value = json!({"deep": [{"bytes": "\0EOM="}, 1.5, u64::MAX]});
    caller.call("test.tell").arg(&value).await.unwrap();
    for subscriber in &mut subscribers {
        let event = subscriber.next().await.unwrap();
        assert_eq!(event.payload.args::<Value>().unwrap(), json!([value]));
        assert_eq!(event.payload.kwargs::<Value>().unwrap(), json!({"bytes": "\0EOM="}));
    }
}

#[actix_web::test]
async fn binary_serializers_send_binary_frames_and_the_others_text_t_07_t_08() {
    let router = router();
    for serializer in Serializer::ALL {
        let mut wire = join(&router).serializer(*serializer).wire().await.unwrap();
        wire.send_message(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
        let welcome = wire.receive().await.unwrap();
        assert_eq!(
            matches!(welcome, Received::Binary(_)),
            serializer.is_binary(),
            "{serializer:?}"
        );
        // T-18: the transport fails on an empty batch, and on nothing else that is empty either.
        wire.send_frame(if serializer.is_binary() { 0x82 } else { 0x81 }, b"");
        assert!(matches!(wire.receive().await, Some(Received::Binary(_) | Received::Text(_))));
        assert_eq!(wire.receive().await, Some(Received::Close(Some(1002))), "{serializer:?}");
    }
}
