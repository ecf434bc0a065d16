"""The server confines itself: what its threads cannot do any more, and that it can be switched off."""
import ctypes
import errno
import platform
import re
import shutil
import signal
from pathlib import Path

import pytest

from harness import packages
from harness.faults import preload
from harness.security import as_user, secure
from harness.server import free_port
from harness.waiting import eventually

PLUGIN = "probe-c-wasi"
TGKILL = {"x86_64": 234, "aarch64": 131}.get(platform.machine())
STRICTER = re.compile(r"p:|sk-|tls|history-|app-store|avahi")


def landlock():
    """The version of the kernel's interface; 0: none."""
    return max(0, ctypes.CDLL(None).syscall(444, None, 0, 1))


def threads(server):
    """{thread id: (name, {field of its status: text})}"""
    found = {}
    for task in Path(f"/proc/{server.process.pid}/task").iterdir():
        try:
            status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
        except OSError:
            continue  # it ended meanwhile
        found[int(task.name)] = (status["Name"].strip(), {key: text.strip() for key, text in status.items()})
    return found


def with_many_threads(config, launch, **how):
    """A server with HTTPS, history and a plugin."""
    config.settings(history={"enabled": True, "writeSeconds": 0.05})
    config.install(packages.built(PLUGIN))
    config.enable(PLUGIN)
    server = launch("--port", "0", env={"SSLPORT": str(free_port()), **how.pop("env", {})}, **how)
    eventually(lambda: {"tls", "history-writer", "sk-ticker"} <= {name for name, _ in threads(server).values()}
               and any(name.startswith("p:") for name, _ in threads(server).values()), "all threads", 30)
    return server


def test_every_thread_is_confined_and_some_more_than_the_loop(config, launch):
    server = with_many_threads(config, launch)

    def settled():
        seen = threads(server)
        loop = seen[server.process.pid][1]
        assert loop["Seccomp"] == "2" and loop["NoNewPrivs"] == "1"
        for name, status in seen.values():
            assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", name
            assert int(status["SigBlk"], 16) & 1 << (signal.SIGSYS - 1) == 0, f"{name} would be killed for what is refused"
            if STRICTER.match(name):
                assert int(status["Seccomp_filters"]) > int(loop["Seccomp_filters"]), name
        pool = [status for name, status in seen.values() if not STRICTER.match(name) and status is not loop]
        assert pool and all(int(status["Seccomp_filters"]) > int(loop["Seccomp_filters"]) for status in pool)
        return True

    eventually(settled, "all threads in their roles", 30)
    assert landlock() == 0 or server.wait_log("confined to its folders and to the system calls it needs")


@pytest.mark.skipif(landlock() == 0, reason="the kernel has no Landlock")
def test_a_link_that_is_laid_too_late_is_told(config, launch, tmp_path):
    """As somebody who writes a plugin does it: the folder is somewhere else, and the server runs already."""
    config.install(packages.built("probe-c-wasi"))
    package = config.install(packages.built("guide-rust"))
    folder = config.plugin_dir(package)
    shutil.move(folder, tmp_path / "work")
    server = launch()
    assert package not in server.plugins()
    folder.symlink_to(tmp_path / "work", target_is_directory=True)
    assert server.wait_log(f"the package in {re.escape(str(folder))} is passed over: .*start the server again", timeout=30)
    server.stop()
    server.restart()
    assert package in server.plugins()


def test_it_can_be_switched_off(config, launch):
    server = launch("--no-sandbox")
    assert all(status["Seccomp"] == "0" and status["NoNewPrivs"] == "0" for _, status in threads(server).values())
    assert server.wait_log(r"not confined \(--no-sandbox\)")
    figures = server.get("/skiff/status").ok()["sandbox"]
    assert figures["on"] is False and figures["refused"] == 0


@pytest.fixture
def probed(config, launch, tmp_path):
    """A server whose threads can be asked what they could do: ask(thread id) → {attempt: errno}."""
    secret = tmp_path / "secret"
    secret.write_text("the skipper's letters")
    server = launch(env={"LD_PRELOAD": preload("probe"), "PROBE_SECRET": str(secret), "PROBE_OUT": str(tmp_path / "made")})

    def ask(thread):
        mark = server.log_mark()
        assert ctypes.CDLL(None).syscall(TGKILL, server.process.pid, thread, signal.SIGUSR2) == 0
        said = server.wait_log(r"^PROBE .*?: (.*)", since=mark).group(1)
        return {name: int(number) for name, number in (word.split("=") for word in said.split())}

    server.ask = ask
    return server


@pytest.mark.skipif(TGKILL is None, reason="the number of tgkill is not known here")
def test_what_somebody_inside_cannot_do(config, probed, tmp_path):
    loop = probed.ask(probed.process.pid)
    refused = {"socket-packet", "new-user-space", "ptrace", "module", "io-uring", "write-and-run", "tiocsti", "setuid-bit"}
    assert {name: loop[name] for name in refused} == dict.fromkeys(refused, errno.EPERM)
    assert loop["socket-inet"] == loop["open-hosts"] == loop["process"] == 0
    if landlock():
        assert loop["open-elsewhere"] == loop["make-elsewhere"] == loop["execve"] == errno.EACCES
    if landlock() >= 6:
        assert loop["signal"] == errno.EPERM
    assert not (tmp_path / "made").exists()
    pool = next(thread for thread, (_, status) in threads(probed).items() if thread != probed.process.pid)
    assert {name: probed.ask(pool)[name] for name in ("execve", "process")} == {"execve": errno.EPERM, "process": errno.EPERM}
    # and it is seen
    probed.wait_log(r"confinement: the thread '\S+' tried the system call io_uring_setup \(\d+\), which it never needs; it was refused")
    assert probed.get("/skiff/status").ok()["sandbox"]["refused"] >= 2 * (len(refused) - 1)
    # the boat's data goes on
    probed.feeder().values(navigation__speedOverGround=3)
    assert probed.value("navigation.speedOverGround") == 3


@pytest.mark.skipif(TGKILL is None, reason="the number of tgkill is not known here")
def test_a_plugins_thread_can_do_less(config, launch, probed, tmp_path):
    config.install(packages.built(PLUGIN))
    config.enable(PLUGIN)
    probed.wait_plugin(PLUGIN, state="running")
    thread = next(thread for thread, (name, _) in threads(probed).items() if name.startswith("p:"))
    plugin = probed.ask(thread)
    assert plugin["socket-inet"] == plugin["execve"] == plugin["process"] == plugin["socket-packet"] == errno.EPERM
    assert plugin["open-hosts"] == 0
    if landlock():
        assert plugin["open-elsewhere"] == plugin["make-elsewhere"] == errno.EACCES
    ticker = next(thread for thread, (name, _) in threads(probed).items() if name == "sk-ticker")
    assert probed.ask(ticker)["open-hosts"] == errno.EPERM
    assert probed.plugin(PLUGIN)["state"] == "running"


def test_a_restart_from_within_remains_confined(config, launch):
    """Nobody who got hold of the server rids it of its limits by starting it anew."""
    secure(config)
    server = launch()
    filters = threads(server)[server.process.pid][1]["Seccomp_filters"]
    for _ in range(2):
        mark = server.log_mark()
        assert server.put("/skServer/restart", headers=as_user("anna")).status == 200
        server.wait_log("signalk-server running at", since=mark, timeout=30)
        again = threads(server)[server.process.pid][1]
        assert (again["Seccomp"], again["NoNewPrivs"], again["Seccomp_filters"]) == ("2", "1", filters)
    assert eventually(lambda: server.get("/skServer/loginStatus").ok())["authenticationRequired"] is True
