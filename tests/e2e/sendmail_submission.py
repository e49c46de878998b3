#!/usr/bin/env python3
"""Mail handed in with sendmail(1): refusing a recipient there would park the message for ever."""

from bench import equal, run


def test_suppressed_recipient_is_dropped_and_the_others_get_it(bench):
    bench.start()
    bench.command("suppression", "add", "gone@small.example")
    bench.sendmail(["a@big.example", "gone@small.example", "b@small.example"])
    bench.wait_delivered("big", 1)
    bench.wait_delivered("small", 1)
    equal(bench.provider("small")["recipients"], {"b@small.example": 1}, "delivered")
    bench.wait("an empty queue", lambda: not bench.queue())     # maildrop is shown there too


def test_message_to_suppressed_recipients_only_is_held(bench):
    bench.start()
    bench.command("suppression", "add", "@small.example")
    bench.sendmail(["a@small.example"])
    bench.wait("the message in the hold queue", lambda: [(name, to) for name, _, to in bench.queue()]
               == [("hold", ["a@small.example"])])
    equal(bench.provider("small")["connections"], 0, "connections")


def test_message_over_the_allowance_does_not_stay_in_maildrop(bench):
    bench.start('[ramp]\nover = "defer"\n[plan.standard]\nschedule = [1]\n')
    bench.sendmail(["a@small.example"])
    bench.wait_delivered("small", 1)
    # Nothing releases held mail here, so deferring means to accept it and say so.
    bench.sendmail(["b@small.example"])
    bench.wait_delivered("small", 2)
    bench.wait("an empty queue", lambda: not bench.queue())


if __name__ == "__main__":
    run(globals())
