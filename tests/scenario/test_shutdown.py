"""Ending: asked to stop, the server says goodbye, loses nothing, and leaves with 0."""
import signal
import time

import pytest

from harness.server import SELF


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(server, number):
    server.process.send_signal(number)
    assert server.wait_exit() == 0


def test_clients_are_told_and_nobody_is_waited_for(server, feeder):
    stream = server.stream()
    stream.hello()
    tcp = server.tcp()
    tcp.hello()
    half = server.raw().send("GET /signalk HTTP/1.1\r\nHost: x\r\n")  # a request that never ends
    mute = server.raw().send("GET /signalk/v1/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    mute.read_until(b"\r\n\r\n")  # never answers the close
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert stream.closed() in (1000, 1001, 1005)
    with pytest.raises((EOFError, ConnectionError)):
        while True:
            tcp.recv_line()
    assert server.wait_exit() == 0
    assert time.monotonic() - began < 10
    assert half.read_to_end() is not None


def test_two_signals_are_no_worse_than_one(server):
    server.process.send_signal(signal.SIGTERM)
    try:
        server.process.send_signal(signal.SIGTERM)
    except ProcessLookupError:
        pass
    assert server.wait_exit() == 0


def test_the_port_is_free_again_at_once(server):
    server.stream().hello()  # a connection that the server closes: its side waits in TIME_WAIT
    server.stop()
    server.restart(pinned_port=server.port)
    assert server.api("self").ok() == SELF


def test_losing_the_terminal_does_not_end_it(server):
    server.process.send_signal(signal.SIGPIPE)
    server.feeder().values(a__b=1)
    assert server.value("a.b") == 1
