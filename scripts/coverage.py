#!/usr/bin/env python3
"""Which files have fewer lines reached by tests than wanted.

    coverage.py SUMMARY.json PERCENT       gcovr's --json-summary; fails when a file, or all together, are below
"""
import json
import sys


def main():
    summary, wanted = json.load(open(sys.argv[1], encoding="utf-8")), float(sys.argv[2])
    rows = [(f["filename"], f["line_covered"], f["line_total"]) for f in summary["files"] if f["line_total"] > 0]
    rows.append(("all", summary["line_covered"], summary["line_total"]))
    low = 0
    for name, covered, total in rows:
        percent = 100 * covered / total
        low += percent < wanted
        print(f"{percent:6.1f} %  {covered:5} of {total:5}  {name}{'  TOO FEW' if percent < wanted else ''}")
    return 1 if low or len(rows) == 1 else 0


if __name__ == "__main__":
    sys.exit(main())
