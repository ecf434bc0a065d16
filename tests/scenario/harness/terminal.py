"""A program on a terminal, as a person has it."""
import os
import select
import subprocess
import time

from .process import end_with_us


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *argv, cwd=None, env=None):
        self.master, slave = os.openpty()
        self.process = subprocess.Popen(list(map(str, argv)), stdin=slave, stdout=slave, stderr=slave, cwd=cwd, start_new_session=True,
                                        preexec_fn=end_with_us, env={**os.environ, "TERM": "dumb", "COLUMNS": "200", **(env or {})})
        os.close(slave)
        self.shown = b""

    def type(self, text):
        os.write(self.master, text.encode())

    def read(self, end):
        """One piece more of what is shown; False when the program has closed its terminal."""
        assert select.select([self.master], [], [], max(0, end - time.monotonic()))[0], f"nothing more within the time; shown: {self.shown!r}"
        try:
            piece = os.read(self.master, 65536)
        except OSError:  # what Linux says then
            piece = b""
        self.shown += piece
        return piece != b""

    def wait_for(self, text, within=60):
        """The screen until `text` comes on it; what came before is forgotten."""
        end = time.monotonic() + within
        while text.encode() not in self.shown:
            assert self.read(end), f"it ended without {text!r}: {self.shown!r}"
        self.shown = self.shown.split(text.encode(), 1)[1]

    def finish(self, within=60):
        """(what is shown, exit code) once the program has ended."""
        end = time.monotonic() + within
        while self.read(end):
            pass
        return self.shown.decode(), self.process.wait(within)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)
