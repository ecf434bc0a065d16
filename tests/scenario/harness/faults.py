"""What a disk may hold after the power failed: the changes a server made, from the journal of tests/faults/journal.c, and the
states that were possible at each point of it. A disk may lose whatever was not synced, or keep it, and names and bytes separately."""
import functools
import hashlib
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

from .server import sanitized

SOURCES = Path(__file__).resolve().parents[2] / "faults"


@functools.lru_cache(maxsize=None)
def libraries():
    """The folder of the compiled libraries; it lives as long as this process."""
    return tempfile.TemporaryDirectory(prefix="skiff-faults-")


@functools.lru_cache(maxsize=None)
def preload(name, with_sanitizers=False):
    """What to set LD_PRELOAD to for a library of tests/faults; skips where it cannot be used. `with_sanitizers`: also there, then
    without what they want for themselves (allocation)."""
    if sanitized() and not with_sanitizers:
        pytest.skip("the sanitizers must be loaded first; the release build has this story")
    compiler = shutil.which("cc") or pytest.skip("needs a C compiler")
    library = Path(libraries().name) / (name + ".so")
    more = ["-DNO_MEMORY"] if sanitized() else []
    done = subprocess.run([compiler, "-shared", "-fPIC", "-O1", *more, "-o", library, SOURCES / (name + ".c"), "-ldl"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if not sanitized():
        return str(library)
    first = subprocess.run([compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{Path(first).resolve()}:{library}"


class Shared:
    """A file that a test and the library in the server both have in memory."""

    def __init__(self, path, layout):
        self.layout = struct.Struct(layout)
        Path(path).write_bytes(bytes(self.layout.size))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), self.layout.size)

    def set(self, *values):
        self.memory[:] = self.layout.pack(*values)

    def get(self):
        return self.layout.unpack(self.memory[:])


class Faults:
    """What fails on a machine: see tests/faults/fail.c for the kinds. `environment` goes to the server."""

    def __init__(self, tmp_path, folder, with_sanitizers=False):
        self.control = Shared(tmp_path / "faults", "24sIIiII")
        self.environment = {"LD_PRELOAD": preload("fail", with_sanitizers), "FAULT_FOLDER": str(folder.resolve()),
                            "FAULT_CONTROL": str(tmp_path / "faults")}

    def fail(self, kind, number, at=1, each=True):
        """From now on: the call number `at` of the kind, and those behind it."""
        self.control.set(kind.encode(), 0, int(each), number, 0, 0)  # armed last, by the number
        self.control.set(kind.encode(), at, int(each), number, 0, 0)

    def fail_once(self, kind, number, at):
        self.fail(kind, number, at, each=False)

    def count(self, kind):
        """Only counts, until `calls` is asked."""
        self.fail_once(kind, 0, 0xFFFFFFFF)

    def mend(self):
        self.control.set(b"", 0, 0, 0, 0, 0)

    @property
    def calls(self):
        return self.control.get()[4]

    @property
    def failed(self):
        return self.control.get()[5]


class Clock:
    """A wall clock that is wrong by so many seconds."""

    def __init__(self, tmp_path):
        self.shared = Shared(tmp_path / "clock", "q")
        self.environment = {"LD_PRELOAD": preload("clock"), "FAULT_CLOCK": str(tmp_path / "clock")}

    def wrong_by(self, seconds):
        self.shared.set(seconds)


class File:
    """An inode: its bytes now, and those that are on the disk for certain."""

    def __init__(self, data=b"", synced=b""):
        self.data, self.synced = data, synced


class Disk:
    """A folder under change. Names count as lasting once their folder is synced."""

    def __init__(self, root):
        self.root = str(root)
        self.names = {}
        self.folders = set()
        for folder, _, files in os.walk(self.root):
            self.folders.add(folder)
            for file in files:
                content = Path(folder, file).read_bytes()
                self.names[os.path.join(folder, file)] = File(content, content)
        self.lasting = dict(self.names)
        self.lasting_folders = set(self.folders)

    def apply(self, line):
        what, a, b, data = line.split("\t")
        if what == "create":
            self.names[a] = File()
        elif what == "write" and a in self.names:
            self.names[a].data += bytes.fromhex(data)
        elif what == "truncate" and a in self.names:
            self.names[a].data = self.names[a].data[: int(b)]
        elif what == "rename":
            self.names[b] = self.names.pop(a)
        elif what == "unlink":
            self.names.pop(a, None)
        elif what == "mkdir":
            self.folders.add(a)
        elif what == "rmdir":
            self.folders.discard(a)
        elif what == "sync":
            self.sync(a)

    def sync(self, path):
        if path in self.names:
            self.names[path].synced = self.names[path].data
            return
        inside = {name: file for name, file in self.names.items() if os.path.dirname(name) == path}
        self.lasting = {name: file for name, file in self.lasting.items() if os.path.dirname(name) != path} | inside
        self.lasting_folders |= {folder for folder in self.folders if os.path.dirname(folder) == path}

    def states(self):
        """{kind: ({name: bytes}, {folders})}: what may be found afterwards."""
        def half(file):
            return file.data if file.data == file.synced else file.data[: len(file.data) // 2]

        kinds = {
            "nothing that was not synced": (self.lasting, lambda file: file.synced),
            "names without their bytes": (self.names, lambda file: file.synced),
            "bytes without their names": (self.lasting, lambda file: file.data),
            "half of the bytes": (self.names, half),
            "everything": (self.names, lambda file: file.data),
        }
        for kind, (names, content) in kinds.items():
            folders = self.folders if names is self.names else self.lasting_folders
            yield kind, {name: content(file) for name, file in names.items() if os.path.dirname(name) in folders}, folders

    def write(self, files, folders, to):
        """Builds a state in the folder `to`."""
        for folder in sorted(folders):
            Path(str(to) + folder[len(self.root):]).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            Path(str(to) + name[len(self.root):]).write_bytes(content)


def fingerprint(files):
    text = hashlib.sha256()
    for name in sorted(files):
        text.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return text.digest()
