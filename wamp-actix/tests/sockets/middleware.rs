//! The middleware of actix around an endpoint, over real sockets: it changes other responses, and
//! leaves a WebSocket alone.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::support::Client;
use actix_web::middleware::{
    Compress, Condition, DefaultHeaders, ErrorHandlers, Logger, NormalizePath,
};
use actix_web::rt::spawn;
use actix_web::rt::task::spawn_blocking;
use actix_web::{App, HttpServer, web};
use wamp_actix::{Router, handlers, rpc};

#[rpc("test.zeros")]
async fn zeros(count: usize) -> String {
    "0".repeat(count)
}

/// Returns the compressed response to an ordinary request.
fn page(address: SocketAddr) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    let request = "GET /page/ HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\
                   Connection: close\r\n\r\n";
    socket.write_all(request.as_bytes()).unwrap();
    let mut response = Vec::new();
    socket.read_to_end(&mut response).unwrap();
    String::from_utf8_lossy(&response).to_ascii_lowercase()
}

#[actix_web::test]
async fn a_websocket_is_served_under_compress_logger_and_normalize_path() {
    let router = Router::builder().handlers(handlers![zeros]).build().unwrap();
    let app = move || {
        App::new()
            .wrap(Compress::default())
            .wrap(Logger::default())
            .wrap(NormalizePath::trim())
            .wrap(DefaultHeaders::new().add(("X-Served-By", "test")))
            .wrap(Condition::new(true, ErrorHandlers::new()))
            .service(router.endpoint("/ws").on_signal(false))
            .route("/page", web::get().to(async || "0".repeat(5000)))
    };
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    let handle = spawn(server.run());
    let calls = spawn_blocking(move || {
        let page = page(address);
        assert!(
            page.starts_with("http/1.1 200 ") && page.contains("\r\ncontent-encoding: gzip\r\n"),
            "{page}"
        );
        for path in ["/ws", "/ws/", "//ws//"] {
            let mut client = Client::join_at(address, path, "Accept-Encoding: gzip, br, zstd\r\n");
            // Long enough to be compressed, and more than one frame.
            for request in 1..=3 {
                client.send(&format!(r#"[48,{request},{{}},"test.zeros",[5000]]"#));
                assert_eq!(
                    client.message(),
                    format!(r#"[50,{request},{{}},["{}"]]"#, "0".repeat(5000))
                );
            }
        }
    });
    calls.await.unwrap();
    handle.abort();
}
