"""What every test may ask for."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from fault_tally import pytest_terminal_summary  # noqa: F401 - a hook
from site_table import SiteTable

# One core a test: pytest-xdist already keeps the others busy.
torch.set_num_threads(1)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SiteTable())


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("this machine shows torch no CUDA device")


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """A shell makes what it runs in the background deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def nnbcd_data() -> Path:
    """Folder of the published data sets, see CONTRIBUTING.md."""
    name = os.environ.get("NNBCD_DATA")
    if name is None:
        pytest.skip(
            "the published data are not part of the repository: set "
            "NNBCD_DATA to the folder that holds uci_har/ and mnist/"
        )
    folder = Path(name)
    if not folder.is_dir():
        pytest.fail(f"NNBCD_DATA names {name!r}, which is not a folder")
    return folder
