#!/usr/bin/env python3
"""Mail that Sendmail quarantined for rampart goes by itself when its flow has room, and no other mail."""

import os
import signal
import smtplib
import time

from bench import check, equal
from releaser import ask_helper, begin, each_delivered_once, held, in_hold_queue, plan, sendmail_words, submit
from sendmail_bench import run


def test_held_mail_goes_by_itself(bench):
    begin(bench, plan(3), sendmail_words)
    names = [f"reader{i:02}" for i in range(9)]
    submit(bench, names)
    equal(len(held(bench)), 6, "held at once")
    equal(in_hold_queue(bench), sorted(held(bench)), "quarantined")
    each_delivered_once(bench, "big", 9)
    bench.wait_queue_empty()
    bench.wait("nothing held", lambda: held(bench) == [], 60)
    print(f"counts: 9 submitted, 6 held, {bench.provider('big')['delivered']} delivered, "
          f"{bench.provider('big')['duplicates']} twice")


def test_orders_of_a_person_and_mail_of_others(bench):
    begin(bench, plan(1), sendmail_words, mta=["LOCAL_RULESETS", "SLocal_check_mail",
                                               "R<other@$*>\t$#error $@ quarantine $: somebody else's reason"])
    submit(bench, ["a", "b", "c"])
    ids = held(bench)
    equal(len(ids), 2, "held")
    queue = os.path.join(bench.mta_dir, "queue")
    with open(os.path.join(queue, "hf" + ids[0]), encoding="utf-8", errors="replace") as file:
        mark, = [line.split(": ", 1)[1].strip() for line in file if "X-Rampart-Held" in line]
    with smtplib.SMTP("127.0.0.1", bench.port, timeout=10) as server:
        server.sendmail("other@other.example", ["x@big.example"],
                        f"Subject: forged\r\nX-Rampart-Held: {mark}\r\n\r\nText.\r\n")
    foreign, = set(in_hold_queue(bench)) - set(ids)
    for command in ("release", "delete"):
        answer = ask_helper(bench, command, foreign)
        check(f"{foreign} not_ours" in answer, answer)
    done = bench.command("hold", "drop", ids[1])
    equal(done.stdout, f"{ids[1]}  deleted\n1 deleted, 0 not\n", "drop")
    equal([name for name in os.listdir(queue) if name.endswith(ids[1])], [], "files of the deleted message")
    done = bench.command("hold", "release", ids[0])
    check("1 released, 0 not" in done.stdout, done.stdout)
    each_delivered_once(bench, "big", 2)
    equal(held(bench), [], "held in the end")
    equal(in_hold_queue(bench), [foreign], "what others hold")


def test_kill_in_the_middle_of_releases(bench):
    begin(bench, plan(9), sendmail_words)
    submit(bench, [f"reader{i:02}" for i in range(27)])
    check(len(held(bench)) >= 15, "too few are held")
    kills = 0
    while bench.provider("big")["delivered"] < 27 and kills < 12:
        time.sleep(2.7)
        bench.stop_rampart(signal.SIGKILL)
        bench.start_rampart()
        kills += 1
    each_delivered_once(bench, "big", 27)
    bench.wait_queue_empty()
    bench.wait("nothing held", lambda: held(bench) == [], 60)
    print(f"counts: 27 submitted, {bench.provider('big')['delivered']} delivered, "
          f"{bench.provider('big')['duplicates']} twice, {kills} kills of rampart")


if __name__ == "__main__":
    run(globals())
