"""
Hundreds of ways out of a plugin's folder, tried one by one: through "..", absolute names, links of every make, renames, opened
folders, numbers of descriptors. Judged by what came of it: nothing outside is read, nothing outside changes.
"""
import itertools
import os

import pytest

from harness import packages
from harness.server import NAME
from harness.wat import host_imports, plugin, Texts, assemble

(READ, WRITE, MKDIR, RMDIR, UNLINK, LINK, SYMLINK, RENAME, READLINK, STAT, TIMES, OPEN_DIR, READ_DIR, READ_FD, WRITE_FD, NAME_FD, CUT_FD,
 CLOSE, TRUNCATE) = range(19)
FOLLOW = 1
ROOT = 3  # the descriptor of the preopened folder
SECRET = "the-ships-papers"


def call(what, path=b"", path2=b"", dir=ROOT, dir2=ROOT, flags=FOLLOW):
    def sized(text):
        text = os.fsencode(text) if isinstance(text, str) else text
        return len(text).to_bytes(2, "little") + text

    return bytes([what, dir, dir2, flags]) + sized(path) + sized(path2)


class Cell:
    """The plugin, its folder with traps that were laid from outside, and a neighbourhood that must stay as it is."""

    def __init__(self, config, launch):
        self.name = config.install(packages.built("probe-wasi-raw"))
        config.enable(self.name)
        self.top = config.path.parent
        self.outside = self.top / "outside"
        (self.outside / "folder").mkdir(parents=True)
        (self.outside / "secret").write_text(SECRET)
        (self.outside / "folder" / "secret").write_text(SECRET)
        (config.path / "secret").write_text(SECRET)
        self.vfs = config.path / "plugin-config-data" / self.name / "vfs"
        data = self.vfs / "data"
        data.mkdir(parents=True)
        (data / "own").write_text("my own")
        self.links = {
            "to-file": self.outside / "secret", "to-folder": self.outside, "to-root": "/", "to-proc": "/proc/self", "to-fds": "/proc/self/fd",
            "dangling": self.outside / "made", "upwards": "../../../../secret", "loop": "loop", "to-link": "to-folder", "to-cwd": "/proc/self/cwd",
        }
        for name, target in self.links.items():
            (data / name).symlink_to(target)
        self.server = launch()
        self.server.wait_plugin(self.name, state="running")
        self.before = self.neighbourhood()
        self.tried = 0

    def neighbourhood(self):
        """Everything around the plugin's folder, but what the server itself writes."""
        found = {}
        for folder, _, files in os.walk(self.top):
            if folder.startswith(str(self.vfs)) or "/home" in folder[len(str(self.top)):]:
                continue
            found[folder] = "folder"
            for file in files:
                path = os.path.join(folder, file)
                stat = os.lstat(path)
                content = b"" if os.path.islink(path) else open(path, "rb").read()
                found[path] = (stat.st_mode, stat.st_nlink, stat.st_mtime_ns, content)
        return found

    def run(self, *calls):
        """[(error number, what was read)] of each call, in order."""
        results, left = [], list(calls)
        while left:
            part = [left.pop(0)]
            while left and len(part) < 60 and sum(map(len, part)) + len(left[0]) < 24000:
                part.append(left.pop(0))
            answer = self.server.post(f"/plugins/{self.name}/api/calls", {"hex": b"".join(part).hex()}, timeout=30).ok()
            results += [tuple(result) for result in answer["results"]]
        assert len(results) == len(calls)
        return results

    def try_all(self, calls):
        calls = list(calls)
        for made, (error, text) in zip(calls, self.run(*calls)):
            assert SECRET not in text and "root:" not in text and "PATH=" not in text, made
        self.tried += len(calls)
        assert self.neighbourhood() == self.before
        return calls


