#!/usr/bin/env python3
"""Sessions with a real Sendmail: several messages, some given up, bounces, and rampart coming and going."""

import smtplib

from bench import WAIT, equal
from sendmail_bench import run
from sendmail_verdicts import SUPPRESSED, TIGHT


def connect(bench):
    server = smtplib.SMTP("127.0.0.1", bench.port, timeout=WAIT)
    server.ehlo()
    return server


def test_bounces_are_never_refused_held_or_cut(bench):
    for number, actions in enumerate((("defer", "reject"), ("hold", "hold"), ("tag", "drop"))):
        config = TIGHT.format(over=actions[0]) + SUPPRESSED.format(action=actions[1])
        if number == 0:
            bench.start(config)
            bench.command("suppression", "add", "gone@big.example")
            bench.accepted(["first@small.example"])
        else:
            bench.stop_rampart()
            bench.write_config(config)
            bench.start_rampart()
        bench.accepted([f"second{number}@small.example", "gone@big.example"], sender="")
        bench.wait_delivered("small", number + 2)
        bench.wait_delivered("big", number + 1)
    bench.wait_queue_empty()


def test_a_transaction_that_is_given_up_costs_nothing(bench):
    bench.start(TIGHT.format(over="defer"))
    with connect(bench) as server:
        for _ in range(3):
            server.mail("news@shop.example")
            equal(server.rcpt("a@big.example")[0], 250, "RCPT")
            equal(server.rcpt("a@small.example")[0], 250, "RCPT")
            server.rset()
    for words in (("DATA",), ()):
        server = connect(bench)     # a client that is lost after RCPT, or in the middle of its message
        server.mail("news@shop.example")
        bench.wait("the unit of the one before", lambda server=server: server.rcpt("a@small.example")[0] == 250)
        for word in words:
            equal(server.docmd(word)[0], 354, word)
            server.send(b"Subject: never ends\r\n")
        server.close()
    bench.wait("the unit", lambda: bench.submit(["a@small.example"])[-1][0] == 250)
    bench.wait_delivered("small", 1)
    equal(bench.status("shop.example", "small")["used"], 1, "used at small")
    equal(bench.status("shop.example", "big").get("used", 0), 0, "used at big")


def test_messages_of_one_session_are_told_apart(bench):
    bench.start(TIGHT.format(over="hold") + SUPPRESSED.format(action="drop"))
    bench.command("suppression", "add", "gone@big.example")
    with connect(bench) as server:
        bench.accepted(["first@small.example"], server=server)
        bench.accepted(["second@small.example"], server=server)                     # held
        bench.accepted(["gone@big.example", "a@big.example"], server=server)        # one is dropped
        bench.accepted(["b@big.example"], server=server, sender="")
        bench.accepted(["c@big.example", "third@small.example"], server=server)     # held as a whole
        bench.accepted(["d@big.example"], server=server, sender="other@shop.example")
    bench.wait_delivered("small", 1)
    bench.wait_delivered("big", 3)
    equal(sorted(bench.provider("big")["recipients"]), [f"{name}@big.example" for name in "abd"], "delivered")
    held = {queue_id: sorted(recipients) for name, queue_id, recipients in bench.queue() if name == "hold"}
    equal(sorted(held.values()), [["c@big.example", "third@small.example"], ["second@small.example"]], "held")
    equal(sorted(bench.command("hold", "list", "--ids").stdout.split()), sorted(held), "held by rampart")


def test_mail_passes_without_rampart(bench):
    bench.start(rampart=False)
    with connect(bench) as server:
        bench.accepted(["a@big.example", "b@small.example"], server=server)
        bench.start_rampart()
        bench.accepted(["c@big.example"], server=server)        # this session goes on without it
    bench.sendmail(["d@big.example"])
    bench.wait_delivered("big", 3)
    bench.wait_delivered("small", 1)
    bench.command("suppression", "add", "a@big.example")
    equal(bench.submit(["a@big.example"])[0][0], 550, "with rampart")


def test_mail_passes_when_rampart_is_killed_in_a_session(bench):
    bench.start(TIGHT.format(over="defer"))
    bench.command("suppression", "add", "gone@big.example")
    with connect(bench) as server:
        bench.accepted(["a@big.example"], server=server)
        server.mail("news@shop.example")
        equal(server.rcpt("gone@big.example")[0], 550, "suppressed recipient")
        equal(server.rcpt("b@big.example")[0], 250, "RCPT")
        equal(bench.stop_rampart(9), -9, "exit status of rampart")
        equal(server.rcpt("c@big.example")[0], 250, "RCPT after it was killed")
        equal(server.data(b"Subject: test\r\n\r\nText.\r\n")[0], 250, "end of the message")
        bench.accepted(["d@big.example"], server=server)
    bench.wait_delivered("big", 4)
    bench.wait_queue_empty()


if __name__ == "__main__":
    run(globals())
