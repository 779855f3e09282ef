//! A connection is driven whenever there is something to do, and only then: what could be
//! forgotten.

#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use crate::support::{Client, frame};
use actix_web::body::{BodyStream, BoxBody, MessageBody as _};
use actix_web::dev::Service as _;
use actix_web::{App, HttpServer, rt};
use futures_util::FutureExt as _;
use futures_util::stream::poll_fn;
use wamp_actix::test::{Received, Serializer, join};
use wamp_actix::{Limits, Progress, Router, handlers, rpc, subscribe};

#[subscribe("test.feed")]
async fn feed() {}

/// A batch without answers that takes several turns, and a call in the same segment (T-15).
#[actix_web::test]
async fn what_comes_behind_a_long_batch_is_read() {
    for count in [63, 64, 65, 128, 129, 200] {
        let router = Router::builder().handlers([]).build().unwrap();
        let mut wire = join(&router).serializer(Serializer::JsonBatched).wire().await.unwrap();
        wire.send("[1,\"realm1\",{\"roles\":{\"caller\":{},\"publisher\":{}}}]\x1e");
        wire.receive().await.unwrap();
        let batch: String =
            (1..=count).map(|id| format!("[16,{id},{{}},\"no.topic\"]\x1e")).collect();
        let call = format!("[48,{},{{}},\"no.procedure\"]\x1e", count + 1);
        wire.send_bytes([frame(0x81, batch.as_bytes()), frame(0x81, call.as_bytes())].concat());
        // In a task of its own, which the end of the time does not poll once more.
        let answer = rt::spawn(async move { wire.receive().await });
        let answer = rt::time::timeout(Duration::from_secs(5), answer).await;
        assert!(matches!(answer, Ok(Ok(Some(Received::Text(_))))), "{count}: {answer:?}");
    }
}

/// A client that reads its output piece by piece, and cannot have seen the ping behind it.
#[actix_web::test]
async fn a_client_that_still_reads_is_not_given_up_for_a_pong() {
    let router = Router::builder().handlers(handlers![feed]).build().unwrap();
    let mut wire = join(&router).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"subscriber":{}}}]"#);
    wire.receive().await.unwrap();
    wire.send(r#"[32,1,{},"test.feed"]"#);
    wire.receive().await.unwrap();
    assert_eq!(wire.receive().now_or_never(), None);
    for _ in 0..12 {
        router
            .realm("realm1")
            .unwrap()
            .publish("test.feed")
            .arg("x".repeat(10_000))
            .send()
            .unwrap();
    }
    wire.clock().advance(Duration::from_secs(20));
    for _ in 0..4 {
        for _ in 0..3 {
            wire.receive().await.unwrap();
        }
        wire.clock().advance(Duration::from_secs(6));
    }
    assert_eq!(wire.receive().await, Some(Received::Ping));
    assert_eq!(wire.receive().now_or_never(), None, "it is still there");
}

/// The beginning of a message right after as many as are read in one turn.
#[actix_web::test]
async fn a_message_that_is_begun_has_its_time() {
    for count in [0, 63, 64, 65] {
        let limits = Limits::default().assembly_timeout(Duration::from_secs(5));
        let router = Router::builder().handlers([]).limits(limits).build().unwrap();
        let mut wire = join(&router).wire().await.unwrap();
        wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
        wire.receive().await.unwrap();
        let mut bytes = frame(0x8a, b"").repeat(count);
        bytes.extend_from_slice(&frame(0x81, b"[48,1,{},\"no.procedure\"]")[..9]);
        wire.send_bytes(bytes);
        for _ in 0..3 {
            assert_eq!(wire.receive().now_or_never(), None);
            rt::task::yield_now().await; // The connection rests after a turn.
        }
        wire.clock().advance(Duration::from_secs(6));
        assert_eq!(
            wire.receive().now_or_never(),
            Some(Some(Received::Close(Some(1008)))),
            "behind {count}"
        );
    }
}

#[rpc("test.elsewhere")]
async fn elsewhere(progress: Progress<u32>) {
    rt::spawn(async move {
        for number in 1..=3 {
            rt::task::yield_now().await;
            progress.send(number).await.unwrap();
        }
    });
    std::future::pending::<()>().await;
}

/// A task of its own wakes the connection while the handler waits for something else.
#[actix_web::test]
async fn progress_that_another_task_reports_is_sent_at_once() {
    let router = Router::builder().handlers(handlers![elsewhere]).build().unwrap();
    let mut wire = join(&router).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    wire.receive().await.unwrap();
    wire.send(r#"[48,1,{"receive_progress":true},"test.elsewhere"]"#);
    for number in 1..=3 {
        // In a task of its own, which the end of the time does not poll once more.
        let result = rt::spawn(async move { (wire.receive().await, wire) });
        let (received, same) =
            rt::time::timeout(Duration::from_secs(5), result).await.unwrap().unwrap();
        assert_eq!(
            received,
            Some(Received::Text(format!(r#"[50,1,{{"progress":true}},[{number}]]"#)))
        );
        wire = same;
    }
}

/// The time until the next ping begins with the pong, however long a pong may take.
#[actix_web::test]
async fn a_client_that_answered_a_ping_is_pinged_in_time_again() {
    let (ping_interval, pong_timeout) = (Duration::from_secs(20), Duration::from_secs(60));
    let limits = Limits::default().ping_interval(ping_interval).pong_timeout(pong_timeout);
    let router = Router::builder().handlers([]).limits(limits).build().unwrap();
    let mut wire = join(&router).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    wire.receive().await.unwrap();
    for _ in 0..3 {
        assert_eq!(wire.receive().now_or_never(), None);
        wire.clock().advance(ping_interval);
        assert_eq!(wire.receive().now_or_never(), Some(Some(Received::Ping)));
        wire.send_frame(0x8a, b"");
    }
}

/// A middleware that polls the body in its own task, which is not the one that fills the payload.
#[actix_web::test]
async fn a_body_that_another_task_polls_is_woken_for_input() {
    let router = Router::builder().handlers([]).build().unwrap();
    let app = move || {
        App::new()
            .wrap_fn(|request, service| {
                let response = service.call(request);
                async move {
                    Ok(response.await?.map_body(|_, body| {
                        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
                        let mut body = Box::pin(BoxBody::new(body));
                        rt::spawn(async move {
                            while let Some(bytes) =
                                std::future::poll_fn(|context| body.as_mut().poll_next(context))
                                    .await
                                && sender.send(bytes).is_ok()
                            {}
                        });
                        BoxBody::new(BodyStream::new(poll_fn(move |context| {
                            receiver.poll_recv(context)
                        })))
                    }))
                }
            })
            .service(router.endpoint("/ws").on_signal(false))
    };
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    rt::spawn(server.run());
    let client = rt::task::spawn_blocking(move || {
        // Twice: the first input may have been read before the body was polled at all.
        let mut client = Client::join(address);
        client.send(r#"[48,1,{},"no.procedure"]"#);
        assert!(client.message().starts_with("[8,48,1,"));
    });
    client.await.unwrap();
}
