"""The chapter on scaling quotes what the benchmark has stored."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_memory_is_the_stored_one() -> None:
    text = (ROOT / "book/_src/scaling.md").read_text("utf-8")
    shown = re.findall(r"^\| (\w+) \| (\d+) MB \| (\d+) MB \|$", text, re.M)
    stored = json.loads(
        (ROOT / "benchmarks/results/scaling.json").read_text()
    )
    rows = [r for r in stored["rows"] if r["name"].startswith("memory-")]
    assert len(rows) == 2
    assert shown == [
        (
            r["coupling"],
            *(f"{r[k]['peak'] / 1e6:.0f}" for k in ("alone", "shared")),
        )
        for r in rows
    ]
    (chunk,) = {r["chunk_rows"] for r in rows}
    assert f"{chunk:,} rows at a time |" in text
    assert all(r["difference"] < 1e-10 for r in stored["rows"])
    assert all(r["shared"]["peak"] < 600e6 for r in rows)
