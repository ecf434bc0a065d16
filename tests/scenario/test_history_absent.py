"""The doors to the past: without a provider of history they say so, after they have looked at what was asked."""
import pytest
from websockets.exceptions import InvalidStatus

TIME = "?time=2018-12-11T18:40:03.246Z"
FORMS = ["/signalk/v1/snapshot/vessels/self", "/signalk/v1/api/snapshot/vessels/self/navigation"]


@pytest.mark.parametrize("path", FORMS)
def test_a_snapshot_needs_a_time(server, path):
    answer = server.get(path)
    assert (answer.status, answer.text) == (400, "Snapshot api requires time query parameter")


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("time", ["yesterday", "2018-12-11", "2018-12-11T18:40:03", "2018-13-11T18:40:03Z", "2018-12-11T18:40:03%2B02:00"])
def test_the_time_must_be_utc(server, path, time):
    answer = server.get(f"{path}?time={time}")
    assert (answer.status, answer.text) == (400, "Time query parameter must be a valid ISO 8601 UTC time value like 2018-12-11T18:40:03.246")


@pytest.mark.parametrize("path", FORMS)
def test_there_is_no_provider(server, path):
    answer = server.get(path + TIME)
    assert (answer.status, answer.text) == (501, "No history provider")


@pytest.mark.parametrize("query, text", [
    ("", "startTime is a required query parameter for playback connections"),
    ("?startTime=2018-12-11T18:40:03Z&playbackRate=2", "No history provider"),
])
def test_playback_says_why_it_ends(server, query, text):
    stream = server.stream(query, path="/signalk/v1/playback")
    assert stream.recv() == text
    assert stream.closed() == 1005


def test_playback_is_a_websocket(server):
    assert server.get("/signalk/v1/playback").status == 426
    with pytest.raises(InvalidStatus):
        server.stream(path="/signalk/v1/playback", headers={"Sec-WebSocket-Version": "7"})
