"""Break saved models in every way and load them: ``fuzz_load.py N SEED``.

Run as a program of its own, whose memory is limited: whatever a broken file
claims, loading must end with a model or a LoadError, and never with another
error, a crash, or more memory than MARGIN beyond what the start took.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

import nnbcd
from nnbcd.deploy import (
    Abs,
    CompressedNetwork,
    MaskedLinear,
    PatchConv2d,
    SparseLinear,
    TTLinear,
)

MARGIN = 256 * 2**20  # bytes
HUGE = (-1, 0, 1, 2, 7, 255, 2**15, 2**31 - 1, 2**31, 2**40, 2**62, 2**63)
ODD = (*HUGE, 10**30, None, True, "x", "", [], {}, [2**40, 2**40], 0.5, -1e9)


def models() -> list[nn.Module]:
    """A dense chain, and an image network with every kind of layer."""
    torch.manual_seed(0)

    def pruned(m: int, n: int, share: float) -> torch.Tensor:
        return torch.randn(m, n) * (torch.rand(m, n) < share)

    tt = [torch.randn(1, 4, 3), torch.randn(3, 4, 2), torch.randn(2, 3, 1)]
    dense = nn.Sequential(
        nn.Flatten(),
        nn.Linear(6, 8),
        nn.BatchNorm1d(8),
        nn.LeakyReLU(0.1),
        TTLinear(tt, torch.randn(6), out_features=6),
        nn.Sequential(nn.Linear(6, 2, bias=False), nn.Linear(2, 5)),
    )
    image = CompressedNetwork(
        {
            "conv1": nn.Conv2d(1, 2, 3, padding=1),
            "abs": Abs(),
            "conv2": PatchConv2d(
                MaskedLinear(pruned(3, 18, 0.4)), 2, (3, 3), stride=(2, 2)
            ),
            "flatten": nn.Flatten(),
            "linear3": SparseLinear(pruned(40, 12, 0.1), torch.randn(40)),
            "linear4": SparseLinear(pruned(5, 40, 0.3)),
        },
        classes=torch.arange(5),
        input_shape=(1, 6, 6),
    )
    return [dense, image]


def flip(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def flip_numbers(data: bytes, rng: random.Random) -> bytes:
    """Only behind the header: values, places."""
    start = 8 + int.from_bytes(data[:8], "little")
    return data[:start] + flip(data[start:], rng)


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def stretch(data: bytes, rng: random.Random) -> bytes:
    return data + rng.randbytes(rng.randrange(1, 64))


def length(data: bytes, rng: random.Random) -> bytes:
    lie = rng.choice((0, 1, len(data), 2**24, 2**63, 2**64 - 1))
    return lie.to_bytes(8, "little") + data[8:]


def splice(data: bytes, rng: random.Random) -> bytes:
    a, b = sorted(rng.randrange(len(data)) for _ in range(2))
    return data[:a] + rng.randbytes(rng.randrange(b - a + 1)) + data[b:]


def edit(thing: Any, rng: random.Random) -> Any:
    """A JSON value with one thing in it changed."""
    if isinstance(thing, dict) and thing and rng.random() < 0.95:
        out = dict(thing)
        key = rng.choice(list(out))
        what = rng.random()
        if what < 0.05:
            del out[key]
        elif what < 0.1:
            out[rng.choice(list(thing))] = out[key]
        else:
            out[key] = edit(out[key], rng)
        return out
    if isinstance(thing, list) and thing and rng.random() < 0.95:
        out_list = list(thing)
        k = rng.randrange(len(out_list))
        what = rng.random()
        if what < 0.05:
            del out_list[k]
        elif what < 0.1:
            out_list.append(out_list[k])
        elif what < 0.12:
            rng.shuffle(out_list)
        else:
            out_list[k] = edit(out_list[k], rng)
        return out_list
    if isinstance(thing, int) and rng.random() < 0.3:
        return thing + rng.choice((-1, 1))
    if isinstance(thing, str) and rng.random() < 0.5:
        kinds = ("TTLinear", "SparseLinear", "MaskedLinear", "foreign")
        more = ("Linear", "Sequential", "bitmap", "columns", "F16", "I8")
        return rng.choice((*kinds, *more))
    return rng.choice(ODD)


def rewrite(data: bytes, change: Callable[[Any], Any]) -> bytes:
    n = int.from_bytes(data[:8], "little")
    header = json.dumps(change(json.loads(data[8 : 8 + n]))).encode()
    return len(header).to_bytes(8, "little") + header + data[8 + n :]


def header(data: bytes, rng: random.Random) -> bytes:
    return rewrite(data, lambda h: edit(h, rng))


def described(data: bytes, rng: random.Random) -> bytes:
    """The description changed, in one to three places."""

    def change(h: Any) -> Any:
        about = json.loads(h["__metadata__"]["nnbcd"])
        for _ in range(rng.choice((1, 1, 2, 3))):
            about = {"version": "1.0", "model": edit(about["model"], rng)}
        h["__metadata__"]["nnbcd"] = json.dumps(about)
        return h

    return rewrite(data, change)


def reshaped(data: bytes, rng: random.Random) -> bytes:
    """A tensor of another shape or type, with as many bytes."""

    def change(h: Any) -> Any:
        entry = h[rng.choice([k for k in h if k != "__metadata__"])]
        size = entry["data_offsets"][1] - entry["data_offsets"][0]
        kinds = {"U8": 1, "BOOL": 1, "I16": 2, "F16": 2, "I32": 4, "F64": 8}
        entry["dtype"], width = rng.choice(list(kinds.items()))
        n = size // width
        sizes = [[n], [1, n], [n, 1], [n, 0], [0, 2**62], [n // 2, 2], []]
        entry["shape"] = rng.choice(sizes)
        return h

    return rewrite(data, change)


def nested(data: bytes, rng: random.Random) -> bytes:
    """Parts within parts, or brackets within brackets."""

    def change(h: Any) -> Any:
        about = json.loads(h["__metadata__"]["nnbcd"])
        deep = rng.choice((3, 60, 70, 200))
        for _ in range(deep):
            parts = [["a", about["model"]]]
            about["model"] = {"kind": "Sequential", "parts": parts}
        text = json.dumps(about)
        if rng.random() < 0.3:
            text = '{"version": "1.0", "model": ' + "[" * 10**4
        h["__metadata__"]["nnbcd"] = text
        return h

    return rewrite(data, change)


WAYS = (
    *(flip, flip_numbers, flip_numbers, cut, stretch, length, splice),
    *(header, header, described, described, described, reshaped, nested),
)


def main(count: int, seed: int) -> None:
    """Print how the loads ended; anything but the two ends raises."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        whole = []
        inputs = [torch.randn(3, 6), torch.randn(3, 1, 6, 6)]
        for model in models():
            nnbcd.save(model, path)
            whole.append(path.read_bytes())
        for data, x in zip(whole, inputs, strict=True):
            path.write_bytes(data)
            nnbcd.load(path)(x)
        pages = Path("/proc/self/statm").read_text().split()[0]
        limit = int(pages) * resource.getpagesize() + MARGIN
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        ends: Counter[str] = Counter()
        slowest = 0.0
        for _ in range(count):
            k, way = rng.randrange(2), rng.choice(WAYS)
            path.write_bytes(way(whole[k], rng))
            began = time.perf_counter()
            try:
                loaded = nnbcd.load(path)
            except nnbcd.LoadError:
                ends["refused"] += 1
            else:
                ends["loaded"] += 1
                run(loaded, inputs[k])
            slowest = max(slowest, time.perf_counter() - began)
    print(
        f"{count} broken files: {ends['refused']} refused, "
        f"{ends['loaded']} loaded, 0 crashes; slowest {slowest:.2f} s; "
        f"within {MARGIN // 2**20} MiB"
    )


def run(model: nn.Module, x: torch.Tensor) -> None:
    """Predict: the sizes may not fit, but nothing may crash."""
    if sum(p.numel() for p in model.parameters()) < 10**4:
        try:
            with torch.no_grad():
                model(x)
        except (RuntimeError, ValueError, TypeError, IndexError):
            pass


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
