//! A client as a callee: closures, progressive results, chunks, interrupts, revocation.

use std::rc::Rc;

use serde_json::{Value, json};
use wamp_actix::test::{CancelMode, Client, Invoked, Serializer, join};
use wamp_actix::{Binary, Error, MatchPolicy, MetaApi, Passthru, Realm, Reply, Router};

fn router() -> Router {
    let meta_api = MetaApi::reading().killing_for(["admin"]);
    let realm = Realm::new("realm1").route_clients(true).meta_api(meta_api);
    Router::builder().realm(realm).handlers([]).build().unwrap()
}

async fn pair() -> (Client, Client) {
    let router = router();
    (join(&router).await.unwrap(), join(&router).await.unwrap())
}

#[actix_web::test]
async fn a_closure_answers_other_clients() {
    let (callee, caller) = pair().await;
    let divide = async |invoked: Invoked| {
        let (a, b): (i64, i64) = invoked.payload.args()?;
        if b == 0 {
            return Err(Error::new("client.error.zero").arg(a).kwarg("hint", "not by 0"));
        }
        Ok(Reply::new().arg(a / b).kwarg("remainder", a % b))
    };
    let registered = callee.register("client.divide", divide).await.unwrap();
    let answer = caller.call("client.divide").arg(17).arg(5).await.unwrap();
    assert_eq!(answer.to_string(), r#"[3] {"remainder":2}"#);
    let error = caller.call("client.divide").arg(17).arg(0).await.unwrap_err();
    assert_eq!((error.uri(), error.args().unwrap()), ("client.error.zero", (17,)));
    assert_eq!(error.kwargs::<Value>().unwrap(), json!({ "hint": "not by 0" }));
    registered.unregister().await.unwrap();
    let error = caller.call("client.divide").arg(1).arg(1).await.unwrap_err();
    assert_eq!(error.uri(), "wamp.error.no_such_procedure");
}

#[actix_web::test]
async fn bytes_go_to_a_callee_and_back_between_serializers() {
    let router = router();
    let callee = join(&router).serializer(Serializer::Cbor).await.unwrap();
    let reverse = |invoked: Invoked| async move {
        let (mut bytes,): (Binary,) = invoked.payload.args()?;
        bytes.reverse();
        Ok(Reply::new().arg(bytes))
    };
    callee.register("client.reversed", reverse).await.unwrap();
    let call = join(&router).await.unwrap().call("client.reversed").arg(Binary(vec![0, 1]));
    assert_eq!(call.await.unwrap().args::<(Binary,)>().unwrap().0, Binary(vec![1, 0]));
}

#[actix_web::test]
async fn a_callee_sees_the_details_of_an_invocation() {
    let (callee, caller) = pair().await;
    let tell = async |invoked: Invoked| {
        Ok(Reply::new().arg(&invoked.details["procedure"]).arg(&invoked.details["caller"]))
    };
    callee.register("client.devices.", tell).policy(MatchPolicy::Prefix).await.unwrap();
    let call = caller.call("client.devices.lamp").disclose_me();
    let told: (String, u64) = call.await.unwrap().args().unwrap();
    assert_eq!(told, ("client.devices.lamp".to_owned(), caller.session().get()));
}

#[actix_web::test]
async fn a_callee_sends_progressive_results() {
    let (callee, caller) = pair().await;
    let count = async |invoked: Invoked| {
        (1..=3).for_each(|number| invoked.progress(Reply::new().arg(number)));
        Ok(Reply::new().arg("done"))
    };
    callee.register("client.count", count).await.unwrap();
    let mut counting = caller.call("client.count").progress();
    for expected in 1..=3 {
        assert_eq!(counting.next().await.unwrap().args::<(u32,)>().unwrap(), (expected,));
    }
    assert_eq!(counting.await.unwrap().args::<(String,)>().unwrap().0, "done");
    let error = caller.call("client.count").await.unwrap_err();
    assert_eq!(error.args::<(String,)>().unwrap().0, "the callee panicked");
}

#[actix_web::test]
async fn a_callee_takes_chunks() {
    let (callee, caller) = pair().await;
    let sum = async |invoked: Invoked| {
        let mut sum = 0;
        while let Some(chunk) = invoked.chunk().await {
            sum += chunk.args::<Vec<i64>>()?.iter().sum::<i64>();
        }
        Ok(Reply::new().arg(sum))
    };
    callee.register("client.sum", sum).await.unwrap();
    let answer = caller.call("client.sum").chunks([1, 2, 3]).await.unwrap();
    assert_eq!(answer.args::<(i64,)>().unwrap(), (6,));
    let answer = caller.call("client.sum").arg(7).await.unwrap();
    assert_eq!(answer.args::<(i64,)>().unwrap(), (7,));
}

#[actix_web::test]
async fn a_call_that_is_cancelled_drops_what_the_callee_does() {
    let (callee, caller) = pair().await;
    let at_work = Rc::new(());
    let work = Rc::clone(&at_work);
    let sleep = async move |invoked: Invoked| {
        let _at_work = Rc::clone(&work);
        invoked.progress(Reply::new());
        std::future::pending().await
    };
    callee.register("client.sleep", sleep).await.unwrap();
    let idle = Rc::strong_count(&at_work);
    for mode in [CancelMode::Kill, CancelMode::KillNoWait] {
        let mut call = caller.call("client.sleep").progress();
        call.next().await.unwrap();
        assert_eq!(Rc::strong_count(&at_work), idle + 1, "{mode:?}");
        call.cancel(mode);
        assert_eq!(call.await.unwrap_err().uri(), "wamp.error.canceled", "{mode:?}");
        while Rc::strong_count(&at_work) != idle {
            actix_web::rt::task::yield_now().await;
        }
    }
}

#[actix_web::test]
async fn a_panic_of_a_callee_is_an_error_of_its_caller() {
    let (callee, caller) = pair().await;
    let wrong = async |_: Invoked| -> Result<Reply, Error> { panic!("a mistake in the test") };
    callee.register("client.wrong", wrong).await.unwrap();
    assert_eq!(caller.call("client.wrong").await.unwrap_err().uri(), "wamp.error.runtime_error");
}

#[actix_web::test]
async fn a_callee_that_is_dropped_leaves() {
    let (callee, caller) = pair().await;
    let sleep = async |invoked: Invoked| {
        invoked.progress(Reply::new());
        std::future::pending().await
    };
    callee.register("client.sleep", sleep).await.unwrap();
    let mut call = caller.call("client.sleep").progress();
    call.next().await.unwrap();
    drop(callee);
    assert_eq!(call.await.unwrap_err().uri(), "wamp.error.canceled");
    let error = caller.call("client.sleep").await.unwrap_err();
    assert_eq!(error.uri(), "wamp.error.no_such_procedure");
}

#[actix_web::test]
async fn callees_share_a_procedure() {
    let router = router();
    let (one, two) = (join(&router).await.unwrap(), join(&router).await.unwrap());
    for (callee, name) in [(&one, "one"), (&two, "two")] {
        let answer = async move |_| Ok(Reply::new().arg(name));
        callee.register("client.name", answer).invoke("roundrobin").await.unwrap();
    }
    let caller = join(&router).await.unwrap();
    for expected in ["one", "two", "one"] {
        let (name,): (String,) = caller.call("client.name").await.unwrap().args().unwrap();
        assert_eq!(name, expected);
    }
}

#[actix_web::test]
async fn a_registration_that_the_server_ends_has_a_reason() {
    let router = router();
    let callee = join(&router).await.unwrap();
    let registered = callee.register("client.name", async |_| Ok(Reply::new())).await.unwrap();
    assert!(registered.revoked().is_none());
    let admin = join(&router).role("admin").await.unwrap();
    let remove = admin.call("wamp.registration.remove_callee").arg(registered.id());
    remove.arg(callee.session()).kwarg("reason", "client.error.enough").await.unwrap();
    callee.settle().await;
    assert_eq!(registered.revoked().unwrap().uri(), "client.error.enough");
}

#[actix_web::test]
async fn a_sealed_payload_goes_to_a_callee_and_back() {
    let (callee, caller) = pair().await;
    let seal = Passthru { scheme: "x_ours".into(), serializer: None, cipher: None, keyid: None };
    let echo = async move |invoked: Invoked| {
        assert_eq!(invoked.details["ppt_scheme"], "x_ours");
        let (sealed,): (Binary,) = invoked.payload.args()?;
        Ok(Reply::new().arg(sealed).passthru(seal.clone()))
    };
    callee.register("client.echo", echo).await.unwrap();
    let call = caller.call("client.echo").option("ppt_scheme", "x_ours").arg(Binary(vec![7]));
    assert_eq!(call.await.unwrap().args::<(Binary,)>().unwrap().0, Binary(vec![7]));
}
