"""The Signal K TCP port: one JSON text per line, silence until the client subscribes."""
import pytest

from harness.server import SELF
from harness.streams import MARKER, has_path, paths_in, values_in


@pytest.fixture
def tcp(server):
    client = server.tcp()
    client.greeting = client.hello()
    return client


def test_hello_is_the_first_line_and_ends_with_crlf(server, tcp):
    assert tcp.greeting["name"] == "signalk-server"
    assert tcp.greeting["self"] == SELF
    assert tcp.greeting["roles"] == ["master", "main"]
    assert tcp.greeting["serverStartId"] == server.stream().hello()["serverStartId"]
    assert tcp.last_line.endswith(b"}\r\n")


def test_nothing_comes_before_a_subscription(feeder, tcp):
    feeder.values(a__b=1)
    feeder.values(a__c=2)
    tcp.subscribe("a.c")
    assert paths_in([tcp.recv()]) == ["a.c"]


def test_cached_values_then_live_ones(feeder, tcp):
    feeder.put_values({"foo.bar": 8}, source="one.1", timestamp="2026-01-01T00:00:00.000Z")
    tcp.subscribe("foo.bar")
    assert values_in(tcp.recv()) == [(SELF, "one.1", "foo.bar", 8)]
    assert tcp.last_line == (b'{"context":"%s","updates":[{"$source":"one.1","timestamp":"2026-01-01T00:00:00.000Z",'
                             b'"values":[{"path":"foo.bar","value":8}]}]}\r\n' % SELF.encode())
    feeder.put_values({"foo.bar": 9}, source="one.1")
    assert values_in(tcp.recv()) == [(SELF, "one.1", "foo.bar", 9)]
    assert tcp.last_line.endswith(b"}\r\n")


def test_a_client_may_send_deltas(server, tcp):
    tcp.subscribe("foo.bar")
    tcp.send({"updates": [{"values": [{"path": "foo.bar", "value": 9}]}]})
    assert values_in(tcp.recv()) == [(SELF, "tcp", "foo.bar", 9)]
    assert server.value("foo.bar") == 9


def test_lines_may_end_with_either_ending_and_come_in_pieces(server, tcp):
    tcp.subscribe("a.*")
    line = '{"updates":[{"values":[{"path":"a.%s","value":1}]}]}'
    tcp.send_raw(line % "one" + "\r\n" + "\n\r\n" + line % "two" + "\n" + (line % "three")[:20])
    assert paths_in([tcp.recv(), tcp.recv()]) == ["a.one", "a.two"]
    tcp.send_raw((line % "three")[20:] + "\n")
    assert paths_in([tcp.recv()]) == ["a.three"]


@pytest.mark.parametrize("bad", ["{", "nonsense", "null", "[]", "7", '{"updates":7}', '{"subscribe":7}', "\x00\x01", '{"put":{"path":"a","value":1}}',
                                 '{"login":{"username":"a","password":"b"}}'])
def test_a_bad_line_is_ignored(tcp, bad):
    tcp.send_raw(bad + "\n")
    tcp.subscribe("a.b")
    tcp.send({"updates": [{"values": [{"path": "a.b", "value": 1}]}]})
    assert tcp.until(has_path("a.b"))


def test_bytes_that_are_no_utf8_harm_nobody(server, tcp):
    tcp.send_raw(b'{"updates":[{"values":[{"path":"a.b","value":"\xff\xfe"}]}]}\n')
    server.feeder().values(good__one=1)
    assert server.value("good.one") == 1


def test_a_line_without_end_costs_its_client_the_connection_only(server):
    endless = server.tcp()
    endless.hello()
    try:
        for _ in range(300):
            endless.send_raw(b"x" * 100_000)
    except OSError:
        pass  # refused: fine
    server.feeder().values(good__one=1)
    assert server.value("good.one") == 1


def test_unsubscribe_all_ends_the_flow(feeder, tcp):
    tcp.subscribe("a.b")
    feeder.values(a__b=1)
    tcp.until(has_path("a.b"))
    tcp.send({"context": "*", "unsubscribe": [{"path": "*"}]})
    tcp.subscribe("a.sentinel")
    tcp.send({"updates": [{"values": [{"path": "a.sentinel", "value": 1}]}]})
    tcp.until(has_path("a.sentinel"))
    feeder.values(a__b=2)
    feeder.values(a__sentinel=2)
    assert paths_in([tcp.recv()]) == ["a.sentinel"]


def test_wildcards_and_periods_work_as_on_the_websocket(feeder, tcp):
    tcp.send({"context": "vessels.self", "subscribe": [{"path": "a.*", "minPeriod": 3_600_000}, {"path": MARKER}]})
    tcp.collect_until_marker(feeder.mark())  # subscribed by now
    for value in (1, 2):
        feeder.put_values({"a.b": value}, source="one.1")
    got = tcp.collect_until_marker(feeder.mark())
    assert [value for message in got for _, _, path, value in values_in(message) if path == "a.b"] == [1]


def test_the_port_is_closed_when_the_interface_is_off(config, launch):
    config.settings(interfaces={"tcp": False})
    server = launch()
    with pytest.raises(ConnectionRefusedError):
        server.tcp()


def test_many_clients_at_once(server, feeder):
    clients = [server.tcp() for _ in range(20)]
    for client in clients:
        client.hello()
        client.subscribe("a.b")
    feeder.values(a__b=1)
    for client in clients:
        assert client.until(has_path("a.b"))
