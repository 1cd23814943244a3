//! Speed of printing a Data file in memory: without rows, with rows, as JSON.

use std::fs;
use std::hint::black_box;
use std::io::sink;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndbmgm::backup::{self, CtlFile, DataItem, DataReader, DataWriter, PrintOptions};

/// How often each recorded row is in the file: some 20 MB.
const REPETITIONS: usize = 100;

fn recorded(name: &str) -> Vec<u8> {
    let directory = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/backups/BACKUP-4"
    );
    fs::read(format!("{directory}/{name}")).expect("the recorded backups are part of the project")
}

/// A large file with the rows of a recorded one.
fn large_file() -> Vec<u8> {
    let recorded = recorded("BACKUP-4-0.2.Data");
    let mut reader = DataReader::new(&recorded[..]).expect("a Data file");
    let mut writer = DataWriter::new(Vec::new(), &reader.header().clone());
    while let Some(item) = reader.next_item().expect("a whole file") {
        match item {
            DataItem::FragmentHeader {
                table_id, fragment, ..
            } => writer.begin_fragment(table_id, fragment),
            DataItem::Record { payload, .. } => {
                (0..REPETITIONS).try_for_each(|_| writer.write_packed(payload))
            }
            _ => Ok(()),
        }
        .expect("memory takes everything");
    }
    writer.finish().expect("memory takes everything")
}

fn printing(criterion: &mut Criterion) {
    let file = large_file();
    let ctl = CtlFile::read(&recorded("BACKUP-4.2.ctl")[..]).expect("a ctl file");
    let mut group = criterion.benchmark_group("print");
    group.throughput(Throughput::Bytes(file.len() as u64));
    group.sample_size(10);
    for (name, verbose) in [("sections and records", false), ("words of records", true)] {
        let options = PrintOptions {
            verbose,
            header_words: false,
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| backup::print(black_box(&file[..]), &mut sink(), options));
        });
    }
    group.bench_function("JSON", |bencher| {
        bencher.iter(|| backup::print_json(black_box(&file[..]), &mut sink(), Some(&ctl)));
    });
    group.finish();
}

criterion_group!(benches, printing);
criterion_main!(benches);
