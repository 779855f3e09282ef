//! WebSockets on a route of the application's own, over `actix-ws`.

use actix_web::error::InternalError;
use actix_web::{HttpMessage as _, HttpRequest};
use wamp_core::{Identity, Serializer};

use super::Router;
use crate::admission::{Admission, Place};
use crate::signal;
use crate::websocket::accepting;
use crate::websocket::handshake::Origins;
use crate::websocket::plain::Host;

/// An upgrade request that was accepted, with its place among the connections:
/// [`Router::accept`]. Dropping it returns the place.
#[derive(Debug)]
pub struct Accepted {
    pub(crate) request: HttpRequest,
    pub(crate) serializer: Serializer,
    pub(crate) identity: Identity,
    pub(crate) place: Place,
    goodbye_at_shutdown: bool,
}

impl Accepted {
    /// Returns the subprotocol to be negotiated, such as `wamp.2.json`: the only one to be given to
    /// `actix_ws::handle_with_protocols`.
    #[must_use]
    pub fn subprotocol(&self) -> &'static str {
        self.serializer.subprotocol()
    }

    /// Sets the identity of a user whom the route has authenticated, for a realm that has no
    /// methods of authentication. Without it that of the request's extensions counts, as at an
    /// endpoint, or else the session is anonymous.
    #[must_use]
    pub fn identity(self, identity: Identity) -> Self {
        Self { identity, ..self }
    }

    /// Sets whether sessions get GOODBYE when a signal shuts the router down, as
    /// [`Endpoint::goodbye_at_shutdown`](crate::Endpoint::goodbye_at_shutdown). The first
    /// WebSocket of a worker decides.
    #[must_use]
    pub fn goodbye_at_shutdown(self, goodbye: bool) -> Self {
        Self { goodbye_at_shutdown: goodbye, ..self }
    }
}

impl Router {
    /// Checks an upgrade request for a route of the application's own, and takes a place for its
    /// connection: with feature `actix-ws`. The checks are those of an
    /// [`Endpoint`](crate::Endpoint) for pages of the same host: `actix_ws` itself takes any
    /// `Upgrade` that contains `websocket`, with a body too, from any `Origin`.
    ///
    /// # Errors
    /// The response that an endpoint would give: 400, 405, 426, 431 or 505 for a request that is no
    /// upgrade to WAMP, 403 for a foreign `Origin`, 503 while the router shuts down or at
    /// [`Limits::connections`](crate::Limits::connections) or
    /// [`connections_per_address`](crate::Limits::connections_per_address).
    ///
    /// ```
    /// use actix_web::{HttpRequest, HttpResponse, Result, get, rt, web};
    /// use wamp_actix::{Identity, Router};
    ///
    /// #[get("/private/ws")]
    /// async fn connect(
    ///     request: HttpRequest,
    ///     body: web::Payload,
    ///     router: web::Data<Router>,
    /// ) -> Result<HttpResponse> {
    ///     let accepted = router.accept(&request)?.identity(Identity::new("joe", "user"));
    ///     let (response, session, messages) =
    ///         actix_ws::handle_with_protocols(&request, body, &[accepted.subprotocol()])?;
    ///     rt::spawn(router.serve(accepted, session, messages));
    ///     Ok(response)
    /// }
    /// ```
    pub fn accept(&self, request: &HttpRequest) -> Result<Accepted, actix_web::Error> {
        let admission = Admission::of(self);
        let (_, serializer, place) =
            accepting::accept(request, self, &admission, &Origins::default())
                .map_err(|refusal| InternalError::from_response("upgrade refused", refusal))?;
        let identity =
            request.extensions().get::<Identity>().cloned().unwrap_or_else(Identity::anonymous);
        Ok(Accepted {
            request: request.clone(),
            serializer,
            identity,
            place,
            goodbye_at_shutdown: false,
        })
    }

    /// Serves an accepted WebSocket until it is closed. The future borrows nothing: it is a task
    /// beside the response, `rt::spawn(router.serve(accepted, session, messages))`. Dropping it
    /// ends the session.
    ///
    /// SIGTERM and SIGINT shut the router down, as at an [`Endpoint`](crate::Endpoint). For what
    /// only an endpoint has, see `docs/actix-ws.md`.
    pub fn serve(
        &self,
        accepted: Accepted,
        session: actix_ws::Session,
        messages: actix_ws::MessageStream,
    ) -> impl Future<Output = ()> + use<> {
        signal::listen(self, accepted.goodbye_at_shutdown);
        let mut host = Host::new(self, accepted, session, messages);
        std::future::poll_fn(move |context| host.poll(context))
    }
}
