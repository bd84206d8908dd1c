//! What a WebSocket frame costs: reading, putting together, writing.
#![allow(missing_docs, clippy::unwrap_used)]

// The framing is private to the crate; these are its own sources.
#[allow(dead_code, unreachable_pub)]
#[path = "../src/websocket/close.rs"]
mod close;
#[allow(dead_code, unreachable_pub)]
#[path = "../src/websocket/deflate.rs"]
mod deflate;
#[allow(dead_code, unreachable_pub)]
#[path = "../src/websocket/frame.rs"]
mod frame;
#[allow(dead_code, unreachable_pub)]
#[path = "../src/websocket/message.rs"]
mod message;

use bytes::BytesMut;
use divan::black_box;
use frame::{Opcode, parse_head, unmask, write_frame};
use message::{Assembler, Message};

const LIMIT: usize = 16 * 1024 * 1024;

fn main() {
    divan::main();
}

/// A masked text frame, as a client sends it.
fn client_frame(length: usize) -> Vec<u8> {
    let mut plain = BytesMut::new();
    write_frame(&mut plain, Opcode::Text, false, "a".repeat(length).as_bytes());
    let head = plain.len() - length;
    plain[1] |= 0x80;
    let mask = [1, 2, 3, 4];
    unmask(&mut plain[head..], mask);
    let mut frame = plain[..head].to_vec();
    frame.extend_from_slice(&mask);
    frame.extend_from_slice(&plain[head..]);
    frame
}

fn read(assembler: &mut Assembler, mut bytes: BytesMut) -> Option<Message> {
    let head = parse_head(&bytes).unwrap().unwrap();
    assembler.check(&head).unwrap();
    let mut payload = bytes.split_off(head.head_length);
    unmask(&mut payload, head.mask);
    assembler.push(&head, payload.freeze()).unwrap()
}

#[divan::bench(args = [41, 16_384])]
fn message_in(bencher: divan::Bencher<'_, '_>, length: usize) {
    let frame = client_frame(length);
    let mut assembler = Assembler::new(LIMIT, None);
    let message = read(&mut assembler, BytesMut::from(&frame[..]));
    assert_eq!(message.map(|message| message.as_bytes().len()), Some(length));
    bencher
        .with_inputs(|| BytesMut::from(&frame[..]))
        .bench_local_values(|bytes| read(&mut assembler, black_box(bytes)));
}

#[divan::bench(args = [41, 16_384])]
fn message_out(bencher: divan::Bencher<'_, '_>, length: usize) {
    let payload = vec![b'a'; length];
    let mut out = BytesMut::with_capacity(length + 16);
    bencher.bench_local(|| {
        out.clear();
        write_frame(&mut out, Opcode::Text, false, black_box(&payload));
        out.len()
    });
}
