"""Compiled plugins are kept, and used again only when nobody else can have written them and they are whole."""
import os

import pytest

from harness import packages

DEBUG = {"DEBUG": "signalk:wasm:runtime"}


@pytest.fixture
def cached(config, launch, tmp_path):
    """A server that has compiled its plugin into a cache of its own, and is stopped."""
    name = config.install(packages.built("guide-rust"))
    config.enable(name)
    server = launch(env={**DEBUG, "XDG_CACHE_HOME": str(tmp_path / "cache")})
    server.wait_plugin(name, state="running")
    server.wait_log("plugin.wasm compiled in")
    server.stop()
    server.name = name
    server.images = sorted((tmp_path / "cache" / "skiff" / "wasm").glob("*.cwasm"))
    assert len(server.images) >= 1
    return server


def again(server):
    """Starts it once more; whether it compiled anything."""
    server.restart()
    server.wait_plugin(server.name, state="running")
    server.stop()
    return " compiled in " in server.log()


def test_the_second_start_compiles_nothing(cached):
    before = [(image.stat().st_ino, image.stat().st_mtime_ns) for image in cached.images]
    assert not again(cached)
    assert [(image.stat().st_ino, image.stat().st_mtime_ns) for image in cached.images] == before
    for image in cached.images:
        assert image.stat().st_mode & 0o777 == 0o600
    assert cached.images[0].parent.stat().st_mode & 0o777 == 0o700


def cut(image):
    os.truncate(image, image.stat().st_size // 2)


def empty(image):
    os.truncate(image, 0)


def flip(image):
    content = bytearray(image.read_bytes())
    content[len(content) // 2] ^= 4
    image.write_bytes(content)


def foreign(image):
    image.write_bytes(b"\x7fELF" + b"x" * 5000)


def writable(image):
    image.chmod(0o666)


def link(image):
    image.rename(image.with_suffix(".real"))
    image.symlink_to(image.with_suffix(".real"))


def owned(image):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(image, 12345, 12345)


@pytest.mark.parametrize("harm", [cut, empty, flip, foreign, writable, link, owned])
def test_a_doubtful_image_is_made_anew(cached, harm):
    for image in cached.images:
        harm(image)
    assert again(cached)
    for image in cached.images:
        assert not image.is_symlink()
        assert image.stat().st_mode & 0o777 == 0o600
        assert image.stat().st_uid == os.geteuid()
    assert not again(cached)


def test_a_folder_that_others_may_write_to_is_not_used(cached):
    folder = cached.images[0].parent
    folder.chmod(0o777)
    assert again(cached)
    assert "is writable by others; compiled modules are not kept there" in cached.log()
    folder.chmod(0o700)
    assert not again(cached)
