#!/usr/bin/env bash
# Times the built tools as whole processes: ndbxfrm against openssl on a file of recorded rows,
# against gzip and pigz on that, on a Data file of the simulator and on mixed text, and
# ndb_print_backup_file on the Data file, all in one run:
#
#   benches/tools.sh [MiB [sample file]]
#
# Needs openssl, gzip, pigz and GNU time (Debian: openssl gzip pigz time). Each command runs
# ROUNDS times (5), taking turns; the best time counts, because every disturbance only makes
# it longer. Files go to BENCH_DIR (a new directory in /dev/shm, else /tmp), so that
# the disk's speed is no part of it. ONLY=compress leaves out what is not compression. BINARIES is a directory of programs that are built
# already. Ratios above 1 mean that ndbxfrm is faster.
set -euo pipefail
cd "$(dirname "$0")/.."

mib=${1:-256}
sample=${2:-}
rounds=${ROUNDS:-5}
if [[ -z ${BINARIES:-} ]]; then
    cargo build --release --bins
    BINARIES=${CARGO_TARGET_DIR:-target}/release
fi
ndbxfrm=$BINARIES/ndbxfrm
print=$BINARIES/ndb_print_backup_file

if [[ -n ${BENCH_DIR:-} ]]; then
    directory=$BENCH_DIR
elif [[ -w /dev/shm ]]; then
    directory=$(mktemp -d /dev/shm/ndbxfrm-bench.XXXXXX)
else
    directory=$(mktemp -d)
fi
simulator=
trap 'if [[ -n $simulator ]]; then kill "$simulator"; fi; rm -rf "$directory"' EXIT
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

# A row of the made-up table takes 72 bytes.
printf '[ndbd]\nNodeId=2\nNoOfReplicas=1\nMaxDiskWriteSpeed=1G\n[ndb_mgmd]\nNodeId=1\n[mysqld]\nNodeId=3\n' \
    >"$directory/config.ini"
mkfifo "$directory/address"
"$BINARIES/ndb_sim" --config-file "$directory/config.ini" --port 0 --data-dir "$directory/cluster" \
    --rows $(( (mib << 20) / 72 )) >"$directory/address" 2>"$directory/log" &
simulator=$!
read -r address <"$directory/address"
"$BINARIES/ndb_mgm" --no-defaults --ndb-connectstring "$address" -e 'START BACKUP 1 WAIT COMPLETED' >"$directory/log"
mv "$directory/cluster/node-2/BACKUP/BACKUP-1/BACKUP-1-0.2.Data" "$directory/data"
kill "$simulator"
wait "$simulator" || true
simulator=

# Mixed text: prose, code, tables and logs, as they lie about in the sources; they repeat far
# beyond deflate's window.
find . -path ./target -prune -o -type f \( -name '*.md' -o -name '*.rs' -o -name '*.toml' -o -name '*.trace' \
    -o -name '*.tsv' -o -name '*.txt' -o -name '*.sh' \) -print0 | sort -z | xargs -0 cat >"$directory/text"
while (( $(stat -c %s "$directory/text") < mib << 20 )); do
    cat "$directory/text" "$directory/text" >"$directory/twice"
    mv "$directory/twice" "$directory/text"
done
truncate -s "${mib}M" "$directory/text"

declare -A best peak size
# measure NAME OUTPUT COMMAND...: the best time in seconds and the largest peak in KiB.
measure() {
    local name=$1 output=$2 start seconds kib
    shift 2
    rm -f "$output"
    start=${EPOCHREALTIME/./}
    /usr/bin/time -o "$directory/time" -f '%M' "$@" >/dev/null
    seconds=$(awk "BEGIN { print (${EPOCHREALTIME/./} - $start) / 1e6 }")
    read -r kib < <(tail -n 1 "$directory/time")
    if [[ -z ${best[$name]:-} ]] || awk "BEGIN { exit !($seconds < ${best[$name]}) }"; then
        best[$name]=$seconds
    fi
    if (( kib > ${peak[$name]:-0} )); then peak[$name]=$kib; fi
}

# compress WHAT FILE: gzip, pigz and ndbxfrm, and back.
compress() {
    local what=$1 file=$2
    measure "gzip compress $what" "$directory/g.gz" bash -c "exec gzip -6 -c '$file' >'$directory/g.gz'"
    measure "pigz compress $what" "$directory/p.gz" bash -c "exec pigz -6 -c '$file' >'$directory/p.gz'"
    measure "ndbxfrm compress $what" "$directory/x.az" "$ndbxfrm" -c "$file" "$directory/x.az"
    measure "gzip decompress $what" "$directory/out" bash -c "exec gzip -dc '$directory/g.gz' >'$directory/out'"
    measure "ndbxfrm decompress $what" "$directory/out" "$ndbxfrm" "$directory/x.az" "$directory/out"
    cmp "$file" "$directory/out"
    size["gzip $what"]=$(stat -c %s "$directory/g.gz")
    size["pigz $what"]=$(stat -c %s "$directory/p.gz")
    size["ndbxfrm $what"]=$(stat -c %s "$directory/x.az")
}

