"""skiff plugin check: an author's mistakes, each with its cure."""
import json
import tarfile

import pytest

from harness import packages
from harness.server import command
from harness.wat import assemble

EXPORTS = {
    "plugin_id": "(param i32 i32) (result i32) i32.const 0", "plugin_name": "(param i32 i32) (result i32) i32.const 0",
    "plugin_schema": "(param i32 i32) (result i32) i32.const 0", "plugin_start": "(param i32 i32) (result i32) i32.const 0",
    "plugin_stop": "(result i32) i32.const 0", "allocate": "(param i32) (result i32) i32.const 1024", "deallocate": "(param i32 i32)",
}
PACKAGE = {"name": "my-plugin", "version": "1.0.0", "description": "x", "keywords": ["signalk-wasm-plugin"], "wasmManifest": "plugin.wasm"}


def wat(imports="", memory='(memory (export "memory") 1)', **changes):
    functions = {**EXPORTS, **changes}
    return "(module %s %s %s)" % (imports, memory, " ".join(
        f'(func (export "{name}") {body})' for name, body in functions.items() if body is not None))


@pytest.fixture
def plugin(tmp_path):
    """plugin(text of the module, members of package.json) → folder. Without wat2wasm these stories are skipped."""
    folder = tmp_path / "plugin"
    folder.mkdir()

    def make(module=wat(), flags=(), **members):
        (folder / "package.json").write_text(json.dumps({name: value for name, value in {**PACKAGE, **members}.items() if value is not None}))
        (folder / "plugin.wasm").write_bytes(assemble(module, *flags))
        return folder

    return make


def run(*args):
    return command("plugin", "check", *args)


def check(*args, errors=None):
    """[(level, where, what, cure)]; the exit code must fit."""
    done = run(*args, "--json")
    said = json.loads(done.stdout)
    assert done.returncode == (1 if said["errors"] else 0), done
    return [(one["level"], one["where"], one["what"], one["cure"]) for one in said["findings"]]


def test_a_good_plugin(plugin):
    folder = plugin()
    assert check(folder) == check(folder, "--portable") == check(folder / "plugin.wasm") == []
    done = run(folder)
    assert (done.returncode, done.stdout) == (0, f"{folder}: nothing to mend\n")


@pytest.mark.parametrize("wrong, right", [
    ("sk_log_debug", "sk_debug"), ("sk_log_info", "sk_debug"), ("sk_log_warn", "sk_debug"), ("sk_emit_delta", "sk_handle_message"),
    ("sk_udp_recv_from", "sk_udp_recv"), ("sk_set_statsu", "sk_set_status"), ("sk_debgu", "sk_debug"),
])
def test_a_wrong_import_is_told_its_right_name(plugin, wrong, right):
    folder = plugin(wat(f'(import "env" "{wrong}" (func (param i32 i32)))'))
    assert check(folder) == [("error", f"import env.{wrong}", "No server offers this import.", f"Use {right}.")]


@pytest.mark.parametrize("module, where, word", [
    (wat('(import "__wbindgen_placeholder__" "__wbindgen_throw" (func (param i32 i32)))'), "import __wbindgen_placeholder__.__wbindgen_throw", "wasm32-wasip1"),
    (wat('(import "wasi_unstable" "fd_write" (func (param i32 i32 i32 i32) (result i32)))'), "import wasi_unstable.fd_write", "wasi_snapshot_preview1"),
    (wat('(import "env" "memory" (memory 1))', memory=""), "import env.memory", "--import-memory"),
    (wat(memory='(memory (export "mem") 1)'), "export memory", "this name"),
    (wat(plugin_start=None), "export plugin_start", "Add it."),
    (wat(plugin_start=None, plugin_strat="(param i32 i32) (result i32) i32.const 0"), "export plugin_start", "Rename plugin_strat."),
    (wat(plugin_start="(param i32 i32)"), "export plugin_start", "Make it (i32, i32) -> i32."),
    (wat(poll="(param i64) (result i32) i32.const 0"), "export poll", "Make it () -> i32."),
    (wat(plugin_id=None), "module", "#[no_mangle]"),
    (wat(allocate=None, plugin_id=None, plugin_name=None), "module", "#[no_mangle]"),
])
def test_what_will_not_work_is_an_error_with_a_cure(plugin, module, where, word):
    errors = [(found_where, cure) for level, found_where, _, cure in check(plugin(module)) if level == "error"]
    assert [cure for found_where, cure in errors if found_where == where and word in cure], errors


def test_what_works_only_here_or_by_luck_is_a_warning(plugin):
    folder = plugin(wat('(import "env" "sk_debug" (func (param i32 i32 i32)))', poll="(param i32) (result i32) i32.const 0", deallocate=None))
    found = check(folder)
    assert {(level, where) for level, where, _, _ in found} == {("warning", "import env.sk_debug"), ("warning", "export poll"),
                                                                ("warning", "export deallocate")}
    assert ("warning", "import env.sk_debug", "It is declared as (i32, i32, i32).", "Declare it as (i32, i32).") in found


