"""
What is a good delta, a good subscription, a good PUT, and what becomes of a bad one, at each door that takes it. The cases are in
tests/conformance/signalk.json. In a delta `p.` stands for a place of the case's own, `stored` tells what the tree has there
afterwards (null: nothing; "leaf": any value). A subscription finds q.a of source a and q.b of source b, and `gets` these paths.
"""
import json

import pytest

from harness.cases import load
from harness.streams import MARKER, paths_in

LISTS = load("signalk")
API = "/signalk/v1/api/"


def text_of(case):
    return case["text"] if "text" in case else json.dumps(case["send"])


def at_place(name, place):
    return place + name[1:] if name.startswith("p.") else name


def in_tree(server, dotted):
    answer = server.api("vessels/self/" + dotted.replace(".", "/").replace(" ", "%20"))
    if answer.status != 200:
        return None
    node = answer.json()
    return node["value"] if "value" in node else {key: "leaf" for key in node}


@pytest.mark.parametrize("door", ["WebSocket", "TCP"])
def test_deltas(server, door):
    client = server.stream("?subscribe=none") if door == "WebSocket" else server.tcp()
    client.hello()
    client.subscribe(MARKER)
    wrong = []
    for number, case in enumerate(LISTS["delta"]):
        place = f"case{number}"
        text = text_of(case).replace('"p.', f'"{place}.').replace('"p\\u002e', f'"{place}\\u002e')
        text = text.replace('\\"p.', f'\\"{place}.')
        client.send(text) if door == "WebSocket" else client.send_raw(text + "\n")
        client.send({"updates": [{"values": [{"path": MARKER, "value": number}]}]})
        client.collect_until_marker(number)
        for path, wanted in case["stored"].items():
            found = in_tree(server, at_place(path, place))
            if found != wanted:
                wrong.append(f"{case['name']}: {path} is {found!r}, not {wanted!r}")
    assert not wrong, "\n".join(wrong)
    assert server.api("vessels/self/name").ok() == "Skiff"


@pytest.mark.parametrize("door", ["WebSocket", "TCP"])
def test_subscriptions(server, feeder, door):
    feeder.put_values({"q.a": 1}, source="a")
    feeder.put_values({"q.b": 2}, source="b")
    wrong = []
    for number, case in enumerate(LISTS["subscribe"]):
        client = server.stream("?subscribe=none") if door == "WebSocket" else server.tcp()
        client.hello()
        client.send(case["send"])
        client.subscribe({"path": MARKER} if door == "WebSocket" else MARKER)
        client.send({"updates": [{"values": [{"path": MARKER, "value": 1000 + number}]}]})
        came = client.collect_until_marker(1000 + number)
        paths = sorted(path for path in paths_in(came) if path.startswith("q."))
        said = {message for message in came if isinstance(message, str)}
        if paths != sorted(case["gets"]):
            wrong.append(f"{case['name']}: got {paths}")
        if door == "WebSocket" and said != ({case["says"]} if "says" in case else set()):
            wrong.append(f"{case['name']}: was told {said}")
        client.close()
    assert not wrong, "\n".join(wrong)


def test_puts_over_http(server):
    wrong = []
    for case in LISTS["put"]:
        body = case["text"] if "text" in case else json.dumps(case["body"])
        answer = server.request("PUT", API + case.get("path", "vessels/self/a/b"), body=body,
                                headers={"Content-Type": case.get("type", "application/json")})
        if answer.status != case["status"] or (case.get("says") not in (None, answer.text)):
            wrong.append(f"{case['name']}: {answer}")
    assert not wrong, "\n".join(wrong)


ODD_REQUESTS = [
    {"requestId": 7, "put": {"path": "a.b", "value": 1}}, {"requestId": None, "put": {"path": "a.b", "value": 1}},
    {"requestId": "r", "put": []}, {"requestId": "r", "put": [{"path": "a.b", "value": 1}]}, {"requestId": "r", "put": None},
    {"requestId": "r", "put": "a.b"}, {"requestId": "r", "put": {"value": 1}}, {"requestId": "r", "put": {"path": 7, "value": 1}},
    {"requestId": "r", "put": {"path": "", "value": 1}}, {"requestId": "r", "put": {"path": "a.b"}}, {"put": {"path": "a.b", "value": 1}},
    {"requestId": "r", "context": 7, "put": {"path": "a.b", "value": 1}}, {"requestId": "r", "delete": {}}, {"requestId": "r", "delete": 7},
    {"requestId": "r", "query": True}, {"requestId": "r", "query": "yes"}, {"requestId": {"a": 1}, "query": True},
    {"requestId": "r", "state": "COMPLETED", "statusCode": 200}, {"requestId": "r" * 10000, "put": {"path": "a.b", "value": 1}},
]


def test_puts_over_a_websocket_are_refused_or_passed_over_one_by_one(server):
    """Whatever is wrong with one, it is answered with an error or not at all, and the next is served on the same stream."""
    ws = server.stream("?subscribe=none")
    ws.hello()
    for number, message in enumerate(ODD_REQUESTS):
        ws.send(message)
        ws.send({"requestId": f"good-{number}", "put": {"path": "a.b", "value": 1}})
        came = ws.collect_until(lambda m: isinstance(m, dict) and m.get("requestId") == f"good-{number}")
        assert came[-1]["statusCode"] == 405
        assert all(isinstance(m, dict) and m["statusCode"] >= 400 for m in came[:-1]), (message, came)
        assert len(came) <= 2
