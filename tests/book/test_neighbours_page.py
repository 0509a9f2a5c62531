"""The measured table of "Where this sits" says what was stored."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_is_the_stored_run():
    stored = ROOT / "benchmarks/results/neighbours.json"
    rows = json.loads(stored.read_text("utf-8"))["rows"]
    (row,) = [r for r in rows if r["name"] == "digits-dense"]
    page = (ROOT / "book/neighbours.md").read_text("utf-8")
    shown = re.findall(r"\| (\.\d{3}) \| (\d+\.\d) \|", page)
    wanted = [
        (f"{m['accuracy']:.3f}".lstrip("0"), f"{m['processor']:.1f}")
        for m in row["methods"]
    ]
    assert shown == wanted
