#!/usr/bin/env python3
"""Every verdict with a real Sendmail, at RCPT and at the end of the message."""

from bench import check, equal
from sendmail_bench import run

# One recipient a day at small.example, no limits elsewhere.
TIGHT = """
[ramp]
plan = "none"
over = "{over}"
[plan.one]
schedule = [1]
[[rule]]
provider = "small"
plan = "one"
"""
SUPPRESSED = '[suppression]\naction = "{action}"\n'


def test_accepted_mail_is_delivered_and_counted(bench):
    bench.start()
    bench.accepted(["a@big.example"])
    bench.accepted(["b@big.example", "c@Big.Example", "someone@lab.example"])
    bench.wait_delivered("big", 3)
    equal(bench.status("shop.example", "big")["used"], 3, "used")
    equal(bench.status("shop.example", "lab.example").get("used", 0), 0, "used for local mail")


def test_recipients_of_one_transaction_have_different_fates(bench):
    bench.start(TIGHT.format(over="defer"))
    bench.command("suppression", "add", "gone@big.example", "--reason", "asked for it")
    bench.accepted(["first@small.example"])
    bench.wait_delivered("small", 1)
    gone, over, fine, end = bench.submit(["gone@big.example", "second@small.example", "fine@big.example"])
    equal(gone[0], 550, "suppressed recipient")
    check(gone[1].startswith("5.7.1 <gone@big.example>... rampart: ") and "suppressed" in gone[1], gone[1])
    equal(over[0], 451, "recipient over the allowance")
    check(over[1].startswith("4.7.1 rampart: "), over[1])
    equal((fine[0], end[0]), (250, 250), "good recipient, end of the message")
    bench.wait_delivered("big", 1)
    equal(bench.provider("big")["recipients"], {"fine@big.example": 1}, "delivered")
    equal(bench.provider("small")["delivered"], 1, "delivered at small")
    equal(bench.status("shop.example", "big")["used"], 1, "used")
    (code, _), = bench.submit(["gone@big.example"])
    equal(code, 550, "suppressed recipient alone")


def test_mail_over_the_allowance_is_tagged(bench):
    bench.start(TIGHT.format(over="tag"))
    bench.accepted(["first@small.example"])
    bench.wait_delivered("small", 1)
    equal(bench.log_lines("X-Rampart"), [], "tags below the allowance")
    bench.accepted(["second@small.example"])
    bench.wait_delivered("small", 2)
    tags = bench.log_lines("X-Rampart: ")
    equal(len(tags), 1, "tags")
    check("add" in tags[0] and "shop.example" in tags[0], tags[0])


def test_suppressed_recipients_are_dropped_and_the_others_get_it(bench):
    bench.start(SUPPRESSED.format(action="drop"))
    bench.command("suppression", "add", "gone@big.example", "@small.example")
    bench.accepted(["a@big.example", "gone@Big.Example", "b@small.example", "c@big.example"])
    bench.wait_delivered("big", 2)
    equal(bench.provider("big")["recipients"], {"a@big.example": 1, "c@big.example": 1}, "delivered")
    equal(bench.provider("small")["connections"], 0, "connections")
    bench.wait_queue_empty()
    equal(bench.status("shop.example", "big")["used"], 2, "used")


def test_message_to_dropped_recipients_only_is_held(bench):
    bench.start(SUPPRESSED.format(action="drop"))
    bench.command("suppression", "add", "@small.example")
    bench.accepted(["a@small.example", "b@small.example"])
    (name, queue_id, recipients), = bench.wait("the held message", bench.queue)
    equal((name, sorted(recipients)), ("hold", ["a@small.example", "b@small.example"]), "the queue")
    equal(bench.command("hold", "list", "--ids").stdout.split(), [queue_id], "held by rampart")
    equal(bench.provider("small")["connections"], 0, "connections")


def test_suppressed_recipient_is_tagged_or_accepted(bench):
    bench.start(SUPPRESSED.format(action="tag"))
    bench.command("suppression", "add", "a@small.example")
    bench.accepted(["a@small.example"])
    bench.wait_delivered("small", 1)
    equal(len(bench.log_lines("X-Rampart: ")), 1, "tags")


if __name__ == "__main__":
    run(globals())