@pytest.fixture
def cell(config, launch):
    cell = Cell(config, launch)
    # it can do what it may: otherwise the failures below would prove nothing
    assert cell.run(call(READ, "data/own"), call(WRITE, "tmp/mine"), call(READ, "/tmp/mine".lstrip("/")), call(MKDIR, "data/sub"),
                    call(SYMLINK, "own", "data/inside"), call(READ, "data/inside"), call(RMDIR, "data/sub")) == [
        (0, "my own"), (0, ""), (0, "escaped"), (0, ""), (0, ""), (0, "my own"), (0, "")]
    yield cell
    assert cell.server.plugin(cell.name)["state"] == "running"
    assert cell.server.api("vessels/self/name").ok() == NAME


def ways_out(cell):
    """Names that lead out by themselves."""
    up_to_top = "../" * 4
    targets = ["outside/secret", "config/secret", "outside/folder", "outside/made"]
    for climb in (up_to_top, "./" + up_to_top, "data/../" + up_to_top, "data/" + "../" * 5, "data//..//" + up_to_top, "tmp/./.././" + up_to_top):
        for target in targets:
            yield climb + target
    absolute = str(cell.outside / "secret")
    for name in (absolute, "/" + absolute, "//" + absolute, "/proc/self/environ", "/etc/passwd", "/../../../../../../../../etc/passwd", "../" * 30 + "etc/passwd",
                 "data/" * 1 + "../" * 30 + "etc/passwd", "..", "../", "../..", "data/../..", "/..", ".../...", "data/own/../../../secret", "no/such/../../../secret"):
        yield name
    for name in cell.links:
        yield "data/" + name
    for inner in ("secret", "folder/secret", "made", "folder/../secret", "../config/secret"):
        yield "data/to-folder/" + inner
        yield "data/to-link/" + inner
    for inner in ("etc/passwd", "proc/self/environ", "tmp/../etc/passwd", absolute[1:]):
        yield "data/to-root/" + inner
    for inner in ("environ", "cwd", "root/etc/passwd", "fd/0", "maps"):
        yield "data/to-proc/" + inner
    yield from (f"data/to-fds/{number}" for number in range(12))


def spelt_otherwise(cell):
    """The same in the spellings that other layers would decode, and with bytes that cut names elsewhere."""
    climb = b"../../../../outside/secret"
    for dots in (b"%2e%2e", b"%252e%252e", b"..%2f", b"..%c0%af", b"\xc0\xae\xc0\xae", b"\xe0\x80\xae\xe0\x80\xae", "．．".encode(), b"..\\", b"..\x00", b".\x00.", b". .", b"..;"):
        yield climb.replace(b"..", dots)
    for cut in (b"data/own\x00", b"\x00", b"data/own\x00/../"):
        yield cut + climb
        yield climb + cut
    yield b"data/" * 1 + b"./" * 2000 + climb
    yield b"a/../" * 1000 + climb
    yield b"x" * 5000
    yield b"/" * 300 + bytes(cell.outside / "secret")
    yield b""


def deeds(path):
    """All that can be done with one name, with and without following links, and with a slash behind it."""
    path = os.fsencode(path) if isinstance(path, str) else path
    for name, flags in itertools.product((path, path + b"/", path + b"/."), (FOLLOW, 0)):
        yield call(READ, name, flags=flags)
        yield call(WRITE, name, flags=flags)
        yield call(TRUNCATE, name, flags=flags)
        yield call(TIMES, name, flags=flags)
    for name in (path, path + b"/"):
        yield call(MKDIR, name)
        yield call(LINK, name, b"data/stolen")
        yield call(READ, b"data/stolen")
        yield call(LINK, b"data/own", name)
        yield call(RENAME, b"data/own", name)
        yield call(WRITE, b"data/own")


def test_names_that_lead_out(cell):
    for path in ways_out(cell):
        if path == "data/" + path.removeprefix("data/") and path.removeprefix("data/") in cell.links:
            continue  # removing or replacing the link itself is the plugin's right; see below
        cell.try_all(deeds(path))
        cell.try_all([call(UNLINK, path), call(RMDIR, path), call(RENAME, path, "data/taken"), call(READ, "data/taken")])
    assert cell.tried > 500


