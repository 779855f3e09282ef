//! Ordinary routes: the page, and documents over HTTP.

use actix_web::error::ErrorInternalServerError;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Json, Path, ServiceConfig};
use actix_web::{HttpResponse, Responder, get, put};
use wamp_actix::Router;

use crate::handlers::publish_changed;
use crate::store::{DocError, Document, Documents, Edit};

/// The realm that the page joins. The router serves one realm, which has every name.
const REALM: &str = "documents";

pub(crate) fn configure(config: &mut ServiceConfig) {
    config.service((read, write, page, page_script, wamp_script));
}

#[get("/documents/{document_id}")]
async fn read(
    document_id: Path<String>,
    documents: Data<Documents>,
) -> Result<Json<Document>, DocError> {
    documents.retrieve(&document_id).map(Json)
}

/// Replaces the text, which subscribers of the document see at once:
/// `curl -X PUT -d 'Hello from curl' http://127.0.0.1:8080/documents/d1`.
#[put("/documents/{document_id}")]
async fn write(
    document_id: Path<String>,
    text: String,
    documents: Data<Documents>,
    router: Router,
) -> actix_web::Result<Json<Document>> {
    let document = documents.edit(&document_id, Edit { text: Some(text), ..Edit::default() })?;
    let realm = router.realm(REALM).expect("the default router serves every realm");
    publish_changed(&realm, &document).map_err(ErrorInternalServerError)?;
    Ok(Json(document))
}

#[get("/")]
async fn page() -> impl Responder {
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
