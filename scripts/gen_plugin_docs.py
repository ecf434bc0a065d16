#!/usr/bin/env python3
"""Keeps the tables of docs/plugins/reference.md in step with the host's own tables of imports and exports.

    gen_plugin_docs.py           writes the tables
    gen_plugin_docs.py --check   fails when they are not what the sources say, or a row has no description

The last column, what a function does, is written by hand in the page and kept; all others come from src/plugin/imports.c and
src/plugin/check_exports.c. A table stands between "<!-- table NAME -->" and "<!-- end -->".
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "plugins" / "reference.md"
PLUGIN = ROOT / "src" / "plugin"
TYPES = {"i": "i32", "d": "f64"}
MATH = "Math"  # forty functions that all do what their names say: one row
HEADS = {
    "imports": "| import | type | capability | without it | other servers | |\n| --- | --- | --- | --- | --- | --- |",
    "exports": "| export | type | AssemblyScript | |\n| --- | --- | --- | --- |",
}


def capabilities():
    """SK_CAP_… and their short names in imports.c → key in package.json."""
    keys = dict(re.findall(r'X\((\w+), "(\w+)", \w+\)', (PLUGIN / "package.h").read_text()))
    names = {f"SK_CAP_{name}": key for name, key in keys.items()}
    for short, name in re.findall(r"^#define (\w+) (SK_CAP_\w+)$", (PLUGIN / "imports.c").read_text(), re.M):
        names[short] = names.get(name, "")
    return names


def spelt(canonical):
    params, result = canonical.split(">")
    return f"({', '.join(TYPES[p] for p in params)})" + (f" → {TYPES[result]}" if result else "")


def imports():
    """[(name as shown, cells)]"""
    text, keys = (PLUGIN / "imports.c").read_text(), capabilities()
    extensions = set(re.findall(r'"([^"]+)"', re.search(r"is_extension.*?names\[\] = \{(.*?)\};", (PLUGIN / "check_module.c").read_text(), re.S).group(1)))
    table = re.search(r"sk_imports\[\] = \{(.*?)^\};", text, re.S | re.M).group(1)
    rows = []
    for module, name, canonical, cap, denied in re.findall(r'\{ (?:"([\w-]+)"|WASI), "([^"]+)", "([^"]*)", (\w+), (-?\d+)', table):
        if module == "":
            continue  # WASI is described as a whole
        shown = name if module == "env" else f"{module}.{name}"
        key = keys[cap]
        rows.append((shown, [f"`{shown}`", spelt(canonical), f"`{key}`" if key else "", denied if key and not canonical.endswith(">") else "",
                             "no" if name in extensions else ""]))
    rows.append((MATH, [f"`{MATH}.*`", "(f64[, f64]) → f64", "", "", ""]))
    return rows


def exports():
    text = (PLUGIN / "check_exports.c").read_text()
    macros = dict(re.findall(r"^#define (\w+) (-?\d+, -?\d+, \w+)$", text, re.M))
    rows = []
    for name, fields in re.findall(r'^    \{ "(\w+)", (.*?) \},$', re.search(r"shapes\[\] = \{(.*?)^\};", text, re.S | re.M).group(1), re.M):
        for macro, value in macros.items():
            fields = fields.replace(macro, value)
        buffer, script, result, required = [field.strip() for field in fields.split(",")]
        back = " → i32" if result == "true" else ""
        shapes = ["–" if int(n) < 0 else f"({', '.join(['i32'] * int(n))}){back}" for n in (buffer, script)]
        rows.append((name, [f"`{name}`" + (" (must be there)" if required == "true" else ""), *shapes]))
    return rows


def described(old):
    """Name of a row → its description, from the table as it is."""
    return {match[0]: match[1].strip() for match in re.findall(r"^\| `([^`]+?)(?:\.\*)?`[^\n]*\| ([^|\n]*) \|$", old, re.M)}


def table(name, old):
    texts, rows = described(old), {"imports": imports, "exports": exports}[name]()
    missing = [shown for shown, _ in rows if not texts.get(shown)]
    return HEADS[name] + "\n" + "\n".join(f"| {' | '.join([*cells, texts.get(shown, '')])} |" for shown, cells in rows), missing


def main():
    old, missing = PAGE.read_text(encoding="utf-8"), []

    def renewed(found):
        text, lacking = table(found.group(2), found.group(3))
        missing.extend(lacking)
        return f"{found.group(1)}{text}\n{found.group(4)}"

    new = re.sub(r"(<!-- table (\w+) -->\n)(.*?)(<!-- end -->)", renewed, old, flags=re.S)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(new, encoding="utf-8")
    elif new != old:
        print("docs/plugins/reference.md is not what the sources say: run scripts/gen_plugin_docs.py")
        return 1
    for name in missing:
        print(f"docs/plugins/reference.md: {name} has no description")
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
