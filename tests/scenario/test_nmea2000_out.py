"""Messages that go out to NMEA 2000 buses: from the page where data is tried out, from other connections, to devices."""
import pytest

from harness.instruments import TcpPeer, connection, connection_status, send_udp
from harness.server import free_port
from harness.streams import has_path
from harness.waiting import eventually
from test_nmea2000 import heard, position

HEADING = {"pgn": 127250, "prio": 2, "dst": 255, "fields": {"heading": 3.475, "variation": 0.1414, "reference": "True"}}
ATTITUDE = "2014-08-15T19:00:00.042Z,3,127257,17,255,8,00,ff,7f,d1,06,c2,fe,ff"
LONG = {"pgn": 129029, "fields": {"date": "2014.08.15", "time": "18:59:59.46200", "latitude": 59.7249807, "longitude": 24.7366563,
                                  "gnssType": "GPS+GLONASS", "method": "GNSS fix", "numberOfSvs": 9}}


@pytest.fixture
def peer():
    made = TcpPeer()
    yield made
    made.close()


@pytest.fixture
def bus(config, launch, peer):
    """bus(type, …further connections) → (server, the gateway's socket), when it was asked the first question."""

    def start(kind="canboat-csv-canboatjs", *more):
        config.settings(pipedProviders=[connection("bus", kind, {"host": "127.0.0.1", "port": peer.port}, outer="NMEA2000"), *more])
        server = launch()
        gateway = peer.client()
        heard(gateway, b"\r\n")
        return server, gateway

    return start


def attempt(server, value, status=200, **how):
    answer = server.post("/skServer/inputTest", {"value": value, **how})
    assert answer.status == status, answer.text
    return answer.json()


def test_what_is_tried_out_is_decoded_and_goes_nowhere(server):
    said = attempt(server, "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\n" + ATTITUDE)
    assert [d["updates"][0]["source"]["type"] for d in said["deltas"]] == ["NMEA0183", "NMEA2000"]
    assert said["n2kJson"] == [{"pgn": 127257, "prio": 3, "src": 17, "dst": 255, "fields": {"sid": 0, "pitch": 0.1745, "roll": -0.0318}}]
    assert said["n2kOutAvailable"] is False
    assert server.api("vessels/self/navigation/attitude").status == 404


def test_json_of_both_kinds(server):
    import json
    said = attempt(server, json.dumps([LONG, {"updates": [{"values": [{"path": "test.x", "value": 1}]}]}]), sendToServer=True)
    values = {v["path"]: v["value"] for v in said["deltas"][0]["updates"][0]["values"]}
    assert values["navigation.position"] == {"longitude": 24.7366563, "latitude": 59.7249807}
    assert values["navigation.datetime"] == "2014-08-15T18:59:59.46200Z"
    assert values["navigation.gnss.type"] == "Combined GPS/GLONASS" and values["navigation.gnss.methodQuality"] == "GNSS Fix"
    assert server.api("vessels/self/test/x/value").ok() == 1
    assert server.api("vessels/self/navigation/gnss/satellites/value").ok() == 9


@pytest.mark.parametrize("value, words", [
    ("", "nothing in it"), ("hello", "neither NMEA 0183 nor NMEA 2000"), ("$IIHDT,1,T*00", "checksum"), ("{", "1"),
    ('{"a":1}', "neither a delta"), ('{"pgn":1}', "no object of fields"), ('{"pgn":127999,"fields":{}}', "PGN 127999 is not known"),
    ('{"pgn":127250,"fields":{"heading":7}}', "heading: is out of its range"),
    ('{"pgn":127250,"fields":{"hedding":1}}', "no field hedding"),
    ('{"pgn":127250,"fields":{"reference":"Truth"}}', "reference: has no such value")])
def test_what_is_wrong_is_named(server, value, words):
    assert words in attempt(server, value, 400)["error"]


