"""What a run will take, before it starts: bytes, operations, messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from nnbcd import traffic
from nnbcd.checks import count
from nnbcd.couplings import Consistent
from nnbcd.network import Network
from nnbcd.problem import CHUNK
from nnbcd.sizes import as_bytes, machine_memory, readable

if TYPE_CHECKING:
    from nnbcd.solver import Solver

__all__ = ["Plan", "TooLargeError", "make_plan", "refuse_if_too_large"]

PAGES = 2**21  # the system brings in up to so many bytes at once


class TooLargeError(ValueError, MemoryError):
    """The run does not fit; the message says what would."""


@dataclass(frozen=True)
class Plan:
    """What a run takes, from :meth:`nnbcd.Solver.plan`.

    Bytes are those beyond what Python and torch take themselves (some
    hundred megabytes), for one of the processes.

    Parameters
    ----------
    rows : int
        N, all processes together.
    processes : int
    chunk_rows : int or None
        Rows in memory at a time; None: all.
    parts : tuple of (str, int)
        What lies in memory at the peak, in bytes.
    disk : int
        Bytes in temporary files at the peak.
    flops : float
        Operations of a sweep of one process, an addition and a
        multiplication counting two; products and solves only.
    messages : int
        Sums that the processes exchange in a sweep.
    payload : int
        Their bytes. An all-reduce sends at most twice that.

    Examples
    --------
    >>> from nnbcd import Dense, Network, Solver
    >>> net = Network(784, [Dense(300), Dense(100), Dense(10)])
    >>> plan = Solver(memory="300MB").plan(net, rows=60_000)
    >>> plan.chunk_rows < 60_000, plan.peak <= 300_000_000
    (True, True)
    """

    rows: int
    processes: int
    chunk_rows: int | None
    parts: tuple[tuple[str, int], ...]
    disk: int
    flops: float
    messages: int
    payload: int

    @property
    def peak(self) -> int:
        """Bytes in memory at the peak."""
        return sum(size for _, size in self.parts)

    def __repr__(self) -> str:
        each = -(-self.rows // self.processes)
        whole = f"all {each:,}"
        size = whole if self.chunk_rows is None else f"{self.chunk_rows:,}"
        lines = [
            f"Plan for {self.rows:,} rows, {self.processes} process"
            + "es" * (self.processes > 1),
            f"  rows in memory   {size}",
            f"  peak memory      {readable(self.peak)}",
        ]
        lines += [f"    {readable(n):>10}  {what}" for what, n in self.parts]
        lines += [
            f"  temporary files  {readable(self.disk)}",
            f"  a sweep          {self.flops:.3g} flops",
        ]
        if self.processes > 1:
            lines.append(
                f"  exchanged        {self.messages} sums, "
                f"{readable(self.payload)} a sweep"
            )
        return "\n".join(lines)


def make_plan(
    solver: Solver, network: Network, rows: int, processes: int = 1
) -> Plan:
    """See :meth:`nnbcd.Solver.plan`.

    Parameters
    ----------
    solver : Solver
    network : Network
    rows : int
        N, all processes together.
    processes : int
        That share the rows.

    Raises
    ------
    TooLargeError
        If ``memory`` is too little for the weights and one row, or for
        ``chunk_rows``.
    """
    rows, processes = count("rows", rows), count("processes", processes)
    here = -(-rows // processes)
    chunk = (
        None if solver.chunk_rows is None else min(here, solver.chunk_rows)
    )
    parts = _memory(solver, network, rows, here, chunk)
    if solver.memory is not None:
        chunk = _chosen(solver, network, rows, here, chunk)
        parts = _memory(solver, network, rows, here, chunk)
    numbers, messages = traffic.of_sweep(solver, network, rows)
    item = 8 if solver.dtype == "float64" else 4
    # X and y, and the states that a sweep holds at once.
    disk = 0 if chunk is None else item * here * _stored(solver, network)
    flops = traffic.flops(solver, network, rows, processes)
    return Plan(
        rows, processes, chunk, parts, disk, flops, messages, 8 * numbers
    )


def _chosen(
    solver: Solver, network: Network, rows: int, here: int, chunk: int | None
) -> int | None:
    """As many rows at a time as ``memory`` has room for; None: all."""
    assert solver.memory is not None
    budget = as_bytes(solver.memory)

    def size(chunk: int | None) -> int:
        return _size(_memory(solver, network, rows, here, chunk))

    if size(chunk) <= budget:
        return chunk
    if chunk is not None:
        msg = (
            f"chunk_rows={chunk} takes {readable(size(chunk))}, and memory "
            f"is {readable(budget)}: lower chunk_rows or leave it out."
        )
        raise TooLargeError(msg)
    if size(1) > budget:
        msg = (
            f"memory of {readable(budget)} is too little: the weights, their "
            f"systems and one row take {readable(size(1))}; give that, or "
            "narrow the layers."
        )
        raise TooLargeError(msg)
    low, high = 1, here  # the first fits, the second does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (middle, high) if size(middle) <= budget else (low, middle)
        )
    return low


def refuse_if_too_large(plan: Plan, device: torch.device) -> None:
    """Raise where the rows cannot fit the machine at all.

    Raises
    ------
    TooLargeError
    """
    there = machine_memory(device)
    if there is not None and plan.peak > there:
        msg = (
            f"the run would take {readable(plan.peak)} and the machine has "
            f'{readable(there)}: give Solver memory="{there // 2**21}MiB".'
        )
        raise TooLargeError(msg)


def _size(parts: tuple[tuple[str, int], ...]) -> int:
    return sum(n for _, n in parts)


def _widths(network: Network) -> list[int]:
    return [m.d_out for m in network.maps]


def _states(solver: Solver) -> int:
    """Row blocks that all states of a sweep hold, for each layer.

    U, V and their images before and after the sweep; under consistent, U
    and V of the old state and of two proposals.
    """
    if isinstance(solver.method, Consistent):
        return 6
    return 9 if solver.acceleration else 6


def _stored(solver: Solver, network: Network) -> int:
    """Numbers that a row has in X, y and the states."""
    widths = _widths(network)
    held = _states(solver) * sum(widths)
    return network.maps[0].d_in + widths[-1] + held


def _memory(
    solver: Solver, network: Network, rows: int, here: int, chunk: int | None
) -> tuple[tuple[str, int], ...]:
    """What lies in memory at the peak, in bytes."""
    item = 8 if solver.dtype == "float64" else 4
    maps, widths = network.maps, _widths(network)
    inputs = [m.weight_shape[1] + 1 for m in maps]
    outputs = [m.weight_shape[0] for m in maps]
    weights = sum(q * p for q, p in zip(outputs, inputs, strict=True))
    if isinstance(solver.method, Consistent):
        systems = 6 * sum(p * p for p in inputs) + 4 * max(inputs) ** 2
        at_once = min(here, solver.method.rows(rows, max(inputs) - 1))
    else:
        systems = 2 * inputs[0] ** 2 + 6 * max(inputs) ** 2
        at_once = 0
    # What a pass works on: the blocks of two layers and what comes between.
    pairs = zip([maps[0].d_in, *widths], widths, strict=False)
    between = 4 * max(a + b for a, b in pairs)
    if chunk is None:
        between = 9 * sum(widths)
    if solver.acceleration:
        between = max(between, 3 * sum(widths))
    piece = max(here if chunk is None else chunk, at_once)
    patches = max(
        (
            2 * min(piece * m.rows_per_sample * p, CHUNK + p)
            for m, p in zip(maps, inputs, strict=True)
            if m.rows_per_sample > 1
        ),
        default=0,
    )
    stored = _stored(solver, network)
    if chunk is not None:  # of the states, what a pass reads
        states = 6 if solver.acceleration else 3
        stored = maps[0].d_in + widths[-1] + states * sum(widths)
    return (
        ("weights and their steps", item * 8 * weights),
        ("systems of the solves", max(item, 8) * systems),
        ("rows held", item * (here if chunk is None else chunk) * stored),
        ("rows worked on", item * (piece * between + patches)),
        ("pages read ahead", 0 if chunk is None else 6 * len(maps) * PAGES),
    )
