"""Refuse a tag that does not fit what it marks.

    python .ci/tag.py v1.0

A release must carry its number in pyproject.toml, in CITATION.cff and as a
heading of CHANGELOG.md, and its notebooks must install the tag, not a branch
that moves on. Prints the notes of the release, from the changelog.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def faults(tag: str, root: Path = ROOT) -> list[str]:
    """What does not fit, a sentence each."""
    if not re.fullmatch(r"v\d+(\.\d+)+", tag, re.ASCII):
        return [f"a release is tagged like v1.0, not {tag!r}."]
    number = tag[1:]
    wanted = {
        "pyproject.toml": f'version = "{number}"',
        "CITATION.cff": f"version: {number}",
        "_config.yml": f"  branch: {tag}",
    }
    found = [
        f"{file} needs the line {line}"
        for file, line in wanted.items()
        if line not in (root / file).read_text("utf-8").splitlines()
    ]
    if not notes(tag, root):
        found.append(f"CHANGELOG.md needs a section ## [{number}]")
    return found


def notes(tag: str, root: Path = ROOT) -> str:
    """The section of the changelog, without its heading."""
    text = (root / "CHANGELOG.md").read_text("utf-8")
    section = re.search(
        rf"^## \[{re.escape(tag[1:])}\].*\n((?:(?!## ).*\n?)*)", text, re.M
    )
    return section[1].strip() if section else ""


def main() -> int:
    """Command line: 0 when the tag fits."""
    tag = sys.argv[1] if len(sys.argv) == 2 else ""
    found = faults(tag)
    for fault in found:
        print(f"tag: {fault}", file=sys.stderr)
    if found:
        return 1
    print(notes(tag))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
