"""One of several processes that share the rows; see test_distributed.py.

    python shared_run.py out.json cases...

Process 0 writes what came out. The shares are uneven on purpose.
"""

import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from nnbcd import (
    Conv2d,
    CrossEntropy,
    Dense,
    Gradual,
    LargerThanDenseWarning,
    LowRank,
    Network,
    Result,
    Solver,
    Sparse,
    TensorTrain,
)
from nnbcd.datasets import load
from nnbcd.gathering import gathered
from nnbcd.rows import Rows

__all__ = ["CASES", "ROWS", "digits", "network", "told"]

ROWS = 203

CASES: dict[str, dict[str, Any]] = {
    "penalty": {"acceleration": True, "step_tol": 1e-12},
    "constraint": {"loss": CrossEntropy(), "schedule": Gradual(2)},
    "consistent": {"loss": CrossEntropy()},
    "consistent convolution": {"time_limit": 1e6},
    "prox-linear": {"loss": CrossEntropy()},
    "prox-linear sparse": {},
    "prox-linear convolution": {"time_limit": 1e6},
}


def network(name: str) -> Network:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LargerThanDenseWarning)
        if name.endswith("convolution"):
            layers = [Conv2d(3, 3), Conv2d(2, 3, structure=LowRank(1))]
            return Network((1, 8, 8), [*layers, Dense(10)])
        if name in ("consistent", "prox-linear"):
            first = Dense(20, structure=TensorTrain(rank=4))
            return Network(64, [first, Dense(12), Dense(10)])
        return Network(
            64, [Dense(20, structure=Sparse(0.7)), Dense(12), Dense(10)]
        )


def digits() -> tuple[Any, Any]:
    """Sorted by label: a process sees some of the classes only."""
    data = load("digits")
    x, y = data.x_train[:ROWS], data.y_train[:ROWS]
    order = y.argsort(kind="stable")
    return x[order], y[order]


def told(name: str, result: Result, rows: Rows | None = None) -> Any:
    """What a run came to, fit for JSON; whole in process 0."""
    state = gathered(rows or Rows(), result.state)
    blocks = [*state.w, *state.u, *state.v]
    return {
        "blocks": [x.tolist() for x in blocks],
        "history": asdict(result.history),
        "accuracy": [s.train_accuracy for s in result.history.sweeps],
    }


def main() -> None:
    from nnbcd.distributed import Processes

    torch.set_num_threads(1)
    out, chunk, *names = sys.argv[1:]
    x, y = digits()
    with Processes(timeout=60) as group:
        # Shares as uneven as can be: the first holds few rows, the last most.
        ends = [0, *(3 * k * k + 1 for k in range(1, group.size)), ROWS]
        part = slice(ends[group.rank], ends[group.rank + 1])
        answers = {}
        for name in names:
            solver = Solver(
                coupling=name.split()[0],
                sweeps=4,
                chunk_rows=int(chunk) or None,
                **CASES[name],
            )
            problem = solver.problem(
                network(name), x[part], y[part], group=group
            )
            state = solver.init(problem)
            assert len(problem.input_gram)  # summed once, in the first sweep
            before = group.numbers, group.messages
            solver.step(problem, state)
            spent = group.numbers - before[0], group.messages - before[1]
            result = solver.run(problem, state, validation=digits())
            answers[name] = told(name, result, problem.rows)
            answers[name]["spent"] = spent
        if group.rank == 0:
            Path(out).write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
