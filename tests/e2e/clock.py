#!/usr/bin/env python3
"""The clock runs thousands of times as fast, or is set while rampart runs: it neither ends, nor forgets, nor blocks.

Without an MTA: the test itself speaks the milter protocol and writes the log, with the times of the same clock. That
clock is libfaketime's, whose file says how far it is ahead. Only the wall clock: the monotonic one is never set.
"""

import glob
import json
import os
import signal
import socket
import time

from bench import WAIT, Bench, check, equal, run
from milter import Milter

HOUR, DAY = 3600, 86400
LIBRARIES = "/usr/lib/*/faketime/libfaketimeMT.so.1"
ENOUGH = 100            # seconds, for days
PLAN = """
[ramp]
probe_every = "1d"
[plan.standard]
start = {start}
"""
SMTP = "relay={mx}[{mx}]:25, delay=1, delays=0/0/0/1, {end}"
SENT = "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4711)"
TOO_FAST = ("dsn=4.7.28, status=deferred (host {mx}[{mx}] said: 421-4.7.28 Gmail has detected an unusual rate of mail "
            "originating from your IP address. (in reply to end of DATA command))")


class ClockBench(Bench):
    """rampart alone, under a clock of its own."""

    def __init__(self, binary, root):
        super().__init__(binary, root)
        self.log = os.path.join(self.directory, "mail.log")
        self.socket = os.path.join(self.directory, "milter.sock")
        self.socket_group = ""
        self.sources = [f'path = "{self.log}"']
        self.refusal = ""               # of the last mail that was refused
        self.clock_file = os.path.join(self.directory, "clock")
        self.ahead = 0
        self.milter = None

    @staticmethod
    def missing(binary, _root):
        if not glob.glob(LIBRARIES):
            return "there is no libfaketime (Debian's package faketime)"
        with open(binary, "rb") as file:
            if b"__asan_init" in file.read():
                return "a sanitizer must be the first library, and so must libfaketime"
        return ""

    def start(self, start=20):
        self.providers.append({"name": "big", "address": "127.0.0.2", "words": "gmail"})
        open(self.log, "a", encoding="ascii").close()
        self.write_config(PLAN.format(start=start))
        self.set_clock(0)
        self.start_rampart()

    def start_rampart(self):
        self.environment = {**os.environ, "LD_PRELOAD": glob.glob(LIBRARIES)[0], "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_TIMESTAMP_FILE": self.clock_file, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                            "FAKETIME_DISABLE_SHM": "1"}
        super().start_rampart()
        self.milter = Milter(self.socket, WAIT)

    def stop_rampart(self, number=signal.SIGTERM):
        self.milter.socket.close()
        return super().stop_rampart(number)

    # -- the clock

    def set_clock(self, ahead):
        """So many seconds ahead of the real one, from now on."""
        with open(self.clock_file + ".new", "w", encoding="ascii") as file:
            file.write(f"{ahead:+.3f}\n")
        os.rename(file.name, self.clock_file)
        self.ahead = ahead

    def pass_time(self, seconds):
        self.set_clock(self.ahead + seconds)

    def run_clock(self, seconds):
        """The same as a fast clock does it: in small steps."""
        for _ in range(int(seconds / 300)):
            self.pass_time(300)

    def now(self):
        return time.time() + self.ahead

    # -- the MTA

    def mail(self, name):
        """One message to name@big.example. @return its queue ID, or None if it was refused"""
        self.number += 1
        queue_id = f"A{self.number:09}"
        taken, self.refusal = self.milter.send("news@shop.example", f"{name}@big.example", queue_id)
        if not taken:
            check(self.refusal.startswith("451 4.7.1 rampart:"), f"refused with {self.refusal!r}")
            return None
        self.tell("qmgr", f"{queue_id}: from=<news@shop.example>, size=400, nrcpt=1 (queue active)")
        return queue_id

    def is_suppressed(self, name):
        taken, words = self.milter.send("news@shop.example", f"{name}@big.example", "B000000001")
        return not taken and "is suppressed" in words

    def report(self, queue_id, name, end):
        words = SMTP.format(mx="127.0.0.2", end=end.format(mx="127.0.0.2"))
        self.tell("smtp", f"{queue_id}: to=<{name}@big.example>, {words}")
        if end == SENT:
            self.tell("qmgr", f"{queue_id}: removed")

    def tell(self, service, words):
        now = self.now()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06}+00:00"
        with open(self.log, "a", encoding="ascii") as file:
            file.write(f"{stamp} mta1 postfix/{service}[9]: {words}\n")

    def deliver(self, number):
        """So many mails, taken and delivered one after the other."""
        for _ in range(number):
            name = f"reader{self.number}"
            queue_id = self.mail(name)
            check(queue_id, f"refused: {self.refusal}")
            self.report(queue_id, name, SENT)
            self.settled()
            self.pass_time(60)

    # -- seeing

    def whole_status(self):
        """Without a program for each of many questions."""
        with socket.socket(socket.AF_UNIX) as service:
            service.settimeout(WAIT)
            service.connect(os.path.join(self.directory, "control.sock"))
            service.sendall(b'{"command":"status"}\n')
            with service.makefile() as answer:
                return json.loads(answer.readline())

    def flow(self):
        return self.status("shop.example", "big")

    def settled(self):
        self.wait("the report", lambda: self.flow()["in_flight"] == 0)

    def alive(self):
        check(self.rampart.poll() is None, f"rampart ended with {self.rampart.poll()}")


