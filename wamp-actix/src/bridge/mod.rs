//! The bridge from HTTP: a POST is a call, a GET of a topic is a stream of its events.

mod answer;
mod exchange;
mod query;
mod refusal;
mod stream;

use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::percent_decode_str;

use crate::admission::{Admission, Place};
use crate::router::{Router, mounted};
use crate::websocket::handshake::Origins;
use crate::websocket::socket_handle::SocketHandle;
use crate::worker::clock::Clock;
use crate::worker::pulse::Pulse;
use answer::Answer;
use exchange::Exchange;
use query::{Options, Query};
use refusal::Refusal;

/// The component of the path before a topic.
const EVENTS: &str = "events/";

/// The service that serves the procedures and topics of a realm over HTTP: [`Router::http`].
#[derive(Clone, Debug)]
#[must_use = "mount it: `App::service(router.http(\"/call\"))`"]
pub struct HttpBridge {
    path: String,
    settings: Rc<Settings>,
}

#[derive(Clone, Debug)]
struct Settings {
    router: Router,
    admission: Arc<Admission>,
    realm: Option<String>,
    origins: Origins,
}

impl HttpBridge {
    pub(crate) fn new(path: &str, router: Router) -> Self {
        let admission = Admission::of(&router);
        let settings = Settings { router, admission, realm: None, origins: Origins::default() };
        Self { path: path.trim_end_matches('/').to_owned(), settings: Rc::new(settings) }
    }

    /// Sets the realm whose procedures and topics are served. A router with one declared realm
    /// needs none; for a realm of any name, sessions join it by this one.
    ///
    /// # Panics
    /// The bridge has a realm already, or the router has no such realm.
    #[track_caller]
    pub fn realm(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        let settings = Rc::make_mut(&mut self.settings);
        assert!(
            settings.router.realm(&name).is_some(),
            "the router has no realm {name:?} for `http({:?})`",
            self.path
        );
        let before = settings.realm.replace(name);
        assert!(before.is_none(), "`realm` of a bridge can be set only once");
        self
    }

    /// Serves browsers' pages from these origins only, such as `"https://app.example"`, or from
    /// any: `"*"`; as [`Endpoint::origins`](crate::Endpoint::origins). The bridge sends no CORS
    /// headers: where another origin's page should read the answers, `actix-cors` sends them.
    ///
    /// # Panics
    /// An entry is not an origin: a scheme, a host, perhaps a port, and nothing after that.
    #[track_caller]
    pub fn origins<O: Into<String>>(mut self, origins: impl IntoIterator<Item = O>) -> Self {
        Rc::make_mut(&mut self.settings).origins.add(origins.into_iter().map(Into::into));
        self
    }
}

impl HttpServiceFactory for HttpBridge {
    fn register(self, config: &mut AppService) {
        let settings =
            Rc::new(Settings { realm: Some(self.only_realm()), ..(*self.settings).clone() });
        mounted(&settings.router);
        Pulse::serve(&settings.router);
        let (calls, events) = (Rc::clone(&settings), settings);
        let call = move |request: HttpRequest, body: web::Payload| {
            let settings = Rc::clone(&calls);
            async move { settings.call(request, body).await.unwrap_or_else(HttpResponse::from) }
        };
        let listen = move |request: HttpRequest| {
            let settings = Rc::clone(&events);
            async move { settings.listen(request).await.unwrap_or_else(HttpResponse::from) }
        };
        web::resource(format!("{}/{{uri:{EVENTS}.+}}", self.path))
            .route(web::get().to(listen))
            .route(web::post().to(call.clone()))
            .register(config);
        web::resource(format!("{}/{{uri:.+}}", self.path))
            .route(web::post().to(call))
            .register(config);
    }
}

impl HttpBridge {
    /// Returns the realm to serve.
    ///
    /// # Panics
    /// None is named, and the router has several, or one of any name.
    fn only_realm(&self) -> String {
        let Settings { router, realm, .. } = &*self.settings;
        let only = || router.only_realm().map(|realm| realm.name().to_owned());
        realm.clone().or_else(only).unwrap_or_else(|| {
            panic!(
                "`http({:?})` needs `.realm(\"…\")`: the router has not just one realm with a name",
                self.path
            )
        })
    }
}

impl Settings {
    /// Answers a POST: calls the procedure in the path.
    async fn call(
        &self,
        request: HttpRequest,
        body: web::Payload,
    ) -> Result<HttpResponse, Refusal> {
        let place = self.admit(&request)?;
        let uri = uri(&request)?;
        query::demand_json(&request)?;
        let query = Query::read(&request, body, self.router.limits()).await?;
        let mut exchange = self.join(&request).await?;
        let streams = stream::is_asked_for(&request);
        exchange.send(query.call(&uri, &Options::of(&request, streams)));
        let answer = exchange.next().await.ok_or_else(Refusal::ended)?;
        if !streams {
            return answer.response();
        }
        match answer {
            Answer::Error { .. } => answer.response(),
            first => Ok(self.stream(&request, &uri, exchange, Some(first), place)),
        }
    }

    /// Answers a GET: subscribes to the topic in the path, and sends its events as they come.
    async fn listen(&self, request: HttpRequest) -> Result<HttpResponse, Refusal> {
        let place = self.admit(&request)?;
        let path = uri(&request)?;
        let topic = path.strip_prefix(EVENTS).unwrap_or_default();
        let mut exchange = self.join(&request).await?;
        exchange.send(query::subscribe(topic));
        match exchange.next().await.ok_or_else(Refusal::ended)? {
            Answer::Subscribed => Ok(self.stream(&request, topic, exchange, None, place)),
            answer => answer.response(),
        }
    }

    fn stream(
        &self,
        request: &HttpRequest,
        uri: &str,
        exchange: Exchange,
        first: Option<Answer>,
        place: Place,
    ) -> HttpResponse {
        let sender = stream::Sender {
            exchange,
            topic: uri.to_owned(),
            socket_handle: request.conn_data::<SocketHandle>().cloned(),
            write_stall: self.router.limits().write_stall,
            place,
        };
        sender.respond(first)
    }

    /// Checks a request before anything of it is read, and takes a place for it.
    fn admit(&self, request: &HttpRequest) -> Result<Place, Refusal> {
        refusal::check(request, &self.origins, &self.router)?;
        let mut place = self.admission.admit_request(&self.router, request)?;
        place.has_session();
        Ok(place)
    }

    /// Opens the session of a request.
    async fn join(&self, request: &HttpRequest) -> Result<Exchange, Refusal> {
        let realm = self.realm.as_deref().unwrap_or_default();
        let mut exchange = Exchange::open(&self.router, request, Clock::default());
        exchange.send(query::hello(realm));
        match exchange.next().await.ok_or_else(Refusal::ended)? {
            Answer::Welcome => Ok(exchange),
            Answer::Abort { reason, text } => Err(Refusal::join(&reason, &text, realm)),
            _ => Err(Refusal::ended()),
        }
    }
}

/// Returns the procedure in the path, or the topic behind [`EVENTS`]. actix has decoded it but for
/// `%25`, `%2F` and `%2B`, and has replaced what is not UTF-8.
fn uri(request: &HttpRequest) -> Result<String, Refusal> {
    let decoded = |path| percent_decode_str(path).decode_utf8().map_err(|_| Refusal::invalid_uri());
    decoded(request.uri().path())?;
    Ok(decoded(request.match_info().query("uri"))?.into_owned())
}

/// Adds what every answer has: nobody keeps it, and no proxy waits for its end.
fn answering(response: &mut actix_web::HttpResponseBuilder) -> &mut actix_web::HttpResponseBuilder {
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
}
