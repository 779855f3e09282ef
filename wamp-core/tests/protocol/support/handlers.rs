//! Handlers as the macros would write them. What they wait for, a test opens; what they see, the
//! journal tells.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll, Waker};

use futures_util::Stream;
use serde::{Serialize, Serializer};
use serde_json::Value;
use wamp_core::__private::{
    Acceptance, Arena, Arguments, BoxedAnswer, Capture, Entry, HandlerEntry, Outcome, Parameter,
    Plain as _, accept, admit, reply,
};
use wamp_core::{
    Args, Context, Error, Events, FromContext as _, Hold, IntoAcceptance, Kwargs, Publication, Raw,
    Realm, Reply, Session, Snapshot, Subscription,
};

pub(crate) const fn rpc(uri: &'static str, run: fn(Context) -> BoxedAnswer<()>) -> HandlerEntry {
    handler(uri, Entry::Rpc(run))
}

pub(crate) const fn subscribe(
    uri: &'static str,
    run: fn(Context) -> BoxedAnswer<Acceptance>,
) -> HandlerEntry {
    handler(uri, Entry::Subscribe(run))
}

pub(crate) const fn publish(
    uri: &'static str,
    run: fn(Context) -> BoxedAnswer<()>,
) -> HandlerEntry {
    handler(uri, Entry::Publish(run))
}

pub(crate) const fn session(run: fn(Context) -> BoxedAnswer<Acceptance>) -> HandlerEntry {
    handler("", Entry::Session(run))
}

const fn handler(uri: &'static str, entry: Entry) -> HandlerEntry {
    let function = "support::handlers";
    HandlerEntry {
        entry,
        uri,
        realm: None,
        roles: &[],
        features: &[],
        timeout: None,
        retain: false,
        subscribe: false,
        function,
        file: file!(),
        line: 1,
        around: &[],
        parameters: &[],
    }
}

pub(crate) static ALL: &[HandlerEntry] = &[
    rpc("test.add", add),
    rpc("test.echo", echo),
    rpc("test.greet", greet),
    rpc("test.count", count),
    rpc("test.nothing", nothing),
    rpc("test.pair", pair),
    rpc("test.kwargs", kwargs),
    rpc("test.all", all),
    rpc("test.fail", fail),
    rpc("test.panic", panic),
    rpc("test.panic_in_drop", panic_in_drop),
    rpc("test.panic_in_result", panic_in_result),
    rpc("test.wait", wait),
    rpc("test.wait_and_panic", wait_and_panic),
    rpc("test.wait_then_panic", wait_then_panic),
    rpc("test.panic_while_written", panic_while_written),
    rpc("test.keys", keys),
    rpc("test.fail_with_keys", fail_with_keys),
    rpc("test.close", close),
    rpc("test.keep", keep),
    rpc("test.long", long),
    rpc("test.publish", publish_from_a_call),
    rpc("test.item.{name}", capture),
    rpc("test.rest.{path..}", rest),
    HandlerEntry { roles: &["staff", "boss"], ..rpc("test.staff", nothing) },
    HandlerEntry { realm: Some("realm1"), ..rpc("test.realm1", nothing) },
    subscribe("sub.accept", accepting),
    subscribe("sub.refuse", refusing),
    subscribe("sub.panic", panicking),
    subscribe("sub.hold", holding),
    subscribe("sub.sore", sore),
    subscribe("sub.emit", emitting),
    subscribe("sub.publish", publishing_meanwhile),
    HandlerEntry { roles: &["staff"], ..subscribe("sub.staff", accepting) },
    subscribe("hold.{name}", holding),
    publish("hold.{name}", letting_through),
    subscribe("gated.{name}", gated),
    subscribe("feed.{name}", feeding),
    subscribe("snapshot.{name}", snapshot),
    publish("pub.accept", letting_through),
    publish("pub.refuse", turning_down),
    publish("pub.panic", panic),
    HandlerEntry { roles: &["staff"], ..publish("pub.staff", letting_through) },
    publish("slow.{name}", slow),
    publish("gated.{name}", letting_through),
    publish("snapshot.{name}", letting_through),
    publish("feed.{name}", letting_through),
    publish("sub.hold", letting_through),
    publish("sub.sore", letting_through),
    subscribe("slow.{name}", accepting),
    subscribe("pub.refuse", accepting),
    subscribe("pub.panic", accepting),
];

