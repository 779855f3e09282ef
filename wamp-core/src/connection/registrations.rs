//! The registrations of one session.

use std::collections::HashSet;

use super::core::{Core, Request};
use crate::auth::Granted;
use crate::error::{Error, uris};
use crate::id::{RegistrationId, RequestId};
use crate::message::{self, RegisterOptions, code};
use crate::realm::pattern::Pattern;
use crate::router::meta;

/// The registrations of one session.
#[derive(Debug, Default)]
pub(super) struct Registrations(HashSet<RegistrationId>);

impl Registrations {
    /// Handles a REGISTER that the realm's authorisers let through.
    pub(super) fn register(
        &mut self,
        core: &Core,
        request: RequestId,
        options: &RegisterOptions,
        pattern: &Pattern,
        granted: Granted,
    ) -> Result<(), Error> {
        if !core.served.settings.route_clients {
            //
            return Err(Error::not_authorized("clients cannot register procedures in this realm"));
        }
        if options.disclose_caller == Some(true) && !core.served.settings.disclosure {
            return Err(Error::new(uris::OPTION_DISALLOWED_DISCLOSE_ME)); // DI-04
        }
        if self.0.len() >= core.limits().registrations {
            return Err(Error::not_authorized("too many registrations of one session"));
        }
        let taken = || {
            Error::new(uris::PROCEDURE_ALREADY_EXISTS).arg("the procedure is registered already")
        };
        if core.served.registry.serves(pattern) {
            return Err(taken());
        }
        let dealer = core.served.realm.dealer();
        let replaces = options.replaces() && granted.replacing;
        let handle = core.link.session.handle();
        let registering = dealer.register(pattern, options, handle, replaces).ok_or_else(taken)?;
        let id = registering.registered.id;
        self.0.insert(id);
        core.send(&message::registered(request, id));
        meta::registered(&core.served.realm, core.link.session.id(), &registering);
        Ok(())
    }

    /// Begins UNREGISTER: calls that were made before have to reach the callee before it is
    /// finished. False if it was refused.
    pub(super) fn begin_unregister(
        &mut self,
        core: &Core,
        request: RequestId,
        registration: u64,
    ) -> bool {
        let id = RegistrationId::new(registration).filter(|id| self.0.remove(id));
        match id {
            Some(id) => leave(core, id),
            //
            None => {
                let request = Request::of(code::UNREGISTER, request);
                core.error(request, &Error::new(uris::NO_SUCH_REGISTRATION));
            }
        }
        id.is_some()
    }

    /// Handles the end of a registration by the router (RR-04). If the session has registered anew
    /// before it read this, it stays a callee, which it would not leave otherwise when it ends
    ///
    pub(super) fn revoked(&mut self, core: &Core, id: RegistrationId, reason: Option<&str>) {
        if core.served.realm.dealer().has_callee(id, core.session().handle().id) {
            return;
        }
        let is_told = core.session().handle().features.callee.registration_revocation;
        if self.0.remove(&id) && is_told {
            core.send(&message::registration_revoked(id, reason));
        }
    }

    /// Takes the session out of all its registrations, for it ends.
    pub(super) fn leave(&mut self, core: &Core) {
        for id in std::mem::take(&mut self.0) {
            leave(core, id);
        }
    }
}

/// Takes the session out of a registration, and tells those who want to know.
fn leave(core: &Core, id: RegistrationId) {
    let (realm, handle) = (&core.served.realm, core.session().handle());
    let is_last = realm.dealer().unregister(id, handle.id);
    if let Some(is_last) = is_last.filter(|_| !handle.is_silenced()) {
        meta::unregistered(realm, handle.id, id, is_last);
    }
}

/// Sends UNREGISTERED.
pub(super) fn finish_unregister(core: &Core, request: RequestId) {
    core.send(&message::unregistered(request));
}
