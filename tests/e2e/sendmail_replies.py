#!/usr/bin/env python3
"""What providers say, as a real Sendmail logs it: who slows down, and who is not mailed again."""

from bench import check, equal
from sendmail_bench import run
from sendmail_reports import OPEN, settled

BLOCKED = ("550 5.7.1 Unfortunately, messages from [127.0.0.1] weren't sent. Please contact your Internet service"
           " provider since part of their network is on our block list (S3140).")
BUSY = "421 4.7.28 Our system has detected an unusual rate of unsolicited mail from your IP address - gsmtp"


def test_only_an_address_that_does_not_exist_is_suppressed(bench):
    bench.start(OPEN + 'over = "accept"\n', providers=[{"name": "big", "words": "gmail", "mailboxes": {
        "blocked": BLOCKED, "later": "451 4.3.0 Temporary lookup failure", "nobody": "550 No such user here",
        "relay": "550 5.7.1 Relaying denied"}}])
    addresses = [f"{name}@big.example" for name in ("dead", "nobody", "blocked", "relay", "full", "later", "refuse")]
    for address in addresses:
        bench.accepted([address])
    bench.wait("all bounces", lambda: len(bench.log_lines("stat=User unknown")) >= 4
               and len(bench.log_lines("reply=452")) >= 1 and len(bench.log_lines("reply=451")) >= 1)
    bench.wait_suppressed("dead@big.example")
    bench.wait_suppressed("nobody@big.example")
    evidence = bench.why("dead@big.example")["entries"][0]["evidence"]
    check(evidence.startswith("550 5.1.1 The email account") or evidence.startswith("550-5.1.1 The email account"),
          evidence)
    bench.accepted(["alive@big.example"], sender="news@other.example")
    settled(bench, "other.example", "big", delivered_day=1)
    for address in addresses[2:]:
        equal(bench.why(address)["suppressed"], False, f"suppressed {address}")
    equal(bench.provider("big")["dead_attempts"], 1, "attempts to the dead mailbox")
    equal(bench.submit(["dead@big.example"], sender="x@third.example")[0][0], 550, "the next attempt")


def test_block_at_rcpt_pauses_the_flow(bench):
    bench.start(OPEN, providers=[{"name": "big", "words": "outlook", "mailboxes": {"blocked": BLOCKED}}])
    bench.accepted(["blocked@big.example"])
    flow = settled(bench, "shop.example", "big", state="paused")
    check("block list" in flow["last_reply"], flow["last_reply"])
    check(bench.log_lines("stat=User unknown"), "Sendmail says something else now")
    equal(bench.submit(["a@big.example"])[0][0], 451, "while paused")


def test_greeting_of_421_pauses_and_what_was_not_tried_does_not_count(bench):
    bench.start('[ramp]\nplan = "none"\nover = "accept"\n', mta=["define(`confTO_HOSTSTATUS', `5m')"],
                providers=[{"name": "big", "words": "gmail", "greeting": BUSY}])
    for i in range(4):
        bench.accepted([f"reader{i}@big.example"])
    bench.wait("failures that are copies", lambda: [line for line in bench.log_lines("stat=Deferred")
                                                    if "relay=[127.0.0.2]," in line])
    flow = bench.wait("the pause", lambda: (one := bench.status("shop.example", "big"))["state"] == "paused" and one)
    check("unusual rate" in flow["last_reply"], flow["last_reply"])

    def as_many_as_connections():
        return bench.status("shop.example", "big")["deferrals"] == bench.provider("big")["connections"]
    bench.wait("as many deferrals as there were connections", as_many_as_connections)
    check(len(bench.log_lines("stat=Deferred")) > bench.provider("big")["connections"], "no line without an attempt")


def test_greeting_of_554_is_a_block_and_no_dead_mailbox(bench):
    bench.start(OPEN, providers=[{"name": "big", "words": "outlook", "greeting": BLOCKED.replace("550", "554", 1)}])
    bench.accepted(["a@big.example"])
    flow = settled(bench, "shop.example", "big", state="paused")
    equal((flow["used"], flow["delivered_day"]), (1, 0), "used, delivered")
    bench.wait_queue_empty()        # Postfix would defer it
    equal(bench.why("a@big.example")["suppressed"], False, "suppressed")


def test_volume_deferral_at_the_end_of_the_message_pauses_the_flow(bench):
    bench.start('[ramp]\nplan = "none"\nover = "defer"\n',
                providers=[{"name": "big", "words": "gmail", "minute_limit": 3, "minute": 600}])
    for i in range(4):
        bench.accepted([f"first{i}@big.example"])
    bench.wait("the pause", lambda: bench.status("shop.example", "big").get("state") == "paused")
    (code, text), = bench.submit(["later@big.example"])
    equal((code, text[:15]), (451, "4.7.1 rampart: "), "while paused")
    bench.wait("three deliveries", lambda: bench.provider("big")["delivered"] == 3)


if __name__ == "__main__":
    run(globals())
