"""Plugins written as WebAssembly text, assembled with wabt: a well-behaved one whose parts a test replaces one by one."""
import functools
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

IMPORTS_C = Path(__file__).resolve().parents[3] / "src" / "plugin" / "imports.c"


@functools.lru_cache(maxsize=None)
def assemble(text, *flags):
    """The module's bytes; `flags` as for wat2wasm, e.g. "--enable-threads", "--no-check"."""
    if not shutil.which("wat2wasm"):
        pytest.skip("needs wat2wasm (wabt)")
    with tempfile.TemporaryDirectory(prefix="skiff-wat-") as folder:
        source, target = Path(folder) / "m.wat", Path(folder) / "m.wasm"
        source.write_text(text, encoding="utf-8")
        done = subprocess.run(["wat2wasm", *flags, source, "-o", target], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + text
        return target.read_bytes()


def literal(content):
    """Bytes or text as a string of the text format."""
    content = content.encode() if isinstance(content, str) else content
    return '"' + "".join(f"\\{byte:02x}" for byte in content) + '"'


class Texts:
    """Places texts into the module's data, from address 1024 on; at("text") gives "(i32.const address) (i32.const length)"."""

    def __init__(self):
        self.placed, self.top, self.data = {}, 1024, []

    def at(self, content):
        content = content.encode() if isinstance(content, str) else content
        if content not in self.placed:
            self.placed[content] = self.top
            self.data.append(f"(data (i32.const {self.top}) {literal(content)})")
            self.top += (len(content) + 16) & ~15
        return f"(i32.const {self.placed[content]}) (i32.const {len(content)})"


IMPORTS = {
    "debug": '(import "env" "sk_debug" (func $debug (param i32 i32)))',
    "status": '(import "env" "sk_set_status" (func $status (param i32 i32)))',
    "message": '(import "env" "sk_handle_message" (func $message (param i32 i32)))',
    "register": '(import "env" "sk_register_put_handler" (func $register (param i32 i32 i32 i32) (result i32)))',
    "fd_write": '(import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))',
    "exit": '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))',
}

# Never frees, but starts anew when it comes to the end of the memory.
ALLOCATE = """(func $allocate (export "allocate") (param $n i32) (result i32) (local $p i32)
    (if (i32.gt_u (i32.add (global.get $top) (local.get $n)) (i32.mul (memory.size) (i32.const 65536)))
      (then (global.set $top (global.get $bottom))))
    (local.set $p (global.get $top))
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get $n)) (i32.const 15)) (i32.const -16)))
    (local.get $p))"""

OUT = """(func $out (param $from i32) (param $n i32) (param $to i32) (param $max i32) (result i32)
    (if (i32.gt_u (local.get $n) (local.get $max)) (then (local.set $n (local.get $max))))
    (memory.copy (local.get $to) (local.get $from) (local.get $n)) (local.get $n))"""

MEMORY = '(memory (export "memory") 8)'


def export(name, params, result, body):
    """(export …) of a function: params and result in letters (i, I, f, d) or WAT types, body in WAT."""
    kinds = {"i": "i32", "I": "i64", "f": "f32", "d": "f64"}
    declared = " ".join(kinds[letter] for letter in params)
    returns = f"(result {kinds[result]})" if result else ""
    return f'(func (export "{name}") (param {declared}) {returns} {body})'


def answering(name, content, texts):
    """An export (out, max) -> written, or a handler (request, length, out, max) -> written, that gives `content`."""
    handler = name.startswith(("http_", "handle_")) and name != "http_endpoints"
    first = 2 if handler else 0
    return export(name, "iiii" if handler else "ii", "i",
                  f"(call $out {texts.at(content)} (local.get {first}) (local.get {first + 1}))")


def plugin(name="Good", *, imports=(), texts=None, memory=MEMORY, more="", schema="{}", endpoints=None, **exports):
    """
    The text of a buffer plugin. `imports` are keys of IMPORTS or whole import clauses; `more` is any WAT besides. An export given
    by name replaces the usual one: a body for the usual type, a whole "(func …)", or None to leave it out.
    """
    texts = texts or Texts()
    usual = {
        "allocate": ALLOCATE,
        "deallocate": export("deallocate", "ii", "", ""),
        "plugin_id": export("plugin_id", "ii", "i", "(i32.const 0)"),
        "plugin_name": answering("plugin_name", name, texts),
        "plugin_schema": answering("plugin_schema", schema, texts),
        "plugin_start": export("plugin_start", "ii", "i", "(i32.const 0)"),
        "plugin_stop": export("plugin_stop", "", "i", "(i32.const 0)"),
    }
    if endpoints is not None:
        usual["http_endpoints"] = answering("http_endpoints", endpoints, texts)
    types = {"allocate": ("i", "i"), "deallocate": ("ii", ""), "plugin_start": ("ii", "i"), "plugin_stop": ("", "i"), "poll": ("", "i"),
             "delta_handler": ("ii", ""), "_start": ("", ""), "_initialize": ("", "")}
    for export_name, body in exports.items():
        if body is None:
            usual.pop(export_name, None)
        elif body.startswith("(func") or body.startswith("(export") or body.startswith("(global (export"):
            usual[export_name] = body
        else:
            params, result = types.get(export_name, ("iiii", "i") if export_name.startswith("h") and export_name != "http_endpoints" else ("ii", "i"))
            usual[export_name] = export(export_name, params, result, body)
    clauses = [IMPORTS.get(item, item) for item in imports]
    bottom = max(131072, (texts.top + 65535) & ~65535)
    return "\n".join(["(module", *clauses, memory, f"(global $bottom i32 (i32.const {bottom}))",
                      f"(global $top (mut i32) (i32.const {bottom}))", OUT, more, *usual.values(), *texts.data, ")"])


# ---- the host's table of imports, read from its source ----


def host_imports():
    """[(module, name, parameter letters, result letter or "", capability word, denied result)] of all that plugins may import."""
    rows = re.findall(r'\{\s*"([^"]+)",\s*"([^"]+)",\s*"([^"]*)>([^"]*)",\s*(\w+),\s*(-?\d+)', IMPORTS_C.read_text(encoding="utf-8"))
    assert len(rows) > 40, "the table of imports has another form now: this reader must learn it"
    return [(module, name, params, result, cap, int(denied)) for module, name, params, result, cap, denied in rows]
