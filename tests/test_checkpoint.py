"""Checkpoints: interrupted and resumed is the same; refusals; full disks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import nnbcd.checkpoint
from nnbcd import (
    Checkpoint,
    CheckpointWarning,
    Dense,
    Free,
    Gradual,
    LowRank,
    Network,
    Penalties,
    Solver,
    Sparse,
    State,
    Status,
    TensorTrain,
)
from nnbcd.__main__ import main
from nnbcd.checkpoint import load, save
from nnbcd.packing import pack, unpack

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 6))
Y = RNG.integers(0, 3, 30)
NET = Network(6, [Dense(8, structure=Sparse(0.5)), Dense(5), Dense(3)])
SOLVER = Solver(coupling="penalty", sweeps=6)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.npz"


def equal(a, b):
    """Two results agree in all but the clock."""
    weights = zip(a.state.weights(), b.state.weights(), strict=True)
    return (
        a.history.objective == b.history.objective
        and all(torch.equal(x, y) for x, y in weights)
        and [s.sweep for s in a.history.sweeps]
        == [s.sweep for s in b.history.sweeps]
    )


def test_train_takes_a_checkpoint(path, capsys):
    def command(sweeps):
        line = f"train --hidden 8 --sweeps {sweeps} --quiet --json"
        assert main([*line.split(), "--checkpoint", str(path)]) == 0
        return json.loads(capsys.readouterr().out)["objective"]

    first, longer = command(2), command(4)
    assert len(first) == 3
    assert longer[:3] == first
    assert len(longer) == 5


def test_goes_on_to_more_sweeps(path):
    half = SOLVER.fit(NET, X, Y, checkpoint=path)
    longer = replace(SOLVER, sweeps=11)
    rest = longer.fit(NET, X, Y, checkpoint=str(path))
    assert len(half.history.sweeps) == 6
    assert equal(rest, longer.fit(NET, X, Y))
    assert rest.seconds > half.seconds


def test_a_finished_run_is_not_run_again(path, monkeypatch):
    first = SOLVER.fit(NET, X, Y, checkpoint=path)
    before = path.stat().st_mtime_ns
    monkeypatch.setattr("nnbcd.run.one_sweep", None)
    again = SOLVER.fit(NET, X, Y, checkpoint=path)
    assert again.status is first.status
    assert equal(again, first)
    assert path.stat().st_mtime_ns == before


def test_an_interrupt_is_resumed(path):
    def interrupt(record, state):
        if record.sweep == 3:
            raise KeyboardInterrupt

    part = SOLVER.fit(NET, X, Y, checkpoint=path, callbacks=[interrupt])
    assert part.status is Status.INTERRUPTED
    assert len(load(path).history.sweeps) == 3
    whole = SOLVER.fit(NET, X, Y, checkpoint=path)
    assert whole.status is Status.MAX_SWEEPS
    assert equal(whole, SOLVER.fit(NET, X, Y))


def test_an_interrupt_between_state_and_record_loses_the_sweep(monkeypatch):
    from nnbcd.trail import Trail

    add = Trail.add

    def interrupted(self, state, record, blocks=()):
        if record.sweep == 3:
            self._sweeps.append(record)
            raise KeyboardInterrupt
        add(self, state, record, blocks)

    monkeypatch.setattr(Trail, "add", interrupted)
    part = SOLVER.fit(NET, X, Y)
    monkeypatch.undo()
    assert part.status is Status.INTERRUPTED
    assert equal(part, replace(SOLVER, sweeps=2).fit(NET, X, Y))


def test_a_callback_that_stopped_the_run_is_remembered(path):
    def stop(record, state):
        return record.sweep == 2

    SOLVER.fit(NET, X, Y, checkpoint=path, callbacks=[stop])
    again = SOLVER.fit(NET, X, Y, checkpoint=path, callbacks=[stop])
    assert again.status is Status.STOPPED
    assert len(again.history.sweeps) == 2


def test_stopped_before_the_sets_are_reached(path):
    solver = replace(SOLVER, schedule=Gradual(4))

    def interrupt(record, state):
        if record.sweep == 3:
            raise KeyboardInterrupt

    part = solver.fit(NET, X, Y, checkpoint=path, callbacks=[interrupt])
    assert part.history.sweeps[-1].sweep == 4  # the closing projection
    whole = solver.fit(NET, X, Y, checkpoint=path)
    assert equal(whole, solver.fit(NET, X, Y))


def test_time_counts_from_the_first_start(path):
    solver = replace(SOLVER, sweeps=10**6, time_limit=0.2)
    first = solver.fit(NET, X, Y, checkpoint=path)
    again = solver.fit(NET, X, Y, checkpoint=path)
    assert again.status is Status.TIME_LIMIT
    assert len(again.history.sweeps) == len(first.history.sweeps)


def test_is_written_at_most_so_often(path, monkeypatch):
    written = []
    monkeypatch.setattr(
        "nnbcd.keeper.save", lambda path, saved, keep: written.append(saved)
    )
    SOLVER.fit(NET, X, Y, checkpoint=Checkpoint(path, 0.0))
    often = len(written)
    SOLVER.fit(NET, X, Y, checkpoint=Checkpoint(path, 1000.0))
    assert often > 1
    assert len(written) == often + 1  # the end
    assert len(written[-1].history.sweeps) == 6


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 1}, "start"),
        ({"x": X + 1e-9}, "data"),
        ({"y": np.roll(Y, 1)}, "data"),
        ({"network": NET.with_structures([Sparse(0.6), *NET.structures[1:]])},
         "network"),
        ({"penalties": Penalties(tau=4.0)}, "penalties"),
        ({"coupling": "constraint"}, "method"),
        ({"dtype": "float32"}, "dtype"),
        ({"acceleration": True}, "acceleration"),
        ({"schedule": Gradual(2)}, "schedule"),
    ],
)  # fmt: skip
def test_another_run_is_refused(path, change, named):
    SOLVER.fit(NET, X, Y, checkpoint=path)
    call = {"network": NET, "x": X, "y": Y, "seed": 0}
    settings = {k: v for k, v in change.items() if k not in call}
    call |= {k: v for k, v in change.items() if k in call}
    with pytest.raises(ValueError, match=f"another run: the.*{named}"):
        replace(SOLVER, **settings).fit(**call, checkpoint=path)


@pytest.mark.parametrize("keep", [0, 40, 0.5, 0.99])
def test_a_damaged_file_is_refused(path, keep):
    SOLVER.fit(NET, X, Y, checkpoint=path)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(keep * len(raw)) if keep < 1 else keep])
    with pytest.raises(ValueError, match=r"damaged: delete it"):
        SOLVER.fit(NET, X, Y, checkpoint=path)


def test_a_flipped_byte_is_refused(path):
    result = SOLVER.fit(NET, X, Y, checkpoint=path)
    raw = bytearray(path.read_bytes())
    place = raw.find(result.state.u[0].numpy().tobytes())
    assert place > 0
    raw[place] ^= 1
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="damaged"):
        load(path)


def test_another_archive_is_refused(path):
    np.savez(path, meta=np.zeros(3))
    with pytest.raises(ValueError, match="not a checkpoint"):
        load(path)


def test_a_missing_folder_is_named_before_the_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="the folder .*gone does not"):
        SOLVER.fit(NET, X, Y, checkpoint=tmp_path / "gone" / "run.npz")


def test_a_full_disk_leaves_the_file_of_before(path, monkeypatch):
    SOLVER.fit(NET, X, Y, checkpoint=path)
    saved, before = load(path), path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(nnbcd.checkpoint.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(path, saved)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.fixture
def full_disk():
    """Files stop growing at 8 KiB, as far as this process is concerned."""
    resource = pytest.importorskip("resource", reason="POSIX only")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.faults
def test_a_run_outlives_a_full_disk(path, request):
    SOLVER.fit(NET, X, Y, checkpoint=path)
    before = path.read_bytes()
    assert len(before) > 8192
    request.getfixturevalue("full_disk")
    longer = replace(SOLVER, sweeps=9)
    kept = Checkpoint(path, every_sweeps=1)
    with pytest.warns(CheckpointWarning, match="still that of sweep 6") as w:
        result = longer.fit(NET, X, Y, checkpoint=kept)
    assert len(w) == 1  # it was tried three times
    assert equal(result, longer.fit(NET, X, Y))
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.faults
def test_a_run_outlives_a_disk_that_is_full_from_the_start(path, full_disk):
    with pytest.warns(CheckpointWarning, match="goes on, there is none"):
        result = SOLVER.fit(NET, X, Y, checkpoint=path)
    assert result.status is Status.MAX_SWEEPS
    assert list(path.parent.iterdir()) == []


def test_the_files_before_are_kept(path):
    solver = replace(SOLVER, sweeps=7)
    kept = Checkpoint(path, every_sweeps=2, keep=3)
    solver.fit(NET, X, Y, checkpoint=kept)
    names = [path.name, f"{path.name}.1", f"{path.name}.2"]
    assert sorted(p.name for p in path.parent.iterdir()) == names
    sweeps = [
        len(load(path.with_name(name)).history.sweeps) for name in names
    ]
    assert sweeps == [7, 6, 4]
    # One that is put back is gone on from.
    path.with_name(names[2]).replace(path)
    assert equal(
        solver.fit(NET, X, Y, checkpoint=kept), solver.fit(NET, X, Y)
    )


def test_files_are_kept_where_there_are_no_links(path, monkeypatch):
    def refused(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(nnbcd.checkpoint.os, "link", refused)
    kept = Checkpoint(path, every_sweeps=3, keep=2)
    SOLVER.fit(NET, X, Y, checkpoint=kept)
    older = load(path.with_name(f"{path.name}.1"))
    assert len(older.history.sweeps) == 3


@pytest.mark.faults
@pytest.mark.parametrize("step", ["fsync", "link", "replace"])
def test_the_file_is_there_whenever_a_writing_is_cut(path, step, monkeypatch):
    kept = Checkpoint(path, keep=2)
    SOLVER.fit(NET, X, Y, checkpoint=kept)
    saved = load(path)

    def cut(*_):
        raise SystemExit

    place = Path if step == "replace" else nnbcd.checkpoint.os
    monkeypatch.setattr(place, step, cut)
    with pytest.raises(SystemExit):
        save(path, saved, keep=2)
    monkeypatch.undo()
    assert len(load(path).history.sweeps) == 6
    assert not path.with_name(path.name + ".part").exists()


@pytest.mark.parametrize("change", [{"every_sweeps": 0}, {"keep": 0}])
def test_counts_are_checked(change):
    (name,) = change
    with pytest.raises(ValueError, match=f"{name} must be an integer of at"):
        Checkpoint("run.npz", **change)


@pytest.mark.parametrize("seconds", [-1, float("nan"), "often"])
def test_every_seconds_is_checked(seconds):
    checked = getattr(Checkpoint, "__wrapped__", Checkpoint)
    with pytest.raises(Exception, match="every_seconds"):
        checked("run.npz", seconds)


def layouts():
    """Tensors whose memory is laid out in every way the code makes."""
    base = torch.arange(48.0, dtype=torch.float64)
    return {
        "plain": base.reshape(6, 8).clone(),
        "transposed": base.reshape(6, 8).clone().mT,
        "slice": base.reshape(6, 8)[1:5, 2:7],
        "permuted": base.reshape(2, 4, 6).permute(2, 0, 1),
        "expanded": torch.ones(6, 1, dtype=torch.float64).expand(6, 8),
        "empty": torch.zeros(0, 8, dtype=torch.float64),
    }


@pytest.mark.parametrize("name", layouts())
def test_a_layout_is_kept(name):
    x = layouts()[name]
    state = State((x,), (None,), (x,), (x.clone(),), (None,), (None,), 0.5)
    after = unpack(*pack(state), None)
    assert torch.equal(after.w[0], x)
    assert after.w[0].stride() == x.stride()
    assert (after.w[0].storage_offset() - x.storage_offset()) % 64 == 0
    assert after.w[0] is after.u[0]  # one tensor stays one
    assert after.w[0] is not after.v[0]
    assert after.trust == 0.5


@pytest.mark.parametrize(
    "structure", [Sparse(0.5), LowRank(2), TensorTrain(2)]
)
@pytest.mark.parametrize(
    "coupling", ["penalty", "constraint", "consistent", "prox-linear"]
)
def test_every_part_of_a_state_is_kept(structure, coupling):
    network = Network(6, [Dense(8, structure=structure), Dense(3)])
    solver = Solver(coupling=coupling)
    problem = solver.problem(network, X, Y)
    state, _ = solver.step(problem, solver.init(problem))
    arrays, layout = pack(state)
    after = unpack(arrays, json.loads(json.dumps(layout)), None)
    assert (len(state.memory) > 0) == (coupling == "prox-linear")
    for name in ("w", "b", "u", "v", "affine", "memory"):
        for a, b in zip(
            getattr(state, name), getattr(after, name), strict=True
        ):
            assert (a is None and b is None) or torch.equal(a, b)
    g, copy = state.g[0], after.g[0]
    assert torch.equal(g.dense, copy.dense)
    assert (g.mask is None) == (copy.mask is None)
    assert (g.cores is None) == (copy.cores is None)
    if g.mask is not None:
        assert torch.equal(g.mask, copy.mask)
    if g.cores is not None:
        assert all(map(torch.equal, g.cores.cores, copy.cores.cores))
    assert (g.dense is state.w[0]) == (copy.dense is after.w[0])
    assert after.g[1] is None
    assert (after.trust, after.beta) == (state.trust, state.beta)


@pytest.mark.parametrize(
    "structure", [Free(), Sparse(0.5), LowRank(2), TensorTrain(2)]
)
def test_prox_linear_goes_on_bit_by_bit(path, structure):
    layers = [Dense(8, structure=structure), Dense(5), Dense(3)]
    half = Solver(coupling="prox-linear", sweeps=3)
    half.fit(Network(6, layers), X, Y, checkpoint=path)
    longer = replace(half, sweeps=8)
    rest = longer.fit(Network(6, layers), X, Y, checkpoint=path)
    whole = longer.fit(Network(6, layers), X, Y)
    assert equal(rest, whole)
    assert all(map(torch.equal, rest.state.memory, whole.state.memory))
