#!/usr/bin/env python3
"""Held mail goes by itself when its flow has room: once, in order, and no other mail."""

import os
import signal
import time

from bench import check, equal, run
from releaser import (HOUR, Releaser, each_delivered_once, held, in_hold_queue, listed, plan, postfix_words,
                      wait_releaser)


def begin(bench, start, extra="", **more):
    bench.start(plan(start, extra), **more)
    helper = Releaser(bench, postfix_words(bench)).start()
    bench.helpers.append(helper)
    wait_releaser(bench)
    return helper


def submit(bench, names, provider="big"):
    for name in names:
        bench.accepted([f"{name}@{provider}.example"])


def order_of_delivery(bench, provider="big"):
    """Recipients in the order in which the MTA delivered to them."""
    order = []
    with open(bench.log, encoding="utf-8", errors="replace") as file:
        for line in file:
            if "status=sent" in line and f"@{provider}.example>" in line:
                order.append(line.split("to=<", 1)[1].split("@", 1)[0])
    return order


def test_held_mail_goes_by_itself_and_in_order(bench):
    begin(bench, 3)
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
    begin(bench, 2)
    submit(bench, ["a", "b"])
    bench.accepted(["c@big.example", "c@small.example"])
    equal(len(held(bench)), 1, "held")
    equal(bench.provider("small")["delivered"], 0, "nothing of the message has gone")
    each_delivered_once(bench, "big", 3)
    each_delivered_once(bench, "small", 1)
    bench.wait("an empty queue", lambda: not bench.queue())


def test_what_others_hold_is_never_touched(bench):
    begin(bench, 2)
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
    import smtplib
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
    import socket
    for command in ("release", "delete"):
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(bench.releaser_socket)
            one.sendall(f"rampart 1 {command} 1\n{foreign[0]}\n".encode())
            answer = one.makefile().read()
        check(f"{foreign[0]} not_ours" in answer, answer)
    done = bench.command("hold", "release", foreign[0], check_status=False)
    check("not held by rampart" in done.stdout, done.stdout + done.stderr)
    bench.wait("ours delivered", lambda: "c@big.example" in bench.provider("big")["recipients"], 90)
    equal(in_hold_queue(bench), foreign, "what a person holds")
    equal(bench.provider("big")["recipients"], {"a@big.example": 1, "b@big.example": 1, "c@big.example": 1},
          "delivered")


def test_orders_of_a_person(bench):
    begin(bench, 1)
    submit(bench, ["a", "b", "c", "d", "e"])
    ids = held(bench)
    equal(len(ids), 4, "held")
    done = bench.command("hold", "release", ids[2], "4Xk2Pq1zZZ9", check_status=False)
    equal(done.returncode, 1, "exit status")
    check(f"{ids[2]}  released\n" in done.stdout and "4Xk2Pq1zZZ9  not held by rampart" in done.stdout, done.stdout)
    bench.wait("its delivery", lambda: "d@big.example" in bench.provider("big")["recipients"])
    done = bench.command("hold", "drop", ids[3])
    equal(done.stdout, f"{ids[3]}  deleted\n1 deleted, 0 not\n", "drop")
    equal(in_hold_queue(bench), sorted(ids[:2]), "left in the hold queue")
    equal(held(bench), ids[:2], "left")
    equal(bench.provider("big")["recipients"], {"a@big.example": 1, "d@big.example": 1}, "delivered")
    done = bench.command("hold", "release", "--all", "--yes")
    check("2 released, 0 not" in done.stdout, done.stdout)
    each_delivered_once(bench, "big", 4)
    bench.wait("an empty queue", lambda: not bench.queue())
    equal(held(bench), [], "held in the end")


def test_what_people_do_by_hand_is_noticed(bench):
    begin(bench, 1, extra='[[rule]]\nsender = "shop.example"\nschedule = [1]\n')
    bench.write_config(plan(1).replace(f'hour = "{HOUR}s"', 'hour = "1h"'))
    bench.command("config", "reload")
    submit(bench, ["a", "released", "deleted", "requeued"])
    released, deleted, requeued = held(bench)
    bench.postfix("postsuper", "-H", released)
    bench.postfix("postqueue", "-i", released)
    bench.postfix("postsuper", "-d", deleted, "hold")
    bench.postfix("postsuper", "-r", requeued)
    # postsuper -r puts it back into the hold queue's place under a new name only when it goes through pickup;
    # what becomes of it is Postfix's; rampart must not believe that it still holds it.
    bench.wait("all to be noticed", lambda: held(bench) == [] or held(bench) == [requeued], 90)
    bench.wait("the delivery", lambda: "released@big.example" in bench.provider("big")["recipients"])
    check("deleted@big.example" not in bench.provider("big")["recipients"], "the deleted message was delivered")
    print(f"counts: 3 changed by hand, {len(held(bench))} still held (requeued messages stay where Postfix puts them)")


def test_kill_in_the_middle_of_releases(bench):
    helper = begin(bench, 5)
    names = [f"reader{i:03}" for i in range(45)]
    submit(bench, names)
    check(len(held(bench)) >= 35, "too few are held")
    kills = 0
    while bench.provider("big")["delivered"] < 45 and kills < 12:
        time.sleep(2.7)
        if kills % 4 == 3:
            helper.stop(signal.SIGKILL)
            helper.start()
        bench.stop_rampart(signal.SIGKILL)
        bench.start_rampart()
        kills += 1
    each_delivered_once(bench, "big", 45)
    bench.wait("an empty queue", lambda: not bench.queue())
    bench.wait("nothing held", lambda: held(bench) == [], 60)
    flow = bench.status("shop.example", "big")
    print(f"counts: 45 submitted, {bench.provider('big')['delivered']} delivered, "
          f"{bench.provider('big')['duplicates']} twice, {kills} kills of rampart, {kills // 4} of the helper; "
          f"in flight {flow['in_flight']}")
    equal(flow["in_flight"], 0, "in flight")


def test_without_a_helper_status_says_so_and_mail_is_deferred(bench):
    bench.start(plan(1).replace('over = "hold"', 'over = "auto"'))
    submit(bench, ["a"])
    (code, text), = bench.submit(["b@big.example"])
    equal(code, 451, f"without a helper: {text}")
    warnings = " ".join(bench.whole_status()["warnings"])
    check("releas" in warnings, f"warnings: {warnings}")
    helper = Releaser(bench, postfix_words(bench)).start()
    bench.helpers.append(helper)
    wait_releaser(bench)
    bench.accepted(["c@big.example"])
    equal(len(held(bench)), 1, "held with a helper")


if __name__ == "__main__":
    run(globals())
