//! jsonrpsee: `bench.add`, `bench.echo` and `bench.publish` to the subscriptions made by
//! `bench.subscribe`.

use std::net::Ipv4Addr;

use jsonrpsee::core::{JsonRawValue, RpcResult, SubscriptionResult, to_json_raw_value};
use jsonrpsee::server::{PendingSubscriptionSink, RpcModule, Server, ServerConfig};
use tokio::sync::broadcast;

/// Its default is 100.
const MAX_CONNECTIONS: u32 = 10_000;
/// Messages that wait to be written, per connection; past that jsonrpsee stops reading (its default
/// is 1 024).
const MAX_BUFFERED: u32 = 16_384;
/// Events that a subscription may be behind; past that it loses some.
const MAX_LAG: usize = 16_384;

fn main() -> peers::Result {
    peers::serve(async |port| {
        let config = ServerConfig::builder()
            .ws_only()
            .max_connections(MAX_CONNECTIONS)
            .set_message_buffer_capacity(MAX_BUFFERED)
            .set_tcp_no_delay(true)
            .build();
        let server = Server::builder().set_config(config).build((Ipv4Addr::LOCALHOST, port)).await?;
        peers::announce(server.local_addr()?, "/");
        server.start(methods()?).stopped().await;
        Ok(())
    })
}

fn methods() -> peers::Result<RpcModule<broadcast::Sender<u64>>> {
    let mut module = RpcModule::new(broadcast::Sender::new(MAX_LAG));
    module.register_method("bench.add", |params, _, _| -> RpcResult<i64> {
        let [a, b] = params.parse::<[i64; 2]>()?;
        Ok(a + b)
    })?;
    module.register_method("bench.echo", |params, _, _| params.one::<Box<JsonRawValue>>())?;
    module.register_method("bench.publish", |params, topic, _| -> RpcResult<u64> {
        let event = params.one()?;
        // It fails if there are no subscribers.
        let _ = topic.send(event);
        Ok(event)
    })?;
    module.register_subscription(
        "bench.subscribe",
        "bench.event",
        "bench.unsubscribe",
        |_, pending, topic, _| forward(pending, topic.subscribe()),
    )?;
    Ok(module)
}

/// Sends every event to one subscription, until that ends.
async fn forward(
    pending: PendingSubscriptionSink,
    mut events: broadcast::Receiver<u64>,
) -> SubscriptionResult {
    let sink = pending.accept().await?;
    loop {
        tokio::select! {
            () = sink.closed() => return Ok(()),
            event = events.recv() => sink.send(to_json_raw_value(&event?)?).await?,
        }
    }
}
