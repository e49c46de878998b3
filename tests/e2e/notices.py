#!/usr/bin/env python3
"""Bounces that come later, as mail: they are believed by the token that the mail took along."""

import glob
import os
import pwd
import shutil
import smtplib
import time
from email.parser import BytesHeaderParser

from bench import WAIT, Bench, check, equal, run

KNOWN = "550 5.1.1 The mailbox you tried to reach does not exist"
OWN = 'host_names = ["mail.lab.example"]\n'


class NoticeBench(Bench):
    """With mailboxes of shop.example, which get the bounces, delivered by virtual(8) of Postfix."""

    control_group = "nogroup"   # of who delivers

    def start(self, config="", mta=(), **more):  # pylint: disable=arguments-differ
        self.kept = os.path.join(self.directory, "kept")
        self.mail = os.path.join(self.directory, "mail")
        for path in (self.kept, *(os.path.join(self.mail, "news", one) for one in ("tmp", "new", "cur"))):
            os.makedirs(path, exist_ok=True)
        open(os.path.join(self.mail, "mbox"), "w", encoding="ascii").close()
        self.give_away(self.mail)
        super().start(config, [{"name": "big", "words": "gmail", "keep": self.kept}, {"name": "small"}], mta, **more)

    def give_away(self, top):
        nobody = pwd.getpwnam("nobody")
        for path, _, files in os.walk(top):
            for one in ("", *files):
                os.chown(os.path.join(path, one), nobody.pw_uid, nobody.pw_gid)

    def create_mta(self, more):
        nobody = pwd.getpwnam("nobody")
        boxes = os.path.join(self.mta_dir, "boxes")
        super().create_mta([f"virtual_mailbox_base={self.mail}", f"virtual_mailbox_maps=texthash:{boxes}",
                            f"virtual_uid_maps=static:{nobody.pw_uid}", f"virtual_gid_maps=static:{nobody.pw_gid}",
                            *more])
        # pipe(8) starts it as nobody, who may not be let into the directory of the build.
        program = shutil.copy(self.binary, self.directory)
        with open(boxes, "w", encoding="ascii") as file:
            file.write("news@shop.example news/\nmbox@shop.example mbox\n")
        with open(os.path.join(self.mta_dir, "etc", "transport"), "a", encoding="ascii") as file:
            file.write("feed@shop.example feed:\nshop.example virtual:\n")
        with open(os.path.join(self.mta_dir, "etc", "master.cf"), "a", encoding="ascii") as file:
            file.write("virtual unix - n n - - virtual\n"
                       f"feed unix - n n - - pipe flags=Rq user=nobody argv={program}"
                       f" --socket {self.directory}/control.sock feed --message\n")

    # -- mail out

    def tokens(self):
        """What each message that arrived has: Message-ID -> tokens."""
        found = {}
        for path in glob.glob(os.path.join(self.kept, "*.eml")):
            with open(path, "rb") as file:
                header = BytesHeaderParser().parse(file)
            found[header["Message-ID"]] = header.get_all("X-Rampart-Id", [])
        return found

    def send(self, recipients):
        """@return the token that the message had where it arrived"""
        self.accepted(recipients)
        name = f"<{self.number}@bench>"
        return self.wait("arrival", lambda: self.tokens().get(name))[0]

    # -- bounces in

    def hand_in(self, text, to="news@shop.example", sender=""):
        """Another server hands a mail in. It is never refused."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=WAIT) as server:
            server.ehlo()
            equal(server.mail(sender)[0], 250, "MAIL")
            equal(server.rcpt(to)[0], 250, "RCPT")
            equal(server.data(text.encode())[0], 250, "end of the bounce")

    def delivered(self):
        """The files of the mailbox."""
        return [path for name in ("new", "cur") for path in glob.glob(os.path.join(self.mail, "news", name, "*"))]

    def outcomes(self):
        counters = self.whole_status()["counters"]
        return {name: counters.get(f"notices_{name}_total", 0)
                for name in ("counted", "repeated", "confirmed", "not_ours", "nothing", "dropped")}

    def wait_outcomes(self, **expected):
        """These, and no others."""
        wanted = {**dict.fromkeys(("counted", "repeated", "confirmed", "not_ours", "nothing", "dropped"), 0),
                  **expected}
        self.wait(f"outcomes {expected}", lambda: sum(self.outcomes().values()) >= sum(wanted.values()))
        equal(self.outcomes(), wanted, "outcomes")


def notice(recipient, token, reporter="mx2.big.example", own_header="", reply=KNOWN):
    """A bounce of RFC 3464 with the header of the returned message."""
    returned = f"X-Rampart-Id: {token}\r\n" if token else ""
    return "\r\n".join(f"""From: MAILER-DAEMON@{reporter}
