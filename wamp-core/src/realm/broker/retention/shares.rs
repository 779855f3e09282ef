//! The shares of declarations and publishers in the retained events, and the choice of the event to
//! evict.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use crate::session::principal::Principal;

/// The holder of a retained event: a declaration, and in it a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    /// The number of the declaration.
    pub(super) declaration: usize,
    pub(super) principal: Principal,
}

/// A number of events, and their bytes.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

/// The measure by which holders are compared.
#[derive(Copy, Clone, Debug)]
pub(super) enum Measure {
    Events,
    Bytes,
}

/// The load of each declaration, and in it of each principal. Each step takes time logarithmic in
/// the number of events.
#[derive(Debug, Default)]
pub(super) struct Shares {
    total: Load,
    declarations: HashMap<usize, Declaration>,
    ranking: Ranking<usize>,
}

#[derive(Debug, Default)]
struct Declaration {
    total: Load,
    principals: HashMap<Principal, Share>,
    /// Each principal by its oldest event: of two that hold the same, the older event is evicted.
    ranking: Ranking<Reverse<u64>>,
}

/// The events of one principal.
#[derive(Debug, Default)]
struct Share {
    numbers: BTreeSet<u64>,
    bytes: usize,
}

/// Holders ordered by how much they hold.
#[derive(Debug)]
struct Ranking<H> {
    by_events: BTreeSet<(usize, H)>,
    by_bytes: BTreeSet<(usize, H)>,
}

impl Shares {
    pub(super) fn total(&self) -> Load {
        self.total
    }

    /// Returns the number of events that a declaration holds.
    pub(super) fn events_of(&self, declaration: usize) -> usize {
        self.declarations.get(&declaration).map_or(0, |declaration| declaration.total.events)
    }

    /// Adds an event by its number; later events have higher numbers.
    pub(super) fn add(&mut self, account: &Account, number: u64, bytes: usize) {
        self.total.events += 1;
        self.total.bytes += bytes;
        self.change(account, |share| {
            share.numbers.insert(number);
            share.bytes += bytes;
        });
    }

    /// Removes an event that was added with the same arguments.
    pub(super) fn remove(&mut self, account: &Account, number: u64, bytes: usize) {
        self.total.events -= 1;
        self.total.bytes -= bytes;
        self.change(account, |share| {
            share.numbers.remove(&number);
            share.bytes -= bytes;
        });
    }

    /// Returns the number of the event to evict: of the declaration that holds most, and in it of
    /// the principal that holds most, the oldest.
    pub(super) fn heaviest(&self, measure: Measure) -> Option<u64> {
        self.heaviest_of(self.ranking.heaviest(measure)?, measure)
    }

    /// Returns the number of the event of this declaration to evict.
    pub(super) fn heaviest_of(&self, declaration: usize, measure: Measure) -> Option<u64> {
        let Reverse(oldest) = self.declarations.get(&declaration)?.ranking.heaviest(measure)?;
        Some(oldest)
    }

    fn change(&mut self, account: &Account, change: impl FnOnce(&mut Share)) {
        let declaration = self.declarations.entry(account.declaration).or_default();
        let before = declaration.total;
        declaration.change(&account.principal, change);
        let after = declaration.total;
        self.ranking.remove(before, account.declaration);
        if after.events == 0 {
            self.declarations.remove(&account.declaration);
        } else {
            self.ranking.insert(after, account.declaration);
        }
    }
}

impl Declaration {
    fn change(&mut self, principal: &Principal, change: impl FnOnce(&mut Share)) {
        let share = self.principals.entry(principal.clone()).or_default();
        let (before, oldest) = (share.load(), share.numbers.first().copied());
        change(share);
        let after = share.load();
        if let Some(oldest) = oldest {
            self.ranking.remove(before, Reverse(oldest));
        }
        if let Some(oldest) = share.numbers.first() {
            self.ranking.insert(after, Reverse(*oldest));
        } else {
            self.principals.remove(principal);
        }
        self.total.events = self.total.events - before.events + after.events;
        self.total.bytes = self.total.bytes - before.bytes + after.bytes;
    }
}

impl Share {
    fn load(&self) -> Load {
        Load { events: self.numbers.len(), bytes: self.bytes }
    }
}

