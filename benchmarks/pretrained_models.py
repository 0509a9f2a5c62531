"""The models that the benchmark of ``nnbcd.compress`` trains and shrinks."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from nnbcd import Conv2d, Dense, Network
from nnbcd._typing import Tensor
from nnbcd.baselines import train
from nnbcd.baselines.factorised import Weight
from nnbcd.datasets import Dataset

__all__ = ["MODELS", "RowsTransformer", "images"]


def images(x: object, side: int) -> Tensor:
    """Rows (N, side^2) as images (N, 1, side, side), float32."""
    return torch.as_tensor(x, dtype=torch.float32).reshape(-1, 1, side, side)


def mnist_cnn(data: Dataset, seed: int) -> nn.Module:
    """Two convolutions and two dense layers, two epochs of Adam."""
    network = Network(
        (1, 28, 28),
        [
            Conv2d(32, 3, stride=2),
            Conv2d(64, 3, stride=2),
            Dense(128),
            Dense(10),
        ],
    )
    return _trained(network, data, epochs=2, seed=seed)


def digits_cnn(data: Dataset, seed: int) -> nn.Module:
    """The same for images of 8 x 8, thirty epochs."""
    network = Network(
        (1, 8, 8),
        [Conv2d(16, 3), Conv2d(32, 3, stride=2), Dense(64), Dense(10)],
    )
    return _trained(network, data, epochs=30, seed=seed)


def _trained(
    network: Network, data: Dataset, *, epochs: int, seed: int
) -> nn.Module:
    result = train(
        network,
        data.x_train,
        data.y_train,
        validation=(data.x_test, data.y_test),
        epochs=epochs,
        seed=seed,
    )
    parts: list[nn.Module] = []
    channels, shaped = network.input_shape[0], True
    rows = zip(
        network.layers,
        network.maps,
        result.model.weights,
        result.model.biases,
        strict=True,
    )
    for layer, linear, weight, bias in rows:
        assert isinstance(weight, Weight)
        new: nn.Conv2d | nn.Linear
        if isinstance(layer, Conv2d):
            sizes = layer.pairs
            new = nn.Conv2d(
                channels,
                layer.out_channels,
                sizes["kernel_size"],
                sizes["stride"],
                sizes["padding"],
            )
            channels = layer.out_channels
        else:
            new = nn.Linear(linear.d_in, linear.d_out)
            if shaped:
                parts.append(nn.Flatten())
            shaped = False
        with torch.no_grad():
            new.weight.copy_(weight.dense().reshape(new.weight.shape))
            assert new.bias is not None
            new.bias.copy_(bias)
        parts += [new, nn.ReLU()]
    return nn.Sequential(*parts[:-1]).eval()


class RowsTransformer(nn.Module):
    """A classifier of 8 x 8 images, its rows the tokens: one encoder layer.

    Parameters
    ----------
    width : int
        Of a token.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.embed = nn.Linear(8, width)
        self.place = nn.Parameter(0.1 * torch.randn(8, width))
        self.block = nn.TransformerEncoderLayer(
            width, 4, 4 * width, dropout=0.0, batch_first=True
        )
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, 10) for images (N, 1, 8, 8)."""
        tokens = self.embed(x[:, 0]) + self.place
        out: Tensor = self.head(self.block(tokens).mean(1))
        return out


def digits_transformer(data: Dataset, seed: int) -> nn.Module:
    """Forty epochs of Adam on the encoder."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = RowsTransformer()
        optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
        x, y = images(data.x_train, 8), torch.as_tensor(data.y_train)
        for _ in range(40):
            for part in torch.split(torch.randperm(len(x)), 64):
                optimiser.zero_grad()
                loss = functional.cross_entropy(model(x[part]), y[part])
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
    return model.eval()


MODELS: dict[str, Callable[[Dataset, int], nn.Module]] = {
    "mnist-cnn": mnist_cnn,
    "digits-cnn": digits_cnn,
    "digits-transformer": digits_transformer,
}
