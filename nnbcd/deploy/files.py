"""Save a compressed model in one file, and load it again.

The file is safetensors: numbers and a description in JSON, nothing that
could be run. It holds no more than the layers store: the non-zeros and their
places in the shortest coding, cores, factors, biases.
"""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nnbcd.checks import instance
from nnbcd.deploy.errors import LoadError
from nnbcd.deploy.header import read_header
from nnbcd.deploy.reading import decode
from nnbcd.deploy.reading_layers import Source
from nnbcd.deploy.writing import encode
from nnbcd.result import Result

__all__ = ["VERSION", "load", "save"]

# A reader takes every minor version of its major one: a minor version adds
# keys that may be ignored, a major one changes what is there.
VERSION = (1, 0)


def save(model: nn.Module | Result, path: str | Path) -> None:
    """Write a model to a file: whole, or not at all.

    Of layers that nnbcd does not know (your own) the parts are saved, and
    :func:`load` needs a module of that class.

    Parameters
    ----------
    model : torch.nn.Module or Result
        Of a result, ``result.to_module()`` is saved.
    path : str or Path
        Replaced if it exists; ``.part`` is added to the name meanwhile.

    Raises
    ------
    TypeError, ValueError
        If model is neither, or holds one part twice.
    OSError
        If it can't be written; what was there is still there.

    Examples
    --------
    >>> import tempfile
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> x = torch.ones(1, 4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, f"{folder}/model.safetensors")
    ...     again = load(f"{folder}/model.safetensors")
    >>> bool((again(x) == model(x)).all())
    True
    """
    from safetensors.torch import save as serialise

    if isinstance(model, Result):
        model = model.to_module()
    instance("model", model, nn.Module, "result.to_module()")
    description, encoded = encode(model)
    about = {"version": "{}.{}".format(*VERSION), "model": description}
    metadata = {"format": "pt", "nnbcd": json.dumps(about)}
    content = serialise(encoded.tensors, metadata=metadata)
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def load(
    path: str | Path,
    *,
    like: nn.Module | None = None,
    device: str | torch.device | None = None,
) -> nn.Module:
    """The model of a file that :func:`save` wrote, ready to predict.

    It is in evaluation mode. Safe with files of unknown origin: nothing in
    one is run, every claim about sizes is compared with the file before
    memory is taken, and what is taken is a bounded multiple of the file.

    Parameters
    ----------
    path : str or Path
        The file.
    like : torch.nn.Module, optional
        Needed where the file holds parts of a class of your own: a module
        of that class. A copy of it gets the layers of the file.
    device : str or torch.device, optional
        Where the model goes; default: the CPU.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    LoadError
        If it is none of ours, damaged, or of a later major version.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    header = read_header(path)
    about = _about(path, header.metadata.get("nnbcd"))
    model = None if like is None else copy.deepcopy(like)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            source = Source(header, file.get_tensor)
            loaded = decode(about.get("model"), source, model=model)
    except SafetensorError as error:
        msg = f"{path} is damaged: {error}."
        raise LoadError(msg) from None
    loaded.eval()
    return loaded if device is None else loaded.to(device)


def _about(path: Path, text: str | None) -> dict[str, Any]:
    """The description, if this version can read it."""
    if text is None:
        msg = f"{path} was not written by nnbcd.save: it has no description."
        raise LoadError(msg)
    try:
        about = json.loads(text)
        major, minor = (int(n) for n in about["version"].split("."))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        msg = f"{path}: its description is damaged."
        raise LoadError(msg) from None
    if major != VERSION[0]:
        msg = (
            f"{path} has format {major}.{minor}, and this version of nnbcd "
            f"reads {VERSION[0]}.x: update nnbcd."
        )
        raise LoadError(msg)
    return dict(about)
