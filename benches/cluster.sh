#!/usr/bin/env bash
# SHOW, OK TO STOP, scrapes of ndb_exporter and 100 event listeners on the largest cluster: 144 data
# nodes, 2 management servers, 100 API slots. Release build, whole processes over loopback. Prints the
# figures; fails above 15 ms for SHOW, 50 ms for OK TO STOP, 100 ms for a scrape, 10 s for 20,000 events to every listener, or 32 MiB of memory for them.
#
#   benches/cluster.sh
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo bench --locked --bench cluster
