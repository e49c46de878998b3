"""The bench of bench.py with a Sendmail."""

import json
import os
import re
import socket
import sys

import bench


def free_port(addresses):
    """A port that is free on all of these addresses."""
    while True:
        with socket.socket() as first:
            first.bind((addresses[0], 0))
            port = first.getsockname()[1]
            try:
                for address in addresses[1:]:
                    with socket.socket() as other:
                        other.bind((address, port))
                return port
            except OSError:
                continue


class SendmailBench(bench.Bench):
    mta_name, script, socket_group = "Sendmail", "sendmail.sh", ""
    filter_options = "T=C:3s;S:5s;R:5s;E:10s"   # no F=: mail passes when rampart is not there

    def __init__(self, binary, root):
        super().__init__(binary, root)
        self.socket = os.path.join(self.directory, "milter", "rampart.sock")

    # -- the MTA

    def start_providers(self, providers):
        """All at one port: Sendmail has one for all servers."""
        addresses = [one.get("address", f"127.0.0.{number + 2}") for number, one in enumerate(providers)]
        self.relay_port = free_port(addresses)
        super().start_providers([{"port": self.relay_port, **one} for one in providers])

    def create_mta(self, more):
        self.lab("create", self.mta_dir, self.root, str(self.port), str(self.relay_port),
                 f"INPUT_MAIL_FILTER(`rampart', `S=unix:{self.socket}, {self.filter_options}')", *more)
        path = os.path.join(self.mta_dir, "etc", "mailertable")
        with open(path, encoding="ascii") as file:
            rest = file.read()
        with open(path, "w", encoding="ascii") as file:
            for one in self.providers:
                file.write(f"{one['name']}.example esmtp:[{one['address']}]\n")
            file.write(rest)

    def sendmail(self, recipients, sender="app@shop.example", **more):
        """Hands a message in as an application does. @return what sendmail(1) did"""
        self.number += 1
        return self.lab("msp", self.mta_dir, "-f", sender, *recipients, **more,
                        text=f"From: <{sender}>\nSubject: test\nMessage-ID: <{self.number}@bench>\n\nText.\n")

    def queue(self):
        """[(queue name, queue ID, recipients)] of the daemon and of the submission program."""
        return [*self.listed("deferred", "mta", "-bp"), *self.listed("hold", "mta", "-bp", "-qQ"),
                *self.listed("msp", "msp", "-bp")]

    def listed(self, name, program, *words):
        """What mailq shows: an entry begins with the queue ID, the recipients stand below, indented."""
        entries = []
        for line in self.lab(program, self.mta_dir, *words).stdout.splitlines():
            if found := re.match(r"([0-9A-Za-x]{8}\d{6,})[*X-]?\s", line):
                entries.append((name, found.group(1), []))
            elif entries and (found := re.fullmatch(r"\s+<?([^\s<>()]+@[^\s<>()]+?)>?", line)):
                entries[-1][2].append(found.group(1))
        return entries

    def wait_queue_empty(self):
        self.wait("an empty queue", lambda: not self.queue())

    # -- seeing

    def log_lines(self, part):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return [line for line in file.read().splitlines() if part in line]

    def why(self, address):
        return json.loads(self.command("suppression", "why", address, "--json", check_status=False).stdout)

    def flow(self, sender, provider):
        return json.loads(self.command("flow", "show", sender, provider, "--json").stdout)


def run(tests):
    bench.run(tests, SendmailBench)


if __name__ == "__main__":
    sys.exit(__doc__)
