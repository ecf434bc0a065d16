"""
Modules that do what no plugin should, by kind. Each is a Case: the module, what happens to the plugin (`state` it comes to) and
words of which one must be in its status message. Cases of one kind run side by side on one server.
"""
import random
from dataclasses import dataclass, field

from .wat import IMPORTS, Texts, answering, assemble, export, host_imports, plugin

TOO_LONG = ("took too long",)
STOPPED = ("crashed", "error")  # a trap after the start leads to restarts, one before it does not


@dataclass
class Case:
    name: str
    wasm: bytes
    words: tuple = ()
    states: tuple = STOPPED
    trigger: str = ""  # "delta", "get", "put", "stop": what must happen from outside
    members: dict = field(default_factory=dict)  # of package.json


def case(name, text, *words, flags=(), **how):
    return Case(name, assemble(text, *flags), words, **how)


LOOP = "(loop $l (br $l))"
ENDPOINTS = '[{"method":"GET","path":"/go","handler":"http_go"}]'
CAN_PUT = {"wasmCapabilities": {"putHandlers": True}}
PUT_NAME = "handle_put_vessels_self_test_hostile_"


def register_put(name, texts):
    return f'(drop (call $register {texts.at("vessels.self")} {texts.at("test.hostile." + name)})) (i32.const 0)'


def in_each_export(kind, body, *words, result="(i32.const 0)"):
    """The same deed in each export that the host calls. Exports that return a number are given one, should the deed end."""
    def put(name):
        texts = Texts()
        return plugin(imports=["register"], texts=texts, plugin_start=register_put(name, texts), **{PUT_NAME + name: body + result})

    wat = {
        "name": plugin(plugin_name=body + result),
        "schema": plugin(plugin_schema=body + result),
        "endpoints": plugin(http_endpoints=body + result),
        "allocate": plugin(allocate=body + result),
        "start": plugin(plugin_start=body + result),
        "poll": plugin(poll=body + result),
        "initialize": plugin(_initialize=body),
        "start-section": plugin(more=f"(func $begin {body}) (start $begin)"),
        "command": plugin(_start=body),
        "deallocate": plugin(deallocate=body),
    }
    cases = [case(f"{kind}-{where}", text, *words) for where, text in wat.items()]
    cases.append(case(f"{kind}-delta", plugin(delta_handler=body), *words, trigger="delta"))
    cases.append(case(f"{kind}-http", plugin(endpoints=ENDPOINTS, http_go=body + result), *words, trigger="get"))
    cases.append(case(f"{kind}-put", put(f"{kind}-put"), *words, trigger="put", members=CAN_PUT))
    # the user wants it stopped, and stopped it is
    cases.append(case(f"{kind}-stop", plugin(plugin_stop=body + result), trigger="stop", states=("stopped",)))
    return cases


# ---- loops ----


def loops():
    texts = Texts()
    host_calls = plugin(imports=["debug"], texts=texts, plugin_start=f'(loop $l (call $debug {texts.at("again")}) (br $l)) (i32.const 0)')
    return in_each_export("loop", LOOP, *TOO_LONG) + [
        case("loop-of-host-calls", host_calls, *TOO_LONG),
        case("loop-of-fills", plugin(memory='(memory (export "memory") 512)', plugin_start="""
            (loop $l (memory.fill (i32.const 0) (i32.const 0) (i32.const 33554432)) (br $l)) (i32.const 0)"""), *TOO_LONG),
        case("loop-by-calls", plugin(more="(func $a (call $b)) (func $b (loop $l (br $l)))", plugin_start="(call $a) (i32.const 0)"), *TOO_LONG),
    ]


# ---- traps ----

TABLE = """(type $none (func)) (table 4 funcref) (func $nothing) (func $number (result i32) (i32.const 1))
    (elem (i32.const 0) $nothing $number) (elem $passive func $nothing) (data $bytes "x") (elem declare func $nothing)"""
RECURSION = '(func $deeper (param i32) (result i32) (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))'
WIDE = ("(func $wide (param i64) (result i64) " + " ".join(f"(local $w{n} i64)" for n in range(200))
        + " ".join(f"(local.set $w{n} (i64.add (local.get 0) (i64.const {n})))" for n in range(200))
        + "(local.set 0 (call $wide (local.get 0)))" + "".join(f"(local.set 0 (i64.add (local.get 0) (local.get $w{n})))" for n in range(200))
        + "(local.get 0))")
