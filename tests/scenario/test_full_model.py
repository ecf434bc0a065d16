"""The full model of a crowded sea: put together in parts, each kept until it changes."""
import gzip
import json

from harness.server import SELF_ID
from harness.streams import MARKER


def crowd(feeder, count, root="vessels", start=0):
    for i in range(start, start + count):
        feeder.send({"context": f"{root}.urn:mrn:imo:mmsi:{200000000 + i}", "updates": [{"$source": "ais.1", "timestamp": "2026-01-01T00:00:00Z", "values": [
            {"path": "", "value": {"name": f"Ship {i}"}},
            {"path": "navigation.position", "value": {"latitude": 60 + i / 10000, "longitude": 25}},
            {"path": "navigation.speedOverGround", "value": i / 10},
        ]}]})
    feeder.mark()


def test_all_contexts_are_there_as_they_are_alone(server, feeder):
    crowd(feeder, 1500)
    crowd(feeder, 20, root="aton")
    whole = server.api("").ok()
    assert list(whole) == ["vessels", "self", "version", "sources", "aton"]
    assert whole["self"] == f"vessels.{SELF_ID}" and whole["version"] == "0.1.0"
    assert len(whole["vessels"]) == 1501 and len(whole["aton"]) == 20
    assert list(whole["vessels"])[0] == SELF_ID
    vessels, atons = server.api("vessels").ok(), server.api("aton/").ok()
    assert vessels == whole["vessels"] and atons == whole["aton"]
    for i in (0, 700, 1499):
        name = f"urn:mrn:imo:mmsi:{200000000 + i}"
        alone = server.api(f"vessels/{name}").ok()
        assert alone == vessels[name]
        assert alone["name"] == f"Ship {i}" and alone["navigation"]["speedOverGround"]["value"] == i / 10
        assert alone["navigation"]["speedOverGround"]["meta"]["units"] == "m/s"


def test_what_changes_is_seen_at_once(server, feeder):
    crowd(feeder, 50)
    ship = "urn:mrn:imo:mmsi:200000007"
    before = server.api("vessels").ok()
    feeder.put_values({"navigation.speedOverGround": 99}, context=f"vessels.{ship}", source="ais.1")
    after = server.api("vessels").ok()
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {ship, SELF_ID} and after[ship]["navigation"]["speedOverGround"]["value"] == 99
    feeder.feed({"updates": [{"meta": [{"path": "navigation.speedOverGround", "value": {"displayName": "Speed"}}]}]})
    named = server.api("vessels").ok()
    assert all(named[name]["navigation"]["speedOverGround"]["meta"]["displayName"] == "Speed" for name in named if name != SELF_ID)
    crowd(feeder, 1, start=777)
    assert "urn:mrn:imo:mmsi:200000777" in server.api("vessels").ok()


def test_validators_compression_and_head(server, feeder):
    crowd(feeder, 200)
    plain = server.api("vessels")
    tag = plain.headers["etag"]
    assert tag.startswith('W/"') and plain.headers["vary"] == "Accept-Encoding"
    same = server.api("vessels", headers={"If-None-Match": tag})
    assert same.status == 304 and same.body == b"" and same.headers["etag"] == tag
    packed = server.api("vessels", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip" and packed.headers["etag"] == tag
    assert json.loads(gzip.decompress(packed.body)) == plain.json()
    head = server.request("HEAD", "/signalk/v1/api/vessels")
    assert head.status == 200 and head.body == b"" and int(head.headers["content-length"]) == len(plain.body)
    crowd(feeder, 1, start=900)
    other = server.api("vessels", headers={"If-None-Match": tag})
    assert other.status == 200 and other.headers["etag"] != tag


def test_a_client_that_leaves_in_the_middle_disturbs_nobody(server, feeder):
    crowd(feeder, 3000)
    for _ in range(20):
        raw = server.raw()
        raw.send(b"GET /signalk/v1/api/vessels HTTP/1.1\r\nHost: x\r\n\r\n")
        raw.close()
    assert len(server.api("vessels").ok()) == 3001
    assert server.value(MARKER) >= 1
