//! The service that upgrades a request to WAMP.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use actix_web::body::BoxBody;
use actix_web::dev::{AppService, HttpServiceFactory, Payload, ServiceRequest, ServiceResponse};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use wamp_core::{Connection, Framing, Identity, Serializer, Transport};

use crate::admission::client_address::client_address;
use crate::admission::{Admission, Place};
use crate::router::{Router, mounted, router};
use crate::signal;
use crate::websocket::accepting;
use crate::websocket::body::Body;
use crate::websocket::frames;
use crate::websocket::handshake::Origins;
use crate::websocket::request_copy;
use crate::websocket::socket::Socket;
use crate::websocket::socket_handle::SocketHandle;
use crate::worker::clock::Clock;
use crate::worker::pulse::Pulse;

/// Returns the service that serves the default router at a path: the one line that an application
/// needs.
///
/// # Panics
/// A handler has a fault, such as an invalid URI, or a URI that another handler has.
/// [`router()`](crate::router()) returns the same as an error, earlier.
///
/// ```standalone_crate
/// use actix_web::App;
///
/// let app = App::new().service(wamp_actix::endpoint("/ws"));
/// ```
pub fn endpoint(path: &str) -> Endpoint {
    Endpoint::new(path, router().unwrap_or_else(|error| panic!("{error}")))
}

/// The service that serves a router at a path: [`endpoint`], [`Router::endpoint`].
///
/// It works inside `web::scope` and `configure`, under middleware and guards, and several times in
/// an application. A middleware that authenticates the request may put an [`Identity`] into the
/// request's extensions: in a realm without methods of authentication the session then has that
/// identity instead of an anonymous one.
#[derive(Clone, Debug)]
#[must_use = "mount it: `App::service(endpoint)`"]
pub struct Endpoint {
    path: String,
    settings: Rc<Settings>,
}

#[derive(Clone, Debug)]
struct Settings {
    router: Router,
    admission: Arc<Admission>,
    origins: Origins,
    /// `None` is the default, true.
    on_signal: Option<bool>,
    /// `None` is the default, false.
    goodbye_at_shutdown: Option<bool>,
}

impl Endpoint {
    pub(crate) fn new(path: &str, router: Router) -> Self {
        let admission = Admission::of(&router);
        let settings = Settings {
            router,
            admission,
            origins: Origins::default(),
            on_signal: None,
            goodbye_at_shutdown: None,
        };
        Self { path: path.to_owned(), settings: Rc::new(settings) }
    }

    /// Accepts browsers from these origins only, such as `"https://app.example"`, or from any:
    /// `"*"`. Without it, a page may connect to the host that it was loaded from, which is the host
    /// in `X-Forwarded-Host`, `Forwarded` or `Host`; if that has no port, also with the port in
    /// `X-Forwarded-Port`. Further calls add origins.
    ///
    /// # Panics
    /// An entry is not an origin: a scheme, a host, perhaps a port, and nothing after that.
    pub fn origins<O: Into<String>>(mut self, origins: impl IntoIterator<Item = O>) -> Self {
        Rc::make_mut(&mut self.settings).origins.add(origins.into_iter().map(Into::into));
        self
    }

    /// Sets whether sessions get GOODBYE `wamp.close.system_shutdown`, and clients that have not
    /// joined yet get ABORT, when a signal shuts the router down. The default is `false`: the
    /// WebSocket is closed with 1012, "service restart", without either, because clients in
    /// browsers (autobahn-js, wampy.js) reconnect after that, and never after a GOODBYE. An
    /// application that shuts the router down itself calls
    /// [`Stopped::goodbye`](wamp_core::Stopped::goodbye).
    ///
    /// ```
    /// use actix_web::App;
    ///
    /// # fn main() -> Result<(), wamp_actix::BuildError> {
    /// let router = wamp_actix::Router::builder().handlers([]).build()?;
    /// let app = App::new().service(router.endpoint("/ws").goodbye_at_shutdown(true));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// The endpoint has this option already.
    #[track_caller]
    pub fn goodbye_at_shutdown(mut self, goodbye: bool) -> Self {
        set_once(
            "goodbye_at_shutdown",
            &mut Rc::make_mut(&mut self.settings).goodbye_at_shutdown,
            goodbye,
        );
        self
    }