def test_spellings_that_lead_out(cell):
    for path in spelt_otherwise(cell):
        cell.try_all(deeds(path))
        cell.try_all([call(UNLINK, path), call(RENAME, path, "data/taken"), call(READ, "data/taken")])
    assert cell.tried > 500


def test_links_that_were_laid_from_outside(cell):
    """With a slash behind them too: "dangling/" would make its target."""
    for name in cell.links:
        path = "data/" + name
        for way in (path, path + "/", path + "//", path + "/."):
            cell.try_all([call(what, way, flags=flags) for what in (READ, WRITE, TRUNCATE, TIMES, MKDIR, RMDIR, READLINK) for flags in (FOLLOW, 0)])
        cell.try_all([call(LINK, path, "data/copy-" + name), call(READ, "data/copy-" + name), call(RENAME, path, "tmp/" + name), call(READ, "tmp/" + name),
                      call(WRITE, "tmp/" + name), call(RENAME, "tmp/" + name, path)])
    assert cell.tried > 500


def test_links_of_its_own_making(cell):
    """Made, made in two steps, made before the folder that they pass moves."""
    targets = [str(cell.outside / "secret"), "/etc/passwd", "../secret", "../../../../outside/secret", "../../../../outside", "/proc/self/environ", "/", "..", "../..",
               "sub/../../../../outside/secret", "./../../../outside/secret"]
    for number, target in enumerate(targets):
        link = f"data/l{number}"
        cell.try_all([call(SYMLINK, target, link), call(READ, link), call(WRITE, link), call(TRUNCATE, link), call(STAT, link), call(LINK, link, f"data/h{number}"),
                      call(READ, f"data/h{number}"), call(READ, link + "/"), call(READ, link + "/secret"), call(READ, link + "/etc/passwd"), call(MKDIR, link + "/made"),
                      call(RENAME, "data/own", link + "/own"), call(WRITE, "data/own"), call(UNLINK, link)])
    # a chain, each of whose links is harmless where it stands; and a folder that moves up under one
    cell.try_all([call(MKDIR, "data/a"), call(MKDIR, "data/a/b"), call(MKDIR, "data/a/b/c"), call(SYMLINK, "../../..", "data/a/b/c/up"), call(READ, "data/a/b/c/up/secret"),
                  call(RENAME, "data/a/b/c", "c"), call(READ, "c/up/secret"), call(READ, "c/up/config/secret"), call(WRITE, "c/up/made"), call(MKDIR, "c/up/made"),
                  call(RENAME, "c", "data/c"), call(READ, "data/c/up/secret"), call(SYMLINK, "a/b/c", "data/first"), call(READ, "data/first/up/secret")])


def test_folders_held_open_while_they_move(cell):
    """A descriptor of a folder stays what it was, wherever the folder goes, and ".." of it leads nowhere."""
    (made, held), *_ = cell.run(call(OPEN_DIR, "data"))
    assert made == 0
    held = int(held)
    climbs = ["../" * depth + rest for depth in range(1, 7) for rest in ("", "secret", "outside/secret", "config/secret", "data/own")]
    cell.try_all([call(what, climb, dir=held) for climb in climbs for what in (READ, WRITE, MKDIR, TIMES, UNLINK)])
    cell.try_all([call(RENAME, "data", "tmp/data"), call(RENAME, "tmp/data", "data")])
    cell.try_all([call(RENAME, "own", climb, dir=held, dir2=held) for climb in climbs if climb and not climb.endswith("/")])
    cell.try_all([call(LINK, climb, "stolen", dir=held, dir2=held) for climb in climbs] + [call(READ, "stolen", dir=held)])