DEEDS = [  # name, deed, words
    ("unreachable", "(unreachable)", "unreachable"),
    ("divide", "(drop (i32.div_s (i32.const 1) (i32.load (i32.const 0))))", "divide by zero"),
    ("divide-64", "(drop (i64.rem_u (i64.const 1) (i64.load (i32.const 0))))", "divide by zero"),
    ("overflow", "(drop (i32.div_s (i32.const 0x80000000) (i32.sub (i32.load (i32.const 0)) (i32.const 1))))", "integer overflow"),
    ("load", "(drop (i32.load (i32.const -4)))", "memory access out of bounds"),
    ("load-offset", "(drop (i64.load offset=4294967295 (i32.const -1)))", "memory access out of bounds"),
    ("store", "(i64.store (i32.const 524281) (i64.const 1))", "memory access out of bounds"),
    ("copy", "(memory.copy (i32.const 0) (i32.const 524280) (i32.const 9))", "memory access out of bounds"),
    ("fill", "(memory.fill (i32.const 524287) (i32.const 0) (i32.const 2))", "memory access out of bounds"),
    ("init", "(memory.init $bytes (i32.const 0) (i32.const 0) (i32.const 2))", "memory access out of bounds"),
    ("table", "(drop (table.get 0 (i32.const 4)))", "table index is out of bounds"),
    ("table-init", "(table.init $passive (i32.const 0) (i32.const 0) (i32.const 2))", "table"),
    ("call-beyond", "(call_indirect (type $none) (i32.const 4))", "table index is out of bounds"),
    ("call-null", "(call_indirect (type $none) (i32.const 3))", "null function"),
    ("call-type", "(call_indirect (type $none) (i32.const 1))", "wrong signature"),
    ("convert-nan", "(drop (i32.trunc_f64_s (f64.const nan)))", "float unrepresentable"),
    ("convert-large", "(drop (i64.trunc_f32_u (f32.const 1e30)))", "float unrepresentable", "integer overflow"),
    ("recursion", "(drop (call $deeper (i32.const 0)))", "stack overflow"),
    ("recursion-wide", "(drop (call $wide (i64.const 0)))", "stack overflow"),
    ("recursion-indirect", "(call $again)", "stack overflow"),
    ("exit", "(call $exit (i32.const 7))", "proc_exit(7)"),
    ("wasi-pointer", "(drop (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 0)))", "pointer out of bounds", "proc"),
]
AGAIN = '(func $again (call_indirect (type $none) (i32.const 3))) (func $set (table.set 0 (i32.const 3) (ref.func $again))) (elem declare func $again)'


def traps():
    more = TABLE + RECURSION + WIDE + AGAIN
    imports = ["exit", "fd_write"]

    def text(deed, prepare=""):
        return plugin(imports=imports, more=more, plugin_start=f"{prepare} {deed} (i32.const 0)")

    return [case("trap-" + name, text(deed, "(call $set)" if name == "recursion-indirect" else ""), *words) for name, deed, *words in DEEDS]


def traps_in_each_export():
    return in_each_export("rock", "(unreachable)", "unreachable", result="")


# ---- growth ----


