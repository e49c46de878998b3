#!/usr/bin/env python3
"""Mail over the allowance is held, listed, released by a person, and delivered."""

from bench import check, equal, run
from releaser import postfix_words

HOLD = """
[ramp]
over = "hold"
[plan.standard]
schedule = [1]
"""


def release(bench, *words, **more):
    """By root itself: there is no releaser here."""
    return bench.command("hold", "release", *postfix_words(bench), *words, **more)


def held(bench):
    return bench.command("hold", "list", "--ids").stdout.split()


def test_held_mail_is_listed_released_and_delivered(bench):
    bench.start(HOLD)
    bench.accepted(["first@big.example"])
    bench.wait_delivered("big", 1)
    bench.accepted(["second@big.example"])
    bench.accepted(["third@big.example"])
    ids = held(bench)
    equal(len(ids), 2, "held")
    equal(sorted(queue_id for name, queue_id, _ in bench.queue() if name == "hold"), sorted(ids), "hold queue")
    check(ids[0] in bench.command("hold", "list").stdout, "the list names no queue ID")
    equal(bench.provider("big")["delivered"], 1, "delivered while held")
    done = release(bench, ids[0])
    check(f"{ids[0]}  released" in done.stdout, done.stdout)
    bench.wait_delivered("big", 2)
    equal(held(bench), ids[1:], "still held")
    release(bench, "--all", "--yes")
    bench.wait_delivered("big", 3)
    equal(held(bench), [], "still held")
    bench.wait("an empty queue", lambda: not bench.queue())


def test_mail_that_others_hold_is_left_alone(bench):
    bench.start(HOLD, rampart=False, mta=["smtpd_recipient_restrictions=static:HOLD"])
    bench.accepted(["a@big.example"])
    queue = bench.wait("the held message", bench.queue)
    bench.start_rampart()
    done = release(bench, queue[0][1], check_status=False)
    check("left alone" in done.stdout, done.stdout + done.stderr)
    equal(bench.queue()[0][0], "hold", "queue of the message")


def test_mail_from_sendmail_is_held_too(bench):
    bench.start(HOLD)
    bench.sendmail(["first@big.example"])
    bench.wait_delivered("big", 1)
    bench.sendmail(["second@big.example"])
    ids = bench.wait("the held message", lambda: held(bench))
    release(bench, *ids)
    bench.wait_delivered("big", 2)
    bench.wait("an empty queue", lambda: not bench.queue())


if __name__ == "__main__":
    run(globals())
