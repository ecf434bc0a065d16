#!/usr/bin/env python3
"""Every route says who may use it: a row of a route table without an access level stops the build.

    check_routes.py FOLDER [OUTPUT DEPFILE]   looks at all C files below FOLDER; a build gives the two files that it waits for
"""
import pathlib
import re
import sys

METHOD = r'(?:"(?:GET|HEAD|POST|PUT|PATCH|DELETE|\*)"|method)'
# { "GET", ...   { method, ... (of a macro)   { .method = "GET", ...   (struct sk_route){ ...
ROW = re.compile(r"\{[\s\\]*(?:\.method\s*=\s*)?" + METHOD + r"\s*,|\(\s*(?:const\s+)?struct\s+sk_route\s*\)\s*\{")
LEVEL = re.compile(r"\bSK_ACCESS_(?:OPEN|READ|WRITE|ADMIN)\b")
ASIDE = re.compile(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', re.S)


def row_at(text, start):
    """From its opening brace to the one that closes it."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[start : at + 1]
    return text[start:]


def rows(path):
    """(line, row without texts and comments) of each route in a file."""
    text = path.read_text(encoding="utf-8")
    bare = ASIDE.sub(lambda found: re.sub(r"[^\n]", " ", found.group(0)), text)
    for brace in sorted({text.index("{", found.start()) for found in ROW.finditer(text)}):
        if bare[brace] == "{":
            yield text[:brace].count("\n") + 1, row_at(bare, brace)


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    files = sorted(folder.rglob("*.c"))
    found = [(path, line, row) for path in files if "sk_route" in path.read_text(encoding="utf-8") for line, row in rows(path)]
    wrong = [(path, line) for path, line, row in found if not LEVEL.search(row)]
    for path, line in wrong:
        print(f"{path.relative_to(folder.parent)}:{line}: a route without an access level: SK_ACCESS_OPEN, _READ, _WRITE or _ADMIN", file=sys.stderr)
    if wrong:
        return 1
    if len(sys.argv) > 3:
        pathlib.Path(sys.argv[2]).write_text(f"/* {len(found)} rows of routes, each with its level */\n", encoding="utf-8")
        waits = [*files, *folder.rglob("meson.build")]
        pathlib.Path(sys.argv[3]).write_text(sys.argv[2] + ": " + " ".join(str(path).replace(" ", "\\ ") for path in waits) + "\n", encoding="utf-8")
    else:
        print(f"{len(found)} rows of routes, each with its level")
    return 0


sys.exit(main())
