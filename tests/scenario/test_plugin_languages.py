"""Plugins in every language of the guide, side by side: each publishes under its package name, none disturbs another."""
import pytest

from harness import packages
from harness.server import plugin_id
from harness.streams import has_value, values_in
from harness.waiting import eventually

LABEL = "Åbo ⚓"
# package → (display name, configuration, what it publishes at start)
PLUGINS = {
    "guide-rust": ("Guide plugin (Rust)", {"maxRadius": 42.5}, {"test.guide.maxRadius": 42.5}),
    "@skiff/probe-as": ("AssemblyScript probe ⚓", {"label": LABEL}, {"test.as.label": LABEL, "test.as.put": True}),
    "probe-go-command": ("Go, command", {"label": LABEL}, {"test.goCommand.label": LABEL, "test.goCommand.mains": 1, "test.goCommand.inits": 1}),
    "probe-go-shared": ("Go, c-shared", {"label": LABEL}, {"test.goShared.label": LABEL, "test.goShared.mains": 0, "test.goShared.inits": 1}),
    "probe-abi": ("ABI probe", {}, {"test.abi.starts": 1}),
    "probe-c-once": ("Reactor, initialised once", {}, {"test.once.initialised": 1, "test.once.constructed": 1}),
    "probe-c-wasi": ("C with wasi-libc", {}, {"test.wasi.heaps": "both"}),
}
POLLS = {"@skiff/probe-as": "test.as.polls", "probe-go-command": "test.goCommand.polls", "probe-go-shared": "test.goShared.polls",
         "probe-abi": "test.abi.polls", "probe-c-wasi": "test.wasi.polls"}


def published(server, name):
    _, _, values = PLUGINS[name]
    return {path: (server.value(path), server.self_path(path + ".$source").ok()) for path in values}


def wanted(name):
    _, _, values = PLUGINS[name]
    return {path: (value, name) for path, value in values.items()}


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_of_each_language_loads_starts_publishes_and_stops(name, config, launch):
    display, configuration, _ = PLUGINS[name]
    config.install(packages.built(name))
    server = launch()
    entry = server.wait_plugin(name, name=display, timeout=120)
    assert entry["state"] in ("stopped", "disabled")
    assert entry["schema"]["type"] == "object"
    answer = server.configure(name, configuration)
    assert answer.status == 200, answer
    server.wait_plugin(name, state="running", timeout=120)
    eventually(lambda: published(server, name) == wanted(name), "its values", 15)
    assert server.configure(name, configuration, enabled=False).status == 200
    server.wait_plugin(name, state="stopped")


@pytest.fixture
def fleet(config):
    """All that can be built here, installed and enabled; at least three languages."""
    names = []
    for name in PLUGINS:
        if not isinstance(packages.made(name), Exception):
            config.enable(config.install(packages.built(name)), PLUGINS[name][1])
            names.append(name)
    if len(names) < 3:
        pytest.skip(f"only {names} can be built here")
    return names


def test_all_of_them_side_by_side(fleet, launch):
    server = launch()
    for name in fleet:
        server.wait_plugin(name, state="running", timeout=120)
    for name in fleet:
        eventually(lambda: published(server, name) == wanted(name), f"values of {name}")
    sources = server.api("sources").ok()
    assert set(fleet) <= set(sources)
    # all are polled, and none stops the others' clock
    stream = server.stream("?sendCachedValues=false")
    stream.hello()
    counts = {path: [] for name, path in POLLS.items() if name in fleet}

    def three_each(message):
        for _, _, path, value in values_in(message):
            if path in counts:
                counts[path].append(value)
        return all(len(values) >= 3 for values in counts.values())

    stream.until(three_each, 20)
    for path, values in counts.items():
        assert values == list(range(values[0], values[0] + len(values))), path


def test_all_of_them_come_back_after_a_pulled_plug(fleet, launch):
    server = launch()
    for name in fleet:
        server.wait_plugin(name, state="running", timeout=120)
    server.kill()
    server.restart()
    for name in fleet:
        server.wait_plugin(name, state="running", timeout=120)
        eventually(lambda: published(server, name) == wanted(name), f"values of {name}")


def test_the_listener_does_not_wait_for_plugins(fleet, launch, home):
    """Modules that were never compiled before: the server answers while they are being prepared."""
    server = launch(env={"XDG_CACHE_HOME": str(home / "cold-cache"), "SKIFF_CACHE": str(home / "cold-cache")})
    assert server.api("vessels/self/name").ok() == "Skiff"
    for name in fleet:
        server.wait_plugin(name, state="running", timeout=120)


def test_texts_beyond_ascii_cross_the_assemblyscript_boundary(config, launch):
    name = config.install(packages.built("@skiff/probe-as"))
    server = launch()
    server.configure(name, {"label": LABEL})
    server.wait_plugin(name, state="running", statusMessage="Running ⚓")
    base = f"/plugins/{plugin_id(name)}/api/"
    assert server.get(base + "echo/%C3%85bo?q=%E2%9A%93").ok()["params"] == {"id": "Åbo"}
    sizes = server.get(base + "units?q=%E2%9A%93").ok()
    assert sizes["units"] == sizes["length"]
    watcher = server.stream("?sendCachedValues=false")
    assert server.put("/signalk/v1/api/vessels/self/test/as/value", {"value": LABEL}).status == 200
    watcher.until(has_value("test.as.value", LABEL))  # "value" is no name for a leaf of the tree, but clients hear of it
    answer = server.put("/signalk/v1/api/vessels/self/test/as/value", {"value": "refuse"})
    assert (answer.status, answer.json()["message"]) == (400, "refused ⚓")


def test_a_scoped_assemblyscript_plugin_reads_and_saves_its_configuration(config, launch):
    name = config.install(packages.built("@skiff/probe-as"))
    server = launch()
    server.configure(name, {"label": "one"})
    base = f"/plugins/{plugin_id(name)}/api/"
    got = server.get(base + "config").ok()
    assert got["stored"] == {"label": "one"}
    assert got["started"] == '{"label":"one","enableDebug":false}'
    assert server.post(base + "config", {"label": "two"}).ok() == {"result": 0}
    assert config.json(config.plugin_file(name)) == {"configuration": {"label": "two"}, "enabled": True, "enableDebug": False}
    assert server.get(base + "config").ok()["stored"] == {"label": "two"}
    assert server.get(base + "self?path=uuid").status == 200


def test_a_trap_in_an_assemblyscript_handler_is_500_and_it_comes_back(config, launch):
    name = config.install(packages.built("@skiff/probe-as"))
    server = launch()
    server.configure(name, {"label": "x"})
    base = f"/plugins/{plugin_id(name)}/api/"
    assert server.get(base + "null").status == 500
    answer = server.get(base + "trap")
    assert answer.status == 500
    assert "told to trap ⚓" in answer.json()["error"]
    eventually(lambda: server.get(base + "echo/1").status == 200, "the plugin after its trap", 20)