def grown(level):
    return level * 14 // 10     # growth = 1.4


def counts(flow):
    return {name: flow[name] for name in ("used", "delivered_day", "level")}


def test_days_pass_in_seconds(bench):
    """Whoever sends has always more: as much goes as is allowed, and that follows what was delivered the day before."""
    start = 6
    bench.start(start)
    began, taken, flow = time.monotonic(), [], {"level": 0}
    while flow["level"] < grown(start):
        check(time.monotonic() - began < ENOUGH, f"no growth: {flow}")
        name, now = f"reader{len(taken)}", bench.now()
        queue_id = bench.mail(name)
        if queue_id:
            taken.append(now)
            bench.report(queue_id, name, SENT)
            bench.settled()
        flow = bench.flow()
        follows = max(start, grown(flow["level"]))
        check(follows <= flow["allowance"] <= follows + 2, f"allowed: {flow}")     # a unit or two are probed
        check(flow["used"] <= flow["allowance"], f"too much: {flow}")
        bench.run_clock(2 * HOUR)
    bench.alive()
    equal(flow["delivered"], len(taken), "deliveries counted")
    days = (taken[-1] - taken[0]) / DAY
    check(days > 2, f"two steps of growth in {days:.1f} days")
    for last in taken:
        check(sum(last - 23 * HOUR < one <= last for one in taken) <= flow["allowance"], "too much in a day")
    print(f"counts: {len(taken)} mails in {days:.1f} days, which took {time.monotonic() - began:.0f} s: {counts(flow)}")


def test_pause_ends_by_the_clock(bench):
    bench.start()
    bench.deliver(2)
    slow = bench.mail("slow")
    bench.report(slow, "slow", TOO_FAST)
    bench.wait("the pause", lambda: bench.flow()["state"] == "paused")
    bench.pass_time(14 * 60)
    check(bench.mail("other") is None, "mail is taken during the pause")
    bench.pass_time(2 * 60)
    bench.report(slow, "slow", SENT)
    bench.settled()
    bench.wait("the end of the pause", lambda: bench.flow()["state"] == "open")
    bench.deliver(1)
    equal(bench.flow()["delivered_day"], 4, "delivered")


def test_clock_is_set_while_rampart_runs(bench):
    bench.start()
    bench.deliver(3)
    bench.command("suppression", "add", "never@big.example")
    bench.command("suppression", "add", "later@big.example", "--for", "4d")
    equal(counts(bench.flow()), {"used": 3, "delivered_day": 3, "level": 0}, "at first")
    # A day ahead: the window is empty, and what was delivered is no level before it is a day old.
    bench.pass_time(DAY)
    bench.deliver(3)
    equal(bench.flow()["delivered_day"], 3, "delivered after a day")
    bench.pass_time(DAY + HOUR)
    bench.deliver(1)
    equal(counts(bench.flow()), {"used": 1, "delivered_day": 1, "level": 3}, "after two days")
    # Hours back: nothing is refunded or forgotten, mail still goes and is counted.
    bench.pass_time(-5 * HOUR)
    bench.deliver(2)
    equal(counts(bench.flow()), {"used": 3, "delivered_day": 3, "level": 3}, "after hours back")
    bench.stop_rampart()
    bench.pass_time(-HOUR)
    bench.start_rampart()
    equal(counts(bench.flow()), {"used": 3, "delivered_day": 3, "level": 3}, "after a restart")
    bench.deliver(2)
    equal(counts(bench.flow()), {"used": 5, "delivered_day": 5, "level": 3}, "after more mail")
    # More than a day back, and a kill: mail that was under way is counted when it is delivered.
    under_way = bench.mail("slow")
    bench.wait("the log", lambda: bench.whole_status()["feed_healthy"])
    equal(bench.stop_rampart(signal.SIGKILL), -signal.SIGKILL, "exit status")
    bench.pass_time(-30 * HOUR)
    bench.start_rampart()
    bench.report(under_way, "slow", SENT)
    bench.wait("the report", lambda: bench.flow()["delivered_day"] == 6)
    bench.deliver(2)
    flow = bench.flow()
    equal((flow["delivered_day"], flow["level"], flow["in_flight"]), (8, 3, 0), "after a kill a day before")
    check(flow["used"] >= 8, f"used was refunded: {flow['used']}")
    check(bench.is_suppressed("never") and bench.is_suppressed("later"), "a suppression is forgotten")
    bench.pass_time(5 * DAY)
    check(bench.is_suppressed("never"), "a suppression without an end has ended")
    check(bench.mail("later"), "a suppression goes on after its end")
    equal(bench.stop_rampart(), 0, "exit status")


if __name__ == "__main__":
    run(globals(), ClockBench)
