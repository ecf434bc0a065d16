#!/usr/bin/env python3
"""Runs clang-tidy over the C files of src/, with the flags of a build folder but without those that only gcc knows.

    tidy.py BUILD_FOLDER [FILE...]
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEEP = ("-I", "-D", "-isystem", "-std=")


def command_for_clang(entry):
    words = shlex.split(entry["command"])
    kept = [words[i] for i in range(1, len(words)) if words[i].startswith(KEEP) or words[i - 1] == "-isystem"]
    return " ".join(map(shlex.quote, ["clang", *kept, "-c", entry["file"]]))


def main():
    build, wanted = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = os.path.relpath((pathlib.Path(entry["directory"]) / entry["file"]).resolve(), ROOT)
        if path.startswith("src/") and (not wanted or path in wanted):
            entries[path] = {**entry, "command": command_for_clang(entry)}
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "compile_commands.json").write_text(json.dumps(list(entries.values())))

        def tidy(path):
            return subprocess.run(["clang-tidy-14", "--quiet", "-p", folder, str(ROOT / path)], capture_output=True, text=True)

        failed = 0
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for path, done in zip(sorted(entries), pool.map(tidy, sorted(entries))):
                if done.returncode != 0:
                    failed += 1
                    print(done.stdout, done.stderr, sep="\n")
    print(f"{len(entries)} files looked at, {failed} with findings")
    return 1 if failed or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
