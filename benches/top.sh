#!/usr/bin/env bash
# TOP EVERY 0.5 on a terminal of 60 rows and 200 columns, at the largest cluster: 144 data nodes, 2
# management servers, 100 API slots. Release build. Prints which share of one core the client alone
# takes for 20 s; fails above 5 %.
#
#   benches/top.sh
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo bench --locked --bench top
