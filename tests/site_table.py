"""What the browser saw, as a table at the end of the run.

A test says what it did with ``record_property``; the reports carry that from
the workers of pytest-xdist to the one process that prints.
"""

from collections import defaultdict

import pytest

MEGABYTE = 1_000_000
# Property to its line in the table: how often, each thing once.
DISTINCT = {"page": "pages", "explorer": "explorers"}
# Property to its line: the sum.
TOTALS = {
    "positions": "positions moved",
    "outside": "outside requests",
    "errors": "console errors",
}
# Property, [page, bytes], to its line: the largest, and its limit in MB.
LARGEST = {
    "front": ("first page, gzip", 1.5),
    "chapter": ("largest chapter, gzip", 4.0),
    "drawn": ("largest explorers of a chapter", 2.0),
}


class SiteTable:
    """Collects the properties of the tests, prints them once."""

    def __init__(self) -> None:
        self.seen: dict[str, list] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":  # the last one has them all
            for name, value in report.user_properties:
                self.seen[name].append(value)

    def lines(self) -> list[str]:
        rows = [
            (words, f"{len(set(self.seen[name]))}")
            for name, words in DISTINCT.items()
        ]
        rows += [
            (words, f"{sum(self.seen[name])}")
            for name, words in TOTALS.items()
        ]
        for name, (words, limit) in LARGEST.items():
            if self.seen[name]:
                page, size = max(self.seen[name], key=lambda pair: pair[1])
                mine = f"{size / MEGABYTE:.2f} MB"
                rows.append((words, f"{mine} of {limit} MB ({page})"))
        return [f"{words:<32} {value}" for words, value in rows]

    def pytest_terminal_summary(self, terminalreporter) -> None:
        if not self.seen["page"]:
            return
        terminalreporter.section("The site in a browser")
        for line in self.lines():
            terminalreporter.write_line(line)
