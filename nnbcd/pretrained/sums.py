r"""What a fit needs of the calibration data: sums over rows, no rows.

With the regressors A = [inputs, 1] (M, p + 1) and the targets U (M, q):
:math:`A^T A`, :math:`U^T A` and :math:`\|U\|^2`, in float64. How far any
weight and bias are from the targets follows from these.
"""

from __future__ import annotations

import torch

from nnbcd import linalg
from nnbcd._typing import Float, Tensor

__all__ = ["Sums"]


class Sums:
    """Accumulates over chunks of rows.

    Parameters
    ----------
    shape : (int, int)
        Of the weight, (q, p).
    device : torch.device
        Where the sums are kept; it must know float64.

    Attributes
    ----------
    gram, cross, power : Tensor
        Shapes (p + 1, p + 1), (q, p + 1) and ().
    felt : Tensor or None
        Sum of g g^T (q, q) over the gradients g of the module's outputs,
        where they were asked for.
    """

    felt: Tensor | None

    def __init__(self, shape: tuple[int, int], device: torch.device) -> None:
        q, p = shape
        zero = torch.zeros((), dtype=torch.float64, device=device)
        self.gram = zero.new_zeros(p + 1, p + 1)
        self.cross = zero.new_zeros(q, p + 1)
        self.power = zero
        self.felt = None

    def add(self, a: Float[Tensor, "m p"], u: Float[Tensor, "m q"]) -> None:
        """Take in m rows: inputs (m, p) and targets (m, q)."""
        a, u = a.to(self.gram), u.to(self.gram)
        self.gram[:-1, :-1] += linalg.gram(a)
        self.gram[:-1, -1] += a.sum(0)
        self.gram[-1, :-1] = self.gram[:-1, -1]
        self.gram[-1, -1] += len(a)
        self.cross[:, :-1] += u.mT @ a
        self.cross[:, -1] += u.sum(0)
        self.power = self.power + u.square().sum()

    @property
    def rows(self) -> int:
        """Rows seen."""
        return int(self.gram[-1, -1])

    @property
    def spread(self) -> float:
        """Summed squared distance of the targets from their mean."""
        mean = self.cross[:, -1].square().sum() / max(1, self.rows)
        return max(float(self.power - mean), 1e-14 * float(self.power))

    @property
    def finite(self) -> bool:
        """Whether no row had NaN or infinity."""
        whole = self.gram.sum() + self.cross.sum() + self.power
        return bool(torch.isfinite(whole))

    def error(
        self, w: Float[Tensor, "q p"], b: Float[Tensor, " q"] | None
    ) -> float:
        r"""Error of the outputs that ``w`` and ``b`` give, relative.

        :math:`\|U - A [W, b]^T\| / \|U - 1 \bar u^T\|`: zero for the same
        outputs, one for what the best constant would do.

        Parameters
        ----------
        w, b : Tensor
            Shapes (q, p) and (q,).
        """
        w = w.to(self.gram)
        b = w.new_zeros(len(w)) if b is None else b.to(w)
        joint = torch.cat([w, b[:, None]], dim=1)
        gap = ((joint @ self.gram - 2 * self.cross) * joint).sum()
        gap = gap + self.power
        # Below this the differences of large numbers are rounding.
        if float(gap) <= 1e-14 * float(self.power):
            return 0.0
        return float((float(gap) / self.spread) ** 0.5)
