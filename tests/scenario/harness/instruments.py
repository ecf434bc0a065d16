"""Instruments on the boat: sentences, serial lines (pseudo-terminals that can be unplugged), TCP and UDP peers."""
import os
import pty
import socket
import threading
import tty

from .server import HOST
from .waiting import DEADLINE, eventually


def sentence(body):
    """'$IIHDT,1,T' with its checksum."""
    value = 0
    for char in body[1:]:
        value ^= ord(char)
    return f"{body}*{value:02X}"


def heading(degrees, talker="II"):
    return sentence(f"${talker}HDT,{degrees},T")


def connection(name, kind, options, outer="NMEA0183", **members):
    """An entry of pipedProviders as the admin pages write it."""
    return {"id": name, "enabled": True, "pipeElements": [
        {"type": "providers/simple", "options": {"type": outer, "logging": False, "subOptions": {"type": kind, **options}, **members}}]}


def send_udp(port, text):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(text.encode("latin1") if isinstance(text, str) else text, (HOST, port))


def keep_sending(port, text, stream, wanted):
    """A datagram may be sent before the server listens: again until it is seen."""

    def attempt():
        send_udp(port, text)
        try:
            return stream.until(wanted, 0.5)
        except AssertionError:
            return None

    return eventually(attempt, "the delta", DEADLINE)


class SerialLine:
    """A serial device under a name of its own, as udev makes them; it can be unplugged and come back."""

    def __init__(self, path):
        self.path = str(path)
        self.master = None

    def plug_in(self):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        os.symlink(os.ttyname(slave), self.path)
        os.close(slave)
        return self

    def unplug(self):
        os.unlink(self.path)
        os.close(self.master)
        self.master = None

    def say(self, *lines):
        os.write(self.master, "".join(line + "\r\n" for line in lines).encode("latin1"))

    def say_raw(self, data):
        os.write(self.master, data)

    def heard(self, wanted, timeout=DEADLINE):
        """What the server wrote, read until `wanted` is in it."""
        os.set_blocking(self.master, False)
        got = b""

        def look():
            nonlocal got
            try:
                got += os.read(self.master, 65536)
            except (BlockingIOError, OSError):
                pass
            return wanted.encode("latin1") in got

        eventually(look, f"the server writing {wanted!r}", timeout)
        return got.decode("latin1")

    def close(self):
        if self.master is not None:
            self.unplug()


class TcpPeer:
    """A device that serves its data over TCP. Connections wait in `clients`, newest last."""

    def __init__(self, port=0):
        self.listener = socket.create_server((HOST, port))
        self.port = self.listener.getsockname()[1]
        self.clients = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                self.clients.append(self.listener.accept()[0])
            except OSError:
                return

    def client(self, number=1, timeout=DEADLINE):
        """The number-th connection that was ever made."""
        return eventually(lambda: len(self.clients) >= number and self.clients[number - 1], f"connection {number}", timeout)

    def close(self):
        self.listener.close()
        for client in self.clients:
            client.close()


class LineReader:
    """A client of a port that sends lines."""

    def __init__(self, port):
        self.socket = socket.create_connection((HOST, port), timeout=DEADLINE)
        self.kept = b""

    def line(self):
        """The next line, with its end."""
        while b"\n" not in self.kept:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("closed")
            self.kept += more
        line, _, self.kept = self.kept.partition(b"\n")
        return line.decode("latin1") + "\n"

    def until(self, wanted):
        """The lines up to and with the wanted one."""
        lines = [self.line()]
        while lines[-1].rstrip() != wanted:
            lines.append(self.line())
        return lines

    def say(self, *lines):
        self.socket.sendall("".join(line + "\r\n" for line in lines).encode("latin1"))

    def close(self):
        self.socket.close()


def connection_status(server, name, wanted, timeout=30, headers=None):
    """Waits until the connection's status contains `wanted`; returns the entry."""
    stream = server.stream("?serverevents=all&subscribe=none", headers=headers)

    def entries(message):
        if not isinstance(message, dict) or message.get("type") != "PROVIDERSTATUS":
            return []
        return [entry for entry in message["data"] if entry["id"] == name and wanted in entry["message"]]

    return entries(stream.until(entries, timeout))[0]
