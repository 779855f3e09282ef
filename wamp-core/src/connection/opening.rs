//! From HELLO to WELCOME: a realm is found, the client authenticated, and its session admitted.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use super::core::tell_refused_join;
use super::open::OpenSession;
use super::{Close, Connection, State};
use crate::auth::{self, Attempt, Authenticators, Candidate, Denied, Exchange, Hello, Refusal};
use crate::codec::payload::Payload;
use crate::codec::value::Shared;
use crate::error::{Breach, Error, Violation, shortened, uris};
use crate::handler::acceptance::Acceptance;
use crate::handler::context::{Asked, Context, Link, Subject};
use crate::handler::entry::{BoxedAnswer, Entry};
use crate::handler::tasks::HandlerFuture;
use crate::id::SessionId;
use crate::identity::ANONYMOUS;
use crate::identity::Identity;
use crate::log;
use crate::message::{self, AuthenticateExtra, ClientFeatures, HelloDetails, Secret, Welcome};
use crate::realm::Seat;
use crate::realm::instruments::Instruments;
use crate::realm::session::Session;
use crate::router::ServedRealm;
use crate::session::handle::SessionHandle;
use crate::session::mailbox::Mailbox;
use crate::uri;

/// A login that is under way.
#[derive(Debug)]
pub(super) struct Login {
    newcomer: Newcomer,
    exchange: Exchange,
    work: HandlerFuture<Result<Identity, Refusal>>,
    started: Instant,
    /// When it must be over.
    until: Instant,
    /// When AUTHENTICATE must be there.
    answer_until: Option<Instant>,
    /// When the client was heard last.
    heard: Instant,
}

impl Login {
    pub(super) fn deadline(&self) -> Instant {
        self.answer_until.map_or(self.until, |until| until.min(self.until))
    }
}

/// A session that will be.
#[derive(Clone, Debug)]
struct Newcomer {
    served: Arc<ServedRealm>,
    /// The name by which the client joins the realm.
    realm: String,
    session: SessionId,
    features: ClientFeatures,
}

/// A session that `#[session]` handlers decide about.
#[derive(Debug)]
pub(super) struct Admission {
    served: Arc<ServedRealm>,
    link: Rc<Link>,
    seat: Seat,
    /// The function that decides now, for the log.
    function: Rc<Cell<&'static str>>,
    pub(super) work: HandlerFuture<Acceptance>,
}

impl Connection {
    pub(super) fn hello(
        &mut self,
        frame: &Shared,
        realm: &str,
        details: &HelloDetails<'_>,
        identity: Identity,
        now: Instant,
    ) -> Result<(), Violation> {
        if !details.roles.known {
            return Err(Breach::NoRole.into());
        }
        if self.router.router().is_stopping() {
            self.refuse_at_shutdown();
            return Ok(());
        }
        let newcomer = match self.newcomer(realm, details.roles.features) {
            Ok(newcomer) => newcomer,
            Err((reason, text)) => {
                self.refuse(reason, text);
                return Ok(());
            }
        };
        self.limits = Arc::clone(&newcomer.served.limits);
        if self.is_authenticated {
            self.join(&newcomer, identity, now);
            return Ok(());
        }
        let offered = details.authmethods.as_deref().unwrap_or_default();
        match methods(&newcomer.served.settings.authenticators, offered) {
            Ok(Some(candidates)) => {
                let attempt = self.attempt(&newcomer, frame, details);
                self.begin_login(newcomer, candidates, attempt, now);
            }
            Ok(None) => self.join(&newcomer, identity, now),
            Err(denied) => {
                let attempt = self.attempt(&newcomer, frame, details);
                newcomer.served.tell_denied(&attempt, &denied);
                self.log_refusal(&attempt, &denied, now);
                self.refuse_login(&denied);
            }
        }
        Ok(())
    }

    /// Refuses what can be refused before the client is asked to log in.
    fn newcomer(
        &self,
        realm: &str,
        features: ClientFeatures,
    ) -> Result<Newcomer, (&'static str, &'static str)> {
        if !uri::is_valid(realm) {
            return Err((uris::INVALID_URI, "the realm is not a valid URI")); // S-12
        }
        let served = self
            .router
            .router()
            .served(realm)
            .cloned()
            .ok_or((uris::NO_SUCH_REALM, "no such realm"))?; // S-11
        Ok(Newcomer { served, realm: realm.to_owned(), session: SessionId::random(), features })
    }

    fn attempt(&self, newcomer: &Newcomer, frame: &Shared, details: &HelloDetails<'_>) -> Attempt {
        let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        Attempt::new(Hello {
            realm: newcomer.realm.clone(),
            session: newcomer.session,
            authid: given(details.authid),
            authrole: given(details.authrole),
            frame: frame.clone(),
            host: Rc::clone(&self.host),
        })
    }

