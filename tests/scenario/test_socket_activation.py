"""Ports that the service manager opened before it started the server: LISTEN_FDS."""
import socket
import sys
import time

import pytest

from harness.security import as_user, secure
from harness.server import HOST, free_port
from harness.waiting import DEADLINE
from harness.web import request, tls_context

# What the service manager does: descriptors 3, 4, ..., then the server in its own place, so that the process id stays.
PARENT = """
import fcntl, os, sys
fds, pid, program = [int(n) for n in sys.argv[1].split(",")], sys.argv[2], sys.argv[3:]
for place, fd in enumerate([fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in fds]):
    os.dup2(fd, 3 + place)
os.closerange(3 + len(fds), 256)
os.environ["LISTEN_FDS"] = str(len(fds))
os.environ["LISTEN_PID"] = pid or str(os.getpid())
os.execv(program[0], program)
"""


@pytest.fixture
def doors():
    """Makes listening sockets."""
    made = []

    def make(listening=True):
        made.append(socket.socket())
        made[-1].bind((HOST, 0))
        if listening:
            made[-1].listen()
        return made[-1]

    yield make
    for door in made:
        door.close()


def port_of(door):
    return door.getsockname()[1]


@pytest.fixture
def activated(launcher):
    """A server that was handed these sockets; its configured port is `configured`, which nobody should open."""

    def begin(*sockets, pid="", wait=True, **how):
        server = launcher(**how)
        server.configured, server.tcp_port, server.nmea_port = free_port(), free_port(), free_port()
        fds = [s.fileno() for s in sockets]
        server.spawn(["-c", str(server.config.path), "--host", HOST, "--port", str(server.configured)], pass_fds=fds,
                     through=[sys.executable, "-c", PARENT, ",".join(map(str, fds)), pid])
        if wait:
            server.wait_ready()
        return server

    return begin


def is_served(port, tls=None):
    return "signalk-server" in request(HOST, port, "GET", "/signalk", tls=tls).ok()["server"]["id"]


def is_closed(port):
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0


def test_the_server_listens_at_the_port_that_was_opened_for_it(activated, doors):
    door = doors()
    server = activated(door)
    assert server.port == port_of(door)
    assert is_served(port_of(door))
    assert is_closed(server.configured)
    hello = server.stream().hello()
    assert hello["self"].startswith("vessels.")


def test_a_restart_keeps_the_port_open(activated, doors, config):
    secure(config)
    door = doors()
    server = activated(door)
    seen = server.log_mark()
    assert server.put("/skServer/restart", headers=as_user("anna")).status == 200

    def started_anew():
        assert not is_closed(port_of(door))
        return "signalk-server running at" in "".join(text for _, text in server.lines[seen:])

    end = time.monotonic() + DEADLINE
    while not started_anew():
        assert time.monotonic() < end, server.log_tail()
        time.sleep(0.02)
    assert is_served(port_of(door))
    assert is_closed(server.configured)


def test_with_https_the_second_socket_leads_to_the_first(activated, doors):
    first, second = doors(), doors()
    configured_tls = free_port()
    server = activated(first, second, env={"SSLPORT": str(configured_tls)})
    assert server.port == port_of(first)
    assert is_served(port_of(first), tls_context())
    led = request(HOST, port_of(second), "GET", "/some?thing")
    assert (led.status, led.headers["Location"]) == (302, f"https://{HOST}:{port_of(first)}/some?thing")
    assert is_closed(server.configured) and is_closed(configured_tls)


def test_with_https_and_one_socket_there_is_no_plain_port(activated, doors):
    door = doors()
    server = activated(door, env={"SSLPORT": str(free_port())})
    assert is_served(port_of(door), tls_context())
    assert is_closed(server.configured)


def test_variables_meant_for_another_process_count_for_nothing(activated, doors):
    server = activated(doors(), pid="1")
    assert server.port == server.configured
    assert is_served(server.configured)


def test_a_descriptor_that_is_no_door_is_named(activated, doors):
    server = activated(doors(listening=False), wait=False)
    assert server.wait_exit() == 1
    assert "descriptor 3, passed by LISTEN_FDS, is not a listening TCP socket" in server.log("err")
