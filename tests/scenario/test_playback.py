"""Raw logs: written by the hour, rotated, and played again; recordings from the command line."""
import gzip
import json
import re
import time

import pytest

from harness.instruments import connection, connection_status, heading, send_udp, sentence
from harness.server import free_port
from harness.streams import has_path, values_in
from harness.waiting import eventually
from test_nmea0183 import HEADING, degrees, keep_sending

RAW_LOG = re.compile(r"skserver-raw_\d{4}-\d\d-\d\dT\d\d\.log")


def logged(folder):
    """All lines of all raw logs that are not compressed."""
    return [line for file in sorted(folder.glob("skserver-raw_*.log")) for line in file.read_text(encoding="latin1").splitlines()]


def feed(config, launch, **settings):
    """A server that logs a UDP connection; (its stream, the port)."""
    port = free_port()
    config.settings(pipedProviders=[connection("gps", "udp", {"port": port}, logging=True),
                                    connection("other", "udp", {"port": free_port()})], **settings)
    server = launch()
    stream = server.stream("?subscribe=all&sendCachedValues=false")
    keep_sending(port, heading(1), stream, degrees(1))
    return server, stream, port


def test_lines_are_logged_as_they_came(config, launch):
    server, stream, port = feed(config, launch)
    bad = heading(2)[:-2] + "00"
    before = int(time.time() * 1000)
    send_udp(port, bad + "\r\n" + heading(3))
    stream.until(degrees(3))
    lines = eventually(lambda: [line for line in logged(config.path) if heading(3) in line] and logged(config.path), "the log")
    stamp, letter, text = lines[-2].split(";", 2)
    assert (letter, text) == ("N", bad)
    assert before - 1000 <= int(stamp) <= int(time.time() * 1000) + 1000
    assert all(RAW_LOG.fullmatch(file.name) for file in config.path.glob("skserver-raw_*"))
    server.stop()


def test_what_is_pending_at_the_end_is_written(config, launch):
    server, stream, port = feed(config, launch)
    send_udp(port, heading(77))
    stream.until(degrees(77))
    server.stop()
    assert any(heading(77) in line for line in logged(config.path))


def test_old_logs_are_compressed_and_the_oldest_go(config, launch):
    folder = config.path / "raw"
    folder.mkdir()
    for hour in range(6):
        (folder / f"skserver-raw_2020-01-01T{hour:02d}.log").write_text(f"157783680{hour}000;N;hour {hour}\n", encoding="utf-8")
    (folder / "mine.log").write_text("not ours", encoding="utf-8")
    server, _, _ = feed(config, launch, loggingDirectory="raw", logCountToKeep=3)
    left = eventually(lambda: (names := sorted(f.name for f in folder.iterdir())) and len(names) == 4 and names, "the old logs going", 30)
    assert left[0] == "mine.log"
    assert left[1:3] == ["skserver-raw_2020-01-01T04.log.gz", "skserver-raw_2020-01-01T05.log.gz"]
    assert gzip.decompress((folder / left[2]).read_bytes()) == b"1577836805000;N;hour 5\n"
    server.stop()


def test_bytes_are_limited_too(config, launch):
    for hour in range(4):
        (config.path / f"skserver-raw_2020-01-01T{hour:02d}.log").write_bytes(b"x" * 300_000)
    server, _, _ = feed(config, launch, logMegabytesToKeep=0.7, compressLogs=False)
    names = eventually(lambda: (n := sorted(f.name for f in config.path.glob("skserver-raw_2020*"))) and len(n) == 2 and n, "old logs going")
    assert names == ["skserver-raw_2020-01-01T02.log", "skserver-raw_2020-01-01T03.log"]
    server.stop()


# ---- played again ----

T0 = 1795367549179
RECORD = [
    f"{T0};N;{heading(10)}",
    f"{T0 + 300};I;" + json.dumps({"updates": [{"values": [{"path": "test.step", "value": 1}]}]}),
    f"{T0 + 400};C;{sentence('$IIHDT,20,T')}",
    f"{T0 + 500};A;2014-08-15T19:00:00.048Z,2,128259,115,255,8,00,4e,01,ff,ff,00,ff,ff",
    f"{T0 + 600};N;{heading(30)}",
]


