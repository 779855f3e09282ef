//! The open connections of a router: counts, and the list of those without a session.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use super::{Bounds, Full, Notice};

/// The open connections. The table has entries for open connections only, so that the limits bound
/// its size.
#[derive(Debug, Default)]
pub(super) struct Table {
    connections: usize,
    by_address: HashMap<IpAddr, OfAddress>,
    /// Connections without a session by order of arrival.
    opening: BTreeMap<u64, (Option<IpAddr>, Arc<Notice>)>,
    arrivals: u64,
}

#[derive(Debug, Default)]
struct OfAddress {
    connections: usize,
    opening: BTreeSet<u64>,
}

impl Table {
    /// Checks that there is room for another connection.
    pub(super) fn check(&self, address: Option<IpAddr>, bounds: &Bounds) -> Result<(), Full> {
        let of_address = self.of(address).map_or(0, |of_address| of_address.connections);
        if of_address >= bounds.connections_per_address {
            return Err(Full::ConnectionsPerAddress);
        }
        if self.connections >= bounds.connections {
            return Err(Full::Connections);
        }
        Ok(())
    }

    /// Adds a connection without a session. Returns its number, and the notice of the oldest such
    /// connection if that has to make room.
    pub(super) fn enter(
        &mut self,
        address: Option<IpAddr>,
        notice: Arc<Notice>,
        bounds: &Bounds,
    ) -> (u64, Option<Arc<Notice>>) {
        let oldest =
            self.in_the_way(address, bounds).and_then(|arrival| self.forget_opening(arrival));
        self.arrivals += 1;
        self.connections += 1;
        self.opening.insert(self.arrivals, (address, notice));
        if let Some(address) = address {
            let of_address = self.by_address.entry(address).or_default();
            of_address.connections += 1;
            of_address.opening.insert(self.arrivals);
        }
        (self.arrivals, oldest)
    }

    /// Returns the number of the connection that has to make room for another without a session.
    fn in_the_way(&self, address: Option<IpAddr>, bounds: &Bounds) -> Option<u64> {
        let of_address =
            self.of(address).filter(|of| of.opening.len() >= bounds.opening_per_address);
        if let Some(of_address) = of_address {
            return of_address.opening.first().copied();
        }
        let is_full = self.opening.len() >= bounds.opening;
        is_full.then(|| self.opening.keys().next().copied()).flatten()
    }

    fn of(&self, address: Option<IpAddr>) -> Option<&OfAddress> {
        self.by_address.get(&address?)
    }

    fn forget_opening(&mut self, arrival: u64) -> Option<Arc<Notice>> {
        let (address, notice) = self.opening.remove(&arrival)?;
        if let Some(of_address) = address.and_then(|address| self.by_address.get_mut(&address)) {
            of_address.opening.remove(&arrival);
        }
        Some(notice)
    }

    pub(super) fn has_session(&mut self, arrival: u64) {
        self.forget_opening(arrival);
    }

    /// Removes a connection that has ended. `arrival` is its number if it had no session.
    pub(super) fn leave(&mut self, address: Option<IpAddr>, arrival: Option<u64>) {
        if let Some(arrival) = arrival {
            self.forget_opening(arrival);
        }
        self.connections -= 1;
        let Some(address) = address else { return };
        if let Some(of_address) = self.by_address.get_mut(&address) {
            of_address.connections -= 1;
            if of_address.connections == 0 {
                self.by_address.remove(&address);
            }
        }
    }
}
