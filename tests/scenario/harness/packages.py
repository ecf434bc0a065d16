"""
Plugin packages under test, built by tests/plugins/build.py (which keeps what it compiled) and then copied, linked or
npm-installed into the configuration folder of a story. A language whose tools are absent skips its stories, saying why.
"""
import functools
import importlib.util
import json
import tempfile
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[2] / "plugins" / "build.py"


class Package:
    """A built package: a folder with package.json and the .wasm that it names."""

    def __init__(self, path):
        self.path = Path(path)
        self.manifest = json.loads((self.path / "package.json").read_text(encoding="utf-8"))
        self.name = self.manifest["name"]
        self.wasm = self.path / self.manifest["wasmManifest"]


@functools.lru_cache(maxsize=None)
def builder():
    spec = importlib.util.spec_from_file_location("skiff_build_plugins", BUILD)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.outdir = tempfile.TemporaryDirectory(prefix="skiff-plugins-")  # lives as long as this process
    return module


@functools.lru_cache(maxsize=None)
def made(name):
    """The package's folder, or why there is none; once per run."""
    try:
        folder, = builder().build(builder().outdir.name, [name]).values()
        return folder
    except builder().MissingTool as missing:
        return missing


def built(name):
    """The package of that name (of tests/plugins or plugins/)."""
    folder = made(name)
    if isinstance(folder, Exception):
        pytest.skip(f"{name}: {folder}")
    return Package(folder)


@functools.lru_cache(maxsize=None)
def made_new(skiff, language, template):
    """What `skiff plugin new` makes, built; or why it cannot be here. Once per run."""
    folder = Path(builder().outdir.name) / "new" / f"{language}-{template}"
    try:
        builder().build_new(builder().new_package(skiff, language, template, folder))
        return folder
    except builder().MissingTool as missing:
        return missing


def new(skiff, language, template):
    """The package LANGUAGE-TEMPLATE that `skiff plugin new` makes."""
    folder = made_new(str(skiff), language, template)
    if isinstance(folder, Exception):
        pytest.skip(f"{language}-{template}: {folder}")
    return Package(folder)
