//! Calls under random schedules, against a model: whatever comes when, each has exactly one RESULT
//! or ERROR (C-09).
//!
//! Callers call handlers of the application and procedures of two callees; these progress, answer,
//! fail and panic; calls are continued, cancelled and timed out; sessions are lost. The model knows
//! for each call what can have been its answer: if everything is looked at after each step, that is
//! one thing only.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, Once};
use std::task::{Poll, Waker};
use std::time::Duration;

use super::support::handlers::rpc;
use super::support::{Client, welcomed};
use futures_util::future::{Either, select};
use proptest::prelude::*;
use serde_json::{Value, json};
use wamp_core::__private::{
    BoxedAnswer as Work, Feature, HandlerEntry, Outcome, Plain as _, reply,
};
use wamp_core::{
    Cancelled, Chunks, Context, Error, FromContext as _, Left, ObservedCall, Observer, Progress,
    Realm, RequestOutcome, Router, Session,
};

const CALLERS: usize = 2;

/// Procedures, and how each behaves.
const PROCEDURES: [Procedure; 6] = [
    Procedure { uri: "work.plain", by: By::Handler, is_told: false, takes_chunks: false },
    Procedure { uri: "work.told", by: By::Handler, is_told: true, takes_chunks: false },
    Procedure { uri: "work.chunks", by: By::Handler, is_told: false, takes_chunks: true },
    Procedure { uri: "com.able", by: By::Callee, is_told: true, takes_chunks: true },
    // Its callee announces nothing.
    Procedure { uri: "com.plain", by: By::Callee, is_told: false, takes_chunks: false },
    Procedure { uri: "com.none", by: By::Nobody, is_told: false, takes_chunks: false },
];

#[derive(Debug)]
struct Procedure {
    uri: &'static str,
    by: By,
    /// The handler or callee is told of a cancellation, and goes on under `kill`.
    is_told: bool,
    takes_chunks: bool,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum By {
    Handler,
    Callee,
    Nobody,
}

#[derive(Clone, Debug)]
enum Step {
    Call { procedure: usize, receive_progress: bool, goes_on: bool, timeout: u64 },
    Chunk { last: bool },
    Cancel(&'static str),
    Order(Order),
    Wait(u64),
    LoseCaller,
    LoseCallee,
    Look,
}

/// The next step of a handler or callee at work on a call.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Order {
    Progress,
    Return,
    Fail,
    /// A callee that is a client leaves it at an ERROR.
    Panic,
}

fn step() -> impl Strategy<Value = Step> {
    let mode = prop::sample::select(vec!["skip", "kill", "killnowait"]);
    let order = prop::sample::select(vec![
        Order::Progress,
        Order::Progress,
        Order::Return,
        Order::Fail,
        Order::Panic,
    ]);
    let timeout = prop::sample::select(vec![0, 0, 10, 30]);
    prop_oneof![
        10 => (0..PROCEDURES.len(), any::<bool>(), any::<bool>(), timeout).prop_map(
            |(procedure, receive_progress, goes_on, timeout)| {
                Step::Call { procedure, receive_progress, goes_on, timeout }
            },
        ),
        5 => any::<bool>().prop_map(|last| Step::Chunk { last }),
        4 => mode.prop_map(Step::Cancel),
        12 => order.prop_map(Step::Order),
        3 => (1..25_u64).prop_map(Step::Wait),
        1 => Just(Step::LoseCaller),
        1 => Just(Step::LoseCallee),
        6 => Just(Step::Look),
    ]
}

// The handlers, which do what the schedule orders.

thread_local! {
    static STAGE: RefCell<HashMap<u64, Script>> = RefCell::default();
}

/// A caller's session and its request.
type Key = (u64, u64);

#[derive(Default)]
struct Script {
    orders: VecDeque<Order>,
    task: Option<Waker>,
}

/// A handler on the stage, until it is dropped. Its call's argument is its name.
struct Actor(u64);

impl Actor {
    fn enter(context: &Context) -> Result<Self, Error> {
        let (name,): (u64,) = context.payload().args().map_err(Error::invalid_argument)?;
        STAGE.with_borrow_mut(|stage| stage.insert(name, Script::default()));
        Ok(Self(name))
    }

