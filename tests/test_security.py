"""The package runs no code that comes from outside."""

import ast
import re
from pathlib import Path

import pytest

import nnbcd

SOURCE = Path(nnbcd.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
# Modules that execute what they read, or start processes.
BARRED = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "code",
    "codeop",
    "runpy",
    "subprocess",
    "multiprocessing",
    "pty",
    "ctypes",
    "cffi",
    "imp",
    "importlib",
    "pkgutil",
    "telnetlib",
    "xmlrpc",
    "yaml",
}
CALLS = {"eval", "exec", "compile", "__import__", "breakpoint", "input"}
METHODS = {
    "system",
    "popen",
    "spawnl",
    "spawnv",
    "execv",
    "execvp",
    "fork",
    "forkpty",
    "read_pickle",
    "to_pickle",
    "extractall",
}
# What is let through, where, and why. Empty but for these.
ALLOWED = {
    ("mapped.py", "ctypes"): "malloc_trim of the C library",
    ("exercises/_check.py", "importlib"): "the package's own chapters",
    ("exercises/_check.py", "pkgutil"): "the names of those",
    ("explore/catalogue.py", "importlib"): "the package's own explorers",
    ("explore/catalogue.py", "pkgutil"): "the names of those",
    ("explore/explorer.py", "importlib"): "files that come with it",
    ("deploy/onnx_export.py", "importlib"): "is onnxruntime installed?",
    (
        "experiments/environment.py",
        "subprocess",
    ): "git, fixed words",
}


def offences(tree, name):
    """(file, what) of everything barred in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in BARRED:
                    yield name, alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom):
            top = (node.module or "").split(".")[0]
            if node.level == 0 and top in BARRED:
                yield name, top
        elif isinstance(node, ast.Call):
            yield from ((name, what) for what in call(node))


def call(node):
    options = {word.arg: word.value for word in node.keywords}
    function = node.func
    if isinstance(function, ast.Name) and function.id in CALLS:
        yield function.id
    if isinstance(function, ast.Attribute):
        if function.attr in METHODS:
            yield function.attr
        owner = getattr(function.value, "id", "")
        if (owner, function.attr) == ("torch", "load"):
            if not true(options.get("weights_only")):
                yield "torch.load without weights_only=True"
        if (owner, function.attr) in (("np", "load"), ("numpy", "load")):
            kept = options.get("allow_pickle")
            if not isinstance(kept, ast.Constant) or kept.value is not False:
                yield "np.load without allow_pickle=False"
        if (owner, function.attr) == ("torch", "save"):
            yield "torch.save"
    shell = options.get("shell")
    if shell is not None and not false(shell):
        yield "shell"
    if "verify" in options and not true(options["verify"]):
        yield "verify"


def true(node):
    return isinstance(node, ast.Constant) and node.value is True


def false(node):
    return isinstance(node, ast.Constant) and node.value is False


def found():
    rows = []
    for path in FILES:
        tree = ast.parse(path.read_text("utf-8"))
        rows += offences(tree, path.relative_to(SOURCE).as_posix())
    return set(rows)


def test_nothing_barred_but_what_is_explained():
    assert found() - set(ALLOWED) == set()


def test_every_exception_is_still_needed():
    assert set(ALLOWED) - found() == set()


@pytest.mark.faults
@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import subprocess as s",
        "eval('1')",
        "exec(text)",
        "os.system('ls')",
        "run(words, shell=True)",
        "run(words, shell=flag)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.save(model, path)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "requests.get(url, verify=False)",
        "archive.extractall(folder)",
        "importlib.import_module(name); import importlib",
    ],
)
def test_the_search_finds(line):
    assert list(offences(ast.parse(line), "a.py")), line


def test_git_is_asked_without_a_shell():
    text = (SOURCE / "experiments" / "environment.py").read_text("utf-8")
    assert re.findall(r"subprocess\.run\(\s*(\S+)", text) == ['["git",']


def test_every_download_has_a_checksum():
    """One place downloads; it compares before anything is read."""
    users = {
        path.relative_to(SOURCE).as_posix()
        for path in FILES
        if re.search(r"requests\.get|urlopen|urlretrieve", path.read_text())
    }
    assert users == {"datasets/download.py"}
    callers = {
        path.relative_to(SOURCE).as_posix()
        for path in FILES
        if "ResumingDownloader(" in path.read_text("utf-8")
    }
    assert callers == {"datasets/fetch.py"}
    fetch = (SOURCE / "datasets" / "fetch.py").read_text("utf-8")
    call = re.search(r"pooch\.retrieve\(\s*remote\.url,\s*(\S+)", fetch)
    assert call is not None and call[1] == "remote.checksum,"
    urls = [
        (path.name, url)
        for path in FILES
        for url in re.findall(r"http://\S+", path.read_text("utf-8"))
        if "w3.org" not in url and "localhost" not in url
    ]
    assert urls == []
