#!/usr/bin/env python3
"""Builds the test plugins, and the first-party ones under plugins/, as installable packages.

    tests/plugins/build.py OUTDIR [NAME...] [--cache DIR] [--allow-missing] [--skiff PROGRAM]

Each becomes OUTDIR/<package name>/{package.json,plugin.wasm}: OUTDIR can serve as a node_modules folder. Without names all
are built. A module whose sources and compiler have not changed comes from the cache. Exit 0: all there; 1: a build failed;
3: a toolchain is missing (with --allow-missing: those plugins are left out, and said so). With --skiff also what `skiff plugin new`
makes, of each language and template: LANGUAGE-TEMPLATE.

From Python: build(outdir, names) returns {package name: directory}, and raises BuildError or MissingTool; new_package(skiff,
language, template, folder) makes one of those packages, build_new(folder) builds it in place.
"""

import argparse
import concurrent.futures
import fcntl
import functools
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LEFT_OUT = {"node_modules", "target", "plugin.wasm", "__pycache__", "scenarios", "templates"}
LANGUAGES = ("rust", "c", "assemblyscript", "go")
TEMPLATES = sorted(path.parent.name for path in ROOT.glob("sdk/templates/*/template.json"))
SHARED = {"c": ROOT / "sdk/c", "rust": ROOT / "sdk/rust"}  # sources beside a plugin's own that go into its module
GO_MINIMUM = (1, 24)  # the first with go:wasmexport
PARALLEL = 2


class BuildError(Exception):
    """A plugin does not build."""


class MissingTool(BuildError):
    """A plugin cannot be built here; the text says what to install."""


class Plugin:
    def __init__(self, source):
        self.source = source
        self.manifest = json.loads((source / "package.json").read_text())
        self.name = self.manifest["name"]
        self.kind = kind_of(source)


def kind_of(source):
    for mark, kind in (("Cargo.toml", "rust"), ("go.mod", "go"), ("asconfig.json", "as"), ("plugin.c", "c"), ("src/plugin.c", "c")):
        if (source / mark).exists():
            return kind
    raise BuildError(f"{source}: no known kind of plugin")


def plugins():
    sources = [*HERE.glob("*/package.json"), *(ROOT / "plugins").glob("*/package.json")]
    return [Plugin(p.parent) for p in sorted(sources)]


def chosen(names):
    every = plugins()
    if not names:
        return every
    picked = []
    for name in names:
        found = [p for p in every if name in (p.name, p.source.name)]
        if not found:
            raise BuildError(f"no plugin called {name}; there are: " + ", ".join(p.source.name for p in every))
        picked += found
    return picked


def run(command, cwd=None, env=None):
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode == 3 and str(command[0]).endswith(".sh"):  # the SDK's scripts say so when they lack a tool
        raise MissingTool(done.stderr.strip())
    if done.returncode != 0:
        raise BuildError(" ".join(map(str, command)) + "\n" + done.stdout + done.stderr)
    return done.stdout


def need(tool, advice):
    if shutil.which(tool) is None:
        raise MissingTool(f"no {tool}: {advice}")


@functools.lru_cache(maxsize=None)
def tool_version(kind):
    """What the compiler calls itself: another compiler makes another module."""
    commands = {"c": [os.environ.get("CLANG", "clang-14"), "--version"], "rust": ["rustc", "--version"], "as": ["node", "--version"]}
    if kind == "go":
        need("go", "install Go 1.24 or newer")
        text = run(["go", "env", "GOVERSION"], env={"GOTOOLCHAIN": "local"}).strip()
        number = tuple(int(part) for part in text.removeprefix("go").split("-")[0].split(".")[:2])
        if number < GO_MINIMUM:
            raise MissingTool(f"{text} cannot export functions from WebAssembly: install Go 1.24 or newer")
        return text
    try:
        return run(commands[kind])
    except (OSError, BuildError):
        return "unknown"  # the build itself says what is missing