    async fn order(&self) -> Order {
        poll_fn(|context| {
            STAGE.with_borrow_mut(|stage| {
                let script = stage.get_mut(&self.0).expect("it is on the stage");
                script.task = Some(context.waker().clone());
                script.orders.pop_front().map_or(Poll::Pending, Poll::Ready)
            })
        })
        .await
    }

    async fn act(&self, progress: &Progress<u64>) -> Result<u64, Error> {
        let mut sent = 0;
        loop {
            match self.order().await {
                Order::Progress => progress.send(sent).await?,
                Order::Return => return Ok(sent),
                Order::Fail => return Err(Error::new("com.failed")),
                Order::Panic => panic!("as ordered"),
            }
            sent += 1;
        }
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        STAGE.with_borrow_mut(|stage| stage.remove(&self.0));
    }
}

fn plain(context: Context) -> Work<()> {
    Box::pin(async move {
        let actor = Actor::enter(&context)?;
        let progress = Progress::from_context(&context).await?;
        let result = actor.act(&progress).await?;
        reply(&context, Outcome(result).reply())
    })
}

fn told(context: Context) -> Work<()> {
    Box::pin(async move {
        let _cancelled = Cancelled::from_context(&context).await?;
        plain(context).await
    })
}

/// Takes what comes, and answers when it is ordered to, be there more to come or not.
fn chunks(context: Context) -> Work<()> {
    Box::pin(async move {
        let actor = Actor::enter(&context)?;
        let progress = Progress::from_context(&context).await?;
        let mut chunks: Chunks<u64> = Chunks::from_context(&context).await?;
        let acting = std::pin::pin!(actor.act(&progress));
        let taking = std::pin::pin!(async {
            while let Ok(Some(_)) = chunks.next().await {}
            std::future::pending::<()>().await;
        });
        let Either::Left((result, _)) = select(acting, taking).await else {
            unreachable!("it never ends")
        };
        reply(&context, Outcome(result?).reply())
    })
}

static HANDLERS: &[HandlerEntry] = &[
    rpc("work.plain", plain),
    rpc("work.told", told),
    HandlerEntry {
        features: &[Some(Feature::ProgressiveCallInvocations)],
        ..rpc("work.chunks", chunks)
    },
];

// The model.

/// The end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Final {
    /// With the number of progressive results before it.
    Result(u64),
    Error(&'static str),
}

const CANCELED: Final = Final::Error("wamp.error.canceled");

#[derive(Debug)]
struct Call {
    /// Its argument, which no other call has.
    name: u64,
    procedure: &'static Procedure,
    receive_progress: bool,
    /// The caller has more to send.
    goes_on: bool,
    timeout: u64,
    /// When its time is over, in milliseconds.
    until: Option<u64>,
    /// Answers that were possible since the last look; one of them came, if there are any.
    possible: Vec<Final>,
    /// The caller has it.
    answered: bool,
    /// How many progressive results were ordered, and how many the caller got.
    progress: u64,
    received: u64,
    /// The invocation, as its callee knows it.
    invocation: Option<u64>,
    /// No handler or callee works on it any more.
    is_done: bool,
}

/// Records the calls that the observer sees. It notes faults, because its panics would be caught.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    open: HashSet<Key>,
    started: usize,
    ended: usize,
    faults: Vec<String>,
}

impl Ledger {
    fn key(call: &ObservedCall<'_>) -> Key {
        (call.session().id().get(), call.request().get())
    }

