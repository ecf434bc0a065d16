"""Who the vessel is, and that it stays the same vessel over every restart."""
import json
import re

import pytest

from harness.server import SELF_ID, ConfigDir

UUID_URN = re.compile(r"^urn:mrn:signalk:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


def roots(config):
    """All root values in baseDeltas.json, merged."""
    merged = {}
    for delta in config.json("baseDeltas.json"):
        for update in delta["updates"]:
            for entry in update.get("values", []):
                if entry["path"] == "":
                    merged.update(entry["value"])
    return merged


@pytest.fixture
def empty(config):
    """A folder in which nothing was ever configured."""
    for file in config.path.iterdir():
        file.unlink()
    return config


def test_a_fresh_install_makes_a_uuid_and_writes_it_at_once(empty, launch):
    server = launch()
    own = server.api("self").ok()
    assert own.startswith("vessels.") and UUID_URN.match(own[8:])
    assert roots(empty)["uuid"] == own[8:]
    assert server.api("vessels/self/uuid").ok() == own[8:]
    server.kill()
    server.restart()
    assert server.api("self").ok() == own


def test_two_fresh_installs_are_two_vessels(empty, launch):
    first = launch()
    own = first.api("self").ok()
    first.stop()
    (empty.path / "baseDeltas.json").unlink()
    first.restart()
    assert first.api("self").ok() != own


def test_a_missing_folder_is_created(launch, tmp_path):
    folder = ConfigDir(tmp_path / "parent")
    folder.path = tmp_path / "parent" / "new"
    server = launch(folder=folder)
    assert UUID_URN.match(server.api("self").ok()[8:])
    assert (folder.path / "baseDeltas.json").exists()


def test_the_mmsi_is_the_identity_when_there_is_one(config, launch):
    config.base_deltas({"name": "Skiff", "mmsi": "230012345", "uuid": SELF_ID})
    server = launch()
    assert server.api("self").ok() == "vessels.urn:mrn:imo:mmsi:230012345"
    assert server.api("vessels/self/mmsi").ok() == "230012345"
    assert server.stream("?subscribe=none").hello()["self"] == "vessels.urn:mrn:imo:mmsi:230012345"


def test_the_uuid_is_the_identity_without_mmsi(server):
    assert server.api("self").ok() == "vessels." + SELF_ID
    assert server.stream("?subscribe=none").hello()["self"] == "vessels." + SELF_ID


def test_a_name_without_identity_keeps_the_name_and_gets_a_uuid(config, launch):
    config.base_deltas({"name": "Nameonly"})
    server = launch()
    own = server.api("self").ok()
    assert UUID_URN.match(own[8:])
    assert server.api("vessels/self/name").ok() == "Nameonly"
    assert roots(config) == {"name": "Nameonly", "uuid": own[8:]}


def test_base_deltas_come_in_as_the_source_defaults(config, launch):
    config.base_deltas({"name": "Skiff", "uuid": SELF_ID, "communication": {"callsignVhf": "OH1234"}},
                       design__beam=3.2, design__length={"overall": 12.5}, sensors__gps__fromBow=4)
    server = launch()
    beam = server.self_path("design.beam").ok()
    assert (beam["value"], beam["$source"]) == (3.2, "defaults")
    assert server.value("design.length") == {"overall": 12.5}
    assert server.value("sensors.gps.fromBow") == 4
    assert server.api("vessels/self/communication/callsignVhf").ok() == "OH1234"


def test_base_deltas_bring_metadata_too(config, launch):
    config.write("baseDeltas.json", [
        {"context": "vessels.self", "updates": [{"values": [{"path": "", "value": {"uuid": SELF_ID}}]}]},
        {"context": "vessels.self", "updates": [{"meta": [{"path": "environment.depth.belowKeel", "value": {"displayName": "Depth"}}]}]},
    ])
    server = launch()
    meta = server.self_path("environment.depth.belowKeel.meta").ok()
    assert meta["displayName"] == "Depth"
    assert meta["units"] == "m"


@pytest.mark.parametrize("root", [{"mmsi": 230012345}, {"uuid": 7}, {"uuid": None, "mmsi": {}}])
def test_an_identity_that_is_no_string_refuses_to_start(config, launcher, root):
    config.base_deltas({"name": "Skiff", **root})
    before = config.text("baseDeltas.json")
    server = launcher()
    with pytest.raises(AssertionError, match="ended"):
        server.start()
    assert server.wait_exit() != 0
    assert re.search("mmsi|uuid", server.log("err"))
    assert config.text("baseDeltas.json") == before


def test_a_legacy_defaults_file_is_converted(config, launch):
    (config.path / "baseDeltas.json").unlink()
    config.write("defaults.json", {"vessels": {"self": {
        "name": "Oldie", "mmsi": "230054321", "communication": {"callsignVhf": "OH9"},
        "design": {"beam": {"value": 3.1}, "length": {"value": {"overall": 11}}},
    }}})
    server = launch()
    assert server.api("self").ok() == "vessels.urn:mrn:imo:mmsi:230054321"
    assert server.api("vessels/self/name").ok() == "Oldie"
    assert server.value("design.beam") == 3.1
    assert server.value("design.length") == {"overall": 11}
    assert roots(config)["mmsi"] == "230054321"


def test_an_existing_base_file_wins_over_the_legacy_one(config, launch):
    config.write("defaults.json", {"vessels": {"self": {"name": "Oldie", "mmsi": "230054321"}}})
    assert launch().api("vessels/self/name").ok() == "Skiff"


def test_the_file_is_written_for_people(empty, launch):
    launch()
    text = empty.text("baseDeltas.json")
    assert text.rstrip("\n") == json.dumps(json.loads(text), indent=2, ensure_ascii=False)


def test_a_file_that_is_not_understood_is_put_aside(config, launch):
    config.write("baseDeltas.json", "{ this is not JSON")
    server = launch()
    server.wait_log(r"baseDeltas\.json", stream="err")
    assert config.text("baseDeltas.json.broken") == "{ this is not JSON"
    assert server.api("self").ok() != "vessels." + SELF_ID
