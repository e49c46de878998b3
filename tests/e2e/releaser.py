"""A root helper of its own for an end-to-end test, and what tests of held mail share."""

import json
import os
import socket
import subprocess

from bench import check, equal

# A day of 24 times this many seconds.
HOUR = 1


def plan(start, extra=""):
    return f"""
[ramp]
over = "hold"
hour = "{HOUR}s"
hour_min = 100
burst_min = 100
flight_min = 100
flight_new = 100
first_contact = 100
hourly_share = 1.0
[plan.standard]
schedule = [{start}]
{extra}
"""


class Releaser:
    """`rampart releaser` for a bench; `words` name its MTA."""

    def __init__(self, bench, words):
        self.bench, self.words, self.process = bench, words, None

    def start(self):
        with open(os.path.join(self.bench.directory, "releaser.log"), "a", encoding="ascii") as log:
            self.process = subprocess.Popen([self.bench.binary, "-c", self.bench.config, "releaser", *self.words],
                                            stderr=log, stdout=log)
        self.bench.wait("the releaser", lambda: os.path.exists(self.bench.releaser_socket))
        check(self.process.poll() is None, "the releaser ended")
        return self

    def stop(self, number=15):
        process, self.process = self.process, None
        process.send_signal(number)
        return process.wait(30)


def postfix_words(bench):
    """A Postfix that is not installed needs its libraries: small programs find them."""
    words = ["--mta", "postfix", "--mta-config", os.path.join(bench.mta_dir, "etc")]
    for name in ("postsuper", "postqueue", "postcat", "postconf"):
        path = os.path.join(bench.directory, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\nLD_LIBRARY_PATH='{bench.root}/usr/lib/postfix' "
                       f"exec '{bench.root}/usr/sbin/{name}' \"$@\"\n")
        os.chmod(path, 0o755)
        words += [f"--{name}", path]
    return words


def sendmail_words(bench):
    return ["--mta", "sendmail", "--sendmail", os.path.join(bench.mta_dir, "sendmail"),
            "--sendmail-cf", os.path.join(bench.mta_dir, "etc", "sendmail.cf")]


def held(bench):
    return bench.command("hold", "list", "--ids").stdout.split()


def listed(bench):
    return json.loads(bench.command("hold", "list", "--json").stdout)["held"]


def in_hold_queue(bench):
    return sorted(queue_id for name, queue_id, _ in bench.queue() if name == "hold")


def wait_releaser(bench):
    """Until the service knows that it has one."""
    bench.wait("the releaser's first answer", lambda: "releaser: state=answers" in bench.log_text())


def each_delivered_once(bench, name, number):
    bench.wait(f"{number} deliveries at {name}", lambda: bench.provider(name)["delivered"] >= number, 120)
    equal(bench.provider(name)["delivered"], number, f"delivered at {name}")
    equal(bench.provider(name)["duplicates"], 0, "duplicates")
    equal(set(bench.provider(name)["recipients"].values()), {1}, "deliveries of each")


def begin(bench, config, words, **more):
    """Starts the bench and its releaser."""
    bench.start(config, **more)
    helper = Releaser(bench, words(bench)).start()
    bench.helpers.append(helper)
    wait_releaser(bench)
    return helper


def submit(bench, names, provider="big"):
    for name in names:
        bench.accepted([f"{name}@{provider}.example"])


def ask_helper(bench, command, queue_id):
    """What the helper itself answers to root, past the service."""
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(bench.releaser_socket)
        one.sendall(f"rampart 1 {command} 1\n{queue_id}\n".encode())
        return one.makefile().read()
