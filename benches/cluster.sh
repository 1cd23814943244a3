#!/usr/bin/env bash
# SHOW and 100 event listeners on the largest cluster: 144 data nodes, 2 management servers,
# 100 API slots. Release build, whole processes over loopback. Prints the figures; fails above
# 15 ms for SHOW, 10 s for 20,000 events to every listener, or 32 MiB of memory for them.
#
#   benches/cluster.sh
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo bench --locked --bench cluster
