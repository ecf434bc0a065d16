"""skiff plugin test: scenarios played against plugins, and what is told when one fails."""
import json
import os
import pathlib

import pytest

from harness import packages
from harness.server import binary, command

PLUGINS = pathlib.Path(__file__).resolve().parents[2] / "plugins"
pytestmark = pytest.mark.skipif(binary() is None, reason="no server binary")


def run(*args, tmp=None):
    env = {**os.environ, **({"TMPDIR": str(tmp)} if tmp else {})}
    return command("plugin", "test", *args, timeout=300, env=env)


def play(tmp_path, name, *steps, **top):
    """The one result of a scenario made of these steps, and the exit code; the temporary folder is empty again."""
    file, tmp = tmp_path / "scenario.json", tmp_path / "tmp"
    tmp.mkdir(exist_ok=True)
    file.write_text(json.dumps({**top, "steps": steps}, indent=1))
    done = run("--json", packages.built(name).path, file, tmp=tmp)
    assert list(tmp.iterdir()) == []
    said = json.loads(done.stdout)
    result, = said["scenarios"]
    assert done.returncode == said["failed"] == (0 if result["passed"] else 1), done
    return result


def failure(*args, **top):
    result = play(*args, **top)
    assert not result["passed"]
    return result["failure"]


@pytest.mark.parametrize("folder, name", [("anchor-watch-rust", "skiff-anchor-watch"), ("demo-boat", "skiff-demo-boat")])
def test_first_party_plugins(folder, name, tmp_path):
    package = packages.built(name).path
    scenarios = sorted((PLUGINS / folder / "scenarios").glob("*.json"))
    done = run(package, *scenarios)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ok  ") == len(scenarios) > 0
    assert done.stdout.endswith(f"{len(scenarios)} passed, 0 failed\n")


def test_all_of_a_folder_by_name(tmp_path):
    package = packages.built("skiff-demo-boat")
    folder = tmp_path / "boat"
    (folder / "scenarios").mkdir(parents=True)
    for file in ("package.json", "plugin.wasm"):
        (folder / file).write_bytes((package.path / file).read_bytes())
    assert run(folder).returncode == 2 and "no scenario" in run(folder).stderr
    for name in ("b", "a"):
        (folder / "scenarios" / f"{name}.json").write_text('{"steps":[{"expect":{"state":"running"}}]}')
    (folder / "scenarios" / "broken.json").write_text('{"steps":[{"expect":{"sate":"running"}}]}')
    done = run(folder)
    assert done.returncode == 1
    assert [line.split()[1] for line in done.stdout.splitlines() if line[:4] in ("ok  ", "FAIL")] == ["a.json", "b.json", "broken.json"]
    assert "broken.json:1:22: unknown member 'sate'; did you mean state?" in done.stdout


def test_a_failure_is_told_with_what_came_instead(tmp_path):
    found = failure(tmp_path, "skiff-demo-boat", {"advance": 2}, {
        "note": "too warm", "advance": 1,
        "expect": {"delta": {"updates": [{"values": [{"path": "propulsion.main.temperature", "value": {"$between": [1000, 2000]}}]}]}}})
    assert found["step"] == 2 and found["note"] == "too warm" and found["line"] > 1
    assert found["message"] == "no delta was as expected"
    assert found["path"] == "updates[0].values[2].value"
    assert (found["expected"], float(found["actual"]) < 400) == ("a number from 1000 to 2000", True)


def test_time_passes_only_when_it_is_told_to(tmp_path):
    when = {"path": "navigation.datetime"}
    assert play(tmp_path, "skiff-demo-boat",
                {"expect": {"value": {**when, "value": "2030-02-03T04:05:06.000Z"},
                            "delta": {"updates": [{"timestamp": "2030-02-03T04:05:06.000Z"}]}}},
                {"advance": 0.5, "expect": {"noDelta": True}},
                {"advance": 0.5, "expect": {"value": {**when, "value": "2030-02-03T04:05:07.000Z"}}},
                {"advance": 1800.25, "expect": {"value": {**when, "value": "2030-02-03T04:35:07.000Z"}}},
                time="2030-02-03T04:05:06Z")["passed"]


