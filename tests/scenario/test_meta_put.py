"""Metadata that the owner sets: it is merged, announced, saved, and can be undone."""
import json

import pytest

from harness.server import SELF
from harness.streams import MARKER, metas_in, paths_in
from harness.waiting import eventually

API = "/signalk/v1/api/vessels/self/"
DEPTH = "environment/depth/belowTransducer"
DOTTED = "environment.depth.belowTransducer"
ZONES = [{"upper": 3, "state": "alarm", "message": "Shallow"}]


def completed(server, answer):
    """Follows a 202 to its end; the final reply."""
    assert answer.status == 202, answer
    reply = answer.json()
    assert reply["state"] == "PENDING" and reply["statusCode"] == 202
    return eventually(lambda: (r := server.get(reply["href"]).ok())["state"] == "COMPLETED" and r, "the end of the request")


def put(server, path, value):
    final = completed(server, server.put(API + path, {"value": value}))
    assert final["statusCode"] == 200, final


def saved(config, path=DOTTED):
    """The owner's metadata of a path in the file, or None."""
    found = None
    for delta in config.json("baseDeltas.json"):
        assert delta["context"] == "vessels.self"
        for update in delta["updates"]:
            for entry in update.get("meta", []):
                if entry["path"] == path:
                    found = entry["value"]
    return found


def meta(server, path=DOTTED):
    return server.self_path(path + ".meta").ok()


def test_golden_reply(server):
    reply = server.put(API + DEPTH + "/meta", {"value": {"displayName": "Depth", "zones": ZONES}}).json()
    request_id = reply["requestId"]
    href = "/signalk/v1/requests/" + request_id
    assert reply == {"state": "PENDING", "requestId": request_id, "statusCode": 202, "href": href, "action": {"href": href}}


def test_the_owners_fields_are_merged_over_the_registry(server):
    seed = meta(server)
    put(server, DEPTH + "/meta", {"displayName": "Depth", "zones": ZONES})
    merged = meta(server)
    assert (merged["displayName"], merged["zones"]) == ("Depth", ZONES)
    assert (merged["units"], merged["description"]) == ("m", seed["description"])


def test_only_the_owners_fields_are_saved(server, config):
    put(server, DEPTH + "/meta", {"displayName": "Depth", "zones": ZONES})
    assert saved(config) == {"displayName": "Depth", "zones": ZONES}
    text = config.text("baseDeltas.json")
    assert text.rstrip("\n") == json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    assert server.api("vessels/self/name").ok() == "Skiff"


def test_saved_means_saved(server):
    put(server, DEPTH + "/meta", {"displayName": "Depth"})
    server.kill()
    server.restart()
    assert meta(server)["displayName"] == "Depth"
    assert server.api("vessels/self/name").ok() == "Skiff"


def test_clients_hear_of_it(server):
    watcher = server.stream("?sendCachedValues=false")
    watcher.hello()
    put(server, DEPTH + "/meta", {"displayName": "Depth"})
    message = watcher.until(metas_in)
    (context, path, value), = metas_in(message)
    assert (context, path) == (SELF, DOTTED)
    assert (value["displayName"], value["units"]) == ("Depth", "m")
    assert message["updates"][0]["$source"] == "defaults"


def test_one_field_can_be_set(server, config):
    put(server, DEPTH + "/meta", {"displayName": "Depth"})
    put(server, DEPTH + "/meta/shortName", "D")
    merged = meta(server)
    assert (merged["displayName"], merged["shortName"]) == ("Depth", "D")
    assert saved(config) == {"displayName": "Depth", "shortName": "D"}


def test_an_empty_list_of_zones_is_saved_as_null(server, config):
    put(server, DEPTH + "/meta", {"zones": ZONES})
    put(server, DEPTH + "/meta/zones", [])
    assert saved(config)["zones"] is None
    assert not meta(server).get("zones")


def test_a_path_without_value_or_seed_can_have_metadata(server, config):
    put(server, "my/own/path/meta", {"units": "K"})
    assert meta(server, "my.own.path")["units"] == "K"
    assert saved(config, "my.own.path") == {"units": "K"}
    assert server.self_path("my.own.path").status == 404


def test_null_is_no_metadata(server, config):
    before = config.text("baseDeltas.json")
    assert server.put(API + DEPTH + "/meta", {"value": None}).status == 400
    assert config.text("baseDeltas.json") == before


def test_websocket_clients_can_do_it_too(server):
    stream = server.stream("?subscribe=none")
    stream.hello()
    stream.send({"requestId": "m1", "context": "vessels.self", "put": {"path": DOTTED + ".meta", "value": {"displayName": "Depth"}}})
    replies = stream.collect_until(lambda m: m.get("state") == "COMPLETED")
    assert all(reply["requestId"] == "m1" and "action" not in reply for reply in replies)
    assert replies[-1]["statusCode"] == 200
    assert meta(server)["displayName"] == "Depth"


def test_delete_undoes_the_owners_part(server, config):
    put(server, DEPTH + "/meta", {"displayName": "Depth", "shortName": "D"})
    assert completed(server, server.delete(API + DEPTH + "/meta/shortName"))["statusCode"] == 200
    assert saved(config) == {"displayName": "Depth"}
    assert completed(server, server.delete(API + DEPTH + "/meta"))["statusCode"] == 200
    assert saved(config) is None
    server.stop()
    server.restart()
    assert "displayName" not in meta(server)
    assert meta(server)["units"] == "m"


@pytest.mark.parametrize("path", [DEPTH + "/meta", DEPTH + "/meta/displayName"])
def test_delete_of_what_the_owner_never_set_is_404(server, path):
    assert server.delete(API + path).status == 404


def test_other_base_data_survives_the_saving(config, launch):
    config.base_deltas({"name": "Skiff", "uuid": SELF[8:], "communication": {"callsignVhf": "OH1"}}, design__beam=3.2)
    server = launch()
    put(server, DEPTH + "/meta", {"displayName": "Depth"})
    server.stop()
    server.restart()
    assert server.value("design.beam") == 3.2
    assert server.api("vessels/self/communication/callsignVhf").ok() == "OH1"


def test_a_failed_save_is_502_and_a_later_one_works(server, config):
    """A folder where the file should go: the rename cannot succeed."""
    file = config.path / "baseDeltas.json"
    kept = file.read_text()
    file.unlink()
    (file / "occupied").mkdir(parents=True)
    final = completed(server, server.put(API + DEPTH + "/meta", {"value": {"displayName": "Depth"}}))
    assert (final["statusCode"], final["message"]) == (502, "Unable to save to defaults file")
    (file / "occupied").rmdir()
    file.rmdir()
    file.write_text(kept)
    put(server, DEPTH + "/meta", {"displayName": "Depth"})
    assert saved(config) == {"displayName": "Depth"}


def test_subscribers_of_the_path_hear_of_it(server):
    feeder = server.feeder()
    stream = server.stream("?subscribe=none")
    stream.hello()
    stream.subscribe(DOTTED, MARKER)
    put(server, DEPTH + "/meta", {"displayName": "Depth"})
    got = [m for m in stream.collect_until_marker(feeder.mark()) if MARKER not in paths_in([m])]
    assert [path for message in got for _, path, _ in metas_in(message)] == [DOTTED]