password=secret
for (( round = 0; round < rounds; round++ )); do
    compress rows "$plain"
    compress data "$directory/data"
    compress text "$directory/text"
    if [[ ${ONLY:-} == compress ]]; then continue; fi
    measure 'openssl encrypt' "$directory/o.enc" \
        openssl enc -aes-256-cbc -pbkdf2 -iter 100000 -pass pass:$password -in "$plain" -out "$directory/o.enc"
    measure 'ndbxfrm encrypt' "$directory/x.enc" \
        "$ndbxfrm" --encrypt-password=$password "$plain" "$directory/x.enc" 2>/dev/null
    measure 'openssl decrypt' "$directory/out" \
        openssl enc -d -aes-256-cbc -pbkdf2 -iter 100000 -pass pass:$password -in "$directory/o.enc" -out "$directory/out"
    measure 'ndbxfrm decrypt' "$directory/out" \
        "$ndbxfrm" --decrypt-password=$password "$directory/x.enc" "$directory/out" 2>/dev/null
    cmp "$plain" "$directory/out"
    measure 'ndbxfrm compress and encrypt' "$directory/x.ce" \
        "$ndbxfrm" -c --encrypt-password=$password "$plain" "$directory/x.ce" 2>/dev/null
    measure 'ndbxfrm decrypt and decompress' "$directory/out" \
        "$ndbxfrm" --decrypt-password=$password "$directory/x.ce" "$directory/out" 2>/dev/null
    cmp "$plain" "$directory/out"
    measure 'ndb_print_backup_file' "$directory/out" "$print" "$directory/data"
    measure 'ndb_print_backup_file -v 1' "$directory/out" "$print" -v 1 "$directory/data"
done

printf '%s MiB, %s cores, best of %s\n\n' "$mib" "$(nproc)" "$rounds"
data_mib=$(( $(stat -c %s "$directory/data") >> 20 ))
for name in "${!best[@]}"; do
    length=$mib
    if [[ $name == ndb_print* || $name == *' data' ]]; then length=$data_mib; fi
    awk -v name="$name" -v mib="$length" -v seconds="${best[$name]}" -v kib="${peak[$name]}" \
        'BEGIN { printf "%-32s %7.3f s %8.0f MiB/s  peak %5.1f MiB\n", name, seconds, mib / seconds, kib / 1024 }'
done | sort
echo
ratio() { # ratio WHAT THEIRS OURS WANTED
    awk -v what="$1" -v theirs="${best[$2]}" -v ours="${best[$3]}" -v wanted="$4" \
        'BEGIN { printf "%-28s %5.2f  (wanted: %s)\n", what, theirs / ours, wanted }'
}
for what in rows data text; do
    ratio "compress $what, by pigz -6" "pigz compress $what" "ndbxfrm compress $what" 'at least 1'
    ratio "compress $what, by gzip -6" "gzip compress $what" "ndbxfrm compress $what" 'at least 2.5 with 2 cores'
    ratio "decompress $what, by gzip" "gzip decompress $what" "ndbxfrm decompress $what" 'at least 1.5'
    # The recorded rows are few and come again and again, which real ones do not.
    wanted=1.02
    if [[ $what == rows ]]; then wanted=1.07; fi
    for theirs in pigz gzip; do
        awk -v what="size of $what, by $theirs -6" -v wanted="$wanted" -v ours="${size[ndbxfrm $what]}" -v theirs="${size[$theirs $what]}" \
            'BEGIN { printf "%-28s %5.3f  (wanted: at most %s)\n", what, ours / theirs, wanted }'
    done
done
speed() { # speed WHAT PROGRAM WANTED
    awk -v what="$1" -v mib="$data_mib" -v seconds="${best[$2]}" -v wanted="$3" \
        'BEGIN { printf "%-28s %5.0f MB/s  (wanted: %s)\n", what, mib * 1.048576 / seconds, wanted }'
}
if [[ ${ONLY:-} != compress ]]; then
    ratio 'encrypt, by openssl' 'openssl encrypt' 'ndbxfrm encrypt' 'at least 0.9'
    ratio 'decrypt, by openssl' 'openssl decrypt' 'ndbxfrm decrypt' 'at least 2'
    speed 'print, without rows' 'ndb_print_backup_file' 'at least 1000'
    speed 'print, with rows' 'ndb_print_backup_file -v 1' 'at least 300'
fi
largest=0
for name in "${!peak[@]}"; do
    if [[ $name == ndb* ]] && (( peak[$name] > largest )); then largest=${peak[$name]}; fi
done
awk -v kib="$largest" 'BEGIN { printf "%-28s %5.1f MiB  (wanted: below 32)\n", "largest peak memory", kib / 1024 }'
