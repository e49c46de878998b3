#!/usr/bin/env python3
"""The same jump held instead of deferred, with rampart killed again and again; and a block and its end."""

import os
import signal
import time

from bench import check, equal, run
from loop import DAY, PLAN, Submitter, arrived, expect_gentle, providers, recipients, settled
from releaser import begin, postfix_words


def test_jump_with_hold_and_kills(bench):
    bench.time = {"day": DAY}
    begin(bench, PLAN.format(over="hold"), postfix_words, providers=providers())
    began = time.monotonic()
    for address in recipients():
        bench.accepted([address])
    for _ in range(4):
        time.sleep(7)
        bench.stop_rampart(signal.SIGKILL)
        bench.start_rampart()
    told = arrived(bench)
    expect_gentle(bench, told, began, "jump, hold, 4 kills")


BLOCKED = ("550 5.7.1 [127.0.0.1] Our system has detected an unusual rate of unsolicited mail originating from your IP "
           "address. To protect our users from spam, mail sent from your IP address has been blocked. - gsmtp")


def test_block_and_recovery(bench):
    blocked = os.path.join(bench.directory, "blocked")
    bench.start(PLAN.format(over="defer"), [{"name": "big", "words": "gmail", "outage": blocked}])
    first = Submitter(bench, recipients(5))
    bench.wait_delivered("big", 5)
    first.stop()
    with open(blocked, "w", encoding="ascii") as file:
        file.write(BLOCKED)
    submitter = Submitter(bench, [f"later{i:02}@big.example" for i in range(30)])
    try:
        bench.wait("the pause", lambda: bench.status("shop.example", "big").get("state") == "paused")
        shown = bench.command("flow", "show", "shop.example", "big").stdout
        check("block" in shown, shown)
        time.sleep(12)
        os.remove(blocked)
        # Every question during a block loses a message: those are few, all others arrive.
        bench.wait("recovery", lambda: not submitter.waiting, 120)
    finally:
        submitter.stop()
    bench.wait("an empty queue", lambda: not bench.queue())
    # The provider's own figures come a moment later.
    big = bench.wait("each of the 35 refused or delivered", lambda: next(
        (one for one in [bench.provider("big")] if one["delivered"] + one["replies"].get("550", 0) >= 35), None))
    lost = big["replies"].get("550", 0)
    print(f"counts: block and recovery: {lost} refused in the block, {big['delivered']} delivered of 35")
    check(1 <= lost <= 8, f"refused in the block: {lost}")
    equal(big["delivered"], 35 - lost, "delivered")
    settled(bench)


if __name__ == "__main__":
    run(globals())
