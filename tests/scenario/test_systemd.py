"""As a service of systemd: what it hears of the server, and the unit files."""
import configparser
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from harness.security import as_user, secure
from harness.server import HOST, binary
from harness.waiting import DEADLINE

UNITS = Path(__file__).resolve().parents[2] / "packaging" / "systemd"
# The process that systemd starts becomes the server; it is told so.
SERVICE = """
import os, sys
for name in ("SYSTEMD_EXEC_PID", "WATCHDOG_PID"):
    os.environ[name] = str(os.getpid())
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def service(launcher, tmp_path):
    """start() → a server and a function that returns systemd's next news of it."""
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    heard.settimeout(DEADLINE)

    def start(**env):
        server = launcher(env={"NOTIFY_SOCKET": str(tmp_path / "notify"), **env})
        server.spawn(["-c", str(server.config.path), "--host", HOST, "--port", "0"], through=[sys.executable, "-c", SERVICE])
        server.wait_ready()
        return server, lambda: heard.recv(1000).decode()

    yield start
    heard.close()


def test_it_says_that_it_is_ready_and_that_it_stops(service):
    server, news = service()
    assert news() == "READY=1"
    assert server.get("/signalk").status == 200
    server.stop()
    assert news() == "STOPPING=1"


def test_the_watchdog_is_fed(service):
    server, news = service(WATCHDOG_USEC="200000")
    assert [news() for _ in range(4)] == ["READY=1"] + 3 * ["WATCHDOG=1"]
    server.stop()
    said = news()
    while said == "WATCHDOG=1":
        said = news()
    assert said == "STOPPING=1"


def test_a_watchdog_for_another_process_is_not(service):
    server, news = service(WATCHDOG_USEC="none")
    assert news() == "READY=1"
    server.stop()
    assert news() == "STOPPING=1"


def test_a_restart_of_a_confined_service_is_left_to_systemd(config, service):
    secure(config)
    server, news = service()
    assert server.put("/skServer/restart", headers=as_user("anna")).status == 200
    assert server.wait_exit() == 75
    assert "so that systemd starts the server anew" in server.log()


def unit(name):
    lines = configparser.RawConfigParser(strict=False, delimiters="=")
    lines.optionxform = str
    lines.read(UNITS / name)
    return lines


def test_the_units_say_what_they_should():
    service, door = unit("skiff.service"), unit("skiff.socket")
    assert service["Service"]["Type"] == "notify" and service["Service"]["Restart"] == "always"
    assert service["Service"]["CapabilityBoundingSet"] == "" and service["Service"]["ProtectSystem"] == "strict"
    assert set(service["Service"]["RestrictAddressFamilies"].split()) == {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_CAN"}
    assert door["Socket"]["ListenStream"] == "3000"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_systemd_understands_the_units(tmp_path):
    for file in UNITS.iterdir():
        (tmp_path / file.name).write_text(file.read_text().replace("/usr/bin/skiff", str(binary())))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.glob("skiff.*"))], capture_output=True, text=True,
                          timeout=60, env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"})
    assert not [line for line in done.stderr.splitlines() if re.search(r"skiff\.(service|socket)", line)], done.stderr
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=30", str(tmp_path / "skiff.service")],
                          capture_output=True, text=True, timeout=60)
    if "unrecognized option" not in done.stderr:  # older than systemd 250
        assert done.returncode == 0, done.stdout[-400:]
