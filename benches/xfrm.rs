//! Speed of the containers in memory, in one thread and in as many as the machine runs.

use std::hint::black_box;
use std::io::{Cursor, Write, copy, sink};
use std::thread;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndbmgm::xfrm::{self, Encryption, Keys, Options, ReadOptions, Secret, XfrmWriter};

const SIZE: usize = 16 << 20;

/// Like rows of a table: numbers that count, and words.
fn rows() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SIZE + 64);
    let mut state = 1_u32;
    let mut row = 0_u32;
    while bytes.len() < SIZE {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend_from_slice(&row.to_le_bytes());
        bytes.extend_from_slice(&state.to_le_bytes());
        bytes.extend_from_slice(
            ["alpha", "beta", "gamma", "delta"][(state >> 30) as usize].as_bytes(),
        );
        row += 1;
    }
    bytes.truncate(SIZE);
    bytes
}

fn write(data: &[u8], options: Options<'_>) -> Vec<u8> {
    let mut writer = XfrmWriter::new(Vec::with_capacity(SIZE), options).expect("valid options");
    writer.write_all(data).expect("memory takes everything");
    writer.finish().expect("memory takes everything")
}

fn containers(criterion: &mut Criterion) {
    let secret = Secret::new(b"secret".to_vec());
    let data = rows();
    let all = thread::available_parallelism().map_or(1, usize::from);
    let mut group = criterion.benchmark_group("xfrm");
    group.throughput(Throughput::Bytes(SIZE as u64));
    group.sample_size(10);
    for (name, compress, encrypt) in [
        ("cbc", false, true),
        ("deflate", true, false),
        ("deflate and cbc", true, true),
    ] {
        for threads in [1, all] {
            let options = Options {
                compress,
                encryption: encrypt.then(|| Encryption {
                    keys: Keys::Derived { iterations: 1 },
                    ..Encryption::backup(&secret)
                }),
                threads,
                ..Options::default()
            };
            group.bench_function(
                BenchmarkId::new(format!("write {name}"), threads),
                |bencher| {
                    bencher.iter(|| write(black_box(&data), options));
                },
            );
            let file = write(&data, options);
            let read_options = ReadOptions {
                threads,
                ..ReadOptions::default()
            };
            group.bench_function(
                BenchmarkId::new(format!("read {name}"), threads),
                |bencher| {
                    bencher.iter(|| {
                        let source = Cursor::new(black_box(&file));
                        let mut reader = xfrm::open_with(source, Some(&secret), read_options)
                            .expect("written above");
                        copy(&mut reader, &mut sink()).expect("written above")
                    });
                },
            );
        }
    }
    group.finish();
}

fn key_derivation(criterion: &mut Criterion) {
    let secret = Secret::new(b"secret".to_vec());
    criterion.bench_function("xfrm/key of a backup", |bencher| {
        bencher.iter(|| write(b"", Options::backup(false, Some(&secret))));
    });
}

criterion_group!(benches, containers, key_derivation);
criterion_main!(benches);