def test_the_form_of_put_handlers(plugin):
    folder = plugin(wat(handle_put_vessels_self_a_b="(param i32 i32) (result i32) i32.const 0"))
    assert check(folder)[0][1:] == ("export handle_put_vessels_self_a_b", "It is (i32, i32) -> i32.", "Make it (i32, i32, i32, i32) -> i32.")


def test_capabilities_used_and_declared(plugin):
    sockets = wat('(import "env" "sk_udp_create" (func (param i32) (result i32)))')
    assert check(plugin(sockets)) == [("error", "package.json", "The module uses the capability rawSockets, which is not declared.",
                                       'Add "rawSockets": true to wasmCapabilities.')]
    assert check(plugin(sockets, wasmCapabilities={"rawSockets": True})) == []
    assert [one[0] for one in check(plugin(wasmCapabilities={"putHandlers": True}))] == ["note"]


@pytest.mark.parametrize("members, level, word", [
    ({"keywords": ["boat"]}, "error", "signalk-wasm-plugin"), ({"keywords": "signalk-wasm-plugin"}, "error", "list"),
    ({"wasmManifest": None}, "error", "wasmManifest"), ({"wasmManifest": "../x.wasm"}, "error", "out of the package"),
    ({"wasmManifest": "build/x.wasm"}, "error", "not there"), ({"version": None}, "warning", "version"), ({"name": None}, "error", "name"),
    ({"description": None}, "note", "description"), ({"wasmCapabilities": {"netwrok": True}}, "warning", "netwrok"),
    ({"wasmCapabilities": {"dataRead": "yes"}}, "warning", "neither"), ({"wasmCapabilities": []}, "error", "object"),
    ({"wasmCapabilities": {"storage": "all"}}, "warning", "storage"), ({"signalk": {"wasmCapabilities": {}}}, "error", "inside signalk"),
])
def test_mistakes_in_package_json(plugin, members, level, word):
    found = check(plugin(**members))
    assert [(level, "package.json")] == [one[:2] for one in found], found
    assert word in found[0][2]


def test_a_misspelt_capability_is_told_its_name(plugin):
    assert check(plugin(wasmCapabilities={"netwrok": True}))[0][3] == "Did you mean network?"


@pytest.mark.parametrize("content, word", [(b"", "no WebAssembly"), (b"\0asm\1\0\0", "no WebAssembly"), (b"(module)", "text"),
                                           (b"\0asm\x0d\0\1\0", "component"), (b"\0asm\1\0\0\0\x07\xff", "not accepted")])
def test_files_that_are_no_module(plugin, content, word):
    folder = plugin()
    (folder / "plugin.wasm").write_bytes(content)
    ((level, where, what, _),) = check(folder)
    assert (level, where) == ("error", "module") and word in what


@pytest.mark.parametrize("memory, flags, word", [('(memory (export "memory") 1 1 shared)', ["--enable-threads"], "threads"),
                                                 ('(memory (export "memory") i64 1)', ["--enable-memory64"], "wasm32")])
def test_what_plugins_may_not_be_built_with(plugin, memory, flags, word):
    ((level, where, _, cure),) = check(plugin(wat(memory=memory), flags))
    assert (level, where) == ("error", "module") and word in cure


def with_schema(text):
    """A module whose plugin_schema gives this text."""
    data = "".join(f"\\{byte:02x}" for byte in text.encode())
    return wat(memory=f'(memory (export "memory") 1) (data (i32.const 4096) "{data}")',
               plugin_schema=f"(param i32 i32) (result i32) (memory.copy (local.get 0) (i32.const 4096) (i32.const {len(text)})) (i32.const {len(text)})")


def test_a_schema_that_a_form_can_be_made_of(plugin):
    assert check(plugin(with_schema(json.dumps({
        "type": "object", "required": ["radius"], "properties": {
            "radius": {"type": "number", "title": "Radius", "minimum": 10, "maximum": 50, "default": 20},
            "mode": {"type": "string", "enum": ["on", "off"], "enumNames": ["On", "Off"], "default": "off"},
            "names": {"type": "array", "items": {"type": "string"}}, "either": {"type": ["integer", "null"], "default": None}}})))) == []


