"""A few chapters as on Colab, from the wheel, the sdist and a clone.

`make colab`, part of `make test`. The environment takes a minute the first
time; `make test-colab` runs every chapter.
"""

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from environment import ROOT, Colab, pinned_torch
from simulate import LIVE, Job, chapters, commit, git, run_all

pytestmark = [
    pytest.mark.colab,
    pytest.mark.skipif(
        not (ROOT / ".git").exists(), reason="runs commits: needs a clone"
    ),
]
# The explorer in the page, the solver, and the stored runs.
THREE = ("u_update", "sweep", "har")
KINDS = [(name, kind) for kind in ("wheel", "sdist") for name in THREE]
KINDS += [("why", "clone"), (LIVE, "clone")]


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """What is committed, and only that."""
    folder = tmp_path_factory.mktemp("tree")
    archive = folder / "tree.tar"
    git("archive", "-o", str(archive), "HEAD")
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "tree", filter="data")
    return folder / "tree"


def build(tree: Path, to: Path, *which: str) -> list[Path]:
    command = [sys.executable, "-m", "build", "--no-isolation", *which]
    subprocess.run(
        [*command, "--outdir", str(to), str(tree)],
        check=True,
        capture_output=True,
    )
    return sorted(to.iterdir())


@pytest.fixture(scope="module")
def dist(tree, tmp_path_factory) -> dict[str, Path]:
    """The sdist, and the wheel built from it."""
    wheel, sdist = sorted(
        build(tree, tmp_path_factory.mktemp("dist")), key=lambda p: p.suffix
    )[::-1]
    assert (wheel.suffix, sdist.suffix) == (".whl", ".gz")
    return {"wheel": wheel, "sdist": sdist}


@pytest.fixture(scope="module")
def colab() -> Path:
    return Colab(sys.executable, pinned_torch()).ready()


@pytest.fixture(scope="module")
def outcomes(colab, dist):
    """Every notebook above, two at a time."""
    with commit() as clone:
        sources = {**dist, "clone": clone}
        jobs = [Job(name, colab, str(sources[kind])) for name, kind in KINDS]
        done = run_all(jobs, workers=2)
        return dict(zip(KINDS, done, strict=True))


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_the_notebook_runs_alone(name, kind, outcomes):
    assert outcomes[name, kind].error == ""


def members(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_sdist_builds_the_wheel_the_tree_builds(tree, dist, tmp_path):
    (direct,) = build(tree, tmp_path, "--wheel")
    assert members(direct) == members(dist["wheel"])


def test_the_wheel_holds_what_is_not_python(dist):
    names = members(dist["wheel"])
    for name in (
        "nnbcd/py.typed",
        "nnbcd/explore/explorer.js",
        "nnbcd/explore/explorer.css",
        "nnbcd/explore/sweep.json",
    ):
        assert names[name] is not None
    runs = [n for n in names if n.startswith("nnbcd/experiments/runs/")]
    assert len(runs) == len(
        list(ROOT.glob("nnbcd/experiments/runs/*/*.json"))
    )
    assert not [n for n in names if n.startswith(("book/", "tests/"))]


def test_the_index_would_take_both(dist):
    check = [sys.executable, "-m", "twine", "--no-color", "check", "--strict"]
    done = subprocess.run(
        [*check, *map(str, dist.values())], capture_output=True, text=True
    )
    assert done.stdout.count("PASSED") == 2, done.stdout


def test_colab_has_all_that_the_package_needs(colab, dist):
    """The first cell of a chapter installs the package without any."""
    dry = ["install", "--dry-run", "-q", "--report", "-", str(dist["wheel"])]
    done = subprocess.run(
        [colab, "-m", "pip", *dry], capture_output=True, text=True, check=True
    )
    wanted = json.loads(done.stdout)["install"]
    assert [each["metadata"]["name"] for each in wanted] == ["nnbcd"]


def test_every_chapter_is_known():
    assert set(THREE) < set(chapters())
    assert len(chapters()) >= 17


def test_a_chapter_that_fails_is_told(colab, tmp_path):
    """A package that cannot be installed: pip's words, then Python's."""
    (done,) = run_all([Job("reading", colab, str(tmp_path))], workers=1)
    assert "is not installable" in done.error
    assert "No module named 'nnbcd'" in done.error
