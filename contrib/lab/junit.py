#!/usr/bin/env python3
"""What ctest counted: prints "TESTS FAILURES SKIPPED" of a JUnit file; who was skipped and why goes into another.

usage: junit.py RESULTS SKIPPED. Where CI is set, a skipped end-to-end test is a failure: there every MTA must be had.
"""

import os
import sys
import xml.etree.ElementTree


def main(results, skipped):
    try:
        cases = xml.etree.ElementTree.parse(results).getroot().findall("testcase")
    except (OSError, xml.etree.ElementTree.ParseError):
        cases = []
    needed = "e2e: " if os.environ.get("CI") else "-"
    failed, left_out = 0, {}
    for case in cases:
        name, status = case.get("name"), case.get("status")
        if status in ("notrun", "disabled"):
            said = (case.findtext("system-out") or "").strip().splitlines()
            left_out[name] = said[-1] if said else "no reason given"
        elif status != "run":
            failed += 1
    missing = sum(1 for name in left_out if name.startswith(needed))
    with open(skipped, "w", encoding="utf-8") as file:
        file.writelines(f"  {name}: {reason}\n" for name, reason in left_out.items())
    print(len(cases), failed + missing, len(left_out) - missing)


main(*sys.argv[1:])
