"""Who said it: how `$source` comes about, and what the sources tree shows."""
import pytest

from harness.streams import has_path

STAMP = "2026-01-01T00:00:00.000Z"


def delta(source=None, ref=None, path="a.b", value=1):
    update = {"values": [{"path": path, "value": value}], "timestamp": STAMP}
    if source is not None:
        update["source"] = source
    if ref is not None:
        update["$source"] = ref
    return {"updates": [update]}


# (source object, $source given) → $source on the stream, label on the stream
RESOLUTION = [
    (None, None, "ws", None),
    (None, "given.ref", "given.ref", None),
    (None, "given", "given", None),
    ({"label": "t1", "type": "NMEA0183", "talker": "GP", "sentence": "RMC"}, None, "t1.GP", "t1"),
    ({"label": "t1", "type": "NMEA0183", "sentence": "RMC"}, None, "t1.XX", "t1"),
    ({"label": "n2k", "type": "NMEA2000", "src": "43", "pgn": 129026}, None, "n2k.43", "n2k"),
    ({"label": "n2k", "type": "NMEA2000", "src": 43, "pgn": 129026}, None, "n2k.43", "n2k"),
    ({"label": "n2k", "type": "NMEA2000", "src": "43", "canName": "c0788c00e7e04312"}, None, "n2k.c0788c00e7e04312", "n2k"),
    ({"label": "n2k", "type": "NMEA2000", "src": None}, None, "n2k.XX", "n2k"),
    ({"label": "plg", "type": "plugin"}, None, "plg", "plg"),
    ({"label": "plg", "type": "plugin", "src": "9"}, None, "plg.9", "plg"),
    ({"label": "other"}, None, "other.XX", "other"),
    ({"label": "/dev/actisense", "src": "1"}, None, "ws.1", "ws"),
    ({"label": "has blank", "talker": "II"}, None, "ws.II", "ws"),
    ({"label": "", "talker": "II"}, None, "ws.II", "ws"),
    ({"talker": "II"}, None, "ws.II", "ws"),
    ({"label": "a-b_c.D9", "talker": "II"}, None, "a-b_c.D9.II", "a-b_c.D9"),
    ({"label": "lbl", "talker": "GP"}, "given.ref", "given.ref", "lbl"),
]


def test_source_references_follow_the_table(server, feeder):
    watcher = server.stream("?subscribe=self&sendCachedValues=false")
    wrong = []
    for source, given, reference, label in RESOLUTION:
        feeder.feed(delta(source, given))
        update = watcher.until(has_path("a.b"))["updates"][0]
        seen = (update["$source"], update.get("source", {}).get("label"))
        if seen != (reference, label):
            wrong.append((source, given, seen, (reference, label)))
    assert not wrong


def test_the_tree_keys_by_the_source_object_even_beside_a_given_reference(server, feeder):
    feeder.feed(delta({"label": "lbl", "talker": "GP"}, "given.ref"))
    assert server.self_path("a.b.$source").ok() == "lbl.GP"


def test_the_tcp_port_is_called_tcp(server, feeder):
    client = server.tcp()
    client.hello()
    client.send({"context": "vessels.self", "subscribe": [{"path": "a.b"}]})
    client.send(delta())
    client.until(has_path("a.b"))
    assert server.self_path("a.b.$source").ok() == "tcp"


SOURCES_TREE = {
    "a bare reference": (delta(ref="n2k.43"), "n2k", {"43": {}}),
    "a reference of one part": (delta(ref="solo"), "solo", {}),
    "three parts nest": (delta(ref="a.b.c"), "a", {"b": {"c": {}}}),
    "an odd label keeps the rest together": (delta(ref="we/ird.x.y"), "we/ird", {"x.y": {}}),
    "an odd second part keeps the rest together": (delta(ref="x.y z.w"), "x", {"y z.w": {}}),
    "NMEA 0183": (delta({"label": "nmea", "type": "NMEA0183", "talker": "GP", "sentence": "RMC"}),
                  "nmea", {"label": "nmea", "type": "NMEA0183", "GP": {"talker": "GP", "sentences": {"RMC": STAMP}}}),
    "other source objects": (delta({"label": "plg", "type": "plugin"}), "plg", {"label": "plg", "type": "plugin", "timestamp": STAMP}),
}


@pytest.mark.parametrize("what", SOURCES_TREE)
def test_the_sources_tree(server, feeder, what):
    given, label, wanted = SOURCES_TREE[what]
    feeder.feed(given)
    assert server.api("sources").ok()[label] == wanted


def test_nmea0183_without_talker_is_kept_under_xx(server, feeder):
    feeder.feed(delta({"label": "nmea", "type": "NMEA0183", "sentence": "RMC"}))
    assert server.api("sources/nmea/XX/sentences").ok() == {"RMC": STAMP}


def test_sentences_of_a_talker_gather(server, feeder):
    for sentence in ("RMC", "GGA"):
        feeder.feed(delta({"label": "nmea", "type": "NMEA0183", "talker": "GP", "sentence": sentence}))
    assert server.api("sources/nmea/GP/sentences").ok() == {"RMC": STAMP, "GGA": STAMP}


def test_nmea2000_devices_carry_their_pgns_and_product_data(server, feeder):
    source = {"label": "can0", "type": "NMEA2000", "src": "43", "canName": "c0788c00e7e04312"}
    feeder.feed(delta({**source, "pgn": 129025}), delta({**source, "pgn": 129026, "modelId": "GPS 1"}))
    can0 = server.api("sources/can0").ok()
    assert (can0["label"], can0["type"]) == ("can0", "NMEA2000")
    n2k = can0["43"]["n2k"]  # the address is the key, also when $source uses the name
    assert n2k["pgns"] == {"129025": STAMP, "129026": STAMP}
    assert n2k["src"] == "43"
    assert n2k["canName"] == "c0788c00e7e04312"
    assert n2k["modelId"] == "GPS 1"
    assert not {"pgn", "label", "type"} & set(n2k)
    assert server.get("/skServer/deviceIdentities").ok() == [
        {"canName": "c0788c00e7e04312", "modelId": "GPS 1", "sourceRefs": ["can0.c0788c00e7e04312"]}]


def test_the_servers_own_configuration_is_the_source_defaults(server):
    assert server.api("sources/defaults").ok() == {}


def is_event(kind, data):
    return lambda message: isinstance(message, dict) and message.get("type") == kind and message["data"] == data


def test_listeners_are_told_of_paths_that_several_sources_know(server, feeder):
    events = server.stream("?serverevents=all&subscribe=none")
    events.until(is_event("MULTISOURCEPATHS", {}))
    feeder.feed(delta(ref="gps.1", path="navigation.position", value={"latitude": 1, "longitude": 2}))
    events.until(is_event("POSITION_SOURCES", ["gps.1"]))
    feeder.feed(delta(ref="gps.2", path="navigation.position", value={"latitude": 1, "longitude": 2}))
    later = events.collect_until(is_event("POSITION_SOURCES", ["gps.1", "gps.2"]))
    assert any(is_event("MULTISOURCEPATHS", {"navigation.position": ["gps.1", "gps.2"]})(message) for message in later)
    late = server.stream("?serverevents=all&subscribe=none")
    late.until(is_event("MULTISOURCEPATHS", {"navigation.position": ["gps.1", "gps.2"]}))
