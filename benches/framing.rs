//! How fast bytes become lines, events and requests.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndbmgm::wire::{EventReader, Framer, LINE_MAX};

const RECORD: &str = "log event reply\ntype=62\ntime=0\nsource_nodeid=2\nstarting_node=1\n\
    backup_id=6\nn_bytes_lo=123456789\nn_bytes_hi=0\nn_records_lo=123456\nn_records_hi=0\n\
    n_log_bytes_lo=0\nn_log_bytes_hi=0\nn_log_records_lo=0\nn_log_records_hi=0\n\n";

fn framing(c: &mut Criterion) {
    let bytes = RECORD.repeat(1 << 12).into_bytes();
    let mut group = c.benchmark_group("framing");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("lines", |b| {
        b.iter(|| {
            let mut framer = Framer::new(LINE_MAX);
            let mut count = 0;
            for chunk in bytes.chunks(8192) {
                framer.push(chunk);
                while let Ok(Some(line)) = framer.next_line() {
                    count += black_box(line).len();
                }
            }
            count
        });
    });
    group.bench_function("events", |b| {
        b.iter(|| {
            let mut reader = EventReader::new();
            let mut count = 0;
            for chunk in bytes.chunks(8192) {
                reader.push(chunk);
                while let Ok(Some(item)) = reader.next() {
                    black_box(item);
                    count += 1;
                }
            }
            count
        });
    });
    group.finish();
}

criterion_group!(benches, framing);
criterion_main!(benches);
