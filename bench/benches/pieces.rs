//! Pieces of the hot paths: a change beside fields that stay, a pulse written, a command read, an answer.

#![allow(missing_docs, reason = "`criterion_group!` makes a function without")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rship_core::wire::{self, Change, Generation, Pulse, PulseSource, Stamp, Writer};
use rship_runtime::prelude::*;

macro_rules! wall {
    ($($level:ident $count:ident $on:ident $label:ident,)*) => {
        /// 100 emitters of four types.
        #[derive(Target)]
        struct Wall {
            $(
                #[emitter]
                $level: f64,
                #[emitter]
                $count: u32,
                #[emitter]
                $on: bool,
                #[emitter]
                $label: String,
            )*
        }

        impl Wall {
            fn new() -> Self {
                Self { $($level: 0.25, $count: 4711, $on: true, $label: "a label".to_owned(),)* }
            }
        }
    };
}

wall! {
    a0 a1 a2 a3, b0 b1 b2 b3, c0 c1 c2 c3, d0 d1 d2 d3, e0 e1 e2 e3,
    f0 f1 f2 f3, g0 g1 g2 g3, h0 h1 h2 h3, i0 i1 i2 i3, j0 j1 j2 j3,
    k0 k1 k2 k3, l0 l1 l2 l3, m0 m1 m2 m3, n0 n1 n2 n3, o0 o1 o2 o3,
    p0 p1 p2 p3, q0 q1 q2 q3, r0 r1 r2 r3, s0 s1 s2 s3, t0 t1 t2 t3,
    u0 u1 u2 u3, v0 v1 v2 v3, w0 w1 w2 w3, x0 x1 x2 x3, y0 y1 y2 y3,
}

fn one_field(criterion: &mut Criterion) {
    let added = Executor::builder("bench")
        .url("ws://127.0.0.1:9/myko")
        .build()
        .and_then(|executor| Ok((executor.add("wall", Wall::new())?, executor)));
    // A target whose executor is gone publishes nothing.
    let (wall, _executor) = match added {
        Ok(both) => both,
        Err(error) => return eprintln!("error: {error}"),
    };
    criterion.bench_function("one field of 100 changed", |bench| {
        bench.iter(|| wall.blocking_lock().m1 += 1);
    });
}

fn pulse(criterion: &mut Criterion) {
    let writer = Writer::new(Generation::V2026, None);
    let stamp = Stamp {
        created_at: "2026-11-22T12:00:00.000Z",
        tx: "0f9c1d62-52a5-4a3a-9d0e-0a4c7d1f2b3c",
    };
    let source = PulseSource::new("load:e1", "load-1");
    let pulse = Pulse {
        source: &source,
        data: br#"{"level":0.25,"channel":1,"label":"load"}"#,
        nonce: Some(4711),
    };
    let mut out = bytes::BytesMut::with_capacity(1024);
    criterion.bench_function("pulse written", |bench| {
        bench.iter(|| {
            out.clear();
            writer.pulse(Change::Set, black_box(&pulse), stamp, &mut out);
            out.len()
        });
    });
}

fn command(criterion: &mut Criterion) {
    let frame = r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"tx":"b4711","instanceId":"load-1","action":{"id":"load:level","targetId":"load"},"data":{"level":0.25,"channel":1,"label":"load"}}}}"#;
    criterion.bench_function("command read", |bench| {
        bench.iter(|| wire::read(black_box(frame)));
    });
}

fn answer(criterion: &mut Criterion) {
    criterion.bench_function("answer written", |bench| {
        bench.iter(|| wire::response(black_box("b4711"), black_box("null")));
    });
}

criterion_group!(pieces, one_field, pulse, command, answer);
criterion_main!(pieces);