def test_http_requests_are_answered_by_the_scenario(tmp_path):
    def ask(**request):
        return {"request": {"method": "POST", "path": "/api/request", "body": {"request": request, "body": "ahoy"}}}

    assert play(tmp_path, "probe-http",
                {"expect": {"status": "fetched", "requests": [{"$exactly": {
                    "method": "GET", "url": "http://met.example/start", "headers": {}, "body": ""}}]}},
                {**ask(url="http://met.example/old", method="POST", headers={"X-A": "1"}), "expect": {
                    "body": {"head": {"status": 410, "headers": {"x-why": "gone"}}, "text": "no more"},
                    "requests": [{"method": "POST", "headers": {"x-a": "1"}, "body": "ahoy"}]}},
                {**ask(url="http://met.example/start"), "expect": {
                    "body": {"head": {"status": 200, "headers": {"content-type": "application/json"}}, "text": '{"wind":7}'}}},
                {**ask(url="http://down.example/"), "expect": {"body": {"head": {"status": 0, "error": {"$contains": "out of order"}}}}},
                {**ask(url="http://127.0.0.1/"), "expect": {"body": {"head": {"status": 0, "error": {"$contains": "no answer for GET"}}}}},
                config={"start": "http://met.example/start"},
                http=[{"url": "http://met.example/start", "body": {"wind": 7}},
                      {"url": "http://met.example/old", "method": "POST", "status": 410, "headers": {"X-Why": "gone"}, "body": "no more"},
                      {"url": "http://down.example/", "error": "out of order"}])["passed"]


def test_asynchronous_fetches_are_waited_for(tmp_path):
    fetch = {"request": {"method": "POST", "path": "/api/later", "body": {"url": "http://met.example/", "method": "GET"}}}
    assert play(tmp_path, "probe-fetch", {**fetch, "expect": {"requests": [{"url": "http://met.example/"}]}},
                {"get": "/api/later", "expect": {"body": {"text": "calm"}}},
                http=[{"url": "http://met.example/", "body": "calm"}])["passed"]


def test_exports_with_a_request_object_can_be_called(tmp_path):
    assert play(tmp_path, "probe-provider",
                {"call": {"export": "radar_get_radars"}, "expect": {"answer": {"$type": "array"}}},
                {"call": {"export": "weather_get_observations", "request": {"position": {"latitude": 1, "longitude": 2}}},
                 "expect": {"answer": {"$type": "array"}}})["passed"]
    found = failure(tmp_path, "probe-provider", {"call": {"export": "no_such_thing"}})
    assert found["message"] == "there is no export no_such_thing"


def test_a_crash_ends_the_scenario_with_its_back_trace(tmp_path):
    assert play(tmp_path, "bad-trap", {"advance": 1, "expect": {"state": "running", "status": "armed"}})["passed"]
    found = failure(tmp_path, "bad-trap", {"advance": 60})
    assert found["step"] == 1
    assert found["message"].startswith("the plugin crashed: poll: unreachable") and "\n    at " in found["message"]
    assert play(tmp_path, "bad-trap", {"advance": 60, "expect": {"state": "crashed"}})["passed"]


def test_what_does_not_start_is_said(tmp_path):
    found = failure(tmp_path, "bad-import", {"advance": 1})
    assert (found["step"], "did you mean" in found["message"]) == (0, True), found


def test_folders_without_a_plugin(tmp_path):
    (tmp_path / "s.json").write_text('{"steps":[]}')
    done = run(tmp_path, tmp_path / "s.json")
    assert done.returncode == 1 and "package.json" in done.stdout
    (tmp_path / "package.json").write_text('{"name":"x","wasmManifest":"x.wasm"}')
    assert "keywords do not name signalk-wasm-plugin" in run(tmp_path, tmp_path / "s.json").stdout
    assert run(tmp_path / "nowhere").returncode == 2