impl<H> Default for Ranking<H> {
    fn default() -> Self {
        Self { by_events: BTreeSet::new(), by_bytes: BTreeSet::new() }
    }
}

impl<H: Ord + Copy> Ranking<H> {
    fn insert(&mut self, load: Load, holder: H) {
        self.by_events.insert((load.events, holder));
        self.by_bytes.insert((load.bytes, holder));
    }

    fn remove(&mut self, load: Load, holder: H) {
        self.by_events.remove(&(load.events, holder));
        self.by_bytes.remove(&(load.bytes, holder));
    }

    fn heaviest(&self, measure: Measure) -> Option<H> {
        let ranking = match measure {
            Measure::Events => &self.by_events,
            Measure::Bytes => &self.by_bytes,
        };
        ranking.last().map(|(_, holder)| *holder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(declaration: usize, authid: &str) -> Account {
        Account { declaration, principal: Principal::User(authid.into()) }
    }

    #[test]
    fn the_oldest_event_of_the_largest_holder_in_the_largest_declaration_gives_way() {
        let mut shares = Shares::default();
        for (number, (declaration, authid)) in
            (1..).zip([(1, "joe"), (2, "joe"), (2, "eve"), (2, "eve"), (1, "joe")])
        {
            shares.add(&account(declaration, authid), number, 10);
        }
        assert_eq!(shares.heaviest(Measure::Events), Some(3));
        shares.remove(&account(2, "eve"), 3, 10);
        // Two declarations hold two events each, and in the second each principal holds one: the
        // older one is evicted.
        assert_eq!(shares.heaviest_of(2, Measure::Events), Some(2));
        assert_eq!(shares.heaviest_of(1, Measure::Events), Some(1));
    }

    #[test]
    fn the_holder_of_most_events_may_not_be_the_holder_of_most_bytes() {
        let mut shares = Shares::default();
        shares.add(&account(1, "joe"), 1, 1000);
        shares.add(&account(1, "eve"), 2, 10);
        shares.add(&account(1, "eve"), 3, 10);
        assert_eq!(shares.heaviest(Measure::Bytes), Some(1));
        assert_eq!(shares.heaviest(Measure::Events), Some(2));
    }

    /// The ranking is the same as a scan of all events would find, in every sequence of additions
    /// and removals.
    #[test]
    fn the_order_is_that_of_a_count() {
        let mut random = 1_u64;
        let mut next = |below: usize| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).expect("31 bits") % below
        };
        let (mut shares, mut events) = (Shares::default(), Vec::new());
        for number in 1..400 {
            if next(5) < 3 || events.is_empty() {
                let account = account(next(4), &next(6).to_string());
                let bytes = 1 + next(50);
                shares.add(&account, number, bytes);
                events.push((account, number, bytes));
            } else {
                let (account, number, bytes) = events.remove(next(events.len()));
                shares.remove(&account, number, bytes);
            }
            let load = |of: &dyn Fn(&Account) -> bool| {
                let held = events.iter().filter(|(account, ..)| of(account));
                held.fold((0, 0), |(count, sum), (_, _, bytes)| (count + 1, sum + bytes))
            };
            assert_eq!(shares.total(), Load { events: events.len(), bytes: load(&|_| true).1 });
            let Some(found) = shares.heaviest(Measure::Bytes) else { continue };
            let (owner, ..) =
                events.iter().find(|(_, number, _)| *number == found).expect("it is held");
            let of_declaration = load(&|account| account.declaration == owner.declaration).1;
            let of_owner = load(&|account| account == owner).1;
            for (other, ..) in &events {
                assert!(
                    load(&|account| account.declaration == other.declaration).1 <= of_declaration
                );
                assert!(
                    other.declaration != owner.declaration
                        || load(&|account| account == other).1 <= of_owner
                );
            }
            assert!(events.iter().all(|(account, number, _)| account != owner || *number >= found));
        }
        for (account, number, bytes) in events {
            shares.remove(&account, number, bytes);
        }
        assert!(shares.declarations.is_empty() && shares.heaviest(Measure::Events).is_none());
        assert_eq!(shares.total(), Load::default());
    }
}
