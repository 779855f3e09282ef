//! The callee that a router needs, which has no handlers of its own.

use tokio::task::{AbortHandle, spawn_local};

use crate::Result;
use crate::client::{Client, Endpoint, unexpected};
use crate::dialect::{Dialect, Exchange};
use crate::scenario::Procedure;
use crate::serializer::Serializer;

const BUFFER_BYTES: usize = 256 * 1024;

/// A registered callee, until it is dropped.
pub(crate) struct Callee(AbortHandle);

impl Drop for Callee {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Registers `procedure` and answers its calls in the background.
pub(crate) async fn register(
    endpoint: &Endpoint,
    serializer: Serializer,
    procedure: Procedure,
) -> Result<Callee> {
    let mut client = Client::join(endpoint, Dialect::Wamp(serializer), BUFFER_BYTES).await?;
    let registration = Dialect::register(serializer, &mut client, procedure).await?;
    let invocation = Dialect::invocation(serializer, registration, procedure);
    let task = spawn_local(async move {
        if let Err(error) = answer(client, invocation).await {
            eprintln!("the callee stopped: {error}");
        }
    });
    Ok(Callee(task.abort_handle()))
}

async fn answer(mut client: Client, invocation: Exchange) -> Result<()> {
    let mut answers = Vec::new();
    loop {
        client.fill().await?;
        while let Some(message) = client.next_message()? {
            let numbers = invocation.request.read(message).ok_or_else(|| unexpected(message))?;
            answers.extend(invocation.reply.frame(numbers.first));
        }
        client.queue(&answers);
        answers.clear();
        client.flush().await?;
    }
}
