"""Draw the picture of the README from real runs.

    .venv/bin/python book/_tools/result_figure.py

Trains 64-256-256-10 on digits three times and writes
``book/_static/digits_sparse.svg``. Takes about two minutes.
"""

from pathlib import Path

import matplotlib.pyplot as plt

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
    return Solver(sweeps=SWEEPS, certify=False).fit(
        network,
        data.x_train,
        data.y_train,
        validation=(data.x_test, data.y_test),
        progress=True,
    )


def curves(axes: list[plt.Axes], label: str, history: History) -> None:
    """Objective on the left axes, test accuracy on the right."""
    sweeps = [s.sweep for s in history.sweeps]
    axes[0].plot([0, *sweeps], history.objective, label=label)
    accuracy = [100 * (s.validation_accuracy or 0) for s in history.sweeps]
    axes[1].plot(sweeps, accuracy, label=label)


def main() -> None:
    """Train, print the figures and draw."""
    with style():
        figure, axes = plt.subplots(1, 2, figsize=(9, 3.2))
        for name, structure in STRUCTURES.items():
            result = train(structure)
            stored = result.parameters / result.dense_parameters
            label = f"{name} ({100 * stored:.0f} % stored)"
            curves(list(axes), label, result.history)
            print(
                name,
                f"test {100 * result.accuracy(*_test()):.1f} %,",
                result.history.objective_increases,
                "increases",
            )
        axes[0].set(
            xlabel="sweep",
            ylabel="objective",
            yscale="log",
            title="The objective never rises",
        )
        axes[1].set(
            xlabel="sweep",
            ylabel="test accuracy, %",
            xscale="log",
            title="Accuracy of the compressed network",
        )
        axes[0].legend()
        figure.savefig(TARGET, metadata={"Date": None})


def _test() -> tuple[object, object]:
    data = digits()
    return data.x_test, data.y_test


if __name__ == "__main__":
    main()
