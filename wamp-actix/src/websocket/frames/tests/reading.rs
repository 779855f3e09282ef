//! Reading: a client's bytes become messages and control frames.

use super::*;

#[test]
fn a_binary_message_of_any_size_arrives() {
    for size in [0, 1, 7, 8, 9, 125, 126, 127, 128, 65_535, 65_536, 65_537, (1 << 20) - 1, 1 << 20]
    {
        let payload = pattern(size);
        assert_eq!(read(&last(BINARY, &payload)), Ok(vec![binary(&payload)]), "{size} bytes");
    }
}

#[test]
fn a_text_message_of_any_size_arrives() {
    for size in [0, 1, 125, 126, 127, 65_535, 65_536] {
        let payload = "x".repeat(size);
        assert_eq!(read(&last(TEXT, payload.as_bytes())), Ok(vec![text(&payload)]), "{size} bytes");
    }
}

#[test]
fn text_beyond_ascii_arrives() {
    assert_eq!(read(&last(TEXT, "κόσμε 🦀".as_bytes())), Ok(vec![text("κόσμε 🦀")]));
}

#[test]
fn the_mask_is_taken_off_every_byte() {
    for size in 0..70 {
        let plain = pattern(size);
        let mut masked: Vec<u8> =
            plain.iter().enumerate().map(|(i, byte)| byte ^ MASK[i % 4]).collect();
        unmask(&mut masked, MASK);
        assert_eq!(masked, plain, "{size} bytes");
    }
}

#[test]
fn several_messages_of_one_read_arrive_in_order() {
    let bytes =
        [last(TEXT, b"one"), last(BINARY, b"two"), last(PING, b"three"), last(TEXT, b"")].concat();
    let expected = vec![text("one"), binary(b"two"), Incoming::Ping("three".into()), text("")];
    assert_eq!(read(&bytes), Ok(expected));
}

#[test]
fn bytes_that_come_one_by_one_make_the_same_messages() {
    let large = pattern(65_536);
    let bytes = [
        last(TEXT, "ä".as_bytes()),
        frame(TEXT, b"frag"),
        last(PING, b"?"),
        last(CONTINUE, b"ment"),
        last(BINARY, &large),
        last(BINARY, &large[..126]),
        close(1000, b"bye"),
    ]
    .concat();
    let mut frames = Frames::new(LIMITS);
    let mut all = Vec::new();
    for byte in &bytes {
        frames.feed(&[*byte]);
        all.extend(drain(&mut frames).unwrap());
    }
    assert_eq!(all.len(), 6);
    assert_eq!(Ok(all), read(&bytes));
}

#[test]
fn however_the_bytes_are_cut_the_messages_are_the_same() {
    // A linear congruential generator: the same cuts in every run, without a dependency.
    let mut seed = 0x2545_f491_u32;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    for _ in 0..100 {
        let mut bytes = Vec::new();
        for _ in 0..20 {
            let payload = pattern(random(300));
            match random(4) {
                0 => bytes.extend(last(BINARY, &payload)),
                1 => bytes.extend(last(TEXT, "ü".repeat(random(100)).as_bytes())),
                2 => bytes.extend(last(PONG, &payload[..payload.len().min(125)])),
                _ => {
                    bytes.extend(frame(BINARY, &payload));
                    bytes.extend(frame(CONTINUE, b""));
                    bytes.extend(last(CONTINUE, &payload));
                }
            }
        }
        let whole = read(&bytes).unwrap();
        let mut frames = Frames::new(LIMITS);
        let mut pieces = Vec::new();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(1 + random(rest.len().min(400)));
            frames.feed(piece);
            pieces.extend(drain(&mut frames).unwrap());
            rest = behind;
        }
        assert_eq!(pieces, whole);
        assert!(!frames.assembling());
    }
}

#[test]
fn random_bytes_never_panic() {
    let mut seed = 1_u32;
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..24)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Often the first byte of a valid frame, so that later bytes are read, too.
                if seed & 0x300 == 0 {
                    [0x81, 0x82, 0x88, 0x00, 0xfe, 0xff, 0x85, 0x01][seed as usize >> 29]
                } else {
                    (seed >> 24) as u8
                }
            })
            .collect();
        let mut frames = Frames::new(SMALL);
        for piece in bytes.chunks(5) {
            frames.feed(piece);
            let _ = drain(&mut frames);
        }
    }
}

#[test]
fn a_message_in_one_frame_is_not_copied() {
    let mut frames = Frames::new(LIMITS);
    frames.feed(&last(BINARY, &pattern(5_000)));
    let before = frames.input.as_ptr();
    let Ok(Some(Incoming::Binary(payload))) = frames.next() else { panic!("a message") };
    assert_eq!(payload.as_ptr(), before.wrapping_add(8));
}

