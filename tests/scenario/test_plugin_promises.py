"""
What plugins that run elsewhere take for granted, one by one. README.md here has the whole list with the story of each; these are
those that need a plugin made for them.
"""

import pytest

from harness.server import plugin_id
from harness.streams import values_in
from harness.waiting import eventually
from harness.wat import Texts, answering, assemble, export, literal, plugin

GET = '[{"method":"GET","path":"/go","handler":"http_go"}]'


@pytest.fixture
def run(config, launch):
    """run(text, …) installs, enables and starts one plugin; gives the server once it runs."""

    def run(text, name="promise", configuration=None, **members):
        config.write_package(name, assemble(text), **members)
        config.enable(name, configuration)
        server = launch()
        server.wait_plugin(name, state="running")
        return server

    return run


def say(texts, condition, yes, no):
    return f"(if {condition} (then (call $status {texts.at(yes)})) (else (call $status {texts.at(no)})))"


def test_the_package_name_speaks_and_the_id_names_files_and_routes(run, config):
    texts = Texts()
    environ = """(import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))"""
    text = plugin(imports=["status", "message", "register", environ], texts=texts, plugin_start=f"""
        (call $message {texts.at('{"updates":[{"values":[{"path":"test.promise.mine","value":1}]}]}')})
        (drop (call $register {texts.at('vessels.self')} {texts.at('test.promise.put')}))
        (drop (call $sizes (i32.const 256) (i32.const 260)))
        (drop (call $environ (i32.const 264) (i32.const 512)))
        (call $status (i32.const 512) (i32.sub (i32.load (i32.const 260)) (i32.const 1))) (i32.const 0)""",
                  handle_put_vessels_self_test_promise_put="(i32.const 0)")
    server = run(text, "@promise/scoped", wasmCapabilities={"putHandlers": True})
    assert server.self_path("test.promise.mine.$source").ok() == "@promise/scoped"
    assert server.plugin("@promise/scoped")["statusMessage"] == "PLUGIN_ID=@promise/scoped"
    assert server.api("sources").ok()["@promise/scoped"] == {}
    assert server.get("/plugins/_promise_scoped").ok()["id"] == plugin_id("@promise/scoped") == "_promise_scoped"
    assert (config.path / "plugin-config-data" / "_promise_scoped" / "vfs" / "data").is_dir()
    assert server.put("/signalk/v1/api/vessels/self/test/promise/put", {"value": 1, "source": "_promise_scoped"}).status == 405
    assert server.put("/signalk/v1/api/vessels/self/test/promise/put", {"value": 1, "source": "@promise/scoped"}).status == 500  # asked, and answered with nothing


def test_plugin_id_must_be_there_but_is_never_asked(run):
    server = run(plugin(plugin_id="(unreachable)"))
    assert server.plugin("promise")["id"] == "promise"


def test_a_start_function_runs_once_and_may_leave_by_exit(run):
    texts = Texts()
    server = run(plugin(imports=["exit", "status"], texts=texts, more="(global $starts (mut i32) (i32.const 0))",
                        _start="(global.set $starts (i32.add (global.get $starts) (i32.const 1))) (call $exit (i32.const 3))",
                        _initialize="(unreachable)",
                        plugin_start=say(texts, "(i32.eq (global.get $starts) (i32.const 1))", "once", "not once") + "(i32.const 0)"))
    assert server.plugin("promise")["statusMessage"] == "once"


# ---- AssemblyScript's convention, by hand ----


def as_string(at, text):
    """A string object whose text begins at address `at`."""
    content = text.encode("utf-16-le")
    head = (2).to_bytes(4, "little") + len(content).to_bytes(4, "little")
    return f"(data (i32.const {at - 8}) {literal(head + content)})"


def assemblyscript(start, more="", imports=""):
    return f"""(module {imports} (memory (export "memory") 4) (global $top (mut i32) (i32.const 65536))
        (func (export "__new") (param $n i32) (param $class i32) (result i32) (local $p i32)
          (local.set $p (i32.add (global.get $top) (i32.const 16)))
          (i32.store (i32.sub (local.get $p) (i32.const 8)) (local.get $class))
          (i32.store (i32.sub (local.get $p) (i32.const 4)) (local.get $n))
          (global.set $top (i32.and (i32.add (i32.add (local.get $p) (local.get $n)) (i32.const 15)) (i32.const -16)))
          (local.get $p))
        {as_string(1024, "By hand ⚓")} (func (export "plugin_name") (result i32) (i32.const 1024))
        {as_string(2048, "{}")} (func (export "plugin_schema") (result i32) (i32.const 2048))
        (func (export "plugin_start") (param i32 i32) (result i32) {start} (i32.const 0))
        (func (export "plugin_stop") (result i32) (i32.const 0)) {more})"""


STATUS = '(import "env" "sk_set_status" (func $status (param i32 i32)))'


