"""What the tests of faults went through, counted and summed up.

A test that survives a fault says so, ``tally("files mutated", 40)``; at the
end of a run one line gives the sums. Counts travel with the reports, so that
those of pytest-xdist's workers arrive as well.
"""

import pytest

__all__ = ["how_many", "pytest_terminal_summary", "tally"]

COUNTED = ("kills survived", "bad inputs tried", "files mutated")


@pytest.fixture
def tally(record_property):
    """Adds to the counts of the summary."""

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
    """One line, where anything was counted."""
    totals, lost = dict.fromkeys(COUNTED, 0), 0
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            # What could not be collected reports without keywords.
            marks = getattr(report, "keywords", ())
            lost += outcome != "passed" and "faults" in marks
            if report.when != "call":
                continue
            for name, value in report.user_properties:
                if name in COUNTED:
                    totals[name] += value
    if any(totals.values()):
        counts = ", ".join(f"{n:,} {name}" for name, n in totals.items() if n)
        end = f"{lost} tests failed" if lost else "all with nothing lost"
        terminalreporter.write_line(f"faults: {counts}, {end}")
