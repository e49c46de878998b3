#!/usr/bin/env python3
"""A spike is held to the allowance, and to what a provider says."""

from bench import check, equal, run

START = 12
SPIKE = f"""
[ramp]
over = "defer"
hour_min = 100
burst_min = 100
flight_min = 100
first_contact = 100
[plan.standard]
schedule = [{START}]
"""


def submit_spike(bench, number):
    """@return the codes of the replies to RCPT"""
    import smtplib
    with smtplib.SMTP("127.0.0.1", bench.port, timeout=10) as server:
        server.ehlo()
        replies = [bench.submit([f"reader{i}@big.example"], server=server)[0] for i in range(number)]
    check(all(text.startswith("4.7.1 rampart: shop.example") for code, text in replies if code != 250),
          f"replies: {replies}")
    return [code for code, _ in replies]


def test_spike_is_held_to_the_allowance(bench):
    bench.start(SPIKE)
    equal(submit_spike(bench, 40), [250] * START + [451] * (40 - START), "codes")
    bench.wait_delivered("big", START)
    flow = bench.status("shop.example", "big")
    equal((flow["used"], flow["allowance"], flow["state"]), (START, START, "full"), "use, allowance, state")


def test_another_sender_has_its_own_allowance(bench):
    bench.start(SPIKE)
    submit_spike(bench, START + 1)
    bench.accepted(["reader@big.example"], sender="news@other.example")
    bench.wait_delivered("big", START + 1)


def test_observe_mode_accepts_and_counts(bench):
    bench.start(SPIKE + '\n[[rule]]\nprovider = "big"\nmode = "observe"\n')
    equal(submit_spike(bench, START + 8), [250] * (START + 8), "codes")
    bench.wait_delivered("big", START + 8)
    equal(bench.status("shop.example", "big")["used"], START + 8, "used")


def test_rate_limit_of_the_provider_pauses_the_flow(bench):
    bench.start(SPIKE, providers=[{"name": "big", "words": "gmail", "minute_limit": 3, "minute": 600}],
                mta=["minimal_backoff_time=60s", "maximal_backoff_time=60s"])
    for i in range(4):
        bench.accepted([f"first{i}@big.example"])
    bench.wait("the pause", lambda: bench.status("shop.example", "big").get("state") == "paused")
    (code, text), = bench.submit(["later@big.example"])
    equal(code, 451, "while paused")
    check(text.startswith("4.7.1 rampart: "), text)
    # The provider writes its figures a moment after it has answered.
    bench.wait("the provider's figures", lambda: bench.provider("big")["rate_limited"] >= 1)
    equal(bench.provider("big")["rate_limited"], 1, "421 replies")
    equal(bench.provider("big")["delivered"], 3, "delivered")


def test_mail_over_the_allowance_goes_out_later(bench):
    # A day of 24 half seconds.
    bench.start(SPIKE + "\n", providers=[{"name": "big"}])
    bench.write_config(SPIKE.replace("[ramp]", '[ramp]\nhour = "500ms"'))
    bench.command("config", "check", check_status=False)
    bench.stop_rampart()
    bench.start_rampart()
    equal(submit_spike(bench, START + 1)[-1], 451, "over the allowance")
    bench.wait("the next day", lambda: bench.submit(["late@big.example"])[0][0] == 250)
    bench.wait("delivery", lambda: "late@big.example" in bench.provider("big")["recipients"])


if __name__ == "__main__":
    run(globals())