    fn assert_settled(&self) {
        let entries = self.0.lock().expect("no panic");
        assert!(entries.faults.is_empty(), "{:?}", entries.faults);
        assert!(entries.open.is_empty(), "never ended: {:?}", entries.open);
        assert_eq!(entries.started, entries.ended);
    }
}

impl Observer for Ledger {
    fn call_started(&self, call: &ObservedCall<'_>) {
        let mut entries = self.0.lock().expect("no panic");
        entries.started += 1;
        if !entries.open.insert(Self::key(call)) {
            entries.faults.push(format!("started twice: {call:?}"));
        }
    }

    fn call_ended(&self, call: &ObservedCall<'_>, outcome: RequestOutcome, _: Duration) {
        let mut entries = self.0.lock().expect("no panic");
        entries.ended += 1;
        if !entries.open.remove(&Self::key(call)) {
            entries.faults.push(format!("ended without a start: {call:?}, {outcome}"));
        }
    }

    fn session_closed(&self, session: &Session, _: Left) {
        let mut entries = self.0.lock().expect("no panic");
        if entries.open.iter().any(|(of, _)| *of == session.id().get()) {
            entries.faults.push(format!("calls outlive {session:?}"));
        }
    }
}

struct World {
    router: Router,
    ledger: Ledger,
    callers: Vec<Client>,
    requests: Vec<u64>,
    able: Client,
    plain: Client,
    calls: HashMap<Key, Call>,
    names: u64,
    now: u64,
    eager: bool,
}

fn session(router: &Router, features: &[&str]) -> Client {
    let features: Value = features.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
    let role = json!({ "features": features });
    let mut client = Client::connect(router);
    let welcome =
        client.ask(json!([1, "realm1", {"roles": {"caller": role, "callee": role}}]).to_string());
    client.id = welcomed(&welcome);
    client
}

fn caller(router: &Router) -> Client {
    session(router, &["progressive_call_invocations"])
}

fn callee(router: &Router, uri: &str) -> Client {
    let able: &[&str] =
        &["call_canceling", "progressive_call_results", "progressive_call_invocations"];
    let mut callee = session(router, if uri == "com.able" { able } else { &[] });
    assert_eq!(callee.ask(json!([64, 1, {}, uri]).to_string())[0], 65);
    callee
}

impl World {
    fn new(eager: bool) -> Self {
        STAGE.with_borrow_mut(HashMap::clear);
        let (realm, ledger) = (Realm::new("realm1").route_clients(true), Ledger::default());
        let router =
            Router::builder().realm(realm).handlers([HANDLERS]).observe(ledger.clone()).build();
        let router = router.expect("they are sound");
        Self {
            ledger,
            callers: (0..CALLERS).map(|_| caller(&router)).collect(),
            requests: vec![0; CALLERS],
            able: callee(&router, "com.able"),
            plain: callee(&router, "com.plain"),
            router,
            calls: HashMap::new(),
            names: 0,
            now: 0,
            eager,
        }
    }

    fn apply(&mut self, who: usize, nth: usize, step: &Step) {
        match *step {
            Step::Call { procedure, receive_progress, goes_on, timeout } => {
                self.call(who, &PROCEDURES[procedure], receive_progress, goes_on, timeout);
            }
            Step::Chunk { last } => self.chunk(who, nth, last),
            Step::Cancel(mode) => self.cancel(who, nth, mode),
            Step::Order(order) => self.order(nth, order),
            Step::Wait(time) => self.wait(time),
            Step::LoseCaller => self.lose_caller(who),
            Step::LoseCallee => self.lose_callee(nth.is_multiple_of(2)),
            Step::Look => self.look(),
        }
        if self.eager {
            self.look();
        }
    }

