"""The demo boat, a first-party plugin in C: a fresh server with it has something to show."""
import pytest

from harness import packages
from harness.streams import values_in
from harness.waiting import eventually


@pytest.fixture
def boat(config):
    package = packages.built("skiff-demo-boat")
    config.install(package)
    return package.name


def test_it_sails_and_says_so(boat, config, launch):
    config.enable(boat)
    server = launch()
    server.wait_plugin(boat, state="running")
    position = eventually(lambda: server.value("navigation.position"))
    assert -90 <= position["latitude"] <= 90 and -180 <= position["longitude"] <= 180
    assert server.self_path("navigation.position.$source").ok() == boat
    assert server.plugin(boat)["statusMessage"]
    stream = server.stream("?subscribe=none")
    stream.hello()
    stream.subscribe("navigation.position")

    def moved(message):
        return any(path == "navigation.position" and value != position for _, _, path, value in values_in(message))

    stream.until(moved)


def test_it_is_polled_about_once_a_second(boat, config, launch):
    config.enable(boat)
    server = launch()
    server.wait_plugin(boat, state="running")
    stream = server.stream("?sendCachedValues=false")
    stream.hello()
    sent = []
    while len(sent) < 4:
        message = stream.until(lambda m: any(path == "navigation.position" for _, _, path, _ in values_in(m)))
        sent.append(message["updates"][0]["timestamp"])
    seconds = [float(stamp[17:23]) for stamp in sent]
    gaps = [(later - earlier) % 60 for earlier, later in zip(seconds[1:], seconds[2:])]
    assert all(0.5 < gap < 3 for gap in gaps), gaps


def test_nothing_of_it_is_left_behind_when_it_is_switched_off(boat, config, launch):
    config.enable(boat)
    server = launch()
    server.wait_plugin(boat, state="running")
    eventually(lambda: server.value("navigation.position"))
    server.configure(boat, enabled=False)
    server.wait_plugin(boat, state="stopped")
    watcher = server.stream("?sendCachedValues=false")
    feeder = server.feeder()
    for _ in range(20):
        feeder.mark()
    got = watcher.collect_until_marker(feeder.mark())
    assert not [v for m in got for v in values_in(m) if v[1] == boat]