#[test]
fn a_small_message_apart_keeps_no_buffer_of_many() {
    let large = last(BINARY, &pattern(40_000));
    let small: Vec<u8> = (0..100).flat_map(|_| last(BINARY, &pattern(100))).collect();
    for (bytes, apart) in [
        (small.clone(), true),
        ([&small, &large, &small[..]].concat(), true),
        (small.clone(), false),
    ] {
        let mut frames = Frames::new(LIMITS);
        frames.feed(&bytes);
        let buffer = frames.input.as_ptr_range();
        frames.set_apart(apart);
        while let Some(message) = frames.next().unwrap() {
            let Incoming::Binary(payload) = message else { panic!("{message:?}") };
            assert_eq!(buffer.contains(&payload.as_ptr()), !apart || payload.len() == 40_000);
        }
    }
}

#[test]
fn an_idle_connection_holds_no_buffer() {
    let mut frames = Frames::new(LIMITS);
    let bytes = [last(BINARY, &pattern(5_000)), last(TEXT, b"x"), last(PING, b"")].concat();
    for piece in bytes.chunks(1_000) {
        frames.feed(piece);
        drain(&mut frames).unwrap();
    }
    assert_eq!(frames.input.capacity(), 0);
    assert!(frames.assembly.is_none());
}

#[test]
fn fragments_are_put_together() {
    let bytes = [
        frame(TEXT, b"Hel"),
        frame(CONTINUE, b"lo, "),
        last(CONTINUE, b"world"),
        last(BINARY, b"!"),
    ]
    .concat();
    assert_eq!(read(&bytes), Ok(vec![text("Hello, world"), binary(b"!")]));
}

#[test]
fn fragments_may_be_empty() {
    let bytes = [frame(BINARY, b""), frame(CONTINUE, b""), last(CONTINUE, b"")].concat();
    assert_eq!(read(&bytes), Ok(vec![binary(b"")]));
    let bytes = [frame(TEXT, b""), frame(CONTINUE, b"middle"), last(CONTINUE, b"")].concat();
    assert_eq!(read(&bytes), Ok(vec![text("middle")]));
}

#[test]
fn a_ping_between_fragments_is_delivered_at_once() {
    let mut frames = Frames::new(LIMITS);
    frames.feed(&[frame(TEXT, b"a"), last(PING, b"now")].concat());
    assert_eq!(frames.next(), Ok(Some(Incoming::Ping("now".into()))));
    assert_eq!(frames.next(), Ok(None));
    frames.feed(&[last(PONG, b""), last(CONTINUE, b"b")].concat());
    assert_eq!(drain(&mut frames), Ok(vec![Incoming::Pong(Bytes::new()), text("ab")]));
}

#[test]
fn a_close_between_fragments_ends_the_connection() {
    let bytes = [frame(TEXT, b"a"), close(1001, b""), last(CONTINUE, b"b")].concat();
    assert_eq!(read(&bytes), Ok(vec![Incoming::Close(Some(1001))]));
}

#[test]
fn a_continuation_of_nothing_is_a_protocol_error() {
    assert_eq!(read(&last(CONTINUE, b"x")), Err(CloseCode::ProtocolError));
    assert_eq!(read(&frame(CONTINUE, b"x")), Err(CloseCode::ProtocolError));
    let bytes = [frame(TEXT, b"a"), last(CONTINUE, b"b"), last(CONTINUE, b"c")].concat();
    let mut frames = Frames::new(LIMITS);
    frames.feed(&bytes);
    assert_eq!(frames.next(), Ok(Some(text("ab"))));
    assert_eq!(frames.next(), Err(CloseCode::ProtocolError));
}

#[test]
fn a_new_message_inside_a_fragmented_one_is_a_protocol_error() {
    for opcode in [TEXT, BINARY, FIN | TEXT, FIN | BINARY] {
        let bytes = [frame(TEXT, b"a"), frame(opcode, b"b")].concat();
        assert_eq!(read(&bytes), Err(CloseCode::ProtocolError));
    }
}

#[test]
fn an_unmasked_frame_is_a_protocol_error_from_its_second_byte_on() {
    assert_eq!(read(&[FIN | TEXT, 0]), Err(CloseCode::ProtocolError));
    assert_eq!(read(&[FIN | TEXT, 127]), Err(CloseCode::ProtocolError));
    assert_eq!(read(&[FIN | PING, 0]), Err(CloseCode::ProtocolError));
}