    fn call(
        &mut self,
        who: usize,
        procedure: &'static Procedure,
        receive_progress: bool,
        goes_on: bool,
        timeout: u64,
    ) {
        self.requests[who] += 1;
        let request = self.requests[who];
        let key = (self.callers[who].id, request);
        let options =
            json!({"receive_progress": receive_progress, "progress": goes_on, "timeout": timeout});
        let mut possible = Vec::new();
        if procedure.by == By::Nobody {
            possible.push(Final::Error("wamp.error.no_such_procedure"));
        } else if goes_on && !procedure.takes_chunks {
            possible.push(Final::Error("wamp.error.feature_not_supported"));
        }
        let is_done = !possible.is_empty();
        self.names += 1;
        let name = self.names;
        self.calls.insert(
            key,
            Call {
                name,
                procedure,
                // PR-01: the plain callee cannot be interrupted, and is not asked for progress.
                receive_progress: receive_progress && procedure.uri != "com.plain",
                goes_on,
                timeout,
                until: (timeout > 0 && !is_done).then_some(self.now + timeout),
                possible,
                answered: false,
                progress: 0,
                received: 0,
                invocation: None,
                is_done,
            },
        );
        self.callers[who].send(json!([48, request, options, procedure.uri, [name]]).to_string());
    }

    /// The nth call of a caller that is not done, in the order of their requests.
    fn pick(&self, who: usize, nth: usize, pick: impl Fn(&Call) -> bool) -> Option<Key> {
        let session = self.callers[who].id;
        let picked = self.calls.iter().filter(|((of, _), call)| *of == session && pick(call));
        let mut keys: Vec<Key> = picked.map(|(key, _)| *key).collect();
        keys.sort_unstable();
        (!keys.is_empty()).then(|| keys[nth % keys.len()])
    }

    /// Also of a call that is done: its caller cannot know.
    fn chunk(&mut self, who: usize, nth: usize, last: bool) {
        let Some(key) = self.pick(who, nth, |call| call.goes_on) else { return };
        let call = self.calls.get_mut(&key).expect("it was picked");
        call.goes_on = !last;
        let message = json!([48, key.1, {"progress": !last}, call.procedure.uri, [call.name]]);
        self.callers[who].send(message.to_string());
    }

    fn cancel(&mut self, who: usize, nth: usize, mode: &str) {
        let Some(key) = self.pick(who, nth, |_| true) else { return };
        let call = self.calls.get_mut(&key).expect("it was picked");
        let goes_on = mode == "kill" && call.procedure.is_told;
        if !call.answered && !goes_on {
            call.possible.push(CANCELED);
        }
        self.callers[who].send(json!([49, key.1, {"mode": mode}]).to_string());
    }

    /// A handler or callee goes on with a call, whether the caller still waits or not.
    fn order(&mut self, nth: usize, order: Order) {
        let mut keys: Vec<Key> =
            self.calls.iter().filter(|(_, call)| !call.is_done).map(|(key, _)| *key).collect();
        keys.sort_unstable();
        if keys.is_empty() {
            return;
        }
        let key = keys[nth % keys.len()];
        if self.calls[&key].procedure.by == By::Handler {
            self.order_handler(key, order);
        } else {
            self.order_callee(key, order);
        }
    }

    fn order_handler(&mut self, key: Key, order: Order) {
        let call = self.calls.get_mut(&key).expect("it was picked");
        let is_there = STAGE.with_borrow_mut(|stage| {
            let Some(script) = stage.get_mut(&call.name) else { return false };
            script.orders.push_back(order);
            if let Some(task) = script.task.take() {
                task.wake();
            }
            true
        });
        if !is_there {
            call.is_done = true;
            return;
        }
        let result = Final::Result(call.progress);
        call.ordered(order, result, "wamp.error.runtime_error", self.now);
    }

