#!/usr/bin/env python3
"""Sends mail by SMTP as a newsletter system does: at a rate, over several connections, with a queue.

    send.py --server 127.0.0.1:2525 --sender news@sender.example --recipients FILE [options]

FILE has one address a line. Every address gets one message for each issue. What is refused with 4xx goes
into the program's own queue and is tried again; 5xx is given up. It ends when nothing is left to do or when
the time is up, and prints counts as one line of JSON:

    accepted  recipients that the server took          waiting   still in the own queue at the end
    rejected  recipients refused for good              unsent    never tried
    attempts  RCPT commands                            replies   how often each code came, with an example

SIGTERM ends it early, with the same line.
"""

import argparse
import heapq
import json
import signal
import smtplib
import sys
import threading
import time


class Mail:
    """One message that some recipients are still to get."""

    def __init__(self, number, issue, recipients):
        self.number, self.issue, self.recipients = number, issue, recipients
        self.tries = 0


class Sender:
    def __init__(self, options):
        self.options = options
        self.lock = threading.Condition()
        self.queue = []                 # (when, order, Mail)
        self.order = 0
        self.busy = 0
        self.stop_at = time.monotonic() + options.duration
        self.next_slot = time.monotonic()
        self.counts = {"messages": 0, "recipients": 0, "accepted": 0, "rejected": 0, "attempts": 0,
                       "deferrals": 0, "errors": 0}
        self.replies = {}

    def put(self, mail, when):
        with self.lock:
            self.order += 1
            heapq.heappush(self.queue, (when, self.order, mail))
            self.lock.notify()

    def take(self):
        """The next mail that is due, or None when there is nothing left or no time."""
        with self.lock:
            while True:
                now = time.monotonic()
                if now >= self.stop_at or (not self.queue and not self.busy):
                    self.lock.notify_all()
                    return None
                due = max(self.queue[0][0], self.next_slot) if self.queue else now + 0.5
                if due <= now:
                    if self.options.rate:
                        self.next_slot = max(self.next_slot, now - 1) + 1 / self.options.rate
                    self.busy += 1
                    return heapq.heappop(self.queue)[2]
                self.lock.wait(min(due, self.stop_at) - now)

    def done(self, mail, again):
        with self.lock:
            self.busy -= 1
            self.lock.notify_all()
        if again:
            mail.recipients = again
            mail.tries += 1
            self.put(mail, time.monotonic() + self.options.retry)

    def note(self, code, text):
        with self.lock:
            entry = self.replies.setdefault(str(code), [0, ""])
            entry[0] += 1
            entry[1] = entry[1] or text.decode("utf-8", "replace")

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] += number

    def send(self, server, mail):
        """Sends one mail; returns the recipients to try again."""
        code, text = server.mail(self.options.sender)
        if code != 250:
            self.note(code, text)
            server.rset()
            if code >= 500:
                self.count("rejected", len(mail.recipients))
                return []
            self.count("deferrals", len(mail.recipients))
            return mail.recipients
        taken, again = [], []
        for recipient in mail.recipients:
            self.count("attempts")
            code, text = server.rcpt(recipient)
            self.note(code, text)
            if code in (250, 251):
                taken.append(recipient)
            elif code >= 500:
                self.count("rejected")
            else:
                self.count("deferrals")
                again.append(recipient)
        if not taken:
            server.rset()
            return again
        code, text = server.data(self.body(mail))
        self.note(code, text)
        if code == 250:
            self.count("accepted", len(taken))
            self.count("messages")
        elif code >= 500:
            self.count("rejected", len(taken))
        else:
            self.count("deferrals", len(taken))
            again += taken
        return again

    def body(self, mail):
        domain = self.options.sender.rpartition("@")[2]
        return (f"From: <{self.options.sender}>\r\nTo: <undisclosed@{domain}>\r\n"
                f"Subject: Issue {mail.issue}\r\n"
                f"Message-ID: <{self.options.tag}.{mail.issue}.{mail.number}@{domain}>\r\n"
                "\r\nNews.\r\n").encode()

    def work(self):
        server = None
        while (mail := self.take()) is not None:
            again = mail.recipients
            try:
                if server is None:
                    server = smtplib.SMTP(*self.options.server, timeout=30)
                    server.ehlo()
                again = self.send(server, mail)
            except (OSError, smtplib.SMTPException) as error:
                self.count("errors")
                self.note("lost", str(error).encode())
                server = None
            finally:
                self.done(mail, again if self.options.retry >= 0 else [])
        if server:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                pass

    def run(self):
        threads = [threading.Thread(target=self.work) for _ in range(self.options.connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        waiting = [mail for _, _, mail in self.queue]
        return {**self.counts, "waiting": sum(len(mail.recipients) for mail in waiting if mail.tries),
                "unsent": sum(len(mail.recipients) for mail in waiting if not mail.tries),
                "replies": self.replies}


def server_of(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def main():
    parser = argparse.ArgumentParser(description="Sends mail by SMTP, with a queue of its own.")
    parser.add_argument("--server", type=server_of, required=True, metavar="HOST:PORT")
    parser.add_argument("--sender", required=True, metavar="ADDRESS")
    parser.add_argument("--recipients", required=True, metavar="FILE")
    parser.add_argument("--issues", type=int, default=1, help="how often each address gets mail")
    parser.add_argument("--per-message", type=int, default=1, help="recipients in one message")
    parser.add_argument("--rate", type=float, default=0, help="messages a second; 0: as fast as it goes")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--retry", type=float, default=5, help="seconds until the next try; below 0: none")
    parser.add_argument("--duration", type=float, default=3600, help="seconds until it gives up")
    parser.add_argument("--tag", default="m", help="makes the Message-IDs of this run differ")
    options = parser.parse_args()
    with open(options.recipients, encoding="utf-8") as file:
        addresses = [line.strip() for line in file if line.strip()]
    sender, number = Sender(options), 0
    sender.counts["recipients"] = len(addresses) * options.issues
    for issue in range(1, options.issues + 1):
        for start in range(0, len(addresses), options.per_message):
            number += 1
            sender.put(Mail(number, issue, addresses[start:start + options.per_message]), 0)

    def stop(*_):
        sender.stop_at = 0

    signal.signal(signal.SIGTERM, stop)
    print(json.dumps(sender.run()))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
