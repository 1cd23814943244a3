//! Time to parse one command.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ndbmgm::command::{complete, parse};

fn parse_commands(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse");
    for (name, line) in [
        (
            "start_backup",
            "START BACKUP 6 WAIT COMPLETED SNAPSHOTSTART",
        ),
        (
            "start_backup_encrypted",
            "start backup 6 snapshotend wait started encrypt password='correct horse battery'",
        ),
        ("report", "ALL REPORT BackupStatus"),
        ("tls_info", "TLS INFO"),
        ("fault", "START BACKUP 6 WAIT COMPLETED SNAPSHOTSTRAT"),
    ] {
        group.bench_function(name, |b| b.iter(|| parse(black_box(line))));
    }
    group.finish();
    let line = "START BACKUP 6 WAIT COMPLETED S";
    c.bench_function("complete", |b| {
        b.iter(|| complete(black_box(line), line.len()))
    });
}

criterion_group!(benches, parse_commands);
criterion_main!(benches);
