"""Multi-head attention whose four projections are layers of their own.

``torch.nn.MultiheadAttention`` packs three weights into one parameter and
reads the fourth without calling its layer, so none of them can be replaced.
Here each is a layer; with the same numbers the outputs are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from nnbcd._typing import Tensor

__all__ = ["Attention", "disarm", "why_packed"]

_INPUTS = ("query", "key", "value")


def why_packed(attention: nn.MultiheadAttention) -> str | None:
    """Why the projections cannot be taken apart, or None if they can.

    Parameters
    ----------
    attention : torch.nn.MultiheadAttention
    """
    if type(attention) is not nn.MultiheadAttention:
        return f"a {type(attention).__name__} is not handled"
    if attention.bias_k is not None or attention.add_zero_attn:
        return "attention with add_bias_kv or add_zero_attn is not handled"
    return None


class Attention(nn.Module):
    """Scaled dot-product attention with separate projections.

    Takes and gives what ``torch.nn.MultiheadAttention`` does: inputs
    (L, N, E), (N, L, E) with ``batch_first``, or (L, E).

    Parameters
    ----------
    source : torch.nn.MultiheadAttention
        Whose numbers are copied.
    """

    query: nn.Module
    key: nn.Module
    value: nn.Module
    out: nn.Module

    def __init__(self, source: nn.MultiheadAttention) -> None:
        super().__init__()
        self.embed_dim, self.num_heads = source.embed_dim, source.num_heads
        self.dropout, self.batch_first = source.dropout, source.batch_first
        # What TransformerEncoderLayer asks before it reads packed weights.
        self._qkv_same_embed_dim = False
        self.in_proj_bias = None
        weights: Sequence[Tensor]
        if source._qkv_same_embed_dim:
            weights = source.in_proj_weight.chunk(3)
        else:
            weights = [
                getattr(source, f"{name[0]}_proj_weight") for name in _INPUTS
            ]
        biases: Sequence[Tensor | None] = [None] * 3
        if source.in_proj_bias is not None:
            biases = source.in_proj_bias.chunk(3)
        for name, w, b in zip(_INPUTS, weights, biases, strict=True):
            setattr(self, name, _linear(w, b))
        self.out = _linear(source.out_proj.weight, source.out_proj.bias)
        self.train(source.training)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend; the arguments are those of ``MultiheadAttention``.

        Parameters
        ----------
        query, key, value : Tensor
            Shape (L, N, E), (S, N, E_k) and (S, N, E_v); see the class.
        key_padding_mask : Tensor, optional
            Shape (N, S): true (or -inf) where a key is not to be seen.
        need_weights, average_attn_weights : bool
            Whether to return the weights, and their mean over the heads.
        attn_mask : Tensor, optional
            Shape (L, S) or (N * heads, L, S).
        is_causal : bool
            A hint that ``attn_mask`` is the causal mask; it is needed all
            the same, as in torch.
        """
        if is_causal and attn_mask is None:
            msg = "is_causal is a hint only: give attn_mask as well."
            raise ValueError(msg)
        batched = query.dim() == 3
        q, k, v = (
            self._heads(layer(x))  # (N, heads, length, E / heads)
            for layer, x in (
                (self.query, query),
                (self.key, key),
                (self.value, value),
            )
        )
        mask = self._mask(q, k, key_padding_mask, attn_mask)
        drop = self.dropout if self.training else 0.0
        weights = None
        if need_weights:
            scores = q @ k.mT / q.shape[-1] ** 0.5
            weights = (scores if mask is None else scores + mask).softmax(-1)
            weights = functional.dropout(weights, drop, training=drop > 0)
            mixed = weights @ v
            weights = weights.mean(1) if average_attn_weights else weights
            weights = weights if batched else weights[0]
        else:
            mixed = functional.scaled_dot_product_attention(
                q, k, v, mask, drop
            )
        mixed = mixed.transpose(1, 2).flatten(2)  # (N, L, E)
        if not batched:
            mixed = mixed[0]
        elif not self.batch_first:
            mixed = mixed.transpose(0, 1)
        return self.out(mixed), weights

    def _heads(self, x: Tensor) -> Tensor:
        if x.dim() == 2:
            x = x[None]
        elif not self.batch_first:
            x = x.transpose(0, 1)
        heads = x.reshape(*x.shape[:2], self.num_heads, -1)
        return heads.transpose(1, 2)

    def _mask(
        self,
        q: Tensor,
        k: Tensor,
        padding: Tensor | None,
        attention: Tensor | None,
    ) -> Tensor | None:
        """What is added to the scores (N, heads, L, S)."""
        total = None
        if attention is not None:
            total = _additive(attention, q)
            if total.dim() == 3:
                total = total.reshape(-1, self.num_heads, *total.shape[1:])
        if padding is not None:
            padding = padding if padding.dim() == 2 else padding[None]
            wide = _additive(padding, q)[:, None, None, :]
            total = wide if total is None else total + wide
        return total


def disarm(root: nn.Module) -> list[tuple[nn.Module, str, Any]]:
    """Make torch's encoders call their parts instead of fusing them.

    The fused kernels read dense weights of the parts, which a compressed
    part does not have, and pass by the hooks of calibration.

    Parameters
    ----------
    root : torch.nn.Module
        Changed in place.

    Returns
    -------
    list of (module, attribute, value)
        What was there before.
    """
    before: list[tuple[nn.Module, str, Any]] = []
    switches = (
        (nn.TransformerEncoderLayer, "activation_relu_or_gelu", 0),
        (nn.TransformerEncoder, "use_nested_tensor", False),
    )
    for part in root.modules():
        for kind, name, off in switches:
            if isinstance(part, kind) and hasattr(part, name):
                before.append((part, name, getattr(part, name)))
                setattr(part, name, off)
    return before


def _linear(w: Tensor, b: Tensor | None) -> nn.Linear:
    layer = nn.Linear(1, 1, bias=b is not None, device="meta")
    layer.out_features, layer.in_features = w.shape
    layer.weight = nn.Parameter(w.detach().clone(), w.requires_grad)
    if b is not None:
        layer.bias = nn.Parameter(b.detach().clone(), b.requires_grad)
    return layer


def _additive(mask: Tensor, like: Tensor) -> Tensor:
    if mask.dtype != torch.bool:
        return mask.to(like.dtype)
    zero = torch.zeros(mask.shape, dtype=like.dtype, device=mask.device)
    return zero.masked_fill(mask, -torch.inf)
