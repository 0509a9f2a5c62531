"""Ctrl-C ends a run at the end of a block; what breaks one has a name."""

import os
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

import nnbcd.run
from nnbcd import Dense, LowRank, Network, Solver, Status
from nnbcd.blocks import u, v
from nnbcd.checkpoint import load
from nnbcd.interrupts import Interrupts

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((20, 6)), RNG.integers(0, 3, 20)
NET = Network(6, [Dense(8, structure=LowRank(2)), Dense(5), Dense(3)])
SOLVER = Solver(coupling="penalty", sweeps=6)
pytestmark = pytest.mark.faults


def ctrl_c():
    signal.raise_signal(signal.SIGINT)


def equal(a, b):
    pairs = zip(a.state.weights(), b.state.weights(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def interrupting(block, monkeypatch, *, sweep, layer, times=1):
    """SIGINT within an update; what the update did after it."""
    whole, finished = block.update, []

    def update(problem, state, i):
        hit = i == layer and len(finished) // 3 == sweep - 1
        for _ in range(times if hit else 0):
            ctrl_c()
        new = whole(problem, state, i)
        finished.append(hit)
        return new

    monkeypatch.setattr(block, "update", update)
    return finished


@pytest.mark.parametrize("block", [u, v])
def test_the_block_is_finished_and_the_sweep_before_kept(
    block, monkeypatch, tmp_path
):
    path = tmp_path / "run.npz"
    finished = interrupting(block, monkeypatch, sweep=3, layer=1)
    part = SOLVER.fit(NET, X, Y, checkpoint=path)
    assert finished[-1]  # no more was begun
    monkeypatch.undo()
    assert part.status is Status.INTERRUPTED
    assert len(part.history.sweeps) == 2
    assert equal(part, replace(SOLVER, sweeps=2).fit(NET, X, Y))
    assert len(load(path).history.sweeps) == 2
    whole = SOLVER.fit(NET, X, Y, checkpoint=path)
    assert whole.status is Status.MAX_SWEEPS
    assert equal(whole, SOLVER.fit(NET, X, Y))


def test_a_sweep_that_is_all_but_done_is_done(monkeypatch):
    interrupting(u, monkeypatch, sweep=3, layer=0)
    part = SOLVER.fit(NET, X, Y)
    monkeypatch.undo()
    assert part.status is Status.INTERRUPTED
    assert equal(part, replace(SOLVER, sweeps=3).fit(NET, X, Y))


def test_a_second_one_does_not_wait(monkeypatch):
    finished = interrupting(u, monkeypatch, sweep=3, layer=1, times=2)
    part = SOLVER.fit(NET, X, Y)
    assert not finished[-1]
    assert part.status is Status.INTERRUPTED
    assert len(part.history.sweeps) == 2


def test_one_in_a_callback_of_the_last_sweep_is_not_forgotten():
    call = lambda record, state: ctrl_c() if record.sweep == 6 else None  # noqa: E731
    part = SOLVER.fit(NET, X, Y, callbacks=[call])
    assert part.status is Status.INTERRUPTED
    assert len(part.history.sweeps) == 6


def test_one_during_the_last_writing_does_not_spoil_it(tmp_path, monkeypatch):
    fsync, path = os.fsync, tmp_path / "run.npz"

    def slow(handle):
        ctrl_c()
        ctrl_c()
        fsync(handle)

    monkeypatch.setattr("nnbcd.checkpoint.os.fsync", slow)
    result = SOLVER.fit(NET, X, Y, checkpoint=path)
    monkeypatch.undo()
    assert len(result.history.sweeps) == 6
    assert equal(result, SOLVER.fit(NET, X, Y))
    assert len(load(path).history.sweeps) == 6


def test_handlers_are_left_as_they_were():
    before = signal.getsignal(signal.SIGINT)
    SOLVER.fit(NET, X, Y)
    assert signal.getsignal(signal.SIGINT) is before is not None


def test_a_handler_of_the_users_own_is_left_alone():
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:
        call = lambda record, state: ctrl_c()  # noqa: E731
        result = SOLVER.fit(NET, X, Y, callbacks=[call])
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.status is Status.MAX_SWEEPS
    assert len(seen) == 6


def test_runs_in_another_thread():
    results = []
    thread = threading.Thread(
        target=lambda: results.append(SOLVER.fit(NET, X, Y))
    )
    thread.start()
    thread.join()
    assert equal(results[0], SOLVER.fit(NET, X, Y))


def test_the_context_says_what_it_saw():
    with Interrupts() as quiet:
        quiet.block_done()
    with Interrupts() as interrupts:
        ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            interrupts.block_done()
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you"),
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate"),
    ],
    ids=["python", "cpu", "gpu"],
)
def test_memory_that_runs_out_has_a_status(error, monkeypatch):
    whole = nnbcd.run.read

    def read(updates, number):
        if number == 3:
            raise error
        return whole(updates, number)

    monkeypatch.setattr(nnbcd.run, "read", read)
    result = SOLVER.fit(NET, X, Y)
    monkeypatch.undo()
    assert result.status is Status.OUT_OF_MEMORY
    assert equal(result, replace(SOLVER, sweeps=2).fit(NET, X, Y))


def test_other_errors_are_no_status(monkeypatch):
    def read(updates, number):
        msg = "a bug"
        raise RuntimeError(msg)

    monkeypatch.setattr(nnbcd.run, "read", read)
    with pytest.raises(RuntimeError, match="a bug"):
        SOLVER.fit(NET, X, Y)
