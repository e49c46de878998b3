#!/usr/bin/env python3
"""What two sources tell of one delivery counts once: the log file, lines brought by another program, the journal."""

import os
import subprocess

import journal
from bench import check, equal, run

OPEN = '[ramp]\nplan = "none"\n'


def lines_of(bench):
    with open(bench.log, encoding="ascii") as file:
        return [line for line in file.read().splitlines() if " postfix/" in line]


def send(bench, name, number, known):
    """So many mails, one of them to a mailbox that does not exist; all reported somewhere."""
    for i in range(number - 1):
        bench.accepted([f"{name}{i}@big.example"])
    bench.accepted([f"dead-{name}@big.example"])
    bench.wait_delivered("big", known + number - 1)
    bench.wait("an empty queue", lambda: not bench.queue())


def counted(bench):
    flow = bench.status("shop.example", "big")
    return flow.get("delivered_day", 0), flow.get("refused", 0)


def lines_told(bench):
    return {one["name"].partition(":")[0]: one["lines"] for one in bench.whole_status()["sources"]}


def test_log_and_brought_lines(bench):
    bench.start(OPEN)
    send(bench, "before", 10, 0)
    bench.wait("the reports", lambda: counted(bench) == (9, 1))
    # From the beginning: what the file has told already comes again, and then both tell the same.
    follow = subprocess.Popen(["tail", "-n", "+1", "-F", bench.log], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    feed = subprocess.Popen([bench.binary, "-c", bench.config, "feed", "-", "--name", "tail"], stdin=follow.stdout)
    try:
        bench.wait("brought lines", lambda: lines_told(bench).get("feed", 0) >= len(lines_of(bench)))
        equal(counted(bench), (9, 1), "counted after the file was brought again")
        send(bench, "with", 20, 9)
        bench.wait("all lines", lambda: min(lines_told(bench).values()) >= len(lines_of(bench)))
        equal(counted(bench), (28, 2), "counted with two sources")
        # The program ends and starts again, and brings everything once more.
        done = bench.command("feed", "-", "--name", "tail", text="".join(f"{line}\n" for line in lines_of(bench)))
        equal((done.stdout, done.stderr), ("", ""), "words of rampart feed -")
        equal(counted(bench), (28, 2), "counted after a repetition")
        check(bench.counter("reports_repeated_total") > 0, "no repetition was seen")
    finally:
        for one in (follow, feed):
            one.terminate()
            one.wait()
            if one.stdout:
                one.stdout.close()
    # Also after a restart.
    bench.stop_rampart()
    bench.start_rampart()
    bench.command("feed", "-", "--name", "other", text="".join(f"{line}\n" for line in lines_of(bench)))
    equal(counted(bench)[0], 28, "counted after a restart")
    equal(bench.status("shop.example", "big")["in_flight"], 0, "in flight")


def test_brought_lines_alone(bench):
    """The configured log is silent: only the other program has the lines."""
    silent = os.path.join(bench.directory, "silent.log")
    open(silent, "w", encoding="ascii").close()
    bench.sources = [f'path = "{silent}"']
    bench.start(OPEN)
    send(bench, "alone", 5, 0)
    equal(counted(bench), (0, 0), "counted without a source")
    bench.command("feed", "-", text="".join(f"{line}\n" for line in lines_of(bench)))
    equal(counted(bench), (4, 1), "counted")
    bench.wait_suppressed("dead-alone@big.example")
    equal({one["name"]: one["lines"] for one in bench.whole_status()["sources"]},
          {"feed:stdin": len(lines_of(bench)), silent: 0}, "lines of each source")


def test_log_and_journal(bench):
    if not journal.find_writer():
        print("not run: there is no systemd-journal-remote")
        return
    directory = os.path.join(bench.directory, "journal")
    os.mkdir(directory)
    journal.append(directory, ["Nov 21 07:00:00 mail systemd[1]: began"], 0)
    bench.sources.append(f'journal = true\ndirectory = "{directory}"')
    bench.start(OPEN)
    names = {one["name"].partition(":")[0] for one in bench.whole_status()["sources"]}
    equal(names, {bench.log, "journal"}, "sources")
    send(bench, "first", 10, 0)
    bench.wait("the reports of the file", lambda: counted(bench) == (9, 1))
    told = lines_of(bench)
    journal.append(directory, told, 0)
    bench.wait("the journal", lambda: lines_told(bench)["journal"] >= len(told))
    equal(counted(bench), (9, 1), "counted after the journal told the same")
    check(bench.counter("reports_repeated_total") >= 10, "the repetitions were not seen")
    equal(bench.status("shop.example", "big")["in_flight"], 0, "in flight")
    check(bench.whole_status()["feed_healthy"], "a source is not healthy")


if __name__ == "__main__":
    run(globals())