    fn order_callee(&mut self, key: Key, order: Order) {
        let call = self.calls.get_mut(&key).expect("it was picked");
        // Not seen yet.
        let Some(invocation) = call.invocation else { return };
        let message = match order {
            Order::Progress => json!([70, invocation, {"progress": true}, [call.progress]]),
            Order::Return => json!([70, invocation, {}, [call.progress]]),
            Order::Fail => json!([8, 68, invocation, {}, "com.failed"]),
            Order::Panic => json!([8, 68, invocation, {}, "com.panicked"]),
        };
        let callee =
            if call.procedure.uri == "com.able" { &mut self.able } else { &mut self.plain };
        callee.send(message.to_string());
        let result = Final::Result(call.progress);
        call.ordered(order, result, "com.panicked", self.now);
    }

    fn wait(&mut self, time: u64) {
        self.look();
        self.now += time;
        for call in self.calls.values_mut().filter(|call| !call.answered) {
            if call.until.is_some_and(|until| until <= self.now) {
                call.possible.push(Final::Error("wamp.error.timeout"));
            }
        }
        let time = Duration::from_millis(time);
        self.callers
            .iter_mut()
            .chain([&mut self.able, &mut self.plain])
            .for_each(|client| client.advance(time));
        self.look();
    }

    fn lose_caller(&mut self, who: usize) {
        let session = self.callers[who].id;
        self.callers[who].lose();
        for (_, call) in self.calls.extract_if(|(of, _), _| *of == session) {
            assert!(
                !STAGE.with_borrow(|stage| stage.contains_key(&call.name)),
                "a handler runs on: {call:?}"
            );
        }
        self.callers[who] = caller(&self.router);
        self.requests[who] = 0;
    }

    fn lose_callee(&mut self, able: bool) {
        let uri = if able { "com.able" } else { "com.plain" };
        let callee_of = if able { &mut self.able } else { &mut self.plain };
        callee_of.lose();
        *callee_of = callee(&self.router, uri);
        for call in self.calls.values_mut().filter(|call| call.procedure.uri == uri) {
            // C-10
            if !call.answered && !call.is_done {
                call.possible.push(CANCELED);
            }
            call.is_done = true;
        }
    }

    /// Everybody takes what there is, until there is nothing more; then every call that can have
    /// its answer has it.
    fn look(&mut self) {
        loop {
            let mut is_quiet = true;
            for who in 0..CALLERS {
                for message in self.callers[who].received() {
                    is_quiet = false;
                    self.answered(who, &message);
                }
            }
            for able in [true, false] {
                let callee = if able { &mut self.able } else { &mut self.plain };
                for message in callee.received() {
                    is_quiet = false;
                    self.invoked(able, &message);
                }
            }
            if is_quiet {
                break;
            }
        }
        for (key, call) in &mut self.calls {
            assert!(call.answered || call.possible.is_empty(), "{key:?} has no answer: {call:?}");
            call.possible.clear();
        }
        self.calls.retain(|_, call| !(call.answered && call.is_done && !call.goes_on));
    }

    fn answered(&mut self, who: usize, message: &Value) {
        let (request, is_error) = match message[0].as_u64() {
            Some(50) => (&message[1], false),
            Some(8) => (&message[2], true),
            _ => panic!("{message}"),
        };
        let key = (self.callers[who].id, request.as_u64().expect("an id"));
        let call = self.calls.get_mut(&key).unwrap_or_else(|| panic!("nobody waits for {message}"));
        assert!(!call.answered, "a second answer: {message}, {call:?}");
        if !is_error && message[2]["progress"] == true {
            assert!(call.receive_progress, "{message}");
            assert_eq!(message[3], json!([call.received]), "out of order");
            call.received += 1;
            assert!(call.received <= call.progress, "{message}");
            call.until = (call.timeout > 0).then_some(self.now + call.timeout); // TO-05
            return;
        }
        call.answered = true;
        let answer = match is_error {
            true => message[4].as_str().expect("a URI").to_owned(),
            false => message[3].to_string(),
        };
        let is_possible = call.possible.iter().any(|possible| match possible {
            Final::Result(progress) => {
                answer == format!("[{progress}]")
                    && (!call.receive_progress || call.received == *progress)
            }
            Final::Error(uri) => answer == *uri,
        });
        assert!(is_possible, "{message} is none of {:?}", call.possible);
        assert!(!self.eager || call.possible.len() == 1, "{call:?}");
    }

