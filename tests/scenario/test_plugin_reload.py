"""A plugin's files change while the server runs: the new version takes over by itself, or the old one goes on and says why."""
import itertools
import os
import shutil

import pytest

from harness import packages
from harness.streams import values_in
from harness.waiting import eventually

A, B = "guide-rust", "demo-boat"  # two modules that call themselves differently
NAME_A, NAME_B = "Guide plugin (Rust)", "Demo boat"
numbers = itertools.count()


def version(wasm):
    """The same module with other bytes: a custom section at its end."""
    note = b"\x07version" + str(next(numbers)).encode()
    return wasm + b"\x00" + bytes([len(note)]) + note


@pytest.fixture
def modules():
    return packages.built(A).wasm.read_bytes(), packages.built(B).wasm.read_bytes()


def replace(file, content):
    """As compilers and npm do it: a new file takes the name."""
    fresh = file.with_name(file.name + ".tmp")
    fresh.write_bytes(content)
    os.replace(fresh, file)


def figure(server, name, what):
    return server.get(f"/plugins/{name}/_stats").ok()[what]


def test_a_replaced_module_takes_over_and_nobody_else_notices(config, launch, modules):
    config.enable(config.write_package("swap", modules[0]))
    good = config.install(packages.built("probe-abi"))
    config.enable(good)
    server = launch()
    server.wait_plugin("swap", state="running", name=NAME_A)
    server.wait_plugin(good, state="running")
    client = server.stream("?subscribe=none")
    client.hello()
    client.subscribe("test.abi.polls")
    first = values_in(client.recv())[0][3]
    file = config.plugin_dir("swap") / "plugin.wasm"
    for content, name in ((modules[1], NAME_B), (modules[0], NAME_A), (modules[1], NAME_B)):
        replace(file, content)
        server.wait_plugin("swap", state="running", name=name)
    assert figure(server, "swap", "reloads") == 3
    assert figure(server, "swap", "crashes") == 0
    for number in range(first + 1, first + 4):
        assert values_in(client.recv())[0][3] == number
    assert figure(server, good, "starts") == 1
    assert figure(server, good, "reloads") == 0


def test_behind_links(config, launch, modules, tmp_path):
    """node_modules/swap is a link to the working folder, whose plugin.wasm is a link to what the compiler makes.
    Links that are laid anew while the server runs lead beyond what it confined itself to: who works so starts it with --no-sandbox."""
    work, output = tmp_path / "work", tmp_path / "output"
    output.mkdir()
    (output / "out.wasm").write_bytes(modules[0])
    config.write_package("swap", None)
    shutil.move(config.plugin_dir("swap"), work)
    (work / "plugin.wasm").symlink_to("../output/out.wasm")
    config.plugin_dir("swap").symlink_to(work, target_is_directory=True)
    config.enable("swap")
    server = launch("--no-sandbox")
    server.wait_plugin("swap", state="running", name=NAME_A)
    replace(output / "out.wasm", modules[1])
    server.wait_plugin("swap", state="running", name=NAME_B)
    (output / "other.wasm").write_bytes(modules[0])
    (work / "fresh").symlink_to("../output/other.wasm")
    os.replace(work / "fresh", work / "plugin.wasm")  # the link leads elsewhere now
    server.wait_plugin("swap", state="running", name=NAME_A)
    other = tmp_path / "other"
    shutil.copytree(work, other)  # with what the links lead to
    (other / "plugin.wasm").write_bytes(modules[1])
    (tmp_path / "link").symlink_to(other, target_is_directory=True)
    os.replace(tmp_path / "link", config.plugin_dir("swap"))
    server.wait_plugin("swap", state="running", name=NAME_B)


