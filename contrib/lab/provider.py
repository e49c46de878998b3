#!/usr/bin/env python3
"""A receiving side that treats mail as large providers do: several of them, one loopback address each.

    provider.py CONFIG.json

CONFIG.json:

    {"report": "FILE",            rewritten when something changed; counters of every provider
     "day": 86400, "minute": 60,  their length in seconds, to compress time
     "providers": [
       {"name": "bigmail", "address": "127.0.0.2", "port": 0,
        "words": "gmail",         gmail | outlook | yahoo | plain: texts, codes and stage
        "day_first": 200,         recipients a sender domain may bring on its first day, and
        "day_growth": 2.0,        later: this many times the most it delivered on an earlier day
        "minute_limit": 60,       and at most so many in a minute
        "hot_minute": 10,         and so many a minute to one mailbox whose name starts with "hot"
        "push_limit": 50,         refused for volume so often within "push_window" seconds: blocked
        "push_window": 3600,
        "block_for": 7200,        seconds; every further block lasts twice as long
        "dead_share": 0.02,       part of the mailboxes that do not exist (chosen by the address)
        "greeting": "421 busy",   said instead of a greeting, and then good-bye
        "mailboxes": {"odd": "550 5.7.1 no"},
                                  replies to RCPT for mailboxes whose name starts so
       "outage": "FILE",          while there is such a file, no mailbox is said to exist, or what the
                                  file has in it is the reply to RCPT
       "keep": "DIRECTORY"}]}     every message that was taken becomes a file there

Every limit is off when it is absent. Mailboxes whose name starts with "dead" never exist; "full" are over
quota; "slow" answer after two seconds; "refuse" are refused at the end of the message for its content.
Port 0 picks a free one: the report has it, and appears once all listen. SIGTERM writes it and ends.

The same mails at the same times get the same answers: there is no chance in it.
"""

import asyncio
import hashlib
import json
import os
import re
import signal
import sys
import time
from collections import deque

# What is said when there is too much, when the sender is blocked, and when there is no such mailbox:
# (stage, code and enhanced code, lines).
WORDS = {
    "gmail": {
        "host": "mx.google.example",
        "rate": ("end", "421", "4.7.28", [
            "Gmail has detected an unusual rate of unsolicited mail", "originating from your IP address [127.0.0.1].",
            "To protect our users from spam, mail sent from your IP", "address has been temporarily rate limited. Please visit",
            "https://support.google.com/mail/answer/81126 to review our Bulk", "Email Senders Guidelines. - gsmtp"]),
        "block": ("end", "550", "5.7.1", [
            "[127.0.0.1] Our system has detected an unusual rate of", "unsolicited mail originating from your IP address. To protect",
            "our users from spam, mail sent from your IP address has been", "blocked. Please visit https://support.google.com/mail/answer/81126",
            "to review our Bulk Email Senders Guidelines. - gsmtp"]),
        "dead": ("550", "5.1.1", [
            "The email account that you tried to reach does not exist.", "Please try double-checking the recipient's email address for typos",
            "or unnecessary spaces. For more information, go to", "https://support.google.com/mail/?p=NoSuchUser - gsmtp"]),
        "hot": ("450", "4.2.1", [
            "The user you are trying to contact is receiving mail at a rate that", "prevents additional messages from being delivered. Please resend",
            "your message at a later time. - gsmtp"]),
    },
    "outlook": {
        "host": "mx.outlook.example",
        "rate": ("mail", "451", "4.7.650", [
            "The mail server [127.0.0.1] has been temporarily rate limited due to IP reputation. For e-mail delivery"
            " information, see https://postmaster.live.com (S775)"]),
        "block": ("mail", "550", "5.7.1", [
            "Unfortunately, messages from [127.0.0.1] weren't sent. Please contact your Internet service provider"
            " since part of their network is on our block list (S3140). You can also refer your provider to"
            " http://mail.live.com/mail/troubleshooting.aspx#errors."]),
        "dead": ("550", "5.5.0", ["Requested action not taken: mailbox unavailable (S2017062302)."]),
        "hot": ("452", "4.3.2", ["STOREDRV.Deliver; recipient thread limit exceeded"]),
    },
    "yahoo": {
        "host": "mta.yahoo.example",
        "rate": ("mail", "421", "4.7.0", [
            "[TSS04] Messages from 127.0.0.1 temporarily deferred due to unexpected volume or user complaints -"
            " 4.16.55.1; see https://postmaster.yahooinc.com/error-codes"]),
        "block": ("mail", "554", "5.7.1", [
            "[BL21] Connections will not be accepted from 127.0.0.1, because the ip is in Spamhaus's list; see"
            " https://postmaster.yahooinc.com/error-codes"]),
        "dead": ("552", "1", ["Requested mail action aborted, mailbox not found"]),
        "hot": ("451", "4.2.1", ["mailbox temporarily busy"]),
    },
    "plain": {
        "host": "mx.plain.example",
        "rate": ("mail", "450", "4.7.1", ["too many messages from your domain, slow down"]),
        "block": ("mail", "554", "5.7.1", ["your domain is blocked for sending too much"]),
        "dead": ("550", "5.1.1", ["User unknown in virtual mailbox table"]),
        "hot": ("450", "4.2.1", ["mailbox is receiving mail too quickly"]),
    },
}


