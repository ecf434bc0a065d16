#!/usr/bin/env python3
"""Recordings through the codecs: NAME.log goes in, NAME.deltas.json says what must come out, however the bytes are cut.

    run.py REPLAY_CODEC [NAME...]            compares; fails with the first differences of each recording
    run.py REPLAY_CODEC --write [NAME...]    writes what comes out as what is expected (read it before it is committed)

NAME.deltas.json: {"codec", "time" (ms since 1970), "settings" (subOptions), "deltas", "stats"}. Numbers are compared digit by digit.
"""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TIME = 1795367549179
PIECES = (4096, 1, 7, 61)
# Whole messages, which must say the same when canboat's JSON of them is made into messages again.
BY_JSON = {"n2k-" + name for name in ("navigation", "environment", "engines", "electricity", "ais", "makers", "alerts", "devices",
                                      "format-plain", "vectors")}


def play(program, log, expected, piece):
    command = [program, expected.get("codec", "NMEA 0183"), str(expected.get("time", TIME)),
               json.dumps(expected.get("settings", {})), str(piece)]
    done = subprocess.run(command, stdin=log.open("rb"), capture_output=True, timeout=60, check=False)
    if done.returncode != 0 or done.stderr:
        raise SystemExit(f"{log.name}: exit code {done.returncode}\n{done.stderr.decode(errors='replace')}")
    lines = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
    return lines[:-1], lines[-1]["stats"]


def differences(got, wanted):
    for index in range(max(len(got), len(wanted))):
        here = got[index] if index < len(got) else "nothing"
        there = wanted[index] if index < len(wanted) else "nothing"
        if here != there:
            yield f"  delta {index + 1}:\n    wanted {json.dumps(there)}\n    got    {json.dumps(here)}"


def compare(program, log, expected):
    wrong = []
    for piece in PIECES + (("json",) if log.stem in BY_JSON else ()):
        deltas, stats = play(program, log, expected, piece)
        found = list(differences(deltas, expected["deltas"]))[:5]
        if stats != expected["stats"]:
            found.append(f"  counters: wanted {expected['stats']}\n            got    {stats}")
        if found:
            wrong.append(f"{log.name}, fed {piece if piece != 'json' else 'by JSON, all'} bytes at a time:\n" + "\n".join(found))
            break
    return wrong


def write(program, log, file, expected):
    deltas, stats = play(program, log, expected, PIECES[0])
    head = {key: expected[key] for key in ("codec", "time", "settings") if key in expected}
    text = json.dumps(head)[:-1] + (", " if head else "") + '"deltas": [\n' + ",\n".join(json.dumps(d) for d in deltas)
    file.write_text(text + '\n],\n"stats": ' + json.dumps(stats) + "}\n", encoding="utf-8")


def main():
    program, *rest = sys.argv[1:]
    names = [name for name in rest if name != "--write"] or sorted(log.stem for log in HERE.glob("*.log"))
    wrong = []
    for name in names:
        log, file = HERE / f"{name}.log", HERE / f"{name}.deltas.json"
        expected = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if "--write" in rest:
            write(program, log, file, expected)
        else:
            wrong += compare(program, log, expected)
    print("\n".join(wrong) or f"{len(names)} recordings give the deltas expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
