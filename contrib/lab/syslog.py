#!/usr/bin/env python3
"""Writes what programs say to syslog(3) into a file, as a traditional syslog daemon does.

    syslog.py SOCKET HOST FILE

SOCKET is made, usually a private /dev/log. A line is "Nov 21 00:03:39 HOST sm-mta[2932]: text". It listens
once SOCKET is there, and runs until it is ended.
"""

import os
import re
import socket
import sys
import time

MESSAGE = re.compile(rb"<\d{1,3}>((?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) )?(.*)", re.DOTALL)


def line_of(datagram, host):
    """@return the line for what syslog(3) sent: "<22>Nov 21 00:03:39 sm-mta[2932]: text"."""
    stamp, text = MESSAGE.fullmatch(datagram).groups() if MESSAGE.fullmatch(datagram) else (None, datagram)
    stamp = stamp or time.strftime("%b %e %H:%M:%S ").encode()
    return stamp + host.encode() + b" " + text.rstrip(b"\0\n").replace(b"\n", b" ") + b"\n"


def main():
    path, host, file = sys.argv[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        log = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        receiver.bind(path + ".new")
        os.chmod(path + ".new", 0o666)
        os.rename(path + ".new", path)
        while True:
            os.write(log, line_of(receiver.recv(65536), host))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main()
