//! The retained events themselves, and how many of them there may be.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::Place;
use super::shares::{Account, Load, Measure, Shares};
use crate::broker::event::{Event, Kept};
use crate::limits::Limits;
use crate::message::MatchPolicy;
use crate::pattern::Pattern;
use crate::peer::Peer;
use crate::principal::Principal;

/// Events of one topic that are kept because none of them reaches everybody (E-02): of clients, and as many of the server.
const PER_TOPIC: usize = 16;

/// Retained events. Where there are too many, who holds most gives way; and the server's never do to those of clients, for they
/// have as much room again.
#[derive(Debug)]
pub(in crate::broker) struct Store {
    max: Load,
    /// By number: the later it came, the higher.
    events: HashMap<u64, Retained>,
    topics: BTreeMap<Arc<str>, Vec<u64>>,
    clients: Shares,
    server: Shares,
    last: u64,
}

#[derive(Debug)]
struct Retained {
    kept: Arc<Kept>,
    account: Account,
    bytes: usize,
}

impl Store {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            max: Load { events: limits.retained_events, bytes: limits.retained_bytes },
            events: HashMap::new(),
            topics: BTreeMap::new(),
            clients: Shares::default(),
            server: Shares::default(),
            last: 0,
        }
    }

    /// Retains an event in place of those of its topic that nobody can want any more.
    pub(in crate::broker) fn keep(&mut self, event: &Event<'_>, place: Place) {
        let Place { account, up_to } = place;
        let kept = Arc::new(Kept::of(event));
        self.remove_replaced(&kept);
        let bytes = kept.bytes() + account.principal.bytes();
        if bytes > self.max.bytes {
            tracing::debug!(topic = kept.topic, bytes, "an event beyond `retained_bytes` is not retained");
            return;
        }
        let Account { declaration, .. } = account;
        let is_servers = account.is_servers();
        self.add(Retained { kept, account, bytes });
        self.bound_topic(event.topic, is_servers);
        while self.shares(is_servers).events_of(declaration) > up_to {
            let heaviest = self.shares(is_servers).heaviest_of(declaration, Measure::Events);
            heaviest.into_iter().for_each(|number| self.remove(number));
        }
        self.bound_realm(is_servers);
    }

    fn add(&mut self, retained: Retained) {
        self.last += 1;
        let (number, Retained { kept, account, bytes }) = (self.last, &retained);
        let (account, bytes) = (account.clone(), *bytes);
        self.topics.entry(kept.topic.as_str().into()).or_default().push(number);
        self.events.insert(number, retained);
        self.shares_mut(account.is_servers()).add(&account, number, bytes);
    }

    fn remove(&mut self, number: u64) {
        let Some(Retained { kept, account, bytes }) = self.events.remove(&number) else { return };
        self.shares_mut(account.is_servers()).remove(&account, number, bytes);
        if let Some(numbers) = self.topics.get_mut(kept.topic.as_str()) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.topics.remove(kept.topic.as_str());
            }
        }
    }

    fn shares(&self, of_server: bool) -> &Shares {
        if of_server { &self.server } else { &self.clients }
    }

    fn shares_mut(&mut self, of_server: bool) -> &mut Shares {
        if of_server { &mut self.server } else { &mut self.clients }
    }

    fn remove_replaced(&mut self, kept: &Kept) {
        let numbers = self.topics.get(kept.topic.as_str()).map(Vec::as_slice).unwrap_or_default();
        let is_replaced =
            |number: &&u64| self.events.get(number).is_some_and(|older| kept.replaces(&older.kept));
        let replaced: Vec<u64> = numbers.iter().filter(is_replaced).copied().collect();
        replaced.into_iter().for_each(|number| self.remove(number));
    }

    /// Within a topic it is as in the realm: of who has most of its events, the oldest goes.
    fn bound_topic(&mut self, topic: &str, of_server: bool) {
        let numbers = self.topics.get(topic).map(Vec::as_slice).unwrap_or_default();
        let accounts = numbers.iter().filter_map(|number| Some((*number, &self.events.get(number)?.account)));
        let held: Vec<_> = accounts.filter(|(_, account)| account.is_servers() == of_server).collect();
        if held.len() <= PER_TOPIC {
            return;
        }
        let share = |account| held.iter().filter(|(_, other)| *other == account).count();
        let heaviest = held.iter().max_by_key(|(number, account)| (share(*account), Reverse(*number)));
        if let Some(&(number, _)) = heaviest {
            self.remove(number);
        }
    }

    fn bound_realm(&mut self, of_server: bool) {
        loop {
            let shares = self.shares(of_server);
            let heaviest = if shares.total().events > self.max.events {
                shares.heaviest(Measure::Events)
            } else if shares.total().bytes > self.max.bytes {
                shares.heaviest(Measure::Bytes)
            } else {
                return;
            };
            let Some(number) = heaviest else { return };
            self.remove(number);
        }
    }

    /// The most recent event of each matching topic that the session would have got (E-02, E-04).
    pub(in crate::broker) fn of<'s>(
        &'s self,
        pattern: &'s Pattern,
        session: &'s Peer,
    ) -> impl Iterator<Item = &'s Arc<Kept>> {
        // Whatever matches begins like this.
        let start = match pattern.policy {
            MatchPolicy::Wildcard => literal_start(&pattern.uri),
            MatchPolicy::Exact | MatchPolicy::Prefix => &pattern.uri,
        };
        let exact = pattern.policy == MatchPolicy::Exact;
        let range = self.topics.range::<str, _>((Bound::Included(start), Bound::Unbounded));
        range
            .take_while(move |(topic, _)| if exact { &***topic == start } else { topic.starts_with(start) })
            .filter(|(topic, _)| pattern.matches(topic))
            .filter_map(|(_, numbers)| {
                let events = numbers.iter().rev().filter_map(|number| self.events.get(number));
                events.map(|retained| &retained.kept).find(|kept| kept.event().reaches(session))
            })
    }
}

impl Account {
    fn is_servers(&self) -> bool {
        self.principal == Principal::Server
    }
}

/// What a wildcard has in front of its first empty component.
fn literal_start(wildcard: &str) -> &str {
    if wildcard.starts_with('.') {
        return "";
    }
    wildcard.find("..").map_or(wildcard, |dot| &wildcard[..=dot])
}
