"""NMEA 0183 over the network: sentences in over TCP and UDP, out again on port 10110, and what happens when peers misbehave."""
import math
import socket
import struct
import time

import pytest

from harness.instruments import LineReader, TcpPeer, connection, connection_status, heading, keep_sending, send_udp, sentence
from harness.server import SELF, ConfigDir, free_port
from harness.streams import has_path, values_in
from harness.waiting import DEADLINE, eventually

HEADING = "navigation.headingTrue"
DEGREE = math.pi / 180


def degrees(value):
    """A predicate: a delta with that heading."""
    return lambda message: any(path == HEADING and found is not None and abs(found / DEGREE - value) < 1e-6
                               for _, _, path, found in values_in(message))


@pytest.fixture
def peer():
    made = TcpPeer()
    yield made
    made.close()


@pytest.fixture
def boat(config, launch):
    """boat(connection…) → a server with these connections and a stream of everything."""

    def start(*connections, **how):
        config.settings(pipedProviders=list(connections))
        server = launch(**how)
        stream = server.stream("?subscribe=all&sendCachedValues=false")
        stream.hello()
        stream.server = server
        return stream

    return start


# ---- in ----


def test_a_datagram_becomes_a_delta(boat):
    port = free_port()
    stream = boat(connection("gps", "udp", {"port": str(port)}))  # as text: the admin pages save it so
    message = keep_sending(port, heading(90), stream, has_path(HEADING))
    update = message["updates"][0]
    assert message["context"] == SELF
    assert update["source"] == {"sentence": "HDT", "talker": "II", "type": "NMEA0183", "label": "gps"}
    assert update["$source"] == "gps.II"
    assert abs(update["values"][0]["value"] - math.pi / 2) < 1e-12


def test_lines_of_a_datagram_are_split_and_carry_nothing_over(boat):
    port = free_port()
    stream = boat(connection("gps", "udp", {"port": port}))
    keep_sending(port, heading(1), stream, degrees(1))
    send_udp(port, heading(2)[:8])                     # half a sentence …
    send_udp(port, heading(2)[8:])                     # … and the rest: neither is one
    send_udp(port, heading(3) + "\r\n" + heading(4))   # the last without an end
    seen = [values_in(m)[0][3] / DEGREE for m in stream.collect_until(degrees(4))]
    assert [round(v) for v in seen if round(v) != 1] == [3, 4]


def test_other_vessels_come_by_ais(boat):
    port = free_port()
    stream = boat(connection("ais", "udp", {"port": port}))
    message = keep_sending(port, "!AIVDM,1,1,,A,13KdO60034Qk?WtRHUJQ3@ol05Cd,0*55\r\n", stream, has_path("sensors.ais.class"))
    assert message["context"] == "vessels.urn:mrn:imo:mmsi:230367000"
    assert message["updates"][0]["$source"] == "ais.AI"
    position = stream.server.api("vessels/urn:mrn:imo:mmsi:230367000/navigation/position/value").ok()
    assert position == {"latitude": 60.09063, "longitude": 25.175463333333333}


def test_talker_groups_and_ignored_sentences(boat):
    port = free_port()
    stream = boat(connection("gps", "udp", {"port": port, "ignoredSentences": ["MTW"], "talkerGroups": {"GNSS": ["GP", "GN"]}}))
    keep_sending(port, heading(1, "GP"), stream, degrees(1))
    send_udp(port, "\r\n".join([sentence("$IIMTW,15.2,C"), heading(2, "GN"), heading(3, "HE")]))
    messages = stream.collect_until(degrees(3))
    assert [m["updates"][0]["$source"] for m in messages[-2:]] == ["gps.gnss", "gps.HE"]
    assert not any(has_path("environment.water.temperature")(m) for m in messages)


def test_checksums_are_optional_when_the_user_says_so(boat):
    port = free_port()
    stream = boat(connection("gps", "udp", {"port": port, "validateChecksum": False}))
    keep_sending(port, "$IIHDT,12,T", stream, degrees(12))
    send_udp(port, "$IIHDT,13,T*00")
    assert stream.until(degrees(13))


# ---- a TCP peer ----


def test_a_tcp_peer_that_goes_away_and_comes_back(boat, peer):
    stream = boat(connection("plotter", "tcp", {"host": " 127.0.0.1 ", "port": str(peer.port)}))
    first = peer.client(1)
    first.sendall((heading(10) + "\r\n" + heading(11)[:6]).encode())
    assert stream.until(degrees(10))
    first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not a farewell
    first.close()
    connection_status(stream.server, "plotter", "Reconnect 127.0.0.1")
    second = peer.client(2)
    second.sendall((heading(11)[6:] + "\r\n" + heading(12) + "\r\n").encode())  # the half sentence is forgotten
    messages = stream.collect_until(degrees(12))
    assert not any(degrees(11)(m) for m in messages)
    connection_status(stream.server, "plotter", "Connected to 127.0.0.1")


