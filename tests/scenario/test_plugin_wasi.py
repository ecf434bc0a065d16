"""What WASI gives a plugin: programs in C, built with wasi-libc, each with the output that it must have."""
from pathlib import Path

import pytest

from harness import packages
from harness.waiting import eventually

NAME = "wasi-programs"
PROGRAMS = Path(__file__).resolve().parents[1] / "plugins" / NAME / "programs"


@pytest.fixture
def run(config, launch):
    """run(program) starts a server whose plugin runs that program; the lines that it printed."""
    config.install(packages.built(NAME))

    def run(program):
        config.enable(NAME, {"program": program})
        server = launch()
        run.server = server
        server.wait_log(rf"\[{NAME}\] == {program} ends", timeout=60)
        mark = f"[{NAME}] "
        lines = [text.split(mark, 1)[1] for _, text in list(server.lines) if mark in text]
        return lines[lines.index(f"== {program} begins") + 1:lines.index(f"== {program} ends")]

    return run


@pytest.mark.parametrize("program", sorted(path.stem for path in PROGRAMS.glob("*.expected") if path.stem != "limits"))
def test_a_program_prints_what_it_must(run, program, config):
    expected = (PROGRAMS / f"{program}.expected").read_text().splitlines()
    assert run(program) == expected
    assert [path.name for path in config.path.parent.rglob("escape*")] == []
    assert config.exists("settings.json")


def test_its_files_have_a_limit(run, config):
    config.settings(pluginLimits={"plugins": {NAME: {"filesMiB": 1, "files": 20, "openFiles": 8}}})
    expected = (PROGRAMS / "limits.expected").read_text().splitlines()
    assert [line for line in run("limits") if "its files are at their limit" not in line] == expected
    figures = run.server.get(f"/plugins/{NAME}/_stats").ok()
    assert figures["fileWritesRefused"] >= 14
    assert figures["limits"]["filesMiB"] == 1
    run.server.wait_log(rf"\[{NAME}\] its files are at their limit")


def test_the_files_that_are_there_count_at_the_next_start(run, config):
    config.settings(pluginLimits={"plugins": {NAME: {"filesMiB": 1, "files": 20}}})
    run("environment")
    figures = run.server.get(f"/plugins/{NAME}/_stats").ok()
    assert (figures["filesBytes"], figures["files"]) == (0, 0)
    run.server.stop()
    config.write(f"plugin-config-data/{NAME}/vfs/data/old", b"x" * 1_000_000)
    run.server.restart()
    figures = eventually(lambda: [f for f in [run.server.get(f"/plugins/{NAME}/_stats").ok()] if f["files"]])[0]
    assert figures["files"] == 1
    assert figures["filesBytes"] >= 1_000_000


def test_exit_in_a_call_is_a_crash_that_names_the_code(config, launch):
    config.install(packages.built(NAME))
    server = launch()
    answer = server.configure(NAME, {"program": "exit"})
    assert answer.status == 500
    assert "proc_exit(42)" in answer.json()["error"]
    server.wait_log(rf"\[{NAME}\] about to leave$")  # the line had no end: it is told nevertheless
    server.wait_plugin(NAME, state="error", timeout=60)
    assert "proc_exit(42)" in server.plugin(NAME)["statusMessage"]


def test_without_storage_there_is_no_folder(config, launch):
    package = packages.built(NAME)
    config.write_package(NAME, package.wasm.read_bytes(), wasmCapabilities={"storage": "none"})
    config.enable(NAME, {"program": "folders"})
    server = launch()
    server.wait_log(r"== folders ends")
    log = server.log()
    assert "mkdir: ok" not in log
    assert not config.exists(f"plugin-config-data/{NAME}")
