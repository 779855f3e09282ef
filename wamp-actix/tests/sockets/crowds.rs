//! Bounds on connections, over real sockets: refusals, their texts, and clients that get in all the
//! same.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::log::Log;
use crate::support::{Client, frame};
use actix_web::rt::spawn;
use actix_web::rt::task::{JoinHandle, spawn_blocking};
use actix_web::{App, HttpServer};
use socket2::{Domain, Socket, Type};
use wamp_actix::{Limits, Realm, Router, RouterBuilder, Ticket, handlers, rpc};

/// The time after which a test gives up: shorter than any limit of time here.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes of a close frame with its code and reason.
const CLOSE: u8 = 0x88;

#[rpc("test.length")]
async fn length(text: &str) -> usize {
    text.len()
}

fn limits() -> Limits {
    // No connection is closed for its silence on a slow machine.
    Limits::default().hello_timeout(Duration::from_secs(600))
}

/// Builds a router that limits loopback addresses, too.
fn router(limits: Limits) -> RouterBuilder {
    Router::builder().handlers(handlers![length]).limits(limits).limit_private_addresses(true)
}

/// Serves a router until it is dropped.
struct Server {
    address: SocketAddr,
    server: JoinHandle<std::io::Result<()>>,
}

impl Server {
    fn of(router: RouterBuilder, workers: usize) -> Self {
        let router = router.build().unwrap();
        let app = move || App::new().service(router.endpoint("/ws").on_signal(false));
        let server = HttpServer::new(app)
            .on_connect(wamp_actix::on_connect)
            .tcp_nodelay(true)
            .workers(workers)
            .bind(("127.0.0.1", 0))
            .unwrap();
        Self { address: server.addrs()[0], server: spawn(server.run()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Runs clients against a router with one worker.
async fn against(router: RouterBuilder, clients: impl FnOnce(SocketAddr) + Send + 'static) {
    let server = Server::of(router, 1);
    let address = server.address;
    spawn_blocking(move || clients(address)).await.unwrap();
}

/// Upgrades a connection from 127.0.0.`last`, with these header lines.
fn upgrade_from(last: u8, server: SocketAddr, headers: &str) -> Result<Client, String> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)).into()).unwrap();
    socket.connect(&server.into()).unwrap();
    Client::upgrade(TcpStream::from(socket), headers)
}

/// Upgrades a connection of a proxy at 127.0.0.1 that forwards for this client.
fn upgrade_for(client: &str, server: SocketAddr) -> Result<Client, String> {
    upgrade_from(1, server, &format!("X-Forwarded-For: {client}\r\n"))
}

fn join_from(last: u8, server: SocketAddr) -> Result<Client, String> {
    let mut client = upgrade_from(last, server, "")?;
    client.hello();
    Ok(client)
}