def test_a_refused_connection_is_said_in_words_and_tried_again(boat):
    port = free_port()
    stream = boat(connection("plotter", "tcp", {"host": "127.0.0.1", "port": port}))
    entry = connection_status(stream.server, "plotter", "refused")
    assert entry["type"] == "error" and entry["statusType"] == "provider"
    late = TcpPeer(port)
    try:
        late.client(1).sendall((heading(20) + "\n").encode())
        assert stream.until(degrees(20))
    finally:
        late.close()


def test_a_silent_peer_is_connected_anew(boat, peer):
    stream = boat(connection("plotter", "tcp", {"host": "127.0.0.1", "port": peer.port, "noDataReceivedTimeout": 1}))
    peer.client(1).sendall((heading(10) + "\n").encode())
    assert stream.until(degrees(10))
    entry = connection_status(stream.server, "plotter", "no data for 1 s")
    assert entry["type"] == "error" and "Reconnect 127.0.0.1" in entry["message"]
    peer.client(2).sendall((heading(11) + "\n").encode())
    assert stream.until(degrees(11))


def test_an_endless_line_does_no_harm(boat, peer):
    stream = boat(connection("plotter", "tcp", {"host": "127.0.0.1", "port": peer.port}))
    device = peer.client(1)
    device.sendall(b"$" + b"A" * (10 * 1024 * 1024))
    device.sendall(b"\r\n" + heading(30).encode() + b"\r\n")
    assert stream.until(degrees(30), 60)
    events = stream.server.stream("?serverevents=all&subscribe=none")
    events.until(lambda m: isinstance(m, dict) and m.get("type") == "SERVERSTATISTICS"
                 and m["data"]["providerStatistics"]["plotter"]["oversized"] == 1, 30)


def test_gpsd_is_asked_for_sentences(boat, peer):
    stream = boat(connection("gpsd", "gpsd", {"hostname": "127.0.0.1", "port": peer.port}))
    device = peer.client(1)
    device.settimeout(DEADLINE)
    asked = b""
    while not asked.endswith(b"\n"):
        asked += device.recv(4096)
    assert asked == b'?WATCH={"class":"WATCH","nmea":true,"json":false}\n'
    device.sendall(b'{"class":"VERSION"}\r\n' + heading(40, "GP").encode() + b"\r\n")
    assert stream.until(degrees(40))


# ---- what is wrong is said ----


def test_many_bad_checksums_are_reported_and_good_data_ends_that(boat, peer):
    stream = boat(connection("plotter", "tcp", {"host": "127.0.0.1", "port": peer.port}))
    device = peer.client(1)
    bad = (heading(1)[:-2] + "00\r\n").encode() * 20 + (heading(1) + "\r\n").encode() * 20
    server = stream.server

    def complained(text):
        def look():
            device.sendall(bad if text == "checksum" else (heading(2) + "\r\n").encode() * 40)
            return connection_status(server, "plotter", text, 2)

        return eventually(look, f"status with {text!r}", 40)

    assert complained("checksum")["type"] == "error"
    assert complained("Connected")["type"] == "status"


def test_connections_that_cannot_work_say_so_and_leave_others_alone(boat):
    port = free_port()
    stream = boat(connection("magic", "carrier-pigeon", {}),
                  connection("nowhere", "tcp", {"port": 5}),
                  connection("deaf", "udp", {"port": "many"}),
                  {"id": "pipe", "pipeElements": [{"type": "providers/execute", "options": {}}, {"type": "providers/x"}]},
                  connection("gps", "udp", {"port": port}))
    keep_sending(port, heading(50), stream, degrees(50))
    server = stream.server
    assert "carrier-pigeon" in connection_status(server, "magic", "not supported")["message"]
    assert connection_status(server, "nowhere", "no host given")
    assert connection_status(server, "deaf", "port is not a number")
    assert connection_status(server, "pipe", "free-form pipeline with providers/x")


def pipeline(name, *elements):
    return {"id": name, "pipeElements": [{"type": "providers/" + kind, "options": options} for kind, options in elements]}


def test_pipelines_of_old_that_mean_a_simple_connection(config, boat):
    port = free_port()
    config.write("old.log", heading(70) + "\n")
    stream = boat(pipeline("old", ("udp", {"port": port}), ("liner", {}), ("nmea0183-signalk", {"validateChecksum": False})),
                  pipeline("file", ("filestream", {"filename": "old.log"}), ("throttle", {"rate": 1000}), ("nmea0183-signalk", {})),
                  pipeline("half", ("udp", {"port": free_port()}), ("liner", {})),
                  pipeline("wrong", ("from_json", {}), ("udp", {"port": free_port()})))
    assert keep_sending(port, "$IIHDT,71,T", stream, degrees(71))["updates"][0]["$source"] == "old.II"
    assert stream.until(degrees(70))["updates"][0]["$source"] == "file.II"
    connection_status(stream.server, "half", "without a converter")
    connection_status(stream.server, "wrong", "makes no sense")


# ---- out: port 10110 ----


