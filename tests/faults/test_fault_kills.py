"""Runs that are killed at any moment lose a sweep at most, and no bit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HELPER = Path(__file__).parents[1] / "kill_and_resume.py"
CASES = (
    "penalty",
    "constraint",
    "consistent",
    "penalty-accelerated",
    "constraint-accelerated",
    "penalty-gradual",
    "constraint-gradual",
    "consistent-gradual",
)
FEW = ("penalty", "constraint-accelerated", "consistent-gradual")
pytestmark = [
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.skipif(
        not hasattr(os, "fork"), reason="SIGKILL and fork: POSIX only"
    ),
]


@pytest.fixture(scope="module")
def reports(tmp_path_factory, how_many):
    folder = tmp_path_factory.mktemp("kills")
    kills = how_many(100)
    names = CASES if kills == 100 else FEW
    line = [HELPER, folder, 1, kills, *names]
    done = subprocess.run(
        [sys.executable, *map(str, line)],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        cwd=HELPER.parents[1],
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_killed_and_resumed_is_bitwise_the_same(reports, tally):
    for report in reports.values():
        assert set(report["killed"]) == {report["whole"]}
        # The file is written after each sweep, once that is announced: of
        # what was announced no more than the last sweep is lost.
        assert all(kept >= said - 1 for _, said, kept in report["sweeps"])
        tally("kills survived", report["kills"])


def test_the_kills_were_real(reports, how_many):
    kills = sum(report["kills"] for report in reports.values())
    assert kills >= how_many(100)
    begun = [row[0] for r in reports.values() for row in r["sweeps"]]
    assert sum(k > 0 for k in begun) >= how_many(20)  # it did resume
    assert len({r["whole"] for r in reports.values()}) == len(reports)