def test_numbers_of_descriptors(cell):
    """Only the folder and what it opened itself: not the server's files and sockets, whatever their numbers are."""
    numbers = [n for n in range(65) if n != ROOT] + [100, 200, 255]
    for number in numbers:
        cell.try_all([call(what, "secret", "x", dir=number, dir2=number) for what in (READ, WRITE, MKDIR, LINK, RENAME, OPEN_DIR, READ_DIR, READ_FD, CUT_FD)])
        if number > 2:  # output is allowed to be written
            cell.try_all([call(WRITE_FD, dir=number), call(NAME_FD, dir=number), call(CLOSE, dir=number)])
    assert cell.tried > 500


# ---- capabilities ----

# What a module may import although its package declares nothing, by the name of the table of imports.
FREE = ("ANY", "SK_CAP_NONE")
# Capabilities that are there unless package.json says false.
GIVEN = {"SK_CAP_DATA_READ": "dataRead", "SK_CAP_DATA_WRITE": "dataWrite"}


def gated():
    return [row for row in host_imports() if row[4] not in FREE]


def test_each_import_without_its_capability_answers_its_failure_value(config, launch):
    """One plugin that calls every import that needs a capability, with arguments that would be right, and says which gave what."""
    rows = gated()
    assert len(rows) >= 25
    texts, imports, calls, wat = Texts(), [], [], {"i": "i32", "I": "i64", "d": "f64"}
    for index, (module, name, params, result, _, denied) in enumerate(rows):
        returns = "(result i32)" if result else ""
        imports.append(f'(import "{module}" "{name}" (func $it{index} (param {" ".join(wat[p] for p in params)}) {returns}))')
        words = ["(i32.const 1024)" if at % 2 == 0 else "(i32.const 1)" for at in range(len(params))]
        made = f"(call $it{index} {' '.join(words)})"
        calls.append(f"(if (i32.ne {made} (i32.const {denied})) (then (global.set $wrong (i32.add (global.get $wrong) (i32.const 1)))))" if result else made)
    imports.append('(import "env" "sk_set_status" (func $say (param i32 i32)))')
    text = plugin(imports=imports, texts=texts, more="(global $wrong (mut i32) (i32.const 0))", plugin_start=f"""
        {' '.join(calls)}
        (if (global.get $wrong) (then (call $say {texts.at('some were granted')})) (else (call $say {texts.at('all were refused')})))
        (i32.const 0)""")
    config.write_package("beggar", assemble(text), wasmCapabilities={name: False for name in GIVEN.values()})
    config.enable("beggar")
    server = launch()
    server.wait_plugin("beggar", state="running", statusMessage="all were refused")


def test_misspelt_capabilities_grant_nothing(config, launch):
    """Only the top level of package.json counts, only by the very name."""
    texts = Texts()
    text = plugin(imports=["register", "status"], texts=texts, plugin_start=f"""
        (if (call $register {texts.at('vessels.self')} {texts.at('test.x')}) (then (call $status {texts.at('granted')})) (else (call $status {texts.at('refused')})))
        (i32.const 0)""")
    members = {
        "none": {}, "nested": {"signalk": {"wasmCapabilities": {"putHandlers": True}}}, "false": {"wasmCapabilities": {"putHandlers": False}},
        "null": {"wasmCapabilities": {"putHandlers": None}}, "zero": {"wasmCapabilities": {"putHandlers": 0}}, "case": {"wasmCapabilities": {"puthandlers": True}},
        "list": {"wasmCapabilities": ["putHandlers"]}, "text": {"wasmCapabilities": "putHandlers"}, "dotted": {"wasmCapabilities.putHandlers": True},
    }
    for name, extra in members.items():
        config.write_package("caps-" + name, assemble(text), **extra)
        config.enable("caps-" + name)
    config.write_package("caps-yes", assemble(text), wasmCapabilities={"putHandlers": "yes"})
    config.enable("caps-yes")
    server = launch()
    for name in members:
        server.wait_plugin("caps-" + name, state="running", statusMessage="refused")
    server.wait_plugin("caps-yes", state="running", statusMessage="granted")
