"""Connections that run a command, and the pipelines of old settings that do."""
import os
import signal

import pytest

from harness.instruments import connection, connection_status, heading
from harness.security import as_user, secure
from harness.streams import has_path, has_value, values_in
from harness.waiting import eventually

DEPTH = "environment.depth.belowTransducer"
HEADING = "navigation.headingTrue"
N2K_DEPTH = "2026-11-22T17:12:29.179Z,3,128267,115,255,8,00,c0,1b,00,00,ff,ff,ff"


def command(text, data_type="NMEA0183", **options):
    entry = connection("cmd", None, {"command": text, "dataType": data_type, **options}, "Execute")
    del entry["pipeElements"][0]["options"]["subOptions"]["type"]
    return entry


def pipeline(*elements):
    return {"id": "old", "enabled": True, "pipeElements": [{"type": "providers/" + name, "options": options} for name, options in elements]}


@pytest.fixture
def run(config, launch):
    def start(*connections):
        config.settings(pipedProviders=list(connections))
        server = launch()
        stream = server.stream("?subscribe=all")
        stream.hello()
        stream.server = server
        return stream

    return start


def alive(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_what_a_command_prints_is_data(run):
    stream = run(command(f"echo '{heading(90)}'; exec sleep 600"))
    message = stream.until(has_path(HEADING))
    assert message["updates"][0]["$source"] == "cmd.II"
    assert connection_status(stream.server, "cmd", "Started")["type"] == "status"


def test_it_is_started_again_and_the_status_says_when(run):
    stream = run(command(f"echo '{heading(90)}'; exit 3", restartThrottleTime=1))
    for _ in range(3):
        stream.until(has_path(HEADING), 30)
    entry = connection_status(stream.server, "cmd", "ended with exit code 3")
    assert entry["type"] == "error" and "started again in" in entry["message"]


def test_its_errors_are_shown(run):
    stream = run(command("echo 'no such interface: can7' >&2; exec sleep 600"))
    assert connection_status(stream.server, "cmd", "the command says: no such interface: can7")["type"] == "error"
    stream = run(command("/no/such/program", restartOnExit=False))
    connection_status(stream.server, "cmd", "ended with exit code 127")


def test_it_does_not_see_the_secrets(config, launcher):
    config.settings(pipedProviders=[command('echo "{\\"updates\\":[{\\"values\\":[{\\"path\\":\\"a.b\\",\\"value\\":\\"[$SECRETKEY][$ADMINUSER]\\"}]}]}"; '
                                            "exec sleep 600", "SignalK")])
    server = launcher(env={"SECRETKEY": "verysecret", "ADMINUSER": "a:b"}).start()
    eventually(lambda: server.self_path("a.b").status == 200, "the value")
    assert server.value("a.b") == "[][]"


def test_lines_of_another_connection_go_to_it(run):
    """The sentences that one command prints are handed to the other, which prints them on as its own."""
    talks = command(f"sleep 1; while echo '{heading(45)}'; do sleep 1; done", sentenceEvent="repeat")
    echoes = command("exec cat", suppress0183event=True, toChildProcess="repeat")
    stream = run(talks, {**echoes, "id": "echo"})
    assert stream.until(lambda m: any(source == "echo.II" for _, source, _, _ in values_in(m)))


def test_it_dies_with_its_connection(config, launch):
    secure(config, {"pipedProviders": [command("trap '' TERM; sleep 600 & echo $$ $! >pids; wait; sleep 600")]})
    server = launch()
    eventually(lambda: config.exists("pids") and len(config.text("pids").split()) == 2, "the command")
    pids = [int(pid) for pid in config.text("pids").split()]
    assert all(alive(pid) for pid in pids)
    assert server.delete("/skServer/providers/cmd", headers=as_user("anna")).status == 200
    eventually(lambda: not any(alive(pid) for pid in pids), "the end of the command")


def test_what_it_started_dies_too_when_it_outlives_it(config, launch):
    secure(config, {"pipedProviders": [command("(trap '' TERM; while :; do sleep 600; done) & echo $! >pids; wait")]})
    server = launch()
    eventually(lambda: config.exists("pids") and config.text("pids").strip(), "the command")
    pid = int(config.text("pids"))
    assert alive(pid)
    assert server.delete("/skServer/providers/cmd", headers=as_user("anna")).status == 200
    eventually(lambda: not alive(pid), "the end of what the command started")


def test_it_dies_with_the_server(config, launch):
    config.settings(pipedProviders=[command("echo $$ >pids; while :; do sleep 1; done")])
    server = launch()
    eventually(lambda: config.exists("pids") and config.text("pids").strip(), "the command")
    pid = int(config.text("pids"))
    server.stop()
    assert not alive(pid)


def test_a_command_that_is_killed(config, run):
    stream = run(command("echo $$ >pids; while :; do sleep 1; done"))
    eventually(lambda: config.exists("pids") and config.text("pids").strip(), "the command")
    os.kill(int(config.text("pids")), signal.SIGKILL)
    connection_status(stream.server, "cmd", "ended by signal 9; it is started again in")


def test_a_flood_is_taken_whole(run):
    stream = run(command(f"i=0; while [ $i -lt 2000 ]; do echo '{heading(1)}'; i=$((i+1)); done; echo '{heading(2)}'; exec sleep 600"))
    wanted = 2 * 3.141592653589793 / 180
    stream.until(lambda m: any(path == HEADING and abs(value - wanted) < 1e-9 for _, _, path, value in values_in(m)), 60)
    events = stream.server.stream("?serverevents=all&subscribe=none")
    counted = events.until(lambda m: isinstance(m, dict) and m.get("type") == "SERVERSTATISTICS"
                           and m["data"]["providerStatistics"]["cmd"]["received"] == 2001, 30)
    assert counted["data"]["providerStatistics"]["cmd"]["deltaCount"] == 2001


def test_only_who_logged_in_may_set_a_command_up(config, launch):
    new = {"id": "evil", "enabled": True, "type": "Execute", "options": {"command": "touch x", "dataType": "NMEA0183"}}
    config.settings(pipedProviders=[command("exec sleep 600")])
    server = launch()
    for answer in (server.post("/skServer/providers", new), server.put("/skServer/providers/cmd", {"id": "cmd", "options": {"command": "touch x"}})):
        assert answer.status == 401 and "administrator who logged in" in answer.text
    assert not config.exists("x")
    server.stop()
    secure(config)
    server = launch()
    assert server.post("/skServer/providers", new, headers=as_user("anna")).status == 200
    # a server that was started without a command cannot start any: it says so, and the next start from outside runs it
    assert connection_status(server, "evil", "the button Restart is not enough", headers=as_user("anna"))["type"] == "error"
    assert not config.exists("x")
    server.stop()
    server = launch()
    eventually(lambda: config.exists("x"), "the command's doing")


# ---- pipelines of old ----


@pytest.mark.parametrize("elements", [
    [("execute", {"command": f"echo {N2K_DEPTH}; exec sleep 600"}), ("liner", {}), ("n2kAnalyzer", {}), ("n2k-signalk", {})],
    [("execute", {"command": f"echo {N2K_DEPTH}; exec sleep 600"}), ("canboatjs", {}), ("n2k-signalk", {})],
    [("filestream", {"filename": "n2k.log"}), ("throttle", {"rate": 1000}), ("liner", {}), ("n2kAnalyzer", {}), ("n2k-signalk", {})],
], ids=["execute-analyzer", "execute-canboatjs", "file-analyzer"])
def test_nmea_2000_pipelines_of_old_settings_work(config, run, elements):
    config.write("n2k.log", N2K_DEPTH + "\n")
    stream = run(pipeline(*elements))
    assert stream.until(has_value(DEPTH, 71.04))["updates"][0]["$source"] == "old.115"


@pytest.mark.parametrize("elements, text", [
    ([("canbus", {"canDevice": "can77"}), ("canboatjs", {}), ("n2k-signalk", {})], "can77"),
    ([("actisense-serial", {"device": "/dev/no-ngt"}), ("canboatjs", {}), ("n2k-signalk", {})], "/dev/no-ngt"),
    ([("execute", {"command": "true"}), ("liner", {}), ("from_json", {}), ("n2k-signalk", {})], "canboat's analyzer"),
    ([("execute", {"command": "true"}), ("liner", {})], "without a converter"),
    ([("n2k-signalk", {})], "in a place where it makes no sense"),
    ([("my-own-thing", {})], "providers/my-own-thing, which skiff does not run"),
], ids=lambda v: v if isinstance(v, str) else None)
def test_the_others_say_what_is_wrong(run, elements, text):
    stream = run(pipeline(*elements))
    assert connection_status(stream.server, "old", text)["type"] == "error"