#[track_caller]
fn assert_refused(upgrade: Result<Client, String>, limit: &str) {
    let refusal = upgrade.map(drop).unwrap_err();
    assert!(refusal.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{refusal}");
    let (head, body) = refusal.split_once("\r\n\r\n").unwrap();
    assert!(head.to_lowercase().contains("\r\nretry-after: 5"), "{refusal}");
    assert!(head.to_lowercase().contains("\r\nconnection: close"), "{refusal}");
    assert_eq!(body, format!("no room for another connection: the limit `{limit}` is reached\n"));
}

/// Retries until it succeeds: the server notices a moment later that a client has closed.
fn eventually<T>(mut attempt: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Checks that twenty calls are answered, in their order.
fn assert_served(client: &mut Client, first: usize) {
    for request in first..first + 20 {
        client.send(&format!(r#"[48,{request},{{}},"test.length",["abc"]]"#));
        assert_eq!(client.message(), format!("[50,{request},{{}},[3]]"));
    }
}

/// Checks that the server closes with this code and reason, and sends nothing before.
#[track_caller]
fn assert_closed(client: Client, code: u16, reason: &str) {
    let close =
        [&[CLOSE, 2 + reason.len() as u8][..], &code.to_be_bytes(), reason.as_bytes()].concat();
    assert_eq!(client.read_to_end(), close);
}

#[actix_web::test]
async fn a_router_has_as_many_connections_as_its_limit_says_and_the_next_is_refused() {
    against(router(limits().connections(Some(4))), |server| {
        let mut clients: Vec<_> = (1..=4).map(|last| join_from(last, server).unwrap()).collect();
        assert_refused(upgrade_from(5, server, ""), "connections");
        clients.remove(0);
        clients.push(eventually(|| join_from(5, server)));
        assert_refused(upgrade_from(6, server, ""), "connections");
        clients.iter_mut().for_each(|client| assert_served(client, 1));
    })
    .await;
}

#[actix_web::test]
async fn an_address_has_as_many_connections_as_its_limit_says_and_others_get_in() {
    against(router(limits().connections_per_address(3)), |server| {
        let mut clients: Vec<_> = (0..3).map(|_| join_from(2, server).unwrap()).collect();
        assert_refused(upgrade_from(2, server, ""), "connections_per_address");
        let mut other = join_from(3, server).unwrap();
        assert_served(&mut other, 1);
        clients.pop();
        clients.push(eventually(|| join_from(2, server)));
        assert_refused(upgrade_from(2, server, ""), "connections_per_address");
    })
    .await;
}

/// An address with half of all connections is refused, although the limit for an address is higher.
#[actix_web::test]
async fn one_address_never_locks_the_others_out() {
    against(router(limits().connections(Some(6))), |server| {
        let mut witness = join_from(3, server).unwrap();
        let _crowd: Vec<_> = (0..3).map(|_| join_from(2, server).unwrap()).collect();
        assert_refused(upgrade_from(2, server, ""), "connections_per_address");
        assert_served(&mut join_from(4, server).unwrap(), 1);
        assert_served(&mut witness, 1);
    })
    .await;
}

#[actix_web::test]
async fn loopback_is_not_bounded_by_address_unless_the_router_says_so() {
    let limits = limits().connections_per_address(1).opening_per_address(1);
    against(Router::builder().handlers([]).limits(limits), |server| {
        let mut clients: Vec<_> = (0..5).map(|_| upgrade_from(1, server, "").unwrap()).collect();
        clients.iter_mut().for_each(Client::hello);
    })
    .await;
}

#[actix_web::test]
async fn behind_a_trusted_proxy_each_client_counts_for_itself() {
    let limits = limits().connections_per_address(2);
    against(router(limits).trust_proxies(["127.0.0.1"]), |server| {
        let _clients: Vec<_> = (0..2).map(|_| upgrade_for("192.0.2.1", server).unwrap()).collect();
        assert_refused(upgrade_for("192.0.2.1", server), "connections_per_address");
        let _other = upgrade_for("192.0.2.2", server).unwrap();
        for made_up in ["192.0.2.3, 192.0.2.1", "unknown, 192.0.2.1:80, 127.0.0.1"] {
            assert_refused(upgrade_for(made_up, server), "connections_per_address");
        }
        assert_refused(
            upgrade_from(1, server, "Forwarded: for=192.0.2.3, for=192.0.2.1\r\n"),
            "connections_per_address",
        );
        // Another address is not a trusted proxy.
        let forged = "X-Forwarded-For: 192.0.2.1\r\n";
        let _direct: Vec<_> = (0..2).map(|_| upgrade_from(2, server, forged).unwrap()).collect();
        assert_refused(
            upgrade_from(2, server, "X-Forwarded-For: 192.0.2.4\r\n"),
            "connections_per_address",
        );
    })
    .await;
}

#[actix_web::test]
async fn ipv6_counts_by_its_first_64_bits() {
    let limits = limits().connections_per_address(2);
    against(router(limits).trust_proxies(["127.0.0.1"]), |server| {
        let customer = ["2001:db8:0:1::1", "[2001:db8:0:1:ffff::2]:443"];
        let _clients = customer.map(|address| upgrade_for(address, server).unwrap());
        assert_refused(upgrade_for("2001:db8:0:1::3", server), "connections_per_address");
        let _neighbour = upgrade_for("2001:db8:0:2::1", server).unwrap();
        let _mapped =
            ["192.0.2.1", "::ffff:192.0.2.1"].map(|address| upgrade_for(address, server).unwrap());
        assert_refused(upgrade_for("192.0.2.1", server), "connections_per_address");
    })
    .await;
}

#[actix_web::test]
async fn a_proxy_that_is_not_trusted_is_named_once_when_its_clients_are_refused_together() {
    Log::install();
    against(router(limits().connections_per_address(1)), |server| {
        let from_proxy =
            |client| upgrade_from(77, server, &format!("X-Forwarded-For: {client}\r\n"));
        let _client = from_proxy("192.0.2.1").unwrap();
        assert_refused(upgrade_from(77, server, ""), "connections_per_address");
        assert_eq!(count("trust_proxies([\"127.0.0.77\"])"), 0);
        assert_refused(from_proxy("192.0.2.2"), "connections_per_address");
        assert_refused(from_proxy("192.0.2.3"), "connections_per_address");
        assert_eq!(count("trust_proxies([\"127.0.0.77\"])"), 1);
    })
    .await;
}

#[actix_web::test]
async fn how_many_connections_there_may_be_is_logged_and_warned_of_if_it_cannot_be() {
    Log::install();
    against(router(limits().connections(Some(123))), |server| drop(join_from(1, server))).await;
    assert_eq!(count("at most 123 connections at the same time"), 1);
    against(router(limits().connections(Some(usize::MAX))), |server| drop(join_from(1, server)))
        .await;
    let files = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = files.lines().find(|line| line.starts_with("Max open files")).unwrap();
    if let Some(files) =
        line.split_whitespace().nth(3).and_then(|limit| limit.parse::<usize>().ok())
    {
        let possible = (files - 64) / 2;
        assert_eq!(count(&format!("may open files for {possible} connections only")), 1);
    }
}

const MAKES_ROOM: &str = "too many connections without a session";

#[actix_web::test]
async fn the_oldest_without_a_session_makes_room_for_a_newcomer_whichever_worker_has_it() {
    let server = Server::of(router(limits().opening(8).opening_per_address(1)), 2);
    let address = server.address;
    let clients = move || {
        let mut witness = join_from(100, address).unwrap();
        let mut waiting: Vec<_> =
            (1..=8).map(|last| upgrade_from(last, address, "").unwrap()).collect();
        for newcomer in 9..=12 {
            waiting.push(upgrade_from(newcomer, address, "").unwrap());
            assert_closed(waiting.remove(0), 1013, MAKES_ROOM);
        }
        assert_served(&mut witness, 1);
        waiting.iter_mut().for_each(Client::hello);
    };
    spawn_blocking(clients).await.unwrap();
}

#[actix_web::test]
async fn an_address_makes_room_for_its_own_newcomers() {
    against(router(limits().opening_per_address(2)), |server| {
        let mut other = upgrade_from(3, server, "").unwrap();
        let mut waiting: Vec<_> = (0..2).map(|_| upgrade_from(2, server, "").unwrap()).collect();
        for _ in 0..4 {
            waiting.push(upgrade_from(2, server, "").unwrap());
            assert_closed(waiting.remove(0), 1013, MAKES_ROOM);
        }
        other.hello();
        waiting.iter_mut().for_each(Client::hello);
    })
    .await;
}

/// A client has no session before it has answered CHALLENGE.
#[actix_web::test]
async fn a_login_that_takes_its_time_makes_room_too() {
    let realm = Realm::new("realm1").authenticate(Ticket::new(never));
    let router = router(limits().opening(1).authentication_timeout(PATIENCE * 10)).realm(realm);
    against(router, |server| {
        let mut first = upgrade_from(2, server, "").unwrap();
        first.send(
            r#"[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"joe"}]"#,
        );
        assert!(first.message().starts_with("[4,\"ticket\""));
        let _second = upgrade_from(3, server, "").unwrap();
        assert_closed(first, 1013, MAKES_ROOM);
    })
    .await;
}

async fn never(_: wamp_actix::Attempt) -> Result<wamp_actix::Identity, wamp_actix::Denied> {
    std::future::pending().await
}

/// Clients that open connections as fast as they can and never send HELLO.
#[actix_web::test]
async fn a_crowd_without_sessions_locks_no_client_out() {
    const CROWD: usize = 400;
    against(router(limits().connections(Some(60)).opening(20).opening_per_address(5)), |server| {
        let mut witness = join_from(100, server).unwrap();
        thread::scope(|scope| {
            let crowd = scope.spawn(move || {
                let attempt = |number: usize| upgrade_from(2 + (number % 4) as u8, server, "");
                (0..CROWD).map(attempt).filter_map(Result::ok).collect::<Vec<_>>()
            });
            for round in 0.. {
                assert_served(&mut witness, 1 + 20 * round);
                assert_served(&mut eventually(|| join_from(101, server)), 1);
                if crowd.is_finished() {
                    break;
                }
            }
            let crowd = crowd.join().unwrap();
            assert!(crowd.len() > 20, "{} got a connection at first", crowd.len());
        });
    })
    .await;
}

#[actix_web::test]
async fn a_session_that_a_realm_has_no_room_for_is_told_to_try_again() {
    against(router(limits().sessions(1)), |server| {
        let _only = join_from(2, server).unwrap();
        let mut client = upgrade_from(3, server, "").unwrap();
        client.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
        let abort = client.message();
        assert!(
            abort.starts_with("[3,{") && abort.ends_with("\"wamp.error.unavailable\"]"),
            "{abort}"
        );
        let close = client.read_to_end();
        assert_eq!(close[2..4], 1013_u16.to_be_bytes());
    })
    .await;
}

/// Returns a HELLO of exactly this number of bytes.
fn hello_of(bytes: usize) -> String {
    let empty = r#"[1,"realm1",{"roles":{"caller":{}},"x":""}]"#;
    empty.replace(r#""x":"""#, &format!(r#""x":"{}""#, "x".repeat(bytes - empty.len())))
}

const MOST: usize = 64 << 10;

#[actix_web::test]
async fn a_message_before_welcome_is_bounded_by_a_limit_of_its_own() {
    against(router(limits()), |server| {
        let mut client = upgrade_from(2, server, "").unwrap();
        client.send_bytes(&frame(0x81, hello_of(MOST).as_bytes()));
        assert!(client.message().starts_with("[2,"));
        // After WELCOME the ordinary limit applies, also to input that was sent together with
        // HELLO.
        let call = |text: &str| format!(r#"[48,1,{{}},"test.length",["{text}"]]"#);
        let long = call(&"x".repeat(MOST * 2));
        client.send_bytes(&frame(0x81, long.as_bytes()));
        assert_eq!(client.message(), format!("[50,1,{{}},[{}]]", MOST * 2));
        let mut client = upgrade_from(2, server, "").unwrap();
        client.send_bytes(
            &[frame(0x81, hello_of(100).as_bytes()), frame(0x81, long.as_bytes())].concat(),
        );
        assert!(client.message().starts_with("[2,"));
        assert_eq!(client.message(), format!("[50,1,{{}},[{}]]", MOST * 2));

        let mut client = upgrade_from(2, server, "").unwrap();
        client.send_bytes(&frame(0x81, hello_of(MOST + 1).as_bytes()));
        let close = client.read_to_end();
        assert_eq!((close[0], &close[2..4]), (CLOSE, &1009_u16.to_be_bytes()[..]));
    })
    .await;
}

#[actix_web::test]
async fn fragments_before_welcome_are_bounded_together() {
    against(router(limits()), |server| {
        let upgraded = || upgrade_from(2, server, "").unwrap();
        for (bytes, is_taken) in [(MOST, true), (MOST + 1, false)] {
            let hello = hello_of(bytes);
            let (one, other) = hello.as_bytes().split_at(MOST / 2);
            let mut client = upgraded();
            client.send_bytes(&[frame(0x01, one), frame(0x80, other)].concat());
            if is_taken {
                assert!(client.message().starts_with("[2,"));
            } else {
                assert_eq!(client.read_to_end()[2..4], 1009_u16.to_be_bytes());
            }
        }
        // The header is enough for the error, before any payload arrives.
        let mut client = upgraded();
        client.send_bytes(&[0x81, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 1]);
        assert_eq!(client.read_to_end()[2..4], 1009_u16.to_be_bytes());
    })
    .await;
}

#[actix_web::test]
async fn before_welcome_the_ordinary_limit_counts_where_it_is_less() {
    against(router(limits().max_message_bytes(1000)), |server| {
        let mut client = upgrade_from(2, server, "").unwrap();
        client.send_bytes(&frame(0x81, hello_of(1001).as_bytes()));
        assert_eq!(client.read_to_end()[2..4], 1009_u16.to_be_bytes());
    })
    .await;
}

/// Violations, pages of other origins and excess connections: two hundred of each from one address.
#[actix_web::test]
async fn the_mistakes_of_strangers_fill_no_log() {
    const STRANGERS: usize = 200;
    Log::install();
    against(router(limits().connections_per_address(2)), |server| {
        let violate = || {
            let mut client = upgrade_from(91, server, "").unwrap();
            client.send("[99]");
            assert!(client.message().ends_with("\"wamp.error.protocol_violation\"]"));
        };
        let visit = || {
            let origin = "Origin: https://evil.example\r\n";
            drop(upgrade_from(92, server, origin).map(drop).unwrap_err());
        };
        let _crowd: Vec<_> = (0..2).map(|_| join_from(93, server).unwrap()).collect();
        let intrude = || assert_refused(upgrade_from(93, server, ""), "connections_per_address");
        let cases: [(&dyn Fn(), &str); 3] = [
            (&violate, "address=127.0.0.91 text="),
            (&visit, "upgrade refused: the Origin \"https://evil.example\""),
            (&intrude, "address=127.0.0.93 limit="),
        ];
        for (last, (act, line)) in (91..).zip(cases) {
            (0..STRANGERS).for_each(|_| act());
            eventually(|| {
                // A later line finds that the second has passed.
                drop(upgrade_from(3, server, "").unwrap());
                let (written, left_out) = (count(line), left_out(last));
                let all = written + left_out == STRANGERS;
                if all {
                    Ok(())
                } else {
                    Err(format!("{written} and {left_out} lines about 127.0.0.{last}"))
                }
            });
            assert!(left_out(last) > 0);
        }
    })
    .await;
}

/// Returns how often a text was logged.
fn count(text: &str) -> usize {
    Log::of_all().matches(text).count()
}

/// Returns how many lines about 127.0.0.`last` were counted without being logged.
fn left_out(last: u8) -> usize {
    let lines = Log::of_all();
    let about = format!("address=127.0.0.{last} left_out=");
    let counts = lines.split(&about).skip(1);
    counts.map(|rest| rest.split_whitespace().next().unwrap().parse::<usize>().unwrap()).sum()
}
