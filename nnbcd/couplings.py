"""How weights, structures and features meet: three couplings.

* :class:`Penalty`, the paper's: W is free and pulled to G in M by tau.
* :class:`Constraint`: W itself lies in M; no G and no tau.
* :class:`Consistent`: W lies in M, and U, V are the network's own forward
  pass, so that the objective is the true training loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from nnbcd.checks import count, number

if TYPE_CHECKING:
    from nnbcd.problem import Penalties

__all__ = [
    "BY_NAME",
    "Consistent",
    "Constraint",
    "Coupling",
    "Penalty",
    "ProxLinear",
]


@dataclass(frozen=True)
class Coupling:
    """What the couplings share; use one of the three below.

    ``default_scale`` is the factor on the initial weights. With an
    ``input_rms`` those of the first layer are scaled further, as if the
    root mean square of X were that: then a run does not depend on the unit
    of X.
    """

    name = ""
    default_scale = 1.0
    input_rms: ClassVar[float | None] = None

    def check(self, penalties: Penalties) -> None:
        """Raise ValueError if the coupling cannot serve ``penalties``."""
        return


@dataclass(frozen=True)
class Penalty(Coupling):
    """The paper's coupling: tau/2 ||W - G||^2 with G in M.

    With ``g_step`` als or guarded every block decreases the objective
    enough (H1); with svd that is not promised. The relative error (H2) is
    measured on every run.
    """

    name = "penalty"
    default_scale = 0.2


@dataclass(frozen=True)
class Constraint(Coupling):
    """W in M, and the lifted objective without its structure term.

    Every block lowers the objective; the W block by at least alpha/2 times
    its squared step. Sparse W and low-rank W are solved as
    :meth:`Structure.least_squares` says.
    """

    name = "constraint"
    default_scale = 0.3


@dataclass(frozen=True)
class Consistent(Coupling):
    """Targets for U and V from closed forms, around the forward pass.

    A sweep goes through the rows in chunks. For each chunk, layer by layer
    from the last, it asks what the layer should have put out (the closed
    forms of the V and U blocks, damped), and fits W to that in the metric
    of the inputs (C) and of the output's sensitivity (S). At its end the
    true training loss decides: the step is halved until the loss falls by
    at least ``decrease`` times the squared step, or dropped. So the loss
    never rises. That the limit is a critical point is *not* proved.

    Parameters
    ----------
    step : float
        Share of the way to the target of the last layer, in (0, 1].
    damping : float
        Added to the Gram matrix of a layer's inputs, relative to its mean
        diagonal.
    kappa : float
        The same for the V target.
    pull : float
        Weight c of the proximal map of the U target.
    chunk_rows : int or None
        Rows a chunk has at most. None: half as many as the widest layer
        has inputs, but at most a seventh of the rows and at least 50.
    memory : float
        Weight of the past in the running Gram matrices, in [0, 1).
    decrease : float
        Relative sufficient decrease asked for.
    """

    step: float = 0.5
    damping: float = 0.1
    kappa: float = 0.1
    pull: float = 0.1
    chunk_rows: int | None = None
    memory: float = 0.95
    decrease: float = 1e-6

    name = "consistent"
    input_rms: ClassVar[float | None] = 0.5

    def __post_init__(self) -> None:
        for field in ("step", "damping", "kappa", "pull"):
            number(field, getattr(self, field), strict=True)
        for field in ("memory", "decrease"):
            number(field, getattr(self, field))
        if self.step > 1 or self.memory >= 1:
            msg = "step must be at most 1 and memory below 1."
            raise ValueError(msg)
        if self.chunk_rows is not None:
            count("chunk_rows", self.chunk_rows)

    def rows(self, n: int, width: int) -> int:
        """Rows of a chunk out of n, the widest layer having ``width`` inputs.

        Smaller chunks make more of a pass; below half the width their
        solves would cost more than their products.
        """
        if self.chunk_rows is not None:
            return self.chunk_rows
        return max(50, min(width // 2, n // 7))

    def check(self, penalties: Penalties) -> None:
        """Refuse a box on V: here V is what the network computes."""
        if penalties.v_bounds is not None:
            msg = (
                "v_bounds needs coupling penalty or constraint: under "
                "consistent V is the network's own output."
            )
            raise ValueError(msg)


@dataclass(frozen=True)
class ProxLinear(Consistent):
    r"""Descent of the training loss in the metric of inputs and outputs.

    U and V are the forward pass. For a chunk of m rows the blocks U and V
    solve for multipliers Lambda, and the W block is a closed form,

    .. math::

        dW_i = \operatorname*{argmin}_X -\langle D_i, X \rangle
            + \frac{1}{2 \eta} \langle X, \hat S_i X \hat C_i \rangle
            = \eta \, \hat S_i^{-1} D_i \hat C_i^{-1},

    with :math:`D_i = \Lambda_i^T [V_{i-1}, 1] / m`, C_i the metric of the
    layer's inputs and S_i that of its outputs. Hats are damped. The
    multipliers are minus the gradients of the loss in U_i, as
    back-propagation computes them. At the end of a pass the true training
    loss decides, as in :class:`Consistent`: it never rises.

    Parameters
    ----------
    step : float
        eta at its largest, in (0, 1].
    damping : float
        Added to C, relative to its root mean square eigenvalue (the
        constant column of the bias has its own scale, 1).
    kappa : float
        The same for S.
    pull : float
        Not used here.
    chunk_rows : int or None
        Rows of a chunk. None: as :meth:`rows` says.
    memory : float
        Weight of the past in C and S, in [0, 1).
    decrease : float
        Relative sufficient decrease asked for.
    clip : float
        A chunk's full step (eta = 1) may promise this share of the loss;
        beyond that all steps are shortened.
    inertia : float
        Share of the last step that is made again, in [0, 1).
    warm_up : int
        Chunks over which eta rises to ``step``.
    half_life : int
        Chunks after which eta has halved.
    refresh : int
        C and S are measured anew every so many chunks.
    opening : int
        Sweeps in which the supports of sparse weights are chosen anew.

    Notes
    -----
    Multipliers: LeCun (1988). Metric: Martens and Grosse (2015); through
    convolutions Grosse and Martens (2016). Inertia: Pock and Sabach
    (2016). Prox-linear blocks: Xu and Yin (2013).
    """

    step: float = 0.1
    damping: float = 0.3
    kappa: float = 1.0
    memory: float = 0.9
    clip: float = 1.0
    inertia: float = 0.9
    warm_up: int = 100
    half_life: int = 400
    refresh: int = 20
    opening: int = 5

    name = "prox-linear"

    def __post_init__(self) -> None:
        super().__post_init__()
        number("clip", self.clip, strict=True)
        number("inertia", self.inertia)
        for field in ("warm_up", "half_life", "refresh"):
            count(field, getattr(self, field))
        count("opening", self.opening, least=0)
        if self.inertia >= 1:
            msg = "inertia must be below 1."
            raise ValueError(msg)

    def rows(self, n: int, width: int) -> int:
        """Rows of a chunk out of n: about the square root, 50 to 256."""
        if self.chunk_rows is not None:
            return self.chunk_rows
        return max(50, min(int(0.9 * math.sqrt(n)), 256))


BY_NAME: dict[str, Coupling] = {
    c.name: c for c in (Penalty(), Constraint(), Consistent(), ProxLinear())
}
