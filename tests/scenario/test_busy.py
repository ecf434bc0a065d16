"""A boat with much more going on than there will ever be: nothing is lost, whatever plugins and clients do. (How fast: bench/.)"""
import pytest

from harness.instruments import TcpPeer, connection, sentence
from harness.packages import built
from harness.waiting import eventually

LINES, FRAMES, BURST = 4000, 40000, 400


def frames(start, count):
    return "".join(f"10:00:00.000 R 09F1120A FF {(start + i) % 6000 & 255:02X} {(start + i) % 6000 >> 8:02X} FF 7F FF 7F FC\r\n"
                   for i in range(count))


def counters(stream):
    message = stream.until(lambda m: isinstance(m, dict) and m.get("type") == "SERVERSTATISTICS", 60)
    return message["data"]


def test_nothing_is_lost_beside_a_looping_plugin_and_many_clients(config, launch):
    loops = config.install(built("bad-delta-loop"))
    config.enable(loops, {"path": "navigation.headingTrue", "after": 100})
    nmea, n2k = TcpPeer(), TcpPeer()
    config.settings(pipedProviders=[connection("nmea", "tcp", {"host": "127.0.0.1", "port": nmea.port}),
                                    connection("n2k", "ydwg02-canboatjs", {"host": "127.0.0.1", "port": n2k.port}, "NMEA2000")])
    server = launch()
    server.wait_plugin(loops, state="running")
    watching = server.stream("?subscribe=none&serverevents=all")
    for number in range(20):  # some that read, some that do not
        server.stream("?subscribe=all" if number % 2 else "?subscribe=self&sendCachedValues=false")
    try:
        links = [peer.client(1) for peer in (nmea, n2k)]
        for turn in range(FRAMES // BURST):
            lines = LINES * BURST // FRAMES
            links[0].sendall("".join(sentence(f"$IIHDT,{(turn * lines + i) % 360}.5,T") + "\r\n" for i in range(lines)).encode())
            links[1].sendall(frames(turn * BURST, BURST).encode())
        links[0].sendall((sentence("$IIMTW,21.5,C") + "\r\n").encode())
        links[1].sendall(b"10:00:00.000 R 0DF50B7F 01 10 27 00 00 FF 7F FF\r\n")

        def arrived():
            got = counters(watching)["providerStatistics"]
            return got if (got["nmea"]["received"], got["n2k"]["received"]) == (LINES + 1, FRAMES + 1) else None

        got = eventually(arrived, "every line", 120)
        for name, sent in (("nmea", LINES + 1), ("n2k", FRAMES + 1)):
            assert got[name]["deltaCount"] == sent
            assert not any(got[name][what] for what in ("badChecksums", "garbage", "oversized", "ignored", "unknown", "incomplete", "lost"))
        assert server.value("environment.water.temperature") == pytest.approx(294.65)
        assert server.value("environment.depth.belowTransducer") == 100
        assert counters(watching)["loop"]["turns"] > 0
    finally:
        nmea.close()
        n2k.close()
