"""
What the usual clients ask, one request after the other, and what they must get: client_requests.json holds every request that
freeboard-sk, instrumentpanel, KIP and the status page made while the browser tests used them (page.calls()), and those that
their published code knows for what the tests do not press. A row: client, method, path, body, status, shape of the answer.

Shapes: "object", "array", "string", "text" (no JSON); {"member": shape, …} for what must be there; ["object"] for a list of such.
"""
import json
from pathlib import Path

import pytest

ROWS = json.loads((Path(__file__).parent / "client_requests.json").read_text(encoding="utf-8"))
TYPES = {"object": dict, "array": list, "string": str, "number": (int, float), "boolean": bool, "null": type(None), "any": object}


def differs(value, shape, where="answer"):
    """What is not as it should be; None when all is."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return f"{where} is no object: {value!r}"
        missing = shape.keys() - value.keys()
        if missing:
            return f"{where} lacks {sorted(missing)}: {value!r}"
        return next(filter(None, (differs(value[name], inner, f"{where}.{name}") for name, inner in shape.items())), None)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{where} is no array: {value!r}"
        return next(filter(None, (differs(one, shape[0], f"{where}[{at}]") for at, one in enumerate(value))), None)
    right = isinstance(value, TYPES[shape]) and (shape != "number" or not isinstance(value, bool))
    return None if right else f"{where} is no {shape}: {value!r}"


@pytest.fixture
def boat(server, feeder):
    feeder.values(navigation__position={"latitude": 60.05, "longitude": 24.93}, navigation__speedOverGround=3, navigation__courseOverGroundTrue=0.6)
    return server


def made(server, kind, geometry, coordinates):
    value = {"name": "One", "feature": {"type": "Feature", "geometry": {"type": geometry, "coordinates": coordinates}, "properties": {}}}
    return server.post(f"/signalk/v2/api/resources/{kind}", value).json()["id"]


@pytest.mark.parametrize("client", sorted({row["client"] for row in ROWS}))
def test_every_recorded_request_is_answered_as_its_client_expects(boat, client):
    names = {"waypoint": made(boat, "waypoints", "Point", [24.94, 60.06]),
             "route": made(boat, "routes", "LineString", [[24.94, 60.06], [24.95, 60.06], [24.96, 60.06]])}
    wrong = []
    for row in ROWS:
        if row["client"] != client:
            continue
        path, body = row["path"], json.dumps(row.get("body"))
        for name, ident in names.items():
            path, body = path.replace("{" + name + "}", ident), body.replace("{" + name + "}", ident)
        answer = boat.request(row["method"], path, json=json.loads(body) if row.get("body") is not None else None)
        what = f"{row['method']} {path}"
        if answer.status != row["status"]:
            wrong.append(f"{what}: {answer.status} instead of {row['status']}: {answer.body[:200]!r}")
        elif row["shape"] == "text":
            if "json" in answer.headers["Content-Type"]:
                wrong.append(f"{what}: JSON instead of text")
        else:
            complaint = differs(answer.json(), row["shape"])
            if complaint:
                wrong.append(f"{what}: {complaint[:400]}")
    assert not wrong, "\n".join(wrong)