@pytest.fixture
def play(config, launch, tmp_path):
    def start(*args, settings=(), record=RECORD):
        file = tmp_path / "trip.log"
        file.write_text("\n".join(record) + "\n", encoding="utf-8")
        config.settings(pipedProviders=list(settings))
        server = launch("--data", str(file), *args) if not settings else launch()
        stream = server.stream("?subscribe=all&sendCachedValues=false")
        stream.server = server
        return stream

    return start


def test_a_raw_log_is_played_with_its_times(play):
    stream = play()
    stream.until(degrees(30))
    round_two = stream.collect_until(degrees(30))
    found = [(m["updates"][0]["timestamp"], m["updates"][0]["$source"].split(".")[-1]) for m in round_two if has_path(HEADING)(m)]
    assert found == [("2026-11-22T17:12:29.179Z", "II"), ("2026-11-22T17:12:29.579Z", "II"), ("2026-11-22T17:12:29.779Z", "II")]
    assert any(has_path("test.step")(m) for m in round_two)
    assert all(re.fullmatch(r"fs-\d+(\.II|\.115)?", m["updates"][0]["$source"]) for m in round_two if values_in(m) and not has_path("x")(m)
               and m["updates"][0]["$source"] != "defaults")


def test_times_of_the_playing_on_request(play):
    stream = play("--override-timestamps")
    message = stream.until(degrees(10))
    assert not message["updates"][0]["timestamp"].startswith("2026-11-22T17:12:29")


def test_a_log_without_prefixes_shows_what_it_is(play):
    delta = json.dumps({"updates": [{"values": [{"path": "test.step", "value": 2}]}]})
    stream = play(record=[heading(40), delta, "# nothing", "garbage"])
    assert stream.until(has_path("test.step"))
    assert stream.until(degrees(40))


def test_a_connection_may_play_faster(play, config):
    slow = [f"{T0 + n * 20000};N;{heading(n)}" for n in range(10)]
    entry = {"id": "trip", "pipeElements": [{"type": "providers/simple", "options": {"type": "FileStream", "subOptions": {
        "dataType": "Multiplexed", "filename": "fast.log", "speed": 1000}}}]}
    config.write("fast.log", "\n".join(slow) + "\n")
    stream = play(settings=[entry])
    assert stream.until(degrees(9))  # three minutes, a thousand times as fast


def recording_of(**options):
    return {"id": "trip", "pipeElements": [{"type": "providers/simple", "options": {"type": "FileStream", "subOptions": options}}]}


def test_a_recording_without_its_gaps_keeps_its_times(play, config):
    """Three hours, at once."""
    config.write("slow.log", "\n".join(f"{T0 + n * 1200000};N;{heading(n)}" for n in range(10)) + "\n")
    stream = play(settings=[recording_of(dataType="Multiplexed", filename="slow.log", noThrottle=True)])
    assert stream.until(degrees(9))["updates"][0]["timestamp"] == "2026-11-22T20:12:29.179Z"


def test_a_recording_is_played_once_on_request(play, config):
    config.write("once.log", "2014-08-15T19:00:00.048Z,2,128259,115,255,8,00,4e,01,ff,ff,00,ff,ff\n")
    server = play(settings=[recording_of(dataType="NMEA2000", filename="once.log", keepRunning=False)]).server
    connection_status(server, "trip", "was played to its end")
    assert server.api("vessels/self/navigation/speedThroughWater/value").ok() == 3.34


def test_data_given_twice_is_an_error(launcher):
    server = launcher("--data", "a", "--data", "b", expect_exit=True)
    with pytest.raises(AssertionError):
        server.start()
    assert "twice" in server.log()


def test_the_sample_sails(launch):
    server = launch("--sample-nmea0183-data")
    stream = server.stream("?subscribe=all&sendCachedValues=false")
    assert stream.until(has_path("environment.wind.speedApparent"))["updates"][0]["$source"] == "nmea0183-sample-data.II"
    stream.until(lambda m: isinstance(m, dict) and m.get("context", "").endswith("230999001"))


def test_the_bus_sample_sails(launch):
    server = launch("--sample-n2k-data")
    stream = server.stream("?subscribe=all&sendCachedValues=false")
    assert stream.until(has_path("environment.wind.speedApparent"))["updates"][0]["$source"] == "n2k-sample-data.35"
    stream.until(lambda m: isinstance(m, dict) and m.get("context", "").endswith("230999002"))
    assert server.api("sources/n2k-sample-data/35/n2k/modelId").ok() == "Sample wind"
