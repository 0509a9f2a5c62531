"""The explorer of scaling out: memory, messages and flops of a sweep."""

from __future__ import annotations

from functools import cache
from typing import Any

from nnbcd import Dense, Network, Solver
from nnbcd.explore.controls import Choice, Stops
from nnbcd.explore.grid import GridExplorer
from nnbcd.explore.marks import Line, Points, Rule
from nnbcd.explore.picture import Panel, Picture, Tick
from nnbcd.plan import Plan
from nnbcd.sizes import readable

__all__ = ["PROCESSES", "ROWS", "WIDTHS", "draw", "plan", "scaling_explorer"]

ROWS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
WIDTHS = (64, 128, 256, 512, 1024)
PROCESSES = (1, 2, 4, 16, 64)
COUPLINGS = ("penalty", "consistent")
HELD = ("all", "1,000 at a time")
_LOOKS: dict[str, dict[str, Any]] = {
    HELD[0]: {"colour": "vermillion", "dash": "dashed"},
    HELD[1]: {"colour": "blue", "dash": "solid"},
    COUPLINGS[0]: {"colour": "green", "dash": "solid"},
    COUPLINGS[1]: {"colour": "purple", "dash": "dashdot"},
}
# The goal, for each process.
MEMORY, EXCHANGED, FLOPS = 2e9, 1e8, 1e12

_ROW_TICKS: tuple[Tick, ...] = (
    *((1e3, "1 000"), (1e5, "100 000"), (1e7, "10 million")),
)
_SIZE_TICKS: tuple[Tick, ...] = (
    *((1e6, "1 MB"), (1e9, "1 GB"), (1e12, "1 TB")),
)


@cache
def plan(
    coupling: str, rows: int, width: int, processes: int, held: str
) -> Plan:
    """What :meth:`nnbcd.Solver.plan` says of a 784-width-width-10 network.

    Parameters
    ----------
    coupling, held : str
        Of ``COUPLINGS`` and ``HELD``.
    rows, width, processes : int
    """
    chunk = None if held == HELD[0] else 1_000
    solver = Solver(coupling=coupling, certify=False, chunk_rows=chunk)
    net = Network(784, [Dense(width), Dense(width), Dense(10)])
    return solver.plan(net, rows, processes)


def draw(
    coupling: str, rows: int, width: int, processes: int, held: str
) -> Picture:
    """Memory of a process and bytes exchanged, against the rows.

    Parameters
    ----------
    coupling, held : str
        Of ``COUPLINGS`` and ``HELD``.
    rows, width, processes : int
        Of ``ROWS``, ``WIDTHS`` and ``PROCESSES``.
    """
    now = plan(coupling, rows, width, processes, held)
    sent = now.payload if processes > 1 else 0
    reached = (
        rows >= ROWS[-1]
        and width >= 512
        and now.peak <= MEMORY
        and sent <= EXCHANGED
        and now.flops <= FLOPS
    )
    exchange = (
        f"exchanges {readable(sent)} in {now.messages:,} sums a sweep"
        if sent
        else "exchanges nothing"
    )
    caption = (
        f"{coupling.capitalize()}, {rows:,} rows, width {width}, processes: "
        f"{processes}. Each holds {readable(now.peak)} in memory and "
        f"{readable(now.disk)} in files, computes {now.flops:.2g} flops and "
        f"{exchange}."
    )
    memory = _memory(coupling, rows, width, processes, held)
    return Picture((memory, _sent(coupling, rows, width)), caption, reached)


def scaling_explorer() -> GridExplorer:
    """Explorer of what a sweep takes with more rows and more processes.

    Choose the coupling, the rows, the width, the processes and how many
    rows each holds in memory.
    """
    return GridExplorer(
        title="A sweep, shared out",
        goal=(
            "Ten million rows and width 512 or more: each process in at most "
            "2 GB of memory and 10\u00b9\u00b2 flops a sweep, with at most "
            "100 MB exchanged."
        ),
        legend=(
            "A network 784-width-width-10 in double precision, without the "
            "certificate, as Solver.plan counts it. The dotted line is the "
            "goal's limit."
        ),
        controls=(
            Choice("coupling", "coupling", COUPLINGS, COUPLINGS[1]),
            Stops("rows", "rows N", ROWS, 100_000),
            Stops("width", "width of the hidden layers", WIDTHS, 256),
            Stops("processes", "processes P", PROCESSES, 2),
            Choice("held", "rows in memory", HELD, HELD[0]),
        ),
        draw=draw,
        play="processes",
    )


def _memory(
    coupling: str, rows: int, width: int, processes: int, held: str
) -> Panel:
    marks: list[Line | Points | Rule] = [Rule(MEMORY, dash="dotted")]
    for name in HELD:
        peaks = [plan(coupling, n, width, processes, name) for n in ROWS]
        marks.append(
            Line(
                ROWS,
                [p.peak for p in peaks],
                width=3.5 if name == held else 1.5,
                label=f"rows in memory: {name}",
                **_LOOKS[name],
            )
        )
    peak = plan(coupling, rows, width, processes, held).peak
    marks.append(Points((rows,), (peak,), "square", 6, colour="ink"))
    return Panel(
        marks=tuple(marks),
        title=f"Memory of each process, P = {processes}",
        x_label="rows N",
        x_limits=(6e2, 2e7),
        y_limits=(1e6, 1e13),
        x_log=True,
        y_log=True,
        x_ticks=_ROW_TICKS,
        y_ticks=_SIZE_TICKS,
        alt="Bytes in memory of one process against the rows",
    )


def _sent(coupling: str, rows: int, width: int) -> Panel:
    marks: list[Line | Points | Rule] = [Rule(EXCHANGED, dash="dotted")]
    for name in COUPLINGS:
        sums = [plan(name, n, width, 2, HELD[0]).payload for n in ROWS]
        marks.append(
            Line(
                ROWS,
                sums,
                width=3.5 if name == coupling else 1.5,
                label=name,
                **_LOOKS[name],
            )
        )
    sent = plan(coupling, rows, width, 2, HELD[0]).payload
    marks.append(Points((rows,), (sent,), "square", 6, colour="ink"))
    return Panel(
        marks=tuple(marks),
        title="Sums exchanged in a sweep, P > 1",
        x_label="rows N",
        x_limits=(6e2, 2e7),
        y_limits=(1e5, 1e13),
        x_log=True,
        y_log=True,
        x_ticks=_ROW_TICKS,
        y_ticks=_SIZE_TICKS,
        alt="Bytes summed over the processes in a sweep, against the rows",
    )