def fingerprint(plugin):
    digest = hashlib.sha256(tool_version(plugin.kind).encode())
    digest.update(pathlib.Path(__file__).read_bytes())
    for top in filter(None, (plugin.source, SHARED.get(plugin.kind))):
        for path in sorted(p for p in top.rglob("*") if p.is_file()):
            inside = path.relative_to(top)
            if not LEFT_OUT & set(inside.parts):
                digest.update(f"{inside}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def compile_c(plugin, out, cache):
    # A plugin that includes the C library's headers is built against it.
    wasi = "#include <stdio.h>" in (plugin.source / "plugin.c").read_text()
    run([ROOT / "sdk/c/build.sh", plugin.source / "plugin.c", out], env={"SKP_WASI": "1" if wasi else "0"})


def compile_rust(plugin, out, cache):
    env = {"CARGO_TARGET_DIR": str(cache / "cargo")}
    run([ROOT / "sdk/rust/build.sh", plugin.source, out], env=env)


def compile_go(plugin, out, cache):
    shape = ["-buildmode=c-shared"] if plugin.name.endswith("-shared") else []
    env = {"GOOS": "wasip1", "GOARCH": "wasm", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}
    run(["go", "build", "-trimpath", "-ldflags=-s -w", *shape, "-o", out, "."], cwd=plugin.source, env=env)


def node_modules(plugin, cache):
    """A folder with the packages that the plugin's lock names, shared by all plugins that name the same."""
    need("npm", "on Debian: apt-get install nodejs npm")
    lock = json.loads((plugin.source / "package-lock.json").read_text())
    wanted = json.dumps({name: one for name, one in lock["packages"].items() if name})
    work = cache / ("npm-" + hashlib.sha256(wanted.encode()).hexdigest()[:16])
    work.mkdir(parents=True, exist_ok=True)
    with open(work / "lock", "w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        installed = work / "installed"
        if not installed.exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(plugin.source / name, work)
            run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=work)
            installed.touch()
    return work / "node_modules"


def compile_as(plugin, out, cache):
    work = node_modules(plugin, cache).parent
    shutil.rmtree(work / "assembly", ignore_errors=True)
    shutil.copytree(plugin.source / "assembly", work / "assembly")
    shutil.copy(plugin.source / "asconfig.json", work)
    asc = ["node", "node_modules/assemblyscript/bin/asc.js"]
    run([*asc, "assembly/index.ts", "--target", "release", "--outFile", out], cwd=work)


COMPILE = {"c": compile_c, "rust": compile_rust, "go": compile_go, "as": compile_as}


def module_of(plugin, cache, compile=None):
    """The compiled module's file in the cache, made now if it is not there."""
    kept = cache / "modules" / f"{plugin.name.replace('/', '_')}-{fingerprint(plugin)}.wasm"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_suffix(f".{os.getpid()}.tmp")
        (compile or COMPILE[plugin.kind])(plugin, fresh, cache)
        os.replace(fresh, kept)
    return kept


def put(content, path):
    """Leaves a file that is right already untouched, so that a server watching it is not made to reload."""
    if not path.exists() or path.read_bytes() != content:
        fresh = path.with_name(path.name + ".tmp")
        fresh.write_bytes(content)
        os.replace(fresh, path)


# ---- what `skiff plugin new` makes ---------------------------------------------------------------------------------------------

# The build commands that the packages' own READMEs name.
GO = 'GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags="-s -w" -o plugin.wasm .'
BUILD_NEW = {"rust": "./build.sh", "c": "make", "go": GO, "as": "npm run build"}


def new_package(skiff, language, template, folder):
    run([skiff, "plugin", "new", f"{language}-{template}", "--lang", language, "--template", template, "--folder", folder])
    return pathlib.Path(folder)


def sync(source, work):
    """Makes `work` like `source` and leaves alone what is the same, so that its compiler sees only what changed."""
    files = {p.relative_to(source) for p in source.rglob("*") if p.is_file()}
    for old in [p for p in work.rglob("*") if p.is_file() and not p.is_symlink()]:
        inside = old.relative_to(work)
        if inside not in files and "node_modules" not in inside.parts:
            old.unlink()
    for file in files:
        (work / file).parent.mkdir(parents=True, exist_ok=True)
        put((source / file).read_bytes(), work / file)
        shutil.copymode(source / file, work / file)


def tools_env(cache):
    return {"CARGO_TARGET_DIR": str(cache / "cargo-new"), "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}


def run_in_work(plugin, cache, command, out=None):
    """In one folder for all templates of a language, since Cargo knows crates again by their folder."""
    place = cache / "new" / plugin.kind
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        work = place / "work"
        work.mkdir(exist_ok=True)
        sync(plugin.source, work)
        if plugin.kind == "as":
            modules = work / "node_modules"
            modules.unlink(missing_ok=True)
            modules.symlink_to(node_modules(plugin, cache))
        (work / "plugin.wasm").unlink(missing_ok=True)
        run(["sh", "-c", command], cwd=work, env=tools_env(cache))
        if out:
            shutil.copy(work / "plugin.wasm", out)


def compile_new(plugin, out, cache):
    tool_version(plugin.kind)  # says which tool is missing
    run_in_work(plugin, cache, BUILD_NEW[plugin.kind], out)


TEST_NEW = {"rust": "cargo test --quiet", "go": "go vet . && go test ./..."}


def test_new(folder, cache=None):
    """Runs the tests that come with such a package."""
    plugin = Plugin(pathlib.Path(folder))
    run_in_work(plugin, pathlib.Path(cache or default_cache()).resolve(), TEST_NEW[plugin.kind])


def test_sdk(language, cache=None):
    where, command = {
        "rust": (ROOT / "sdk/rust/signalk-plugin", ["cargo", "test", "--quiet", "--locked", "--all-features"]),
        "go": (ROOT / "sdk/go", ["go", "test", "./signalk/..."]),
    }[language]
    run(command, cwd=where, env=tools_env(pathlib.Path(cache or default_cache()).resolve()))


def build_new(folder, cache=None):
    """Puts plugin.wasm into a package that new_package made."""
    plugin = Plugin(pathlib.Path(folder))
    kept = module_of(plugin, pathlib.Path(cache or default_cache()).resolve(), compile_new)
    put(kept.read_bytes(), plugin.source / plugin.manifest["wasmManifest"])


def build_all_new(skiff, cache):
    """Yields (name, None or exception)."""

    def build_language(language):
        results = []
        for template in TEMPLATES:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    build_new(new_package(skiff, language, template, f"{folder}/package"), cache)
                    results.append((f"{language}-{template}", None))
                except (BuildError, OSError) as error:
                    results.append((f"{language}-{template}", error))
        return results

    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        for results in pool.map(build_language, LANGUAGES):
            yield from results


# ---- packages ------------------------------------------------------------------------------------------------------------------

def package(plugin, outdir, cache):
    module = module_of(plugin, cache)
    target = outdir / plugin.name
    target.mkdir(parents=True, exist_ok=True)
    put(module.read_bytes(), target / "plugin.wasm")
    put((plugin.source / "package.json").read_bytes(), target / "package.json")
    return target


def build_all(some, outdir, cache):
    """Yields (plugin, directory or exception). Plugins of one toolchain wait for each other, toolchains do not."""

    def build_kind(kind):
        results = []
        for plugin in (p for p in some if p.kind == kind):
            try:
                results.append((plugin, package(plugin, outdir, cache)))
            except (BuildError, OSError) as error:
                results.append((plugin, error))
        return results

    # The slowest first: the others fit beside them.
    kinds = [k for k in ("rust", "as", "go", "c") if any(p.kind == k for p in some)]
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        for results in pool.map(build_kind, kinds):
            yield from results


def default_cache():
    return pathlib.Path(os.environ.get("SKIFF_PLUGIN_CACHE", ROOT / "build-plugins"))


def build(outdir, names=(), cache=None):
    outdir, cache = pathlib.Path(outdir).resolve(), pathlib.Path(cache or default_cache()).resolve()
    made = {}
    for plugin, result in build_all(chosen(names), outdir, cache):
        if isinstance(result, Exception):
            raise result
        made[plugin.name] = result
    return made


def main():
    parser = argparse.ArgumentParser(description="Builds the test plugins as installable packages.")
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help="package or directory names; all if none is given")
    parser.add_argument("--cache", type=pathlib.Path, default=default_cache(), help="where compiled modules are kept")
    parser.add_argument("--skiff", type=pathlib.Path, metavar="PROGRAM", help="build what its `plugin new` makes as well")
    parser.add_argument("--allow-missing", action="store_true", help="leave out what has no toolchain here")
    args = parser.parse_intermixed_args()
    outdir, cache = args.outdir.resolve(), args.cache.resolve()
    status = 0
    try:
        some = chosen(args.names)
    except BuildError as error:
        sys.exit(str(error))
    for plugin, result in build_all(some, outdir, cache):
        if isinstance(result, MissingTool):
            print(f"left out {plugin.name}: {result}", file=sys.stderr)
            status = status or (0 if args.allow_missing else 3)
        elif isinstance(result, Exception):
            print(f"FAILED {plugin.name}: {result}", file=sys.stderr)
            status = 1
        else:
            size = (result / "plugin.wasm").stat().st_size
            print(f"{plugin.name:24} {size:>9} bytes  {result}")
    for name, error in build_all_new(args.skiff.resolve(), cache) if args.skiff else ():
        if isinstance(error, MissingTool):
            print(f"left out {name}: {error}", file=sys.stderr)
            status = status or (0 if args.allow_missing else 3)
        elif error:
            print(f"FAILED {name}: {error}", file=sys.stderr)
            status = 1
        else:
            print(f"{name:24} as new")
    sys.exit(status)


if __name__ == "__main__":
    main()
