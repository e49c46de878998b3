#!/usr/bin/env python3
"""rampart stops, starts again or is not there at all: mail goes on, and nothing is lost or sent twice."""

import threading
import time

from bench import equal, run

OPEN = '[ramp]\nplan = "none"\n'


class Traffic(threading.Thread):
    """Submits one message after the other until told to end; tries refused ones again."""

    def __init__(self, bench):
        super().__init__()
        self.bench, self.ending, self.number, self.error = bench, threading.Event(), 0, None
        self.gate = threading.Lock()    # who holds it stops the traffic between two messages

    def run(self):
        try:
            while not self.ending.is_set():
                with self.gate:
                    taken = self.bench.submit([f"reader{self.number}@big.example"])[-1][0] == 250
                    self.number += taken
                time.sleep(0.01 if taken else 0.2)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def more(self, number):
        goal = self.number + number
        self.bench.wait(f"{number} more messages", lambda: self.error or self.number >= goal)
        if self.error:
            raise self.error

    def end(self):
        self.ending.set()
        self.join()
        if self.error:
            raise self.error
        return self.number


def all_delivered(bench, number):
    bench.wait_delivered("big", number)
    equal(bench.provider("big")["duplicates"], 0, "duplicates")
    equal(set(bench.provider("big")["recipients"].values()), {1}, "deliveries of each")
    bench.wait("an empty queue", lambda: not bench.queue())


def test_mail_goes_on_while_rampart_is_restarted(bench):
    bench.start(OPEN)
    traffic = Traffic(bench)
    traffic.start()
    try:
        traffic.more(20)
        equal(bench.stop_rampart(), 0, "exit status of rampart")
        traffic.more(20)
        bench.start_rampart()
        traffic.more(20)
    finally:
        number = traffic.end()
    all_delivered(bench, number)
    # What passed while it was down is in the log, and counted from there.
    bench.wait("all reports", lambda: bench.status("shop.example", "big")["delivered_day"] >= number)
    flow = bench.status("shop.example", "big")
    equal(flow["delivered_day"], number, "deliveries counted")
    equal(flow["in_flight"], 0, "in flight")


def test_mail_goes_on_when_rampart_is_killed(bench):
    bench.start(OPEN)
    traffic = Traffic(bench)
    traffic.start()
    try:
        traffic.more(20)
        equal(bench.stop_rampart(9), -9, "exit status of rampart")
        traffic.more(10)
        bench.start_rampart()
        traffic.more(10)
    finally:
        number = traffic.end()
    all_delivered(bench, number)
    bench.wait("all reports", lambda: bench.status("shop.example", "big")["delivered_day"] >= number)
    equal(bench.status("shop.example", "big")["delivered_day"], number, "deliveries counted")


def test_mail_passes_without_rampart(bench):
    bench.start(rampart=False)
    bench.accepted(["a@big.example", "b@small.example"])
    bench.sendmail(["c@big.example"])
    bench.wait_delivered("big", 2)
    bench.wait_delivered("small", 1)


if __name__ == "__main__":
    run(globals())