def growth():
    def memory(clause, **exports):
        return plugin(memory=clause, **exports)

    grow = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))"
    touch = """(local $p i32) (loop $g (br_if $g (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
        (loop $t (i32.store8 (local.get $p) (i32.const 1)) (local.set $p (i32.add (local.get $p) (i32.const 4096)))
          (br_if $t (i32.lt_u (local.get $p) (i32.mul (memory.size) (i32.const 65536)))))"""
    table = "(loop $l (br_if $l (i32.ne (table.grow 0 (ref.null func) (i32.const 1000)) (i32.const -1))))"
    return [
        # growing is refused at the limit; what the plugin makes of that is its own affair
        case("grow-memory", plugin(poll=grow + "(unreachable)"), "unreachable"),
        case("grow-and-touch", plugin(poll=touch + "(unreachable)"), "unreachable"),
        case("grow-at-once", plugin(plugin_start="(drop (memory.grow (i32.const 65535))) (unreachable)"), "unreachable"),
        case("grow-table", plugin(more="(table 1 funcref)", poll=table + "(unreachable)"), "unreachable"),
        case("grow-for-ever", plugin(plugin_start="(loop $l (drop (memory.grow (i32.const 1))) (br $l)) (i32.const 0)"), *TOO_LONG),
        case("grow-in-allocate", plugin(allocate=export("allocate", "i", "i", grow + "(i32.const -16)")), "allocate"),
        case("born-large", memory('(memory (export "memory") 65536)'), "memory"),
        case("born-just-too-large", memory('(memory (export "memory") 1025)'), "memory"),
        case("table-born-large", plugin(more="(table 100000000 funcref)"), "table"),
        case("tables-many", plugin(more="(table 1 funcref)" * 50), "table"),
        case("globals-and-functions-many", plugin(more="(global i64 (i64.const 0))" * 20000 + "(func)" * 20000), states=("running",)),
        case("locals-many", plugin(more="(func " + "(local " + "i64 " * 60000 + "))"), "too many locals"),
        case("blocks-deep", plugin(more="(func " + "(block " * 1500 + ")" * 1500 + ")"), states=("running", "error")),
    ]


# ---- pointers ----

WRONG = [0xFFFFFFFF, 0xFFFFFFF0, 0x7FFFFFFF, 0x80000000, 0x80000, 0x7FFFF, 1]


def wrong_calls(params):
    """Argument lists: all wrong alike, and each argument wrong among good ones."""
    kinds = [letter for letter in params]
    good = ["(i32.const 1024)" if index % 2 == 0 else "(i32.const 8)" for index in range(len(kinds))]
    for value in WRONG:
        as_wat = {"i": f"(i32.const {value})", "I": f"(i64.const {value})", "d": f"(f64.const {value})"}
        yield [as_wat[kind] for kind in kinds]
        for index, kind in enumerate(kinds):
            yield [as_wat[kind] if at == index else as_wat[other] if other != "i" else good[at] for at, other in enumerate(kinds)]


def pointer_case(module, name, params, result):
    texts = Texts()
    texts.at("test.hostile")
    wat = {"i": "i32", "I": "i64", "d": "f64"}
    declared = f'(import "{module}" "{name}" (func $it (param {" ".join(wat[p] for p in params)}) {f"(result {wat[result]})" if result else ""}))'
    calls = " ".join(f"(drop (call $it {' '.join(args)}))" if result else f"(call $it {' '.join(args)})" for args in wrong_calls(params))
    text = plugin(imports=[declared, IMPORTS["status"].replace("$status", "$say")], texts=texts,
                  plugin_start=f'{calls} (call $say {texts.at("survived")}) (i32.const 0)')
    every = ("network", "putHandlers", "resourceProvider", "weatherProvider", "radarProvider", "rawSockets")
    return case(f"pointers-{module}-{name}".lower().replace(".", "-"), text, "survived", "process.exit", states=("running", *STOPPED),
                members={"wasmCapabilities": {capability: True for capability in every}})


def pointers():
    """One plugin for each import that takes a number; those that compute or connect are left to others."""
    return [pointer_case(module, name, params, result) for module, name, params, result, _, _ in host_imports()
            if "i" in params and module != "wasi_snapshot_preview1" and "etch" not in name and "connect" not in name]


# ---- shapes ----


