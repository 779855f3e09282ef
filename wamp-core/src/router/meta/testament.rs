//! `wamp.session.add_testament` and `flush_testaments` (E-13, E-15).

use super::Request;
use crate::codec::payload::Payload;
use crate::codec::raw::Raw;
use crate::error::{Error, uris};
use crate::handler::reply::Reply;
use crate::message::{Dict, Filter, PublishOptions};
use crate::session::testament::{Scope, Testament};

pub(super) fn add(request: &mut Request<'_>) -> Result<Reply, Error> {
    let topic: String = request.take("topic")?;
    let (args, kwargs) = (request.take("args")?, request.take("kwargs")?);
    let options: Option<Raw<'_>> = request.take("publish_options")?;
    let scope: Option<Scope> = request.take("scope")?;
    request.finish()?;
    let options = options.map(read).transpose()?.unwrap_or_default();
    let session = request.context.session();
    request.served.check_publication(&topic, &options)?;
    let handler = request.served.publisher(&topic, session.authrole())?;
    if handler.is_some() || request.served.settings.authorizers.decide_uris() {
        // E-17: after the session has ended, a handler or authoriser cannot decide about it any
        // more.
        return Err(Error::not_authorized(
            "each publication to this topic is decided when it is made",
        ));
    }
    let payload = Payload::of_parts(args, kwargs)
        .ok_or_else(|| Error::invalid_argument("`args` must be a list, and `kwargs` a dict"))?;
    let testament = Testament { topic, payload, options };
    let limits = &request.served.limits;
    if session.handle().testaments.lock().add(scope.unwrap_or_default(), testament, limits) {
        Ok(Reply::new())
    } else {
        Err(Error::new(uris::UNAVAILABLE).arg("too many testaments of one session"))
    }
}

pub(super) fn flush(request: &mut Request<'_>) -> Result<Reply, Error> {
    let scope: Option<Scope> = request.take("scope")?;
    request.finish()?;
    request.context.session().handle().testaments.lock().flush(scope.unwrap_or_default());
    Ok(Reply::new())
}

fn read(options: Raw<'_>) -> Result<PublishOptions, Error> {
    let fault = |fault| Error::invalid_argument(format_args!("`publish_options`: {fault}"));
    let Dict(mut read) = options.read::<Dict<PublishOptions>>().map_err(fault)?;
    if read.ppt_scheme.is_some() {
        return Err(Error::feature_not_supported("a testament is not in payload passthru mode"));
    }
    let Dict(filter) = options.read::<Dict<Filter>>().map_err(fault)?;
    read.filter = filter.sorted();
    Ok(read)
}
