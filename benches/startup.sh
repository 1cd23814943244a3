#!/usr/bin/env bash
# Times `ndb_mgm -e "ALL STATUS"` against ndb_sim over loopback: whole processes, release build.
# Prints the median wall time and the peak memory; fails above 10 ms or 12 MiB.
#
#   benches/startup.sh [runs]
#
# Needs GNU time (Debian: apt-get install time).
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-51}
wall_limit_us=10000
memory_limit_kib=12288

[ -x /usr/bin/time ] || { echo "startup.sh: needs /usr/bin/time (apt-get install time)" >&2; exit 2; }
cargo build --release --locked --bins
target=${CARGO_TARGET_DIR:-target}/release

work=$(mktemp -d)
"$target/ndb_sim" --port 0 --data-dir "$work/sim" >"$work/ready" 2>"$work/sim.log" &
sim=$!
trap 'kill $sim 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -s "$work/ready" ] && break; sleep 0.1; done
port=$(grep -Eo '[0-9]+' "$work/ready" | tail -n 1)

once() { "$target/ndb_mgm" --no-defaults -c "127.0.0.1:$port" -e "ALL STATUS"; }
once # warm-up, and shows what is timed

for _ in $(seq "$runs"); do
  start=${EPOCHREALTIME/[.,]/}
  once >/dev/null
  end=${EPOCHREALTIME/[.,]/}
  echo $((end - start))
done | sort -n >"$work/wall"
/usr/bin/time -f %M -o "$work/memory" \
  "$target/ndb_mgm" --no-defaults -c "127.0.0.1:$port" -e "ALL STATUS" >/dev/null

median=$(sed -n "$(((runs + 1) / 2))p" "$work/wall")
memory=$(cat "$work/memory")
awk -v runs="$runs" -v median="$median" -v memory="$memory" \
  -v best="$(head -n 1 "$work/wall")" -v worst="$(tail -n 1 "$work/wall")" 'BEGIN {
    printf "ALL STATUS, %d runs: wall min %.1f ms, median %.1f ms, max %.1f ms; peak memory %.1f MiB\n",
      runs, best / 1000, median / 1000, worst / 1000, memory / 1024 }'
[ "$median" -le "$wall_limit_us" ] && [ "$memory" -le "$memory_limit_kib" ]
