#!/usr/bin/env python3
"""Makes samples/nmea2000.log: two minutes of a sailing yacht's bus off Hanko, as a gateway writes it (Yacht Devices RAW): GNSS,
wind, depth and log, autopilot, engine, tanks, batteries, switches, an AIS receiver. Nothing in it is measured; the same numbers come
out every time.
"""
import math
import pathlib
import struct

TARGET = pathlib.Path(__file__).resolve().parent.parent / "samples" / "nmea2000.log"
SECONDS = 120
GPS, WIND, LOG, PILOT, ENGINE, PANEL, AIS = 3, 35, 36, 204, 20, 40, 43
NA16, NA32 = 0xFFFF, 0xFFFFFFFF


def rad(degrees):
    return round(math.radians(degrees % 360) * 10000)


class Bus:
    def __init__(self):
        self.lines, self.sequence = [], {}

    def put(self, at, src, pgn, data, priority=3, fast=False):
        """at: seconds since the beginning"""
        frames = [data.ljust(8, b"\xff")]
        if fast:
            self.sequence[src, pgn] = number = (self.sequence.get((src, pgn), -1) + 1) % 8
            frames = [bytes([number << 5, len(data)]) + data[:6]]
            frames += [(bytes([number << 5 | i]) + data[j:j + 7]).ljust(8, b"\xff") for i, j in enumerate(range(6, len(data), 7), 1)]
        pgn |= 0xFF if pgn >> 8 & 0xFF < 240 else 0
        for i, frame in enumerate(frames):
            ms = round(at * 1000) + i
            clock = f"10:{ms // 60000:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"
            self.lines.append((ms, f"{clock} R {priority << 26 | pgn << 8 | src:08X} {frame.hex(' ').upper()}"))


def device(bus, src, unique, maker, function, kind, model, at):
    name = unique | maker << 21 | function << 40 | kind << 49 | 4 << 60 | 1 << 63
    bus.put(at, src, 60928, struct.pack("<Q", name), 6)
    text = [t.encode().ljust(32, b"\xff") for t in (model, "1.0", "", str(unique))]
    bus.put(at + 0.1, src, 126996, struct.pack("<HH", 2100, unique & 0xFFF) + b"".join(text) + b"\x00\x01", 6, fast=True)


def devices(bus):
    for i, (src, maker, function, kind, model) in enumerate([
            (GPS, 1851, 145, 60, "Sample GNSS"), (WIND, 381, 130, 85, "Sample wind"), (LOG, 135, 135, 60, "Sample depth and log"),
            (PILOT, 1851, 150, 40, "Sample pilot"), (ENGINE, 717, 140, 50, "Sample engine"), (PANEL, 717, 140, 30, "Sample panel"),
            (AIS, 1855, 195, 60, "Sample AIS")]):
        device(bus, src, 1000 + i, maker, function, kind, model, 0.2 + 0.4 * i)


