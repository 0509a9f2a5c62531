"""Processes that share the rows: the run is that of one, to rounding."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shared_run import CASES, ROWS, digits, network, told

from nnbcd import Solver
from nnbcd.checkpoint import load
from nnbcd.distributed import Processes
from nnbcd.plan import make_plan

RTOL = 1e-10
HERE = Path(__file__).parent


def start(command: Sequence[str], size: int) -> list[Any]:
    """``size`` processes as torchrun starts them, but nobody's children."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "WORLD_SIZE": str(size),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "TORCHELASTIC_RUN_ID": "test",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(HERE.parent),
    }
    return [
        subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, **shared, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]


def finish(processes: list[Any], seconds: float = 120) -> list[Any]:
    """(code, stdout, stderr) of each; those that hang are ended."""
    try:
        said = [p.communicate(timeout=seconds) for p in processes]
    finally:
        for p in processes:
            if p.poll() is None:
                p.kill()
                p.communicate()
    return [(p.returncode, *s) for p, s in zip(processes, said, strict=True)]


def difference(one: Any, other: Any) -> float:
    """Largest relative difference of blocks and records."""
    gaps = []
    for a, b in zip(one["blocks"], other["blocks"], strict=True):
        x, y = np.asarray(a), np.asarray(b)
        gaps.append(np.linalg.norm(x - y) / np.linalg.norm(x))
    for a, b in zip(
        one["history"]["sweeps"], other["history"]["sweeps"], strict=True
    ):
        for name in ("objective", "step_norm", "subgradient"):
            if a[name] is not None:
                gaps.append(abs(a[name] - b[name]) / abs(a[name]))
    return float(max(gaps))


@pytest.fixture(scope="module")
def alone() -> dict[str, Any]:
    """The cases in one process, in memory."""
    x, y = digits()
    answers = {}
    for name, settings in CASES.items():
        solver = Solver(coupling=name.split()[0], sweeps=4, **settings)
        result = solver.fit(network(name), x, y, validation=(x, y))
        answers[name] = json.loads(json.dumps(told(name, result)))
    return answers


@pytest.mark.parametrize(("size", "chunk"), [(2, 0), (4, 40)])
def test_processes_and_one_make_the_same_run(size, chunk, alone, tmp_path):
    out = tmp_path / "out.json"
    command = [str(HERE / "shared_run.py"), str(out), str(chunk), *CASES]
    ends = finish(start(command, size))
    assert [code for code, *_ in ends] == [0] * size, ends
    shared = json.loads(out.read_text())
    worst = {n: difference(alone[n], shared[n]) for n in CASES}
    print(f"{size} processes: largest relative difference {worst}")
    assert max(worst.values()) < RTOL
    for name, settings in CASES.items():
        assert shared[name]["accuracy"] == alone[name]["accuracy"]
        solver = Solver(coupling=name.split()[0], sweeps=4, **settings)
        plan = make_plan(solver, network(name), ROWS, size)
        # A step has neither callbacks nor a check of the weights: 3 less.
        numbers, messages = shared[name]["spent"]
        if "schedule" in settings:  # the first stage counts as the last
            continue
        assert numbers == plan.payload // 8 - 3
        assert messages == plan.messages - 3


def test_rows_that_one_process_refuses_end_all(tmp_path):
    job = (
        "import numpy as np, os\n"
        "from nnbcd import Dense, Network, Solver\n"
        "from nnbcd.distributed import Processes\n"
        "x, y = np.ones((6, 2)), np.arange(6) % 2\n"
        "if os.environ['RANK'] == '1': x[3] = np.nan\n"
        "with Processes() as group:\n"
        "    Solver().fit(Network(2, [Dense(2)]), x, y, group=group)\n"
    )
    for code, _, error in finish(start(["-c", job], 2)):
        assert code != 0
        assert "process 1 of 2: X has NaN or infinite entries" in error


def test_processes_need_torchrun(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(ValueError, match="needs torchrun"):
        Processes()


TRAIN = (
    "-m nnbcd train --hidden 24 16 --coupling penalty --alpha 1 --json "
    "--quiet --timeout 30"
).split()


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A checkpoint of two processes, one of which was killed; their ends."""
    kept = tmp_path_factory.mktemp("kept") / "run.npz"
    code = (
        "import nnbcd.checkpoint as c, nnbcd.__main__ as m, sys, nnbcd\n"
        "import nnbcd.keeper as k\n"
        "class Often(c.Checkpoint):\n"
        "    def __init__(self, path): super().__init__(path, 0.0)\n"
        "k.Checkpoint = Often\n"
        "sys.exit(m.main(sys.argv[1:]))\n"
    )
    words = [*TRAIN[2:], "--sweeps", "100000", "--checkpoint", str(kept)]
    processes = start(["-c", code, *words], 2)
    limit = time.monotonic() + 60
    while not kept.exists() and time.monotonic() < limit:
        time.sleep(0.05)
    os.kill(processes[1].pid, signal.SIGKILL)
    begun = time.monotonic()
    ends = finish(processes, 60)
    return kept, (time.monotonic() - begun, ends)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_lost_process_ends_the_others_in_words(killed):
    kept, (seconds, ends) = killed
    (code, out, error), (lost, *_) = ends
    assert lost == -signal.SIGKILL
    assert code == 2
    assert out == ""
    assert "a process was lost" in error
    assert "Traceback" not in error
    assert seconds < 40
    assert kept.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("size", [1, 3])
def test_the_checkpoint_goes_on_with_other_processes(size, killed, tmp_path):
    kept, _ = killed
    mine = tmp_path / "run.npz"
    mine.write_bytes(kept.read_bytes())
    done = len(load(mine).history.sweeps)
    words = [*TRAIN, "--sweeps", str(done + 3)]
    resumed = [*words, "--checkpoint", str(mine)]
    (code, out, error), *_ = finish(start(resumed, size))
    assert code == 0, error
    (_, whole, _), *_ = finish(start(words, 1))
    one, other = json.loads(whole), json.loads(out)
    assert len(one["objective"]) == done + 4
    gap = np.abs(np.subtract(one["objective"], other["objective"]))
    assert (gap / np.abs(one["objective"])).max() < RTOL
