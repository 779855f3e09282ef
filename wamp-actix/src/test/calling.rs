//! A call of a test client: its arguments, its chunks, its progressive results.

use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use serde::Serialize;
use serde_json::{Map, Value, json};
use wamp_core::{Error, Payload};

use super::client::Client;
use super::requests::{Request, value, with_arguments, with_options};

/// A CALL to be sent: await it for the final RESULT, [`send`](Self::send) it to go on meanwhile, or
/// take its [`progress`](Self::progress).
#[must_use = "nothing is sent before it is awaited"]
#[allow(missing_debug_implementations, reason = "as `Client`")]
pub struct Call {
    request: Request,
    chunks: Vec<Value>,
    /// False if more chunks will follow.
    is_complete: bool,
}

with_options!(Call);
with_arguments!(Call);

impl Call {
    pub(super) fn new(client: Client, procedure: &str) -> Self {
        Self { request: Request::new(client, procedure), chunks: Vec::new(), is_complete: true }
    }

    /// Limits the time of the call, in whole milliseconds. Time passes only when the test advances
    /// [`Client::clock`].
    pub fn timeout(self, timeout: Duration) -> Self {
        let milliseconds = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self.option("timeout", milliseconds)
    }

    /// Makes the call a progressive call invocation, with these values one after the other: the
    /// first follows the positional arguments.
    ///
    /// ```
    /// use wamp_actix::test::join;
    /// use wamp_actix::{Chunks, Error, Router, handlers, rpc};
    ///
    /// #[rpc("com.example.sum")]
    /// async fn sum(mut numbers: Chunks<i64>) -> Result<i64, Error> {
    ///     let mut sum = 0;
    ///     while let Some(number) = numbers.next().await? {
    ///         sum += number;
    ///     }
    ///     Ok(sum)
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), wamp_actix::Error> {
    /// let router = Router::builder().handlers(handlers![sum]).build()?;
    /// let client = join(&router).await?;
    /// let sum = client.call("com.example.sum").chunks([20, 22]).await?;
    /// assert_eq!(sum.args::<(i64,)>()?, (42,));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// A value cannot be serialised.
    #[track_caller]
    pub fn chunks<T: Serialize>(mut self, chunks: impl IntoIterator<Item = T>) -> Self {
        for chunk in chunks {
            self.chunks.push(value(chunk));
        }
        self
    }

    /// Leaves the call open after the chunks, for more of them: [`Calling::chunk`],
    /// [`Calling::finish`].
    pub fn unfinished(mut self) -> Self {
        self.is_complete = false;
        self
    }

    /// Sends the CALL.
    pub fn send(self) -> Calling {
        let Self { request, chunks, is_complete } = self;
        let Request { client, uri, options, mut args, mut kwargs } = request;
        let id = client.next_request();
        let calling = Calling { client, id, uri, options, is_complete, outcome: None };
        let mut chunks = chunks.into_iter();
        args.extend(chunks.next());
        for chunk in chunks {
            calling.call(true, &args, &kwargs);
            (args, kwargs) = (vec![chunk], Map::new());
        }
        calling.call(!is_complete, &args, &kwargs);
        calling
    }

    /// Sends the CALL and asks for progressive results.
    ///
    /// ```
    /// use futures_util::{Stream, stream};
    /// use wamp_actix::test::join;
    /// use wamp_actix::{Progressive, Router, handlers, rpc};
    ///
    /// #[rpc("com.example.count")]
    /// async fn count(to: u32) -> Progressive<impl Stream<Item = u32>> {
    ///     Progressive(stream::iter(1..=to))
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), wamp_actix::Error> {
    /// let router = Router::builder().handlers(handlers![count]).build()?;
    /// let client = join(&router).await?;
    /// let mut counting = client.call("com.example.count").arg(3).progress();
    /// let mut numbers = Vec::new();
    /// while let Some(progress) = counting.next().await {
    ///     let (number,): (u32,) = progress.args()?;
    ///     numbers.push(number);
    /// }
    /// assert_eq!(numbers, [1, 2, 3]);
    /// assert!(counting.await?.is_empty(), "the final result has nothing to add");
    /// # Ok(())
    /// # }
    /// ```
    pub fn progress(self) -> Calling {
        self.option("receive_progress", true).send()
    }
}