def test_an_assemblyscript_plugin_needs_no_id_and_gets_its_configuration_as_utf8(run):
    server = run(assemblyscript("(call $status (local.get 0) (local.get 1))", imports=STATUS), configuration={"label": "Åbo"})
    entry = server.plugin("promise")
    assert (entry["name"], entry["statusMessage"]) == ("By hand ⚓", '{"label":"Åbo","enableDebug":false}')


def test_an_assemblyscript_handler_gets_a_string_object_and_its_code_units(run):
    good, bad = '{"statusCode":200,"body":{"units":true}}', '{"statusCode":500}'
    endpoints = as_string(3072, GET) + '(func (export "http_endpoints") (result i32) (i32.const 3072))'
    handler = f"""{as_string(4096, good)} {as_string(5120, bad)}
        (func (export "http_go") (param $s i32) (param $n i32) (result i32)
          (if (result i32) (i32.and (i32.eq (i32.load (i32.sub (local.get $s) (i32.const 8))) (i32.const 2))
                                    (i32.eq (i32.load (i32.sub (local.get $s) (i32.const 4))) (i32.mul (local.get $n) (i32.const 2))))
            (then (i32.const 4096)) (else (i32.const 5120))))"""
    server = run(assemblyscript("", endpoints + handler))
    assert eventually(lambda: server.get("/plugins/promise/go?q=%E2%9A%93")).ok() == {"units": True}


# ---- buffers ----


def test_the_room_that_is_announced_is_there(run):
    """8,192 bytes for names and PUT, 65,536 for requests, or more; the last byte can be written."""

    def writes_to_the_end(name, at_least, content, texts):
        first = 2 if name.startswith("h") and name != "http_endpoints" else 0
        return export(name, "iiii" if first else "ii", "i", f"""
            (if (i32.lt_u (local.get {first + 1}) (i32.const {at_least})) (then unreachable))
            (i32.store8 (i32.sub (i32.add (local.get {first}) (local.get {first + 1})) (i32.const 1)) (i32.const 1))
            (call $out {texts.at(content)} (local.get {first}) (local.get {first + 1}))""")

    texts = Texts()
    put = "handle_put_vessels_self_test_promise_put"
    text = plugin(imports=["register"], texts=texts,
                  plugin_name=writes_to_the_end("plugin_name", 8192, "Roomy", texts), plugin_schema=writes_to_the_end("plugin_schema", 8192, "{}", texts),
                  http_endpoints=writes_to_the_end("http_endpoints", 8192, GET, texts), http_go=writes_to_the_end("http_go", 65536, '{"body":{"room":1}}', texts),
                  plugin_start=f"(drop (call $register {texts.at('vessels.self')} {texts.at('test.promise.put')})) (i32.const 0)",
                  **{put: writes_to_the_end(put, 8192, '{"state":"COMPLETED","statusCode":200}', texts)})
    server = run(text, wasmCapabilities={"putHandlers": True})
    assert server.plugin("promise")["name"] == "Roomy"
    assert eventually(lambda: server.get("/plugins/promise/go")).ok() == {"room": 1}
    assert server.put("/signalk/v1/api/vessels/self/test/promise/put", {"value": 1}).status == 200


def test_blocks_are_given_back_with_their_size_and_none_is_empty(run):
    """The allocator notes the size in front of each block, and stops the plugin when another comes back."""
    texts = Texts()
    allocate = """(func $allocate (export "allocate") (param $n i32) (result i32) (local $p i32)
        (if (i32.eqz (local.get $n)) (then unreachable))
        (local.set $p (i32.add (global.get $top) (i32.const 16)))
        (i32.store (i32.sub (local.get $p) (i32.const 4)) (local.get $n))
        (global.set $live (i32.add (global.get $live) (i32.const 1)))
        (global.set $top (i32.and (i32.add (i32.add (local.get $p) (local.get $n)) (i32.const 15)) (i32.const -16)))
        (local.get $p))"""
    deallocate = """(if (i32.ne (i32.load (i32.sub (local.get 0) (i32.const 4))) (local.get 1)) (then unreachable))
        (i32.store (i32.sub (local.get 0) (i32.const 4)) (i32.const -1))
        (global.set $live (i32.sub (global.get $live) (i32.const 1)))"""
    text = plugin(imports=["status"], texts=texts, memory='(memory (export "memory") 64)', more="(global $live (mut i32) (i32.const 0))", allocate=allocate, deallocate=deallocate,
                  endpoints=GET, http_go=answering("http_go", '{"body":{}}', texts),
                  delta_handler="(nop)", poll=say(texts, "(global.get $live)", "some are kept", "all came back") + "(i32.const 0)")
    server = run(text)
    assert eventually(lambda: server.get("/plugins/promise/go")).ok() == {}
    server.feeder().values(test__other=1)
    server.wait_plugin("promise", state="running", statusMessage="all came back")


# ---- capabilities and results ----