def sail(bus, t):
    """One second of the trip: close-hauled towards the south-west, in waves."""
    swell = math.sin(t * 2 * math.pi / 7)
    heading = 225 + 3 * swell + 2 * math.sin(t / 40)
    speed = 3.1 + 0.3 * math.sin(t / 23)
    course = heading - 4
    lat = 59.80 + speed * t * math.cos(math.radians(course)) / 111120
    lon = 22.90 + speed * t * math.sin(math.radians(course)) / 111120 / math.cos(math.radians(59.8))
    wind, angle = 8.2 + 0.9 * math.sin(t / 17) + 0.4 * swell, 42 + 5 * math.sin(t / 29) - 2 * swell
    depth = 31 + 6 * math.sin(t / 50)
    for part in range(2):
        now = t + part / 2
        bus.put(now + 0.01, GPS, 129025, struct.pack("<ii", round(lat * 1e7), round(lon * 1e7)), 2)
        bus.put(now + 0.02, GPS, 129026, struct.pack("<BBHHH", t % 250, 0xFC, rad(course), round(speed * 100), NA16), 2)
        bus.put(now + 0.05, PILOT, 127250, struct.pack("<BHhhB", t % 250, rad(heading - 9), 0x7FFF, round(math.radians(9) * 10000), 0xFD), 2)
        bus.put(now + 0.06, PILOT, 127257, struct.pack("<Bhhh", t % 250, 0x7FFF, round(300 * swell), round(2600 + 250 * swell)))
        bus.put(now + 0.09, WIND, 130306, struct.pack("<BHHB", t % 250, round(wind * 100), rad(angle), 0xFA), 2)
    bus.put(t + 0.13, PILOT, 127245, struct.pack("<BBhh", 0, 0xFF, 0x7FFF, round(350 * swell)), 2)
    bus.put(t + 0.15, LOG, 128259, struct.pack("<BHHB", t % 250, round((speed - 0.1) * 100), NA16, 0), 2)
    bus.put(t + 0.17, LOG, 128267, struct.pack("<BIhB", t % 250, round(depth * 100), 400, 0xFF))
    date = 20000
    bus.put(t + 0.2, GPS, 129029, struct.pack("<BHIqqqBBBhhiB", t % 250, date, (36000 + t) * 10000, round(lat * 1e7) * 10**9,
                                              round(lon * 1e7) * 10**9, 8_000_000, 0x10, 0xFD, 11, 90, 160, 1870, 0), fast=True)
    if t % 2 == 0:
        bus.put(t + 0.3, PANEL, 127508, struct.pack("<BhhHB", 0, 1312 - t % 20, -63, 29110, 0xFF), 6)
        bus.put(t + 0.33, PANEL, 127508, struct.pack("<BhhHB", 1, 1275, 0x7FFF, NA16, 0xFF), 6)
        bus.put(t + 0.4, LOG, 130312, struct.pack("<BBBHH", 0, 0, 0, 28865 + t // 30, NA16), 5)
    if t % 5 == 0:
        bus.put(t + 0.45, PANEL, 127505, struct.pack("<BhI", 0x00, 15500 - t // 10, 1200), 6)
        bus.put(t + 0.47, PANEL, 127505, struct.pack("<BhI", 0x11, 20100, 2500), 6)
        bus.put(t + 0.55, PANEL, 127506, struct.pack("<BBBBBHHH", 0, 0, 0, 86, 98, 540, NA16, 180), 6, fast=True)
        bus.put(t + 0.6, PANEL, 127501, struct.pack("<BB", 0, 0b11010001) + b"\xff" * 6)
        bus.put(t + 0.65, PANEL, 130314, struct.pack("<BBBi", 0, 0, 0, 1013250 + t), 5)
        bus.put(t + 0.7, LOG, 128275, struct.pack("<HIII", date, (36000 + t) * 10000, 4812000 + 3 * t, 18500 + 3 * t), 6, fast=True)
    if 40 <= t < 80:  # the engine helps for a while
        bus.put(t + 0.75, ENGINE, 127488, struct.pack("<BHHb", 0, 1800 * 4 + 40 * (t % 5), NA16, 0), 2)
        bus.put(t + 0.8, ENGINE, 127489, struct.pack("<BHHHhhIHHBHHbb", 0, 3600, 3580, 35500 + t, 1405, 32, 1512000 + t, NA16, NA16, 0xFF, 0, 0,
                                                    45, 40), 2, fast=True)


def ferry(bus, t):
    lat, lon = 59.83 - t * 8e-5, 22.80 + t * 1.1e-4
    head = struct.pack("<BIii", 1, 230999002, round(lon * 1e7), round(lat * 1e7))
    if t % 6 == 0:
        bus.put(t + 0.85, AIS, 129038, head + struct.pack("<BHH", 0x50, rad(146), 920) + bytes(3) + struct.pack("<Hh", rad(145), 0) +
                b"\x00\xff\xff", 4, fast=True)
    if t % 60 == 0:
        def text(value, size):
            return value.encode().ljust(size, b"@")
        bus.put(t + 0.9, AIS, 129794, struct.pack("<BII", 5, 230999002, 9999993) + text("OJSAMPL", 7) + text("SAMPLE FERRY", 20) +
                struct.pack("<BHHHHHIH", 60, 1800, 280, 140, 900, 20001, 72000 * 10000, 640) + text("HANKO", 20) + b"\x04\xe0\x00", 6, fast=True)


def main():
    bus = Bus()
    devices(bus)
    for t in range(SECONDS):
        sail(bus, t)
        ferry(bus, t)
    TARGET.write_text("".join(line + "\n" for _, line in sorted(bus.lines, key=lambda entry: entry[0])), encoding="ascii")


if __name__ == "__main__":
    main()
