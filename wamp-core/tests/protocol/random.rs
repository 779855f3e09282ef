//! Sessions that do anything: against a model, and with noise.

use std::collections::{HashMap, HashSet, VecDeque};

use super::support::{self, Client, handlers, hello, list, router};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use wamp_core::Router;

const CLIENTS: usize = 3;

/// Open to all; held by a value; decided when the model says so.
const TOPICS: [&str; 5] = ["open.a", "open.b", "hold.c", "gated.d", "slow.e"];

const GATED: u64 = 3;

/// One step of one client.
#[derive(Clone, Debug)]
enum Step {
    Subscribe(usize),
    Unsubscribe(usize),
    Publish {
        topic: usize,
        acknowledge: bool,
        exclude_me: bool,
    },
    Call(&'static str),
    /// The call, subscription or publication that has waited longest goes on, or fails.
    Open(&'static str, bool),
    Goodbye,
    /// The client reads what the server has sent so far.
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    let call = prop::sample::select(vec![
        "test.add",
        "test.wait",
        "test.fail",
        "test.panic",
        "test.none",
        "a..b",
    ]);
    let gate = prop::sample::select(vec!["call", "gated.d", "slow.e"]);
    prop_oneof![
        6 => (0..TOPICS.len()).prop_map(Step::Subscribe),
        4 => any::<prop::sample::Index>()
            .prop_map(|index| Step::Unsubscribe(index.index(TOPICS.len()))),
        10 => (0..TOPICS.len(), any::<bool>(), any::<bool>()).prop_map(
            |(topic, acknowledge, exclude_me)| Step::Publish { topic, acknowledge, exclude_me },
        ),
        4 => call.prop_map(Step::Call),
        6 => (gate, any::<bool>()).prop_map(|(gate, well)| Step::Open(gate, well)),
        1 => Just(Step::Goodbye),
        6 => Just(Step::Look),
    ]
}

/// A client's knowledge of its session, from the messages that it sent and got.
#[derive(Default)]
struct Known {
    request: u64,
    /// Requests without their answer: the type code, and the topic.
    outstanding: HashMap<u64, (u64, usize)>,
    /// Topics by subscription id, from SUBSCRIBED to UNSUBSCRIBED.
    subscribed: HashMap<u64, usize>,
    /// The ids that were asked to end.
    ending: HashMap<u64, u64>,
    /// The last event of each publisher; apart for the topic whose events are held back until it is
    /// decided.
    seen: HashMap<(u64, bool), u64>,
}

struct Peer {
    client: Client,
    known: Known,
}

struct World {
    router: Router,
    peers: Vec<Peer>,
    published: u64,
    /// For each topic that needs no decision, who certainly gets the next event of it.
    subscribers: HashMap<usize, HashSet<usize>>,
    /// Events that must come, and nothing between them on these topics: topic and number.
    expected: Vec<VecDeque<(usize, u64)>>,
}

/// Their SUBSCRIBE and PUBLISH are decided at once, so that the model knows who gets what.
fn is_immediate(topic: usize) -> bool {
    topic < 3
}

impl World {
    fn new() -> Self {
        let router = router();
        let peers = (0..CLIENTS)
            .map(|_| Peer { client: Client::join(&router), known: Known::default() })
            .collect();
        Self {
            router,
            peers,
            published: 0,
            subscribers: HashMap::new(),
            expected: vec![VecDeque::new(); CLIENTS],
        }
    }

    fn apply(&mut self, who: usize, step: &Step) {
        match *step {
            Step::Subscribe(topic) => {
                let request = self.request(who, 32, topic);
                self.send(who, format!(r#"[32,{request},{{}},"{}"]"#, TOPICS[topic]));
                if is_immediate(topic) {
                    self.subscribers.entry(topic).or_default().insert(who);
                }
            }
            Step::Unsubscribe(topic) => self.unsubscribe(who, topic),
            Step::Publish { topic, acknowledge, exclude_me } => {
                self.publish(who, topic, acknowledge, exclude_me);
            }
            Step::Call(procedure) => {
                let request = self.request(who, 48, 0);
                let arguments = if procedure == "test.wait" { r#"["call"]"# } else { "[1,2]" };
                self.send(who, format!(r#"[48,{request},{{}},"{procedure}",{arguments}]"#));
            }
            Step::Open(gate, _) if handlers::waiting(gate) == 0 => {}
            Step::Open(gate, well) => {
                if well {
                    handlers::open(gate);
                } else {
                    handlers::refuse(gate);
                }
                self.peers.iter_mut().for_each(|peer| peer.client.poll());
            }
            Step::Goodbye => self.goodbye(who),
            Step::Look => self.look(who),
        }
    }

    fn send(&mut self, who: usize, message: String) {
        self.peers[who].client.send(message);
    }

    fn request(&mut self, who: usize, code: u64, topic: usize) -> u64 {
        let known = &mut self.peers[who].known;
        known.request += 1;
        known.outstanding.insert(known.request, (code, topic));
        known.request
    }

    /// Of a subscription that the client knows of, or else of one that is not its own.
    fn unsubscribe(&mut self, who: usize, topic: usize) {
        let request = self.request(who, 34, topic);
        let known = &mut self.peers[who].known;
        let id =
            known.subscribed.iter().find(|(_, of)| **of == topic).map_or(1 << 50, |(id, _)| *id);
        known.ending.insert(request, id);
        self.send(who, format!("[34,{request},{id}]"));
        if id != 1 << 50 {
            self.subscribers.entry(topic).or_default().remove(&who);
        }
    }

    fn publish(&mut self, who: usize, topic: usize, acknowledge: bool, exclude_me: bool) {
        let request = self.request(who, 16, topic);
        self.published += 1;
        let (number, uri) = (self.published, TOPICS[topic]);
        if !acknowledge {
            self.peers[who].known.outstanding.remove(&request);
        }
        let options = format!(r#"{{"acknowledge":{acknowledge},"exclude_me":{exclude_me}}}"#);
        // A publication that waits holds its publisher's later ones back: then the model does not
        // know when they go.
        let waits = topic == 4 || handlers::waiting("slow.e") > 0;
        self.send(who, format!(r#"[16,{request},{options},"{uri}",[{who},{number},{topic}]]"#));
        if is_immediate(topic) && !waits {
            for other in self.subscribers.entry(topic).or_default().iter() {
                if !exclude_me || *other != who {
                    self.expected[*other].push_back((topic, number));
                }
            }
        }
    }

    fn goodbye(&mut self, who: usize) {
        self.send(who, r#"[6,{},"wamp.close.normal"]"#.into());
        let messages = self.peers[who].client.received();
        let (last, rest) = messages.split_last().expect("GOODBYE is answered");
        assert_eq!(last[2], "wamp.close.goodbye_and_out");
        for message in rest {
            self.check(who, message);
        }
        self.subscribers
            .values_mut()
            .for_each(|subscribers| subscribers.retain(|other| *other != who));
        self.expected[who].clear();
        self.peers[who] = Peer { client: Client::join(&self.router), known: Known::default() };
    }

    fn look(&mut self, who: usize) {
        for message in self.peers[who].client.received() {
            self.check(who, &message);
        }
        assert_eq!(self.expected[who], [], "events are missing");
    }

    fn check(&mut self, who: usize, message: &Value) {
        let code = message[0].as_u64().expect("a type code");
        let first = message[1].as_u64().expect("an id");
        match code {
            8 => self.answered(who, message[2].as_u64().expect("an id"), &[first]),
            17 => self.answered(who, first, &[16]),
            50 => self.answered(who, first, &[48]),
            33 => {
                let topic = self.peers[who].known.outstanding[&first].1;
                self.answered(who, first, &[32]);
                self.peers[who].known.subscribed.insert(support::id(&message[2]), topic);
            }
            35 => {
                self.answered(who, first, &[34]);
                let known = &mut self.peers[who].known;
                let id = known.ending.remove(&first).expect("it was asked for");
                known.subscribed.remove(&id).expect("it was subscribed");
            }
            36 => self.event(who, first, list(&message[4])),
            _ => panic!("{message}"),
        }
    }

    /// Each request has one answer.
    fn answered(&mut self, who: usize, request: u64, codes: &[u64]) {
        let asked = self.peers[who].known.outstanding.remove(&request);
        let (code, _) =
            asked.unwrap_or_else(|| panic!("{request} was answered already, or never asked"));
        assert!(codes.contains(&code), "{request} is of type {code}, its answer of {codes:?}");
    }

    /// No event outside SUBSCRIBED … UNSUBSCRIBED, in each publisher's order, and none is missing.
    fn event(&mut self, who: usize, subscription: u64, arguments: &[Value]) {
        let [publisher, number, topic] =
            [0, 1, 2].map(|place| arguments[place].as_u64().expect("a number"));
        let known = &mut self.peers[who].known;
        assert_eq!(known.subscribed.get(&subscription).map(|topic| *topic as u64), Some(topic));
        let seen = known.seen.insert((publisher, topic == GATED), number);
        assert!(seen < Some(number), "{number} of {publisher} after {seen:?}");
        let next = (usize::try_from(topic).expect("a topic"), number);
        if self.expected[who].contains(&next) {
            assert_eq!(self.expected[who].pop_front(), Some(next));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_request_has_one_answer_and_every_event_its_place(
        steps in vec((0..CLIENTS, step()), 1..120),
    ) {
        let mut world = World::new();
        for (who, step) in &steps {
            world.apply(*who, step);
        }
        for gate in ["call", "gated.d", "slow.e"] {
            while handlers::waiting(gate) > 0 {
                handlers::open(gate);
                world.peers.iter_mut().for_each(|peer| peer.client.poll());
            }
        }
        (0..CLIENTS).for_each(|who| world.look(who));
        for peer in &world.peers {
            prop_assert!(peer.known.outstanding.is_empty(), "{:?}", peer.known.outstanding);
        }
        let realm = world.router.realm("realm1").unwrap();
        prop_assert_eq!(realm.session_count(), CLIENTS);
        world.peers.clear();
        prop_assert_eq!((realm.session_count(), handlers::alive()), (0, 0));
    }

    #[test]
    fn noise_never_panics_and_an_ended_connection_is_silent(
        frames in vec(frame(), 1..20),
        joins in any::<bool>(),
    ) {
        let router = router();
        let mut client = Client::connect(&router);
        if joins {
            client.ask(hello("realm1"));
        }
        for frame in frames {
            client.send(frame);
            let ended = client.close().is_some();
            let messages = client.received();
            let last = messages.last().and_then(|message| message[0].as_u64());
            let before_the_last = &messages[..messages.len().saturating_sub(1)];
            prop_assert!(!ended || !before_the_last.iter().any(|message| message[0] == 3));
            if ended {
                prop_assert!(matches!(last, None | Some(3 | 6)), "{messages:?}");
                client.assert_ended();
                break;
            }
        }
    }
}

/// From nonsense to messages that are nearly right.
fn frame() -> impl Strategy<Value = String> {
    let text = prop::sample::select(vec![
        "realm1",
        "test.add",
        "test.wait",
        "open.a",
        "gated.a",
        "hold.a",
        "a..b",
        "wamp.x",
        "",
        "\u{0}é\"\\",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4_u64).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "roles",
        "caller",
        "acknowledge",
        "exclude_me",
        "exclude",
        "eligible_authid",
        "match",
        "progress",
        "a",
        "",
    ]);
    let value = leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key.clone().prop_map(str::to_owned), inner, 0..3)
                .prop_map(|dict| Value::Object(dict.into_iter().collect())),
        ]
    });
    let code = prop::sample::select(vec![1, 3, 5, 6, 8, 16, 32, 34, 48, 49, 64, 66, 70, 99]);
    let nearly = (code, 1..4_u64, value.clone(), "[a-z.]{0,8}", vec(value.clone(), 0..3)).prop_map(
        |(code, request, options, uri, rest)| {
            let mut message = vec![Value::from(code), request.into(), options, uri.into()];
            message.extend(rest);
            Value::from(message).to_string()
        },
    );
    let plain = prop::sample::select(vec![
        r#"[48,1,{},"test.wait",["a"]]"#,
        r#"[48,2,{},"test.add",[1,2]]"#,
        r#"[32,1,{},"gated.a"]"#,
        r#"[16,1,{"acknowledge":true},"open.a",[],{"a":1}]"#,
        r#"[34,2,1]"#,
        r#"[1,"realm1",{"roles":{"caller":{}}}]"#,
    ]);
    let cut = (nearly.clone(), any::<prop::sample::Index>()).prop_map(|(text, index)| {
        let end = index.index(text.len());
        text.char_indices().take_while(|(at, _)| *at < end).map(|(_, c)| c).collect()
    });
    prop_oneof![
        2 => any::<String>(),
        2 => value.prop_map(|value| value.to_string()),
        4 => nearly,
        2 => cut,
        4 => plain.prop_map(str::to_owned),
    ]
}
