"""Fashion-MNIST: articles of clothing in the format of MNIST."""

from __future__ import annotations

from nnbcd.datasets.dataset import Dataset
from nnbcd.datasets.idx import image_set

__all__ = ["fashion_mnist"]

# From the publishers' repository, where https is served; their md5 sums.
_BASE = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/"
    "master/data/fashion/"
)
_FILES = {
    "train-images-idx3-ubyte.gz": (
        26_421_880,
        "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    ),
    "train-labels-idx1-ubyte.gz": (
        29_515,
        "md5:25c81989df183df01b3e8a0aad5dffbe",
    ),
    "t10k-images-idx3-ubyte.gz": (
        4_422_102,
        "md5:bef4ecab320f06d8554ea6380940ec79",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        5_148,
        "md5:bb300cfdad3c16e7a12a480ee83cd310",
    ),
}


def fashion_mnist() -> Dataset:
    """Fashion-MNIST: 60,000 + 10,000 images of 28 x 28, pixels in [0, 1].

    The four files (``train-images-idx3-ubyte.gz`` ..., 30.9 MB) are read
    from the folder ``fashion_mnist`` under ``NNBCD_DATA``, else from the
    cache, else downloaded.

    Returns
    -------
    Dataset
        Rows of 784 features, labels 0 (T-shirt) to 9 (ankle boot).

    Raises
    ------
    FileNotFoundError
        If a file cannot be had; the message says where to put it.

    Notes
    -----
    Xiao, Rasul and Vollgraf, *Fashion-MNIST: a Novel Image Dataset for
    Benchmarking Machine Learning Algorithms*, arXiv:1708.07747. MIT
    licence, Zalando SE.
    """
    return image_set("fashion_mnist", _BASE, _FILES)
