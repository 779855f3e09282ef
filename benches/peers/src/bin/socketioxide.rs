//! socketioxide on axum, WebSocket only: `bench.add`, `bench.echo` and `bench.publish` to a room,
//! all acknowledged.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::serve::ListenerExt;
use serde_json::Value;
use socketioxide::extract::{AckSender, Data, SocketRef};
use socketioxide::{SocketIo, TransportType};
use tokio::net::TcpListener;

const ROOM: &str = "bench.topic";
/// Packets that wait to be written, per connection; past that they are dropped (its default is
/// 128).
const MAX_BUFFERED: usize = 65_536;
/// So long that the load generator need not answer pings.
const PING: Duration = Duration::from_secs(3600);

fn main() -> peers::Result {
    peers::serve(async |port| {
        let (layer, io) = SocketIo::builder()
            .transports([TransportType::Websocket])
            .max_buffer_size(MAX_BUFFERED)
            .ping_interval(PING)
            .ping_timeout(PING)
            .build_layer();
        io.ns("/", connected);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        peers::announce(listener.local_addr()?, "/socket.io/?EIO=4&transport=websocket");
        let listener =
            listener.tap_io(|stream| stream.set_nodelay(true).expect("a new socket is open"));
        Ok(axum::serve(listener, axum::Router::new().layer(layer)).await?)
    })
}

async fn connected(socket: SocketRef) {
    socket.on("bench.add", add);
    socket.on("bench.echo", echo);
    socket.on("bench.subscribe", subscribe);
    socket.on("bench.publish", publish);
}

// An acknowledgement fails if its client has gone.

async fn add(Data((a, b)): Data<(i64, i64)>, ack: AckSender) {
    ack.send(&(a + b)).ok();
}

async fn echo(Data(value): Data<Value>, ack: AckSender) {
    ack.send(&value).ok();
}

async fn subscribe(socket: SocketRef, ack: AckSender) {
    socket.join(ROOM);
    ack.send(&()).ok();
}

async fn publish(socket: SocketRef, Data(event): Data<u64>, ack: AckSender) {
    socket.to(ROOM).emit("bench.event", &event).await.ok();
    ack.send(&event).ok();
}
