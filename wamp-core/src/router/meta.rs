//! The meta API: the procedures and topics under `wamp.` that the router itself serves
//! (specification, "Meta API").

mod access;
mod history;
mod registration;
mod session;
mod subscription;
mod testament;

use crate::codec::payload::PayloadBuilder;
use crate::error::Error;
use crate::handler::arguments::Arguments;
use crate::handler::context::Context;
use crate::handler::entry::Parameter;
use crate::handler::reply::Reply;
use crate::id::PublicationId;
use crate::log;
use crate::realm::Realm;
use crate::realm::broker::Event;
use crate::router::ServedRealm;
use crate::uri;

pub use access::MetaApi;
pub(crate) use access::Right;
pub(crate) use registration::{registered, unregistered};
pub(crate) use session::{joined, left};
pub(crate) use subscription::{subscribed, unsubscribed};

/// A call of a procedure of the meta API.
pub(crate) struct Request<'r> {
    served: &'r ServedRealm,
    context: &'r Context,
    arguments: Arguments<'r>,
}

type Procedure = fn(&mut Request<'_>) -> Result<Reply, Error>;

const PROCEDURES: &[(&str, Right, Procedure)] = &[
    ("wamp.session.count", Right::Read, session::count),
    ("wamp.session.list", Right::Read, session::list),
    ("wamp.session.get", Right::Read, session::get),
    ("wamp.session.kill", Right::Kill, session::kill),
    ("wamp.session.kill_by_authid", Right::Kill, session::kill_by_authid),
    ("wamp.session.kill_by_authrole", Right::Kill, session::kill_by_authrole),
    ("wamp.session.kill_all", Right::Kill, session::kill_all),
    ("wamp.session.add_testament", Right::Read, testament::add),
    ("wamp.session.flush_testaments", Right::Read, testament::flush),
    ("wamp.registration.list", Right::Read, registration::list),
    ("wamp.registration.lookup", Right::Read, registration::lookup),
    ("wamp.registration.match", Right::Read, registration::matching),
    ("wamp.registration.get", Right::Read, registration::get),
    ("wamp.registration.list_callees", Right::Read, registration::list_callees),
    ("wamp.registration.count_callees", Right::Read, registration::count_callees),
    ("wamp.registration.remove_callee", Right::Kill, registration::remove_callee),
    ("wamp.subscription.list", Right::Read, subscription::list),
    ("wamp.subscription.lookup", Right::Read, subscription::lookup),
    ("wamp.subscription.match", Right::Read, subscription::matching),
    ("wamp.subscription.get", Right::Read, subscription::get),
    ("wamp.subscription.list_subscribers", Right::Read, subscription::list_subscribers),
    ("wamp.subscription.count_subscribers", Right::Read, subscription::count_subscribers),
    ("wamp.subscription.get_events", Right::Read, history::get_events),
    ("wamp.subscription.remove_subscriber", Right::Kill, subscription::remove_subscriber),
];

/// The topics of the meta API.
const TOPICS: &[&str] = &[
    session::ON_JOIN,
    session::ON_LEAVE,
    registration::ON_CREATE,
    registration::ON_REGISTER,
    registration::ON_UNREGISTER,
    registration::ON_DELETE,
    subscription::ON_CREATE,
    subscription::ON_SUBSCRIBE,
    subscription::ON_UNSUBSCRIBE,
    subscription::ON_DELETE,
];

/// Answers a call of a reserved URI. In a realm without a meta API its procedures do not exist.
pub(crate) fn call(
    served: &ServedRealm,
    context: &Context,
    arguments: Arguments<'_>,
) -> Result<Reply, Error> {
    let uri = context.uri();
    let found = PROCEDURES.iter().find(|(name, ..)| *name == uri);
    let (Some((_, right, procedure)), Some(api)) = (found, &served.settings.meta_api) else {
        return Err(Error::no_such_procedure(uri)); // U-08
    };
    if !api.admits(*right, context.session().authrole()) {
        return Err(Error::not_authorized("the role may not call this procedure"));
    }
    procedure(&mut Request { served, context, arguments })
}

/// Returns whether a session of this role may subscribe to a reserved topic.
pub(crate) fn may_subscribe(served: &ServedRealm, topic: &str, authrole: &str) -> bool {
    let api = served.settings.meta_api.as_ref();
    TOPICS.contains(&topic) && api.is_some_and(|api| api.admits(Right::Read, authrole))
}

impl<'r> Request<'r> {
    /// Reads the next argument.
    fn take<T: serde::Deserialize<'r>>(&mut self, name: &'static str) -> Result<T, Error> {
        self.arguments.take(&Parameter { name, camel: name, is_keyword: false })
    }

    /// Reads the next argument, a reason that other clients are told, and which must be a URI
    /// (K-07).
    fn take_reason(&mut self) -> Result<Option<String>, Error> {
        match self.take::<Option<String>>("reason")? {
            Some(reason) if !uri::is_valid(&reason) => Err(Error::invalid_uri(&reason)),
            reason => Ok(reason),
        }
    }

    /// Checks that no argument is left.
    fn finish(&mut self) -> Result<(), Error> {
        self.arguments.finish()
    }
}

/// Publishes an event of the meta API (K-40). Costs one load if no session is subscribed to a
/// reserved topic.
fn publish(realm: &Realm, topic: &'static str, payload: impl FnOnce() -> PayloadBuilder) {
    if !realm.broker().has_reserved() {
        return;
    }
    match payload().build() {
        Ok(payload) => {
            realm.broker().publish(&Event::of_router(
                PublicationId::random(),
                topic,
                &payload,
                None,
            ));
        }
        Err(error) => {
            tracing::error!(
                target: log::CALL, topic, %error, "an event of the meta API cannot be published"
            );
        }
    }
}
