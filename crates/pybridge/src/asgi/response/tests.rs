use super::*;
use crate::event_loop::completion;

fn idle() -> Outgoing {
    // The waiting side is leaked so that the response counts as wanted.
    let (responder, completed) = completion();
    std::mem::forget(completed);
    Outgoing::new(responder, false)
}

fn start(length: Option<&'static str>) -> Outbound {
    let mut headers = HeaderMap::new();
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, http::HeaderValue::from_static(length));
    }
    Outbound::Start(frame(StatusCode::OK, headers).unwrap())
}

fn body(chunk: &'static str, more: bool) -> Outbound {
    Outbound::Body {
        chunk: Bytes::from_static(chunk.as_bytes()),
        more,
    }
}

#[test]
fn a_body_in_one_message_is_a_complete_response() {
    let mut outgoing = idle();
    assert!(matches!(
        outgoing.apply(start(Some("2"))),
        Ok(Effect::HeadPending)
    ));
    let effect = outgoing.apply(body("ab", false));
    assert!(matches!(effect, Ok(Effect::Respond { complete: true, .. })));
    assert_eq!(
        outgoing.apply(body("", false)).err(),
        Some(SendError::AfterEnd("http.response.body"))
    );
    assert_eq!(
        outgoing.apply(start(None)).err(),
        Some(SendError::AfterEnd("http.response.start"))
    );
}

#[test]
fn order_is_enforced_before_anything_is_sent() {
    let mut outgoing = idle();
    assert_eq!(
        outgoing.apply(body("", false)).err(),
        Some(SendError::NotStarted("http.response.body"))
    );
    outgoing.apply(start(None)).ok().unwrap();
    assert_eq!(outgoing.apply(start(None)).err(), Some(SendError::StartedTwice));
    assert!(outgoing.take_responder().is_some());
}

#[test]
fn a_wrong_length_in_one_message_can_still_become_a_500() {
    for (chunk, error) in [("abc", SendError::TooLong), ("a", SendError::TooShort)] {
        let mut outgoing = idle();
        outgoing.apply(start(Some("2"))).ok().unwrap();
        assert_eq!(outgoing.apply(body(chunk, false)).err(), Some(error));
        assert!(outgoing.take_responder().is_some());
    }
}

#[test]
fn a_stream_that_misses_its_length_is_abandoned() {
    for (chunk, more, error) in [("bc", true, SendError::TooLong), ("", false, SendError::TooShort)] {
        let mut outgoing = idle();
        outgoing.apply(start(Some("2"))).ok().unwrap();
        let Ok(Effect::Respond { response, .. }) = outgoing.apply(body("a", true)) else {
            panic!("no response")
        };
        assert_eq!(outgoing.apply(body(chunk, more)).err(), Some(error));
        assert!(matches!(outgoing, Outgoing::Abandoned));
        drop(response);
    }
}

#[test]
fn a_full_pipe_holds_the_application_back() {
    let mut outgoing = idle();
    outgoing.apply(start(None)).ok().unwrap();
    let Ok(Effect::Respond { response, .. }) = outgoing.apply(body("0", true)) else {
        panic!("no response")
    };
    for _ in 1..STREAM_CAPACITY {
        assert!(matches!(outgoing.apply(body("1", true)), Ok(Effect::None)));
    }
    assert!(matches!(
        outgoing.apply(body("2", true)),
        Ok(Effect::Full { start_moving: true })
    ));
    assert!(matches!(
        outgoing.apply(body("3", true)),
        Ok(Effect::Full { start_moving: false })
    ));
    drop(response);
    assert_eq!(
        outgoing.apply(body("4", true)).err(),
        Some(SendError::Disconnected)
    );
}

#[test]
fn a_response_without_content_swallows_its_body() {
    let mut outgoing = idle();
    let head = frame(StatusCode::NO_CONTENT, HeaderMap::new()).unwrap();
    outgoing.apply(Outbound::Start(head)).ok().unwrap();
    let Ok(Effect::Respond {
        response,
        complete: false,
        ..
    }) = outgoing.apply(body("x", true))
    else {
        panic!("no response")
    };
    assert!(matches!(response.body(), ResponseBody::Empty));
    assert!(matches!(
        outgoing.apply(body("y", false)),
        Ok(Effect::Complete { start_moving: false })
    ));
}

#[test]
fn a_head_without_body_is_flushed_as_a_stream() {
    let mut outgoing = idle();
    assert!(outgoing.flush_head().is_none());
    outgoing.apply(start(None)).ok().unwrap();
    let (_responder, response) = outgoing.flush_head().unwrap();
    assert!(matches!(response.body(), ResponseBody::Channel(_)));
    assert!(outgoing.flush_head().is_none());
    assert!(matches!(outgoing.apply(body("late", true)), Ok(Effect::None)));
}

#[test]
fn an_invalid_length_is_refused() {
    for length in ["-1", "+1", "1a", "99999999999999999999999"] {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, http::HeaderValue::from_static(length));
        assert!(frame(StatusCode::OK, headers).is_err(), "{length}");
    }
}

#[test]
fn a_body_that_was_sent_whole_may_be_let_go_before_its_last_message() {
    for (length, outcome) in [("2", true), ("3", false)] {
        let mut outgoing = idle();
        outgoing.apply(start(Some(length))).ok().unwrap();
        // The effect holds the response, and with it the end of the body that the server reads.
        drop(outgoing.apply(body("ab", true)));
        assert!(outgoing.apply(body("", true)).is_ok() == outcome);
        assert!(outgoing.apply(body("", false)).is_ok() == outcome);
    }
}
