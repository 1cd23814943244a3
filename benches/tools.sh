#!/usr/bin/env bash
# Compares the built ndbxfrm with openssl, gzip and pigz on one file, all in one run:
#
#   benches/tools.sh [MiB [sample file]]
#
# Needs openssl, gzip, pigz and GNU time (Debian: openssl gzip pigz time). Each command runs
# ROUNDS times (5), taking turns; the best time counts, because every disturbance only makes
# it longer. Files go to BENCH_DIR (a new directory in /dev/shm, else /tmp), so that
# the disk's speed is no part of it. NDBXFRM names a program that is built already. Ratios above 1 mean that ndbxfrm is faster.
set -euo pipefail
cd "$(dirname "$0")/.."

mib=${1:-256}
sample=${2:-}
rounds=${ROUNDS:-5}
if [[ -z ${NDBXFRM:-} ]]; then
    cargo build --release --bin ndbxfrm
fi
ndbxfrm=${NDBXFRM:-${CARGO_TARGET_DIR:-target}/release/ndbxfrm}

if [[ -n ${BENCH_DIR:-} ]]; then
    directory=$BENCH_DIR
elif [[ -w /dev/shm ]]; then
    directory=$(mktemp -d /dev/shm/ndbxfrm-bench.XXXXXX)
else
    directory=$(mktemp -d)
fi
trap 'rm -rf "$directory"' EXIT
plain=$directory/plain

# Rows of recorded backups; they repeat far beyond deflate's window.
if [[ -z $sample ]]; then
    cat tests/fixtures/backups/BACKUP-{1,3,4}/*.Data >"$directory/sample"
else
    cp "$sample" "$directory/sample"
fi
while (( $(stat -c %s "$directory/sample") < mib << 20 )); do
    cat "$directory/sample" "$directory/sample" >"$directory/twice"
    mv "$directory/twice" "$directory/sample"
done
head -c "${mib}M" "$directory/sample" >"$plain"
rm "$directory/sample"

declare -A best peak
# measure NAME OUTPUT COMMAND...: the best time in seconds and the largest peak in KiB.
measure() {
    local name=$1 output=$2 seconds kib
    shift 2
    rm -f "$output"
    /usr/bin/time -o "$directory/time" -f '%e %M' "$@" >/dev/null
    read -r seconds kib < <(tail -n 1 "$directory/time")
    if [[ -z ${best[$name]:-} ]] || awk "BEGIN { exit !($seconds < ${best[$name]}) }"; then
        best[$name]=$seconds
    fi
    if (( kib > ${peak[$name]:-0} )); then peak[$name]=$kib; fi
}

password=secret
for (( round = 0; round < rounds; round++ )); do
    measure 'openssl encrypt' "$directory/o.enc" \
        openssl enc -aes-256-cbc -pbkdf2 -iter 100000 -pass pass:$password -in "$plain" -out "$directory/o.enc"
    measure 'ndbxfrm encrypt' "$directory/x.enc" \
        "$ndbxfrm" --encrypt-password=$password "$plain" "$directory/x.enc" 2>/dev/null
    measure 'openssl decrypt' "$directory/out" \
        openssl enc -d -aes-256-cbc -pbkdf2 -iter 100000 -pass pass:$password -in "$directory/o.enc" -out "$directory/out"
    measure 'ndbxfrm decrypt' "$directory/out" \
        "$ndbxfrm" --decrypt-password=$password "$directory/x.enc" "$directory/out" 2>/dev/null
    cmp "$plain" "$directory/out"
    measure 'gzip compress' "$directory/g.gz" \
        bash -c "exec gzip -6 -c '$plain' >'$directory/g.gz'"
    measure 'pigz compress' "$directory/p.gz" \
        bash -c "exec pigz -6 -c '$plain' >'$directory/p.gz'"
    measure 'ndbxfrm compress' "$directory/x.az" \
        "$ndbxfrm" -c "$plain" "$directory/x.az"
    measure 'gzip decompress' "$directory/out" \
        bash -c "exec gzip -dc '$directory/g.gz' >'$directory/out'"
    measure 'ndbxfrm decompress' "$directory/out" \
        "$ndbxfrm" "$directory/x.az" "$directory/out"
    cmp "$plain" "$directory/out"
    measure 'ndbxfrm compress and encrypt' "$directory/x.ce" \
        "$ndbxfrm" -c --encrypt-password=$password "$plain" "$directory/x.ce" 2>/dev/null
    measure 'ndbxfrm decrypt and decompress' "$directory/out" \
        "$ndbxfrm" --decrypt-password=$password "$directory/x.ce" "$directory/out" 2>/dev/null
    cmp "$plain" "$directory/out"
done

printf '%s MiB, %s cores, best of %s\n\n' "$mib" "$(nproc)" "$rounds"
for name in "${!best[@]}"; do
    awk -v name="$name" -v mib="$mib" -v seconds="${best[$name]}" -v kib="${peak[$name]}" \
        'BEGIN { printf "%-32s %6.2f s %8.0f MiB/s  peak %5.1f MiB\n", name, seconds, mib / seconds, kib / 1024 }'
done | sort
echo
ratio() { # ratio WHAT THEIRS OURS WANTED
    awk -v what="$1" -v theirs="${best[$2]}" -v ours="${best[$3]}" -v wanted="$4" \
        'BEGIN { printf "%-28s %5.2f  (wanted: %s)\n", what, theirs / ours, wanted }'
}
ratio 'encrypt, by openssl' 'openssl encrypt' 'ndbxfrm encrypt' 'at least 0.9'
ratio 'decrypt, by openssl' 'openssl decrypt' 'ndbxfrm decrypt' 'at least 2'
ratio 'compress, by pigz -6' 'pigz compress' 'ndbxfrm compress' 'at least 1'
ratio 'compress, by gzip -6' 'gzip compress' 'ndbxfrm compress' 'at least 2'
ratio 'decompress, by gzip' 'gzip decompress' 'ndbxfrm decompress' 'at least 1.5'
awk -v ours="$(stat -c %s "$directory/x.az")" -v theirs="$(stat -c %s "$directory/g.gz")" \
    'BEGIN { printf "%-28s %5.3f  (wanted: at most 1.03)\n", "compressed size, by gzip -6", ours / theirs }'
