#!/usr/bin/env python3
"""Puts the templates of `skiff plugin new` into the program.

    embed_templates.py SDK_FOLDER OUT.c [DEPFILE]

A package of one language and template is made of, later ones replacing earlier ones of the same name: what all packages of the
template share (sdk/templates/NAME: template.json and scenarios/), what all of the language share (sdk/LANG/templates/common), the
template in that language (sdk/LANG/templates/NAME), and the SDK itself, which goes in unchanged.
"""
import json
import os
import pathlib
import sys

LANGUAGES = ("rust", "c", "assemblyscript", "go")
# Where the SDK of a language stands in the package, and which of its files.
SDK = {
    "rust": [("signalk-plugin/", "signalk-plugin", ["Cargo.toml", "rustfmt.toml", "src/**/*.rs"]), ("signalk-plugin/", ".", ["build.sh"])],
    "c": [("sdk/", ".", ["build.sh", "plugin.c", "include/**/*.h"])],
    "assemblyscript": [],
    "go": [("signalk/", "signalk", ["**/*.go"])],
}


def files_below(folder):
    return sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []


def package(sdk, language, template):
    """{path in the package: (file, whether it has placeholders)}"""
    found = {}
    for top in (sdk / "templates" / template, sdk / language / "templates/common", sdk / language / "templates" / template):
        for path in files_below(top):
            if path.name != "template.json":
                found[str(path.relative_to(top))] = (path, True)
    for prefix, folder, patterns in SDK[language]:
        for pattern in patterns:
            for path in sorted((sdk / language / folder).glob(pattern)):
                if not path.name.endswith("_test.go"):
                    found[prefix + str(path.relative_to(sdk / language / folder))] = (path, False)
    return found


def literal(text):
    """A C string, one line of the source for one of the text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("?", "\\?")
    return "\n".join(f'    "{line}\\n"' for line in escaped.split("\n")[:-1]) or '    ""'


def main():
    sdk, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    templates = sorted(p.parent.name for p in (sdk / "templates").glob("*/template.json"))
    numbers, texts, tables, rows = {}, [], [], []

    def text_of(path):
        if path not in numbers:
            text = path.read_text(encoding="utf-8")
            if not text.endswith("\n"):
                sys.exit(f"{path}: the last line has no end")
            numbers[path] = len(numbers)
            texts.append(f"static const char text_{numbers[path]}[] =\n{literal(text)};\n")
        return f"text_{numbers[path]}"

    for template in templates:
        about = json.loads((sdk / "templates" / template / "template.json").read_text(encoding="utf-8"))
        capabilities = json.dumps(about["capabilities"], indent=2).replace("\n", "\n  ")
        for language in LANGUAGES:
            files = package(sdk, language, template)
            tables.append(f"static const struct sk_template_file files_{language}_{template}[] = {{")
            for name, (path, holes) in sorted(files.items()):
                executable = "true" if os.access(path, os.X_OK) else "false"
                at = text_of(path)
                tables.append(f'    {{ "{name}", {at}, sizeof {at} - 1, {"true" if holes else "false"}, {executable} }},')
            tables.append("    { NULL, NULL, 0, false, false },\n};\n")
            strings = (json.dumps(s) for s in (language, template, about["brief"], about["about"], capabilities))
            rows.append(f"    {{ {', '.join(strings)}, files_{language}_{template} }},")
    body = ["/* Made by scripts/embed_templates.py. */", '#include "cli/templates.h"', "", *texts, *tables,
            "const struct sk_template sk_templates[] = {", *rows, "    { NULL, NULL, NULL, NULL, NULL, NULL },", "};", ""]
    out.write_text("\n".join(body), encoding="utf-8")
    if len(sys.argv) > 3:
        # folders as well, for what will be added
        watched = sorted(str(p) for p in [*numbers, *(sdk / "templates").glob("*/template.json"), *sdk.glob("**/")])
        pathlib.Path(sys.argv[3]).write_text(f"{out}: {' '.join(watched)}\n")


if __name__ == "__main__":
    main()
