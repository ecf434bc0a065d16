#!/usr/bin/env python3
"""Includes point one way: a file of src/ may include its own folder and folders that stand before it in the order below.

    check_layers.py               prints each include that points the wrong way; fails when there is one
    check_layers.py --longest N   prints the N longest functions instead (a hint for review, never a failure)
"""
import pathlib
import re
import sys

ORDER = [["base"], ["sandbox"], ["jose", "nav", "net", "store"], ["tls"], ["model"], ["codec"], ["hub"], ["http", "plugin", "history"], ["npm", "auth", "input", "solo"], ["oidc"], ["api"], ["cli"], ["app"]]
RANK = {folder: rank for rank, folders in enumerate(ORDER) for folder in folders}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"/]+)/', re.M)
SRC = pathlib.Path(__file__).resolve().parent.parent / "src"


def files():
    return sorted(path for path in SRC.rglob("*.[ch]"))


def wrong_includes():
    for path in files():
        own = path.relative_to(SRC).parts[0]
        if own not in RANK:
            yield f"src/{own} is not in the order: add it to scripts/check_layers.py"
            continue
        for match in INCLUDE.finditer(path.read_text(encoding="utf-8")):
            other = match.group(1)
            if other in RANK and other != own and RANK[other] >= RANK[own]:
                line = path.read_text(encoding="utf-8")[: match.start(1)].count("\n") + 1
                yield f"{path.relative_to(SRC.parent)}:{line}: {own} must not include {other}"


def functions():
    """(lines, where, name) of each function, by the house format: its body is between '{' and '}' in the first column."""
    for path in files():
        if path.suffix != ".c":
            continue
        start, head = None, ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                name = re.search(r"([A-Za-z0-9_]+)\(", head)
                yield number - start - 1, f"{path.relative_to(SRC.parent)}:{start}", name.group(1) if name else "?"
                start = None
            elif start is None and line and not line[0].isspace() and line[0] not in "#/}":
                head = line


def main():
    if sys.argv[1:2] == ["--longest"]:
        for lines, where, name in sorted(functions(), reverse=True)[: int(sys.argv[2])]:
            print(f"{lines:5} lines  {name}  {where}")
        return 0
    wrong = list(wrong_includes())
    print("\n".join(wrong) or "every include points the right way")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
