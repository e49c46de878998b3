#!/usr/bin/env python3
"""The mail log is rotated while mail flows: every report is counted once."""

import os
import shutil
import signal

from bench import equal, run
from restart import OPEN, Traffic


def rename(traffic, suffix):
    """As logrotate with postrotate, or an administrator by hand. Postfix writes to the old file for a while."""
    bench = traffic.bench
    os.rename(bench.log, bench.log + suffix)
    traffic.more(5)
    reload(traffic, lambda: bench.lab("reload", bench.mta_dir))


def own_command(traffic, _):
    """As "postfix logrotate", which compresses the old log at once."""
    reload(traffic, lambda: traffic.bench.postfix("postfix", "logrotate"))


def reload(traffic, command):
    """Postfix 3.7 hangs for good when the queue of its log socket is full while its master, which would have to
    start the reader, writes to it at a reload. Hence a moment of silence."""
    with traffic.gate:
        traffic.bench.wait("an empty queue", lambda: not traffic.bench.queue())
        command()


def copy_and_truncate(traffic, suffix):
    """As logrotate with copytruncate. What is written between the two steps would be lost to everybody, so
    that nothing is written meanwhile: the writer is stopped."""
    bench = traffic.bench
    writers = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and is_writer(bench, pid)]
    for pid in writers:
        os.kill(pid, signal.SIGSTOP)
    try:
        shutil.copy(bench.log, bench.log + suffix)
        os.truncate(bench.log, 0)
    finally:
        for pid in writers:
            os.kill(pid, signal.SIGCONT)


def is_writer(bench, pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            if not file.read().startswith(b"postlogd\0"):
                return False
        return os.readlink(f"/proc/{pid}/cwd") == os.path.join(bench.mta_dir, "spool")
    except OSError:
        return False


def rotate_three_times(bench, rotate):
    bench.start(OPEN)
    traffic = Traffic(bench)
    traffic.start()
    try:
        for suffix in (".3", ".2", ".1"):
            traffic.more(15)
            rotate(traffic, suffix)
        traffic.more(15)
    finally:
        number = traffic.end()
    bench.wait_delivered("big", number)
    bench.wait("all reports", lambda: bench.status("shop.example", "big")["delivered_day"] >= number)
    flow = bench.status("shop.example", "big")
    equal((flow["delivered_day"], flow["used"], flow["in_flight"]), (number, number, 0),
          "deliveries counted, used, in flight")


def test_log_is_renamed(bench):
    rotate_three_times(bench, rename)


def test_log_is_rotated_by_postfix(bench):
    rotate_three_times(bench, own_command)


def test_log_is_copied_and_truncated(bench):
    rotate_three_times(bench, copy_and_truncate)


def test_log_is_renamed_while_rampart_is_down(bench):
    bench.start(OPEN)
    for i in range(5):
        bench.accepted([f"before{i}@big.example"])
    bench.stop_rampart()
    for i in range(5):
        bench.accepted([f"meanwhile{i}@big.example"])
    bench.wait_delivered("big", 10)
    os.rename(bench.log, bench.log + ".1")
    bench.lab("reload", bench.mta_dir)
    for i in range(5):
        bench.accepted([f"after{i}@big.example"])
    bench.wait_delivered("big", 15)
    bench.start_rampart()
    bench.wait("all reports", lambda: bench.status("shop.example", "big").get("delivered_day", 0) >= 15)
    equal(bench.status("shop.example", "big")["delivered_day"], 15, "deliveries counted")


if __name__ == "__main__":
    run(globals())
