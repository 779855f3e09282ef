//! A raw echo on tokio-tungstenite that answers everything which has arrived in one write.

use std::net::Ipv4Addr;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{accept_async, tungstenite};

fn main() -> peers::Result {
    peers::serve(async |port| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        peers::announce(listener.local_addr()?, "/");
        loop {
            let (stream, _) = listener.accept().await?;
            // An error is the end of that connection.
            tokio::spawn(async { echo(stream).await.ok() });
        }
    })
}

async fn echo(stream: TcpStream) -> tungstenite::Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = accept_async(stream).await?;
    while let Some(message) = connection.next().await {
        let mut next = Some(message);
        while let Some(message) = next {
            let message = message?;
            if message.is_text() || message.is_binary() {
                connection.feed(message).await?;
            }
            next = connection.next().now_or_never().flatten();
        }
        connection.flush().await?;
    }
    Ok(())
}
