"""One path, several speakers: what a leaf of the tree shows."""


def nmea(sentence, value, path="a.b", talker="GP"):
    return {"updates": [{"source": {"label": "gps", "type": "NMEA0183", "talker": talker, "sentence": sentence},
                         "timestamp": "2026-01-01T00:00:00.000Z", "values": [{"path": path, "value": value}]}]}


def n2k(pgn, value, path="a.b", src="43"):
    return {"updates": [{"source": {"label": "can", "type": "NMEA2000", "src": src, "pgn": pgn},
                         "timestamp": "2026-01-01T00:00:01.000Z", "values": [{"path": path, "value": value}]}]}


def test_one_source_needs_no_values(server, feeder):
    feeder.put_values({"a.b": 1}, source="one.1", timestamp="2026-01-01T00:00:00.000Z")
    feeder.put_values({"a.b": 2}, source="one.1", timestamp="2026-01-01T00:00:01.000Z")
    assert server.self_path("a.b").ok() == {"value": 2, "$source": "one.1", "timestamp": "2026-01-01T00:00:01.000Z"}


def test_from_the_second_source_on_values_holds_every_source(server, feeder):
    feeder.put_values({"a.b": 1}, source="one.1", timestamp="2026-01-01T00:00:00.000Z")
    feeder.put_values({"a.b": 2}, source="two.2", timestamp="2026-01-01T00:00:01.000Z")
    leaf = server.self_path("a.b").ok()
    assert (leaf["value"], leaf["$source"]) == (2, "two.2")
    assert leaf["values"] == {
        "one.1": {"value": 1, "timestamp": "2026-01-01T00:00:00.000Z"},
        "two.2": {"value": 2, "timestamp": "2026-01-01T00:00:01.000Z"},
    }
    feeder.put_values({"a.b": 3}, source="one.1", timestamp="2026-01-01T00:00:02.000Z")
    leaf = server.self_path("a.b").ok()
    assert (leaf["value"], leaf["$source"]) == (3, "one.1")
    assert leaf["values"]["one.1"]["value"] == 3
    assert set(leaf["values"]) == {"one.1", "two.2"}


def test_the_last_value_wins_also_with_an_older_timestamp(server, feeder):
    feeder.put_values({"a.b": 1}, source="one.1", timestamp="2026-01-01T00:00:05.000Z")
    feeder.put_values({"a.b": 2}, source="two.2", timestamp="2020-01-01T00:00:00.000Z")
    assert server.value("a.b") == 2


def test_sentence_and_pgn_come_from_the_source_and_replace_each_other(server, feeder):
    feeder.feed(nmea("RMC", 1))
    leaf = server.self_path("a.b").ok()
    assert leaf["sentence"] == "RMC" and "pgn" not in leaf
    feeder.feed(n2k(129026, 2))
    leaf = server.self_path("a.b").ok()
    assert leaf["pgn"] == 129026 and "sentence" not in leaf
    assert leaf["values"]["gps.GP"]["sentence"] == "RMC"
    assert leaf["values"]["can.43"]["pgn"] == 129026
    assert server.self_path("a.b.pgn").ok() == 129026


def test_null_is_a_value(server, feeder):
    feeder.put_values({"a.b": 1}, source="one.1")
    feeder.put_values({"a.b": None}, source="one.1")
    assert server.self_path("a.b.value").text == "null"
    assert server.self_path("a.b").ok()["$source"] == "one.1"


def test_a_node_may_be_leaf_and_branch(server, feeder):
    feeder.put_values({"a.b": 1, "a.b.c": 2}, source="one.1")
    node = server.self_path("a.b").ok()
    assert node["value"] == 1
    assert node["c"]["value"] == 2
    feeder.put_values({"x.y.z": 1}, source="one.1")
    feeder.put_values({"x.y": 2}, source="one.1")
    node = server.self_path("x.y").ok()
    assert (node["value"], node["z"]["value"]) == (2, 1)


def test_metadata_is_part_of_the_leaf_when_known(server, feeder):
    feeder.values(navigation__headingTrue=1.5, unknown__path=1)
    assert server.self_path("navigation.headingTrue").ok()["meta"]["units"] == "rad"
    assert "meta" not in server.self_path("unknown.path").ok()


def test_the_same_path_in_two_contexts_are_two_leaves(server, feeder):
    other = "vessels.urn:mrn:imo:mmsi:230099999"
    feeder.put_values({"a.b": 1}, source="one.1")
    feeder.put_values({"a.b": 2}, source="one.1", context=other)
    assert server.value("a.b") == 1
    assert server.api("vessels/urn:mrn:imo:mmsi:230099999/a/b/value").ok() == 2
