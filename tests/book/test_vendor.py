"""The build step that brings MathJax and the widget scripts."""

import importlib.util
import io
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "book" / "_tools" / "vendor_assets.py"


@pytest.fixture
def tool(monkeypatch):
    spec = importlib.util.spec_from_file_location("vendor_assets", TOOL)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "vendor_assets", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def registry(tool, monkeypatch, tmp_path):
    """Two files in an archive, served without a network."""
    archive = tmp_path / "thing-1.0.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("package/a.js", "package/fonts/b.woff"):
            entry = tarfile.TarInfo(name)
            entry.size = 3
            tar.addfile(entry, io.BytesIO(b"abc"))
    package = tool.Package(
        "thing",
        "1.0",
        tool.checksum(archive),
        (("package/a.js", "a.js"), ("package/fonts/", "fonts/")),
    )
    monkeypatch.setattr(tool, "PACKAGES", (package,))
    monkeypatch.setattr(tool, "fetch", lambda *_: archive)
    return package


def test_first_run_fills_second_run_rests(tool, registry, tmp_path) -> None:
    folder = tmp_path / "vendor"
    assert tool.vendor(folder)
    assert (folder / "a.js").read_bytes() == b"abc"
    assert (folder / "fonts" / "b.woff").read_bytes() == b"abc"
    assert not tool.vendor(folder)
    assert tool.vendor(folder, force=True)


def test_other_packages_go_to_a_folder_of_their_own(
    tool, registry, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(tool, "PACKAGES", ())
    folder = tmp_path / "tests"
    assert tool.vendor(folder, packages=(registry,))
    assert (folder / "a.js").is_file()
    assert not tool.vendor(folder, packages=(registry,))


def test_a_lost_file_or_a_new_pin_is_noticed(
    tool, registry, tmp_path, monkeypatch
) -> None:
    folder = tmp_path / "vendor"
    tool.vendor(folder)
    (folder / "a.js").unlink()
    assert tool.vendor(folder)
    monkeypatch.setattr(tool, "PACKAGES", (replace(registry, version="2"),))
    assert tool.vendor(folder)


def test_a_wrong_checksum_stops_and_keeps_the_old_files(
    tool, registry, tmp_path, monkeypatch
) -> None:
    folder = tmp_path / "vendor"
    tool.vendor(folder)
    other = replace(registry, integrity="sha512-AAAA")
    monkeypatch.setattr(tool, "PACKAGES", (other,))
    with pytest.raises(tool.VendorError, match="expected sha512-AAAA"):
        tool.vendor(folder)
    assert (folder / "a.js").is_file()


def test_a_member_that_is_not_there_is_named(
    tool, registry, tmp_path, monkeypatch
) -> None:
    other = replace(registry, files=(("package/z.js", "z.js"),))
    monkeypatch.setattr(tool, "PACKAGES", (other,))
    with pytest.raises(tool.VendorError, match=r"has no package/z\.js"):
        tool.vendor(tmp_path / "vendor")


def test_without_npm_the_message_says_what_to_install(
    tool, monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr(tool.shutil, "which", lambda name: None)
    with pytest.raises(tool.VendorError, match=r"install Node\.js"):
        tool.fetch(tool.PACKAGES[0], tmp_path)
