//! Access to the HTTP request of the upgrade during a login.

use std::any::type_name;
use std::future::Future;

use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use wamp_core::{Attempt, Denied};

/// Access to the HTTP request of the upgrade during a login, for the closures of every method,
/// above all of [`Http`](crate::Http).
///
/// ```
/// use wamp_actix::{Attempt, AttemptExt as _, Denied, Http, Identity, Realm, RealmBuilder};
///
/// async fn by_token(attempt: Attempt) -> Result<Identity, Denied> {
///     match attempt.bearer().ok_or(Denied::absent())? {
///         "6a204bd8" => Ok(Identity::new("robot", "machine")),
///         _ => Err(Denied::credentials()),
///     }
/// }
/// let realm: RealmBuilder = Realm::new("factory").authenticate(Http::new("bearer", by_token));
/// ```
pub trait AttemptExt {
    /// Returns the request of the upgrade, with its headers, address and cookies.
    ///
    /// # Panics
    /// The connection does not belong to an [`Endpoint`](crate::Endpoint), but to another host of
    /// `wamp-core`.
    fn request(&self) -> &HttpRequest;

    /// Returns the token of `Authorization: Bearer …`.
    fn bearer(&self) -> Option<&str>;

    /// Returns data of the application, as in a route.
    ///
    /// # Errors
    /// The application has no such data: the login fails, and the log has the reason.
    fn data<T: 'static>(&self) -> Result<Data<T>, Denied>;

    /// Runs an extractor of actix on the request, such as one of the web application's login or of
    /// a cookie session.
    ///
    /// # Errors
    /// [`Denied::absent`] if the extractor answers 401 or 403; for any other error the login fails,
    /// and the log has the reason.
    fn extract<T: FromRequest>(&self) -> impl Future<Output = Result<T, Denied>>;
}

impl AttemptExt for Attempt {
    fn request(&self) -> &HttpRequest {
        self.host().expect("the connections of an endpoint have a request")
    }

    fn bearer(&self) -> Option<&str> {
        let value = self.request().headers().get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    fn data<T: 'static>(&self) -> Result<Data<T>, Denied> {
        let data = self.request().app_data::<Data<T>>().cloned();
        data.ok_or_else(|| {
            Denied::failed(format_args!("the application has no Data<{}>", type_name::<T>()))
        })
    }

    async fn extract<T: FromRequest>(&self) -> Result<T, Denied> {
        let extracted = T::from_request(self.request(), &mut actix_web::dev::Payload::None).await;
        extracted.map_err(|error| refused(&error.into()))
    }
}

fn refused(error: &actix_web::Error) -> Denied {
    match error.as_response_error().status_code() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Denied::absent(),
        _ => Denied::failed(error),
    }
}
