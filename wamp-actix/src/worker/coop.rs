//! Cooperative scheduling: a pause in which the runtime polls for input and runs the other tasks.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use actix_web::rt;
use parking_lot::Mutex;

/// A pause that a task takes at the end of its turn.
///
/// Until it is over the task does nothing, even if it is polled again, as by actix, which wakes
/// itself while it has much to send. Returning `Pending` after waking itself is not enough: tokio
/// polls such a task up to 61 × 61 times, in the local task set of actix and around it, before it
/// polls for I/O.
#[derive(Default)]
pub(crate) struct Pause(Option<Arc<PauseEnd>>);

struct PauseEnd {
    is_over: AtomicBool,
    /// The task that waits for the end.
    task: Mutex<Waker>,
}

impl Pause {
    /// Begins a pause.
    pub(crate) fn begin(&mut self) {
        let end = Arc::new(PauseEnd {
            is_over: AtomicBool::new(false),
            task: Mutex::new(Waker::noop().clone()),
        });
        // Hands the waker to the runtime, which wakes it after it has polled for I/O.
        let waker = Waker::from(Arc::clone(&end));
        let _ = pin!(rt::task::yield_now()).poll(&mut Context::from_waker(&waker));
        self.0 = Some(end);
    }

    /// Returns whether the pause goes on; then the task is woken at its end.
    pub(crate) fn lasts(&mut self, task: &Waker) -> bool {
        let Some(end) = &self.0 else { return false };
        end.task.lock().clone_from(task);
        let lasts = !end.is_over.load(Ordering::Acquire);
        if !lasts {
            self.0 = None;
        }
        lasts
    }
}

impl Wake for PauseEnd {
    fn wake(self: Arc<Self>) {
        self.is_over.store(true, Ordering::Release);
        self.task.lock().wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use actix_web::rt::net::UnixStream;

    use super::*;

    #[actix_web::test]
    async fn a_rest_is_not_over_before_the_runtime_has_looked_for_input_though_its_task_be_woken() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let seen = Arc::new(AtomicBool::new(false));
        rt::spawn({
            let seen = Arc::clone(&seen);
            async move {
                theirs.readable().await.unwrap();
                seen.store(true, Ordering::Relaxed);
            }
        });
        rt::task::yield_now().await;
        ours.try_write(b"a").unwrap();
        let mut pause = Pause::default();
        assert!(!pause.lasts(Waker::noop()), "none has begun");
        pause.begin();
        let pausing = poll_fn(move |context| match pause.lasts(context.waker()) {
            true => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            false => Poll::Ready(()),
        });
        rt::spawn(pausing).await.unwrap();
        assert!(seen.load(Ordering::Relaxed));
    }
}
