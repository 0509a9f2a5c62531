"""Draw the picture of the README from real runs.

    .venv/bin/python book/_tools/result_figure.py

Trains 64-256-256-10 on digits three times, with the default settings, and
writes ``book/_static/digits_sparse.svg``. Takes about seven minutes.
"""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from nnbcd import Dense, Free, Network, Solver, Sparse, TensorTrain
from nnbcd.datasets import digits
from nnbcd.explore.figures import style
from nnbcd.history import History
from nnbcd.result import Result

TARGET = Path(__file__).parents[1] / "_static" / "digits_sparse.svg"
SWEEPS = 200
STRUCTURES = {
    "dense": Free(),
    "90 % zeros": Sparse(0.9),
    "tensor train, rank 24": TensorTrain(24),
}


def train(structure: Free | Sparse | TensorTrain) -> Result:
    """Train with this structure in both hidden layers."""
    data = digits()
    layers = [Dense(256, structure=structure) for _ in range(2)]
    network = Network(data.features, [*layers, Dense(data.classes)])
    return Solver(sweeps=SWEEPS).fit(
        network,
        data.x_train,
        data.y_train,
        validation=(data.x_test, data.y_test),
        progress=True,
    )


def draw(histories: dict[str, History]) -> Figure:
    """Training loss on the left, test accuracy on the right, by label."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
    for label, history in histories.items():
        sweeps = [s.sweep for s in history.sweeps]
        left.plot(sweeps, history.objective[1:], label=label)
        accuracy = [s.validation_accuracy or 0 for s in history.sweeps]
        right.plot(sweeps, [100 * a for a in accuracy], label=label)
    left.set(
        ylabel="training loss",
        yscale="log",
        title="The training loss never rises",
    )
    right.set(
        ylabel="test accuracy, %",
        ylim=(90, 100),
        title="Accuracy of the compressed network",
    )
    for axes in (left, right):
        axes.set(xlabel="sweep", xscale="log")
        axes.xaxis.set_major_formatter("{x:g}")
    right.legend(loc="lower right")
    return figure


def main() -> None:
    """Train, print the figures and draw."""
    histories = {}
    for name, structure in STRUCTURES.items():
        result = train(structure)
        stored = result.parameters / result.dense_parameters
        histories[f"{name} ({100 * stored:.0f} % stored)"] = result.history
        for k in (5, 20, SWEEPS):
            sweep = result.history.sweeps[k - 1]
            print(
                f"{name}, {k} sweeps: {sweep.train_accuracy:.3f} / "
                f"{sweep.validation_accuracy:.3f}"
            )
        print(f"  rises: {result.history.objective_increases}")
    with style():
        draw(histories).savefig(TARGET, metadata={"Date": None})


if __name__ == "__main__":
    main()
