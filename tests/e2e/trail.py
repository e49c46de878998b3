#!/usr/bin/env python3
"""What happened to one message, and which replies nobody understands, is shown to who asks."""

import json
import os

from bench import check, equal, run

STRANGE = "554 5.0.0 zorblat frumious"


def trail(bench, queue_id):
    return json.loads(bench.command("explain", "--queue-id", queue_id, "--json").stdout)["events"]


def unknown(bench):
    return json.loads(bench.command("replies", "unknown", "--json").stdout)["replies"]


def test_trail_of_a_message(bench):
    outage = os.path.join(bench.directory, "outage")
    with open(outage, "w", encoding="ascii") as file:
        file.write("451 4.3.0 The server is busy")
    bench.start("", [{"name": "big", "outage": outage, "mailboxes": {"odd": STRANGE}}])
    bench.accepted(["reader@big.example"])
    queue_id, = bench.wait("a deferred message", lambda: [one[1] for one in bench.queue() if one[0] == "deferred"])
    bench.wait("its deferral", lambda: [one for one in trail(bench, queue_id) if one["what"] == "deferred"])
    os.remove(outage)
    bench.wait_delivered("big", 1)
    bench.wait("its delivery", lambda: [one for one in trail(bench, queue_id) if one["what"] == "sent"])
    events = trail(bench, queue_id)
    what = [one["what"] for one in events]
    # The log has whole seconds, so that the first deferral may seem to be earlier than the acceptance.
    equal((sorted(set(what[:-1])), what.count("accepted"), what[-1]), (["accepted", "deferred"], 1, "sent"), "events")
    for one in events:
        equal((one["recipient"], one["sender"], one["provider"]), ("reader@big.example", "shop.example", "big"),
              f"what {one['what']} is about")
        check(one["what"] != "deferred" or "The server is busy" in one["text"], f"event {one}")
    said = bench.command("explain", "--queue-id", queue_id).stdout
    check(said.startswith(queue_id + "\n") and "reader@big.example" in said and "sent" in said, said)

    # A reply that no rule knows is listed, once for all of its kind, with a rule to begin with.
    equal(unknown(bench), [], "replies before")
    bench.accepted(["odd1@big.example"])
    bench.accepted(["odd2@big.example"])
    bench.wait("the replies", lambda: "zorblat" in bench.command("replies", "unknown").stdout)
    bench.wait("both", lambda: unknown(bench)[0]["count"] == 2)
    check("zorblat" in bench.command("replies", "unknown", "--rules").stdout, "no rule")
    check("replies unknown" in bench.command("status").stdout, bench.command("status").stdout)

    # All of that is there after a restart.
    bench.stop_rampart()
    bench.start_rampart()
    equal(trail(bench, queue_id), events, "events after a restart")
    check("zorblat" in bench.command("replies", "unknown").stdout, "replies after a restart")


if __name__ == "__main__":
    run(globals())
