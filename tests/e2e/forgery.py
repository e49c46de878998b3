#!/usr/bin/env python3
"""Lines that somebody else wrote into the log or the journal change nothing."""

import datetime
import os
import pwd
import re

import journal
from bench import check, equal, run

UNKNOWN = "550 5.1.1 The email account that you tried to reach does not exist. - gsmtp"
TOO_FAST = "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail. - gsmtp"
PROVIDERS = [{"name": "big", "words": "gmail", "mailboxes": {"away": "451 4.3.0 later"}}, {"name": "small"}]
OPEN = '[ramp]\nplan = "none"\n'


def line(bench, queue_id, recipient, reply, status="bounced", program="postfix/smtp"):
    """As logger -t postfix/smtp writes it."""
    stamp = datetime.datetime.now().strftime("%b %e %H:%M:%S")
    relay = f"127.0.0.2[127.0.0.2]:{bench.provider('big')['port']}"
    dsn = re.search(r"[245]\.\d\.\d+", reply).group()
    return (f"{stamp} mail {program}[4711]: {queue_id}: to=<{recipient}>, relay={relay}, delay=0.1,"
            f" delays=0/0/0/0.1, dsn={dsn}, status={status} (host {relay} said: {reply} (in reply to RCPT TO"
            " command))")


def reports(bench):
    """How many were learned from."""
    return sum(bench.whole_status()["replies"].values())


def waiting(bench):
    """A message that stays in the queue. @return its queue ID"""
    bench.accepted(["away@big.example"])
    name, = bench.wait("a deferred message", lambda: [one[1] for one in bench.queue() if one[0] == "deferred"])
    bench.wait("its report", lambda: reports(bench))
    return name


def about_none(bench):
    """Bad news about messages that this host never had."""
    return [line(bench, "4F00B4C07E", "alive@big.example", UNKNOWN),
            line(bench, "4F01B4C07E", "alive@big.example", TOO_FAST, status="deferred"),
            line(bench, "4Zk1Zx2mKQz4w3", "other@big.example", TOO_FAST, status="deferred")]


def about_one(bench, queue_id):
    """Bad news about one it has, but of recipients that it does not have."""
    return [line(bench, queue_id, "alive@big.example", UNKNOWN),
            line(bench, queue_id, "other@big.example", TOO_FAST, status="deferred")]


def check_nothing_learned(bench):
    status = bench.whole_status()
    equal((status["suppressed"], status["suppressed_pending"]), (0, 0), "suppressed, pending")
    flow = bench.status("shop.example", "big")
    equal((flow["state"], flow["deferrals"], flow["refused"]), ("open", 0, 0), "state, deferrals, refused")
    bench.accepted(["alive@big.example", "other@big.example"])


def test_forged_lines_in_the_log_change_nothing(bench):
    bench.start(OPEN, PROVIDERS)
    waiting(bench)
    before = bench.counter("reports_unknown_message_total")
    lines = about_none(bench)
    with open(bench.log, "a", encoding="ascii") as file:
        file.write("".join(one + "\n" for one in lines))
    bench.wait_counter("reports_unknown_message_total", before + len(lines))
    check_nothing_learned(bench)


def test_lines_by_another_source_change_nothing(bench):
    """What another program brings is believed of the recipients that the milter saw, and no others."""
    bench.start(OPEN, PROVIDERS)
    queue_id = waiting(bench)
    before = bench.counter("reports_unknown_message_total")
    lines = about_none(bench) + about_one(bench, queue_id)
    bench.command("feed", "-", text="".join(one + "\n" for one in lines))
    equal(bench.counter("reports_unknown_message_total"), before + len(lines), "lines about nothing that is known")
    check_nothing_learned(bench)


def test_forged_entries_of_the_journal_change_nothing(bench):
    if not journal.find_writer():
        print("not run: there is no systemd-journal-remote")
        return
    directory = os.path.join(bench.directory, "journal")
    os.mkdir(directory)
    bench.sources = [f'journal = true\ndirectory = "{directory}"\nusers = ["uucp"]']
    journal.append(directory, ["Nov 21 07:00:00 mail systemd[1]: began"], 0)
    bench.start(OPEN, PROVIDERS)
    copied, mta = 0, pwd.getpwnam("uucp").pw_uid

    def copy(uid):
        """What Postfix wrote since the last time: to the journal, by this user."""
        nonlocal copied
        with open(bench.log, encoding="ascii") as file:
            lines = [one for one in file.read().splitlines() if " postfix/" in one]
        journal.append(directory, lines[copied:], uid)
        copied = len(lines)

    # Somebody writes the whole life of a message that there never was, and of one that there is.
    bench.accepted(["away@big.example", "alive@big.example"])
    queue_id, = bench.wait("a deferred message", lambda: [one[1] for one in bench.queue() if one[0] == "deferred"])
    lives = ["Nov 21 07:00:00 mail postfix/qmgr[4711]: 4F00B4C07E: from=<news@shop.example>, size=1, nrcpt=1"
             " (queue active)"]
    lives += about_none(bench) + about_one(bench, queue_id)
    lives.append(line(bench, queue_id, "away@big.example", UNKNOWN))
    journal.append(directory, lives, 1000)
    bench.wait_counter("feed_entries_untrusted_total", len(lives))
    check_nothing_learned(bench)
    equal(reports(bench), 0, "reports counted")
    # The words of the MTA's user and of root count.
    bench.wait_delivered("big", 2 + 1)
    copy(mta)
    bench.wait("the reports", lambda: bench.status("shop.example", "big")["delivered_day"] == 3)
    check(reports(bench) > 3, "the deferral is not counted")
    bench.accepted(["dead@big.example"])
    bench.wait("the answer", lambda: bench.provider("big")["dead_attempts"])
    bench.wait("a shorter queue", lambda: len(bench.queue()) == 1)
    copy(0)
    bench.wait_suppressed("dead@big.example")


if __name__ == "__main__":
    run(globals())