#[test]
fn every_reserved_bit_is_a_protocol_error() {
    for bit in [0x10, 0x20, 0x40, 0x70] {
        for opcode in [TEXT, BINARY, PING, CLOSE] {
            assert_eq!(read(&last(bit | opcode, b"")), Err(CloseCode::ProtocolError));
        }
    }
}

#[test]
fn every_reserved_opcode_is_a_protocol_error() {
    for opcode in (3..=7).chain(11..=15) {
        assert_eq!(read(&last(opcode, b"")), Err(CloseCode::ProtocolError), "opcode {opcode}");
    }
}

#[test]
fn a_control_frame_carries_up_to_125_bytes() {
    let payload = pattern(125);
    let bytes = [last(PING, &payload), last(PONG, &payload), close(1000, &[b'r'; 123])].concat();
    let payload = Bytes::from(payload);
    let expected =
        vec![Incoming::Ping(payload.clone()), Incoming::Pong(payload), Incoming::Close(Some(1000))];
    assert_eq!(read(&bytes), Ok(expected));
}

#[test]
fn a_control_frame_of_126_bytes_is_a_protocol_error() {
    for opcode in [PING, PONG, CLOSE] {
        assert_eq!(read(&last(opcode, &[0; 126])), Err(CloseCode::ProtocolError));
        // The first two bytes are enough for the error.
        assert_eq!(read(&header(FIN | opcode, 65_536)[..2]), Err(CloseCode::ProtocolError));
    }
}

#[test]
fn a_fragmented_control_frame_is_a_protocol_error() {
    for opcode in [PING, PONG, CLOSE] {
        assert_eq!(read(&frame(opcode, b"")), Err(CloseCode::ProtocolError));
    }
}

#[test]
fn text_that_is_not_utf_8_is_an_invalid_payload() {
    for payload in [&b"\xff"[..], b"abc\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xce"] {
        assert_eq!(read(&last(TEXT, payload)), Err(CloseCode::InvalidPayload));
        assert_eq!(read(&last(BINARY, payload)), Ok(vec![binary(payload)]));
    }
}

#[test]
fn a_character_may_be_cut_by_fragments() {
    let crab = "🦀".as_bytes();
    let bytes = [frame(TEXT, &crab[..1]), frame(CONTINUE, &crab[1..3]), last(CONTINUE, &crab[3..])]
        .concat();
    assert_eq!(read(&bytes), Ok(vec![text("🦀")]));
}

#[test]
fn invalid_utf_8_that_is_cut_by_fragments_is_an_invalid_payload() {
    let bytes =
        [frame(TEXT, b"ok \xf0\x9f"), frame(CONTINUE, b"\xa6"), last(CONTINUE, b"\x28")].concat();
    assert_eq!(read(&bytes), Err(CloseCode::InvalidPayload));
    let bytes = [frame(TEXT, b"ok"), last(CONTINUE, b"\xce")].concat();
    assert_eq!(read(&bytes), Err(CloseCode::InvalidPayload));
}

#[test]
fn fragments_of_a_binary_message_need_not_be_utf_8() {
    let bytes = [frame(BINARY, b"\xff"), last(CONTINUE, b"\xfe")].concat();
    assert_eq!(read(&bytes), Ok(vec![binary(b"\xff\xfe")]));
}

#[test]
fn a_fault_stays_and_nothing_more_is_kept() {
    let mut frames = Frames::new(LIMITS);
    frames.feed(&[last(TEXT, b"before"), last(TEXT, b"\xff"), last(TEXT, b"after")].concat());
    assert_eq!(frames.next(), Ok(Some(text("before"))));
    for _ in 0..3 {
        assert_eq!(frames.next(), Err(CloseCode::InvalidPayload));
        frames.feed(&[0; 1_000]);
    }
    assert_eq!(frames.input.capacity(), 0);
}

#[test]
fn assembling_is_said_of_begun_frames_and_begun_messages() {
    let mut frames = Frames::new(LIMITS);
    assert!(!frames.assembling());
    let whole = last(TEXT, b"abc");
    for cut in 1..whole.len() {
        frames.feed(&whole[..cut]);
        assert_eq!(frames.next(), Ok(None));
        assert!(frames.assembling());
        frames.feed(&whole[cut..]);
        assert_eq!(frames.next(), Ok(Some(text("abc"))));
        assert!(!frames.assembling());
    }
    frames.feed(&[frame(TEXT, b""), last(PING, b"")].concat());
    drain(&mut frames).unwrap();
    assert!(frames.assembling());
    frames.feed(&last(CONTINUE, b""));
    drain(&mut frames).unwrap();
    assert!(!frames.assembling());
}
