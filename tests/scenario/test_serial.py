"""Serial lines: a pseudo-terminal under a name of its own, unplugged and plugged in again, at the wrong speed, written to."""
import os

import pytest

from harness.instruments import SerialLine, connection, connection_status, heading, send_udp
from harness.server import free_port
from harness.waiting import eventually
from test_nmea0183 import degrees


@pytest.fixture
def line(tmp_path):
    made = SerialLine(tmp_path / "usb-GPS_0001-if00")
    yield made
    made.close()


@pytest.fixture
def boat(config, launch, line):
    def start(*more, plugged=True, env=None, **options):
        if plugged:
            line.plug_in()
        config.settings(pipedProviders=[connection("serial", "serial", {"device": line.path, "baudrate": "4800", **options}), *more])
        server = launch(env=env or {})
        stream = server.stream("?subscribe=all&sendCachedValues=false")
        stream.hello()
        stream.server = server
        return stream

    return start


def test_sentences_of_a_serial_device(boat, line):
    stream = boat()
    connection_status(stream.server, "serial", f"Connected to {line.path}")
    line.say(heading(10))
    assert stream.until(degrees(10))["updates"][0]["$source"] == "serial.II"


def test_unplugged_and_plugged_in_again(boat, line):
    stream = boat()
    line.say(heading(10))
    stream.until(degrees(10))
    for number in (11, 12):
        line.unplug()
        entry = connection_status(stream.server, "serial", "unplugged?")
        assert entry["type"] == "error" and line.path in entry["message"]
        line.plug_in()
        connection_status(stream.server, "serial", "Connected")
        line.say(heading(number))
        assert stream.until(degrees(number))


def test_a_device_that_is_not_there_yet(boat, line):
    stream = boat(plugged=False)
    connection_status(stream.server, "serial", "is it plugged in?")
    line.plug_in()
    connection_status(stream.server, "serial", "Connected")
    line.say(heading(20))
    assert stream.until(degrees(20))


def test_what_is_no_serial_line_is_refused_in_words(boat, line):
    with open(line.path, "w", encoding="utf-8"):
        pass
    stream = boat(plugged=False)
    connection_status(stream.server, "serial", "is no serial line")
    os.unlink(line.path)


def test_garbage_points_at_the_baud_rate(boat, line):
    stream = boat()
    connection_status(stream.server, "serial", "Connected")

    def complained():
        line.say_raw(bytes(128 + n * 37 % 128 for n in range(400)) + b"\n")
        return connection_status(stream.server, "serial", "baud rate", 2)

    assert eventually(complained, "the complaint", 40)["type"] == "error"
    line.say(heading(30))
    assert stream.until(degrees(30))


def test_lines_of_other_connections_are_written_but_not_its_own(boat, line):
    port = free_port()
    stream = boat(connection("gps", "udp", {"port": port}), toStdout="nmea0183")
    connection_status(stream.server, "serial", "Connected")
    line.say(heading(40))
    stream.until(degrees(40))

    def forwarded():
        send_udp(port, heading(41))
        return line.heard(heading(41) + "\r\n", 1)

    assert heading(40) not in eventually(forwarded, "the forwarded line")


def test_names_of_sentence_events(boat, line):
    port = free_port()
    stream = boat(connection("gps", "udp", {"port": port, "sentenceEvent": ["mine", "other"], "suppress0183event": True}), toStdout=["mine"])
    connection_status(stream.server, "serial", "Connected")

    def forwarded():
        send_udp(port, heading(50))
        return line.heard(heading(50) + "\r\n", 1)

    assert eventually(forwarded, "the forwarded line")


def test_a_command_gets_the_device_ready_each_time_before_it_is_opened(boat, line, config, tmp_path):
    """PRESERIALCOMMAND with the device's name behind it; here it leaves a mark, and takes its time."""
    marks = tmp_path / "marks"
    stream = boat(env={"PRESERIALCOMMAND": f"sleep 0.1; echo ready >>'{marks}'; true"})
    line.say(heading(60))
    stream.until(degrees(60))
    assert marks.read_text() == "ready\n"
    line.unplug()
    connection_status(stream.server, "serial", "unplugged?")
    line.plug_in()
    connection_status(stream.server, "serial", "Connected")
    assert marks.read_text().startswith("ready\nready\n")


def test_a_command_that_fails_is_said_and_tried_again(boat, line, tmp_path):
    stream = boat(env={"PRESERIALCOMMAND": f"test -e '{tmp_path}/cable' &&"})
    entry = connection_status(stream.server, "serial", "PRESERIALCOMMAND ended with exit code 1")
    assert entry["type"] == "error" and line.path in entry["message"]
    (tmp_path / "cable").write_text("")
    connection_status(stream.server, "serial", "PRESERIALCOMMAND ended with exit code 126", 30)  # the device is no program
