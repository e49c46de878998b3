"""What the end-to-end tests share: an MTA, providers and a rampart of their own, in a directory of /tmp.

A test is a program with functions named test_...; each gets a fresh Bench. See run() at the end.

    def test_something(bench):
        bench.start()
        bench.submit(["reader@big.example"])
        bench.wait("delivery", lambda: bench.provider("big")["delivered"] == 1)

Every wait is a poll with an end. The exit status is 77, with a reason, where the tests cannot run.
"""

import json
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
import traceback

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = os.path.join(SOURCE, "contrib", "lab")
WAIT = 30       # seconds that anything may take
LIMIT = 270     # seconds that a program may take; CTest's own limit is above
SKIPPED = 77


class Failed(Exception):
    """What was expected did not happen."""


def check(condition, text):
    if not condition:
        raise Failed(text)


def equal(actual, expected, what):
    check(actual == expected, f"{what}: {actual!r}, expected {expected!r}")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Bench:
    """With a Postfix. Another MTA overrides what is below "the MTA", and the class variables."""

    mta_name, script, socket_group = "Postfix", "postfix.sh", "uucp"
    control_group = ""

    def __init__(self, binary, root):
        self.binary, self.root = binary, root
        self.directory = tempfile.mkdtemp(prefix="rampart-e2e-")
        os.chmod(self.directory, 0o755)
        self.mta_dir = os.path.join(self.directory, "mta")
        self.log = os.path.join(self.mta_dir, "log", "mail.log")
        self.config = os.path.join(self.directory, "rampart.toml")
        self.socket = os.path.join(self.mta_dir, "spool", "rampart", "milter.sock")
        self.releaser_socket = os.path.join(self.directory, "releaser.sock")
        self.providers, self.rampart, self.receiving = [], None, None
        self.environment = None                     # of rampart, if not this program's own
        self.helpers = []                           # what has a process and a stop(), ended with the rest
        self.number = 0
        self.time = {}                              # "day", "minute": of the providers, if not the usual ones
        self.sources = [f'path = "{self.log}"']     # each an entry [[report.log]]

    @classmethod
    def missing(cls, _binary, root):
        """Makes the MTA's programs ready. @return why the tests cannot run, or nothing."""
        if os.geteuid() != 0:
            return f"only root can run {cls.mta_name}"
        os.makedirs(root, exist_ok=True)
        unpacked = subprocess.run([os.path.join(LAB, cls.script), "unpack", root],
                                  capture_output=True, text=True, check=False)
        return f"there is no {cls.mta_name}: {unpacked.stderr.strip()}" if unpacked.returncode != 0 else ""

    # -- setting up

    def start(self, config="", providers=None, mta=(), rampart=True):
        """Starts everything. `config` is added to rampart's configuration, `mta` to the MTA's."""
        self.start_providers(providers or [{"name": "big", "words": "gmail"}, {"name": "small"}])
        self.port = free_port()
        self.create_mta(mta)
        os.mkdir(os.path.dirname(self.socket))
        open(self.log, "a", encoding="ascii").close()
        self.write_config(config)
        if rampart:
            self.start_rampart()
        self.lab("start", self.mta_dir)

    # -- the MTA

    def create_mta(self, more):
        milter = "{ unix:rampart/milter.sock, default_action=accept, connect_timeout=3s, command_timeout=5s }"
        self.lab("create", self.mta_dir, self.root, str(self.port), "queue_run_delay=1s",
                 "minimal_backoff_time=1s", "maximal_backoff_time=2s", f"smtpd_milters={milter}",
                 f"non_smtpd_milters={milter}", *more)
        with open(os.path.join(self.mta_dir, "etc", "transport"), "w", encoding="ascii") as file:
            for one in self.providers:
                file.write(f"{one['name']}.example smtp:[{one['address']}]:{self.provider(one['name'])['port']}\n")

    def postfix(self, *words, **more):
        """A Postfix command for this instance."""
        return self.lab("run", self.mta_dir, *words, **more)

    def sendmail(self, recipients, sender="app@shop.example"):
        """Hands a message in as an application does."""
        self.number += 1
        self.postfix("sendmail", "-f", sender, *recipients,
                     text=f"From: <{sender}>\nSubject: test\nMessage-ID: <{self.number}@bench>\n\nText.\n")

    def queue(self):
        """[(queue name, queue ID, recipients)] of the MTA."""
        lines = self.postfix("postqueue", "-j").stdout.splitlines()
        return [(one["queue_name"], one["queue_id"], [to["address"] for to in one["recipients"]])
                for one in map(json.loads, lines)]

    # -- providers and rampart

    def start_providers(self, providers):
        for number, one in enumerate(providers):
            self.providers.append({"address": f"127.0.0.{number + 2}", **one})
        report = os.path.join(self.directory, "received.json")
        with open(os.path.join(self.directory, "provider.json"), "w", encoding="ascii") as file:
            json.dump({"report": report, "providers": self.providers, **self.time}, file)
        self.receiving = subprocess.Popen([sys.executable, os.path.join(LAB, "provider.py"), file.name])
        self.wait("the receiving side", lambda: os.path.exists(report))

    def write_config(self, config):
        providers = "".join(f'[provider.{one["name"]}]\ndomains = ["{one["name"]}.example"]\n'
                            f'mx = ["{one["address"]}"]\n' for one in self.providers)
        sources = "".join(f"[[report.log]]\n{one}\n" for one in self.sources)
        with open(self.config, "w", encoding="ascii") as file:
            file.write(f"""mode = "enforce"
tables = "{SOURCE}/conf"
[milter]
listen = "unix:{self.socket}"
socket_group = "{self.socket_group}"
[outbound]
local_domains = ["lab.example"]
{sources}
[report]
own_addresses = ["127.0.0.1"]
{providers}
[store]
url = "sqlite:{self.directory}/rampart.db"
deadline = "5s"
[hold]
releaser = "{self.releaser_socket}"
key = "{self.directory}/hold.key"
[control]
socket = "{self.directory}/control.sock"
group = "{self.control_group}"
{config}
""")

    def start_rampart(self):
        with open(os.path.join(self.directory, "rampart.log"), "a", encoding="ascii") as log:
            self.rampart = subprocess.Popen([self.binary, "run", "-c", self.config], stderr=log, stdout=log,
                                            env=self.environment)
        self.wait("rampart", lambda: self.rampart.poll() is not None or self.answers())
        check(self.rampart.poll() is None, f"rampart ended with {self.rampart.returncode}")

    def answers(self):
        return self.command("status", "--json", check_status=False).returncode == 0 and os.path.exists(self.socket)

    def stop_rampart(self, number=signal.SIGTERM):
        process, self.rampart = self.rampart, None
        if process and process.poll() is None:
            process.send_signal(number)
            process.wait(WAIT)
        return process.returncode if process else None

    def close(self):
        """Ends what was started; every step is taken whatever the others do."""
        rampart, self.rampart = self.rampart, None
        if rampart:
            rampart.terminate()
        for helper in self.helpers:
            if helper.process:
                helper.stop()
        try:
            if os.path.exists(self.mta_dir):
                self.lab("stop", self.mta_dir)
        except Failed as error:
            print(error, file=sys.stderr)
        if rampart:
            try:
                rampart.wait(WAIT)
            except subprocess.TimeoutExpired:
                print("rampart did not end on SIGTERM", file=sys.stderr)
                rampart.kill()
                rampart.wait()
        if self.receiving:
            self.receiving.kill()
            self.receiving.wait()

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- doing

    def run(self, *words, check_status=True, text=None, timeout=WAIT):
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=timeout, check=False)
        if check_status and done.returncode != 0:
            raise Failed(f"{' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def lab(self, *words, **more):
        return self.run(os.path.join(LAB, self.script), *words, **more)

    def command(self, *words, **more):
        """A rampart command."""
        return self.run(self.binary, "-c", self.config, *words, **more)

    def whole_status(self):
        return json.loads(self.command("status", "--all", "--json").stdout)

    def counter(self, name):
        return self.whole_status()["counters"].get(name, 0)

    def status(self, sender, provider):
        """The flow as `rampart status` shows it, or {}."""
        for flow in self.whole_status()["flows"]:
            if flow["sender"] == sender and flow["provider"] == provider:
                return flow
        return {}

    def submit(self, recipients, sender="news@shop.example", server=None):
        """One transaction. @return the reply to each recipient as (code, text), then the one to the end"""
        own = server is None
        if own:
            server = smtplib.SMTP("127.0.0.1", self.port, timeout=WAIT)
            server.ehlo()
        try:
            code, text = server.mail(sender)
            check(code == 250, f"MAIL FROM:<{sender}>: {code} {text}")
            replies = [server.rcpt(recipient) for recipient in recipients]
            if any(code == 250 for code, _ in replies):
                self.number += 1
                replies.append(server.data(f"From: <{sender}>\r\nSubject: test\r\n"
                                           f"Message-ID: <{self.number}@bench>\r\n\r\nText.\r\n".encode()))
            else:
                server.rset()
        finally:
            if own:
                server.quit()
        return [(code, text.decode()) for code, text in replies]

    def accepted(self, recipients, **more):
        """Submits and insists that all of it is taken."""
        replies = self.submit(recipients, **more)
        check(all(code == 250 for code, _ in replies), f"not all accepted: {replies}")

    # -- seeing

    def provider(self, name):
        with open(os.path.join(self.directory, "received.json"), encoding="ascii") as file:
            return json.load(file)[name]

    def wait(self, what, condition, seconds=WAIT):
        """Polls until the condition holds. @return what it returned"""
        end = time.monotonic() + seconds
        while True:
            result = condition()
            if result:
                return result
            if time.monotonic() > end:
                raise Failed(f"waited {seconds} s for {what} in vain")
            time.sleep(0.05)

    def wait_delivered(self, name, number):
        self.wait(f"{number} deliveries at {name}", lambda: self.provider(name)["delivered"] >= number)
        equal(self.provider(name)["delivered"], number, f"delivered at {name}")

    def entries(self, address):
        """What suppresses the address, or waits to."""
        shown = self.command("suppression", "why", address, "--json", check_status=False)
        return json.loads(shown.stdout)["entries"]

    def wait_suppressed(self, address):
        self.wait(f"suppression of {address}",
                  lambda: self.command("suppression", "why", address, check_status=False).returncode == 1)

    def wait_counter(self, name, number):
        self.wait(f"{number} {name}", lambda: self.counter(name) >= number)
        equal(self.counter(name), number, name)

    def log_text(self):
        """What rampart has said so far."""
        with open(os.path.join(self.directory, "rampart.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def show(self):
        """What helps to understand a failure."""
        for name in ("rampart.log", "releaser.log", "mta/log/mail.log"):
            path = os.path.join(self.directory, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    print(f"---- the end of {name}", *file.read().splitlines()[-60:], sep="\n", file=sys.stderr)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def run(tests, make=Bench):
    """main of a test program: PROGRAM RAMPART MTA_ROOT. Runs every test_... of the given globals."""
    binary, root = sys.argv[1:3]
    reason = make.missing(binary, root)
    if reason:
        skip(reason)
    # CTest ends what takes too long with SIGKILL; what was started would then go on for ever.
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, lambda *_: sys.exit("ended early: it took too long"))
    signal.alarm(LIMIT)
    failures = 0
    for name, test in list(tests.items()):
        if not name.startswith("test_"):
            continue
        bench, began = make(binary, root), time.monotonic()
        good = False
        try:
            test(bench)
            good = True
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()
            bench.show()
            failures += 1
        finally:
            bench.close()
            if good:
                bench.remove()
            else:
                print(f"kept: {bench.directory}", file=sys.stderr)
        print(f"{'passed' if good else 'FAILED'} {name[5:].replace('_', ' ')} ({time.monotonic() - began:.1f} s)",
              flush=True)
    sys.exit(1 if failures else 0)
