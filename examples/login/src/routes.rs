//! Ordinary routes: logging in and out, and the page.

use actix_web::error::ErrorUnauthorized;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Json, ServiceConfig, block};
use actix_web::{HttpRequest, HttpResponse, Responder, get, post};
use serde::Deserialize;

use crate::accounts;
use crate::logins::Logins;

pub(crate) fn configure(config: &mut ServiceConfig) {
    config.service((login, logout, index, page_script, wamp_script));
}

/// The login form. It is sent as JSON, which a form of another site cannot send, so that no site
/// can log a user in unnoticed.
#[derive(Deserialize)]
struct Form {
    name: String,
    password: String,
}

#[post("/login")]
async fn login(
    form: Json<Form>,
    request: HttpRequest,
    logins: Data<Logins>,
) -> actix_web::Result<HttpResponse> {
    let Json(Form { name, password }) = form;
    // On the pool for blocking work, so that the worker can serve other clients meanwhile.
    let account = block(move || accounts::verify(&name, &password)).await?;
    let account = account.ok_or_else(|| ErrorUnauthorized("the name or the password is wrong"))?;
    logins.end(&request);
    Ok(HttpResponse::NoContent().cookie(logins.begin(account, &request)).finish())
}

#[post("/logout")]
async fn logout(request: HttpRequest, logins: Data<Logins>) -> actix_web::Result<HttpResponse> {
    let mut response = HttpResponse::NoContent().finish();
    if let Some(cookie) = logins.end(&request) {
        response.add_removal_cookie(&cookie)?;
    }
    Ok(response)
}

#[get("/")]
async fn index() -> impl Responder {
    HttpResponse::Ok().content_type(ContentType::html()).body(include_str!("../page/index.html"))
}

#[get("/page.js")]
async fn page_script() -> impl Responder {
    script(include_str!("../page/page.js"))
}

#[get("/wamp.js")]
async fn wamp_script() -> impl Responder {
    script(include_str!("../../wamp.js"))
}

fn script(source: &'static str) -> impl Responder {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(source)
}
