"""The package as a thing to install: version, contents, import, docs."""

import inspect
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import requires, version
from pathlib import Path

import jaxtyping
import pytest
import torch
from packaging.requirements import Requirement

import nnbcd

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "nnbcd"
MODULES = sorted(SOURCE.rglob("*.py"))
PUBLIC = sorted(nnbcd.__all__)
ARRAYS = re.compile(r"Tensor|NDArray|ndarray|ArrayLike")
SHAPES = re.compile(r"\(\w[\w, +*=-]*,[\w .+*=-]*\)|shape")


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout


def test_version_is_the_one_installed():
    assert nnbcd.__version__ == version("nnbcd") == "0.1.0.dev0"


def test_the_citation_names_this_version():
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {nnbcd.__version__}\n" in text


def test_the_wheel_holds_every_file(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    hidden = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SOURCE, tree / "nnbcd", ignore=hidden)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps"]
    options = ["--no-build-isolation", "--no-index", "-w", str(tmp_path)]
    subprocess.run([*command, *options, str(tree)], check=True)
    (wheel,) = tmp_path.glob("nnbcd-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        shipped = {n for n in archive.namelist() if n.startswith("nnbcd/")}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCE.rglob("*")
        if path.suffix in {".py", ".js", ".css", ".json"}
        or path.name == "py.typed"
    }
    assert "nnbcd/py.typed" in wanted
    assert shipped == wanted


@pytest.fixture(scope="module")
def imports():
    """Processor seconds and loaded modules of three fresh imports."""
    # Not the wall clock, which also counts the tests that run beside this.
    code = (
        "import sys, time, nnbcd;"
        "print(time.process_time(), *sorted(sys.modules))"
    )
    rows = [run_python(code).split() for _ in range(3)]
    return min(float(row[0]) for row in rows), set(rows[0][1:])


def test_import_takes_less_than_three_seconds(imports):
    seconds, _ = imports
    assert seconds < 3.0


@pytest.mark.parametrize(
    "module", ["matplotlib", "sklearn", "pandas", "IPython", "nnbcd.explore"]
)
def test_import_leaves_out(module, imports):
    _, loaded = imports
    assert "nnbcd.solver" in loaded
    assert module not in loaded


def test_public_names_exist_once():
    assert len(set(PUBLIC)) == len(PUBLIC)
    assert [name for name in PUBLIC if not hasattr(nnbcd, name)] == []


def own_doc(thing: object) -> str:
    """The docstring written for ``thing``, not an inherited one."""
    return inspect.cleandoc(vars(thing).get("__doc__") or "")


def public_functions():
    """Every public function and method, with the docstrings it can use.

    A method may leave the shapes to the method it overrides, or to a class
    that says "All tensors are (N, K)".
    """
    for name in PUBLIC:
        thing = getattr(nnbcd, name)
        if inspect.isfunction(thing):
            yield name, (thing, thing.__doc__ or "")
        if not inspect.isclass(thing):
            continue
        for key, member in vars(thing).items():
            function = inspect.unwrap(getattr(member, "__func__", member))
            if not key.startswith("_") and inspect.isfunction(function):
                family = [vars(c).get(key) for c in thing.__mro__]
                docs = "\n".join(m.__doc__ or "" for m in family if m)
                docs += " ".join(
                    said
                    for c in thing.__mro__
                    for said in re.findall(r"All \w+ are \(.*?\)", own_doc(c))
                )
                yield f"{name}.{key}", (function, docs)


FUNCTIONS = dict(public_functions())


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_has_a_docstring(name):
    thing = getattr(nnbcd, name)
    if inspect.isclass(thing):
        # A dataclass without one gets its signature; that says nothing.
        doc = own_doc(thing)
        assert doc
        assert not doc.startswith(f"{name}(")
    elif callable(thing):
        assert thing.__doc__


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_function_documents_its_shapes(name):
    function, docs = FUNCTIONS[name]
    assert function.__doc__, f"{name} has no docstring"
    hints = " ".join(str(h) for h in function.__annotations__.values())
    if ARRAYS.search(hints):
        assert SHAPES.search(docs), (
            f"{name} takes or gives arrays: its docstring must say their "
            "shapes, like (N, d) or 'shape of v'"
        )


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: str(path.relative_to(SOURCE))
)
def test_module_is_one_idea_long(path):
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= 280


def test_requirements_and_extras_agree():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    bare = (line.split("#")[0].strip() for line in lines)
    file = {str(Requirement(line)) for line in bare if line}
    extras = [Requirement(line) for line in requires("nnbcd") or ()]
    wanted = set()
    for need in extras:
        if need.marker is None or need.marker.evaluate({"extra": "book"}):
            need.marker = None
            wanted.add(str(need))
    assert file == wanted


def test_everything_required_is_pinned():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = {
        re.sub("[-_.]+", "-", line.split("==")[0].lower()): line
        for line in lines
        if "==" in line
    }
    needs = [Requirement(line) for line in requires("nnbcd") or ()]
    names = {re.sub("[-_.]+", "-", need.name.lower()) for need in needs}
    assert names - {"nnbcd"} <= set(pins)
    assert not [line for line in lines if "+" in line or line[:1] == "-"]


def test_shapes_are_checked_while_tests_run():
    from nnbcd.activations import ReLU

    with pytest.raises(jaxtyping.TypeCheckError):
        ReLU().prox(torch.zeros(3), torch.zeros(4), 1.0)
