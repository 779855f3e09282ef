//! Memory for hashing passwords, shared by the whole process.

use std::ops::{Deref, DerefMut};

use argon2::Block;
use parking_lot::{Condvar, Mutex};

/// The number of passwords that are verified at the same time by all workers; others wait.
pub(crate) const TURNS: usize = 4;

/// The memory of the process: each worker has its own pool of threads for blocking work.
static MEMORY: Memory =
    Memory { free: Mutex::new(Free { buffers: Vec::new(), lent: 0 }), returned: Condvar::new() };

struct Memory {
    free: Mutex<Free>,
    returned: Condvar,
}

#[derive(Debug)]
struct Free {
    /// Buffers of earlier hashes, to be reused. Freeing them would not return them to the system,
    /// because glibc keeps freed memory in an arena for each thread.
    buffers: Vec<Vec<Block>>,
    lent: usize,
}

/// The memory of one verification; dropping it passes the memory to the next one.
#[derive(Debug)]
pub(crate) struct Turn(Vec<Block>);

/// Waits until fewer than the maximum run, and returns memory of this number of blocks.
pub(crate) fn turn(blocks: usize) -> Turn {
    let mut free = MEMORY.free.lock();
    MEMORY.returned.wait_while(&mut free, |free| free.lent == TURNS);
    free.lent += 1;
    let mut buffer = free.buffers.pop().unwrap_or_default();
    drop(free);
    buffer.resize(blocks, Block::default());
    Turn(buffer)
}

impl Deref for Turn {
    type Target = [Block];

    fn deref(&self) -> &[Block] {
        &self.0
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut [Block] {
        &mut self.0
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut free = MEMORY.free.lock();
        free.lent -= 1;
        free.buffers.push(std::mem::take(&mut self.0));
        drop(free);
        MEMORY.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_than_the_turns_have_memory_at_a_time_and_it_is_used_again() {
        let (at_work, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 * TURNS {
                scope.spawn(|| {
                    let mut turn = turn(64);
                    most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    assert_eq!(turn.iter_mut().count(), 64);
                    std::thread::yield_now();
                    at_work.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert!(most.into_inner() <= TURNS);
        assert!(MEMORY.free.lock().buffers.len() <= TURNS, "four buffers are all there ever are");
    }
}
