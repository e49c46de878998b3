#!/usr/bin/env python3
"""A mailbox that a provider says does not exist is not asked for twice."""

from bench import check, equal, run


def test_unknown_mailbox_is_learned_and_refused(bench):
    bench.start()
    bench.accepted(["dead@big.example", "alive@big.example"])
    bench.wait_suppressed("dead@big.example")
    (code, text), = bench.submit(["dead@big.example"])
    equal(code, 550, "suppressed recipient")
    check(text.startswith("5.1.1 rampart: dead@big.example is suppressed"), text)
    bench.accepted(["alive@big.example"])
    bench.wait_delivered("big", 2)
    equal(bench.provider("big")["dead_attempts"], 1, "attempts to the dead mailbox")
    shown = bench.command("suppression", "why", "dead@big.example", check_status=False).stdout
    check("5.1.1" in shown, shown)


def test_full_mailbox_and_bad_content_do_not_suppress(bench):
    bench.start()
    bench.accepted(["full@big.example"])
    bench.accepted(["refuse@big.example"])
    bench.accepted(["alive@big.example"])
    bench.wait("both answers", lambda: bench.provider("big")["mailbox_full"] and bench.provider("big")["content"])
    bench.wait_delivered("big", 1)
    bench.wait("reports", lambda: bench.status("shop.example", "big")["in_flight"] == 0)
    for address in ("full@big.example", "refuse@big.example"):
        equal(bench.command("suppression", "why", address, check_status=False).returncode, 0, address)


def test_suppression_can_be_undone(bench):
    bench.start()
    bench.accepted(["dead@small.example"])
    bench.wait_suppressed("dead@small.example")
    bench.command("suppression", "remove", "dead@small.example")
    bench.accepted(["dead@small.example"])
    bench.wait("the second attempt", lambda: bench.provider("small")["dead_attempts"] == 2)


def test_suppression_survives_a_restart(bench):
    bench.start()
    bench.accepted(["dead@big.example"])
    bench.wait_suppressed("dead@big.example")
    bench.stop_rampart()
    bench.start_rampart()
    equal(bench.submit(["dead@big.example"])[0][0], 550, "after the restart")


if __name__ == "__main__":
    run(globals())
