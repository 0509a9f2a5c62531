"""Records: arithmetic, data frames, JSON."""

import json
from dataclasses import fields

import numpy as np
import pytest

from nnbcd import (
    BlockRecord,
    Dense,
    History,
    Network,
    Solver,
    Sparse,
    SweepRecord,
)
from nnbcd.history import tolerance

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((12, 5)), RNG.integers(0, 2, 12)
NET = Network(5, [Dense(6, structure=Sparse(0.5)), Dense(2)])


@pytest.fixture(scope="module")
def result():
    return Solver(coupling="penalty", sweeps=3).fit(
        NET, X, Y, validation=(X[:4], Y[:4])
    )


def block(before=4.0, after=1.0, guaranteed=2.0, **changes):
    values = {"sweep": 1, "layer": 2, "block": "U", "step_norm": 0.5}
    values |= {"seconds": 0.0, **changes}
    return BlockRecord(
        objective_before=before,
        objective_after=after,
        guaranteed=guaranteed,
        **values,
    )


def swept(number, objective, decrease, **changes):
    values = {"step_norm": 1.0, "guaranteed": 0.0, "min_slack": 0.0}
    values |= {"seconds": 0.0, **changes}
    return SweepRecord(
        sweep=number, objective=objective, decrease=decrease, **values
    )


def test_slack_is_what_is_left_of_the_decrease():
    assert block().decrease == 3.0
    assert block().slack == 1.0
    assert block(guaranteed=5.0).slack == -2.0


def test_a_sweep_sums_up_its_blocks(result):
    history = result.history
    for record in history.sweeps:
        rows = [r for r in history.blocks if r.sweep == record.sweep]
        assert [(r.layer, r.block) for r in rows] == [
            (2, "V"),
            (2, "U"),
            (2, "W"),
            (1, "V"),
            (1, "U"),
            (1, "W"),
            (1, "G"),
        ]
        squares = sum(r.step_norm**2 for r in rows)
        assert record.step_norm**2 == pytest.approx(squares)
        total = sum(r.guaranteed for r in rows)
        assert record.guaranteed == pytest.approx(total)
        assert record.min_slack == min(r.slack for r in rows)
        assert rows[0].objective_before - record.objective == record.decrease
        assert rows[-1].objective_after == pytest.approx(record.objective)
        assert all(r.seconds >= 0 for r in rows)
        for one, two in zip(rows, rows[1:], strict=False):
            assert one.objective_after == two.objective_before
    assert history.objective[0] == history.initial_objective
    assert history.objective[1:] == [s.objective for s in history.sweeps]


def test_accuracies_are_those_of_the_result(result):
    last = result.history.sweeps[-1]
    assert last.train_accuracy == result.accuracy(X, Y)
    assert last.validation_accuracy == result.accuracy(X[:4], Y[:4])


def test_without_validation_there_are_no_accuracies():
    (record,) = (
        Solver(coupling="penalty", sweeps=1).fit(NET, X, Y).history.sweeps
    )
    assert record.train_accuracy is None
    assert record.validation_accuracy is None


@pytest.mark.parametrize(
    ("dtype", "rise", "count"),
    [
        ("float64", 1e-11, 0),
        ("float64", 1e-9, 1),
        ("float32", 1e-6, 0),
        ("float32", 1e-4, 1),
    ],
)
def test_an_increase_is_one_beyond_rounding(dtype, rise, count):
    phi = [2.0, 1.0, 1.0 + rise, 0.5]
    sweeps = [
        swept(k, b, a - b)
        for k, (a, b) in enumerate(zip(phi, phi[1:], strict=False), 1)
    ]
    assert History(2.0, sweeps, (), dtype).objective_increases == count
    # Relative to the objective, not absolute.
    scaled = [swept(s.sweep, 1e6 * s.objective, 0.0) for s in sweeps]
    assert History(2e6, scaled, (), dtype).objective_increases == count
    assert tolerance(dtype) in (1e-10, 1e-5)


@pytest.mark.parametrize("rows", ["sweeps", "blocks"])
def test_data_frame(result, rows):
    pytest.importorskip("pandas")
    frame = result.history.to_dataframe(rows)
    records = getattr(result.history, rows)
    assert len(frame) == len(records)
    assert list(frame.columns) == [f.name for f in fields(records[0])]
    assert frame["step_norm"].tolist() == [r.step_norm for r in records]


def test_a_data_frame_of_something_else_is_refused(result):
    with pytest.raises(ValueError, match="rows must be.*'columns'"):
        result.history.to_dataframe("columns")


def test_json_and_back(result):
    text = result.history.to_json()
    assert History.from_json(text) == result.history
    assert set(json.loads(text)) == {
        "initial_objective",
        "sweeps",
        "blocks",
        "dtype",
        "coupling",
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("sweeps"), "sweeps"),
        (lambda d: d.pop("dtype"), "dtype"),
        (lambda d: d.update(blocks=3), "not a history"),
        (lambda d: d["blocks"][0].pop("layer"), "layer"),
        (lambda d: d["sweeps"][0].update(colour=1), "colour"),
        (lambda d: d.update(dtype="float16"), "dtype|float16"),
    ],
)
def test_other_json_is_refused(result, change, message):
    data = json.loads(result.history.to_json())
    change(data)
    with pytest.raises(ValueError, match=message):
        History.from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"a"'])
def test_text_that_is_no_history_is_refused(text):
    with pytest.raises(ValueError, match="not a history"):
        History.from_json(text)


def test_a_wrong_validation_set_is_refused():
    for y in (Y[:3], Y[:4, None], Y[:0]):
        with pytest.raises(ValueError, match="validation"):
            Solver(coupling="penalty", sweeps=1).fit(
                NET, X, Y, validation=(X[:4], y)
            )
