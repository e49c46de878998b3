#!/usr/bin/env python3
"""rampart and its releaser are killed while held mail goes: every message is delivered once."""

import signal
import time

from bench import check, equal, run
from releaser import begin, each_delivered_once, held, plan, postfix_words, submit


def test_kill_in_the_middle_of_releases(bench):
    helper = begin(bench, plan(15), postfix_words)
    names = [f"reader{i:03}" for i in range(45)]
    submit(bench, names)
    check(len(held(bench)) >= 25, "too few are held")
    kills = 0
    while bench.provider("big")["delivered"] < 45 and kills < 12:
        time.sleep(2.7)
        if kills % 4 == 3:
            helper.stop(signal.SIGKILL)
            helper.start()
        bench.stop_rampart(signal.SIGKILL)
        bench.start_rampart()
        kills += 1
    each_delivered_once(bench, "big", 45)
    bench.wait("an empty queue", lambda: not bench.queue())
    bench.wait("nothing held", lambda: held(bench) == [], 60)
    flow = bench.status("shop.example", "big")
    print(f"counts: 45 submitted, {bench.provider('big')['delivered']} delivered, "
          f"{bench.provider('big')['duplicates']} twice, {kills} kills of rampart, {kills // 4} of the helper; "
          f"in flight {flow['in_flight']}")
    equal(flow["in_flight"], 0, "in flight")


if __name__ == "__main__":
    run(globals())
