#!/usr/bin/env python3
"""Held mail goes by itself when its flow has room, in order, and no other mail does."""

import os
import smtplib
import time

from bench import check, equal, run
from releaser import (HOUR, ask_helper, begin, each_delivered_once, held, in_hold_queue, listed, plan, postfix_words,
                      submit)


def order_of_delivery(bench, provider="big"):
    """Recipients in the order in which the MTA delivered to them."""
    order = []
    with open(bench.log, encoding="utf-8", errors="replace") as file:
        for line in file:
            if "status=sent" in line and f"@{provider}.example>" in line:
                order.append(line.split("to=<", 1)[1].split("@", 1)[0])
    return order


def test_held_mail_goes_by_itself_and_in_order(bench):
    begin(bench, plan(3), postfix_words)
    names = [f"reader{i:02}" for i in range(12)]
    began = time.monotonic()
    submit(bench, names)
    equal(len(held(bench)), 9, "held at once")
    equal(in_hold_queue(bench), sorted(held(bench)), "the MTA's hold queue")
    first = listed(bench)[0]
    equal((first["reason"], first["waits_for"]), ("day", "volume"), "why the first is held")
    each_delivered_once(bench, "big", 12)
    check(time.monotonic() - began > 24 * HOUR, "everything went within a day")
    bench.wait("an empty queue", lambda: not bench.queue())
    equal(held(bench), [], "held in the end")
    # Each day's batch goes at once: the order is that of the days.
    order = order_of_delivery(bench)
    equal(sorted(order[:3]), names[:3], "the first day")
    equal(sorted(order), names, "all")
    print(f"counts: 12 submitted, 9 held, {len(order)} delivered in {time.monotonic() - began:.0f} s; order {order}")


def test_two_providers_in_one_message(bench):
    begin(bench, plan(2), postfix_words)
    submit(bench, ["a", "b"])
    bench.accepted(["c@big.example", "c@small.example"])
    equal(len(held(bench)), 1, "held")
    equal(bench.provider("small")["delivered"], 0, "nothing of the message has gone")
    each_delivered_once(bench, "big", 3)
    each_delivered_once(bench, "small", 1)
    bench.wait("an empty queue", lambda: not bench.queue())


def test_what_others_hold_is_never_touched(bench):
    begin(bench, plan(2), postfix_words)
    submit(bench, ["a", "b", "c"])
    ours, = held(bench)
    # Refused by the receiving side, then held by a person; one with a mark of another message.
    bench.postfix("postconf", "-e", "defer_transports=smtp")
    bench.lab("reload", bench.mta_dir)
    with open(os.path.join(bench.mta_dir, "spool", "hold", ours), "rb") as file:
        data = file.read()
    mark = data[data.index(b"X-Rampart-Held: ") + 16:][:80].split(b"\x00")[0]
    mark = mark[:mark.rindex(b" ") + 33].decode()
    check(mark.startswith(f"1 {ours} "), f"the mark: {mark}")
    with smtplib.SMTP("127.0.0.1", bench.port, timeout=10) as server:
        server.sendmail("eve@other.example", ["x@big.example"],
                        f"Subject: forged\r\nX-Rampart-Held: {mark}\r\n\r\nText.\r\n")
    foreign = bench.wait("the deferred message",
                         lambda: [queue_id for name, queue_id, _ in bench.queue() if name == "deferred"])
    bench.postfix("postsuper", "-h", foreign[0])
    equal(in_hold_queue(bench), sorted([ours, *foreign]), "hold queue")
    bench.postfix("postconf", "-e", "defer_transports=")
    bench.lab("reload", bench.mta_dir)
    # The helper itself, asked by root past the service.
    for command in ("release", "delete"):
        answer = ask_helper(bench, command, foreign[0])
        check(f"{foreign[0]} not_ours" in answer, answer)
    done = bench.command("hold", "release", foreign[0], check_status=False)
    check("not held by rampart" in done.stdout, done.stdout + done.stderr)
    bench.wait("ours delivered", lambda: "c@big.example" in bench.provider("big")["recipients"], 90)
    equal(in_hold_queue(bench), foreign, "what a person holds")
    equal(bench.provider("big")["recipients"], {"a@big.example": 1, "b@big.example": 1, "c@big.example": 1},
          "delivered")


if __name__ == "__main__":
    run(globals())
