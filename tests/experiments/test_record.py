"""Records: read back, compact, found by name."""

import json
from dataclasses import replace

import pytest

from nnbcd.__main__ import main
from nnbcd.experiments import RunPlan, read, reproduce, stored
from nnbcd.experiments.record import POINTS, SCHEMA


@pytest.fixture
def record(tiny, tmp_path):
    return reproduce(
        tiny, RunPlan(tmp_path / "out", arms=("penalty",), quiet=True)
    )[0]


def test_written_and_read(record, tmp_path):
    path = record.write(tmp_path / "new" / "a.json")
    assert json.loads(path.read_text("utf-8"))["schema"] == SCHEMA
    again = read(path)
    assert again.run == "penalty-seed0"
    assert again.arm == "penalty"
    assert again.curve == record.curve
    assert again.certified().objective == record.certified().objective
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "x"}', "3"])
def test_another_file_is_refused(text, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"a\.json is no record"):
        read(path)


def test_compact_keeps_the_ends_and_is_small(record, tmp_path):
    count = 2000
    long = replace(
        record,
        curve={
            "sweep": list(range(1, count + 1)),
            "seconds": [k / 3 for k in range(count)],
            "objective": [1 / (k + 1) for k in range(count)],
            "train": [k / count / 3 for k in range(count)],
            "test": [None] * count,
        },
    )
    small = long.compact()
    sweeps = small.curve["sweep"]
    assert (sweeps[0], sweeps[-1]) == (1, count)
    assert sweeps == sorted(set(sweeps))
    assert POINTS / 2 < len(sweeps) <= POINTS
    assert small.curve["test"] == [None] * len(sweeps)
    assert small.history is None
    assert small.certificate == record.certificate
    assert small.write(tmp_path / "a.json").stat().st_size < 10_000
    assert small.curve["seconds"][-1] == pytest.approx(1999 / 3, rel=1e-4)


def test_a_short_curve_stays_whole(record):
    small = record.compact()
    assert small.curve["sweep"] == record.curve["sweep"]
    assert small.result["sweeps"] == 4


def test_stored_reads_a_folder_or_the_variable(record, tmp_path, monkeypatch):
    record.compact().write(tmp_path / "tiny" / "b.json")
    replace(record, run="adam-seed0").write(tmp_path / "tiny" / "a.json")
    runs = [r.run for r in stored("tiny", tmp_path)]
    assert runs == ["adam-seed0", "penalty-seed0"]
    monkeypatch.setenv("NNBCD_RUNS", str(tmp_path))
    assert [r.run for r in stored("tiny")] == runs


def test_without_records_the_message_says_how_to_make_them(monkeypatch):
    monkeypatch.delenv("NNBCD_RUNS", raising=False)
    with pytest.raises(FileNotFoundError, match="reproduce nothing --comp"):
        stored("nothing")


def test_certify_says_that_a_compact_record_has_no_history(
    record, tmp_path, capsys
):
    path = record.compact().write(tmp_path / "small.json")
    assert main(["certify", str(path)]) == 2
    assert "is a compact record" in capsys.readouterr().err


def test_only_a_broken_promise_is_an_error(record):
    from nnbcd.commands.reproduce import _kept

    def judged(step, method, *, holds):
        return _kept(
            replace(
                record,
                method=method,
                settings={**record.settings, "g_step": step},
                certificate={**record.certificate, "monotone": holds},
            )
        )

    assert judged("guarded", "penalty", holds=True)
    assert not judged("guarded", "penalty", holds=False)
    assert judged("svd", "penalty", holds=False)
    assert judged("guarded", "released", holds=False)
    assert _kept(replace(record, certificate=None))


def test_a_compact_curve_is_even_in_the_logarithm(record):
    count = 1000
    long = replace(record, curve={"sweep": list(range(1, count + 1))})
    sweeps = long.compact().curve["sweep"]
    assert sweeps[:10] == list(range(1, 11))
    assert sweeps[-1] == count
    assert len(sweeps) <= POINTS == 60
    ratios = [b / a for a, b in zip(sweeps[15:], sweeps[16:], strict=False)]
    assert max(ratios) < 1.15