// State that the tests see and steer.

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

#[derive(Default)]
struct World {
    journal: Vec<String>,
    gates: HashMap<String, VecDeque<Rc<RefCell<Gate>>>>,
    feeds: HashMap<String, Feed>,
    subscription: Option<Subscription>,
    alive: usize,
}

#[derive(Default)]
struct Gate {
    verdict: Option<Result<(), Error>>,
    task: Option<Waker>,
}

#[derive(Default)]
struct Feed {
    items: VecDeque<Option<Value>>,
    task: Option<Waker>,
}

fn world<T>(look: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with_borrow_mut(look)
}

pub(crate) fn reset() {
    let earlier = world(std::mem::take);
    drop(earlier);
}

pub(crate) fn note(entry: impl Into<String>) {
    world(|world| world.journal.push(entry.into()));
}

/// Returns the notes since the last look.
pub(crate) fn journal() -> Vec<String> {
    world(|world| std::mem::take(&mut world.journal))
}

/// The handle that the latest handler of `sub.emit` had.
pub(crate) fn subscription() -> Subscription {
    world(|world| world.subscription.clone()).expect("somebody subscribed")
}

/// How many handlers wait, streams run and values are held.
pub(crate) fn alive() -> usize {
    world(|world| world.alive)
}

/// How many handlers wait at the gate of this name.
pub(crate) fn waiting(name: &str) -> usize {
    world(|world| world.gates.get(name).map_or(0, VecDeque::len))
}

/// Lets the handler go on that has waited longest.
#[track_caller]
pub(crate) fn open(name: &str) {
    decide(name, Ok(()));
}

/// Lets it fail.
#[track_caller]
pub(crate) fn refuse(name: &str) {
    decide(name, Err(Error::new("test.error.refused").arg("not today")));
}

#[track_caller]
fn decide(name: &str, verdict: Result<(), Error>) {
    let gate = world(|world| world.gates.get_mut(name).and_then(VecDeque::pop_front));
    let gate = gate.expect("nobody waits at this gate");
    gate.borrow_mut().verdict = Some(verdict);
    let task = gate.borrow_mut().task.take();
    task.into_iter().for_each(Waker::wake);
}

pub(crate) fn feed(name: &str, item: impl Into<Value>) {
    give(name, Some(item.into()));
}

pub(crate) fn end_feed(name: &str) {
    give(name, None);
}

fn give(name: &str, item: Option<Value>) {
    let task = world(|world| {
        let feed = world.feeds.entry(name.to_owned()).or_default();
        feed.items.push_back(item);
        feed.task.take()
    });
    task.into_iter().for_each(Waker::wake);
}

/// Tells the journal when it is dropped.
struct Tracked(String);

impl Tracked {
    fn new(name: impl Into<String>) -> Self {
        world(|world| world.alive += 1);
        Self(name.into())
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        world(|world| {
            world.alive = world.alive.saturating_sub(1); // A reset may have come between.

            world.journal.push(format!("dropped {}", self.0));
        });
    }
}

struct Sore;

impl Drop for Sore {
    fn drop(&mut self) {
        note("sore");
        panic!("a secret of Drop");
    }
}

impl Serialize for Sore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("sore")
    }
}

pub(crate) struct Waiting {
    name: String,
    gate: Rc<RefCell<Gate>>,
    _tracked: Tracked,
}

pub(crate) fn wait_at(name: &str) -> Waiting {
    let gate = Rc::new(RefCell::new(Gate::default()));
    world(|world| world.gates.entry(name.to_owned()).or_default().push_back(Rc::clone(&gate)));
    Waiting { name: name.to_owned(), gate, _tracked: Tracked::new(format!("wait {name}")) }
}

impl Future for Waiting {
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let mut gate = self.gate.borrow_mut();
        match gate.verdict.take() {
            Some(verdict) => Poll::Ready(verdict),
            None => {
                gate.task = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        world(|world| {
            if let Some(gates) = world.gates.get_mut(&self.name) {
                gates.retain(|gate| !Rc::ptr_eq(gate, &self.gate));
            }
        });
    }
}

struct Fed {
    name: String,
    _tracked: Tracked,
}

impl Stream for Fed {
    type Item = Value;