def test_reading_writing_and_endpoints_need_no_capability(run):
    texts = Texts()
    get = '(import "env" "sk_get_self_path" (func $get (param i32 i32 i32 i32) (result i32)))'
    text = plugin(imports=["status", "message", get], texts=texts, endpoints=GET, http_go=answering("http_go", '{"body":[1]}', texts), plugin_start=f"""
        (call $message {texts.at('{"updates":[{"values":[{"path":"test.promise.free","value":1}]}]}')})
        {say(texts, f"(call $get {texts.at('uuid')} (i32.const 131072) (i32.const 1024))", "read", "not read")} (i32.const 0)""")
    server = run(text)
    assert server.value("test.promise.free") == 1
    assert server.plugin("promise")["statusMessage"] == "read"
    assert eventually(lambda: server.get("/plugins/promise/go")).ok() == [1]


def test_results_of_imports_are_exact(run):
    """1 for a registration, 0 for what is saved or published, 0 or -1 for what is not granted."""
    texts = Texts()
    alarm, nothing = texts.at('{"state":"alarm"}'), texts.at("{}")
    wanted = [  # import, parameters, call, result
        ("sk_register_put_handler", "i32 i32 i32 i32", f"{texts.at('vessels.self')} {texts.at('test.promise.put')}", 1),
        ("sk_save_config", "i32 i32", nothing, 0),
        ("sk_publish_notification", "i32 i32 i32 i32", f"{texts.at('notifications.test.promise')} {alarm}", 0),
        ("sk_publish_notification", "i32 i32 i32 i32", f"{texts.at('notifications.test.promise')} {nothing}", -1),
        ("sk_register_resource_provider", "i32 i32", texts.at("waypoints"), 0),
        ("sk_register_weather_provider", "i32 i32", texts.at("weather"), 0),
        ("sk_register_radar_provider", "i32 i32", texts.at("radar"), 0),
        ("sk_udp_create", "i32", "(i32.const 0)", -1),
        ("sk_tcp_create", "", "", -1),
        ("sk_has_capability", "i32 i32", texts.at("network"), 1),
        ("sk_has_capability", "i32 i32", texts.at("rawSockets"), 0),
    ]
    imports = ["status"] + [f'(import "env" "{name}" (func $f{index} (param {types}) (result i32)))' for index, (name, types, _, _) in enumerate(wanted)]
    checks = "".join(f"(if (i32.ne (call $f{index} {call}) (i32.const {result})) (then (call $status {texts.at('wrong: %d %s' % (index, name))}) (return (i32.const 1))))"
                     for index, (name, _, call, result) in enumerate(wanted))
    server = run(plugin(imports=imports, texts=texts, plugin_start=f"{checks} (call $status {texts.at('all exact')}) (i32.const 0)"),
                 wasmCapabilities={"putHandlers": True, "network": True})
    assert server.plugin("promise")["statusMessage"] == "all exact"


# ---- names and versions ----


def test_put_handlers_keep_the_case_of_the_path_and_only_dots_change(run):
    texts = Texts()
    text = plugin(imports=["register"], texts=texts, plugin_start=f"""
        (drop (call $register {texts.at('vessels.self')} {texts.at('test.Promise-x.maxRadius')})) (i32.const 0)""",
                  **{"handle_put_vessels_self_test_Promise-x_maxRadius": answering("handle_put_vessels_self_test_Promise-x_maxRadius", '{"state":"COMPLETED","statusCode":200}', texts),
                     "handle_put_vessels_self_test_promise-x_maxradius": "(unreachable)"})
    server = run(text, wasmCapabilities={"putHandlers": True})
    assert server.put("/signalk/v1/api/vessels/self/test/Promise-x/maxRadius", {"value": 1}).status == 200


def test_v2_deltas_reach_subscribers_and_plugins_but_not_the_v1_tree(run):
    texts = Texts()
    message = '(import "env" "sk_handle_message" (func $v2 (param i32 i32 i32)))'
    delta = texts.at('{"updates":[{"values":[{"path":"test.promise.v2","value":2}]}]}')
    mark = texts.at('{"updates":[{"values":[{"path":"test.promise.mark","value":1}]}]}')
    # counts the deltas it is given that say "v2" at the place where its own has it
    text = plugin(imports=["status", message], texts=texts, more="(global $seen (mut i32) (i32.const 0))",
                  delta_handler="(local $at i32) (loop $l (if (i32.eq (i32.load16_u (i32.add (local.get 0) (local.get $at))) (i32.const 0x3276)) (then (global.set $seen (i32.const 1))))"
                  " (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.sub (local.get 1) (i32.const 1)))))",
                  poll=f"(call $v2 {delta} (i32.const 2)) (call $v2 {mark} (i32.const 1)) {say(texts, '(global.get $seen)', 'handled', 'not handled')} (i32.const 0)")
    server = run(text)
    client = server.stream("?subscribe=none")
    client.hello()
    client.subscribe("test.promise.v2")
    client.until(lambda m: any(path == "test.promise.v2" and value == 2 for _, _, path, value in values_in(m)))
    eventually(lambda: server.value("test.promise.mark") == 1)
    assert server.self_path("test.promise.v2").status == 404
    server.wait_plugin("promise", statusMessage="handled")
