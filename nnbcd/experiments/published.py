"""What the authors' own runs gave, as typed data.

Read from the outputs stored in the notebooks that the authors released with
Li et al., arXiv:2303.06815: one run each, on their GPU. Where a notebook was
run from several initialisations the figure is a range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["PUBLISHED", "Published", "Range"]

Range = tuple[float, float]
SOURCE = "output stored in the authors' notebooks, arXiv:2303.06815"


@dataclass(frozen=True)
class Published:
    """Figures of one experiment; a range is (smallest, largest).

    Parameters
    ----------
    label : str
        Network and size, for the table.
    sweeps : int
        How many the authors made.
    seconds_per_sweep : (float, float)
        On their GPU.
    train, test : (float, float)
        Accuracy at the end (``metric``).
    rises : (int, int)
        Sweeps in which their objective rose.
    metric : str
        ``accuracy`` or ``balanced_accuracy``.
    stored : float or None
        Stored over dense numbers of the whole network, no biases.
    log : mapping of int to (train, test)
        Accuracy by sweep of one run, Kaiming normal where there were more.
    source : str
        Where the figures come from.
    """

    label: str
    sweeps: int
    seconds_per_sweep: Range
    train: Range
    test: Range
    rises: tuple[int, int]
    metric: str = "accuracy"
    stored: float | None = None
    log: Mapping[int, Range] = field(default_factory=dict)
    source: str = SOURCE

    def at(self, sweep: int) -> tuple[int, Range] | None:
        """The last logged sweep up to ``sweep``, with (train, test)."""
        known = [k for k in self.log if k <= sweep]
        return None if not known else (max(known), self.log[max(known)])


PUBLISHED: dict[str, tuple[Published, ...]] = {
    "mnist-cnn": (
        Published(
            "rank 40",
            1593,
            (8.5, 8.5),
            (0.9880, 0.9880),
            (0.9820, 0.9820),
            (0, 0),
            log={
                10: (0.330, 0.339),
                50: (0.521, 0.542),
                100: (0.876, 0.871),
                200: (0.945, 0.937),
                400: (0.964, 0.961),
                800: (0.978, 0.972),
            },
        ),
        Published(
            "rank 220",
            1902,
            (7.1, 7.1),
            (1.0, 1.0),
            (0.9840, 0.9840),
            (1, 1),
        ),
    ),
    "har-4": (
        Published(
            "rank 80",
            500,
            (1.2, 2.6),
            (0.988, 0.991),
            (0.960, 0.968),
            (178, 203),
            stored=0.1676,
            log={
                1: (0.187, 0.181),
                5: (0.337, 0.318),
                10: (0.429, 0.401),
                26: (0.824, 0.792),
                50: (0.887, 0.849),
                100: (0.957, 0.926),
                200: (0.979, 0.955),
                400: (0.987, 0.963),
            },
        ),
    ),
    "har-5": (
        Published(
            "rank 80",
            500,
            (1.5, 4.9),
            (0.975, 0.986),
            (0.945, 0.961),
            (183, 209),
            stored=0.1767,
        ),
    ),
    # Seven starts; the longest made 2,000 sweeps, the shortest 92.
    "cnn-inits": (
        Published(
            "rank 220",
            2000,
            (5.4, 7.2),
            (0.925, 0.994),
            (0.921, 0.981),
            (0, 0),
        ),
    ),
    # Three cells of the grid; the notebook was stopped in the third.
    "cnn-grid": (
        Published(
            "rank 80",
            2000,
            (4.4, 4.6),
            (0.960, 0.985),
            (0.954, 0.978),
            (0, 58),
        ),
    ),
    # Forty of 49 cells.
    "har-5-grid": (
        Published(
            "rank 80",
            500,
            (1.7, 1.9),
            (0.191, 0.983),
            (0.182, 0.966),
            (0, 3),
        ),
    ),
    # After eleven epochs, which took 17 to 19 seconds each.
    "decompositions": (
        Published(
            "SGD, TT",
            11,
            (18.8, 18.8),
            (0.9909, 0.9909),
            (0.9756, 0.9756),
            (0, 0),
            stored=0.1883,
        ),
        Published(
            "SGD, CP",
            11,
            (19.0, 19.0),
            (0.9903, 0.9903),
            (0.9759, 0.9759),
            (0, 0),
            stored=0.2191,
        ),
        Published(
            "SGD, Tucker",
            11,
            (16.5, 16.5),
            (0.9876, 0.9876),
            (0.9729, 0.9729),
            (0, 0),
            stored=0.1949,
        ),
    ),
    "lenet-flares": (
        Published(
            "40 features",
            1000,
            (0.027, 0.027),
            (0.849, 0.877),
            (0.875, 0.906),
            (0, 198),
            metric="balanced_accuracy",
        ),
    ),
}
# The eight initialisations are those of the four-layer network.
PUBLISHED["inits"] = PUBLISHED["har-4"]
PUBLISHED["har-5-inits"] = PUBLISHED["har-5"]
