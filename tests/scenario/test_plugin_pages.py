"""The pages of the plugin guide, followed to the letter: their commands are run, their files written, their mistakes made."""
import json
import os
import shutil
import subprocess

import pytest

from harness import packages, pages
from harness.server import binary, command, sanitized

LANGUAGES = ("rust", "c", "assemblyscript", "go")
pytestmark = pytest.mark.skipif(sanitized(), reason="nothing of the server takes part: once is enough")


@pytest.fixture
def follow(tmp_path, home):
    """follow(shell script) → what it said, in a fresh folder where `skiff` is the program under test."""
    tools = tmp_path / "bin"
    tools.mkdir()
    work = tmp_path / "work"
    work.mkdir()

    def run(script):
        (tools / "skiff").unlink(missing_ok=True)
        (tools / "skiff").symlink_to(binary())
        env = {**os.environ, **packages.builder().tools_env(packages.builder().default_cache()), "PATH": f"{tools}:{os.environ['PATH']}",
               "XDG_CACHE_HOME": str(home / ".cache"), "NO_COLOR": "1"}
        env.pop("GOFLAGS")
        done = subprocess.run(["sh", "-c", script], cwd=work, env=env, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done.stdout

    run.folder = work
    return run


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_leads_to_a_plugin(language, follow):
    packages.new(binary(), language, "minimal")  # skips where this language cannot be built
    said = follow(pages.script(f"plugins/{language}.md"))
    assert ("0 errors" if language == "go" else "nothing to mend") in said  # Go's warning: the Node server initialises it twice
    assert "1 passed, 0 failed" in said
    packed = list(follow.folder.glob("*/*.tgz"))
    assert len(packed) == 1, packed


MISTAKES = [("fn sk_debug", "fn sk_log_debug", "Use sk_debug."), ("fn sk_debug", "fn sk_log_info", "Use sk_debug."),
            ("fn sk_debug", "fn sk_log_warn", "Use sk_debug."), ("fn sk_handle_message", "fn sk_emit_delta", "Use sk_handle_message."),
            ("fn sk_debug", "fn sk_udp_recv_from", "Use sk_udp_recv.")]


def build(follow, source, target="wasm32-wasip1"):
    """The page's plugin by hand, with another source; None when this machine has no such target."""
    folder = follow.folder / "by-hand"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    for name in ("Cargo.toml", "package.json"):
        (folder / name).write_text(pages.files_in("plugins/rust.md", name)[-1])
    (folder / "src/lib.rs").write_text(source)
    # a folder of its own: the one that builds share has one by_hand.wasm for all stories that run beside this one
    follow(f"""cd by-hand && export CARGO_TARGET_DIR=target && cargo build --quiet --release --target {target} &&
               cp "$CARGO_TARGET_DIR/{target}/release/by_hand.wasm" plugin.wasm""")
    done = command("plugin", "check", folder, "--json")
    return done.returncode, json.loads(done.stdout)["findings"]


def has_target(target):
    if shutil.which("rustc") is None:
        return False
    found = subprocess.run(["rustc", "--print", "target-libdir", "--target", target], capture_output=True, text=True)
    return found.returncode == 0 and os.path.isdir(found.stdout.strip())


@pytest.mark.skipif(not has_target("wasm32-wasip1"), reason="needs Rust with wasm32-wasip1")
def test_each_common_mistake_is_told_its_cure(follow):
    source = pages.files_in("plugins/rust.md", "src/lib.rs")[-1]
    for right, wrong, cure in MISTAKES:
        called = right.removeprefix("fn ")
        code, found = build(follow, source.replace(right, f'#[link_name = "{wrong.removeprefix("fn ")}"]\n    fn {called}'))
        assert code == 1 and cure in [one["cure"] for one in found], (wrong, found)
    code, found = build(follow, source.replace('#[no_mangle]\npub unsafe extern "C" fn plugin_start', 'pub unsafe extern "C" fn plugin_start'))
    assert code == 1 and [one["where"] for one in found] == ["export plugin_start"], found
    code, found = build(follow, source)
    assert (code, found) == (0, [])


@pytest.mark.skipif(not has_target("wasm32-unknown-unknown"), reason="needs Rust with wasm32-unknown-unknown")
def test_the_wrong_target_is_told(follow):
    code, found = build(follow, pages.files_in("plugins/rust.md", "src/lib.rs")[-1], "wasm32-unknown-unknown")
    assert any("wasm32-wasip1" in one["cure"] for one in found), found