    fn invoked(&mut self, able: bool, message: &Value) {
        let invocation = message[1].as_u64().expect("an id");
        match message[0].as_u64() {
            Some(68) => {
                let name = message[4][0].as_u64().expect("the name");
                // It may be of a caller that has left.
                if let Some(call) = self.calls.values_mut().find(|call| call.name == name) {
                    assert_eq!(*call.invocation.get_or_insert(invocation), invocation, "PI-01");
                }
            }
            Some(69) => assert!(able, "it did not announce that it can be interrupted: {message}"),
            _ => panic!("{message}"),
        }
    }

    /// Everything comes to its end.
    fn finish(&mut self) {
        self.look();
        while let Some(key) = self.calls.iter().find(|(_, call)| !call.is_done).map(|(key, _)| *key)
        {
            if self.calls[&key].procedure.by == By::Handler {
                self.order_handler(key, Order::Return);
            } else if self.calls[&key].invocation.is_some() {
                self.order_callee(key, Order::Return);
            } else {
                // The caller gave it up before it was sent.
                assert!(self.calls[&key].answered, "nobody was asked: {:?}", self.calls[&key]);
                self.calls.get_mut(&key).expect("it is there").is_done = true;
            }
            self.look();
        }
        let waiting: Vec<_> = self.calls.values().filter(|call| !call.answered).collect();
        assert!(waiting.is_empty(), "{waiting:?}");
        assert!(STAGE.with_borrow(HashMap::is_empty), "a handler runs on");
    }
}

impl Call {
    fn ordered(&mut self, order: Order, result: Final, panicked: &'static str, now: u64) {
        let end = match order {
            Order::Progress => {
                self.progress += 1;
                // For a caller that asked; another has its time from the call on.
                if self.receive_progress && self.until.is_some() {
                    self.until = Some(now + self.timeout);
                }
                return;
            }
            Order::Return => result,
            Order::Fail => Final::Error("com.failed"),
            Order::Panic => Final::Error(panicked),
        };
        if !self.answered {
            self.possible.push(end);
        }
        self.is_done = true;
    }
}

/// Thousands of panics are as they should be; the others are shown.
fn silence_ordered_panics() {
    static SILENCE: Once = Once::new();
    SILENCE.call_once(|| {
        let show = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref() != Some(&"as ordered") {
                show(panic);
            }
        }));
    });
}

fn cases() -> u32 {
    // 10 000 in CI, which sets `CI`; a minute of a developer's time is worth more.
    if std::env::var_os("CI").is_some() { 10_000 } else { 1_000 }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn each_call_has_exactly_one_answer_under_every_schedule_c_09(
        eager in any::<bool>(),
        steps in prop::collection::vec((0..CALLERS, 0..8_usize, step()), 1..60),
    ) {
        silence_ordered_panics();
        let mut world = World::new(eager);
        for (who, nth, step) in &steps {
            world.apply(*who, *nth, step);
        }
        world.finish();
        world.ledger.assert_settled();
    }

    #[test]
    fn each_call_that_starts_ends_once_if_all_leave_or_the_router_shuts_down(
        eager in any::<bool>(),
        shuts_down in any::<bool>(),
        steps in prop::collection::vec((0..CALLERS, 0..8_usize, step()), 1..30),
    ) {
        silence_ordered_panics();
        let mut world = World::new(eager);
        for (who, nth, step) in &steps {
            world.apply(*who, *nth, step);
        }
        let ledger = world.ledger.clone();
        if shuts_down {
            drop(world.router.shutdown(Duration::ZERO));
            world.callers.iter_mut().for_each(Client::poll);
            ledger.assert_settled();
        }
        drop(world);
        ledger.assert_settled();
    }
}
