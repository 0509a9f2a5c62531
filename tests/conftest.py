"""What every test may ask for."""

import os
from pathlib import Path

import pytest
import torch

# One core a test: pytest-xdist already keeps the others busy.
torch.set_num_threads(1)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("this machine shows torch no CUDA device")


# What the tests of faults count, in the words of the summary.
COUNTED = ("kills survived", "bad inputs tried", "files mutated")


@pytest.fixture
def tally(record_property):
    """Adds to the counts of the summary: ``tally("files mutated", 40)``."""

    def add(what: str, count: int) -> None:
        assert what in COUNTED
        record_property(what, count)

    return add


@pytest.fixture(scope="session")
def how_many(request):
    """Tries of a random test: all with ``-m faults``, else a twentieth."""
    full = request.config.option.markexpr == "faults"
    return lambda tries: tries if full else -(-tries // 20)


def pytest_terminal_summary(terminalreporter) -> None:
    """What the tests of faults went through; workers send their counts."""
    totals, lost = dict.fromkeys(COUNTED, 0), 0
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            found = dict.fromkeys(COUNTED, 0)
            for name, value in getattr(report, "user_properties", ()):
                if name in COUNTED and report.when == "call":
                    found[name] += value
            lost += outcome != "passed" and "faults" in report.keywords
            for name, value in found.items():
                totals[name] += value
    if not any(totals.values()):
        return
    counts = ", ".join(f"{n:,} {name}" for name, n in totals.items() if n)
    end = f"{lost} tests failed" if lost else "all with nothing lost"
    terminalreporter.write_line(f"faults: {counts}, {end}")


@pytest.fixture(scope="session")
def nnbcd_data() -> Path:
    """Folder of the published data sets, see CONTRIBUTING.md."""
    name = os.environ.get("NNBCD_DATA")
    if name is None:
        pytest.skip(
            "the published data are not part of the repository: set "
            "NNBCD_DATA to the folder that holds uci_har/ and mnist/"
        )
    folder = Path(name)
    if not folder.is_dir():
        pytest.fail(f"NNBCD_DATA names {name!r}, which is not a folder")
    return folder
