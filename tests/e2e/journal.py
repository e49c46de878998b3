"""Real journal files, made by systemd's own systemd-journal-remote(8) from the export format.

Source: https://systemd.io/JOURNAL_EXPORT_FORMATS
"""

import datetime
import os
import re
import struct
import subprocess
import tempfile
import time

LINE = re.compile(r"(\w{3} [ \d]\d \d\d:\d\d:\d\d) (\S+) ([^\[:]+)\[(\d+)\]: (.*)")
PLACES = ("/lib/systemd/systemd-journal-remote", "/usr/lib/systemd/systemd-journal-remote")


def find_writer():
    """The program that makes the files, or None where it is not installed."""
    return next((path for path in PLACES if os.access(path, os.X_OK)), None)


def to_export(line, uid):
    """One line of a log file as journald has it: its own time, a little later than the line's."""
    stamp, host, program, pid, message = LINE.fullmatch(line).groups()
    written = datetime.datetime.strptime(f"{datetime.datetime.now().year} {stamp}", "%Y %b %d %H:%M:%S").timestamp()
    fields = {"__REALTIME_TIMESTAMP": time.time_ns() // 1000, "__MONOTONIC_TIMESTAMP": time.monotonic_ns() // 1000,
              "_BOOT_ID": "4c1d3a0c2d2a4e4a8a9b7f3d2e1c0b0a",
              "_SOURCE_REALTIME_TIMESTAMP": int(written * 1_000_000) + 400_000,
              "_TRANSPORT": "syslog", "_HOSTNAME": host, "_UID": uid, "_PID": pid, "SYSLOG_PID": pid,
              "SYSLOG_FACILITY": 2, "SYSLOG_IDENTIFIER": program}
    text = "".join(f"{name}={value}\n" for name, value in fields.items()).encode()
    data = message.encode()
    return text + b"MESSAGE\n" + struct.pack("<Q", len(data)) + data + b"\n\n"


def append(directory, lines, uid):
    """Writes lines of a log file to a journal in the directory, as entries of this user."""
    if not lines:
        return
    with tempfile.NamedTemporaryFile() as entries:
        for line in lines:
            entries.write(to_export(line, uid))
        entries.flush()
        subprocess.run([find_writer(), "-o", os.path.join(directory, "a.journal"), entries.name],
                       check=True, capture_output=True, timeout=20)