def test_without_a_bus_nothing_is_sent(server):
    assert "no connection takes" in attempt(server, ATTITUDE, 400, sendToN2K=True)["error"]
    assert server.post("/skServer/n2kDiscoverDevices", {}).status == 503
    assert server.post("/skServer/n2kConfigDevice", {"dst": 5, "field": "deviceInstance", "value": 1}).status == 503


def test_a_message_goes_to_the_bus(bus):
    import json
    server, gateway = bus()
    assert attempt(server, json.dumps(HEADING), sendToN2K=True)["n2kOutAvailable"] is True
    assert b",2,127250,0,255,8,ff,be,87,ff,7f,86,05,fc\r\n" in heard(gateway, b",127250,")
    attempt(server, ATTITUDE, sendToN2K=True)
    assert b",3,127257,17,255,8,00,ff,7f,d1,06,c2,fe,ff\r\n" in heard(gateway, b",127257,")


def test_a_long_message_goes_in_frames(bus):
    import json
    server, gateway = bus("ydwg02-canboatjs")
    attempt(server, json.dumps(LONG), sendToN2K=True)
    lines = [line for line in heard(gateway, b"19F80500 06").decode().splitlines() if line.startswith("19F80500")]
    assert lines[0] == "19F80500 00 2B FF A9 3F FC ED C4"
    assert [line[9:11] for line in lines] == [f"{n:02X}" for n in range(7)]


def test_devices_are_asked_and_told(bus):
    server, gateway = bus()
    assert server.post("/skServer/n2kDiscoverDevices", {}).ok()["state"] == "COMPLETED"
    heard(gateway, b",59904,0,255,3,14,f0,01\r\n")
    told = server.post("/skServer/n2kConfigDevice", {"dst": 35, "field": "deviceInstance", "value": 10})
    assert told.status == 200
    heard(gateway, b",3,126208,0,35,10,01,00,ee,00,f8,02,03,02,04,01\r\n")
    server.post("/skServer/n2kConfigDevice", {"dst": 35, "field": "installationDescription1", "value": "mast"})
    heard(gateway, b",3,126208,0,35,13,01,16,f0,01,f8,01,01,06,01,6d,61,73,74\r\n")


@pytest.mark.parametrize("body, words", [
    ({"field": "deviceInstance", "value": 1}, "dst"), ({"dst": 255, "field": "deviceInstance", "value": 1}, "dst"),
    ({"dst": 5, "field": "colour", "value": 1}, "field is none of"), ({"dst": 5, "field": "deviceInstance", "value": 254}, "0 to 253"),
    ({"dst": 5, "field": "installationDescription1", "value": "x" * 71}, "70 bytes")])
def test_what_cannot_be_set_is_named(server, body, words):
    answer = server.post("/skServer/n2kConfigDevice", body)
    assert answer.status == 400 and words in answer.json()["message"]


def test_lines_of_a_connection_named_so_go_to_the_bus_and_not_back(bus):
    """A bridge: what one connection brings is written to another one's bus, and never to its own."""
    port = free_port()
    server, gateway = bus("canboat-csv-canboatjs", connection("radio", "navlink2-udp-canboatjs", {"port": port, "sentenceEvent": "nmea2000out"},
                                                              outer="NMEA2000"))
    connection_status(server, "radio", "Listening")
    stream = server.stream("?subscribe=all&sendCachedValues=false")
    stream.hello()

    def sent():
        send_udp(port, ATTITUDE + "\n")
        try:
            return stream.until(has_path("navigation.attitude"), 0.5)
        except AssertionError:
            return None

    assert eventually(sent, "the delta")["updates"][0]["$source"] == "radio.17"
    assert b",3,127257,17,255,8," in heard(gateway, b",127257,")
    gateway.sendall((ATTITUDE.replace("127257,17", "127257,18") + "\r\n").encode())
    assert stream.until(lambda m: "bus.18" in str(m))
    attempt(server, ATTITUDE.replace("127257,17", "127257,19"), sendToN2K=True)
    assert b",127257,18," not in heard(gateway, b",127257,19,")