def shapes():
    start = "plugin_start"
    return [
        case("start-is-a-global", plugin(plugin_start='(global (export "plugin_start") i32 (i32.const 1))'), start),
        case("start-is-the-memory", plugin(plugin_start='(export "plugin_start" (memory 0))'), start),
        case("start-takes-a-vector", plugin(plugin_start='(func (export "plugin_start") (param v128) (result i32) (i32.const 0))'), start),
        case("start-takes-a-reference", plugin(plugin_start='(func (export "plugin_start") (param externref) (result i32) (i32.const 0))'), "gc types", start),
        case("start-takes-too-many", plugin(plugin_start=export(start, "i" * 40, "i", "(i32.const 0)")), start),
        case("start-is-missing", plugin(plugin_start=None), start),
        case("start-returns-nothing", plugin(plugin_start=export(start, "ii", "", "")), "undefined"),
        case("start-says-no", plugin(plugin_start="(i32.const -7)"), "error code: -7"),
        case("start-takes-nothing", plugin(plugin_start=export(start, "", "i", "(i32.const 0)")), states=("running",)),
        case("start-takes-doubles", plugin(plugin_start=export(start, "ddI", "I", "(i64.const 0)")), states=("running",)),
        case("name-returns-three", plugin(plugin_name='(func (export "plugin_name") (param i32 i32) (result i32 i64 f32) (i32.const 0) (i64.const 0) (f32.const 0))'),
             states=("running",)),
        case("allocate-returns-nothing", plugin(allocate=export("allocate", "i", "", "")), "allocate"),
        case("allocate-is-a-table", plugin(more='(table (export "allocate") 1 funcref)', allocate=None), "allocate"),
        case("id-is-missing", plugin(plugin_id=None), "plugin_id is not"),
        case("allocate-is-missing", plugin(allocate=None), "__new", "allocate"),
        case("nothing-exported", "(module)", "none of plugin_id"),
        case("only-a-command", '(module (memory (export "memory") 1) (func (export "_start")))', "bare command"),
        case("memory-is-missing", plugin(memory="(memory 8)"), "memory"),
        case("memory-has-another-name", plugin(memory='(memory (export "mem") 8)'), "memory"),
        case("memory-is-a-function", plugin(memory='(memory 8) (func (export "memory"))'), "memory"),
        case("memory-is-imported", plugin(memory='(memory (export "memory") (import "env" "memory") 8)'), "no function", "import"),
        case("table-is-imported", plugin(imports=['(import "env" "table" (table 1 funcref))']), "no function"),
        case("global-is-imported", plugin(imports=['(import "env" "sk_debug" (global i32))']), "no function"),
        case("two-memories", plugin(more="(memory $second 1)"), "memor", flags=("--enable-multi-memory",)),
        case("memory-of-64-bits", '(module (memory (export "memory") i64 1) (func (export "plugin_id")) (func (export "allocate") (param i64) (result i64) (local.get 0))'
             ' (func (export "plugin_start") (result i32) (i32.const 0)))', "wasm32", flags=("--enable-memory64",)),
        case("memory-is-shared", '(module (memory (export "memory") 1 2 shared) (func (export "plugin_id")) (func (export "allocate") (param i32) (result i32) (local.get 0))'
             ' (func (export "plugin_start") (result i32) (i32.const 0)))', "thread", "shared", flags=("--enable-threads",)),
        case("wrong-module", plugin(imports=['(import "sys" "sk_debug" (func (param i32 i32)))']), "sys.sk_debug"),
        case("wrong-wasi", plugin(imports=['(import "wasi_unstable" "fd_write" (func (param i32 i32 i32 i32) (result i32)))']), "wasi_unstable"),
        case("wasi-unknown", plugin(imports=['(import "wasi_snapshot_preview1" "fd_teleport" (func))']), "fd_teleport"),
        case("wasi-wrong-type", plugin(imports=['(import "wasi_snapshot_preview1" "fd_write" (func (param f64)))']), "fd_write", "type"),
        case("wasi-takes-a-vector", plugin(imports=['(import "wasi_snapshot_preview1" "fd_write" (func (param v128) (result v128)))']), "fd_write", "type"),
        case("wasi-open-takes-a-vector", plugin(imports=['(import "wasi_snapshot_preview1" "path_open" (func (param v128 v128 v128 v128 v128 v128 v128 v128 v128) (result i32)))']),
             "path_open", "type"),
        case("import-takes-a-vector", plugin(imports=['(import "env" "sk_debug" (func (param v128)))']), "sk_debug"),
        case("import-takes-forty", plugin(imports=[f'(import "env" "sk_debug" (func (param {"i32 " * 40})))']), "sk_debug"),
        case("data-outside", plugin(more='(data (i32.const 524287) "xx")'), "out of bounds"),
        case("elements-outside", plugin(more="(table 1 funcref) (elem (i32.const 1) 0)"), "out of bounds"),
        case("name-of-import-endless", plugin(imports=[f'(import "env" "{"x" * 60000}" (func))']), "unknown import"),
    ]


# ---- texts ----