impl IntoFuture for Call {
    type Output = Result<Payload, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.send().await })
    }
}

/// A call in flight: a stream of its progressive results. Await it for the final RESULT or the
/// ERROR; progressive results that were not taken before are left out. Dropping it leaves the call
/// as it is.
#[must_use = "await it for the final result"]
#[allow(missing_debug_implementations, reason = "as `Client`")]
pub struct Calling {
    client: Client,
    id: u64,
    uri: String,
    options: Map<String, Value>,
    is_complete: bool,
    /// The final result, once it is there.
    outcome: Option<Result<Payload, Error>>,
}

impl Calling {
    /// Waits for the next progressive result; `None` once the final RESULT or the ERROR is there.
    pub async fn next(&mut self) -> Option<Payload> {
        poll_fn(|context| self.poll_progress(context)).await
    }

    /// Sends another chunk.
    ///
    /// # Panics
    /// The call is complete, because it was not begun with [`Call::unfinished`], or is finished; or
    /// the value cannot be serialised.
    #[track_caller]
    pub fn chunk(&self, chunk: impl Serialize) {
        self.expect_unfinished();
        self.call(true, &[value(chunk)], &Map::new());
    }

    /// Tells the callee that the last chunk was sent.
    ///
    /// # Panics
    /// The call is complete, because it was not begun with [`Call::unfinished`], or is finished.
    #[track_caller]
    pub fn finish(&mut self) {
        self.expect_unfinished();
        self.is_complete = true;
        self.call(false, &[], &Map::new());
    }

    /// Sends CANCEL.
    ///
    /// ```
    /// use wamp_actix::test::{CancelMode, join};
    /// use wamp_actix::{Router, handlers, rpc};
    ///
    /// #[rpc("com.example.sleep")]
    /// async fn sleep() {
    ///     std::future::pending().await
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), wamp_actix::Error> {
    /// let router = Router::builder().handlers(handlers![sleep]).build()?;
    /// let sleeping = join(&router).await?.call("com.example.sleep").send();
    /// sleeping.cancel(CancelMode::KillNoWait);
    /// assert_eq!(sleeping.await.unwrap_err().uri(), "wamp.error.canceled");
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self, mode: CancelMode) {
        self.client.send(&json!([49, self.id, { "mode": mode.name() }]));
    }

    #[track_caller]
    fn expect_unfinished(&self) {
        let uri = &self.uri;
        assert!(!self.is_complete, "the call of {uri} is complete: begin it with `.unfinished()`");
    }

    /// Sends a CALL of this id.
    fn call(&self, goes_on: bool, args: &[Value], kwargs: &Map<String, Value>) {
        let mut options = self.options.clone();
        if goes_on {
            options.insert("progress".to_owned(), true.into());
        }
        self.client.send(&json!([48, self.id, options, self.uri, args, kwargs]));
    }

    fn poll_progress(&mut self, context: &mut Context<'_>) -> Poll<Option<Payload>> {
        if self.outcome.is_none() {
            match ready!(self.client.poll_answer(context, self.id)) {
                Ok(result) if result.is_progress(2) => return Poll::Ready(Some(result.payload(3))),
                outcome => self.outcome = Some(outcome.map(|result| result.payload(3))),
            }
        }
        Poll::Ready(None)
    }

    fn poll_outcome(&mut self, context: &mut Context<'_>) -> Poll<Result<Payload, Error>> {
        loop {
            if let Some(outcome) = self.outcome.take() {
                return Poll::Ready(outcome);
            }
            let _ = ready!(self.poll_progress(context));
        }
    }
}

impl Stream for Calling {
    type Item = Payload;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Payload>> {
        self.poll_progress(context)
    }
}

impl IntoFuture for Calling {
    type Output = Result<Payload, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(poll_fn(move |context| self.poll_outcome(context)))
    }
}

/// The effect of [`Calling::cancel`].
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the specification has these")]
pub enum CancelMode {
    /// The caller gets an ERROR at once; the handler runs on.
    Skip,
    /// The handler is told, and its answer is the caller's.
    Kill,
    /// The caller gets an ERROR at once, and the handler is told.
    KillNoWait,
}

impl CancelMode {
    fn name(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Kill => "kill",
            Self::KillNoWait => "killnowait",
        }
    }
}
