#!/usr/bin/env bash
# Times the built ndb_backup as whole processes, all in one run:
#
#   benches/backup.sh [MiB]
#
# verify of an encrypted and compressed set of so many MiB on disk (1024), with its manifest,
# beside sha256sum of the same files; list of 1,000 sets of 4 nodes; export of a table of a plain
# set. The sets are made by ndb_sim. Needs GNU time (Debian: time).
#
# Each command runs ROUNDS times (5), taking turns; the best time counts, because every disturbance
# only makes it longer. Files go to BENCH_DIR (a new directory in /dev/shm, else /tmp), so that the disk's
# speed is no part of it. BINARIES is a directory of programs that are built already.
set -euo pipefail
cd "$(dirname "$0")/.."

mib=${1:-1024}
rounds=${ROUNDS:-5}
if [[ -z ${BINARIES:-} ]]; then
    cargo build --release --bins
    BINARIES=${CARGO_TARGET_DIR:-target}/release
fi
backup="$BINARIES/ndb_backup --no-defaults"

if [[ -n ${BENCH_DIR:-} ]]; then
    directory=$BENCH_DIR
    mkdir -p "$directory"
elif [[ -w /dev/shm ]]; then
    directory=$(mktemp -d /dev/shm/ndb_backup-bench.XXXXXX)
else
    directory=$(mktemp -d)
fi
simulator=
trap 'if [[ -n $simulator ]]; then kill "$simulator"; fi; rm -rf "$directory"' EXIT
password=secret
echo "$password" >"$directory/password"

# make NAME ROWS NODES PARAMETER COMMAND...: a simulated cluster makes backups.
make() {
    local name=$1 rows=$2 nodes=$3 parameter=$4 node
    shift 4
    {
        printf '[ndbd default]\nNoOfReplicas=2\nMaxDiskWriteSpeed=4G\n%s\n[ndb_mgmd]\nNodeId=1\n[mysqld]\nNodeId=99\n' "$parameter"
        for (( node = 2; node < nodes + 2; node++ )); do printf '[ndbd]\nNodeId=%s\n' "$node"; done
    } >"$directory/config.ini"
    rm -f "$directory/address"
    mkfifo "$directory/address"
    "$BINARIES/ndb_sim" --config-file "$directory/config.ini" --port 0 --data-dir "$directory/$name" \
        --rows "$rows" >"$directory/address" 2>"$directory/log" &
    simulator=$!
    local address command
    read -r address <"$directory/address"
    for command in "$@"; do
        "$BINARIES/ndb_mgm" --no-defaults --ndb-connectstring "$address" -e "$command" >"$directory/log" 2>&1
    done
    kill "$simulator"
    wait "$simulator" || true
    simulator=
}

size_of() { # bytes of all files below a directory that match
    find "$1" -name "$2" -printf '%s\n' | awk '{ sum += $1 } END { printf "%d", sum }'
}

# A small set says how many bytes a row takes.
start="START BACKUP 1 ENCRYPT PASSWORD='$password'"
make probe 400000 2 CompressedBackup=1 "$start"
rows=$(( (mib << 20) * 400000 / $(size_of "$directory/probe" 'BACKUP-*') ))
rm -r "$directory/probe"
make set "$rows" 2 CompressedBackup=1 "$start"
$backup manifest 1 "$directory/set" --backup-password-from-stdin <"$directory/password" >"$directory/log"
mapfile -t files < <(find "$directory/set" -name 'BACKUP-1*.*' ! -name '*.json')
set_bytes=$(size_of "$directory/set" 'BACKUP-1*.*')

make plain 3000000 2 '' 'START BACKUP 1'
data_bytes=$(size_of "$directory/plain" '*.Data')

# One set of four nodes, and 999 like it under other ids: the id is the seventh word of each header.
make one 1000 4 '' 'START BACKUP 1'
for (( id = 1; id <= 1000; id++ )); do
    for node in 2 3 4 5; do
        target=$directory/many/node-$node/BACKUP/BACKUP-$id
        mkdir -p "$target"
        for kind in ctl Data log; do
            number=
            if [[ $kind == Data ]]; then number=-0; fi
            cp "$directory/one/node-$node/BACKUP/BACKUP-1/BACKUP-1$number.$node.$kind" "$target/BACKUP-$id$number.$node.$kind"
            # shellcheck disable=SC2059 # the digits are the format
            printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' 0 0 $(( id >> 8 )) $(( id & 255 )))" |
                dd of="$target/BACKUP-$id$number.$node.$kind" bs=1 seek=24 conv=notrunc status=none
        done
    done
done

declare -A best peak
# measure NAME COMMAND...: the best time in seconds and the largest peak in KiB.
measure() {
    local name=$1 start seconds kib
    shift
    start=${EPOCHREALTIME/./}
    /usr/bin/time -o "$directory/time" -f '%M' "$@" >"$directory/out" 2>"$directory/log" <"$directory/password"
    seconds=$(awk "BEGIN { print (${EPOCHREALTIME/./} - $start) / 1e6 }")
    read -r kib < <(tail -n 1 "$directory/time")
    if [[ -z ${best[$name]:-} ]] || awk "BEGIN { exit !($seconds < ${best[$name]}) }"; then
        best[$name]=$seconds
    fi
    if (( kib > ${peak[$name]:-0} )); then peak[$name]=$kib; fi
}

for (( round = 0; round < rounds; round++ )); do
    measure sha256sum sha256sum "${files[@]}"
    measure verify $backup verify 1 "$directory/set" --require-manifest --no-record --quiet --backup-password-from-stdin
    measure list $backup list "$directory/many"
    for format in csv jsonl sql; do
        measure "export $format" $backup export 1 shop.order_line "$directory/plain" --format=$format
    done
done

printf '%s cores, best of %s\n\n' "$(nproc)" "$rounds"
for name in sha256sum verify list 'export csv' 'export jsonl' 'export sql'; do
    awk -v name="$name" -v seconds="${best[$name]}" -v kib="${peak[$name]}" \
        'BEGIN { printf "%-14s %7.3f s  peak %6.1f MiB\n", name, seconds, kib / 1024 }'
done
echo
say() { # say WHAT FIGURE UNIT WANTED
    awk -v what="$1" -v figure="$2" -v unit="$3" -v wanted="$4" \
        'BEGIN { printf "%-44s %8.2f %-5s (wanted: %s)\n", what, figure, unit, wanted }'
}
per() { awk -v a="$1" -v b="$2" 'BEGIN { print a / b }'; }
say "verify $(( set_bytes >> 20 )) MiB, times as fast as sha256sum" "$(per "${best[sha256sum]}" "${best[verify]}")" '' 'at least 1'
say 'verify, of the files' "$(per "$(( set_bytes / 1000000 ))" "${best[verify]}")" MB/s ''
say 'verify, peak memory' "$(per "${peak[verify]}" 1024)" MiB 'below 64'
say 'list of 1,000 sets of 4 nodes' "${best[list]}" s 'below 1'
for format in csv jsonl sql; do
    say "export $format, of the Data files" "$(per "$(( data_bytes / 1000000 ))" "${best[export $format]}")" MB/s 'at least 300'
done
