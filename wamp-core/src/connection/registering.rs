//! The registrations of one session.

use std::collections::HashSet;
use std::time::Instant;

use super::authorizing::Asked;
use super::open::OpenSession;
use crate::auth::Granted;
use crate::error::{Error, Violation, uris};
use crate::id::{RegistrationId, RequestId};
use crate::message::{self, MatchPolicy, RegisterOptions, code};
use crate::realm::pattern::Pattern;
use crate::router::meta;

/// The registrations of one session.
#[derive(Debug, Default)]
pub(super) struct Registrations(HashSet<RegistrationId>);

impl OpenSession {
    pub(super) fn register(
        &mut self,
        request: RequestId,
        options: RegisterOptions,
        procedure: &str,
        now: Instant,
    ) -> Result<(), Violation> {
        self.expect(request)?;
        let policy = options.policy.unwrap_or(MatchPolicy::Exact);
        let procedure = Pattern { policy, uri: procedure.to_owned() };
        if procedure.is_valid() && !procedure.is_reserved() {
            self.ask(request, Asked::Register { procedure, options }, now);
        } else {
            self.core.error(code::REGISTER, request, &Error::invalid_uri(&procedure.uri)); // U-03, U-05, U-06
        }
        Ok(())
    }

    /// A REGISTER that the realm's authoriser lets through.
    pub(super) fn start_register(
        &mut self,
        request: RequestId,
        options: &RegisterOptions,
        pattern: &Pattern,
        granted: Granted,
    ) -> Result<(), Error> {
        if !self.core.served.settings.route_clients {
            return Err(Error::not_authorized("clients cannot register procedures in this realm"));
        }
        if options.disclose_caller == Some(true) && !self.core.served.settings.disclosure {
            return Err(Error::new(uris::OPTION_DISALLOWED_DISCLOSE_ME)); // DI-04
        }
        if self.registrations.0.len() >= self.core.limits().registrations {
            return Err(Error::not_authorized("too many registrations of one session"));
        }
        let taken = || Error::new(uris::PROCEDURE_ALREADY_EXISTS).arg("the procedure is registered already");
        if self.core.served.registry.serves(pattern) {
            return Err(taken());
        }
        let dealer = self.core.served.realm.dealer();
        let replaces = options.replaces() && granted.replacing;
        let handle = self.core.link.session.handle();
        let registering = dealer.register(pattern, options, handle, replaces).ok_or_else(taken)?;
        let id = registering.registered.id;
        self.registrations.0.insert(id);
        self.core.link.send_buffer.borrow_mut().send(|s, out| message::registered(s, out, request, id));
        meta::registered(&self.core.served.realm, self.core.link.session.id(), &registering);
        Ok(())
    }

    pub(super) fn unregister(&mut self, request: RequestId, registration: u64) -> Result<(), Violation> {
        self.expect(request)?;
        let id = RegistrationId::new(registration).filter(|id| self.registrations.0.remove(id));
        let Some(id) = id else {
            self.core.error(code::UNREGISTER, request, &Error::new(uris::NO_SUCH_REGISTRATION));
            return Ok(());
        };
        self.leave_registration(id);
        // Calls that were made before reach the callee before UNREGISTERED.
        self.flush_mailbox();
        self.core.link.send_buffer.borrow_mut().send(|s, out| message::unregistered(s, out, request));
        Ok(())
    }

    /// The router took the session out of a registration (RR-04). If it has registered anew before it read this, it stays a
    /// callee, which it would not leave otherwise when it ends.
    pub(super) fn revoked(&mut self, id: RegistrationId, reason: Option<&str>) {
        if self.core.served.realm.dealer().has_callee(id, self.core.session().handle().id) {
            return;
        }
        let is_told = self.core.session().handle().features.callee.registration_revocation;
        if self.registrations.0.remove(&id) && is_told {
            self.core
                .link
                .send_buffer
                .borrow_mut()
                .send(|s, out| message::registration_revoked(s, out, id, reason));
        }
    }

    /// Nobody calls the session any more.
    pub(super) fn leave_registrations(&mut self) {
        for id in std::mem::take(&mut self.registrations.0) {
            self.leave_registration(id);
        }
    }

    fn leave_registration(&self, id: RegistrationId) {
        let (realm, handle) = (&self.core.served.realm, self.core.session().handle());
        let is_last = realm.dealer().unregister(id, handle.id);
        if let Some(is_last) = is_last.filter(|_| !handle.is_silenced()) {
            meta::unregistered(realm, handle.id, id, is_last);
        }
    }
}
