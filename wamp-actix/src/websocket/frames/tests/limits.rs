//! Lengths, their limits, and hostile lengths.

use super::*;

#[test]
fn control_frames_pass_where_data_frames_must_be_smaller_than_they() {
    let limits = FrameLimits { max_frame_bytes: 10, max_message_bytes: 10 };
    assert_eq!(
        read_within(limits, &last(PING, &[1; 125])),
        Ok(vec![Incoming::Ping(vec![1; 125].into())])
    );
}

#[test]
fn a_length_not_in_its_shortest_form_is_a_protocol_error() {
    for bytes in [&[0x82, 0xfe, 0, 125][..], &[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff]] {
        assert_eq!(read(bytes), Err(CloseCode::ProtocolError));
    }
}

#[test]
fn a_frame_at_the_limit_passes_and_one_byte_more_is_too_big() {
    for size in [999, 1_000] {
        assert_eq!(
            read_within(SMALL, &last(BINARY, &pattern(size))),
            Ok(vec![binary(&pattern(size))])
        );
    }
    assert_eq!(read_within(SMALL, &last(BINARY, &pattern(1_001))), Err(CloseCode::TooBig));
    assert_eq!(read(&last(BINARY, &pattern((1 << 20) + 1))), Err(CloseCode::TooBig));
}

#[test]
fn a_frame_within_its_own_limit_obeys_that_of_messages_too() {
    let limits = FrameLimits { max_frame_bytes: 1_000, max_message_bytes: 500 };
    assert!(read_within(limits, &last(BINARY, &pattern(500))).is_ok());
    assert_eq!(read_within(limits, &last(BINARY, &pattern(501))), Err(CloseCode::TooBig));
}

#[test]
fn a_fragmented_message_at_the_limit_passes_and_one_byte_more_is_too_big() {
    let message = |rest| {
        [frame(BINARY, &[1; 1_000]), frame(CONTINUE, &[1; 1_000]), last(CONTINUE, &vec![1; rest])]
    };
    assert_eq!(read_within(SMALL, &message(499).concat()), Ok(vec![binary(&[1; 2_499])]));
    assert_eq!(read_within(SMALL, &message(500).concat()), Ok(vec![binary(&[1; 2_500])]));
    assert_eq!(read_within(SMALL, &message(501).concat()), Err(CloseCode::TooBig));
}

#[test]
fn the_limit_of_messages_holds_for_each_by_itself() {
    let message = [frame(BINARY, &[1; 1_000]), last(CONTINUE, &[1; 1_000])].concat();
    assert_eq!(read_within(SMALL, &message.repeat(3)).map(|messages| messages.len()), Ok(3));
}

#[test]
fn a_hostile_length_is_refused_from_the_header_alone() {
    for length in [(1 << 20) + 1, 1 << 32, 1 << 40, 1 << 62, 1 << 63, u64::MAX] {
        let header = header(FIN | TEXT, length);
        // The error does not wait for the mask.
        assert_eq!(read(&header[..10]), Err(CloseCode::TooBig), "{length}");
        assert_eq!(read(&header[..9]), Ok(vec![]), "{length}");
    }
}

#[test]
fn a_continuation_beyond_the_limit_is_refused_from_its_header_alone() {
    let bytes =
        [frame(BINARY, &[1; 1_000]), frame(CONTINUE, &[1; 1_000]), header(CONTINUE, 501)].concat();
    assert_eq!(read_within(SMALL, &bytes), Err(CloseCode::TooBig));
}

#[test]
fn endless_empty_fragments_are_cut() {
    let mut frames = Frames::new(LIMITS);
    frames.feed(&frame(TEXT, b""));
    let empty = frame(CONTINUE, b"").repeat(1_024);
    for _ in 0..63 {
        frames.feed(&empty);
        assert_eq!(frames.next(), Ok(None));
    }
    assert_eq!(frames.assembly.as_ref().map(|assembly| assembly.payload.capacity()), Some(0));
    frames.feed(&frame(CONTINUE, b"").repeat(1_023));
    assert_eq!(frames.next(), Ok(None), "65 536 fragments");
    frames.feed(&frame(CONTINUE, b""));
    assert_eq!(frames.next(), Err(CloseCode::TooBig));
}

#[test]
fn a_message_may_have_65_536_fragments() {
    let bytes =
        [frame(TEXT, b"a"), frame(CONTINUE, b"b").repeat(65_534), last(CONTINUE, b"c")].concat();
    assert_eq!(read(&bytes).map(|messages| messages.len()), Ok(1));
}
