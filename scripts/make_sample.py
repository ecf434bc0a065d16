#!/usr/bin/env python3
"""Makes samples/nmea0183.log: ten minutes of a sailing yacht's instruments off Hanko, with two ships on AIS. Nothing in it is
measured; the same numbers come out every time.
"""
import math
import pathlib

TARGET = pathlib.Path(__file__).resolve().parent.parent / "samples" / "nmea0183.log"
SECONDS = 600


def sentence(body, start="$"):
    value = 0
    for char in body:
        value ^= ord(char)
    return f"{start}{body}*{value:02X}"


def angle(degrees, width, poles):
    pole = poles[degrees < 0]
    degrees = abs(degrees)
    return f"{int(degrees):0{width}d}{(degrees - int(degrees)) * 60:07.4f},{pole}"


def armour(fields):
    """AIS fields (value or text, bits) as payload and fill bits."""
    bits = ""
    for value, width in fields:
        if isinstance(value, str):
            value = value.ljust(width // 6, "@")
            bits += "".join(format((ord(c) - 64 if ord(c) >= 64 else ord(c)) & 63, "06b") for c in value)
        else:
            bits += format(value & ((1 << width) - 1), f"0{width}b")
    fill = -len(bits) % 6
    bits += "0" * fill
    six = (int(bits[i:i + 6], 2) for i in range(0, len(bits), 6))
    return "".join(chr(v + 48 if v < 40 else v + 56) for v in six), fill


def ais(fields, number=[0]):
    payload, fill = armour(fields)
    parts = [payload[i:i + 60] for i in range(0, len(payload), 60)]
    number[0] = (number[0] + 1) % 10
    sequence = number[0] if len(parts) > 1 else ""
    for index, part in enumerate(parts):
        yield sentence(f"AIVDM,{len(parts)},{index + 1},{sequence},A,{part},{fill if index == len(parts) - 1 else 0}", "!")


def ship(mmsi, lat, lon, sog, cog):
    return ais([(1, 6), (0, 2), (mmsi, 30), (0, 4), (0, 8), (round(sog * 10), 10), (1, 1), (round(lon * 600000), 28),
                (round(lat * 600000), 27), (round(cog * 10), 12), (round(cog), 9), (30, 6), (0, 2), (0, 3), (0, 1), (0, 19)])


def ship_static(mmsi, name, callsign, kind, length, beam, draught, destination):
    return ais([(5, 6), (0, 2), (mmsi, 30), (0, 2), (0, 30), (callsign, 42), (name, 120), (kind, 8), (length - 30, 9), (30, 9),
                (beam // 2, 6), (beam - beam // 2, 6), (1, 4), (0, 4), (0, 5), (24, 5), (60, 6), (round(draught * 10), 8),
                (destination, 120), (0, 1), (0, 1)])


def lines():
    lat, lon, log = 59.80, 22.95, 1204.3
    for t in range(SECONDS):
        swing = math.sin(t / 7)
        gust = math.sin(t / 41) + 0.4 * math.sin(t / 13)
        heading = (62 + 4 * swing + 6 * math.sin(t / 120)) % 360
        stw = 5.8 + 0.5 * gust
        sog, cog = stw + 0.3, (heading + 3) % 360
        awa, aws = 48 + 5 * swing, 15 + 2.5 * gust
        depth = 14 + 6 * math.sin(t / 90)
        lat += sog / 3600 / 60 * math.cos(math.radians(cog))
        lon += sog / 3600 / 60 * math.sin(math.radians(cog)) / math.cos(math.radians(lat))
        log += stw / 3600
        clock = f"{12 + t // 3600:02d}{t // 60 % 60:02d}{t % 60:02d}.00"
        where = f"{angle(lat, 2, 'NS')},{angle(lon, 3, 'EW')}"
        yield sentence(f"GPRMC,{clock},A,{where},{sog:.2f},{cog:.1f},150626,9.1,E,A")
        yield sentence(f"IIHDG,{(heading - 9.1) % 360:.1f},,,9.1,E")
        yield sentence(f"IIMWV,{awa:.1f},R,{aws:.1f},N,A")
        yield sentence(f"IIVHW,,T,,M,{stw:.2f},N,,K")
        yield sentence(f"SDDPT,{depth:.1f},0.6")
        if t % 5 == 0:
            yield sentence(f"GPGGA,{clock},{where},1,09,0.9,2.1,M,17.2,M,,")
            yield sentence(f"IIRSA,{3 * swing:.1f},A,,V")
            yield sentence(f"IIROT,{20 * math.cos(t / 7):.1f},A")
        if t % 10 == 0:
            yield sentence("YXMTW,16.4,C")
            yield sentence(f"IIVLW,{log:.2f},N,{log - 1204.3 + 8.2:.2f},N")
            yield from ship(230999001, 59.84 + t * 2e-5, 22.85 + t * 6e-5, 12.4, 56)
            yield from ship(230999002, 59.77, 23.10 - t * 4e-5, 8.1, 270)
        if t % 120 == 30:
            yield from ship_static(230999001, "SAMPLE FERRY", "OSFE", 60, 140, 24, 5.8, "HANKO")
            yield from ship_static(230999002, "SAMPLE COASTER", "OSCO", 70, 88, 12, 4.5, "TURKU")


def main():
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("\r\n".join(lines()) + "\r\n", encoding="ascii", newline="")


if __name__ == "__main__":
    main()
