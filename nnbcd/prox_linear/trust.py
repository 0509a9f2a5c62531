"""How long the steps of a chunk are: numbers for the whole network."""

from __future__ import annotations

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.couplings import ProxLinear

__all__ = ["eta", "factor"]


def eta(settings: ProxLinear, age: int) -> float:
    """The step at a chunk: eta rises to ``step`` and falls by half-lives.

    Parameters
    ----------
    settings : ProxLinear
    age : int
        Chunks gone through before this one.
    """
    rise = min(1.0, (age + 1) / settings.warm_up)
    return float(settings.step * rise * 0.5 ** (age / settings.half_life))


def factor(
    promised: Float[Tensor, ""], loss: Float[Tensor, ""], clip: float
) -> Float[Tensor, ""]:
    r"""The factor on all steps: :math:`\min(1, \sqrt{c\, \ell / q})`.

    q is what the model promises for a full step, the sum over the links of
    :math:`\langle D, \hat S^{-1} D \hat C^{-1} \rangle`. No step can lower
    a loss by more than itself, so a model that promises more is wrong.

    Parameters
    ----------
    promised : Tensor
        q, a mean over the rows.
    loss : Tensor
        Mean loss of the same rows.
    clip : float
        c, the share of the loss that may be promised.
    """
    tiny = torch.finfo(promised.dtype).tiny
    return (clip * loss / promised.clamp(min=tiny)).sqrt().clamp(max=1)
