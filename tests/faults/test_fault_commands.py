"""The command line with ten thousand lines that nobody would write.

Each ends as a command should: 0, 1 where a certificate does not hold, or 2
with one sentence on stderr. No traceback, and no error that has no name.
"""

import contextlib
import io
import json
import random
import re
import warnings
from pathlib import Path

import jaxtyping
import numpy as np
import pytest
import torch

from nnbcd.__main__ import main

pytestmark = pytest.mark.faults
# Python's words for a mistake in the program, not in the line.
INTERNAL = re.compile(
    r"NoneType|object is not|has no attribute|not supported between|"
    r"positional argument|unexpected keyword|out of range|Errno"
)
MANY = "9" * 25
JUNK = ["", "0", "-1", "1", "2", "3.5", "nan", "inf", "-inf", "1e400"]
JUNK += ["1e-320", "x", "None", "[]", "0x10", MANY, "--", "-", "é", "\0"]
JUNK += ["2x2", "4x", "axb", "true", "../..", "a b", "%s", "{}", "\n"]
# A sensible value or two, then anything.
OPTIONS = {
    "--hidden": ["3", "4", "1"],
    "--structure": ["none", "tt", "sparse", "lowrank"],
    "--rank": ["1", "2"],
    "--modes": ["2x2x4", "3x4"],
    "--sparsity": ["0.5", "0.99"],
    "--ratio": ["0.5", "0.9"],
    "--activation": ["relu", "identity", "hard-tanh"],
    "--bias": None,
    "--no-bias": None,
    "--coupling": ["penalty", "constraint", "consistent"],
    "--g-step": ["svd", "guarded", "als"],
    "--loss": ["squared", "hinge", "cross-entropy"],
    "--gamma": ["0.5", "1e-6"],
    "--rho": ["0.5", "1e6"],
    "--tau": ["1", "5"],
    "--alpha": ["0", "1"],
    "--ridge": ["0", "0.1"],
    "--gradual": ["1", "2"],
    "--warm-start": ["1"],
    "--acceleration": None,
    "--no-acceleration": None,
    "--initialisation": ["orthogonal", "gaussian"],
    "--scale": ["0.1", "1"],
    "--sweeps": ["1", "2"],
    "--tol": ["0.1", "0"],
    "--time-limit": ["0.01", "1"],
    "--seed": ["0", "7"],
    "--dtype": ["float32", "float64"],
    "--device": ["cpu", "cuda", "meta", "cuda:99"],
    "--check-descent": None,
    "--checkpoint": ["run.npz", "gone/run.npz", "."],
    "--record": ["record.json", "gone/record.json", "."],
    "--save": ["model.safetensors", "gone/model", "."],
    "--chunk-rows": ["1", "5"],
    "--memory": ["1MB", "4GiB"],
    "--timeout": ["1", "60"],
    "--lean": None,
    "--quiet": None,
    "--json": None,
    "--unknown": ["1"],
}
COMPRESS = {
    "--ratio": ["0.5", "0.9"],
    "--tolerance": ["0.1", "1"],
    "--structure": ["lowrank", "sparse", "tt"],
    "--metric": ["outputs", "layer", "weights"],
    "--rows": ["1", "12"],
    "--refine": ["0", "1"],
    "--include": ["*", "0", "gone"],
    "--exclude": ["*", "0", "gone"],
    "--save": ["small.safetensors", "gone/small", "."],
}
DATA = ["good.npz", "tiny.npz", "words.npz", "empty.npz", "nan.npz"]
DATA += ["text.npz", "gone.npz", "folder.npz", "digit", "mnist", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Good and bad files, and a record that certify takes."""
    place = tmp_path_factory.mktemp("commands")
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((12, 4)), np.arange(12) % 2
    sets = {
        "good": (x, y, x, y),
        "tiny": (x[:1], y[:1], x[:1], y[:1]),
        "words": (x, y.astype(str), x, y.astype(str)),
        "empty": (x[:0], y[:0], x, y),
        "nan": (np.full_like(x, np.nan), y, x, y),
    }
    names = ("x_train", "y_train", "x_test", "y_test")
    for name, arrays in sets.items():
        path = place / f"{name}.npz"
        np.savez(path, **dict(zip(names, arrays, strict=True)))
    (place / "text.npz").write_text("no archive", "utf-8")
    (place / "folder.npz").mkdir()
    line = ["train", "--data", str(place / "good.npz"), "--sweeps", "2"]
    line += ["--quiet", "--json", "--hidden", "3"]
    record, model = str(place / "record.json"), str(place / "model")
    with contextlib.redirect_stdout(io.StringIO()):
        assert main([*line, "--record", record, "--save", model]) == 0
    return place


@pytest.fixture(autouse=True)
def as_users_run_it(monkeypatch, folder):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    monkeypatch.delenv("NNBCD_DATA", raising=False)
    # Published sets would be downloaded: here nothing can be.
    monkeypatch.setenv("NNBCD_CACHE", str(folder / "text.npz"))
    monkeypatch.chdir(folder)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def call(line):
    """Exit code and stderr of a command line."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            code = main(line)
        except SystemExit as end:  # argparse
            code = end.code
    return code, err.getvalue()


def judge(line):
    code, said = call(line)
    assert code in (0, 1, 2), (line, code, said)
    assert "Traceback" not in said, (line, said)
    if code == 2:
        last = said.rstrip().splitlines()[-1]
        # argparse quotes what it got, and that may hold a line break
        assert "error: " in said, (line, said)
        assert len(last) < 400, (line, said)
        assert not INTERNAL.search(last), (line, said)
    return code


def value_of(rng, known):
    if known and rng.random() < 0.7:
        return rng.choice(known)
    return rng.choice(JUNK)


def training(rng):
    data = "good.npz" if rng.random() < 0.8 else rng.choice([*DATA, *JUNK])
    line = ["train", "--data", data, "--sweeps", rng.choice(["1", "2"])]
    line += ["--quiet"] if rng.random() < 0.9 else []
    names = rng.sample(sorted(OPTIONS), rng.choice([1, 2, 2, 3, 4, 6]))
    if "--hidden" not in names:
        line += ["--hidden", "3"]
    for name in names:
        line.append(name)
        known = OPTIONS[name]
        if known is not None:
            many = rng.choice([0, 2, 3]) if rng.random() < 0.1 else 1
            line += [value_of(rng, known) for _ in range(many)]
    if "--time-limit" in names:
        return [word if word != MANY else "1" for word in line]
    return [*line, "--time-limit", "0.1"]  # MANY sweeps are allowed


def compressing(rng):
    """A model made smaller; sweeps of its refinement stay few."""
    files = ["model"] * 8 + ["good.npz", "gone", "."]
    line = ["compress", rng.choice(files), "--quiet"]
    line += ["--data", "good.npz" if rng.random() < 0.8 else rng.choice(DATA)]
    line += ["--ratio", "0.8"] if rng.random() < 0.6 else []
    for name in rng.sample(sorted(COMPRESS), rng.choice([0, 1, 1, 2, 3])):
        value = value_of(rng, COMPRESS[name])
        line += [name, "1" if value == MANY else value]
    return line


def others(rng):
    """The other commands; none of them with a run that takes long."""
    files = ["record.json", "model", "good.npz", "gone", ".", "text.npz"]
    command = rng.choice(["certify", "info", "inspect", "reproduce", "zz"])
    line = [command]
    if command == "reproduce":
        line += [rng.choice(JUNK)] if rng.random() < 0.3 else ["digits"]
        line += ["--arms", rng.choice(JUNK), "--out", "out"]
    elif command != "info":
        line += [rng.choice(files) if rng.random() < 0.8 else ""]
    if command == "inspect":
        line += ["--batch", *rng.choice([[], ["1"], [rng.choice(JUNK)]])]
        line += ["--repeats", "1"]
    if rng.random() < 0.3:
        line += [rng.choice(["--json", "--help", "--zz", *JUNK])]
    return line


def test_no_line_ends_in_a_traceback(how_many, tally):
    rng, tries = random.Random(0), how_many(10_000)
    makers = rng.choices(
        (training, others, compressing), weights=(16, 3, 1), k=tries
    )
    codes = [judge(make(rng)) for make in makers]
    tally("bad inputs tried", tries)
    # Neither do all fail at once: a good part of them trains.
    assert codes.count(0) > 0.1 * tries
    small = [
        c for c, m in zip(codes, makers, strict=True) if m is compressing
    ]
    assert 0.1 * len(small) < small.count(0) < 0.9 * len(small)
    assert codes.count(2) > 0.2 * tries


def test_words_without_order(how_many, tally):
    """Pieces of lines in any order, and characters in any order."""
    rng, tries = random.Random(1), how_many(1000)
    pieces = ["train", "certify", "info", "inspect", "export", *OPTIONS]
    pieces += ["compress", *COMPRESS]
    pieces += [*DATA, *JUNK, "-h", "--version"]
    for _ in range(tries):
        line = rng.choices(pieces, k=rng.randrange(6))
        if line[:1] == ["train"]:
            line += ["--sweeps", "1", "--data", "good.npz"]
            line += ["--time-limit", "0.1"]
        if rng.random() < 0.2 and line:
            word = list(rng.choice(line))
            rng.shuffle(word)
            line[rng.randrange(len(line))] = "".join(word)
        judge(line)
    tally("bad inputs tried", tries)


def test_an_error_without_a_name_is_a_line_as_well(monkeypatch):
    def broken(*_, **__):
        msg = "index 3 is out\nof range"
        raise IndexError(msg)

    monkeypatch.setattr("nnbcd.commands.train.build_network", broken)
    code, said = call(["train", "--data", "good.npz"])
    assert code == 70
    assert said.count("\n") == 1
    assert "IndexError: index 3 is out of range" in said
    assert "NNBCD_TRACEBACK=1" in said
    monkeypatch.setenv("NNBCD_TRACEBACK", "1")
    with pytest.raises(IndexError):
        main(["train", "--data", "good.npz"])


def test_memory_that_runs_out_is_the_users_to_mend(monkeypatch):
    def large(*_, **__):
        raise MemoryError

    monkeypatch.setattr("nnbcd.commands.train.build_network", large)
    code, said = call(["train", "--data", "good.npz"])
    assert code == 2
    assert re.search("error: memory ran out: .*smaller", said)


def test_the_record_of_a_run_that_trains_is_whole(folder):
    record = json.loads(Path("record.json").read_text("utf-8"))
    assert record["result"]["sweeps"] in (1, 2)  # whichever wrote it last
