//! Close frames and their codes.

use super::*;

#[test]
fn a_close_may_have_no_code() {
    assert_eq!(read(&last(CLOSE, b"")), Ok(vec![Incoming::Close(None)]));
}

#[test]
fn a_close_of_one_byte_is_a_protocol_error() {
    assert_eq!(read(&last(CLOSE, &[3])), Err(CloseCode::ProtocolError));
}

#[test]
fn legal_close_codes_are_delivered() {
    for code in (1000..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4999]) {
        assert_eq!(read(&close(code, b"why")), Ok(vec![Incoming::Close(Some(code))]));
    }
}

#[test]
fn illegal_close_codes_are_protocol_errors() {
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        assert_eq!(read(&close(code, b"")), Err(CloseCode::ProtocolError), "{code}");
    }
}

#[test]
fn a_close_reason_that_is_not_utf_8_is_an_invalid_payload() {
    assert_eq!(read(&close(1000, b"\xff")), Err(CloseCode::InvalidPayload));
}

#[test]
fn nothing_is_read_after_a_close() {
    let mut frames = Frames::new(LIMITS);
    frames.feed(&[close(1000, b""), close(1000, b""), last(TEXT, b"late")].concat());
    assert_eq!(frames.next(), Ok(Some(Incoming::Close(Some(1000)))));
    frames.feed(&[0xff; 100]);
    assert_eq!(frames.next(), Ok(None));
    assert!(!frames.assembling());
    assert_eq!(frames.input.capacity(), 0);
}

#[test]
fn close_codes_are_those_of_the_rfc() {
    use actix_http::ws::CloseCode as Theirs;
    for (ours, theirs) in [
        (CloseCode::Normal, Theirs::Normal),
        (CloseCode::ServiceRestart, Theirs::Restart),
        (CloseCode::ProtocolError, Theirs::Protocol),
        (CloseCode::InvalidPayload, Theirs::Invalid),
        (CloseCode::PolicyViolation, Theirs::Policy),
        (CloseCode::TooBig, Theirs::Size),
        (CloseCode::InternalError, Theirs::Error),
        (CloseCode::TryAgainLater, Theirs::Again),
    ] {
        assert_eq!(ours.code(), u16::from(theirs));
    }
}
