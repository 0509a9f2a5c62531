"""Put the scripts the built pages need into ``book/_static/vendor``.

The book must read offline, from a memory stick too, so MathJax and the
widget scripts are served beside the pages instead of from a CDN. They are
taken from the npm registry with ``npm pack``, checked against the SHA-512
pinned below, and unpacked. The folder is not committed. A second run sees
the stamp and returns at once.

    python book/_tools/vendor_assets.py [--force]
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "_static" / "vendor"
STAMP = ".stamp.json"


@dataclass(frozen=True)
class Package:
    """One npm package and the parts of it that the pages use.

    ``files`` maps a prefix inside the archive to its place in the vendor
    folder; a prefix ending in a slash is a folder.
    """

    name: str
    version: str
    integrity: str
    files: tuple[tuple[str, str], ...]


PACKAGES = (
    Package(
        "@jupyter-widgets/html-manager",
        "1.0.15",
        "sha512-5thBIV6ymNgmPVOHvzx+gGy8ZSKmSazhtGw4/c4xJDVzRhG9PTeQsRjF3F"
        "UTopvFi//SABeNz1yp47bCrJ3CQA==",
        (("package/dist/embed-amd.js", "embed-amd.js"),),
    ),
    Package(
        "requirejs",
        "2.3.8",
        "sha512-7/cTSLOdYkNBNJcDMWf+luFvMriVm7eYxp4BcFCsAX0wF421Vyce5SXP17"
        "c+Jd5otXKGNehIonFlyQXSowL6Mw==",
        (("package/require.js", "require.js"),),
    ),
    Package(
        "mathjax",
        "3.2.2",
        "sha512-Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/"
        "FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
        (
            ("package/LICENSE", "mathjax/LICENSE"),
            ("package/es5/tex-mml-chtml.js", "mathjax/tex-mml-chtml.js"),
            ("package/es5/input/tex/extensions/",
             "mathjax/input/tex/extensions/"),
            ("package/es5/output/chtml/fonts/woff-v2/",
             "mathjax/output/chtml/fonts/woff-v2/"),
        ),
    ),
)  # fmt: skip


class VendorError(RuntimeError):
    """A sentence for the person at the terminal."""


def stamp(packages: tuple[Package, ...]) -> str:
    """What the folder must hold, as text: changes when a pin changes."""
    return json.dumps([asdict(package) for package in packages], indent=1)


def up_to_date(folder: Path, packages: tuple[Package, ...]) -> bool:
    """Whether a former run finished with the same pins."""
    record = folder / STAMP
    if not record.is_file():
        return False
    if record.read_text("utf-8") != stamp(packages):
        return False
    places = [place for p in packages for _, place in p.files]
    return all((folder / place).exists() for place in places)


def fetch(package: Package, folder: Path) -> Path:
    """Download one archive with npm and return its path."""
    npm = shutil.which("npm")
    if npm is None:
        msg = (
            "npm was not found. The book's scripts (MathJax, widgets) come "
            "from the npm registry: install Node.js, which brings npm, and "
            "run this again."
        )
        raise VendorError(msg)
    spec = f"{package.name}@{package.version}"
    done = subprocess.run(
        [npm, "pack", spec, "--pack-destination", str(folder), "--silent"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        msg = f"npm pack {spec} failed:\n{done.stderr.strip()}"
        raise VendorError(msg)
    return folder / done.stdout.split()[-1]


def checksum(archive: Path) -> str:
    """SHA-512 of a file, written as npm writes it."""
    digest = hashlib.sha512(archive.read_bytes()).digest()
    return "sha512-" + base64.b64encode(digest).decode()


def verify(archive: Path, integrity: str) -> None:
    """Raise unless the archive has the pinned checksum."""
    found = checksum(archive)
    if found != integrity:
        msg = f"{archive.name}: expected {integrity}, received {found}."
        raise VendorError(msg)


def unpack(archive: Path, package: Package, folder: Path) -> None:
    """Copy the wanted members of the archive to their places."""
    with tarfile.open(archive) as tar:
        members = {m.name: m for m in tar.getmembers() if m.isfile()}
        for source, place in package.files:
            wanted = [
                name
                for name in members
                if name == source
                or (source.endswith("/") and name.startswith(source))
            ]
            if not wanted:
                msg = f"{package.name}@{package.version} has no {source}."
                raise VendorError(msg)
            for name in wanted:
                target = folder / (place + name[len(source) :])
                target.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(members[name])
                assert content is not None
                target.write_bytes(content.read())


def vendor(
    folder: Path = VENDOR,
    *,
    packages: tuple[Package, ...] | None = None,
    force: bool = False,
) -> bool:
    """Fill ``folder`` with what the pages need, or with other ``packages``.

    Returns False when there was nothing to do.
    """
    packages = PACKAGES if packages is None else packages
    if not force and up_to_date(folder, packages):
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        for package in packages:
            archive = fetch(package, Path(scratch))
            verify(archive, package.integrity)
            unpack(archive, package, fresh)
        (fresh / STAMP).write_text(stamp(packages), "utf-8")
        # Swap at the end, so that a broken download leaves the old folder.
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(fresh, folder)
    return True


def main() -> int:
    """Command line: 0 when the folder is complete, 1 with a sentence."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--force", action="store_true", help="fetch again")
    arguments = parser.parse_args()
    try:
        changed = vendor(force=arguments.force)
    except VendorError as error:
        print(f"vendor_assets: {error}", file=sys.stderr)
        return 1
    print("vendored scripts:", "fetched" if changed else "up to date")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
