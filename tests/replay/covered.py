#!/usr/bin/env python3
"""Every sentence, PGN and path of the tables in docs/inputs.md, every AIS message and every line format has a recording here.

    covered.py             fails with what no recording reaches
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs" / "inputs.md"
AIS_MESSAGES = {1, 2, 3, 4, 5, 8, 9, 18, 19, 21, 24}
LINE_FORMATS = {
    "canboat PLAIN": r"\d{4}-\d\d-\d\dT[\d:.]+Z,\d+,\d+,\d+,\d+,\d+,",
    "canboat PLAIN, other time": r"\d{4}-\d\d-\d\d-[\d:.]+,\d+,\d+,\d+,\d+,\d+,",
    "YD RAW": r"\d\d:\d\d:\d\d\.\d{3} [RT] [0-9A-F]{8} ",
    "YD RAW, without a time": r"[0-9A-F]{8} [0-9A-F]{2} ",
    "$PCDIN": r"\$PCDIN,",
    "$MXPGN": r"\$MXPGN,",
    "!PDGY": r"!PDGY,\d+,\d+,\d+,\d+,",
    "!PDGY, short": r"!PDGY,\d+,\d+,[A-Za-z0-9+/=]+$",
    "$PDGY status": r"\$PDGY,",
    "candump, like the analyzer's": r"<0x[0-9a-f]{8}> \[\d\] ",
    "candump": r" ?\w+  [0-9A-F]{8}   \[\d\]  ",
    "candump with a time": r"\(\d+\.\d+\) \w+ [0-9A-F]{8}#",
    "Actisense N2K ASCII": r"A\d{6}\.\d{3} [0-9A-F]{5} [0-9A-F]{5} ",
    "tag block": r"\\[a-z]:",
    "raw log": r"\d{13};[A-Z];",
}
BYTE_CODECS = {"Actisense binary", "NMEA 2000 on CAN"}


def table(name):
    """(first column, path) of each row; an empty first column is the one above."""
    block = re.search(rf"<!-- table {name} -->\n(.*?)<!-- end -->", DOCS.read_text(encoding="utf-8"), re.S)
    key = None
    for row in block[1].splitlines()[2:]:
        first, path = (cell.strip() for cell in row.split("|")[1:3])
        key = first or key
        yield key, path.strip("`")


def pattern_of(path):
    """The paths that a row of a table stands for, as a regular expression."""
    if path == "the device's entry in `sources":
        return ""
    if path == "(root)":
        return r"\(context\) .+"
    text = re.escape(path.replace("NATURE", "<nature>")).replace(r"\<", "<").replace(r"\>", ">")
    text = re.sub(r"<[^>]*>", r"[^.]+", text).replace("engine_N", r"(engine|shaft)_\d+")
    if text.endswith(r"\."):
        return text + ".+"
    head, _, last = text.rpartition(r"\.")
    return head + r"\." + "(" + last.replace(",", "|") + ")" if head else text


def member_of(value):
    """The one value of an object at the context itself: {"communication": {"callsignVhf": ...}} is communication.callsignVhf."""
    name, inner = next(iter(value.items()))
    return name + "." + member_of(inner) if isinstance(inner, dict) else name


class Heard:
    """What the deltas expected of all recordings say."""

    def __init__(self):
        self.paths, self.codecs, self.types, self.lines = {}, set(), set(), []
        for log in sorted(HERE.glob("*.log")):
            expected = json.loads(log.with_suffix(".deltas.json").read_text(encoding="utf-8"))
            self.codecs.add(expected.get("codec", "NMEA 0183"))
            if expected["deltas"]:
                self.lines += log.read_bytes().decode("latin1").splitlines()
            for delta in expected["deltas"]:
                for update in delta["updates"]:
                    self.take(update)
        self.take_ais(HERE / "ais.log")

    def take(self, update):
        source = update.get("source", {})
        key = source.get("sentence") or source.get("pgn")
        kept = self.paths.setdefault(str(key), set())
        for value in update.get("values", []):
            kept.add(value["path"] or "(context) " + member_of(value["value"]))
        kept |= {""} if not update.get("values") else set()

    def take_ais(self, log):
        """The number of a message is its first six bits."""
        for line in log.read_text(encoding="latin1").splitlines():
            part = line.split(",")
            if len(part) > 5 and part[0][3:] in ("VDM", "VDO") and part[2] == "1" and part[5]:
                first = ord(part[5][0]) - 48
                self.types.add(first - 8 if first > 39 else first)


def missing():
    heard = Heard()
    for key, path in table("nmea0183"):
        names = ["ALK", "DST"] if key.startswith("STALK") else [name.strip()[-3:] for name in key.split(",")]
        here = set().union(*(heard.paths.get(name, set()) for name in names))
        if not any(re.fullmatch(pattern_of(path), got) for got in here):
            yield f"sentence {key}: {path}"
        yield from (f"sentence {name}" for name in names if name not in heard.paths)
    for key, path in table("nmea2000"):
        here = heard.paths.get(key.split()[0], set())
        if not any(re.fullmatch(pattern_of(path), got) for got in here):
            yield f"PGN {key}: {path}"
    yield from (f"AIS message {number}" for number in sorted(AIS_MESSAGES - heard.types))
    yield from (f"codec {name}" for name in sorted(BYTE_CODECS - heard.codecs))
    for name, pattern in LINE_FORMATS.items():
        if not any(re.match(pattern, line) for line in heard.lines):
            yield f"line format {name}"


def main():
    wanted = list(dict.fromkeys(missing()))
    print("\n".join(["no recording of:"] + ["  " + name for name in wanted]) if wanted else "all tables are covered by recordings")
    return 1 if wanted else 0


if __name__ == "__main__":
    sys.exit(main())
