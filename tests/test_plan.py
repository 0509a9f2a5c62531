"""The plan of a run: what it says beforehand, and what comes true."""

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from nnbcd import Dense, Network, Solver, TooLargeError, plan
from nnbcd.sizes import as_bytes, readable

LENET = Network(784, [Dense(300), Dense(100), Dense(10)])


@pytest.mark.parametrize("coupling", ["penalty", "constraint", "consistent"])
@pytest.mark.parametrize("n", [300, 2000])
def test_operations_are_those_that_torch_counts(
    coupling: str, n: int
) -> None:
    """Products of rows; torch does not count solves, so they are few."""
    network = Network(40, [Dense(30), Dense(20), Dense(10)])
    x, y = torch.rand(n, 40), torch.arange(n) % 10
    solver = Solver(coupling=coupling)
    problem = solver.problem(network, x, y)
    state = solver.init(problem)
    assert len(problem.input_gram)
    with FlopCounterMode(display=False) as counter:
        solver.step(problem, state)
    planned = solver.plan(network, n).flops
    # A consistent sweep has some solves for each of its chunks.
    rel = 0.2 if coupling == "consistent" else 0.12
    assert counter.get_total_flops() == pytest.approx(planned, rel=rel)


MEASURE = """
import sys, torch
from nnbcd import Dense, Network, Solver
from nnbcd.metrics import PeakMemory
torch.set_num_threads(1)
coupling, chunk = sys.argv[1], int(sys.argv[2]) or None
net = Network(200, [Dense(300), Dense(300), Dense(10)])
solver = Solver(coupling=coupling, sweeps=1, chunk_rows=chunk)
few, y = torch.rand(500, 200), torch.arange(20000) % 10
solver.fit(net, few, y[:500])  # libraries that load on the first call
x = torch.rand(20000, 200, dtype=torch.float64)
with PeakMemory() as memory:
    solver.fit(net, x, y)
print(-1 if memory.bytes is None else memory.bytes - memory.before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("coupling", ["penalty", "consistent"])
@pytest.mark.parametrize("chunk", [0, 1000])
def test_the_peak_is_what_was_planned(coupling: str, chunk: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, coupling, str(chunk)],
        capture_output=True,
        text=True,
        check=True,
    )
    measured = int(done.stdout)
    network = Network(200, [Dense(300), Dense(300), Dense(10)])
    solver = Solver(coupling=coupling, chunk_rows=chunk or None)
    planned = solver.plan(network, 20_000).peak
    assert 0.2 * planned < measured < 1.15 * planned


def test_memory_decides_how_many_rows_at_a_time() -> None:
    sizes = ["150MB", "300MB", "1GB", "8GB"]
    plans = [Solver(memory=size).plan(LENET, 60_000) for size in sizes]
    chunks = [p.chunk_rows or 60_000 for p in plans]
    assert chunks == sorted(chunks)
    assert plans[-1].chunk_rows is None and plans[-1].disk == 0
    for size, made in zip(sizes, plans, strict=True):
        assert made.peak <= as_bytes(size)
    again = Solver(chunk_rows=chunks[1] + 50).plan(LENET, 60_000)
    assert again.peak > as_bytes("300MB")


def test_a_plan_is_readable() -> None:
    made = Solver(coupling="penalty", memory="300MB").plan(LENET, 60_000, 4)
    text = repr(made)
    assert "Plan for 60,000 rows, 4 processes" in text
    assert "rows held" in text
    assert f"{made.messages} sums, {readable(made.payload)} a sweep" in text
    assert sum(n for _, n in made.parts) == made.peak


def test_what_does_not_fit_is_refused_with_what_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(TooLargeError, match="memory of 1 MB is too little"):
        Solver(memory="1MB").plan(LENET, 60_000)
    with pytest.raises(TooLargeError, match="lower chunk_rows or leave it"):
        Solver(memory="99MB", chunk_rows=9999).plan(LENET, 60_000)
    monkeypatch.setattr(plan, "machine_memory", lambda device: 10**6)
    x, y = torch.rand(50, 784), torch.arange(50) % 10
    with pytest.raises(TooLargeError, match="the machine has 1 MB"):
        Solver().problem(LENET, x, y)
    assert issubclass(TooLargeError, MemoryError)


@pytest.mark.parametrize(
    "size", ["", "4 GiBs", "-1GB", "0", True, "GB", "1e9"]
)
def test_sizes_that_are_none(size: Any) -> None:
    with pytest.raises(ValueError, match="memory must be"):
        Solver(memory=size)


def test_messages_of_lifted_sweeps_do_not_grow_with_the_rows() -> None:
    lifted = [
        Solver(coupling="penalty").plan(LENET, n, 4).payload
        for n in (10**3, 10**6)
    ]
    assert lifted[0] == lifted[1]
    passes = [
        Solver(coupling="consistent").plan(LENET, n, 4).payload
        for n in (10**5, 10**6)
    ]
    assert passes[1] / passes[0] == pytest.approx(10, rel=0.01)
