//! What keeps handlers going whose peer does not read: one task for each worker that looks after its connections.

use std::cell::RefCell;
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
}

/// Looks after a connection that has just handed output over.
pub(crate) fn watch(shared: &Rc<Shared>) {
    if shared.watched.replace(true) {
        return;
    }
    let first = WATCHED.with_borrow_mut(|watched| {
        watched.push(Rc::downgrade(shared));
        watched.len() == 1
    });
    if first {
        rt::spawn(patrol());
    }
}

/// Compares each connection with what it was one tick before; ends when none is left to look at.
async fn patrol() {
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
