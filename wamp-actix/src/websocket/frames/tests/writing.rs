//! Writing: actix's own parser, as a client, reads the server's frames.

use actix_http::ws::Parser;

use super::*;

/// Parses one frame of the server with actix's parser, as a client; the buffer must end with it.
fn as_client(buffer: &[u8]) -> (bool, OpCode, Vec<u8>) {
    let mut bytes = BytesMut::from(buffer);
    let (last, opcode, payload) =
        Parser::parse(&mut bytes, false, usize::MAX).unwrap().expect("a whole frame");
    assert!(bytes.is_empty());
    (last, opcode, payload.map(|payload| payload.to_vec()).unwrap_or_default())
}

#[test]
fn what_is_sealed_is_what_a_client_reads() {
    for size in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
        let payload = pattern(size);
        for binary in [false, true] {
            let mut buffer = vec![0; RESERVE];
            buffer.extend(&payload);
            seal(&mut buffer, 0, binary);
            let opcode = if binary { OpCode::Binary } else { OpCode::Text };
            assert_eq!(as_client(&buffer), (true, opcode, payload.clone()), "{size} bytes");
        }
    }
}

#[test]
fn sealing_leaves_what_stands_before_the_frame() {
    let mut buffer = Vec::new();
    for size in [3, 200, 70_000] {
        let start = buffer.len();
        buffer.extend([0; RESERVE]);
        buffer.extend(pattern(size));
        seal(&mut buffer, start, true);
    }
    let mut bytes = BytesMut::from(&buffer[..]);
    for size in [3, 200, 70_000] {
        let (_, _, payload) =
            Parser::parse(&mut bytes, false, usize::MAX).unwrap().expect("a whole frame");
        assert_eq!(payload.map(|payload| payload.to_vec()), Some(pattern(size)));
    }
    assert!(bytes.is_empty());
}

#[test]
fn a_small_frame_costs_two_bytes_of_header() {
    let mut buffer = vec![0; RESERVE];
    buffer.extend(b"hello");
    seal(&mut buffer, 0, false);
    assert_eq!(buffer, b"\x81\x05hello");
}

#[test]
fn pings_and_pongs_carry_their_payload_cut_to_125_bytes() {
    for (size, carried) in [(0, 0), (5, 5), (125, 125), (126, 125), (70_000, 125)] {
        let mut buffer = Vec::new();
        write_ping(&mut buffer, &pattern(size));
        assert_eq!(as_client(&buffer), (true, OpCode::Ping, pattern(size)[..carried].to_vec()));
        buffer.clear();
        write_pong(&mut buffer, &pattern(size));
        assert_eq!(as_client(&buffer), (true, OpCode::Pong, pattern(size)[..carried].to_vec()));
    }
}

#[test]
fn a_close_carries_its_code_and_reason() {
    let mut buffer = Vec::new();
    write_close(&mut buffer, CloseCode::TooBig, "above 1 MiB");
    assert_eq!(as_client(&buffer), (true, OpCode::Close, b"\x03\xf1above 1 MiB".to_vec()));
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    for (reason, carried) in [
        ("x".repeat(123), 123),
        ("x".repeat(124), 123),
        ("é".repeat(62), 122),
        ("🦀".repeat(99), 120),
    ] {
        let mut buffer = Vec::new();
        write_close(&mut buffer, CloseCode::Normal, &reason);
        let (_, _, payload) = as_client(&buffer);
        assert_eq!(&payload[2..], &reason.as_bytes()[..carried]);
    }
}

#[test]
fn a_close_is_answered_with_its_own_code() {
    let mut buffer = Vec::new();
    write_close_reply(&mut buffer, Some(4_001));
    assert_eq!(as_client(&buffer), (true, OpCode::Close, 4_001_u16.to_be_bytes().to_vec()));
    buffer.clear();
    write_close_reply(&mut buffer, None);
    assert_eq!(as_client(&buffer), (true, OpCode::Close, vec![]));
}
