"""
Pages of the documentation as something to follow: fenced blocks whose info string says so are run or written, in their order.

    ```sh test            commands, in the folder where the blocks before have left off
    ```rust file=a/b.rs   what goes into that file (below the same folder)

Other blocks are only shown.
"""
import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[3] / "docs"
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.M | re.S)


def blocks(page):
    """(info words, text) of each fenced block."""
    return [(info.split(), text) for info, text in FENCE.findall((DOCS / page).read_text(encoding="utf-8"))]


def files_in(page, name):
    """The texts that the page puts into files of that name, in whichever folders."""
    return [text for info, text in blocks(page) if f"file={name}" in info]


def script(page):
    """One shell script that does what a reader would do. It stops at the first command that fails, and says which it was."""
    lines = ["set -eu", "set -x"]
    for info, text in blocks(page):
        file = next((word.removeprefix("file=") for word in info if word.startswith("file=")), None)
        if file:
            lines += [f'mkdir -p "$(dirname {file})"', f"cat >{file} <<'END_OF_BLOCK'", text + "END_OF_BLOCK"]
        elif info[1:] == ["test"]:
            lines.append(text)
    return "\n".join(lines)