def test_half_a_file_leaves_the_old_version_running(config, launch, modules):
    config.enable(config.write_package("swap", modules[0]))
    server = launch()
    server.wait_plugin("swap", state="running", name=NAME_A)
    file = config.plugin_dir("swap") / "plugin.wasm"
    file.write_bytes(modules[1][:len(modules[1]) // 2])
    entry = eventually(lambda: [e for e in [server.plugin("swap")] if "does not load" in e["statusMessage"]])[0]
    assert entry["state"] == "running"
    assert entry["name"] == NAME_A
    server.wait_log(r"\[swap\] The new version does not load, the old one runs on: ")
    assert figure(server, "swap", "starts") == 1
    with file.open("ab") as rest:
        rest.write(modules[1][len(modules[1]) // 2:])
    entry = server.wait_plugin("swap", state="running", name=NAME_B)
    assert "does not load" not in entry["statusMessage"]
    file.write_bytes(b"\0asm\x0d\0\1\0")
    entry = eventually(lambda: [e for e in [server.plugin("swap")] if "component" in e["statusMessage"]])[0]
    assert entry["state"] == "running"
    replace(file, modules[1])  # what runs is what is there again, though as another file
    eventually(lambda: "component" not in server.plugin("swap")["statusMessage"])


def test_a_new_package_json_counts(config, launch, modules):
    config.enable(config.write_package("swap", modules[0], description="old"))
    server = launch()
    assert server.wait_plugin("swap", state="running")["version"] == "1.0.0"
    config.write_package("swap", None, version="2.0.0", description="new")
    entry = server.wait_plugin("swap", state="running", version="2.0.0")
    assert entry["description"] == "new"
    config.write("node_modules/swap/package.json", '{"name": "swap", ')
    server.wait_log(r"\[swap\] its package.json cannot be read; it goes on as it is")
    assert server.plugin("swap")["state"] == "running"
    config.write_package("swap", None, version="3.0.0")
    server.wait_plugin("swap", state="running", version="3.0.0")


def test_packages_come_and_go(config, launch, modules):
    server = launch()
    assert server.plugins() == {}
    config.enable("late")
    config.write_package("late", modules[0])  # node_modules is new as well
    server.wait_plugin("late", state="running", name=NAME_A)
    config.write_package("@scope/off", modules[1])
    entry = server.wait_plugin("@scope/off", name=NAME_B)
    assert entry["state"] == "stopped"
    assert server.get("/plugins/_scope_off").status == 200
    shutil.rmtree(config.plugin_dir("late"))
    eventually(lambda: "late" not in server.plugins())
    assert server.get("/plugins/late").status == 404
    assert set(server.plugins()) == {"@scope/off"}
    config.write_package("late", modules[0])
    server.wait_plugin("late", state="running", name=NAME_A)
    shutil.rmtree(config.plugin_dir("@scope/off"))
    eventually(lambda: set(server.plugins()) == {"late"})


def test_a_new_module_cures_a_plugin_that_was_given_up(config, launch, modules):
    config.enable(config.write_package("swap", packages.built("bad-trap").wasm.read_bytes()))
    server = launch()
    server.wait_plugin("swap", state="error", timeout=90)
    replace(config.plugin_dir("swap") / "plugin.wasm", modules[0])
    server.wait_plugin("swap", state="running", statusMessage="Running")


def test_a_broken_module_of_a_plugin_that_is_off_is_read_again(config, launch, modules):
    config.write_package("swap", b"no module")
    server = launch()
    entry = server.wait_plugin("swap", state="error")
    assert "not a WebAssembly file" in entry["statusMessage"]
    replace(config.plugin_dir("swap") / "plugin.wasm", modules[0])
    entry = server.wait_plugin("swap", name=NAME_A, state="stopped")
    assert entry["statusMessage"] == ""


def test_no_delta_is_lost_in_between(config, launch):
    recorder = packages.built("recorder")
    config.settings(pluginLimits={"inboxDeltas": 1_000_000, "inboxKiB": 1_000_000})
    config.enable(config.install(recorder))
    server = launch()
    server.wait_plugin("recorder", state="running")
    feeder = server.feeder()
    file = config.plugin_dir("recorder") / "plugin.wasm"
    sent = 0
    for round in range(1, 3):
        replace(file, version(recorder.wasm.read_bytes()))
        while figure(server, "recorder", "starts") <= round:
            feeder.values(test__count=sent)
            sent += 1
    feeder.values(test__count=sent)
    seen = config.path / "plugin-config-data" / "recorder" / "vfs" / "data" / "seen"
    eventually(lambda: seen.read_text().splitlines()[-1] == str(sent), "the last one", 60)
    assert [int(line) for line in seen.read_text().split()] == list(range(sent + 1))
    assert figure(server, "recorder", "deltasDropped") == 0
