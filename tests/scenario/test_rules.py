"""RULES.md names a story for each rule, ATTACKS.md for each attack: they all exist, so that a renamed or deleted one is noticed."""
import ast
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent
NAMED = re.compile(r"`(\w+)::(\w+|\*)`")
# What is about something else than the data core.
ELSEWHERE = re.compile("(admin|browser|plugin|resource|security|webapp)_.*|app_store|application_data|backup|backup_faults|binary_streams|broken_folder|busy|cli_help|cli_https|client_requests|clients|clock_jumps|"
                       "connections|course|course_geodesy|execute|faults|file_stream|history|history_playback|history_trouble|kills|mutated_requests|nmea0183|nth_failure|"
                       "nmea2000|nmea2000_out|openapi|power_loss|radars|resources|rules|safe_mode|sandbox|serial|shutdown|signalk_client|socket_activation|status_page|systemd|tls|tls_attacks|"
                       "trust_proxy|unit_users|weather|webapps")


def stories(name):
    file = FOLDER / f"test_{name}.py"
    if not file.is_file():
        return set()
    return {node.name for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


def rows(table="RULES.md"):
    lines = (FOLDER / table).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith(("| rule |", "| attack |", "| --- |"))]


@pytest.mark.parametrize("table, least", [("RULES.md", 100), ("ATTACKS.md", 26)])
def test_each_row_names_a_story(table, least):
    assert len(rows(table)) > least
    assert [row for row in rows(table) if not NAMED.search(row)] == []


def test_each_known_attack_has_its_row():
    numbers = [int(found.group(1)) for found in (re.match(r"\| (\d+)\. ", row) for row in rows("ATTACKS.md")) if found]
    assert numbers == list(range(1, 27))


@pytest.mark.parametrize("table", ["RULES.md", "ATTACKS.md"])
def test_each_story_that_is_named_exists(table):
    named = {found for row in rows(table) for found in NAMED.findall(row)}
    missing = [f"{file}::{test}" for file, test in sorted(named) if not (stories(file) if test == "*" else f"test_{test}" in stories(file))]
    assert missing == []


def test_each_file_of_the_core_is_named():
    """A new file of stories about the core is put into the table, or here when it is about something else."""
    named = {file for row in rows() for file, _ in NAMED.findall(row)}
    core = {"delta_validation", "sources", "leaf", "rest_tree", "rest_http", "identity", "metadata", "units", "discovery", "mdns", "ws_hello",
            "ws_subscribe", "ws_requests", "ws_protocol", "ws_compression", "slow_clients", "tcp_stream", "put", "meta_put", "notifications",
            "priority", "staleness", "full_model", "model_limits", "property", "history_absent", "core_rules"}
    assert core <= named
    on_disk = {file.stem.removeprefix("test_") for file in FOLDER.glob("test_*.py")}
    assert sorted(name for name in on_disk - named if not ELSEWHERE.fullmatch(name)) == []
