"""Fail where a test was skipped: a green run means that every server was really there.

    python .ci/refuse_skips.py REPORT.xml

Some things may be wanting, for no package brings them: the corpus of real mails, which holds other people's letters
and is not in the repository, and the right to mount a small disk, which most containers do not have. The tools that
read the files of deploy/ may be wanting too: they are no part of a machine that builds. So may the commits before, in a
shallow clone.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

ALLOWED = ("corpus", "the right to mount", "deploy/ is tried with", "the history of the repository")


def refused_skips(report: str) -> list[str]:
    """One line a skipped test with its reason; a report in which no test ran is refused as well."""
    cases = list(ElementTree.fromstring(report).iter("testcase"))  # noqa: S314 (pytest wrote it)
    if all(case.find("skipped") is not None for case in cases):
        return ["no test ran"]
    return [
        f"{case.get('classname')}::{case.get('name')}: {skipped.get('message')}"
        for case in cases
        for skipped in case.iter("skipped")
        if skipped.get("type") == "pytest.skip"
        and not any(words in (skipped.get("message") or "") for words in ALLOWED)
    ]


def main() -> None:
    refused = refused_skips(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if refused:
        sys.exit("\n".join(["Skipped, which fails here:", *refused]))


if __name__ == "__main__":
    main()
