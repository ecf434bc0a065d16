"""The pinned webapps of tests/webapps, copied into the configuration folder of a story."""
import functools
import importlib.util
import shutil
from pathlib import Path

import pytest

FETCH = Path(__file__).resolve().parents[2] / "webapps" / "fetch.py"
ADMIN = "@signalk/server-admin-ui"
FREEBOARD = "@signalk/freeboard-sk"
INSTRUMENTPANEL = "@signalk/instrumentpanel"
KIP = "@mxtommy/kip"


@functools.lru_cache(maxsize=None)
def fetcher():
    spec = importlib.util.spec_from_file_location("skiff_fetch_webapps", FETCH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def install(config, *names):
    """Skips the test where a package cannot be had."""
    for name in names:
        try:
            folder = fetcher().fetch(name)
        except fetcher().Unavailable as missing:
            pytest.skip(f"{name}: {missing}")
        shutil.copytree(folder, config.plugin_dir(name))
