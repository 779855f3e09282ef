//! The second listener: metrics, probes, and the page that plots them.

use std::fs;
use std::net::SocketAddr;

use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpResponse, Responder, get};
use serde_json::json;
use wamp_actix::{Router, health, metrics};

/// The services of the second listener.
#[derive(Clone)]
pub(crate) struct Operations {
    router: Router,
    service: Data<Service>,
}

/// The address of the listener for clients.
struct Service(SocketAddr);

impl Operations {
    pub(crate) fn new(router: &Router, service: SocketAddr) -> Self {
        Self { router: router.clone(), service: Data::new(Service(service)) }
    }

    pub(crate) fn serve(&self, app: &mut ServiceConfig) {
        app.service(metrics("/metrics", &self.router))
            .service(health(&self.router))
            .app_data(self.service.clone())
            .service((about, index, page_script, plot, samples, traffic, wamp));
    }
}

/// Returns the origins under which a browser on this machine has the page.
pub(crate) fn origins(page: SocketAddr) -> [String; 2] {
    ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{}", page.port()))
}

/// Tells the page where the service is, and the memory of its process.
#[get("/about")]
async fn about(service: Data<Service>) -> impl Responder {
    let about = json!({ "url": format!("ws://{}/ws", service.0), "resident_bytes": resident() });
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(about)
}

/// Returns the memory of the process in bytes, where the system has Linux' `/proc`.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[get("/")]
async fn index() -> impl Responder {
    HttpResponse::Ok().content_type(ContentType::html()).body(include_str!("../page/index.html"))
}

#[get("/page.js")]
async fn page_script() -> impl Responder {
    script(include_str!("../page/page.js"))
}

#[get("/plot.js")]
async fn plot() -> impl Responder {
    script(include_str!("../page/plot.js"))
}

#[get("/samples.js")]
async fn samples() -> impl Responder {
    script(include_str!("../page/samples.js"))
}

#[get("/traffic.js")]
async fn traffic() -> impl Responder {
    script(include_str!("../page/traffic.js"))
}

#[get("/wamp.js")]
async fn wamp() -> impl Responder {
    script(include_str!("../../wamp.js"))
}

fn script(source: &'static str) -> impl Responder {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(source)
}