    fn begin_login(
        &mut self,
        newcomer: Newcomer,
        candidates: Vec<Candidate>,
        attempt: Attempt,
        now: Instant,
    ) {
        let exchange = Exchange::new(Rc::clone(&self.send_buffer));
        let login = auth::authenticate(candidates, attempt, exchange.clone());
        let work = HandlerFuture::new(Box::pin(async { Ok(login.await) }));
        let until = now + self.limits.authentication_timeout;
        let login =
            Login { newcomer, exchange, work, started: now, until, answer_until: None, heard: now };
        self.state = State::Authenticating(Box::new(login));
        self.log_in(&mut TaskContext::from_waker(Waker::noop()), now);
    }

    /// AUTHENTICATE, which must answer a CHALLENGE, and each only once.
    pub(super) fn authenticate(
        &mut self,
        Secret(signature): Secret<'_>,
        extra: AuthenticateExtra,
        now: Instant,
    ) -> Result<(), Violation> {
        let State::Authenticating(login) = &mut self.state else { return Ok(()) };
        if !login.exchange.awaits_answer() {
            return Err(Breach::NoChallenge.into());
        }
        login.exchange.answer(signature, extra);
        (login.answer_until, login.heard) = (None, now);
        self.log_in(&mut TaskContext::from_waker(Waker::noop()), now);
        Ok(())
    }

    /// Drives the login, if there is one.
    pub(super) fn log_in(&mut self, context: &mut TaskContext<'_>, now: Instant) {
        let State::Authenticating(login) = &mut self.state else { return };
        match login.work.poll(context) {
            Poll::Pending if login.exchange.awaits_answer() => {
                login.answer_until.get_or_insert(now + self.limits.challenge_timeout);
            }
            Poll::Pending => {}
            Poll::Ready(decision) => self.logged_in(decision, now),
        }
    }

    fn logged_in(&mut self, decision: Result<Result<Identity, Refusal>, Error>, now: Instant) {
        let State::Authenticating(login) = std::mem::replace(&mut self.state, State::Ended) else {
            return;
        };
        let Login { newcomer, started, heard, .. } = *login;
        let denied = match decision {
            Ok(Ok(_)) if self.router.router().is_stopping() => return self.refuse_at_shutdown(),
            Ok(Ok(identity)) => {
                newcomer.served.count_login(&identity, now.saturating_duration_since(started));
                return self.join(&newcomer, identity, now);
            }
            Ok(Err(Refusal { attempt, denied })) => {
                newcomer.served.tell_denied(&attempt, &denied);
                self.log_refusal(&attempt, &denied, now);
                denied
            }
            // a panic.
            Err(error) => {
                let denied = Denied::failed(error.cause().unwrap_or_default());
                self.log_failure(&newcomer.realm, None, &denied);
                denied
            }
        };
        self.state = State::Denied { until: heard + self.limits.denial_delay, denied };
    }

    /// Tells the log which login was refused, and why.
    fn log_refusal(&self, attempt: &Attempt, denied: &Denied, now: Instant) {
        if denied.cause().is_some() {
            self.log_failure(attempt.realm(), attempt.authid(), denied);
        } else if self.may_log(now) {
            let address = self.address.map(tracing::field::display);
            tracing::info!(
                target: log::AUTH, address, ?attempt, reason = denied.uri(), "login refused"
            );
        }
    }

    /// Tells the log that the application could not decide about a login.
    fn log_failure(&self, realm: &str, authid: Option<&str>, denied: &Denied) {
        tracing::error!(
            target: log::AUTH,
            cause = denied.cause(),
            address = self.address.map(display),
            realm = ?shortened(realm),
            authid = authid.map(|authid| debug(shortened(authid))),
            "authentication failed"
        );
    }

    pub(super) fn refuse_login(&mut self, denied: &Denied) {
        self.refuse(denied.uri(), &denied.to_string());
    }

    /// Asks the `#[session]` handlers.
    fn join(&mut self, newcomer: &Newcomer, identity: Identity, now: Instant) {
        let Newcomer { served, realm, session, features } = newcomer;
        let Some(seat) = served.realm.take_seat(self.limits.sessions) else {
            return self.refuse_for_room();
        };
        let trustlevel = served.settings.trustlevel(&identity.authrole);
        let (serializer, address) = (self.serializer, self.address);
        let mailbox = Mailbox::new(&self.limits, served.realm.broker().backlog());
        let mut handle = SessionHandle::new(
            *session, identity, trustlevel, *features, serializer, address, mailbox,
        );
        handle.is_listed = self.is_listed;
        let link = Rc::new(Link {
            session: Session::new(Arc::new(handle), served.realm.named(realm)),
            router: self.router.router().clone(),
            limits: Arc::clone(&self.limits),
            layers: served.settings.layers.clone(),
            host: Rc::clone(&self.host),
            send_buffer: Rc::clone(&self.send_buffer),
        });
        let served = Arc::clone(served);
        if served.registry.joins().is_empty() && !served.has_layers(None) {
            self.welcome(served, link, seat, Acceptance::default());
            return;
        }
        let until = now + self.limits.hello_timeout;
        let function = Rc::new(Cell::new(""));
        let mut work = HandlerFuture::new(admit_inside_layers(&served, &link, &function));
        let decision = work.poll(&mut TaskContext::from_waker(Waker::noop()));
        self.state = State::Admitting {
            until,
            admission: Box::new(Admission { served, link, seat, function, work }),
        };
        if let Poll::Ready(decision) = decision {
            self.decided(decision);
        }
    }