To: news@shop.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <{time.monotonic_ns()}@{reporter}>
{own_header}Auto-Submitted: auto-replied
Date: Sat, 21 Nov 2026 12:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="=_part"

--=_part
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered to {recipient}.
.A line with a dot in front.

--=_part
Content-Type: message/delivery-status

Reporting-MTA: dns; {reporter}

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; {reply}

--=_part
Content-Type: text/rfc822-headers

Received: from mail.lab.example by {reporter}
{returned.strip() or "X-Other: 1"}
From: <news@shop.example>
Subject: test

--=_part--
""".split("\n"))


def test_bounce_with_the_token_is_believed_once(bench):
    bench.start("[dsn]\nmilter = true\n")
    token = bench.send(["gone@big.example"])
    check(len(token) == 32 and set(token) <= set("0123456789abcdef"), f"token {token!r}")
    bench.wait("the report", lambda: bench.status("shop.example", "big")["delivered_day"] == 1)
    text = notice("gone@big.example", token)
    bench.hand_in(text)
    bench.wait_suppressed("gone@big.example")
    bench.wait_outcomes(counted=1)
    entry, = bench.entries("gone@big.example")
    check("does not exist" in entry["evidence"] and entry["queue_id"], f"entry {entry}")
    (code, said), = bench.submit(["gone@big.example"])
    equal(code, 550, f"suppressed recipient ({said})")
    # The bounce itself goes on as it is; Postfix adds what is in front.
    path, = bench.wait("the bounce in its mailbox", bench.delivered)
    with open(path, encoding="ascii") as file:
        arrived = file.read()
    unchanged = text.replace("\r\n", "\n")
    check(arrived.endswith(unchanged), f"changed: {arrived}")
    names = [line.split(":")[0] for line in arrived[:-len(unchanged)].splitlines() if not line.startswith("\t")]
    equal(sorted(names), ["Delivered-To", "Received", "Return-Path", "X-Original-To"], "what was added")
    # A bounce is not refused even where its recipient is suppressed, and gets no token.
    bench.hand_in("From: a@b.example\r\nMessage-ID: <to-gone@bench>\r\n\r\nText.\r\n", to="gone@big.example")
    bench.wait("the bounce at the provider", lambda: "<to-gone@bench>" in bench.tokens())
    equal(bench.tokens()["<to-gone@bench>"], [], "tokens of a bounce")
    bench.wait_outcomes(counted=1, nothing=1)
    # What is known already is no news, whatever happened meanwhile.
    bench.command("suppression", "remove", "gone@big.example")
    bench.hand_in(text)
    bench.wait_outcomes(counted=1, nothing=1, repeated=1)
    bench.stop_rampart()
    bench.start_rampart()
    bench.hand_in(text)
    bench.wait_outcomes(repeated=1)
    equal(bench.entries("gone@big.example"), [], "entries after replays")
    # A token that two know does not suppress at once: one of them may speak for the other.
    token = bench.send(["one@big.example", "two@big.example"])
    bench.hand_in(notice("one@big.example", token))
    bench.wait_outcomes(repeated=1, counted=1)
    equal(bench.entries("one@big.example"), [], "entries")
    bench.accepted(["one@big.example"])


def test_bounce_by_somebody_else_changes_nothing(bench):
    bench.start("[dsn]\nmilter = true\n" + OWN + "[ramp]\nnull_per_hour = 2\n")
    one, two = bench.send(["one@big.example"]), bench.send(["two@big.example"])
    check(one != two, "the same token twice")
    forged = [notice("one@big.example", "0123456789abcdef" * 2),    # nobody's
              notice("one@big.example", two),                       # of another message
              notice("other@big.example", one),                     # for a recipient it did not have
              notice("one@big.example", one[:-1]),                  # cut
              notice("one@big.example", ""),                        # none
              notice("one@big.example", "", own_header=f"X-Rampart-Id: {one}\n")]
    for text in forged:
        bench.hand_in(text)
    bench.wait_outcomes(not_ours=len(forged))
    # As if this host had written it: its log would have told.
    bench.hand_in(notice("one@big.example", one, reporter="mail.lab.example"))
    bench.wait_outcomes(not_ours=len(forged), confirmed=1)
    # Mail of a person is no bounce, whatever it has in it.
    bench.hand_in(f"From: a@b.example\r\nSubject: 550 5.1.1\r\n\r\nX-Rampart-Id: {one}\r\n")
    bench.wait_outcomes(not_ours=len(forged), confirmed=1, nothing=1)
    # With a sender it is no bounce either, and is not even read.
    bench.hand_in(notice("one@big.example", one), sender="a@small.example")
    bench.wait("all in the mailbox", lambda: len(bench.delivered()) == len(forged) + 3)
    equal(sum(bench.outcomes().values()), len(forged) + 2, "notices read")
    equal(bench.whole_status()["suppressed"], 0, "suppressed")
    bench.accepted(["one@big.example", "two@big.example", "other@big.example"])


def test_own_bounce_only_confirms(bench):
    """Postfix bounces what was refused, and shows the bounce to the milter."""
    bench.start("[dsn]\nmilter = true\n" + OWN, mta=["internal_mail_filter_classes=bounce"])
    bench.accepted(["dead@big.example"])
    bench.wait_suppressed("dead@big.example")
    path, = bench.wait("Postfix's bounce", bench.delivered)
    bench.wait_outcomes(confirmed=1)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    check("Reporting-MTA: dns; mail.lab.example" in text and "X-Postfix-Queue-ID:" in text, text)
    head, _, returned = text.partition("\n\n")
    check("X-Rampart-Id" in returned and "X-Rampart-Id" not in head, text)
    flow = bench.status("shop.example", "big")
    equal((flow["refused"], flow["in_flight"]), (1, 0), "refused, in flight")


def test_mailboxes_and_the_command_are_doors_too(bench):
    bench.start(f'[dsn]\nmaildir = ["{bench.directory}/mail/news"]\nmbox = ["{bench.directory}/mail/mbox"]\n')
    boxes = ["news@shop.example", "mbox@shop.example", "feed@shop.example"]
    tokens = [bench.send([f"gone{i}@big.example"]) for i in range(3)]
    for i, box in enumerate(boxes):
        bench.hand_in(notice(f"gone{i}@big.example", "f" * 32), to=box)
    bench.wait_outcomes(not_ours=3)
    for i, box in enumerate(boxes):
        bench.hand_in(notice(f"gone{i}@big.example", tokens[i]), to=box)
        bench.wait_suppressed(f"gone{i}@big.example")
    bench.wait_outcomes(counted=3, not_ours=3)
    # The same bounce by every door counts once.
    for i, box in enumerate(boxes):
        bench.hand_in(notice("gone0@big.example", tokens[0]), to=box)
    bench.wait_outcomes(counted=3, not_ours=3, repeated=3)
    equal(bench.whole_status()["suppressed"], 3, "suppressed")
    bench.wait("an empty queue", lambda: not bench.queue())
    # A Maildir's messages are marked as read, none is lost.
    names = bench.wait("three read mails", lambda: len(os.listdir(os.path.join(bench.mail, "news", "cur"))) == 3
                       and os.listdir(os.path.join(bench.mail, "news", "cur")))
    check(all(name.endswith(":2,S") for name in names), f"names {names}")
    equal(os.listdir(os.path.join(bench.mail, "news", "new")), [], "mails left in new/")
    # The command tells people what became of a mail, and has the MTA keep it while rampart is down.
    for text, told in ((notice("gone0@big.example", "f" * 32), "not counted"),
                       (notice("gone0@big.example", tokens[0]), "known already")):
        said = bench.command("feed", "--message", "-v", text=text).stdout
        check(said.startswith(told), f"{said!r}, expected {told!r}")
    bench.stop_rampart()
    bench.hand_in(notice("gone2@big.example", tokens[2]), to="feed@shop.example")
    bench.wait("a deferred bounce", lambda: [one for one in bench.queue() if one[0] == "deferred"])
    bench.start_rampart()
    bench.wait("an empty queue", lambda: not bench.queue())
    bench.wait_outcomes(repeated=1)


if __name__ == "__main__":
    run(globals(), NoticeBench)