@pytest.mark.parametrize("properties, where, what, cure", [
    ({"a": {"type": "nubmer"}}, "schema properties.a.type", "nubmer is no type.", "Did you mean number?"),
    ({"a": {"type": "float"}}, "schema properties.a.type", "float is no type.", "One of string"),
    ({"a": {"type": "number", "default": "5"}}, "schema properties.a.default", "of another type", "Give a value of the type."),
    ({"a": {"type": "integer", "default": 1.5}}, "schema properties.a.default", "of another type", "Give a value"),
    ({"a": {"type": "number", "minimum": 1, "default": 0}}, "schema properties.a.default", "outside", "Take one inside."),
    ({"a": {"type": "number", "minimum": 2, "maximum": 1}}, "schema properties.a", "minimum is greater", "Exchange them."),
    ({"a": {"type": "string", "enum": ["x"], "default": "y"}}, "schema properties.a.default", "none of the values", "Take one of them."),
    ({"a": {"type": "string", "enum": []}}, "schema properties.a.enum", "no list of values", "List the values."),
    ({"a": {"type": "string", "enum": [1]}}, "schema properties.a.enum", "another type", "Give values"),
    ({"a": {"type": "object", "required": True}}, "schema properties.a.required", "no list of names", "into a list"),
    ({"a": {"type": "object", "properties": {"b": {}}, "required": ["c"]}}, "schema properties.a.required", "names c", "Add the property"),
    ({"a": {"type": "object", "properties": []}}, "schema properties.a.properties", "no object", "Write"),
    ({"a": "text"}, "schema properties.a", "no object", "Write"),
])
def test_mistakes_in_the_schema(plugin, properties, where, what, cure):
    found = [one for one in check(plugin(with_schema(json.dumps({"type": "object", "properties": properties})))) if one[0] == "error"]
    assert [one[1] for one in found] == [where], found
    assert what in found[0][2] and cure in found[0][3]


def test_a_schema_that_is_no_json(plugin):
    (level, where, what, cure), = check(plugin(with_schema('{"type":')))
    assert (level, where, "plugin_schema is not valid JSON" in what) == ("error", "module", True), (what, cure)


def test_what_only_shows_when_it_is_loaded(plugin):
    folder = plugin(wat('(import "wasi_snapshot_preview1" "fd_wrote" (func (param i32)))'))
    (level, where, what, cure), = check(folder)
    assert (level, where, cure) == ("error", "module", "") and what.startswith("It does not load: ") and "fd_wrote" in what


def test_capabilities_that_fit_no_export(plugin):
    handler = {"delta_handler": "(param i32 i32)"}
    assert [(one[0], one[3]) for one in check(plugin(wat(**handler), wasmCapabilities={"dataRead": False}))] == [
        ("warning", "Let dataRead be true, or do without delta_handler.")]
    assert [one[0] for one in check(plugin(wasmCapabilities={"httpEndpoints": True, "serialPorts": True}))] == ["note", "note"]


def test_an_archive_is_checked_as_it_would_be_installed(plugin, tmp_path, monkeypatch):
    tmp = tmp_path / "tmp"
    tmp.mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp))
    plugin()
    made = command("plugin", "pack", tmp_path / "plugin", "--output", tmp_path / "p.tgz")
    assert made.returncode == 0, made
    assert check(tmp_path / "p.tgz") == []
    plugin(wat('(import "env" "sk_emit_delta" (func (param i32 i32)))'))
    with tarfile.open(tmp_path / "q.tgz", "w:gz") as archive:
        for name in ("package.json", "plugin.wasm"):
            archive.add(tmp_path / "plugin" / name, f"package/{name}")
    assert check(tmp_path / "q.tgz") == [("error", "import env.sk_emit_delta", "No server offers this import.", "Use sk_handle_message.")]
    with tarfile.open(tmp_path / "r.tgz", "w:gz") as archive:
        archive.add(tmp_path / "plugin" / "package.json", "package/../../package.json")
    refused = run(tmp_path / "r.tgz")
    assert refused.returncode == 2 and ".." in refused.stderr
    (tmp_path / "s.tgz").write_bytes((tmp_path / "q.tgz").read_bytes()[:100])
    assert run(tmp_path / "s.tgz").returncode == 2
    assert list(tmp.iterdir()) == []


def test_portable_refuses_what_others_do_not_offer(plugin):
    folder = plugin(wat('(import "env" "sk_get_path" (func (param i32 i32 i32 i32) (result i32)))'))
    assert [one[0] for one in check(folder)] == ["note"]
    assert [one[0] for one in check(folder, "--portable")] == ["error"]


@pytest.mark.parametrize("name", ["skiff-demo-boat", "skiff-anchor-watch", "guide-rust", "@skiff/probe-as", "probe-go-command", "probe-c-wasi"])
def test_plugins_of_every_language_pass(name):
    package = packages.built(name)
    assert [one for one in check(package.path) if one[0] == "error"] == []


def test_how_it_is_called(tmp_path):
    assert run("--help").returncode == 0 and "Example" in run("--help").stdout
    for args in ([], ["a", "b"], ["--portable"], ["--wrong", "."]):
        assert run(*args).returncode == 2
    missing = run(tmp_path / "nothing")
    assert (missing.returncode, "no such file or folder" in missing.stderr) == (2, True)
    assert [one[0] for one in check(tmp_path)] == ["error"]  # a folder without package.json
