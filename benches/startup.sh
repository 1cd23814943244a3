#!/usr/bin/env bash
# Times `ndb_mgm -e "ALL STATUS"` against ndb_sim over loopback, in cleartext and over TLS: whole
# processes, release build. Prints the median wall times and the peak memory; fails above 10 ms in
# cleartext, 12 ms over TLS, or 12 MiB.
#
#   benches/startup.sh [runs]
#
# Needs GNU time (Debian: apt-get install time).
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-51}
wall_limit_us=10000
tls_limit_us=12000
memory_limit_kib=12288

[ -x /usr/bin/time ] || { echo "startup.sh: needs /usr/bin/time (apt-get install time)" >&2; exit 2; }
cargo build --release --locked --bins
target=${CARGO_TARGET_DIR:-target}/release

work=$(mktemp -d)
sim=
trap 'kill $sim 2>/dev/null && wait $sim || true; rm -rf "$work"' EXIT
mkdir "$work/none"
"$target/ndb_sim" --make-certificates "$work/tls" >/dev/null 2>&1
"$target/ndb_sim" --port 0 --data-dir "$work/sim" --ndb-tls-search-path="$work/tls" \
  >"$work/ready" 2>"$work/sim.log" &
sim=$!
for _ in $(seq 100); do [ -s "$work/ready" ] && break; sleep 0.1; done
port=$(grep -Eo '[0-9]+' "$work/ready" | tail -n 1)

# The client with the certificates of this directory; without any it stays in cleartext.
client() { echo "$target/ndb_mgm --no-defaults -c localhost:$port --ndb-tls-search-path=$work/$1"; }

# measure NAME DIRECTORY LIMIT
measure() {
  local name=$1 once limit=$3 median memory
  once=$(client "$2")
  $once -e "ALL STATUS" # warm-up, and shows what is timed
  for _ in $(seq "$runs"); do
    start=${EPOCHREALTIME/[.,]/}
    $once -e "ALL STATUS" >/dev/null
    end=${EPOCHREALTIME/[.,]/}
    echo $((end - start))
  done | sort -n >"$work/wall"
  /usr/bin/time -f %M -o "$work/memory" $once -e "ALL STATUS" >/dev/null
  median=$(sed -n "$(((runs + 1) / 2))p" "$work/wall")
  memory=$(cat "$work/memory")
  awk -v name="$name" -v runs="$runs" -v median="$median" -v memory="$memory" \
    -v best="$(head -n 1 "$work/wall")" -v worst="$(tail -n 1 "$work/wall")" 'BEGIN {
      printf "ALL STATUS %s, %d runs: wall min %.1f ms, median %.1f ms, max %.1f ms; peak memory %.1f MiB\n",
        name, runs, best / 1000, median / 1000, worst / 1000, memory / 1024 }'
  [ "$median" -le "$limit" ] && [ "$memory" -le "$memory_limit_kib" ]
}

measure "in cleartext" none "$wall_limit_us"
measure "over TLS" tls "$tls_limit_us"
