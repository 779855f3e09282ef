//! A supervisor's probes, over real sockets, from a server of their own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::Client;
use actix_web::rt::spawn;
use actix_web::rt::task::{JoinHandle, spawn_blocking};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use wamp_actix::{Router, handlers, health, rpc};

/// The gate of a handler that blocks its worker: it tells the name of its thread, and waits.
struct Gate {
    name: Sender<String>,
    opens: Mutex<Receiver<()>>,
}

#[rpc("test.block")]
async fn block(gate: Data<Gate>) {
    gate.name.send(thread::current().name().unwrap().to_owned()).unwrap();
    gate.opens.lock().unwrap().recv().unwrap();
}

fn router() -> Router {
    Router::builder().handlers(handlers![block]).build().unwrap()
}

/// Starts a server of one worker for the probes about a router.
fn probes(router: &Router) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let router = router.clone();
    let app = move || App::new().service(health(&router).stuck_after(Duration::from_secs(2)));
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
    (server.addrs()[0], spawn(server.run()))
}

/// Starts a server of one worker for the router's clients.
fn endpoint(router: &Router, gate: Gate) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let (router, gate) = (router.clone(), Data::new(gate));
    let app =
        move || App::new().app_data(gate.clone()).service(router.endpoint("/ws").on_signal(false));
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
    (server.addrs()[0], spawn(server.run()))
}

/// Returns the status and the text of an answer.
fn get(address: SocketAddr, request: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(address).unwrap();
    let head = format!("{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    socket.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    (head["HTTP/1.1 ".len()..][..3].parse().unwrap(), text.trim_end().to_owned())
}

/// Asks until the status is the expected one. Returns the text.
fn until(address: SocketAddr, request: &str, expected: u16) -> String {
    let begun = Instant::now();
    loop {
        let (status, text) = get(address, request);
        if status == expected {
            return text;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{request}: {status} {text}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn gate() -> (Gate, Receiver<String>, Sender<()>) {
    let ((name, names), (open, opens)) = (channel(), channel());
    (Gate { name, opens: Mutex::new(opens) }, names, open)
}

#[actix_web::test]
async fn a_worker_that_a_handler_blocks_is_named_until_it_goes_on() {
    let (router, (gate, names, open)) = (router(), gate());
    let (probes, probing) = probes(&router);
    let (address, serving) = endpoint(&router, gate);
    spawn_blocking(move || {
        until(probes, "GET /readyz", 200);
        assert_eq!(get(probes, "GET /livez"), (200, "ok".to_owned()));
        let mut client = Client::join(address);
        client.send(r#"[48,1,{},"test.block"]"#);
        let name = names.recv().unwrap();
        let text = until(probes, "GET /livez", 503);
        assert!(text.starts_with(&format!("worker `{name}` has been silent for ")), "{text}");
        assert_eq!(get(probes, "HEAD /livez"), (503, String::new()));
        open.send(()).unwrap();
        assert_eq!(client.message(), "[50,1,{}]");
        until(probes, "GET /livez", 200);
    })
    .await
    .unwrap();
    probing.abort();
    serving.abort();
}

#[actix_web::test]
async fn a_router_is_ready_from_its_first_worker_on_until_it_shuts_down() {
    let (router, (gate, ..)) = (router(), gate());
    let (probes, probing) = probes(&router);
    spawn_blocking(move || {
        assert_eq!(get(probes, "GET /livez"), (200, "ok".to_owned()));
        let text = "no worker serves the router".to_owned();
        assert_eq!(get(probes, "GET /readyz"), (503, text));
        assert_eq!(get(probes, "POST /readyz").0, 405);
    })
    .await
    .unwrap();
    let (_, serving) = endpoint(&router, gate);
    spawn_blocking(move || {
        until(probes, "GET /readyz", 200);
        drop(router.shutdown(Duration::ZERO));
        assert_eq!(get(probes, "GET /readyz"), (503, "the router shuts down".to_owned()));
        assert_eq!(get(probes, "GET /livez"), (200, "ok".to_owned()));
    })
    .await
    .unwrap();
    probing.abort();
    serving.abort();
}
