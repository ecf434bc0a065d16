"""--help, wrong words, shell completion and the manual page: all made from one table of commands."""
import pathlib
import re
import shutil
import subprocess

import pytest

from harness.server import binary, command
from harness.terminal import Terminal

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def run(*args, stdin=None):
    return command(*args, input=stdin)


def said(*args):
    done = run(*args)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def commands():
    """Every command as a list of words, found as a user finds them: by what help lists. The server itself is []."""
    if binary() is None:
        return []
    listed = re.search(r"^Commands: (.*?)^\S", said("--help"), re.M | re.S).group(1)
    found = [[]]
    for entry in " ".join(listed.split()).split(", "):
        first = entry.removesuffix(" ...")
        found += [[first]] if first == entry else [[first, name] for name in re.findall(r"^  (\S+)  ", said(first, "--help"), re.M)]
    return found


def options(words):
    return re.findall(r"^ +(?:-\w, )?--([a-z0-9-]+)", said(*words, "--help"), re.M)


EVERY = [pytest.param(words, id=" ".join(["skiff", *words])) for words in commands()]
pytestmark = pytest.mark.skipif(binary() is None, reason="no server binary")


def test_the_commands_are_found():
    assert {("plugin", "check"), ("plugin", "stats"), ("completion",), ("man",), ("help",)} <= {tuple(p.values[0]) for p in EVERY}


@pytest.mark.parametrize("words", EVERY)
def test_help_fits_a_screen_and_shows_an_example(words):
    for text in (said(*words, "--help"), said(*words, "-h"), said("help", *words)):
        lines = text.splitlines()
        assert len(lines) <= 24 and max(map(len, lines)) <= 80 and text.isascii(), text
        assert lines[0].startswith(" ".join(["Usage: skiff", *words]))
        assert re.search(r"^Example: .*skiff", text, re.M)
    assert text == said(*words, "--help")


@pytest.mark.parametrize("words", EVERY)
def test_the_example_uses_options_that_exist(words):
    example = re.search(r"^Example: (.*?)(?=^\S|\Z)", said(*words, "--help"), re.M | re.S).group(1)
    for option in re.findall(r" --([a-z0-9-]+)", example):
        assert option in options(words)


def test_help_of_a_group_lists_its_commands():
    groups = {p.values[0][0] for p in EVERY if len(p.values[0]) == 2}
    for group in groups:
        text = said(group, "--help")
        assert text == said("help", group)
        assert len(text.splitlines()) <= 24 and max(map(len, text.splitlines())) <= 80
        names = re.findall(r"^  (\S+)  ", text, re.M)
        assert names == [p.values[0][1] for p in EVERY if p.values[0][:1] == [group]]
        alone = run(group)
        assert (alone.returncode, alone.stderr) == (2, text)


@pytest.mark.parametrize("words", EVERY)
def test_a_wrong_option_is_told_which_is_meant(words):
    for option in options(words):
        if len(option) < 4:
            continue
        typed = option[0] + option[2] + option[1] + option[3:] if option[1] != option[2] else option[:2] + option[3:]
        done = run(*words, f"--{typed}")
        assert done.returncode == 2
        assert f"unknown option --{typed}; did you mean --{option}?" in done.stderr
        assert " ".join(["see skiff", *words, "--help"]) in done.stderr
    done = run(*words, "--quite-something-else")
    assert (done.returncode, done.stdout) == (2, "") and "unknown option --quite-something-else (" in done.stderr


@pytest.mark.parametrize("words", [p for p in EVERY if p.values[0]])
def test_a_wrong_command_is_told_which_is_meant(words):
    *before, last = words
    typed = [*before, last[0] + last[2] + last[1] + last[3:] if len(last) > 3 else last + "x"]
    done = run(*typed)
    assert done.returncode == 2
    assert done.stderr == f"skiff: unknown command '{' '.join(typed)}'; did you mean skiff {' '.join(words)}?\n"


@pytest.mark.parametrize("args, says", [
    (["plugin", "dance"], "skiff: unknown command 'plugin dance' (see skiff plugin --help)\n"),
    (["sail"], "skiff: unknown command 'sail' (see skiff --help)\n"),
    (["--port"], "skiff: --port needs a value (see skiff --help)\n"),
    (["--port", "1", "ahoy"], "skiff: unknown word 'ahoy' (see skiff --help)\n"),
    (["--version=3"], "skiff: --version takes no value (see skiff --help)\n"),
    (["plugin", "check"], "skiff plugin check: FOLDER"),
    (["completion", "fish"], "skiff completion: the word 'fish' is none of bash|zsh (see skiff completion --help)\n"),
    (["help", "plugin", "chekc"], "skiff: unknown command 'plugin chekc'; did you mean skiff plugin check?\n"),
])
def test_what_is_wrong_is_named(args, says):
    done = run(*args)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(says)