def texts_too_large_or_lying():
    def answer(name, content):
        texts = Texts()
        return plugin(texts=texts, memory='(memory (export "memory") 64)', **{name: answering(name, content, texts)})

    def lying(name, written):
        where = {"plugin_name": {}, "plugin_schema": {}, "http_endpoints": {}, "http_go": {"endpoints": ENDPOINTS}}[name]
        return plugin(**where, **{name: f"(i32.const {written})"})

    def said(kind, content):
        texts = Texts()
        return plugin(imports=[kind], texts=texts, memory='(memory (export "memory") 64)', plugin_start=f"(call ${kind} {texts.at(content)}) (i32.const 0)")

    fine = {"states": ("running",)}
    cases = [
        case("name-huge", answer("plugin_name", "N" * 300000), **fine),
        case("name-with-lines", answer("plugin_name", 'a\nb\0c\x1b[31m"\\<script>'), **fine),
        case("name-not-utf8", answer("plugin_name", b"\xff\xfe\xc3\x28 \xf0\x9f"), **fine),
        case("schema-huge", answer("plugin_schema", '{"x":"' + "y" * 500000 + '"}'), "plugin_schema"),
        case("schema-no-json", answer("plugin_schema", "{ nope"), "plugin_schema"),
        case("schema-deep", answer("plugin_schema", "[" * 100000), "plugin_schema"),
        case("schema-deep-closed", answer("plugin_schema", "[" * 5000 + "]" * 5000), states=("running", "error")),
        case("schema-no-object", answer("plugin_schema", "[1]"), **fine),
        case("endpoints-no-json", answer("http_endpoints", "{{{"), **fine),
        case("endpoints-no-list", answer("http_endpoints", '{"method":"GET"}'), **fine),
        case("endpoints-many", answer("http_endpoints", "[" + ",".join('{"method":"GET","path":"/a%d","handler":"x"}' % n for n in range(5000)) + "]"), **fine),
        case("endpoints-odd", answer("http_endpoints", '[{"method":"GET","path":"(((((((((((((((*:::/?+","handler":"x"},{"method":7},null,[]]'), **fine),
        case("status-huge", said("status", "S" * 2000000), **fine),
        case("status-with-lines", said("status", "one\ntwo\r\n\0three\x1b[2J"), **fine),
        case("debug-huge", said("debug", "D" * 2000000), **fine),
        case("message-huge", said("message", "{" * 3000000), **fine),
        case("message-deep", said("message", '{"updates":' + "[" * 200000), **fine),
        case("message-no-utf8", said("message", b'{"updates":[{"values":[{"path":"a\xff","value":"\xfe"}]}]}'), **fine),
    ]
    for written in (-1, 8193, 0x7FFFFFFF, -0x80000000):
        for name in ("plugin_name", "plugin_schema", "http_endpoints"):
            # what lies in the block is unwritten zeros, or whatever the length allows; a schema of zeros is no JSON
            words = ("plugin_schema",) if name == "plugin_schema" and written > 0 else ()
            cases.append(case(f"lying-{name}-{written}".replace("_", "-"), lying(name, written), *words, states=("error",) if words else ("running",)))
        cases.append(case(f"lying-handler-{written}", lying("http_go", written), states=("running",), trigger="get"))
    return cases


def allocations():
    def returning(value):
        return plugin(allocate=f"(i32.const {value})")

    return [
        case("allocate-null", returning(0), "allocate"),
        case("allocate-minus-one", returning(-1), "allocate"),
        case("allocate-beyond", returning(0x7FFFFFFF), "allocate"),
        case("allocate-at-the-end", returning(524280), "allocate"),
        case("allocate-unaligned", returning(131073), states=("running",)),
        case("allocate-overlapping", plugin(allocate="(i32.const 131072)", endpoints=ENDPOINTS, http_go="(i32.const 5)"), states=("running",), trigger="get"),
        case("allocate-over-the-code-of-strings", returning(8), states=("running",)),
        case("allocate-only-once", plugin(more="(global $n (mut i32) (i32.const 0))", allocate="""
            (global.set $n (i32.add (global.get $n) (i32.const 1)))
            (if (result i32) (i32.gt_u (global.get $n) (i32.const 1)) (then (i32.const 0)) (else (i32.const 131072)))"""), "allocate"),
        case("allocate-grows", plugin(allocate=export("allocate", "i", "i", """(local $p i32)
            (local.set $p (i32.mul (memory.grow (i32.add (i32.shr_u (local.get 0) (i32.const 16)) (i32.const 1))) (i32.const 65536))) (local.get $p)""")),
             states=("running",)),
        case("deallocate-wants-three", plugin(deallocate=export("deallocate", "iii", "", "(if (local.get 2) (then unreachable))")), states=("running",)),
    ]