    fn poll_next(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Option<Value>> {
        world(|world| {
            let feed = world.feeds.entry(self.name.clone()).or_default();
            if let Some(item) = feed.items.pop_front() {
                return Poll::Ready(item);
            }
            feed.task = Some(context.waker().clone());
            Poll::Pending
        })
    }
}

// Procedures.

pub(crate) const fn named(name: &'static str) -> Parameter {
    Parameter { name, camel: name, is_keyword: false }
}

fn add(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let (a, b): (i64, i64) = (arguments.take(&named("a"))?, arguments.take(&named("b"))?);
        arguments.finish()?;
        reply(&context, Outcome(a + b).reply())
    })
}

fn echo(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let value: Raw<'_> = arguments.take(&named("value"))?;
        arguments.finish()?;
        reply(&context, Outcome(value).reply())
    })
}

/// Two arguments that may be absent.
fn greet(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let name: Option<&str> = arguments.take(&named("name"))?;
        let times = arguments.take_or(&named("times"), || 1)?;
        arguments.finish()?;
        reply(&context, Outcome(name.unwrap_or("you").repeat(times)).reply())
    })
}

/// One argument, and as many more as there are.
fn count(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let first: u32 = arguments.take(&named("first"))?;
        let more: Vec<u32> = arguments.take_args(&named("more"))?;
        let options: HashMap<String, u32> = arguments.take_kwargs(&named("options"))?;
        arguments.finish()?;
        let sum = first + more.iter().sum::<u32>() + options.values().sum::<u32>();
        reply(&context, Outcome(sum).reply())
    })
}

pub(crate) fn nothing(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move { reply(&context, Outcome(()).reply()) })
}

fn pair(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move { reply(&context, Outcome(Args((1, "two"))).reply()) })
}

fn kwargs(context: Context) -> BoxedAnswer<()> {
    #[derive(Serialize)]
    struct Found {
        title: &'static str,
    }
    Box::pin(async move { reply(&context, Outcome(Kwargs(Found { title: "WAMP" })).reply()) })
}

/// All arguments, as they came.
fn all(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let args: Vec<Value> = context.payload().args().map_err(Error::invalid_argument)?;
        let kwargs: HashMap<String, Value> =
            context.payload().kwargs().map_err(Error::invalid_argument)?;
        let all = args.into_iter().fold(Reply::new(), Reply::arg);
        let all = kwargs.into_iter().fold(all, |reply, (key, value)| reply.kwarg(&key, value));
        reply(&context, Outcome(all).reply())
    })
}

fn fail(_: Context) -> BoxedAnswer<()> {
    Box::pin(async {
        Err(Error::new("test.error.failed").arg("out of luck").arg(2).kwarg("left", 3))
    })
}

fn panic(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { panic!("a secret of the handler") })
}

fn panic_in_drop(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let body = async {
            let _sore = Sore;
            1
        };
        reply(&context, Outcome(body.await).reply())
    })
}

/// Its result panics while it is dropped, after it was written.
fn panic_in_result(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move { reply(&context, Outcome(Sore).reply()) })
}

/// Waits at the gate that its argument names, and hands the name back.
fn wait(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let (name,): (String,) = context.payload().args().map_err(Error::invalid_argument)?;
        wait_at(&name).await?;
        reply(&context, Outcome(name).reply())
    })
}

/// Waits for ever, and panics when it is dropped.
fn wait_and_panic(_: Context) -> BoxedAnswer<()> {
    Box::pin(async {
        let _sore = Sore;
        std::future::pending().await
    })
}

fn wait_then_panic(_: Context) -> BoxedAnswer<()> {
    Box::pin(async {
        wait_at("a").await?;
        panic!("a secret of the handler")
    })
}

fn panic_while_written(context: Context) -> BoxedAnswer<()> {
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("a secret of Serialize")
        }
    }
    Box::pin(async move { reply(&context, Outcome(Args((1, Panics))).reply()) })
}

/// A map whose keys JSON cannot have, after a part that it can.
fn keys(context: Context) -> BoxedAnswer<()> {
    Box::pin(
        async move { reply(&context, Outcome(Args((1, HashMap::from([(vec![1], 1)])))).reply()) },
    )
}

fn fail_with_keys(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { Err(Error::new("test.error.failed").arg(HashMap::from([(vec![1], 1)]))) })
}

