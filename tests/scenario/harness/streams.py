"""Signal K streams: WebSocket and TCP clients with deadlines, and a feeder that knows when its deltas have arrived."""
import itertools
import json
import socket
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .waiting import DEADLINE, Late

MARKER = "test.marker"
_marks = itertools.count(1)


def new_mark():
    return next(_marks)


def marker_delta(number):
    return {"updates": [{"$source": "marker", "values": [{"path": MARKER, "value": number}]}]}


def values_in(message):
    """[(context, $source, path, value)] of a delta message; [] for hello, replies and strings."""
    if not isinstance(message, dict):
        return []
    return [
        (message.get("context"), update.get("$source"), entry["path"], entry.get("value"))
        for update in message.get("updates", [])
        for entry in update.get("values", [])
    ]


def metas_in(message):
    """[(context, path, metadata)] of a delta message."""
    if not isinstance(message, dict):
        return []
    return [
        (message.get("context"), entry["path"], entry["value"])
        for update in message.get("updates", [])
        for entry in update.get("meta", [])
    ]


def paths_in(messages):
    return [path for message in messages for _, _, path, _ in values_in(message)]


def has_path(path):
    return lambda message: any(found == path for _, _, found, _ in values_in(message))


def has_value(path, value):
    return lambda message: any(found == path and seen == value for _, _, found, seen in values_in(message))


def is_marker(number):
    return has_value(MARKER, number)


class _Receiver:
    """What WebSocket and TCP clients share: waiting for a message that matters, keeping those that came before."""

    last_text = None

    def recv_text(self, timeout=DEADLINE):
        raise NotImplementedError

    def recv(self, timeout=DEADLINE):
        self.last_text = self.recv_text(timeout)
        return json.loads(self.last_text)

    def collect_until(self, wanted, timeout=DEADLINE):
        """All messages up to and including the first for which `wanted` is true."""
        end = time.monotonic() + timeout
        got = []
        while True:
            left = end - time.monotonic()
            try:
                if left <= 0:
                    raise TimeoutError
                got.append(self.recv(left))
            except TimeoutError:
                raise Late(f"awaited message did not come within {timeout} s; came: {short(got)}") from None
            except (ConnectionClosed, EOFError) as error:
                raise AssertionError(f"closed ({error}) before the awaited message; came: {short(got)}") from None
            if wanted(got[-1]):
                return got

    def until(self, wanted, timeout=DEADLINE):
        return self.collect_until(wanted, timeout)[-1]

    def collect_until_marker(self, number):
        """All messages before the feeder's mark `number`. This client must be subscribed to MARKER."""
        return self.collect_until(is_marker(number))[:-1]


def short(messages):
    text = json.dumps(messages)
    return text if len(text) < 4000 else text[:2000] + " … " + text[-2000:]


class Stream(_Receiver):
    """A WebSocket client of /signalk/v1/stream (or another path)."""

    def __init__(self, url, headers=None):
        self.open = connect(
            url, compression=None, proxy=None, max_size=None, max_queue=None, ping_interval=None, close_timeout=1,
            additional_headers=headers, user_agent_header=None,
        )
        self.socket = self.open.__enter__()

    def recv_text(self, timeout=DEADLINE):
        text = self.socket.recv(timeout=max(timeout, 0.001))
        assert isinstance(text, str), f"a binary message: {text!r}"
        return text

    def send(self, message):
        """Returns at once, but for a subscription: what another client sends afterwards must find it made or ended."""
        self.socket.send(message if isinstance(message, (str, bytes)) else json.dumps(message))
        if isinstance(message, dict) and message.keys() & {"subscribe", "unsubscribe"}:
            self.settle()
        return self

    def settle(self, timeout=DEADLINE):
        """Waits until the server has handled everything sent so far: it reads in order, and answers a ping behind it."""
        try:
            if not self.socket.ping().wait(timeout):
                raise Late(f"no answer to a ping within {timeout} s")
        except ConnectionClosed:
            pass  # the story will notice, if it cares

    def subscribe(self, *paths, context="vessels.self", **members):
        """Rows are paths or whole row objects; `members` go beside them (announceNewPaths, sourcePolicy)."""
        rows = [{"path": path} if isinstance(path, str) else path for path in paths]
        return self.send({"context": context, "subscribe": rows, **members})

    def unsubscribe_all(self):
        return self.send({"context": "*", "unsubscribe": [{"path": "*"}]})

    def hello(self):
        message = self.recv()
        assert message.get("name"), f"the first message is no hello: {message}"
        return message

    def closed(self, timeout=DEADLINE):
        """Waits until the server has closed; returns the code it sent (1005: none, 1006: no close frame)."""
        end = time.monotonic() + timeout
        while True:
            try:
                self.socket.recv(timeout=max(end - time.monotonic(), 0.001))
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006
            except TimeoutError:
                raise Late(f"the server did not close the stream within {timeout} s") from None

    def close(self):
        self.open.__exit__(None, None, None)


class Feeder(Stream):
    """
    Sends deltas and returns when the server has taken them in: behind each goes a value on MARKER, and the feeder is subscribed
    to that path. Deltas are handled in order, so what precedes the mark is in the tree and in the queue of every client.
    """

    def __init__(self, url, headers=None):
        super().__init__(url + "?subscribe=none", headers)
        self.hello()
        self.subscribe(MARKER)

    def feed(self, *deltas):
        for delta in deltas:
            self.send(delta)
        return self.mark()

    def values(self, context=None, source=None, timestamp=None, **by_path):
        """feeder.values(navigation__speedOverGround=3): double underscore is the dot."""
        return self.put_values({path.replace("__", "."): value for path, value in by_path.items()}, context, source, timestamp)

    def put_values(self, by_path, context=None, source=None, timestamp=None):
        update = {"values": [{"path": path, "value": value} for path, value in by_path.items()]}
        if source:
            update["$source"] = source
        if timestamp:
            update["timestamp"] = timestamp
        delta = {"updates": [update]}
        if context:
            delta["context"] = context
        return self.feed(delta)

    def mark(self):
        """Sends the next mark and waits for it to come round; returns its number."""
        number = new_mark()
        self.send(marker_delta(number))
        self.until(is_marker(number))
        return number


class TcpStream(_Receiver):
    """A client of the Signal K TCP port: a JSON text per line, lines of the server end with CRLF."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.kept = b""
        self.last_line = None

    def recv_line(self, timeout=DEADLINE):
        end = time.monotonic() + timeout
        while b"\n" not in self.kept:
            self.socket.settimeout(max(end - time.monotonic(), 0.001))
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("the server closed the TCP stream")
            self.kept += more
        line, _, self.kept = self.kept.partition(b"\n")
        return line + b"\n"

    def recv_text(self, timeout=DEADLINE):
        self.last_line = self.recv_line(timeout)
        return self.last_line.decode("utf-8")

    def send_raw(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)
        return self

    def send(self, message):
        return self.send_raw(json.dumps(message) + "\n")

    def subscribe(self, *paths, context="vessels.self"):
        return self.send({"context": context, "subscribe": [{"path": path} for path in paths]})

    def hello(self):
        message = self.recv()
        assert message.get("name"), f"the first line is no hello: {message}"
        return message

    def close(self):
        self.socket.close()