# ---- floods ----


def floods():
    """So much in each poll that it takes about all the time it may; they all go on, and only they lose."""
    texts = Texts()
    delta = texts.at('{"updates":[{"values":[{"path":"test.hostile.flood","value":1}]}]}')
    alarm = texts.at('{"state":"alarm"}')
    texts.data.append('(data (i32.const 512) "\\00\\04\\00\\00\\00\\10\\00\\00")')  # a vector: address 1024, 4096 bytes

    def repeated(call, times):
        return f"(local $n i32) (loop $l {call} (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const {times})))) (i32.const 0)"

    def flood(name, imports, call, times=20000, **how):
        return case("flood-" + name, plugin(imports=imports, texts=texts, poll=repeated(call, times)), states=("running",), **how)

    return [
        flood("deltas", ["message"], f"(call $message {delta})"),
        flood("bad-deltas", ["message"], f"(call $message {texts.at('nonsense')})"),
        flood("log", ["debug"], f"(call $debug {texts.at('x' * 200)})"),
        flood("status", ["status"], f"(call $status {texts.at('busy')})"),
        flood("output", ["fd_write"], "(drop (call $fd_write (i32.const 1) (i32.const 512) (i32.const 1) (i32.const 600)))", 2000),
        flood("registrations", ["register"], f"(drop (call $register {texts.at('vessels.self')} (i32.const 1024) (i32.add (i32.const 1) (i32.rem_u (local.get $n) (i32.const 1000)))))",
              members=CAN_PUT),
        flood("questions", ['(import "env" "sk_get_self_path" (func $get (param i32 i32 i32 i32) (result i32)))'],
              f"(drop (call $get {texts.at('uuid')} (i32.const 131072) (i32.const 1024)))", 300),
        flood("configurations", ['(import "env" "sk_save_config" (func $save (param i32 i32) (result i32)))'],
              f"(drop (call $save {texts.at('{}')}))", 5),
        flood("notifications", ['(import "env" "sk_publish_notification" (func $notify (param i32 i32 i32 i32) (result i32)))'],
              f"(drop (call $notify {texts.at('notifications.test')} {alarm}))", 5000),
    ]


# ---- files ----


def broken_files():
    """What is not a module, or no longer one. Corrupted ones may happen to be valid: then they run, or are stopped like others."""
    good = assemble(plugin())
    chance = random.Random(20261124)
    error = {"states": ("error",)}
    cases = [
        Case("file-empty", b"", ("not a webassembly file",), **error),
        Case("file-of-text", b"this is text, not wasm", ("not a webassembly file",), **error),
        Case("file-of-zeros", bytes(4096), ("not a webassembly file",), **error),
        Case("file-gzip", b"\x1f\x8b\x08\0" + bytes(100), ("not a webassembly file",), **error),
        Case("file-component", b"\0asm\x0d\0\1\0" + bytes(8), ("component",), **error),
        Case("file-version-2", b"\0asm\2\0\0\0" + good[8:], ("version",), **error),
        Case("file-only-head", good[:8], ("none of plugin_id",), **error),
        Case("file-too-large", good + b"\0\xff\xff\xff\x0f" + bytes(17 << 20), ("at most 16777216",), **error),
        Case("file-section-endless", good[:8] + b"\x01\xff\xff\xff\xff\x0f", ("not a valid module",), **error),
        Case("file-sections-twice", good + good[8:], ("not a valid module",), **error),
    ]
    for number in range(12):
        at = chance.randrange(9, len(good))
        cases.append(Case(f"file-cut-{number}", good[:at], ("not a valid module", "none of plugin_id", "unknown wasm plugin"), **error))
    for number in range(24):
        bytes_now = bytearray(good)
        for _ in range(chance.choice((1, 1, 2, 8))):
            bytes_now[chance.randrange(8, len(good))] = chance.randrange(256)
        cases.append(Case(f"file-spoilt-{number}", bytes(bytes_now), (), ("running", "stopped", *STOPPED)))
    return cases
