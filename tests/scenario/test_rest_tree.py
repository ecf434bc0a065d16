"""Reading the tree over HTTP: which address gives what."""
import pytest

from harness.server import SELF, SELF_ID

OTHER = "urn:mrn:imo:mmsi:230099999"
GOLDEN_INPUT = [
    {"updates": [{"source": {"label": "t1", "type": "NMEA0183", "sentence": "RMC", "talker": "GP"},
                  "timestamp": "2026-01-01T00:00:00.000Z",
                  "values": [{"path": "navigation.speedOverGround", "value": 3.1},
                             {"path": "navigation.position", "value": {"latitude": 60.1, "longitude": 24.9}}]}]},
    {"updates": [{"$source": "n2k.43", "timestamp": "2026-01-01T00:00:01.000Z",
                  "values": [{"path": "navigation.speedOverGround", "value": 3.2}, {"path": "foo.nul", "value": None}]}]},
    {"context": "vessels." + OTHER,
     "updates": [{"source": {"label": "ais", "type": "NMEA0183", "sentence": "VDM", "talker": "AI"},
                  "values": [{"path": "", "value": {"name": "OTHER", "mmsi": "230099999"}},
                             {"path": "navigation.speedOverGround", "value": 1}]}]},
]
SOG = "vessels/self/navigation/speedOverGround"


@pytest.fixture
def golden(server, feeder):
    feeder.feed(*GOLDEN_INPUT)
    return server


GOLDEN_READS = {
    "self": SELF,
    SOG + "/value": 3.2,
    SOG + "/values": {
        "t1.GP": {"value": 3.1, "sentence": "RMC", "timestamp": "2026-01-01T00:00:00.000Z"},
        "n2k.43": {"value": 3.2, "timestamp": "2026-01-01T00:00:01.000Z"},
    },
    SOG + "/timestamp": "2026-01-01T00:00:01.000Z",
    SOG + "/$source": "n2k.43",
    SOG + "/meta/units": "m/s",
    "vessels/self/foo/nul": {"value": None, "$source": "n2k.43", "timestamp": "2026-01-01T00:00:01.000Z"},
    "vessels/self/foo/nul/value": None,
    "vessels/self/navigation/position/value/latitude": 60.1,
    "vessels/self/navigation/position/value": {"latitude": 60.1, "longitude": 24.9},
    "vessels/self/name": "Skiff",
    "vessels/self/uuid": SELF_ID,
    f"vessels/{SELF_ID}/name": "Skiff",
    "version": "0.1.0",
    f"vessels/{OTHER}/name": "OTHER",
    f"vessels/{OTHER}/mmsi": "230099999",
    f"vessels/{OTHER}/navigation/speedOverGround/value": 1,
    "sources/t1": {"label": "t1", "type": "NMEA0183",
                   "GP": {"talker": "GP", "sentences": {"RMC": "2026-01-01T00:00:00.000Z"}}},
    "sources/n2k": {"43": {}},
}


def test_golden_reads(golden):
    wrong = {}
    for path, wanted in GOLDEN_READS.items():
        answer = golden.api(path)
        if answer.status != 200 or answer.json() != wanted or answer.type != "application/json; charset=utf-8":
            wrong[path] = answer
    assert not wrong


NOT_THERE = [
    "vessels/self/nope",
    "vessels.self",
    "self/",
    "resources",
    "vessels/self/navigation/headingTrue",         # has metadata but no value
    "vessels/self/navigation.speedOverGround",     # dots do not separate
    "vessels/self/navigation/position/latitude",   # an object value is one value
    "vessels/self//navigation",
    "vessels//self",
    "vessels/self/navigation/SpeedOverGround",     # case counts
    "vessels/urn:mrn:imo:mmsi:111111111",
    "vessels/self/navigation/speedOverGround/value/deeper",
    "vessels/self/name/0",
    "vessels/self/toString",
    "vessels/self/navigation/__proto__",
    "vessels/self/no/such/path/meta",
    SOG + "/meta/nosuchfield",
]


@pytest.mark.parametrize("path", NOT_THERE)
def test_what_is_not_there_is_404(golden, path):
    answer = golden.api(path)
    assert answer.status == 404
    assert answer.type == "text/html; charset=utf-8"


def test_the_404_page_says_which_method_and_path(golden):
    assert golden.api("vessels/self/nope").pre() == "Cannot GET /signalk/v1/api/vessels/self/nope"


def test_the_tree_is_not_posted_to(golden):
    answer = golden.post("/signalk/v1/api/vessels/self/navigation", json={})
    assert answer.status == 404
    assert answer.pre() == "Cannot POST /signalk/v1/api/vessels/self/navigation"


