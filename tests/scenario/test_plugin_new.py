"""skiff plugin new: in every language, every template builds, passes `check`, and does what it promises in a running server."""
import json
import os
import shutil
import tarfile

import pytest

from harness import packages
from harness.server import binary, command, sanitized
from harness.stub import Stub
from harness.waiting import DEADLINE, eventually

LANGUAGES = ("rust", "c", "assemblyscript", "go")
V2 = "/signalk/v2/api"


def run(*args, cwd=None, home=None):
    env = {**os.environ, "HOME": str(home)} if home else None  # the servers' HOME: what was compiled there is shared
    return command("plugin", *args, cwd=cwd, env=env)


# ---- the command -----------------------------------------------------------------------------------------------------------

def test_a_new_package_says_what_to_do_next(tmp_path):
    done = run("new", "@me/anchor-light", "--lang", "c", "--template", "put", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("cd anchor-light", "make", "skiff plugin check .", "skiff plugin test .", "skiff plugin run .", "skiff plugin pack ."):
        assert word in done.stdout
    manifest = json.loads((tmp_path / "anchor-light/package.json").read_text())
    assert manifest["name"] == "@me/anchor-light" and manifest["signalk"]["displayName"] == "Anchor light"
    assert manifest["wasmCapabilities"]["putHandlers"] is True and manifest["keywords"] == ["signalk-wasm-plugin"]
    readme = (tmp_path / "anchor-light/README.md").read_text()
    assert "# Anchor light" in readme and "electrical.switches.cabinLight.state" in readme


@pytest.mark.parametrize("name, better", [
    ("My Plugin", "my-plugin"), ("UPPER", "upper"), ("_hidden", "hidden"), (".hidden", "hidden"), ("../escape", "escape"), ("a/b", "a-b"),
    ("@me/", "me"), ("ahoy!", "ahoy"), ("123", None), ("", None), ("é", None), ("a" * 300, None), ("a~b", "a-b"), ('a"b', "a-b"),
])
def test_names_that_cannot_be(tmp_path, name, better):
    done = run("new", name, "--lang", "rust", cwd=tmp_path)
    assert done.returncode == 1 and "is no name for a package" in done.stderr
    if better:
        assert f"How about {better}?" in done.stderr
    assert os.listdir(tmp_path) == []


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes").write_text("mine")
    done = run("new", "mine", "--lang", "go", cwd=tmp_path)
    assert done.returncode == 1 and "not empty" in done.stderr and os.listdir(tmp_path / "mine") == ["notes"]
    (tmp_path / "file").write_text("mine")
    done = run("new", "file", "--lang", "go", cwd=tmp_path)
    assert done.returncode == 1 and "is a file" in done.stderr and (tmp_path / "file").read_text() == "mine"
    assert run("new", "other", "--lang", "go", "--folder", "mine", cwd=tmp_path).returncode == 1
    (tmp_path / "empty").mkdir()
    assert run("new", "other", "--lang", "go", "--folder", "empty", cwd=tmp_path).returncode == 0


def test_how_it_is_called(tmp_path):
    for args, word in [(["x"], "which language"), (["x", "--lang", "perl"], "perl"), (["--lang", "c"], "NAME"),
                       (["x", "--lang", "c", "--template", "toaster"], "toaster")]:
        done = run("new", *args, cwd=tmp_path)
        assert done.returncode == 2 and word in done.stderr, args
    assert os.listdir(tmp_path) == []


# ---- every language and template -------------------------------------------------------------------------------------------

class Story:
    """One plugin in a running server."""

    def __init__(self, server, name, key):
        self.server, self.name, self.key = server, name, key

    def value(self, path, wanted):
        def there():
            found = self.server.value(path)
            assert found == wanted, found
            return True

        eventually(there, f"{path} = {wanted!r}")

    def feed(self, path, value):
        self.server.feeder().put_values({path: value})
        self.value(path, value)


def minimal(story):
    story.value(f"plugins.{story.key}.greeting", "Ahoy")


def put(story):
    lamp = "electrical.switches.cabinLight.state"
    story.value(lamp, False)
    answer = story.server.put("/signalk/v1/api/vessels/self/" + lamp.replace(".", "/"), {"value": True})
    assert answer.ok()["state"] == "COMPLETED"
    story.value(lamp, True)
    wrong = story.server.put("/signalk/v1/api/vessels/self/" + lamp.replace(".", "/"), {"value": "bright"})
    assert wrong.status == 400 and "must be true or false" in wrong.json()["message"]
    story.value(lamp, True)


def http(story):
    at = f"/plugins/{story.name}/api"
    assert story.server.get(at + "/hello/Anna%20%E2%9A%93").ok() == {"text": "Ahoy, Anna \u2693", "answered": 1}
    assert story.server.post(at + "/greeting", {"greeting": 'Say "hi"'}).ok() == {"greeting": 'Say "hi"'}
    assert story.server.get(at + "/hello/Bob").ok() == {"text": 'Say "hi", Bob', "answered": 2}
    for wrong in ({}, {"greeting": 7}, {"greeting": ""}):
        answer = story.server.post(at + "/greeting", wrong)
        assert answer.status == 400 and "greeting must be a text" in answer.json()["error"]


def poll(story):
    eventually(lambda: story.server.value(f"plugins.{story.key}.uptime") >= 2)


def delta(story):
    speed, top = "navigation.speedOverGround", f"plugins.{story.key}.maxSpeed"
    story.feed(speed, 4.5)
    story.value(top, 4.5)
    story.server.feeder().put_values({speed: 12.5}, context="vessels.urn:mrn:imo:mmsi:211000000")
    story.feed(speed, 3.5)
    story.feed(speed, 5.25)
    story.value(top, 5.25)


def resources(story):
    buoys = V2 + "/resources/buoys"
    first = story.server.get(buoys + "/harbour").ok()
    assert (first["name"], first["position"]) == ("Harbour entrance", {"latitude": 60.1, "longitude": 24.9})
    assert story.server.put(buoys + "/north", {"name": "North \u2693"}).status == 200
    assert set(story.server.get(buoys).ok()) == {"harbour", "north"}
    assert story.server.get(buoys + "/north").ok()["name"] == "North \u2693"
    assert story.server.put(buoys + "/nameless", {"size": 1}).status >= 400
    assert story.server.delete(buoys + "/north").status == 200
    assert set(story.server.get(buoys).ok()) == {"harbour"}
    assert story.server.get(buoys + "/north").status == 404


def weather(story):
    at = V2 + "/weather/%s?lat=60.1&lon=24.9"
    assert story.server.get(at % "observations").ok() == [] == story.server.get(at % "warnings").ok()
    story.feed("environment.outside.temperature", 291.15)
    story.feed("environment.outside.pressure", 98000)
    observed, = story.server.get(at % "observations").ok()
    assert observed["outside"] == {"temperature": 291.15, "pressure": 98000} and observed["date"].endswith("Z")
    warned, = story.server.get(at % "warnings").ok()
    assert warned["source"] == story.server.plugin(story.name)["name"] and "98000" in warned["details"]
    story.feed("environment.outside.pressure", 101325)
    assert story.server.get(at % "warnings").ok() == []


def radar(story):
    at = V2 + "/vessels/self/radars/sim"
    assert story.server.get(at).ok()["status"] == "standby"
    spokes = story.server.stream(path=V2 + "/streams/radars/sim")
    spokes.settle()  # listening has begun
    assert story.server.put(at + "/power", {"value": "overdrive"}).status >= 400
    assert story.server.put(at + "/power", {"value": "transmit"}).status == 200
    spoke = spokes.socket.recv(timeout=DEADLINE)
    assert len(spoke) == 65 and spoke.count(255) == 1
    assert story.server.get(at + "/state").ok()["controls"]["power"] == "transmit"
    assert story.server.put(at + "/range", {"value": 926}).status == 200
    assert story.server.get(at + "/controls/range").ok() == {"value": 926}


class Document(Stub):
    def answer(self, to):
        self.send(to, 200, b'{"value":291.15}', Content_Type="application/json")


def fetch(story):
    story.value("environment.outside.temperature", 291.15)


PROMISES = {name: globals()[name] for name in ("minimal", "put", "http", "poll", "delta", "resources", "weather", "radar", "fetch")}
CONFIGURATION = {"minimal": {"greeting": "Ahoy"}, "http": {"greeting": "Ahoy"}}


def needs_skiff(language, template):
    """The one template that, in these languages, uses what only skiff offers; AssemblyScript has as-fetch."""
    return template == "fetch" and language != "assemblyscript"


# The sanitizers look at the server, not at modules: there one template of each language.
COMBINATIONS = [(language, template) for language in LANGUAGES for template in PROMISES
                if not sanitized() or template == "put"]


def edited(path):
    """The package as if its author had changed and built it again."""
    manifest = json.loads((path / "package.json").read_text())
    (path / "package.json").write_text(json.dumps({**manifest, "version": "0.2.0"}))
    module = path / manifest["wasmManifest"]
    module.write_bytes(module.read_bytes() + b"\0\6\5noted")  # a custom section


def events(out):
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("language, template", COMBINATIONS)
def test_a_template_from_its_source_to_its_removal(language, template, config, home, skiff, launch, tmp_path):
    package = packages.new(binary(), language, template)
    path, name = tmp_path / "package", package.name
    shutil.copytree(package.path, path)

    def alone(*args, code=0):
        done = run(*args, home=home)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    findings = json.loads(alone("check", path, "--json"))["findings"]
    assert [one for one in findings if one["level"] != "note"] == []
    portable = alone("check", path, "--portable", code=1 if needs_skiff(language, template) else 0)
    assert needs_skiff(language, template) == ("sk_http_request" in portable)
    assert "1 passed, 0 failed" in alone("test", path)
    assert "running" in [event["text"] for event in events(alone("run", path, "--json", "--for", "1")) if event["type"] == "state"]
    alone("pack", path, "-o", tmp_path)
    archive = tmp_path / f"{name}-0.1.0.tgz"
    with tarfile.open(archive) as packed:
        assert sorted(packed.getnames()) == ["package/README.md", "package/package.json", "package/plugin.wasm"]

    stub = Document() if template == "fetch" else None
    configuration = {"url": stub.url + "/value"} if stub else CONFIGURATION.get(template)
    server = launch()
    try:
        skiff("plugin", "install", archive)
        server.wait_plugin(name, timeout=240, state="stopped")
        skiff("plugin", "enable", name)
        if configuration:
            assert server.configure(name, configuration).status == 200
        entry = server.wait_plugin(name, timeout=240, state="running")
        assert entry["name"] == f"{language.capitalize()} {template}" and entry["schema"]["type"] == "object"
        PROMISES[template](Story(server, name, language + template.capitalize()))
        edited(path)
        skiff("plugin", "install", path)
        server.wait_plugin(name, timeout=240, state="running", version="0.2.0")
        skiff("plugin", "disable", name)
        assert server.wait_plugin(name, state="stopped")["statusMessage"] == "Stopped"
        skiff("plugin", "remove", name)
        eventually(lambda: name not in server.plugins(), "its end")
        left = {str(entry.relative_to(config.path)) for entry in config.path.rglob("*") if name in entry.name}
        assert left <= {f"plugin-config-data/{name}.json", f"plugin-config-data/.{name}.json.good", f"plugin-config-data/{name}"}, left
    finally:
        if stub:
            stub.close()


@pytest.mark.skipif(sanitized(), reason="nothing of the server takes part: once is enough")
@pytest.mark.parametrize("language, tool", [("rust", "cargo"), ("go", "go")])
def test_the_sdks_and_the_templates_pass_their_own_tests(language, tool, tmp_path):
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool}")
    packages.new(binary(), language, "minimal")  # skips where this language cannot be built
    builder = packages.builder()
    builder.test_sdk(language)
    for template in builder.TEMPLATES:
        builder.test_new(builder.new_package(binary(), language, template, tmp_path / template))


@pytest.mark.skipif(sanitized(), reason="the same in the other build")
@pytest.mark.parametrize("language, template, wrong, said", [
    ("rust", "minimal", {"greeting": 7}, "The configuration cannot be used"), ("rust", "poll", {"interval": 0}, "one second or more"),
    ("go", "minimal", {"greeting": 7}, "the configuration cannot be used"), ("c", "poll", {"interval": 0}, "The interval must be"),
    ("rust", "fetch", {"interval": 0}, "one second or more"), ("c", "fetch", {"interval": 0}, "The interval must be"),
    ("assemblyscript", "minimal", {"greeting": ""}, "The greeting is empty"),
])
def test_a_wrong_configuration_is_told(language, template, wrong, said, config, launch):
    package = packages.new(binary(), language, template)
    config.install(package)
    config.enable(package.name, wrong)
    server = launch()
    entry = server.wait_plugin(package.name, timeout=240, state="error")
    assert said in entry["statusMessage"], entry
    assert server.configure(package.name, {}).status == 200
    server.wait_plugin(package.name, state="running")
