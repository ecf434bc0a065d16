"""Weather from plugins: what a position's observations, forecasts and warnings are asked with, and what comes when nobody knows."""
import threading

import pytest

from harness import packages
from harness.waiting import eventually

API = "/signalk/v2/api/weather"
PROBE = "@skiff/probe-provider"
HERE = "lat=60.1&lon=-24.9"
POSITION = {"latitude": 60.1, "longitude": -24.9}


@pytest.fixture
def probe(config, launch):
    config.enable(config.install(packages.built(PROBE)))
    server = launch()
    server.wait_plugin(PROBE, state="running")
    return server


def refused(answer, status=400):
    assert answer.status == status and answer.json()["state"] == "FAILED", answer
    return answer.json()["message"]


def test_observations(probe):
    first, = probe.get(f"{API}/observations?{HERE}").ok()
    assert first["request"] == {"position": POSITION} and first["type"] == "observation"


def test_forecasts_name_their_type_and_options(probe):
    one, = probe.get(f"{API}/forecasts/point?{HERE}&count=3&date=2026-11-24&model=gfs&hours=6").ok()
    assert one["request"] == {"position": POSITION, "type": "point",
                              "options": {"maxCount": 3, "startDate": "2026-11-24", "custom": {"model": "gfs", "hours": "6"}}}
    assert list(one["request"]) == ["position", "type", "options"]


def test_warnings_have_no_options(probe):
    one, = probe.get(f"{API}/warnings?{HERE}&count=3").ok()
    assert one["request"] == {"position": POSITION}


def test_what_is_no_list_is_an_empty_one(probe):
    assert probe.get(f"{API}/forecasts/daily?{HERE}").ok() == []


def test_a_trap_is_an_empty_list_and_the_plugin_comes_back(probe):
    assert probe.get(f"{API}/forecasts/point?lat=75&lon=0").ok() == []
    probe.wait_plugin(PROBE, state="running")
    eventually(lambda: probe.get(f"{API}/observations?{HERE}").ok(), "the provider")


def test_a_provider_that_does_not_return_is_504_while_others_answer(probe):
    got = {}
    late = threading.Thread(target=lambda: got.update(late=probe.get(f"{API}/forecasts/point?lat=85&lon=0", timeout=40)))
    late.start()
    for _ in range(20):
        assert probe.get("/signalk").status == 200
        assert probe.get("/signalk/v2/api/resources/routes").ok() == {}
    late.join(60)
    assert got["late"].status == 504


@pytest.mark.parametrize("query, message", [
    ("", "Location not supplied!"), ("lat=1", "Location not supplied!"), ("lon=1", "Location not supplied!"),
    ("lat=x&lon=1", "Invalid position data!"), ("lat=91&lon=1", "Invalid position data!"), ("lat=1&lon=181", "Invalid position data!"),
    ("lat=&lon=", "Invalid position data!"), ("lat=NaN&lon=1", "Invalid position data!"),
    (HERE + "&count=x", "Invalid count: a whole number is needed!"), (HERE + "&date=tomorrow", "Invalid date: YYYY-MM-DD is needed!"),
    (HERE + "&provider=nobody", "Provider nobody not found!"),
])
def test_bad_questions_are_refused(probe, query, message):
    assert refused(probe.get(f"{API}/observations?{query}")) == message


def test_without_a_provider(server):
    for what in ("observations", "forecasts/daily", "forecasts/point", "warnings"):
        assert refused(server.get(f"{API}/{what}?{HERE}")) == "No providers registered!"
    assert server.get(f"{API}/_providers").ok() == {}
    assert server.get(f"{API}/_providers/_default").ok() == {}
    assert set(server.get(API).ok()) == {"observations", "forecasts", "warnings"}
    assert set(server.get(f"{API}/forecasts").ok()) == {"daily", "point"}
    assert "weather" in server.get("/signalk/v2/features").ok()["apis"]


def test_the_provider_is_named_chosen_and_gone_with_its_plugin(probe):
    assert probe.get(f"{API}/_providers").ok() == {PROBE: {"name": "Probe weather", "isDefault": True}}
    assert probe.get(f"{API}/_providers/_default").ok() == {"id": PROBE}
    chosen = probe.post(f"{API}/_providers/_default/{PROBE.replace('/', '%2F')}").ok()
    assert chosen["message"] == f"Default provider set to {PROBE}."
    assert refused(probe.post(f"{API}/_providers/_default/nobody")) == "Provider nobody not found!"
    assert probe.get(f"{API}/observations?{HERE}&provider={PROBE}").ok()
    probe.configure(PROBE, enabled=False)
    assert probe.get(f"{API}/_providers").ok() == {}
    assert refused(probe.get(f"{API}/observations?{HERE}")) == "No providers registered!"
    probe.configure(PROBE, enabled=True)
    assert probe.get(f"{API}/_providers/_default").ok() == {"id": PROBE}


def test_a_start_that_fails_provides_nothing(config, launch):
    name = config.install(packages.built(PROBE))
    server = launch()
    assert server.configure(name, {"fail": 5}).status == 500
    assert server.get(f"{API}/_providers").ok() == {}
    assert server.get("/signalk/v2/api/vessels/self/radars/_providers").ok() == {}
