"""MNIST: handwritten digits of 28 x 28 pixels."""

from __future__ import annotations

from nnbcd.datasets.dataset import Dataset
from nnbcd.datasets.idx import image_set

__all__ = ["mnist"]

# The publishers' own server no longer gives the files to everyone; this
# copy, which PyTorch keeps, is byte for byte the same (their md5 sums).
_BASE = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_FILES = {
    "train-images-idx3-ubyte.gz": (
        9_912_422,
        "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
    ),
    "train-labels-idx1-ubyte.gz": (
        28_881,
        "md5:d53e105ee54ea40749a09fcbcd1e9432",
    ),
    "t10k-images-idx3-ubyte.gz": (
        1_648_877,
        "md5:9fb629c4189551a2d022fa330f9573f3",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        4_542,
        "md5:ec29112dd5afa0611ce80d1b7f02629c",
    ),
}


def mnist() -> Dataset:
    """MNIST: 60,000 + 10,000 images of 28 x 28, pixels in [0, 1].

    The four original files (``train-images-idx3-ubyte.gz`` ..., 11.6 MB)
    are read from the folder ``mnist`` under ``NNBCD_DATA``, else from the
    cache, else downloaded.

    Returns
    -------
    Dataset
        Rows of 784 features, labels 0 to 9.

    Raises
    ------
    FileNotFoundError
        If a file cannot be had; the message says where to put it.

    Notes
    -----
    LeCun, Bottou, Bengio and Haffner, Proceedings of the IEEE 86(11), 1998.
    The publishers state no licence; the set is generally passed on as
    CC BY-SA 3.0.
    """
    return image_set("mnist", _BASE, _FILES)
