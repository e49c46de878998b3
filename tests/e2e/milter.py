"""The MTA's side of the milter protocol, version 6, as far as a test without an MTA needs it.

Source: mfdef.h and mfapi.h of libmilter 8.17. What the milter does not want is not sent, what it does not answer is
not waited for.
"""

import socket
import struct

ACTIONS, PROTOCOL = 0x1FF, 0x1FFFFF     # everything, as both MTAs offer
# By command: not to be sent (SMFIP_NO*), not answered (SMFIP_NR_*).
WISHES = {b"C": (0x1, 0x1000), b"H": (0x2, 0x2000), b"M": (0x4, 0x4000), b"R": (0x8, 0x8000), b"T": (0x200, 0x10000),
          b"L": (0x20, 0x80), b"N": (0x40, 0x40000), b"B": (0x10, 0x80000)}
CHANGES = b"+-2behimq"                  # at the end of the message, before the answer
PROGRESS = b"p"


class Milter:
    """One session. Errors of the connection are OSError."""

    def __init__(self, path, timeout):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.wishes = 0
        self.put(b"O", struct.pack("!III", 6, ACTIONS, PROTOCOL))
        command, data = self.get()
        if command != b"O":
            raise OSError(f"no answer to the offer but {command!r}")
        self.wishes = struct.unpack("!I", data[8:12])[0]
        self.step(b"C", b"client.example\0004" + struct.pack("!H", 40000) + b"192.0.2.7\0", j="mta1.sender.example")
        self.step(b"H", b"client.example\0")

    def close(self):
        self.put(b"Q")
        self.socket.close()

    def send(self, sender, recipient, queue_id):
        """One message with one recipient. @return (whether it was taken, the words of a refusal)"""
        self.step(b"M", f"<{sender}>\0".encode(), mail_addr=sender)
        answer = self.step(b"R", f"<{recipient}>\0".encode(), rcpt_mailer="smtp")
        if answer[0] not in b"ca":
            self.put(b"A")
            return False, answer[1:].rstrip(b"\0").decode()
        self.step(b"T", i=queue_id)
        self.step(b"L", b"Subject\0test\0")
        self.step(b"N")
        self.step(b"B", b"Text.\r\n")
        self.put_macros(b"E", i=queue_id)
        self.put(b"E")
        answer = self.answer()
        return answer[0] in b"ca", answer[1:].rstrip(b"\0").decode()

    def step(self, command, data=b"", **macros):
        """@return the answer with its text, b"c" where there is none"""
        unsent, unanswered = WISHES[command]
        if self.wishes & unsent:
            return b"c"
        self.put_macros(command, **macros)
        self.put(command, data)
        return b"c" if self.wishes & unanswered else self.answer()

    def answer(self):
        while True:
            command, data = self.get()
            if command != PROGRESS and command not in CHANGES:
                return command + data

    def put_macros(self, command, **macros):
        named = b"".join(f"{name if len(name) == 1 else '{' + name + '}'}\0{value}\0".encode()
                         for name, value in macros.items())
        if named:
            self.put(b"D", command + named)

    def put(self, command, data=b""):
        self.socket.sendall(struct.pack("!I", len(data) + 1) + command + data)

    def get(self):
        size = struct.unpack("!I", self.read(4))[0]
        packet = self.read(size)
        return packet[:1], packet[1:]

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise OSError("the milter has closed the connection")
            data += more
        return data
