"""
Plugin packages under test: built once per run (and kept for the next in SKIFF_CACHE or ~/.cache/skiff), then copied, linked or
npm-installed into the configuration folder of a story. A language whose tools are absent skips its stories, saying why.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOL_MISSING = 3  # exit code of our build scripts: a compiler is not there
BUILD_DEADLINE = 900


def cache():
    base = os.environ.get("SKIFF_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "skiff"
    return Path(base) / "test-plugins"


def fingerprint(*folders):
    """Changes when a source does; what builds leave behind does not count."""
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(ROOT).as_posix()
            if file.is_file() and not any(part in ("target", "node_modules", "__pycache__", "build") for part in file.relative_to(ROOT).parts):
                digest.update(inside.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


class Package:
    """A built package: a folder with package.json and the .wasm that it names."""

    def __init__(self, path):
        self.path = Path(path)
        self.manifest = json.loads((self.path / "package.json").read_text(encoding="utf-8"))
        self.name = self.manifest["name"]
        assert (self.path / self.manifest["wasmManifest"]).is_file(), f"{self.name}: no {self.manifest['wasmManifest']}"

    @property
    def wasm(self):
        return self.path / self.manifest["wasmManifest"]


def run_build(argv, what):
    done = subprocess.run([str(arg) for arg in argv], cwd=ROOT, capture_output=True, text=True, timeout=BUILD_DEADLINE)
    if done.returncode == TOOL_MISSING:
        pytest.skip(f"{what}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    assert done.returncode == 0, f"building {what} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def probe(name):
    """One of tests/plugins, built by its build.py."""
    folder = ROOT / "tests" / "plugins"
    if not (folder / "build.py").exists():
        pytest.skip("tests/plugins/build.py is not there")
    out = cache() / fingerprint(folder, ROOT / "sdk")
    if not (out / name / "package.json").exists():
        out.mkdir(parents=True, exist_ok=True)
        run_build([sys.executable, folder / "build.py", out, name], name)
    return Package(out / name)


def first_party(name):
    """One of plugins/, built by its build.sh."""
    folder = ROOT / "plugins" / name
    if not (folder / "build.sh").exists():
        pytest.skip(f"plugins/{name}/build.sh is not there")
    out = cache() / fingerprint(folder, ROOT / "sdk") / name
    if not (out / "package.json").exists():
        out.mkdir(parents=True, exist_ok=True)
        run_build(["sh", folder / "build.sh", out / "plugin.wasm"], name)
        for extra in ("public",):
            if (folder / extra).is_dir():
                shutil.copytree(folder / extra, out / extra, dirs_exist_ok=True)
        shutil.copy(folder / "package.json", out / "package.json")  # last: its presence says that all is there
    return Package(out)
