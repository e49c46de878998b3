"""What the tests of the whole loop share, minutes for days: an hour of the plan takes a second, so a day of rampart and
of the provider takes 24."""

import threading
import time

from bench import Failed, check, equal

DAY = 24                # seconds
NUMBER = 150            # recipients of the jump; the day before it would have been 25
TRY_AGAIN = 0.7         # how soon whoever submits tries again what was deferred
ENOUGH = 200            # seconds, by which all of it must have arrived
PROVIDER = {"name": "big", "words": "gmail", "day_first": 40, "day_growth": 2.0, "push_limit": 12, "push_window": DAY,
            "block_for": 3 * DAY}
PLAN = """
[ramp]
hour = "1s"
over = "{over}"
hour_min = 1
burst = "0s"
burst_min = 6
flight_min = 4
first_contact = 10
quiet = "1s"
probe_every = "2s"
limit_after = "1s"
limited_for = "10s"
[plan.standard]
start = 25
[backoff]
pause = "2s"
max_pause = "12s"
wait_deferred = "6s"
block_pause = "2s"
block_max = "12s"
block_caution = "10s"
"""


def providers():
    return [dict(PROVIDER), {"name": "small"}]


class Submitter:
    """An application with a queue of its own, which offers deferred mail again."""

    def __init__(self, bench, recipients):
        self.bench, self.waiting, self.refusals = bench, list(recipients), 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.waiting and not self.stopped.is_set():
            left = []
            for address in self.waiting:
                if self.stopped.is_set():
                    return
                try:
                    accepted = self.bench.submit([address])[0][0] == 250
                except (OSError, Failed):
                    accepted = False
                if not accepted:
                    left.append(address)
            self.refusals += len(left)
            self.waiting = left
            self.stopped.wait(TRY_AGAIN)

    def stop(self):
        self.stopped.set()
        self.thread.join()


def recipients(number=NUMBER):
    return [f"reader{i:03}@big.example" for i in range(number)]


def counts(bench):
    big = bench.provider("big")
    return {name: big[name] for name in ("delivered", "duplicates", "rate_limited", "blocked", "blocks")}


def arrived(bench, number=NUMBER):
    bench.wait("all of the mail", lambda: bench.provider("big")["delivered"] >= number, ENOUGH)
    told = counts(bench)
    equal((told["delivered"], told["duplicates"]), (number, 0), "delivered, and twice")
    return told


def settled(bench):
    bench.wait("an empty queue", lambda: not bench.queue())
    bench.wait("nothing in flight", lambda: bench.status("shop.example", "big")["in_flight"] == 0)


def expect_gentle(bench, told, began, what):
    print(f"counts: {what}: {told}, {time.monotonic() - began:.0f} s")
    equal(told["blocks"], 0, "blocks")
    check(told["rate_limited"] <= NUMBER / 5, f"too many \"slow down\": {told}")
    settled(bench)
