#!/usr/bin/env python3
"""People's orders for held mail, what they do by hand, and what happens without a releaser."""

from bench import check, equal, run
from releaser import (HOUR, Releaser, begin, each_delivered_once, held, in_hold_queue, plan, postfix_words, submit,
                      wait_releaser)


def test_orders_of_a_person(bench):
    begin(bench, plan(1), postfix_words)
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
    begin(bench, plan(1).replace(f'hour = "{HOUR}s"', 'hour = "1h"'), postfix_words)
    submit(bench, ["a", "released", "deleted", "requeued"])
    released, deleted, requeued = held(bench)
    bench.postfix("postsuper", "-H", released)
    bench.postfix("postqueue", "-i", released)
    bench.postfix("postsuper", "-d", deleted, "hold")
    bench.postfix("postsuper", "-r", requeued)
    # The log tells of the first; a message that has vanished is believed to be gone after some minutes.
    bench.wait("the release to be noticed", lambda: released not in held(bench), 120)
    # postsuper -r gives a message to pickup(8): it comes back under a new queue ID, past the milters.
    each_delivered_once(bench, "big", 3)
    check("deleted@big.example" not in bench.provider("big")["recipients"], "the deleted message was delivered")
    print(f"counts: 3 changed by hand, {len(held(bench))} not yet noticed")


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
