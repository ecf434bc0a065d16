"""A client that does not read loses news, not values, and nobody else notices."""
import json
import socket

from harness.rawws import TEXT, RawWs
from harness.server import HOST, SELF
from harness.waiting import eventually

SMALL = {"BACKPRESSURE_ENTER": "20000"}
TEXT_VALUE = "x" * 2000


def slow_ws(server, query="subscribe=self&sendCachedValues=false"):
    client = server._client(RawWs(HOST, server.port, f"/signalk/v1/stream?{query}"))
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    assert b"serverStartId" in client.read_until_opcode(TEXT)
    return client


def streams(server):
    return server.get("/skServer/streams").ok()


def behind(server):
    return [entry for entry in streams(server) if entry["behind"]]


def fill(server, feeder, path, start=1):
    """Sends values until the server says that a client is behind; the kernel buffers a lot first. Returns the next number."""
    number = start
    while not behind(server):
        assert number < start + 20000, "no client fell behind"
        for _ in range(100):
            feeder.send({"updates": [{"$source": "src.a", "values": [{"path": path, "value": f"{number} {TEXT_VALUE}"}]}]})
            number += 1
        feeder.mark()
    return number


def number_of(message, path):
    return [int(entry["value"].split()[0]) for update in message.get("updates", []) for entry in update.get("values", [])
            if entry["path"] == path]


def read_messages(client):
    while True:
        yield json.loads(client.read_until_opcode(TEXT))


def read_lines(tcp):
    while True:
        yield tcp.recv()


def check_catching_up(server, feeder, messages, last):
    """Everything in order up to the point where it fell behind, then one delta with the last values, then news."""
    seen = []
    caught = None
    for message in messages:
        seen += number_of(message, "test.long")
        if "$backpressure" in message:
            caught = message
            break
    assert seen == sorted(seen) and seen[:-1] == list(range(1, len(seen)))
    assert seen[-1] == last, "the last value is in the delta that catches up"
    assert caught["context"] == SELF
    assert caught["$backpressure"]["accumulated"] == sum(len(update["values"]) for update in caught["updates"])
    assert caught["$backpressure"]["duration"] >= 0
    assert all("source" not in update and update["$source"] and update["timestamp"] for update in caught["updates"])
    values = {entry["path"]: entry["value"] for update in caught["updates"] for entry in update["values"]}
    assert values["test.other"] == 42
    assert not behind(server)
    feeder.values(test__news=1)
    for message in messages:
        assert "$backpressure" not in message
        if any(entry["path"] == "test.news" for update in message.get("updates", []) for entry in update.get("values", [])):
            return


def test_a_websocket_client_catches_up_with_the_last_values(launch):
    server = launch(env=SMALL)
    client, healthy, feeder = slow_ws(server), server.stream("?subscribe=self&sendCachedValues=false"), server.feeder()
    healthy.hello()
    end = fill(server, feeder, "test.long")
    feeder.values(test__other=42)
    (entry,) = behind(server)
    assert entry["transport"] == "ws" and entry["unsent"] <= 20000 and entry["episodes"] == 1 and entry["lost"] == 0
    mark = feeder.mark()
    got = [number for message in healthy.collect_until_marker(mark) for number in number_of(message, "test.long")]
    assert got == list(range(1, end)), "the other client got everything, in order"
    check_catching_up(server, feeder, read_messages(client), end - 1)


def test_a_tcp_client_catches_up_with_the_last_values(launch):
    server = launch(env=SMALL)
    client, feeder = server.tcp(), server.feeder()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.hello()
    client.subscribe("test.*")
    feeder.values(test__ready=1)
    eventually(lambda: feeder.values(test__ready=1) and client.recv(), "the subscription")
    end = fill(server, feeder, "test.long")
    feeder.values(test__other=42)
    (entry,) = behind(server)
    assert entry["transport"] == "tcp" and entry["unsent"] <= 20000
    check_catching_up(server, feeder, read_lines(client), end - 1)


def test_metadata_and_subscriptions_with_a_period_survive(launch):
    server = launch(env=SMALL)
    client, feeder = slow_ws(server, "subscribe=none&sendMeta=all"), server.feeder()
    rows = [{"path": "test.long"}, {"path": "navigation.speedOverGround", "period": 50}]
    client.frame(TEXT, json.dumps({"context": "vessels.self", "subscribe": rows}))
    eventually(lambda: feeder.put_values({"test.long": f"0 {TEXT_VALUE}"}) and streams(server)[-1]["written"] > 2500, "the subscription")
    fill(server, feeder, "test.long")
    feeder.values(navigation__speedOverGround=3.5)
    units = speed = None
    for message in read_messages(client):
        for update in message.get("updates", []):
            for entry in update.get("meta", []):
                units = units or (entry["path"] == "navigation.speedOverGround" and entry["value"]["units"])
            for entry in update.get("values", []):
                if entry["path"] == "navigation.speedOverGround":
                    assert units == "m/s", "metadata comes before the first value"
                    speed = entry["value"]
        if speed is not None:
            break
    assert speed == 3.5


def test_a_client_with_too_much_unsent_for_too_long_is_cut(launch):
    """Cached values are let in beyond the mark at which news stop; whoever does not take them in time is disconnected."""
    server = launch(env={**SMALL, "MAXSENDBUFFERSIZE": "50000", "MAXSENDBUFFERCHECKTIME": "500"})
    feeder = server.feeder()
    for batch in range(20):
        feeder.put_values({f"test.cached.p{batch}x{i}": TEXT_VALUE for i in range(100)})
    client = slow_ws(server, "subscribe=self")
    eventually(lambda: len(streams(server)) == 1, "the end of the client's stream")
    statistics = server.stream("?subscribe=none&serverevents=all").until(lambda message: message.get("type") == "SERVERSTATISTICS")
    assert statistics["data"]["backpressure"]["cut"] == 1
    server.wait_log("disconnected with .* unsent bytes: Server outgoing buffer overflow")
    assert client.close_code() in (1005, 1006)


def test_a_client_that_leaves_while_behind_leaves_nothing(launch):
    server = launch(env=SMALL)
    feeder = server.feeder()
    for _ in range(3):
        client = slow_ws(server)
        fill(server, feeder, "test.long")
        client.close()
        eventually(lambda: not behind(server), "the end of the stream")
    feeder.values(test__still=1)
    assert server.value("test.still") == 1
