"""Which modules of torch a file can name, and with which arguments.

A file never names code: it names a kind of this table. What is not in it is
*foreign*: its parts are saved, and loading needs the module they belong to.
"""

from __future__ import annotations

from math import inf
from typing import Any

from torch import nn

from nnbcd.deploy.activations import Abs, Piecewise
from nnbcd.deploy.errors import LoadError

__all__ = ["PLAIN", "arguments", "plain_module"]

_NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats")
# The arguments by name; each is an attribute of the module, too.
PLAIN: dict[str, tuple[type[nn.Module], tuple[str, ...]]] = {
    kind.__name__: (kind, names)
    for kind, names in (
        (nn.Linear, ("in_features", "out_features", "bias")),
        (
            nn.Conv2d,
            (
                *("in_channels", "out_channels", "kernel_size", "stride"),
                *("padding", "dilation", "groups", "bias", "padding_mode"),
            ),
        ),
        (nn.BatchNorm1d, _NORM),
        (nn.BatchNorm2d, _NORM),
        (nn.LayerNorm, ("normalized_shape", "eps", "elementwise_affine")),
        (nn.Flatten, ("start_dim", "end_dim")),
        (nn.Dropout, ("p",)),
        (nn.Dropout2d, ("p",)),
        (
            nn.MaxPool2d,
            (
                *("kernel_size", "stride", "padding", "dilation"),
                *("return_indices", "ceil_mode"),
            ),
        ),
        (
            nn.AvgPool2d,
            (
                *("kernel_size", "stride", "padding", "ceil_mode"),
                *("count_include_pad", "divisor_override"),
            ),
        ),
        (nn.AdaptiveAvgPool2d, ("output_size",)),
        (nn.Identity, ()),
        (nn.ReLU, ()),
        (nn.ReLU6, ()),
        (nn.LeakyReLU, ("negative_slope",)),
        (nn.Hardtanh, ("min_val", "max_val")),
        (nn.ELU, ("alpha",)),
        (nn.GELU, ("approximate",)),
        (nn.SiLU, ()),
        (nn.Tanh, ()),
        (nn.Sigmoid, ()),
        (nn.Softmax, ("dim",)),
        (nn.LogSoftmax, ("dim",)),
        (Abs, ()),
        (Piecewise, ("table",)),
    )
}
_ON_META = (
    nn.Linear,
    nn.Conv2d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.LayerNorm,
)


def arguments(module: nn.Module) -> dict[str, Any] | None:
    """The arguments that make such a module again, fit for JSON, or None.

    Parameters
    ----------
    module : torch.nn.Module
        None is returned of one that is not in the table.
    """
    kind, names = PLAIN.get(type(module).__name__, (None, ()))
    if type(module) is not kind:
        return None
    found = {name: getattr(module, name) for name in names}
    if "bias" in found:
        found["bias"] = found["bias"] is not None
    if isinstance(module, Piecewise):
        found["table"] = [[s, t, a] for a, s, t in module.table]
        found["table"][0][2] = None  # minus infinity
    # Something an argument does not say, as LayerNorm without a bias.
    wanted = plain_module(type(module).__name__, found).state_dict()
    same = list(wanted) == list(module.state_dict())
    return found if same else None


def plain_module(kind: str, given: dict[str, Any]) -> nn.Module:
    """The module, its tensors without storage yet.

    Parameters
    ----------
    kind : str
        A key of ``PLAIN``.
    given : dict
        From a file: only the arguments of the table are taken.

    Raises
    ------
    LoadError
        If an argument is missing or impossible.
    """
    cls, names = PLAIN[kind]
    try:
        chosen = {name: _plain(given[name]) for name in names}
        if cls is Piecewise:
            rows = [
                (-inf if a is None else a, s, t)
                for s, t, a in chosen["table"]
            ]
            return Piecewise(rows)
        if cls in _ON_META:
            chosen["device"] = "meta"
        return cls(**chosen)
    except (
        *(KeyError, TypeError, ValueError, RuntimeError, OverflowError),
        *(AssertionError, IndexError, ZeroDivisionError, AttributeError),
    ):
        msg = f"a layer of kind {kind} is not described as it should be."
        raise LoadError(msg) from None


def _plain(value: Any) -> Any:
    """Lists as tuples; numbers, strings and None as they are."""
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError
