#!/usr/bin/env python3
"""Counts test cases in what meson and pytest leave behind.

    tally.py meson testlog.json   "PASSED FAILED SKIPPED": cmocka cases; a program without such lines is one case
    tally.py junit results.xml    the same for pytest
    tally.py skips results.xml    why stories were skipped, one reason a line
"""
import collections
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

CASE = re.compile(r"^\[\s+(OK|FAILED|SKIPPED|PASSED)\s+\] (\S+)$", re.M)


def meson(path):
    passed = failed = skipped = 0
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            cases = collections.defaultdict(set)
            for what, name in CASE.findall(test.get("stdout", "") + "\n" + test.get("stderr", "")):
                cases[what].add(name)
            bad = test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")
            passed += len(cases["OK"])
            failed += len(cases["FAILED"])
            skipped += len(cases["SKIPPED"])
            if bad and not cases["FAILED"]:  # it crashed, leaked or hung after its last good case
                failed += 1
                print(f"{test['name']}: {test['result']}", file=sys.stderr)
            elif not bad and not cases:
                passed += test["result"] == "OK"
                skipped += test["result"] == "SKIP"
    return passed, failed, skipped


def junit(path):
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def skips(path):
    reasons = collections.Counter(
        node.get("message", "") for case in ElementTree.parse(path).iter("testcase") for node in case.findall("skipped"))
    for reason, count in sorted(reasons.items()):
        print(f"    skipped {count}: {reason}")


def main():
    what, path = sys.argv[1:]
    if what == "skips":
        skips(path)
    else:
        print(*{"meson": meson, "junit": junit}[what](path))


if __name__ == "__main__":
    main()
