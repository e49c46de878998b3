#!/usr/bin/env python3
"""A jump in volume at a provider with limits of its own: without limits it ends in a block, with rampart all arrives."""

import time

from bench import check, run
from loop import DAY, NUMBER, PLAN, Submitter, arrived, counts, expect_gentle, providers, recipients


def test_without_limits_the_provider_blocks(bench):
    bench.time = {"day": DAY}
    bench.start('[ramp]\nplan = "none"\n[[rule]]\nmode = "observe"\n', providers())
    for address in recipients():
        bench.accepted([address])
    bench.wait("a block", lambda: bench.provider("big")["blocks"] > 0)
    bench.wait("the rest to be refused", lambda: not bench.queue(), 60)
    told = counts(bench)
    print(f"counts: without limits: {told}")
    check(told["blocked"] >= NUMBER / 4, f"the provider is not strict: {told}")


def test_jump_with_defer(bench):
    bench.time = {"day": DAY}
    bench.start(PLAN.format(over="defer"), providers())
    began = time.monotonic()
    submitter = Submitter(bench, recipients())
    try:
        told = arrived(bench)
    finally:
        submitter.stop()
    check(submitter.refusals > 0, "nothing was deferred")
    expect_gentle(bench, told, began, "jump, defer")


if __name__ == "__main__":
    run(globals())
