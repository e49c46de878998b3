#!/usr/bin/env python3
"""Mail handed in with sendmail(1): Sendmail's submission program passes it on by SMTP, and keeps what waits."""

from bench import check, equal
from sendmail_bench import run

# One recipient a day at small.example, no limits elsewhere.
TIGHT = """
[ramp]
plan = "none"
over = "defer"
[plan.one]
schedule = [1]
[[rule]]
provider = "small"
plan = "one"
"""
EX_NOUSER = 67


def waiting(bench):
    return [(name, sorted(recipients)) for name, _, recipients in bench.queue()]


def test_submitted_mail_is_delivered_and_counted_once(bench):
    bench.start()
    bench.sendmail(["a@big.example", "b@small.example"])
    bench.wait_delivered("big", 1)
    bench.wait_delivered("small", 1)
    bench.wait_queue_empty()
    equal(bench.status("shop.example", "big")["used"], 1, "used at big")
    equal(bench.status("shop.example", "small")["used"], 1, "used at small")


def test_suppressed_recipient_is_refused_and_the_others_get_it(bench):
    bench.start()
    bench.command("suppression", "add", "gone@small.example")
    done = bench.sendmail(["a@big.example", "gone@small.example", "b@small.example"], check_status=False)
    equal(done.returncode, EX_NOUSER, "exit status of sendmail(1)")
    bench.wait_delivered("big", 1)
    bench.wait_delivered("small", 1)
    equal(bench.provider("small")["recipients"], {"b@small.example": 1}, "delivered")
    bench.wait_queue_empty()
    check(bench.log_lines("DSN: User unknown"), "the sender was not told")


def test_message_over_the_allowance_waits_in_the_submission_queue(bench):
    bench.start(TIGHT)
    bench.sendmail(["first@small.example", "first@big.example"])
    bench.wait_delivered("small", 1)
    bench.wait_delivered("big", 1)
    bench.command("flow", "pause", "shop.example", "big")
    both = [("msp", ["second@big.example", "second@small.example"])]
    bench.sendmail(["second@small.example", "second@big.example"])
    bench.wait("the message in the submission queue", lambda: waiting(bench) == both)
    bench.lab("msp", bench.mta_dir, "-q")
    equal(waiting(bench), both, "while paused")
    bench.command("flow", "resume", "shop.example", "big")

    def tried_again():
        bench.lab("msp", bench.mta_dir, "-q")
        return bench.provider("big")["delivered"] == 2
    bench.wait("delivery", tried_again)
    bench.wait("the rest", lambda: waiting(bench) == [("msp", ["second@small.example"])])
    equal(bench.provider("small")["delivered"], 1, "delivered at small")
    equal(bench.status("shop.example", "big")["used"], 2, "used at big")
    equal(bench.status("shop.example", "small")["used"], 1, "used at small")


def test_bounces_of_the_submission_program_pass(bench):
    bench.start(TIGHT)
    bench.command("suppression", "add", "gone@small.example", "app@big.example")
    bench.sendmail(["gone@small.example"], sender="app@big.example", check_status=False)
    bench.wait_delivered("big", 1)
    equal(bench.provider("big")["recipients"], {"app@big.example": 1}, "the bounce")
    bench.wait_queue_empty()


def test_mail_delivered_without_the_daemon_passes_no_milter(bench):
    bench.start()
    bench.command("suppression", "add", "gone@small.example")
    bench.lab("mta", bench.mta_dir, "-Am", "-f", "app@shop.example", "gone@small.example", text="Subject: test\n\n")
    bench.wait_delivered("small", 1)


if __name__ == "__main__":
    run(globals())
