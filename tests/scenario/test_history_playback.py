"""The stream as it was, played again."""
import time

import pytest

from harness.security import as_user, secure, token
from harness.server import SELF
from harness.streams import values_in
from harness.waiting import eventually
from test_history import ON, OTHER, START, feed, iso, info, recorded

PLAYBACK = "/signalk/v1/playback"


@pytest.fixture
def recording(config, launch):
    config.settings(history={**ON, "contexts": ["vessels.*"]})
    return launch()


def play(server, start, rate=1000, more="", **how):
    stream = server.stream(f"?startTime={iso(start)}&playbackRate={rate}{more}", path=PLAYBACK, **how)
    return stream, stream.hello()


def test_it_comes_in_order_and_whole(recording):
    rows = [(START + i / 10, {"a.x": i, "a.y": i * 2} if i % 3 else {"a.x": i}) for i in range(3000)]
    feed(recording, rows)
    stream, hello = play(recording, START)
    assert hello["startTime"] == iso(START) and hello["playbackRate"] == 1000 and hello["self"] == SELF
    for second, values in rows:
        message = stream.recv()
        assert message["context"] == SELF
        assert message["updates"][0]["timestamp"] == iso(second)
        assert {entry["path"]: entry["value"] for entry in message["updates"][0]["values"]} == values


def test_it_begins_where_it_is_told_and_at_its_pace(recording):
    feed(recording, [(START + i, {"a.x": i}) for i in range(10)])
    stream, _ = play(recording, START + 4.5, rate=20)
    began = time.monotonic()
    assert [values_in(stream.recv())[0][3] for _ in range(5)] == [5, 6, 7, 8, 9]
    assert time.monotonic() - began >= 0.15  # the last of them is 4.5 s on, at 20 times the pace; early is wrong, late is a slow machine


def test_values_of_one_time_stay_in_their_order(recording):
    feeder = recording.feeder()
    for i in range(50):
        feeder.send({"updates": [{"$source": "s", "timestamp": iso(START), "values": [{"path": "a.x", "value": i}]}]})
    feeder.mark()
    recorded(recording, 51)
    stream, _ = play(recording, START)
    assert [values_in(stream.recv())[0][3] for _ in range(50)] == list(range(50))


def test_other_vessels_when_asked_for(recording):
    feed(recording, [(START, {"a.x": 1})], context=OTHER)
    feed(recording, [(START + 1, {"a.x": 2})])
    stream, _ = play(recording, START)
    assert values_in(stream.recv()) == [(SELF, "s", "a.x", 2)]
    stream, _ = play(recording, START, more="&subscribe=all")
    assert values_in(stream.recv()) + values_in(stream.recv()) == [(OTHER, "s", "a.x", 1), (SELF, "s", "a.x", 2)]


def test_values_of_two_vessels_at_one_time_are_a_delta_each(recording):
    """The second vessel becomes known between two paths of the first."""
    feeder = recording.feeder()
    for context, path in ((SELF, "a.x"), (OTHER, "a.x"), (SELF, "a.y"), (OTHER, "a.y"), (SELF, "a.z")):
        feeder.send({"context": context, "updates": [{"$source": "s", "timestamp": iso(START), "values": [{"path": path, "value": 1}]}]})
    feeder.mark()
    recorded(recording, 6)
    stream, _ = play(recording, START, more="&subscribe=all")
    messages = [stream.recv() for _ in range(2)]
    seen = {message["context"]: sorted(path for _, _, path, _ in values_in(message)) for message in messages}
    assert seen == {SELF: ["a.x", "a.y", "a.z"], OTHER: ["a.x", "a.y"]}


def test_it_goes_on_with_what_comes_now(recording):
    feeder = recording.feeder()
    begin = time.time()
    feeder.values(live__x=1)
    recorded(recording, 2)
    stream, _ = play(recording, begin - 1, rate=10)
    stream.until(lambda message: ("live.x", 1) in [(path, value) for _, _, path, value in values_in(message)], 30)
    feeder.values(live__x=2)
    stream.until(lambda message: ("live.x", 2) in [(path, value) for _, _, path, value in values_in(message)], 30)


@pytest.mark.parametrize("query, text", [
    ("", "startTime is a required query parameter for playback connections"),
    ("?startTime=soon", "startTime must be an ISO 8601 time like 2018-12-11T18:40:03.246Z"),
    ("?startTime=2026-01-01T00:00:00Z&playbackRate=0", "playbackRate must be a number from 0.001 to 10000"),
    ("?startTime=2090-01-01T00:00:00Z", "No data found"),
])
def test_it_says_why_it_ends(recording, query, text):
    feed(recording, [(START, {"a.x": 1})])
    stream = recording.stream(query, path=PLAYBACK)
    assert stream.recv() == text
    assert stream.closed() == 1005


def test_it_takes_no_messages(recording):
    feed(recording, [(START + 1000, {"a.x": 1})])
    stream, _ = play(recording, START, rate=1)
    stream.send("hello")
    assert stream.recv() == "Playback does not support ws upstream messages"
    assert stream.closed() == 1005


def test_not_for_everybody(config, launch):
    from websockets.exceptions import InvalidStatus
    server = launch(folder=secure(config, {"history": ON}))
    for query in (f"?startTime={iso(START)}", f"?startTime={iso(START)}&token=bad"):
        with pytest.raises(InvalidStatus) as refused:
            server.stream(query, path=PLAYBACK)
        assert refused.value.response.status_code == 401
    eventually(lambda: info(server, headers=as_user("anna"))["state"] == "recording", "recording")
    stream = server.stream(f"?startTime=2090-01-01T00:00:00Z&token={token('rita')}", path=PLAYBACK)
    assert stream.recv() == "No data found"


def test_clients_that_leave_leave_nothing_behind(recording):
    feed(recording, [(START + i, {"a.x": i}) for i in range(100)])
    for _ in range(3):
        streams = [play(recording, START)[0] for _ in range(15)]  # of the twenty there may be
        for stream in streams:
            stream.close()
        eventually(lambda: play_once(recording), "there is room again", 20)


def play_once(server):
    try:
        stream, _ = play(server, START)
    except Exception as error:  # 429 as long as the others are not gone
        raise AssertionError(str(error)) from error
    stream.close()
    return True
