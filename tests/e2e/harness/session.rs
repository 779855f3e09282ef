//! A WAMP session on a socket that is driven by hand.

use serde_json::{Value, json};

use super::{FIN, PONG, Received, Server, Socket};

pub(crate) struct Session {
    pub(crate) socket: Socket,
    pub(crate) id: u64,
    last_request: u64,
}

impl Session {
    /// Opens a socket, without HELLO.
    pub(crate) fn connect(server: &Server) -> Self {
        Self::joined(Socket::open(server))
    }

    pub(crate) fn join(server: &Server) -> Self {
        Self::over(Socket::open(server))
    }

    /// Joins over a socket after its upgrade.
    pub(crate) fn over(socket: Socket) -> Self {
        Self::enter(socket, "realm1")
    }

    /// Joins a realm that has anonymous sessions.
    pub(crate) fn join_in(server: &Server, realm: &str) -> Self {
        Self::enter(Socket::open(server), realm)
    }

    /// Wraps a socket whose HELLO was answered.
    pub(crate) fn joined(socket: Socket) -> Self {
        Self { socket, id: 0, last_request: 0 }
    }

    fn enter(socket: Socket, realm: &str) -> Self {
        let mut session = Self::joined(socket);
        session.send(&hello(realm));
        let welcome = session.receive();
        assert_eq!(welcome[0], 2, "{welcome}");
        session.id = welcome[1].as_u64().expect("an id");
        session
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.socket.text(&message.to_string());
    }

    /// Returns the next message, and answers pings. The test fails if there is none.
    pub(crate) fn receive(&mut self) -> Value {
        loop {
            match self.socket.receive() {
                Received::Text(message) => return message,
                Received::Ping(payload) => self.socket.frame(FIN | PONG, &payload),
                other => panic!("a message was expected, not {other:?}"),
            }
        }
    }

    pub(crate) fn next_request(&mut self) -> u64 {
        self.last_request += 1;
        self.last_request
    }

    /// Sends a CALL. Returns its request id.
    pub(crate) fn start_call(&mut self, procedure: &str, arguments: &Value) -> u64 {
        self.start_call_with(&json!({}), procedure, arguments)
    }

    pub(crate) fn start_call_with(
        &mut self,
        options: &Value,
        procedure: &str,
        arguments: &Value,
    ) -> u64 {
        let request = self.next_request();
        self.send(&json!([48, request, options, procedure, arguments]));
        request
    }

    /// Returns the positional results. The test fails for an ERROR, or any other message.
    pub(crate) fn call(&mut self, procedure: &str, arguments: &Value) -> Value {
        let request = self.start_call(procedure, arguments);
        let result = self.receive();
        assert_eq!(
            (&result[0], &result[1]),
            (&json!(50), &json!(request)),
            "{procedure}: {result}"
        );
        result[3].clone()
    }

    pub(crate) fn subscribe(&mut self, topic: &str) -> u64 {
        let request = self.next_request();
        self.send(&json!([32, request, {}, topic]));
        let subscribed = self.receive();
        assert_eq!(
            (&subscribed[0], &subscribed[1]),
            (&json!(33), &json!(request)),
            "{topic}: {subscribed}"
        );
        subscribed[2].as_u64().expect("an id")
    }

    /// Publishes, and waits for the acknowledgement.
    pub(crate) fn publish(&mut self, topic: &str, arguments: &Value) {
        let request = self.next_request();
        self.send(&json!([16, request, {"acknowledge": true}, topic, arguments]));
        let published = self.receive();
        assert_eq!(
            (&published[0], &published[1]),
            (&json!(17), &json!(request)),
            "{topic}: {published}"
        );
    }

    /// Returns the arguments of the next message, which must be an EVENT.
    pub(crate) fn event(&mut self) -> Value {
        let mut event = self.receive();
        assert_eq!(event[0], 36, "{event}");
        event[4].take()
    }
}

pub(crate) fn hello(realm: &str) -> Value {
    json!([1, realm, {"roles": {"caller": {}, "publisher": {}, "subscriber": {}}}])
}
