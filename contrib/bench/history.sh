#!/bin/bash
# How fast old logs are read: writes rotated logs of mail that never was, and lets rampart learn and
# rampart replay read them.
#
#   contrib/bench/history.sh PROGRAM [LINES [DAYS]]       10,000,000 lines of 30 days unless given
#
# PROGRAM is a rampart built with optimisation (cmake --preset release). The logs have five lines a
# message, as Postfix 3.7 writes them, and a file a day, of which all but the last two are compressed:
# 200 senders, five providers and 3,000 other domains; every tenth message is one sender's newsletter,
# sent in the morning; of 50 messages two are deferred once and one is refused. Nothing is sent, no
# service is needed; all happens in a directory of its own below $TMPDIR, about 200 MB for 10 million
# lines, which take about half a minute to write. Prints lines per second, CPU time and peak
# memory of each command.
set -euo pipefail

program=$(realpath "${1:?usage: history.sh PROGRAM [LINES [DAYS]]}")
lines=${2:-10000000}
days=${3:-30}
[ -x "$program" ] || { echo "history.sh: $program is no program; build it first" >&2; exit 2; }
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
printf 'tables = "%s/conf"\n' "$source_dir" > "$directory/rampart.toml"

python3 - "$directory" "$lines" "$days" <<'PYTHON'
import datetime
import subprocess
import sys

directory, messages, days = sys.argv[1], int(sys.argv[2]) // 5, int(sys.argv[3])
begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
a_day = max(1, messages // days)
known = [("gmail.com", "gmail-smtp-in.l.google.com"), ("outlook.com", "outlook-com.olc.protection.outlook.com"),
         ("yahoo.com", "mta5.am0.yahoodns.net"), ("gmx.de", "mx00.emig.gmx.net"), ("icloud.com", "mx01.mail.icloud.com")]
others = [(f"firm{i}.example", f"mx.firm{i}.example") for i in range(3000)]
throttled = ("dsn=4.7.28, status=deferred (host {0}[203.0.113.5] said: 421-4.7.28 Gmail has detected an unusual rate of "
             "unsolicited mail originating from your IP address. (in reply to end of DATA command))")
unknown = ("dsn=5.1.1, status=bounced (host {0}[203.0.113.5] said: 550-5.1.1 The email account that you tried to reach "
           "does not exist. (in reply to RCPT TO command))")


def message(number, stamp, sender):
    """Five lines: two of 50 messages have a deferral in place of the client, one is refused."""
    front, key = stamp + " mta1 postfix/", f"{number:010X}"
    domain, relay = known[number % 5] if number % 3 else others[number % 3000]
    to = f"{front}smtp[1010]: {key}: to=<user{number * 7919 % 100000}@{domain}>, relay={relay}[203.0.113.5]:25, " \
         "delay=0.13, delays=0.02/0.05/0.01/0.04, "
    kind = number % 50
    end = unknown.format(relay) if kind == 2 else f"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {key})"
    return (f"{front}smtpd[988]: {key}: client=localhost[127.0.0.1]\n" if kind > 1 else "") + \
        f"{front}cleanup[1007]: {key}: message-id=<{number}@sender.example>\n" \
        f"{front}qmgr[833]: {key}: from=<news@{sender}>, size=383, nrcpt=1 (queue active)\n" + \
        (f"{to}{throttled.format(relay)}\n" if kind < 2 else "") + \
        f"{to}{end}\n{front}qmgr[833]: {key}: removed\n"


number = 0
for day in range(days):
    midnight = begin + datetime.timedelta(days=day)
    age = days - 1 - day
    name = f"{directory}/mail.log" + (f".{age}" if age else "") + (".gz" if age > 1 else "")
    with open(name, "wb") as file:
        zipper = subprocess.Popen(["gzip", "-1"], stdin=subprocess.PIPE, stdout=file) if age > 1 else None
        out = zipper.stdin if zipper else file
        part, second, stamp = [], -1, ""
        for i in range(a_day):
            # A fifth of the day's mail goes within two hours, half of that is the newsletter.
            share = i / a_day
            at = share * 90000 if share < 0.4 else 36000 + (share - 0.4) * 36000 if share < 0.6 else 43200 + (share - 0.6) * 107999
            if int(at) != second:
                second = int(at)
                stamp = (midnight + datetime.timedelta(seconds=second)).isoformat(timespec="seconds")
            number += 1
            morning = 0.4 <= share < 0.6 and i % 2
            part.append(message(number, stamp, "newsletter.example" if morning else f"sender{number % 200}.example"))
            if len(part) == 2000:
                out.write("".join(part).encode())
                part.clear()
        out.write("".join(part).encode())
        if zipper:
            zipper.stdin.close()
            zipper.wait()
PYTHON
du -sh "$directory" | sed 's/\t.*/ of logs/'

python3 - "$program" "$directory" <<'PYTHON'
import glob
import json
import os
import subprocess
import sys
import time

program, directory = sys.argv[1:]
logs = glob.glob(directory + "/mail.log*")
for command in ["learn", "--dry-run"], ["replay"]:
    begun = time.monotonic()
    run = subprocess.Popen([program, "-c", directory + "/rampart.toml", "--socket", directory + "/none", *command, "--json", *logs],
                           stdout=subprocess.PIPE)
    answer = run.stdout.read()
    _, status, used = os.wait4(run.pid, 0)
    elapsed = time.monotonic() - begun
    if status != 0:
        sys.exit(f"history.sh: {command[0]} ended with {os.waitstatus_to_exitcode(status)}: {answer.decode()[:500]}")
    read = json.loads(answer)
    cpu = used.ru_utime + used.ru_stime
    print(f"{' '.join(command)}: {read['lines']:,} lines, {len(read['files'])} files, {len(read['flows']):,} flows: "
          f"{elapsed:.1f} s, {read['lines'] / elapsed:,.0f} lines/s; {cpu:.1f} CPU s, {read['lines'] / cpu:,.0f} lines/CPU s; "
          f"{used.ru_maxrss / 1024:.0f} MB at most")
PYTHON