def reply(code, enhanced, lines):
    prefix = f"{enhanced} " if "." in enhanced else ""
    return "".join(f"{code}{'-' if i + 1 < len(lines) else ' '}{prefix}{line}\r\n"
                   for i, line in enumerate(lines))


class Standing:
    """What one provider knows about one sender domain."""

    def __init__(self):
        self.minute = deque()   # times of recipients taken
        self.day = -1
        self.today = 0
        self.best = 0           # most on an earlier day
        self.pushes = deque()   # times of refusals for volume
        self.blocked_until = 0.0
        self.blocks = 0


class Provider:
    def __init__(self, options, day, minute, changed):
        self.options = options
        self.name = options["name"]
        self.words = WORDS[options.get("words", "plain")]
        self.day, self.minute, self.changed = day, minute, changed
        self.start = None
        self.standings = {}
        self.hot = {}
        self.seen = set()
        self.counters = {"delivered": 0, "duplicates": 0, "messages": 0, "connections": 0, "rate_limited": 0,
                         "blocked": 0, "blocks": 0, "dead_attempts": 0, "mailbox_busy": 0, "mailbox_full": 0,
                         "content": 0, "replies": {}}
        self.recipients = {}    # address -> deliveries
        self.dead = {}          # address -> attempts
        self.series = []        # per second since the first mail: delivered, rate_limited, blocked

    # -- what it counts

    def count(self, what, number=1):
        self.counters[what] += number
        if what in ("delivered", "rate_limited", "blocked"):
            second = int(self.now() - self.start)
            if not self.series or self.series[-1][0] != second:
                self.series.append([second, 0, 0, 0])
            self.series[-1][("delivered", "rate_limited", "blocked").index(what) + 1] += number
        self.changed()

    def report(self):
        days = {domain: [standing.best, standing.today] for domain, standing in self.standings.items()}
        return {**self.counters, "address": self.options["address"], "port": self.options["port"],
                "senders": days, "dead": self.dead, "recipients": self.recipients, "series": self.series}

    # -- what it decides

    def now(self):
        now = time.monotonic()
        if self.start is None:
            self.start = now
        return now

    def standing(self, sender):
        now = self.now()
        standing = self.standings.setdefault(sender.rpartition("@")[2].lower(), Standing())
        today = int((now - self.start) / self.day)
        if today != standing.day:
            standing.best = max(standing.best, standing.today)
            standing.day, standing.today = today, 0
        while standing.minute and standing.minute[0] <= now - self.minute:
            standing.minute.popleft()
        return standing

    def refusal(self, sender, recipients):
        """(kind, reply) when the sender may not deliver so many recipients now, else None."""
        if not sender:
            return None
        now, options, standing = self.now(), self.options, self.standing(sender)
        if now < standing.blocked_until:
            self.count("blocked")
            return self.say(*self.words["block"][1:])
        limit = options.get("day_first")
        if limit is not None:
            limit = max(limit, standing.best * options.get("day_growth", 2.0))
        over_day = limit is not None and standing.today + recipients > limit
        per_minute = options.get("minute_limit")
        if not over_day and (per_minute is None or len(standing.minute) + recipients <= per_minute):
            return None
        self.count("rate_limited")
        standing.pushes.append(now)
        while standing.pushes[0] <= now - options.get("push_window", 3600):
            standing.pushes.popleft()
        if len(standing.pushes) >= options.get("push_limit", float("inf")):
            standing.pushes.clear()
            standing.blocked_until = now + options.get("block_for", 7200) * 2 ** standing.blocks
            standing.blocks += 1
            self.count("blocks")
        return self.say(*self.words["rate"][1:])

    def mailbox(self, address):
        """The reply that refuses this mailbox, or None."""
        local = address.rpartition("@")[0].lower()
        share = int(hashlib.sha256(address.lower().encode()).hexdigest()[:8], 16) / 2**32
        outage = "outage" in self.options and os.path.exists(self.options["outage"])
        if outage and (text := self.outage_reply()):
            return self.say(text[:3], "", [text[4:]])
        if outage or local.startswith("dead") or share < self.options.get("dead_share", 0):
            self.dead[address] = self.dead.get(address, 0) + 1
            self.count("dead_attempts")
            return self.say(*self.words["dead"])
        if local.startswith("full"):
            self.count("mailbox_full")
            return self.say("452", "4.2.2", ["The recipient's inbox is out of storage space."])
        for name, text in self.options.get("mailboxes", {}).items():
            if local.startswith(name):
                return self.say(text[:3], "", [text[4:]])
        if local.startswith("hot") and "hot_minute" in self.options:
            now, times = self.now(), self.hot.setdefault(address, deque())
            while times and times[0] <= now - self.minute:
                times.popleft()
            if len(times) >= self.options["hot_minute"]:
                self.count("mailbox_busy")
                return self.say(*self.words["hot"])
            times.append(now)
        return None

    def outage_reply(self):
        with open(self.options["outage"], encoding="ascii") as file:
            return file.read().strip()

    def take(self, sender, recipients, identity):
        now = self.now()
        if sender:
            standing = self.standing(sender)
            standing.today += len(recipients)
            standing.minute.extend([now] * len(recipients))
        for address in recipients:
            if (identity, address) in self.seen:
                self.count("duplicates")
            self.seen.add((identity, address))
            self.recipients[address] = self.recipients.get(address, 0) + 1
        self.count("delivered", len(recipients))
        self.count("messages")

    def keep(self, lines):
        """Under a name that appears when all of the message is there."""
        if "keep" not in self.options:
            return
        path = os.path.join(self.options["keep"], f"{self.counters['messages']:06}")
        with open(path + ".new", "wb") as file:
            file.writelines(lines)
        os.rename(path + ".new", path + ".eml")

    def say(self, code, enhanced, lines):
        replies = self.counters["replies"]
        replies[code] = replies.get(code, 0) + 1
        self.changed()
        return reply(code, enhanced, lines)

    # -- the conversation

    async def serve(self, reader, writer):
        self.counters["connections"] += 1
        try:
            await self.converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()

    async def converse(self, reader, writer):
        host, sender, recipients = self.words["host"], None, []

        async def send(text):
            writer.write(text.encode())
            await writer.drain()
            return not text.startswith("421")

        if "greeting" in self.options:
            await send(self.say(self.options["greeting"][:3], "", [self.options["greeting"][4:]]))
            return
        await send(f"220 {host} ESMTP\r\n")
        while True:
            line = (await reader.readline()).decode("latin-1")
            if not line:
                return
            verb = line[:4].upper()
            if verb in ("EHLO", "HELO"):
                await send(f"250-{host}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n")
            elif verb == "MAIL":
                sender, recipients = re.search(r"<([^>]*)>", line).group(1), []
                answer = None
                if self.words["rate"][0] == "mail":
                    answer = self.refusal(sender, 1)
                if answer:
                    sender = None
                if not await send(answer or "250 2.1.0 Ok\r\n"):
                    return
            elif verb == "RCPT" and sender is None:
                await send("503 5.5.1 MAIL first\r\n")
            elif verb == "RCPT":
                address = re.search(r"<([^>]*)>", line).group(1)
                if address.lower().startswith("slow"):
                    await asyncio.sleep(2)
                answer = self.mailbox(address)
                if not answer:
                    recipients.append(address)
                await send(answer or "250 2.1.5 Ok\r\n")
            elif verb == "DATA":
                if not recipients:
                    await send("503 5.5.1 RCPT first\r\n")
                    continue
                await send("354 go on\r\n")
                identity, lines = await self.content(reader)
                answer = None
                if any(address.lower().startswith("refuse") for address in recipients):
                    self.count("content")
                    answer = self.say("550", "5.7.1", ["Our system has detected that this message is likely"
                                                       " unsolicited mail. - gsmtp"])
                elif self.words["rate"][0] == "end":
                    answer = self.refusal(sender, len(recipients))
                if not answer:
                    self.take(sender, recipients, identity)
                    self.keep(lines)
                sender = None
                if not await send(answer or "250 2.0.0 OK queued\r\n"):
                    return
            elif verb == "RSET":
                sender, recipients = None, []
                await send("250 2.0.0 Ok\r\n")
            elif verb == "NOOP":
                await send("250 2.0.0 Ok\r\n")
            elif verb == "QUIT":
                await send("221 2.0.0 Bye\r\n")
                return
            else:
                await send("500 5.5.2 what?\r\n")

    async def content(self, reader):
        """Reads the message. @return what identifies it, its Message-ID, and, to be kept, its lines"""
        identity, header, lines = "", True, []
        while True:
            line = await reader.readline()
            if not line:
                raise ConnectionError
            if line == b".\r\n":
                return identity, lines
            if "keep" in self.options:
                lines.append(line[1:] if line.startswith(b".") else line)
            if line == b"\r\n":
                header = False
            elif header and line[:11].lower() == b"message-id:":
                identity = line[11:].strip().decode("latin-1")


async def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    dirty = asyncio.Event()
    providers = [Provider(options, config.get("day", 86400), config.get("minute", 60), dirty.set)
                 for options in config["providers"]]

    def write():
        text = json.dumps({provider.name: provider.report() for provider in providers}, indent=1)
        with open(config["report"] + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(config["report"] + ".new", config["report"])

    for provider in providers:
        server = await asyncio.start_server(provider.serve, provider.options["address"],
                                            provider.options.get("port", 0), limit=1 << 20, backlog=500)
        provider.options["port"] = server.sockets[0].getsockname()[1]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    write()
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), 0.2)
        except asyncio.TimeoutError:
            pass
        if dirty.is_set():
            dirty.clear()
            write()
    write()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    asyncio.run(main())