    pub(super) fn decided(&mut self, decision: Result<Acceptance, Error>) {
        let State::Admitting { admission, .. } = std::mem::replace(&mut self.state, State::Ended)
        else {
            return;
        };
        let Admission { served, link, seat, function, .. } = *admission;
        match decision {
            Ok(_) if link.router.is_stopping() => self.refuse_at_shutdown(),
            Ok(acceptance) => self.welcome(served, link, seat, acceptance),
            Err(error) => {
                tell_refused_join(&link, function.get(), &error);
                let text: Result<(String,), _> = error.args();
                self.refuse(error.uri(), text.as_ref().map_or("refused", |(text,)| text)); // Z-04
            }
        }
    }

    fn welcome(
        &mut self,
        served: Arc<ServedRealm>,
        link: Rc<Link>,
        seat: Seat,
        acceptance: Acceptance,
    ) {
        let session = &link.session;
        let identity = &session.handle().identity;
        let welcome =
            Welcome::new(session.realm().name(), identity, link.router.agent(), &served.announced);
        if let Some(counters) = session.realm().counters() {
            self.send_buffer.borrow_mut().count_in(counters.own().sent());
        }
        self.send_buffer.borrow_mut().send(&message::welcome(session.id(), &welcome));
        let realm = shortened(session.realm().name());
        tracing::debug!(target: log::SESSION, session = %session.id(), ?realm, "session opened");
        self.router.opened();
        self.state = State::Open(Box::new(OpenSession::new(served, link, seat, acceptance)));
    }

    /// Refuses a session because the realm is full, which is nobody's fault: the client may try
    /// again later.
    fn refuse_for_room(&mut self) {
        let text = "the realm has no room for another session (limit `sessions`)";
        self.abort(Close::NoRoom, uris::UNAVAILABLE, text);
    }

    pub(super) fn refuse(&mut self, reason: &str, text: &str) {
        self.abort(Close::Refused, reason, text);
    }
}

impl ServedRealm {
    fn count_login(&self, identity: &Identity, took: Duration) {
        if let Some(counters) = self.realm.counters() {
            counters.logged_in(&identity.authmethod, took);
        }
    }

    /// Counts a login that is refused, and tells the observers.
    fn tell_denied(&self, attempt: &Attempt, denied: &Denied) {
        let Some(Instruments { observers, counters }) = self.realm.instruments().map(|it| &**it)
        else {
            return;
        };
        if let Some(counters) = counters {
            counters.login_denied(attempt.method());
        }
        let method = Some(attempt.method()).filter(|method| !method.is_empty());
        observers.tell(|observer| observer.login_denied(attempt.realm(), method, denied.uri()));
    }
}

/// How a client may log in; `None` where a realm asks nobody, and the host knows who
/// it is.
fn methods(
    authenticators: &Authenticators,
    offered: &[&str],
) -> Result<Option<Vec<Candidate>>, Denied> {
    if !authenticators.is_empty() {
        return authenticators.candidates(offered).map(Some);
    }
    if offered.is_empty() || offered.contains(&ANONYMOUS) {
        return Ok(None);
    }
    Err(Denied::no_matching_method())
}

/// Runs the layers of a realm, and inside them its `#[session]` handlers.
fn admit_inside_layers(
    served: &Arc<ServedRealm>,
    link: &Rc<Link>,
    function: &Rc<Cell<&'static str>>,
) -> BoxedAnswer<Acceptance> {
    let admission = admit(served, link, function);
    if !served.has_layers(None) {
        return admission;
    }
    served.joining_around(None, joining(link), |_| admission)
}

/// Returns the context in which a `#[session]` handler runs.
fn joining(link: &Rc<Link>) -> Context {
    Context::of_other(Asked::new(link, "".into(), Payload::empty()), Subject::Join)
}

/// Runs all `#[session]` handlers of a realm, one after the other, until one refuses.
fn admit(
    served: &Arc<ServedRealm>,
    link: &Rc<Link>,
    function: &Rc<Cell<&'static str>>,
) -> BoxedAnswer<Acceptance> {
    let (served, link, function) = (Arc::clone(served), Rc::clone(link), Rc::clone(function));
    Box::pin(async move {
        let mut accepted = Acceptance::default();
        for registration in served.registry.joins() {
            let Entry::Session(run) = registration.entry else {
                continue;
            };
            if !registration.admits(link.session.authrole()) {
                continue;
            }
            function.set(registration.function);
            let context = joining(&link);
            let decision = if registration.around.is_empty() {
                run(context)
            } else {
                served.joining_around(Some(registration), context, run)
            };
            accepted.holds.append(&mut decision.await?.holds);
        }
        Ok(accepted)
    })
}
