"""skiff plugin pack: the files that npm would publish, and always the same bytes."""
import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest

from harness.server import binary, command

pytestmark = pytest.mark.skipif(binary() is None, reason="no server binary")

TREE = ["index.js", "plugin.wasm", "README.md", "readme.old", "LICENSE", "CHANGELOG.md", "COPYING.txt", "src/a.c", "src/b.h", "src/test/a_test.c", "dist/a.js",
        "dist/a.js.map", "dist/deep/b.js", "dist/node_modules/x.js", "node_modules/dep/index.js", ".git/config", ".npmrc", ".gitignore", "package-lock.json",
        ".hidden/file", "build/config.gypi", "npm-debug.log", "x.orig", ".DS_Store", "docs/.DS_Store", "docs/guide.md", "._resource", ".a.swp", "bin/run",
        "yarn.lock", "docs/img/a.PNG", "a b.txt", "umlaut-\u00e4.txt"]


def tree(folder, package, extra=()):
    for name in TREE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / ".gitignore").write_text("")
    for name, text in dict(extra).items():
        (folder / name).write_text(text)
    (folder / "bin/run").chmod(0o755)
    (folder / "link").symlink_to("index.js")
    (folder / "package.json").write_text(json.dumps({"name": "@boat/pack", "version": "1.2.3", **package}))


def packed(folder, *words):
    done = command("plugin", "pack", folder, *words, cwd=folder.parent)
    assert done.returncode == 0, done
    return done.stdout


CASES = {
    "plain": ({}, {}),
    "files": ({"files": ["dist", "plugin.wasm"]}, {}),
    "files with patterns": ({"files": ["dist/**/*.js", "*.wasm", "!dist/deep"]}, {}),
    "files with slashes": ({"files": ["./dist/", "/src"]}, {}),
    "files with a star": ({"files": ["dist/*"]}, {}),
    "files and main": ({"files": ["docs"], "main": "dist/a.js", "bin": {"run": "./bin/run"}}, {}),
    "npmignore": ({}, {".npmignore": "# words\nsrc\n*.map\n/docs/*.md\nbuild/\n", ".gitignore": "dist\n"}),
    "gitignore": ({}, {".gitignore": "dist\n*.c\n.hidden\n"}),
    "negation": ({}, {".npmignore": "*.c\n!a_test.c\n"}),
    "below": ({"files": ["src", "docs"]}, {"src/.npmignore": "*_test.c\n", "docs/.gitignore": "img\n", ".npmignore": "docs\n"}),
    "braces": ({"files": ["{src,docs}/**/*.{c,md}"]}, {}),
    "classes": ({}, {".npmignore": "[a-c]*.h\n?.c\n"}),
    "ignored but needed": ({"main": "index.js"}, {".npmignore": "*\n"}),
    "no files": ({"files": []}, {}),
}


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not here to compare with")
@pytest.mark.parametrize("case", CASES)
def test_the_same_files_as_npm(tmp_path, case):
    folder = tmp_path / "package"
    folder.mkdir()
    tree(folder, *CASES[case])
    mine = json.loads(packed(folder, "--json"))
    done = subprocess.run(["npm", "pack", "--dry-run", "--json", "--ignore-scripts", "--offline"], capture_output=True, text=True, cwd=folder, timeout=120)
    assert done.returncode == 0, done
    listing = json.loads(done.stdout)
    theirs = listing[0] if isinstance(listing, list) else next(iter(listing.values()))
    assert sorted(file["path"] for file in mine["files"]) == sorted(file["path"] for file in theirs["files"])
    assert mine["filename"] == "boat-pack-1.2.3.tgz" and mine["unpackedSize"] == theirs["unpackedSize"]


def test_the_same_bytes_whenever_and_in_whatever_order(tmp_path):
    archives = []
    for number, names in enumerate((TREE, reversed(TREE))):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
            os.utime(folder / name, (number * 1000, number * 1000))
        (folder / "package.json").write_text('{"name":"a","version":"1.0.0"}')
        packed(folder, "-o", tmp_path / f"{number}.tgz")
        archives.append((tmp_path / f"{number}.tgz").read_bytes())
    assert archives[0] == archives[1]
    with tarfile.open(fileobj=io.BytesIO(archives[0])) as tar:
        members = tar.getmembers()
    assert members[0].name == "package/package.json"
    assert {(member.uid, member.uname, member.mtime) for member in members} == {(0, "", 499162500)}
    assert "package/umlaut-\u00e4.txt" in [member.name for member in members]


@pytest.mark.parametrize("package, says", [
    ({"name": "Bad Name"}, '"name"'), ({"version": "1"}, '"version"'),
    ({"wasmManifest": "plugin2.wasm"}, "plugin2.wasm would not be in the package"), ({"wasmManifest": "plugin.wasm", "files": ["src"]}, "plugin.wasm would not be"),
])
def test_what_cannot_be_published_is_told_and_leaves_nothing(tmp_path, package, says):
    folder = tmp_path / "package"
    folder.mkdir()
    tree(folder, package)
    done = command("plugin", "pack", folder, cwd=tmp_path)
    assert done.returncode == 1 and says in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["package"]


def test_no_folder_and_no_package(tmp_path):
    done = command("plugin", "pack", tmp_path)
    assert done.returncode == 1 and "package.json" in done.stderr
