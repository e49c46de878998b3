#!/usr/bin/env python3
"""While a provider has asked the whole host to wait, its mail waits in Postfix's queue without knocking."""

import os
import signal

from bench import LAB, Failed, check, equal, run

SENDERS = ("one.example", "two.example")
# A pause that a test can wait for, and one that it cannot.
SHORT, LONG = "12s", "10m"
TOO_FAST = ("421 4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address. "
            "To protect our users from spam, mail sent from your IP address has been temporarily rate limited.")


def config(bench, pause):
    # postmap is not installed here: the laboratory's own.
    bench.postmap = os.path.join(bench.directory, "postmap")
    with open(bench.postmap, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\nexec {LAB}/postfix.sh run {bench.mta_dir} postmap \"$@\"\n")
    os.chmod(bench.postmap, 0o755)
    bench.table = os.path.join(bench.directory, "waiting")
    return f"""
[ramp]
plan = "none"
[backoff]
pause = "{pause}"
max_pause = "{pause}"
[transport]
table = "hash:{bench.table}"
postmap = "{bench.postmap}"
"""


def start(bench, pause):
    """A provider that says "too fast" as long as there is a file; a queue manager with its own rewriting."""
    bench.busy = os.path.join(bench.directory, "busy")
    bench.start(config(bench, pause), rampart=False,
                providers=[{"name": "big", "words": "gmail", "outage": bench.busy}, {"name": "small"}],
                mta=[f"waiting_maps = hash:{bench.table}, texthash:{bench.mta_dir}/etc/transport"])
    bench.command("transport", "clear")
    bench.start_rampart()
    with open(os.path.join(bench.mta_dir, "etc", "master.cf"), encoding="ascii") as file:
        master = file.read()
    master = master.replace(" qmgr\n", " qmgr\n -o rewrite_service_name=waiting\n")
    master += "waiting unix - - n - - trivial-rewrite\n -o transport_maps=$waiting_maps\n"
    with open(os.path.join(bench.mta_dir, "etc", "master.cf"), "w", encoding="ascii") as file:
        file.write(master)
    bench.lab("stop", bench.mta_dir)
    bench.lab("start", bench.mta_dir)


def table(bench):
    with open(bench.table, encoding="ascii") as file:
        return [line for line in file.read().splitlines() if not line.startswith("#")]


def slow_down(bench):
    """Both senders are told to slow down, which concerns the whole host."""
    with open(bench.busy, "w", encoding="ascii") as file:
        file.write(TOO_FAST)
    for number, sender in enumerate(SENDERS):
        bench.accepted([f"reader{number}@big.example"], sender=f"news@{sender}")


def bring_to_wait(bench):
    slow_down(bench)
    bench.wait("the table", lambda: any(line.startswith("big.example retry:4.7.1 rampart: big lets this host")
                                        for line in table(bench)))
    # A short pause may be over before the queue manager has seen it; the next one is not.
    bench.wait("mail that waits", lambda: len(waiting_lines(bench)) >= 2, 90)


def connections(bench):
    return bench.provider("big")["connections"]


def warnings(bench):
    return [line for line in bench.whole_status()["warnings"] if line.startswith("transport table: ")]


def waiting_lines(bench):
    with open(bench.log, encoding="utf-8", errors="replace") as file:
        return [line for line in file if "postfix/error" in line and "rampart: big lets this host wait" in line]


def test_queued_mail_waits_and_goes(bench):
    start(bench, SHORT)
    bring_to_wait(bench)
    os.remove(bench.busy)
    before = connections(bench)
    # Mail for others goes, and smtpd takes mail for the provider: the milter says what becomes of it.
    bench.accepted(["reader@small.example"])
    bench.wait_delivered("small", 1)
    (code, text), = bench.submit(["late@big.example"])
    check(code == 451 and text.startswith("4.7.1 rampart: "), f"late: {code} {text}")
    lines = len(waiting_lines(bench))
    bench.wait("another run of the queue", lambda: len(waiting_lines(bench)) > lines)
    after = connections(bench)
    if table(bench):    # else the pause ended meanwhile, on a slow machine
        equal(after, before, "connections to the provider while it waits")
    equal(warnings(bench), [], "warnings")
    # Its time over, the entry goes and the mail with it.
    bench.wait("all mail", lambda: bench.provider("big")["delivered"] == 2, 90)
    bench.wait("an empty table", lambda: not table(bench))
    bench.wait("an empty queue", lambda: not bench.queue())


def test_entries_vanish_with_rampart(bench):
    start(bench, LONG)
    bring_to_wait(bench)
    os.remove(bench.busy)
    bench.stop_rampart(signal.SIGKILL)
    bench.wait("an empty table", lambda: not table(bench))
    bench.wait("all mail", lambda: bench.provider("big")["delivered"] == 2, 60)


def guard_pids(bench):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if b"guard" in words and f"hash:{bench.table}".encode() in words:
            found.append(int(pid))
    return found


def test_guard_expires_entries_of_a_hanging_service(bench):
    start(bench, SHORT)
    bring_to_wait(bench)
    bench.rampart.send_signal(signal.SIGSTOP)
    try:
        bench.wait("an empty table", lambda: not table(bench), 60)
    finally:
        bench.rampart.send_signal(signal.SIGCONT)


def test_dead_guard_is_replaced_and_a_stop_empties_the_table(bench):
    start(bench, LONG)
    first, = bench.wait("the guard", lambda: guard_pids(bench))
    os.kill(first, signal.SIGKILL)
    second, = bench.wait("another guard", lambda: [pid for pid in guard_pids(bench) if pid != first])
    bring_to_wait(bench)
    bench.stop_rampart()
    equal(table(bench), [], "the table")
    if second in guard_pids(bench):
        raise Failed("the guard outlives the service")


def test_table_that_cannot_be_written_is_shown(bench):
    start(bench, SHORT)
    os.rename(bench.postmap, bench.postmap + ".away")
    slow_down(bench)
    bench.wait("a warning", lambda: any("postmap" in line for line in warnings(bench)))
    os.rename(bench.postmap + ".away", bench.postmap)
    bench.wait("no warning", lambda: not warnings(bench))


if __name__ == "__main__":
    run(globals())
