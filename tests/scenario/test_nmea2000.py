"""NMEA 2000 from gateways and files: frames in, values and devices out, and what gateways are told."""
import struct

import pytest

from harness.instruments import SerialLine, TcpPeer, connection, connection_status, send_udp
from harness.server import free_port
from harness.streams import has_path, values_in
from harness.waiting import DEADLINE, eventually

POSITION = "navigation.position"
NAME = 0xC0789109E761E240  # a Raymarine GNSS receiver, instance 9


def can_id(pgn, src, priority=3):
    return priority << 26 | pgn << 8 | src


def ydraw(pgn, src, data):
    return f"16:29:27.082 R {can_id(pgn, src):08X} {data.hex(' ').upper()}\r\n"


def fast(data, sequence=0):
    """The frames of a fast packet."""
    frames = [bytes([sequence << 5, len(data)]) + data[:6]]
    for number, at in enumerate(range(6, len(data), 7), 1):
        frames.append(bytes([sequence << 5 | number]) + data[at:at + 7])
    return [frame.ljust(8, b"\xff") for frame in frames]


def position(latitude):
    return struct.pack("<ii", latitude * 10_000_000, 250_000_000)


def actisense(payload):
    frame = payload + bytes([-sum(payload) & 0xFF])
    return b"\x10\x02" + frame.replace(b"\x10", b"\x10\x10") + b"\x10\x03"


def ngt(pgn, src, data):
    body = bytes([3]) + pgn.to_bytes(3, "little") + bytes([255, src]) + bytes(4) + bytes([len(data)]) + data
    return actisense(b"\x93" + bytes([len(body)]) + body)


def latitude(value):
    return lambda message: any(path == POSITION and found and found["latitude"] == value for _, _, path, found in values_in(message))


@pytest.fixture
def peer():
    made = TcpPeer()
    yield made
    made.close()


@pytest.fixture
def line(tmp_path):
    made = SerialLine(tmp_path / "usb-Actisense_NGT-1-if00")
    yield made
    made.close()


@pytest.fixture
def boat(config, launch):
    def start(*connections):
        config.settings(pipedProviders=list(connections))
        server = launch()
        stream = server.stream("?subscribe=all&sendCachedValues=false")
        stream.hello()
        stream.server = server
        return stream

    return start


def heard(client, wanted):
    """What the server wrote to this socket, until `wanted` is in it."""
    got = b""
    client.settimeout(DEADLINE)
    while wanted not in got:
        more = client.recv(4096)
        assert more, f"closed before {wanted!r}; got {got!r}"
        got += more
    return got


def test_frames_of_a_gateway_become_deltas_and_devices(boat, peer):
    stream = boat(connection("bus", "ydwg02-canboatjs", {"host": "127.0.0.1", "port": str(peer.port)}, outer="NMEA2000"))
    gateway = peer.client()
    assert b"18EAFF00 00 EE 00\r\n" in heard(gateway, b"\r\n")  # everybody is asked for the NAME
    product = struct.pack("<HH", 2100, 16384) + b"Raystar 150".ljust(32, b"\xff") + b"1.02".ljust(32) + bytes(32) + b"0340123".ljust(32) + b"\1\3"
    lines = [ydraw(60928, 43, struct.pack("<Q", NAME)), *(ydraw(126996, 43, f) for f in fast(product)), ydraw(127999, 43, bytes(8)),
             ydraw(129025, 43, position(60))]
    gateway.sendall("".join(lines).encode())
    update = stream.until(latitude(60))["updates"][0]
    assert update["$source"] == "bus.43"
    assert update["source"] == {"label": "bus", "type": "NMEA2000", "pgn": 129025, "src": "43", "deviceInstance": 9}
    device = stream.server.api("sources/bus/43/n2k").ok()
    assert device["canName"] == f"{NAME:x}" and device["src"] == "43"
    assert device["manufacturerCode"] == "Raymarine" and device["deviceFunction"] == "Ownship Position (GNSS)"
    assert device["modelId"] == "Raystar 150" and device["softwareVersionCode"] == "1.02" and device["productCode"] == 16384
    assert set(device["pgns"]) == {"60928", "126996", "129025", "127999"}
    assert list(device["unknownPGNs"]) == ["127999"] or list(device["unknownPGNs"]) == [127999]
    leaf = stream.server.api("vessels/self/navigation/position").ok()
    assert leaf["pgn"] == 129025 and leaf["$source"] == "bus.43"


