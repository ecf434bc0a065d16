#!/usr/bin/env python3
"""Fetches the webapps of samples/webapps.json into the cache ($SKIFF_CACHE, ~/.cache/skiff) and prints their folders."""
import base64
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PINNED = Path(__file__).resolve().parents[2] / "samples" / "webapps.json"  # what ./dev run shows is what is tested
PINS = {row["name"]: row for row in json.loads(PINNED.read_text(encoding="utf-8"))["webapps"]}


class Unavailable(Exception):
    """The package cannot be had here; the text says why."""


def cache():
    base = os.environ.get("SKIFF_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "skiff"
    folder = Path(base) / "webapps"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def download(name, pin, folder):
    """The archive's path; its hash is the pinned one."""
    if not shutil.which("npm"):
        raise Unavailable("needs npm")
    done = subprocess.run(["npm", "pack", "--ignore-scripts", f"{name}@{pin['version']}", "--pack-destination", str(folder)],
                          cwd=folder, capture_output=True, text=True, timeout=300)
    archives = list(folder.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        raise Unavailable(f"npm pack {name}: {done.stderr.strip()[-300:]}")
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archives[0].read_bytes()).digest()).decode()
    if digest != pin["integrity"]:
        raise SystemExit(f"{name} {pin['version']} is not what was pinned: {digest} instead of {pin['integrity']}")
    return archives[0]


def unpack(archive, folder):
    """Files only, below `folder`, without the archive's own leading folder."""
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = Path(member.name).parts[1:]
            if not member.isfile() or not parts or ".." in parts or Path(member.name).is_absolute():
                continue
            target = folder.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with tar.extractfile(member) as source, open(target, "wb") as out:
                shutil.copyfileobj(source, out)


def fetch(name):
    """The unpacked package's folder. Safe to call from several processes at once."""
    pin = PINS[name]
    root = cache()
    target = root / (name.replace("/", "+") + "-" + pin["version"] + "-" + hashlib.sha256(pin["integrity"].encode()).hexdigest()[:12])
    with open(root / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=root) as work:
                download(name, pin, Path(work))
                unpack(next(Path(work).glob("*.tgz")), Path(work) / "package")
                os.rename(Path(work) / "package", target)
    return target


if __name__ == "__main__":
    for wanted in sys.argv[1:] or PINS:
        print(fetch(wanted))
