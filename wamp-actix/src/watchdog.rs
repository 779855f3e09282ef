//! What keeps handlers going whose peer does not read: one task for each worker that looks after its connections.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::time::Duration;

use actix_web::rt;

use crate::body::Shared;

/// How long a body may not be polled before its connection is driven from here.
const TICK: Duration = Duration::from_millis(50);

thread_local! {
    /// Connections of this worker that handed output over and may not have been polled since.
    static WATCHED: RefCell<Vec<Weak<Shared>>> = const { RefCell::new(Vec::new()) };
    static PATROLLING: Cell<bool> = const { Cell::new(false) };
}

/// Looks after a connection that has just handed output over.
pub(crate) fn watch(shared: &Rc<Shared>) {
    if shared.watched.replace(true) {
        return;
    }
    WATCHED.with_borrow_mut(|watched| watched.push(Rc::downgrade(shared)));
    if let Some(patrolling) = Patrolling::begin() {
        rt::spawn(patrol(patrolling));
    }
}

/// That the patrol of this worker runs; it ends with its task, also where the runtime drops that.
struct Patrolling(());

impl Patrolling {
    fn begin() -> Option<Self> {
        (!PATROLLING.replace(true)).then(|| Self(()))
    }
}

impl Drop for Patrolling {
    fn drop(&mut self) {
        PATROLLING.set(false);
    }
}

/// Compares each connection with what it was one tick before; ends when none is left to look at.
async fn patrol(_patrolling: Patrolling) {
    let mut earlier: Vec<(Rc<Shared>, u64)> = Vec::new();
    loop {
        rt::time::sleep(TICK).await;
        for (shared, polls) in earlier.drain(..) {
            if shared.unpolled() == Some(polls) {
                shared.watched.set(false);
                rt::spawn(async move { poll_fn(|context| shared.poll_stalled(context, polls)).await });
            }
        }
        WATCHED.with_borrow_mut(|watched| {
            watched.retain(|connection| match connection.upgrade() {
                Some(shared) if shared.watched.get() => match shared.unpolled() {
                    Some(polls) => {
                        earlier.push((shared, polls));
                        true
                    }
                    None => {
                        shared.watched.set(false);
                        false
                    }
                },
                _ => false,
            });
        });
        if WATCHED.with_borrow(Vec::is_empty) {
            return;
        }
    }
}