def test_devices_are_known_again_after_a_restart(config, launch, peer):
    bus = connection("bus", "ydwg02-canboatjs", {"host": "127.0.0.1", "port": peer.port}, outer="NMEA2000")
    config.settings(pipedProviders=[bus])
    server = launch()
    product = struct.pack("<HH", 2100, 16384) + b"Raystar 150".ljust(32, b"\xff") + b"1.02".ljust(32) + bytes(32) + b"0340123".ljust(32) + b"\1\3"
    lines = [ydraw(60928, 43, struct.pack("<Q", NAME)), *(ydraw(126996, 43, f) for f in fast(product)), ydraw(129025, 43, position(60))]
    peer.client().sendall("".join(lines).encode())
    eventually(lambda: server.api("vessels/self/navigation/position").status == 200, "the position")
    known = server.api("sources/bus/43/n2k").ok()
    server.stop()
    assert config.json("sources-cache.json")["bus"]["43"]["n2k"] == known
    config.settings(pipedProviders=[{**bus, "enabled": False}])
    server.restart()
    again = server.api("sources/bus/43/n2k").ok()
    assert again.pop("pgns") == {}
    assert again == {name: value for name, value in known.items() if name != "pgns"}
    assert server.api("vessels/self/navigation/position").status == 404  # who they are, not what they said
    server.stop()
    config.write("sources-cache.json", '{"bus":{"type":"NMEA2000","43":{"n2k":"?"},"44":7},"x":')
    server.restart()
    assert server.wait_log("sources-cache.json was broken")
    assert server.api("sources/bus/43/n2k").ok() == {**known, "pgns": {}}  # of the good copy
    server.stop()
    config.write("sources-cache.json", '{"bus":{"type":"NMEA2000","43":{"n2k":"?"},"44":7}}')
    server.restart()
    assert "bus" not in server.api("sources").ok()


def test_sources_by_name_when_the_user_wants_it(boat, peer):
    stream = boat(connection("bus", "canboat-csv-canboatjs", {"host": "127.0.0.1", "port": peer.port, "useCanName": True}, outer="NMEA2000"))
    gateway = peer.client()
    claim = ",".join(f"{b:02x}" for b in struct.pack("<Q", NAME))
    where = ",".join(f"{b:02x}" for b in position(61))
    early = ",".join(f"{b:02x}" for b in position(59))
    head = "2026-11-24T12:00:0{}.000Z,3,{},43,255,8,{}\n"
    gateway.sendall((head.format(0, 129025, early) + head.format(1, 60928, claim) + head.format(2, 129025, where)).encode())
    messages = stream.collect_until(latitude(61))
    assert messages[-1]["updates"][0]["$source"] == f"bus.{NAME:x}"
    assert not any(latitude(59)(m) for m in messages)  # held back until its NAME was known
    assert messages[-1]["updates"][0]["timestamp"] == "2026-11-24T12:00:02.000Z"