def test_every_line_goes_to_every_client_even_when_its_checksum_is_wrong(boat):
    port = free_port()
    stream = boat(connection("gps", "udp", {"port": port}), connection("quiet", "udp", {"port": free_port(), "suppress0183event": True}))
    one, two = LineReader(stream.server.nmea_port), LineReader(stream.server.nmea_port)
    keep_sending(port, heading(1), stream, degrees(1))
    bad = heading(2)[:-2] + "00"
    send_udp(port, bad + "\n" + heading(3))
    for reader in (one, two):
        lines = [line for line in reader.until(heading(3)) if line.rstrip() != heading(1)]
        assert lines == [bad + "\r\n", heading(3) + "\r\n"]
        reader.close()


def test_what_clients_send_is_data_of_the_tcpserver_connection(boat):
    stream = boat(connection("clients", "tcpserver", {}))
    sender, listener = LineReader(stream.server.nmea_port), LineReader(stream.server.nmea_port)
    sender.say(heading(60))
    assert stream.until(degrees(60))["updates"][0]["$source"] == "clients.II"
    assert listener.line() == heading(60) + "\r\n"
    assert sender.line() == heading(60) + "\r\n"
    sender.close()
    listener.close()


def test_without_a_tcpserver_connection_clients_only_listen(boat):
    port = free_port()
    stream = boat(connection("gps", "udp", {"port": port}))
    client = LineReader(stream.server.nmea_port)
    client.say(heading(61))
    keep_sending(port, heading(62), stream, degrees(62))
    assert client.line() == heading(62) + "\r\n"
    client.close()


def test_the_port_can_be_switched_off(config, launch):
    config.settings(interfaces={"nmea-tcp": False})
    server = launch()
    with pytest.raises(OSError):
        LineReader(server.nmea_port)


def test_two_servers_feeding_each_other_do_not_loop(config, launcher, tmp_path):
    """Each takes what the other offers on its port; a line of one's own sensor comes once from the other and goes no further."""
    other = ConfigDir(tmp_path / "other")
    other.identity("Other", "urn:mrn:signalk:uuid:11111111-2222-4333-8444-555555555555")
    sensor, ports = free_port(), (free_port(), free_port())
    config.settings(pipedProviders=[connection("sensor", "udp", {"port": sensor}),
                                    connection("link", "tcp", {"host": "127.0.0.1", "port": ports[1]})])
    other.settings(pipedProviders=[connection("link", "tcp", {"host": "127.0.0.1", "port": ports[0]})])
    first = launcher(env={"NMEA0183PORT": str(ports[0])}).start()
    second = launcher(folder=other, env={"NMEA0183PORT": str(ports[1])}).start()
    connection_status(first, "link", "Connected")
    connection_status(second, "link", "Connected")
    watcher = first.stream("?subscribe=all&sendCachedValues=false")
    spy = LineReader(ports[0])
    keep_sending(sensor, heading(1), watcher, degrees(1))
    for number in range(2, 12):
        send_udp(sensor, heading(number))
        time.sleep(0)  # each its own datagram and turn
    lines = spy.until(heading(11))
    send_udp(sensor, heading(99))
    lines += spy.until(heading(99))
    assert [line for line in lines if line.rstrip() != heading(1)] == [heading(n) + "\r\n" for n in [*range(2, 12), 99]]
    spy.close()
    events = first.stream("?serverevents=all&subscribe=none")
    events.until(lambda m: isinstance(m, dict) and m.get("type") == "SERVERSTATISTICS" and m["data"]["lines"]["echoes"] >= 11, 30)


def test_a_flood_of_datagrams_ends_and_all_is_well(boat):
    port = free_port()
    stream = boat(connection("gps", "udp", {"port": port}))
    keep_sending(port, heading(1), stream, degrees(1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for number in range(20000):
            out.sendto(heading(number % 360).encode(), ("127.0.0.1", port))
    keep_sending(port, heading(359.5), stream, degrees(359.5))
    assert stream.server.api("self").ok() == SELF


def test_a_file_of_a_million_lines_as_fast_as_it_can_be_read(config, boat):
    """Others are served meanwhile, and not one line is lost."""
    count = 1_000_000
    last = sentence("$IIMTW,21.5,C")
    config.write("long.log", (heading(10) + "\r\n") * (count - 1) + last + "\r\n")
    stream = boat(connection("play", None, {"dataType": "NMEA0183", "filename": "long.log", "throttleRate": 0}, "FileStream"))
    server = stream.server
    stream.close()
    events = server.stream("?subscribe=none&serverevents=all")

    def played(message):
        assert server.get("/signalk").status == 200
        return isinstance(message, dict) and message.get("type") == "SERVERSTATISTICS" and \
            message["data"]["providerStatistics"]["play"]["received"] >= count

    counted = events.until(played, 120)["data"]["providerStatistics"]["play"]
    assert counted["deltaCount"] == counted["received"] and counted["badChecksums"] == counted["oversized"] == 0
    assert server.value("environment.water.temperature") == pytest.approx(294.65)


def test_a_recording_of_sentences_is_played(config, boat):
    config.write("trip.log", "".join(heading(n) + "\r\n" for n in range(100)))
    stream = boat({"id": "trip", "pipeElements": [{"type": "providers/simple", "options": {
        "type": "FileStream", "subOptions": {"dataType": "NMEA0183", "filename": "trip.log", "throttleRate": 2000}}}]})
    assert stream.until(degrees(99))