def test_the_404_page_escapes_what_was_asked_for(golden):
    raw = golden.raw().send('GET /signalk/v1/api/<script>"\'& HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    answer = raw.read_to_end()
    assert b" 40" in answer.split(b"\r\n")[0]
    assert b"<script>" not in answer


def test_percent_encoded_segments_are_decoded(golden):
    assert golden.api("vessels/" + OTHER.replace(":", "%3A") + "/name").ok() == "OTHER"
    assert golden.api("vessels/self/navigation/speedOver%47round/value").ok() == 3.2


@pytest.mark.parametrize("bad", ["%", "%zz", "%00", "%ff", "%c0%af"])
def test_a_malformed_escape_is_an_ordinary_refusal(golden, bad):
    assert golden.api("vessels/self/" + bad).status in (400, 404)


def test_one_trailing_slash_is_tolerated(golden):
    assert golden.api("vessels/self/navigation/speedOverGround/value/").ok() == 3.2
    assert golden.api("vessels/self/").ok()["name"] == "Skiff"
    assert golden.api("vessels/self/navigation/headingTrue/meta/").ok()["units"] == "rad"


def test_the_whole_tree_has_its_members_in_order(golden):
    tree = golden.api("").ok()
    assert list(tree)[:4] == ["vessels", "self", "version", "sources"]
    assert tree["self"] == SELF
    assert tree["version"] == "0.1.0"
    assert set(tree["vessels"]) == {SELF_ID, OTHER}
    assert golden.get("/signalk/v1/api").status == 404


def test_roots_other_than_vessels_appear_with_their_data(golden):
    assert golden.api("aton").status == 404
    golden.feeder().put_values({"navigation.position": {"latitude": 1, "longitude": 2}}, context="aton.urn:mrn:imo:mmsi:992301234")
    assert golden.api("aton").ok()["urn:mrn:imo:mmsi:992301234"]["mmsi"] == "992301234"
    assert "aton" in golden.api("").ok()


def test_a_leaf_is_value_source_timestamp_and_meta(golden):
    leaf = golden.api("vessels/self/navigation/position").ok()
    assert leaf["value"] == {"latitude": 60.1, "longitude": 24.9}
    assert leaf["$source"] == "t1.GP"
    assert leaf["timestamp"] == "2026-01-01T00:00:00.000Z"
    assert leaf["sentence"] == "RMC"
    assert "description" in leaf["meta"]
    assert "values" not in leaf


def test_metadata_is_there_before_the_first_value(golden):
    meta = golden.api("vessels/self/navigation/headingTrue/meta").ok()
    assert meta["units"] == "rad"
    assert meta["description"]
    assert golden.api("vessels/self/navigation/headingTrue/meta/units").ok() == "rad"
    assert golden.api("vessels/self/navigation/headingTrue").status == 404


def test_all_metadata_of_a_vessel_by_dotted_path(golden):
    for address in ("self", SELF_ID):
        metas = golden.api(f"vessels/{address}/meta").ok()
        assert metas["navigation.speedOverGround"]["units"] == "m/s"
        assert "navigation.position" in metas
        assert "navigation.headingTrue" not in metas  # no leaf
    assert list(golden.api(f"vessels/{OTHER}/meta").ok()) == ["navigation.speedOverGround"]


def test_json_is_compact(golden):
    for path in (SOG + "/values", "vessels/self/foo/nul"):
        text = golden.api(path).text
        assert ": " not in text and ", " not in text and "\n" not in text


def test_self_stands_for_the_own_id_at_any_depth(golden):
    assert golden.api("vessels/self").ok() == golden.api("vessels/" + SELF_ID).ok()


def test_a_path_with_nothing_behind_the_context_is_the_whole_vessel(golden):
    vessel = golden.api("vessels/self").ok()
    assert vessel["navigation"]["speedOverGround"]["value"] == 3.2
    assert vessel["name"] == "Skiff"
    assert "values" in vessel["navigation"]["speedOverGround"]


CONTEXT_IDENTITY = [
    ("vessels.urn:mrn:imo:mmsi:230000001", "vessels/urn:mrn:imo:mmsi:230000001/mmsi", "230000001"),
    ("vessels.urn:mrn:signalk:uuid:11111111-1111-4111-8111-111111111111",
     "vessels/urn:mrn:signalk:uuid:11111111-1111-4111-8111-111111111111/uuid",
     "urn:mrn:signalk:uuid:11111111-1111-4111-8111-111111111111"),
    ("meteo.station7", "meteo/station7/url", "station7"),
]


@pytest.mark.parametrize("context, path, wanted", CONTEXT_IDENTITY)
def test_a_new_context_gets_one_identity_member(server, feeder, context, path, wanted):
    feeder.put_values({"environment.outside.temperature": 290}, context=context)
    assert server.api(path).ok() == wanted


def test_a_context_without_id_stores_no_values_but_its_meta_counts(server, feeder):
    feeder.feed({"context": "meteo", "updates": [{"values": [{"path": "a.b", "value": 1}],
                                                  "meta": [{"path": "a.b", "value": {"units": "K"}}]}]})
    assert server.api("meteo").status == 404
    assert server.api("vessels/self/a/b/meta").ok()["units"] == "K"
