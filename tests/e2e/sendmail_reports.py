#!/usr/bin/env python3
"""What rampart learns from the log of a real Sendmail."""

import os

from bench import check, equal
from sendmail_bench import run

OPEN = '[ramp]\nplan = "none"\n'


def settled(bench, sender, provider, **expected):
    """Waits until nothing is under way and the log is read. @return the flow"""
    def shown():
        flow = bench.status(sender, provider)
        return flow if flow.get("in_flight") == 0 and all(flow[key] == value for key, value in expected.items()) else {}
    return bench.wait(f"{expected} of the flow", shown)


def test_deliveries_are_counted_once_for_each_recipient(bench):
    bench.start(OPEN)
    bench.accepted(["a@big.example", "b@Big.Example", '"c, d"@big.example', "e@small.example"])
    bench.accepted(["someone@lab.example", "f@big.example"])
    bench.wait_delivered("big", 4)
    check(any(line.count("@big.example") + line.count("@Big.Example") > 1 for line in bench.log_lines("stat=Sent")),
          "no line of several recipients")
    flow = settled(bench, "shop.example", "big", delivered_day=4)
    equal((flow["used"], flow["delivered"], flow["deferrals"]), (4, 4, 0), "used, delivered, deferrals")
    settled(bench, "shop.example", "small", delivered_day=1)


def test_the_hop_from_the_submission_program_is_no_delivery(bench):
    bench.start(OPEN)
    bench.sendmail(["a@big.example", "b@big.example", "c@small.example"])
    bench.sendmail(["d@big.example"])
    bench.wait_delivered("big", 3)
    flow = settled(bench, "shop.example", "big", delivered_day=3)
    equal((flow["used"], flow["delivered"]), (3, 3), "used, delivered")
    equal(settled(bench, "shop.example", "small", delivered_day=1)["used"], 1, "used at small")


def test_what_passed_while_rampart_was_down_is_charged(bench):
    bench.start(OPEN)
    bench.accepted(["a@big.example"])
    settled(bench, "shop.example", "big", delivered_day=1)
    bench.stop_rampart()
    bench.accepted(["b@big.example", "c@big.example"])
    bench.sendmail(["d@big.example"])
    bench.wait_delivered("big", 4)
    bench.start_rampart()
    equal(settled(bench, "shop.example", "big", delivered_day=4)["used"], 4, "used")


def test_mail_for_virtual_users_is_counted_once(bench):
    """Sendmail looks virtusertable up before it asks the milter, and still logs the address it was given."""
    table = os.path.join(bench.mta_dir, "etc", "virtusers")
    bench.start(OPEN + '[suppression]\naction = "drop"\n',
                mta=["VIRTUSER_DOMAIN(`alias.example')",
                     f"FEATURE(`virtusertable', `text -k0 -v1 -o {table}')"])
    with open(table, "w", encoding="ascii") as file:
        file.write("joe@alias.example joe.doe@big.example\neve@alias.example gone@big.example\n")
    bench.command("suppression", "add", "eve@alias.example")
    bench.accepted(["joe@alias.example"])
    bench.accepted(["eve@alias.example", "joe@alias.example", "a@small.example"])
    bench.wait_delivered("small", 1)
    bench.wait_delivered("big", 2)
    equal(bench.provider("big")["recipients"], {"joe.doe@big.example": 2}, "delivered")

    def counted():
        flows = [bench.status("shop.example", provider) for provider in ("alias.example", "big")]
        return [sum(flow.get(key, 0) for flow in flows) for key in ("used", "delivered_day", "in_flight")]
    bench.wait("two deliveries", lambda: counted()[1] == 2)
    equal(counted(), [2, 2, 0], "used, delivered, in flight")


def test_our_own_refusals_teach_nothing(bench):
    bench.start('[ramp]\nover = "defer"\n[plan.standard]\nschedule = [1]\n')
    bench.command("suppression", "add", "gone@small.example")
    bench.sendmail(["a@big.example"])
    settled(bench, "shop.example", "big", delivered_day=1)
    bench.sendmail(["b@big.example"])                                   # 451 from rampart, in the log of the MSP
    bench.sendmail(["gone@small.example"], check_status=False)          # 550
    bench.wait("both in the log", lambda: bench.log_lines("reply=451 4.7.1 rampart: ")
               and bench.log_lines("reply=550 5.7.1 <gone@small.example>... rampart: "))
    bench.accepted(["c@small.example"])
    settled(bench, "shop.example", "small", delivered_day=1)
    flow = bench.status("shop.example", "big")
    equal((flow["deferrals"], flow["state"], flow["used"]), (0, "full", 1), "deferrals, state, used")
    equal(bench.why("b@big.example")["suppressed"], False, "suppressed")
    equal(bench.why("gone@small.example")["entries"][0]["reason"], "operator", "reason")


def test_mail_released_by_hand_is_charged_and_no_longer_held(bench):
    bench.start('[ramp]\nover = "hold"\n[plan.standard]\nschedule = [1]\n')
    bench.accepted(["a@big.example"])
    settled(bench, "shop.example", "big", delivered_day=1)
    bench.accepted(["b@big.example"])
    queue_id, = bench.command("hold", "list", "--ids").stdout.split()
    equal(bench.status("shop.example", "big")["used"], 1, "used while held")
    bench.lab("mta", bench.mta_dir, "-Q", "-qQ", "-qI" + queue_id)
    bench.wait_delivered("big", 2)
    equal(settled(bench, "shop.example", "big", delivered_day=2)["used"], 2, "used")
    equal(bench.command("hold", "list", "--ids").stdout, "", "held")


if __name__ == "__main__":
    run(globals())
