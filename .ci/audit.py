"""Compare the pinned versions with the published lists of weaknesses.

pip-audit asks the advisory database of PyPI. It is installed for this one
question, in a folder that is thrown away. Exit code 0: all was looked up and
nothing found; 1: something was found; 3: not all could be looked up, which
is said, as "nothing found" would not be true.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

PINS = Path(__file__).resolve().parent.parent / "constraints.txt"


def look_up() -> list[dict]:
    """What pip-audit says of every pinned package; empty if it can't."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off"]
        commands = (
            ["pip", "install", "-q", "pip-audit"],
            ["pip_audit", "-r", PINS, "-f", "json", *options],
        )
        for words in commands:
            done = subprocess.run(
                [python, "-m", *words], capture_output=True, text=True
            )
        try:
            return json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            return []


def main() -> int:
    """Print what is known, and what could not be asked."""
    rows = look_up()
    asked = [row for row in rows if "skip_reason" not in row]
    weak = [row for row in asked if row["vulns"]]
    for row in weak:
        for one in row["vulns"]:
            fixed = ", ".join(one["fix_versions"]) or "no version yet"
            print(f"{row['name']} {row['version']}: {one['id']}, {fixed}")
    print(f"audit: {len(weak)} of {len(asked)} packages are known to be weak")
    missing = len(rows) - len(asked)
    if missing or not rows:
        what = f"{missing} packages" if rows else "the packages"
        print(f"audit: {what} could not be looked up", file=sys.stderr)
    return 1 if weak else 3 if missing or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