    /// Sets whether SIGTERM and SIGINT shut the router down, so that its sessions do not delay the
    /// end of the server. The default is `true`; with `false` the application calls
    /// [`Router::shutdown`](wamp_core::Router::shutdown). An application that handles signals
    /// itself (`HttpServer::disable_signals`) sets `false`, because the listener replaces the
    /// signals' default action, which ends the process. At SIGINT actix ends before the router has
    /// shut down, unless the server has [`stop_signal`](crate::stop_signal).
    ///
    /// # Panics
    /// The endpoint has this option already.
    #[track_caller]
    pub fn on_signal(mut self, on_signal: bool) -> Self {
        set_once("on_signal", &mut Rc::make_mut(&mut self.settings).on_signal, on_signal);
        self
    }
}

/// Sets an option, and panics if it is set already: a later call would silently replace the earlier
/// one.
#[track_caller]
fn set_once(option: &str, current: &mut Option<bool>, value: bool) {
    assert!(current.replace(value).is_none(), "`{option}` of an endpoint can be set only once");
}

impl HttpServiceFactory for Endpoint {
    fn register(self, config: &mut AppService) {
        mounted(&self.settings.router);
        Pulse::serve(&self.settings.router);
        let settings = Rc::new(self.settings);
        let upgrade = move |request| {
            let settings = Rc::clone(&settings);
            async move {
                let task = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
                Ok::<_, actix_web::Error>(settings.upgrade(request, task))
            }
        };
        web::service(&self.path).finish(upgrade).register(config);
    }
}

impl Settings {
    /// Answers the request: with the upgrade, or with a refusal. `task` is the one that asks.
    fn upgrade(&self, mut request: ServiceRequest, task: Waker) -> ServiceResponse {
        let accepted =
            accepting::accept(request.request(), &self.router, &self.admission, &self.origins);
        let response = match accepted {
            Ok((response, serializer, place)) => {
                request_copy::compact(&mut request);
                match request.take_payload() {
                    // Without the payload actix would read the frames as the next request. So the
                    // client gets no 101.
                    Payload::None => {
                        HttpResponse::BadRequest().body("a middleware has taken the payload")
                    }
                    payload => {
                        self.connect(response, serializer, place, request.request(), payload, task)
                    }
                }
            }
            Err(refusal) => refusal,
        };
        request.into_response(response)
    }

    fn connect(
        &self,
        mut response: HttpResponseBuilder,
        serializer: Serializer,
        place: Place,
        request: &HttpRequest,
        payload: Payload,
        task: Waker,
    ) -> HttpResponse {
        let clock = request.extensions().get::<Clock>().cloned();
        if self.on_signal.unwrap_or(true) && clock.is_none() {
            signal::listen(&self.router, self.goodbye_at_shutdown.unwrap_or(false));
        }
        let identity =
            request.extensions().get::<Identity>().cloned().unwrap_or_else(Identity::anonymous);
        let socket_handle = request.conn_data::<SocketHandle>().cloned();
        let clock = clock.unwrap_or_default();
        let mut socket =
            open(&self.router, serializer, identity, request.clone(), payload, clock, task);
        socket.occupy(place);
        response.body(BoxBody::new(Body::new(socket, socket_handle)))
    }
}

/// The mark of a request whose client is known, whatever methods of authentication its realm has.
/// Only the test client makes it.
pub(crate) struct Known;

/// Opens a WebSocket whose handshake is done, in this task.
pub(crate) fn open(
    router: &Router,
    serializer: Serializer,
    identity: Identity,
    request: HttpRequest,
    payload: Payload,
    clock: Clock,
    task: Waker,
) -> Socket {
    let framing = Framing { reserve: frames::RESERVE, seal: frames::seal };
    let address = client_address(&request, router);
    let is_known = request.extensions().get::<Known>().is_some();
    let transport = Transport { serializer, framing, identity, address, host: Rc::new(request) };
    let connection = Connection::new(router, transport, clock.now());
    let connection = if is_known { connection.authenticated() } else { connection };
    Socket::new(connection, (**router).clone(), payload, clock, task)
}
