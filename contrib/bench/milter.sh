#!/bin/bash
# CPU time a message costs in rampart's milter, against the smallest libmilter program with the same
# negotiation. Rounds alternate between the two; the medians of the rounds are compared.
#
#   contrib/bench/milter.sh BUILD_DIR [ROUNDS [MESSAGES]]
#
# BUILD_DIR is a release build with tests (cmake --preset release). Nothing outside a temporary
# directory is touched, no port is opened.
set -euo pipefail

build=${1:?usage: milter.sh BUILD_DIR [ROUNDS [MESSAGES]]}
rounds=${2:-7}
messages=${3:-10000}
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
rampart=${RAMPART:-$build/src/daemon/rampart}
noop=$build/tests/milter/noop_milter
driver=$build/tests/milter/milter_bench
for program in "$rampart" "$noop" "$driver"; do
  [ -x "$program" ] || { echo "milter.sh: $program is missing; build it first" >&2; exit 2; }
done

dir=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$dir"
}
trap finish EXIT

: > "$dir/mail.log"
cat > "$dir/rampart.toml" <<CONFIG
mode = "enforce"
tables = "$source_dir/conf"
[milter]
listen = "unix:$dir/rampart.sock"
[ramp]
plan = "none"
[[report.log]]
path = "$dir/mail.log"
[store]
url = "sqlite:$dir/rampart.db"
[control]
socket = "$dir/control.sock"
[hold]
releaser = ""
CONFIG

"$noop" "unix:$dir/noop.sock" & pids+=($!)
"$rampart" run -c "$dir/rampart.toml" > "$dir/rampart.log" 2>&1 & pids+=($!)
for socket in noop rampart; do
  for _ in $(seq 100); do [ -S "$dir/$socket.sock" ] && break; sleep 0.1; done
  [ -S "$dir/$socket.sock" ] || { cat "$dir/rampart.log" >&2; echo "milter.sh: $socket did not start" >&2; exit 1; }
done

# User and system time of a process so far, in clock ticks. The name in field 2 may hold blanks.
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

# Prints microseconds of CPU a message: round NAME PID RECIPIENTS
round() {
  local before after
  before=$(ticks "$2")
  "$driver" "unix:$dir/$1.sock" "$messages" "$3" > "$dir/driver.log" ||
    { echo "milter.sh: the driver failed at $1" >&2; exit 1; }
  after=$(ticks "$2")
  awk -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" -v n="$messages" \
    'BEGIN { printf "%.3f\n", t * 1e6 / hz / n }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for recipients in 1 20; do
  : > "$dir/noop.$recipients"
  : > "$dir/rampart.$recipients"
  round noop "${pids[0]}" "$recipients" > /dev/null  # warm up
  round rampart "${pids[1]}" "$recipients" > /dev/null
  for _ in $(seq "$rounds"); do
    round noop "${pids[0]}" "$recipients" >> "$dir/noop.$recipients"
    round rampart "${pids[1]}" "$recipients" >> "$dir/rampart.$recipients"
  done
  awk -v r="$recipients" -v a="$(median < "$dir/noop.$recipients")" \
    -v b="$(median < "$dir/rampart.$recipients")" \
    'BEGIN { printf "recipients=%d noop_us=%s rampart_us=%s ratio=%.3f\n", r, a, b, b / a }'
done
