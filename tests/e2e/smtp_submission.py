#!/usr/bin/env python3
"""Mail submitted by SMTP: accepted, counted, and each recipient of a transaction has its own fate."""

from bench import check, equal, run

# One recipient a day at small.example, no limits elsewhere.
TIGHT = """
[ramp]
plan = "none"
over = "defer"
[plan.one]
schedule = [1]
[[rule]]
provider = "small"
plan = "one"
"""


def test_accepted_mail_is_delivered_and_counted(bench):
    bench.start()
    bench.accepted(["a@big.example"])
    bench.accepted(["b@big.example", "c@big.example"])
    bench.wait_delivered("big", 3)
    flow = bench.wait("three reports", lambda: (one := bench.status("shop.example", "big"))
                      and one["delivered_day"] == 3 and one)
    equal(flow["used"], 3, "used")
    equal(flow["in_flight"], 0, "in flight")


def test_local_mail_is_not_counted(bench):
    bench.start()
    bench.accepted(["someone@lab.example", "a@small.example"])
    bench.wait_delivered("small", 1)
    equal(bench.status("shop.example", "lab.example").get("used", 0), 0, "used for local mail")
    equal(bench.status("shop.example", "small")["used"], 1, "used")


def test_recipients_of_one_transaction_have_different_fates(bench):
    bench.start(TIGHT)
    bench.command("suppression", "add", "gone@big.example", "--reason", "asked for it")
    bench.accepted(["first@small.example"])
    bench.wait_delivered("small", 1)
    gone, over, fine, end = bench.submit(["gone@big.example", "second@small.example", "fine@big.example"])
    equal(gone[0], 550, "suppressed recipient")
    check("rampart: " in gone[1] and "suppressed" in gone[1], gone[1])
    equal(over[0], 451, "recipient over the allowance")
    check(over[1].startswith("4.7.1 rampart: "), over[1])
    equal((fine[0], end[0]), (250, 250), "good recipient, end of the message")
    bench.wait_delivered("big", 1)
    equal(bench.provider("big")["recipients"], {"fine@big.example": 1}, "delivered")
    equal(bench.provider("small")["delivered"], 1, "delivered at small")


def test_bounces_are_never_refused(bench):
    bench.start(TIGHT)
    bench.command("suppression", "add", "gone@big.example")
    bench.accepted(["first@small.example"])
    bench.wait_delivered("small", 1)
    bench.accepted(["second@small.example"], sender="")
    bench.accepted(["gone@big.example"], sender="")
    bench.wait_delivered("small", 2)
    bench.wait_delivered("big", 1)


def test_a_transaction_that_is_given_up_costs_nothing(bench):
    bench.start()
    import smtplib
    with smtplib.SMTP("127.0.0.1", bench.port, timeout=10) as server:
        server.ehlo()
        for _ in range(3):
            server.mail("news@shop.example")
            equal(server.rcpt("a@big.example")[0], 250, "RCPT")
            server.rset()
        bench.accepted(["a@big.example"], server=server)
    bench.wait_delivered("big", 1)
    equal(bench.status("shop.example", "big")["used"], 1, "used")


if __name__ == "__main__":
    run(globals())
