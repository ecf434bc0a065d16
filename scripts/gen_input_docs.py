#!/usr/bin/env python3
"""Writes the tables of docs/inputs.md from the rows that the decoders themselves take their paths from.

    gen_input_docs.py           writes the tables
    gen_input_docs.py --check   fails when they are not what the rows say

A table stands between "<!-- table NAME -->" and "<!-- end -->"; each is made from one list of X(...) rows in a header, that of NMEA
2000 by gen_n2k.js.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "inputs.md"
SOURCES = {"nmea0183": ROOT / "src" / "codec" / "nmea0183" / "paths.h"}
ROW = re.compile(r'^\s*X\((\w+), (\w+), "([^"]*)", "([^"]*)", "([^"]*)"\)', re.M)
NAMES = {"ALK": "STALK, PSMDST", "VDM": "VDM, VDO"}


def table(name):
    if name == "nmea2000":
        command = ["node", ROOT / "scripts" / "gen_n2k.js", ROOT / "src" / "codec" / "n2k" / "paths.txt", "--table"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    lines, before = ["| sentence | path | unit | |", "| --- | --- | --- | --- |"], None
    for sentence, _, path, unit, note in ROW.findall(SOURCES[name].read_text(encoding="utf-8")):
        shown = NAMES.get(sentence, sentence) if sentence != before else ""
        lines.append(f"| {shown} | {'`' + path + '`' if path else '(root)'} | {unit} | {note} |")
        before = sentence
    return "\n".join(lines)


def main():
    old = PAGE.read_text(encoding="utf-8")
    new = re.sub(r"(<!-- table (\w+) -->\n).*?(\n<!-- end -->)",
                 lambda found: found.group(1) + table(found.group(2)) + found.group(3), old, flags=re.S)
    if "--check" in sys.argv[1:]:
        if new != old:
            print("docs/inputs.md is not what the sources say: run scripts/gen_input_docs.py")
        return int(new != old)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
