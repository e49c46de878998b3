#!/usr/bin/env python3
"""Mail over the allowance is quarantined by Sendmail, listed, released by a person, and delivered."""

import os

from bench import check, equal
from releaser import sendmail_words
from sendmail_bench import run

HOLD = """
[ramp]
over = "hold"
[plan.standard]
schedule = [1]
"""


def release(bench, *words, **more):
    """By root itself: there is no releaser here."""
    return bench.command("hold", "release", *sendmail_words(bench), *words, **more)


def held(bench):
    return bench.command("hold", "list", "--ids").stdout.split()


def quarantined(bench):
    return sorted(queue_id for name, queue_id, _ in bench.queue() if name == "hold")


def test_held_mail_is_listed_released_and_delivered(bench):
    bench.start(HOLD)
    bench.accepted(["first@big.example"])
    bench.wait_delivered("big", 1)
    for name in ("second", "third", "fourth"):
        bench.accepted([f"{name}@big.example"])
    ids = held(bench)
    equal(len(ids), 3, "held")
    equal(quarantined(bench), sorted(ids), "quarantined")
    mailq = bench.lab("mta", bench.mta_dir, "-bp", "-qQ").stdout
    equal(mailq.count("QUARANTINE: rampart: shop.example"), 3, "reasons in mailq")
    check(ids[0] in bench.command("hold", "list").stdout, "the list names no queue ID")
    equal(bench.provider("big")["delivered"], 1, "delivered while held")
    done = release(bench, ids[0])
    check(f"{ids[0]}  released\n" in done.stdout, done.stdout)
    bench.wait_delivered("big", 2)
    equal(held(bench), ids[1:], "still held")
    equal(quarantined(bench), sorted(ids[1:]), "still quarantined")
    done = release(bench, "--all", "--yes")
    check("2 released, 0 not" in done.stdout, done.stdout)
    bench.wait_delivered("big", 4)
    equal(held(bench), [], "still held")
    bench.wait_queue_empty()


def test_what_cannot_be_released_is_told(bench):
    bench.start(HOLD)
    bench.accepted(["first@big.example"])
    bench.wait_delivered("big", 1)
    bench.accepted(["gone@big.example"])
    bench.accepted(["released@big.example"])
    gone, by_hand = held(bench)
    # A person was there before.
    for part in ("hf", "df"):
        os.unlink(os.path.join(bench.mta_dir, "queue", part + gone))
    bench.lab("mta", bench.mta_dir, "-Q", "-qQ", "-qI" + by_hand)
    bench.wait_delivered("big", 2)
    bench.wait("the log to tell of it", lambda: held(bench) == [gone])
    done = release(bench, gone, by_hand, check_status=False)
    equal(done.returncode, 1, "exit status")
    check(f"{gone}  not in the hold queue any more" in done.stdout, done.stdout)
    check(f"{by_hand}  not held by rampart" in done.stdout, done.stdout)
    check("0 released, 2 not" in done.stdout, done.stdout)
    # What came less than five minutes ago may still be on its way into the queue: it stays listed for now.
    equal(held(bench), [gone], "still listed")


def test_mail_that_others_quarantine_is_left_alone(bench):
    bench.start(HOLD, mta=["LOCAL_RULESETS", "SLocal_check_mail",
                           "R<other@$*>\t$#error $@ quarantine $: somebody else's reason"])
    bench.accepted(["a@big.example"], sender="other@shop.example")
    queue_id, = quarantined(bench)
    bench.accepted(["b@big.example"])       # held by rampart: the allowance is used
    for words in ((queue_id,), ("--all", "--yes")):
        release(bench, *words, check_status=False)
        check(queue_id in quarantined(bench), f"released by: {' '.join(words)}")
    done = release(bench, queue_id, check_status=False)
    check("left alone" in done.stdout, done.stdout + done.stderr)
    bench.wait_delivered("big", 1)
    equal(bench.provider("big")["recipients"], {"b@big.example": 1}, "delivered")


def test_mail_from_sendmail_is_held_too(bench):
    bench.start(HOLD)
    bench.sendmail(["first@big.example"])
    bench.wait_delivered("big", 1)
    bench.sendmail(["second@big.example", "third@big.example"])
    ids = bench.wait("the held message", lambda: held(bench))
    (name, queue_id, recipients), = bench.queue()
    equal((name, [queue_id], sorted(recipients)), ("hold", ids, ["second@big.example", "third@big.example"]),
          "the queue")
    release(bench, *ids)
    bench.wait_delivered("big", 3)
    bench.wait_queue_empty()


if __name__ == "__main__":
    run(globals())
