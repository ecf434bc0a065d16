"""A recorded file as a data connection: played at its own pace, again and again."""
import json
import time

import pytest

from harness.server import SELF
from harness.streams import has_path, values_in


def recording(*gaps_ms):
    """Deltas on test.step 0, 1, …, the given gaps apart."""
    at, lines = 0, []
    for step, gap in enumerate((0, *gaps_ms)):
        at += gap
        stamp = f"2026-01-01T00:00:{at // 1000:02d}.{at % 1000:03d}Z"
        lines.append(json.dumps({"updates": [{"timestamp": stamp, "values": [{"path": "test.step", "value": step}]}]}))
    return "\n".join(lines) + "\n"


def connection(filename, **members):
    return {"id": "playback", "enabled": True, "pipeElements": [
        {"type": "providers/simple", "options": {"type": "FileStream", "logging": False,
                                                 "subOptions": {"dataType": "SignalK", "filename": filename, **members}}}]}


@pytest.fixture
def play(config, launch):
    def play(text, name="recorded.jsonl", filename=None):
        config.write(name, text)
        config.settings(pipedProviders=[connection(filename or name)])
        server = launch()
        stream = server.stream("?sendCachedValues=false")
        stream.server = server
        return stream

    return play


def test_recorded_deltas_arrive_under_the_connections_name(play):
    stream = play(recording(100))
    context, source, path, _ = values_in(stream.until(has_path("test.step")))[0]
    assert (context, source, path) == (SELF, "playback", "test.step")


def test_the_file_is_played_again_and_again(play):
    stream = play(recording(50, 50))
    steps = []
    while steps.count(0) < 3:
        steps += [value for *_, value in values_in(stream.until(has_path("test.step")))]
    start = steps.index(0)
    assert steps[start:start + 6] == [0, 1, 2, 0, 1, 2]


def test_the_gaps_of_the_recording_are_kept(play):
    stream = play(recording(600, 50))
    arrived = {}
    while set(arrived) != {0, 1}:
        (*_, step), = values_in(stream.until(has_path("test.step")))
        if step == 0:
            arrived = {0: time.monotonic()}
        elif step == 1 and 0 in arrived:
            arrived[1] = time.monotonic()
    gap = arrived[1] - arrived[0]
    assert 0.4 < gap < 5, f"a gap of 0.6 s took {gap:.2f} s"


def test_an_absolute_file_name_works_too(play, tmp_path):
    file = tmp_path / "elsewhere.jsonl"
    file.write_text(recording(50))
    assert play("", filename=str(file)).until(has_path("test.step"))


def test_comments_blank_and_broken_lines_are_passed_over(play):
    stream = play("# a comment\n\n{broken\nnull\n7\n" + recording(50) + "no newline at the end")
    steps = [values_in(stream.until(has_path("test.step")))[0][3] for _ in range(4)]
    assert set(steps) == {0, 1}


def test_a_missing_file_is_reported_and_the_server_runs(config, launch):
    config.settings(pipedProviders=[connection("no-such-file.jsonl")])
    server = launch()
    assert server.api("self").ok() == SELF
    server.wait_log("no-such-file.jsonl")


def test_a_disabled_connection_stays_silent(config, launch):
    config.write("recorded.jsonl", recording(50))
    config.settings(pipedProviders=[{**connection("recorded.jsonl"), "enabled": False}])
    server = launch()
    watcher = server.stream("?sendCachedValues=false")
    feeder = server.feeder()
    for _ in range(10):
        feeder.mark()
    assert not [m for m in watcher.collect_until_marker(feeder.mark()) if has_path("test.step")(m)]


def test_connections_of_unknown_kind_are_left_alone(config, launch):
    odd = {"id": "odd", "pipeElements": [{"type": "providers/execute", "options": {"command": "true"}}]}
    config.settings(pipedProviders=[odd, 7, {"id": "empty"}, {"pipeElements": "x"}])
    before = config.json("settings.json")
    server = launch()
    assert server.api("self").ok() == SELF
    assert config.json("settings.json") == before
