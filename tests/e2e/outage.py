#!/usr/bin/env python3
"""A provider that calls everybody dead for a while does not empty the list."""

import os

from bench import check, equal, run

# So many dead in so few mails would stop the sender as well, for a day.
OPEN = '[ramp]\nplan = "none"\n[suppression.guard]\nwindow = 30\n'


def send(bench, name, number):
    """@return the addresses"""
    all_of_them = [f"{name}{i}@big.example" for i in range(number)]
    for address in all_of_them:
        bench.accepted([address])
    bench.wait("an empty queue", lambda: not bench.queue())
    return all_of_them


def test_outage_of_a_provider(bench):
    outage = os.path.join(bench.directory, "outage")
    bench.start(OPEN, [{"name": "big", "words": "gmail", "outage": outage}, {"name": "small"}])
    send(bench, "alive", 30)
    bench.wait_delivered("big", 30)
    # One that is dead indeed stays so.
    bench.accepted(["dead@big.example"])
    bench.wait_suppressed("dead@big.example")

    with open(outage, "w", encoding="ascii"):
        lost = send(bench, "victim", 20)
    bench.wait("pending entries", lambda: bench.whole_status()["suppressed_pending"] >= len(lost))
    status = bench.whole_status()
    guard, = [one for one in status["guards"] if one["provider"] == "big"]
    check("say the mailbox does not exist" in guard["text"] and guard["pending"] >= len(lost), f"guard {guard}")
    said = bench.command("status").stdout
    check("rampart suppression list --pending" in said and "pending" in said, said)
    listed = bench.command("suppression", "list", "--pending").stdout
    check(all(address in listed for address in lost), listed)
    # Those that the outage named wait: they are neither refused for good nor sent to.
    for address in (lost[0], lost[-1]):
        (code, text), = bench.submit([address])
        equal(code, 451, f"pending recipient ({text})")
    # All others go, here too, which is how the end is noticed.
    bench.accepted(["reader@small.example"])
    bench.wait_delivered("small", 1)
    bench.stop_rampart()
    bench.start_rampart()
    equal(bench.submit([lost[0]])[0][0], 451, "pending recipient after a restart")

    os.remove(outage)
    send(bench, "again", 30)
    bench.wait("the end of the leap", lambda: not bench.whole_status()["guards"])
    status = bench.whole_status()
    equal(status["suppressed_pending"], 0, "pending")
    for address in lost:
        bench.accepted([address])
    bench.wait("the mail of the outage", lambda: all(one in bench.provider("big")["recipients"] for one in lost))


if __name__ == "__main__":
    run(globals())