# ---- completion ------------------------------------------------------------------------------------------------------------

def bash(line, cwd=None):
    """What bash offers at the end of the line."""
    words = line.split(" ")
    script = 'source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _skiff; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", script, binary(), *words], capture_output=True, text=True, timeout=60, cwd=cwd)
    assert done.stderr == "", done
    return set(done.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize("words", EVERY)
def test_bash_offers_every_option(words):
    offered = bash(" ".join(["skiff", *words, "--"]))
    assert {f"--{name}" for name in options(words)} <= offered
    for one in options(words):
        assert bash(" ".join(["skiff", *words, f"--{one}"])) >= {f"--{one}"}


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_offers_commands_choices_and_files(tmp_path):
    (tmp_path / "boats").mkdir()
    (tmp_path / "bag.wasm").write_text("")
    first = {p.values[0][0] for p in EVERY if p.values[0]}
    assert bash("skiff ") == first
    assert bash("skiff plugin ") == {p.values[0][1] for p in EVERY if p.values[0][:1] == ["plugin"]}
    assert bash("skiff plugin ch") == {"check"}
    assert bash("skiff completion ") == {"bash", "zsh"}
    assert bash("skiff plugin check b", tmp_path) == {"boats", "bag.wasm"}
    assert bash("skiff --config b", tmp_path) == bash("skiff -c b", tmp_path) == {"boats"}
    assert bash("skiff --settings b", tmp_path) == {"boats", "bag.wasm"}


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh")
def test_zsh_completes(tmp_path):
    (tmp_path / "boats").mkdir()
    (tmp_path / "bag.wasm").write_text("")
    zsh = Terminal("zsh", "-f", "-i", cwd=tmp_path)
    try:
        zsh.type(f"autoload -U compinit; compinit -u -D; source <({binary()} completion zsh); bindkey '^I' complete-word; print rea''dy\n")
        zsh.wait_for("ready")
        for typed, comes in [
            ("pl", "plugin"), ("plugin che", "plugin check"), ("completion z", "completion zsh"), ("plugin check --por", "--portable"),
            ("--safe", "--safe-mode"), ("plugin check ba", "bag.wasm"), ("--config bo", "boats/"), ("plugin stats --tok", "--token"),
        ]:
            zsh.type(f"skiff {typed}\t")
            zsh.wait_for(comes)
            zsh.type("\x15print do''ne\n")
            zsh.wait_for("done")
    finally:
        zsh.close()


# ---- the manual page -------------------------------------------------------------------------------------------------------

def test_the_manual_names_everything():
    page = said("man").replace("\\-", "-")
    for param in EVERY:
        words = param.values[0]
        assert " ".join(["skiff", *words]) in page
        for option in options(words):
            assert option == "help" or f"\\fB--{option}\\fR" in page, option


@pytest.mark.skipif(shutil.which("man") is None or shutil.which("groff") is None, reason="no man")
def test_man_shows_the_page_without_a_complaint():
    page = said("man")
    shown = subprocess.run(["man", "--warnings", "-Tutf8", "-P", "cat", "-l", "-"], input=page, capture_output=True, text=True, timeout=60)
    assert (shown.returncode, shown.stderr) == (0, "")
    for title in ("NAME", "SYNOPSIS", "OPTIONS", "COMMANDS", "ENVIRONMENT", "FILES"):
        assert re.search(rf"^{title}$", re.sub(r".\x08|\x1b\[\d+m", "", shown.stdout), re.M), title


def test_the_manual_and_the_pages_name_the_same_variables():
    page = said("man")
    named = set(re.findall(r"^\.B ([A-Z0-9_]+)$", page, re.M))
    described = set()
    for file in ("configuration.md", "security.md"):
        for row in re.findall(r"^\| (`[A-Z0-9_]+`(?:, `[A-Z0-9_]+`)*) \|", (DOCS / file).read_text(encoding="utf-8"), re.M):
            described |= set(re.findall(r"[A-Z0-9_]+", row))
    assert named == described