/// Ends its session for the reason that its argument gives.
fn close(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let (reason,): (String,) = context.payload().args().map_err(Error::invalid_argument)?;
        context.session().close(reason);
        reply(&context, Outcome(()).reply())
    })
}

/// Keeps what panics when it is dropped with the session.
fn keep(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        context.session().data().insert(Sore);
        reply(&context, Outcome(()).reply())
    })
}

/// A text of so many characters.
fn long(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let (length,): (usize,) = context.payload().args().map_err(Error::invalid_argument)?;
        reply(&context, Outcome("x".repeat(length)).reply())
    })
}

fn publish_from_a_call(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let (topic, value): (String, Value) =
            context.payload().args().map_err(Error::invalid_argument)?;
        Realm::from_context(&context).await?.publish(topic).arg(value).send()?;
        reply(&context, Outcome(()).reply())
    })
}

fn capture(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let arguments = Arguments::of(&context, &arena);
        let name: &str = arguments.capture(&named("name"), Capture::Component(2))?;
        reply(&context, Outcome(name).reply())
    })
}

fn rest(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let arguments = Arguments::of(&context, &arena);
        let path: &str = arguments.capture(&named("path"), Capture::Rest("test.rest.".len()))?;
        reply(&context, Outcome(path).reply())
    })
}

// Subscriptions.

pub(crate) fn accepting(_: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async {
        note("subscribe");
        accept(())
    })
}

pub(crate) fn refusing(_: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async { Err(Error::new("test.error.refused").arg("not today")) })
}

fn panicking(_: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async { panic!("a secret of the handler") })
}

fn holding(context: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async move { accept(Hold(Tracked::new(context.uri()))) })
}

/// Holds what panics when it is dropped, twice.
fn sore(_: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async { accept((Hold(Sore), Hold(Sore))) })
}

fn emitting(context: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async move {
        let subscription = Subscription::from_context(&context).await?;
        subscription.emit("welcome")?;
        world(|world| world.subscription = Some(subscription));
        accept(())
    })
}

fn publishing_meanwhile(context: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async move {
        context.session().realm().publish(context.uri()).arg("meanwhile").send()?;
        accept(shown("snapshot"))
    })
}

/// Waits at the gate that has the topic's name, and holds a value after that.
pub(crate) fn gated(context: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async move {
        note("subscribe");
        wait_at(context.uri()).await?;
        accept(Hold(Tracked::new(format!("hold {}", context.uri()))))
    })
}

/// `Events` whose items are no `Result`s, as an expansion takes them apart.
pub(crate) fn events<S>(stream: S) -> impl IntoAcceptance
where
    S: Stream + 'static,
    S::Item: Serialize,
{
    Outcome(Events(stream)).events(Ok::<_, Infallible>)
}

/// A `Snapshot` that is no `Result`, as an expansion takes it apart.
pub(crate) fn shown(value: impl Serialize) -> impl IntoAcceptance {
    Outcome(Snapshot(value)).events(Ok::<_, Infallible>)
}

fn feeding(context: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async move {
        let name = context.uri().to_owned();
        let tracked = Tracked::new(format!("stream {name}"));
        accept(events(Fed { name, _tracked: tracked }))
    })
}

pub(crate) fn snapshot(context: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async move {
        wait_at(context.uri()).await?;
        accept((shown("snapshot"), events(futures_util::stream::iter(["stream"]))))
    })
}

// Publications.

pub(crate) fn letting_through(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { Ok(()) })
}

fn turning_down(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { Err(Error::new("test.error.refused").arg("not today")) })
}

/// Waits at the gate that has the topic's name.
fn slow(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let publication = Publication::from_context(&context).await?;
        note(format!("publish {}", publication.payload()));
        wait_at(context.uri()).await
    })
}

// Sessions.

/// Holds a value as long as the session is open.
pub(crate) fn admitting(context: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async move {
        let session = Session::from_context(&context).await?;
        admit(Hold(Tracked::new(format!("session in {}", session.realm().name()))))
    })
}

pub(crate) fn locking_out(_: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async { Err(Error::new("test.error.locked_out").arg("come back tomorrow")) })
}

pub(crate) fn breaking_down(_: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async { panic!("a secret of the handler") })
}

/// Waits at the gate `door`, and holds what panics when it is dropped.
pub(crate) fn hesitating(_: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async {
        note("hesitates");
        wait_at("door").await?;
        admit(Hold(Sore))
    })
}