def test_an_ngt_1_on_a_serial_line(boat, line):
    line.plug_in()
    stream = boat(connection("ngt", "ngt-1-canboatjs", {"device": line.path}, outer="NMEA2000"))
    connection_status(stream.server, "ngt", "Connected")
    line.heard(actisense(bytes([0xA1, 3, 0x11, 2, 0])).decode("latin1"))
    data = struct.pack("<HIII", 20000, 0, 12345678, 0x10101010)  # bytes that have to be doubled on the way
    line.say_raw(b"\x00\x10garbage" + ngt(128275, 7, data)[:9])
    line.say_raw(ngt(128275, 7, data) + ngt(129025, 7, position(62)))
    messages = stream.collect_until(latitude(62))
    log = next(m for m in messages if has_path("navigation.log")(m))
    assert [v["value"] for v in log["updates"][0]["values"]] == [0x10101010, 12345678]
    assert log["updates"][0]["$source"] == "ngt.7"


def test_an_ikonvert_is_set_up_step_by_step(boat, line):
    line.plug_in()
    stream = boat(connection("ik", "ikonvert-canboatjs", {"device": line.path}, outer="NMEA2000"))
    line.heard("$PDGY,N2NET_OFFLINE\r\n")
    line.say("$PDGY,TEXT,Digital_Yacht_iKonvert")
    line.heard("$PDGY,TX_LIMIT,OFF\r\n")
    line.say("$PDGY,NAK,TX_LIMIT,1")
    assert "$PDGY,TX_LIST,59904" in line.heard("\r\n")
    line.say("$PDGY,ACK,TX_LIST")
    line.heard("$PDGY,N2NET_INIT,ALL\r\n")
    line.say("$PDGY,ACK,N2NET_INIT,ALL", "!PDGY,129025,3,7,255,0.563,AEbDI4Cy5g4=")
    assert stream.until(latitude(60))["updates"][0]["$source"] == "ik.7"
    line.heard("!PDGY,59904,255,AO4A\r\n")  # and only now devices are asked who they are


def test_datagrams_of_a_gateway(boat):
    port = free_port()
    stream = boat(connection("bus", "ydwg02-udp-canboatjs", {"port": port}, outer="NMEA2000"))

    def attempt():
        send_udp(port, ydraw(129025, 5, position(60)) + ydraw(129025, 6, position(61)))
        try:
            return stream.until(latitude(61), 0.5)
        except AssertionError:
            return None

    assert eventually(attempt, "the delta", DEADLINE)["updates"][0]["$source"] == "bus.6"


def test_a_recording_is_played_at_its_own_pace_and_again(boat, config):
    lines = [f"2026-11-24T12:00:0{i}.{i}00Z,3,129025,5,255,8,{position(60 + i).hex(',')}" for i in range(3)]
    (config.path / "bus.log").write_text("# a remark\n" + "\n".join(lines) + "\n")
    stream = boat(connection("play", "filestream", {"dataType": "NMEA2000JS", "filename": "bus.log", "speed": 10}, outer="FileStream"))
    for _ in range(2):
        first = stream.until(latitude(60))["updates"][0]
        assert first["timestamp"] == "2026-11-24T12:00:00.000Z"
        assert stream.until(latitude(62))["updates"][0]["timestamp"] == "2026-11-24T12:00:02.200Z"


def test_a_can_interface_that_is_not_there(boat):
    stream = boat(connection("can", "canbus-canboatjs", {"interface": "can99"}, outer="NMEA2000"))
    entry = connection_status(stream.server, "can", "can99")
    assert entry["type"] == "error"
    assert "CAN interface" in entry["message"] or "no CAN sockets" in entry["message"]


def test_settings_that_are_wrong_are_named(boat):
    stream = boat(
        connection("a", "ydwg02-udp-canboatjs", {"port": free_port(), "filtersEnabled": True, "filters": [{"source": "x y", "pgn": ""}]}, outer="NMEA2000"),
        connection("b", "n2k-ip-gateway-canboatjs", {"host": "127.0.0.1", "port": 1, "format": "morse"}, outer="NMEA2000"),
        connection("c", "canbus-canboatjs", {"uniqueNumber": 99999999}, outer="NMEA2000"))
    connection_status(stream.server, "a", "filter 1: source")
    connection_status(stream.server, "b", "format 'morse'")
    connection_status(stream.server, "c", "uniqueNumber")
