#!/bin/bash
# How fast old logs are read: writes rotated logs of mail that never was, and learns from them.
#
#   contrib/bench/history.sh PROGRAM [LINES [FILES]]      10,000,000 lines in 30 files unless given
#
# PROGRAM is a rampart built with optimisation. The logs have five lines a message, as Postfix 3.7 writes
# them: 200 senders, five providers and 3,000 other domains; of 50 messages two are deferred once and one
# is refused. Half of the files are compressed. Prints lines per CPU second and peak memory. Everything
# happens in a directory of its own below $TMPDIR, about 1.5 GB for 10 million lines.
set -euo pipefail

program=$(realpath "${1:?a rampart program}")
lines=${2:-10000000}
files=${3:-30}
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

python3 - "$directory" "$lines" "$files" <<'PYTHON'
import datetime
import gzip
import sys

directory, lines, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=files)
messages = lines // 5
per_file = max(1, messages // files)
known = [("gmail.com", "gmail-smtp-in.l.google.com"), ("outlook.com", "outlook-com.olc.protection.outlook.com"),
         ("yahoo.com", "mta5.am0.yahoodns.net"), ("gmx.de", "mx00.emig.gmx.net"),
         ("icloud.com", "mx01.mail.icloud.com")]
throttled = ("dsn=4.7.28, status=deferred (host {0}[203.0.113.5] said: 421-4.7.28 Gmail has detected an unusual rate of "
             "unsolicited mail originating from your IP address. (in reply to end of DATA command))")
unknown = ("dsn=5.1.1, status=bounced (host {0}[203.0.113.5] said: 550-5.1.1 The email account that you tried to reach "
           "does not exist. (in reply to RCPT TO command))")
number = 0
for file in range(files):
    name = f"{directory}/mail.log.{files - file}"
    out = gzip.open(name + ".gz", "wt", compresslevel=1) if file % 2 == 0 else open(name, "w")
    step = 86400.0 / per_file
    with out:
        for i in range(per_file):
            number += 1
            stamp = (begin + datetime.timedelta(days=file, seconds=i * step)).isoformat(timespec="microseconds")
            front = stamp + " mta1 postfix/"
            queue_id = f"{number:010X}"
            domain, relay = known[number % 5] if number % 3 else (f"firm{number % 3000}.example", f"mx.firm{number % 3000}.example")
            to = f"{queue_id}: to=<user{number * 7919 % 100000}@{domain}>, relay={relay}[203.0.113.5]:25, delay=0.13, delays=0.02/0.05/0.01/0.04, "
            sent = f"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {queue_id})"
            active = f"{front}qmgr[833]: {queue_id}: from=<news@sender{number % 200}.example>, size=383, nrcpt=1 (queue active)\n"
            text = f"{front}smtpd[988]: {queue_id}: client=localhost[127.0.0.1]\n" if number % 50 > 1 else ""
            text += f"{front}cleanup[1007]: {queue_id}: message-id=<{number}@sender.example>\n{active}"
            if number % 50 < 2:
                text += f"{front}smtp[1010]: {to}{throttled.format(relay)}\n"
            text += f"{front}smtp[1010]: {to}{unknown.format(relay) if number % 50 == 2 else sent}\n"
            text += f"{front}qmgr[833]: {queue_id}: removed\n"
            out.write(text)
PYTHON

printf 'tables = "%s/conf"\n' "$source_dir" > "$directory/rampart.toml"
du -sh "$directory" | sed 's/\t.*/ of logs/'
/usr/bin/env python3 - "$program" "$directory" <<'PYTHON'
import glob
import json
import resource
import subprocess
import sys

program, directory = sys.argv[1:]
answer = subprocess.run([program, "-c", directory + "/rampart.toml", "--socket", directory + "/none", "learn", "--dry-run",
                         "--json"] + glob.glob(directory + "/mail.log.*"), capture_output=True, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
read = json.loads(answer.stdout)
cpu = used.ru_utime + used.ru_stime
print(f"{read['lines']} lines, {len(read['files'])} files, {len(read['flows'])} flows: {cpu:.1f} CPU s, "
      f"{read['lines'] / cpu:,.0f} lines per CPU s, {used.ru_maxrss / 1024:.0f} MB at most")
PYTHON
