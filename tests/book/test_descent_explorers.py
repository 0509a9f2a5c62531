"""What the explorers of chapters 3 and 9 compute before they draw."""

import numpy as np
import pytest

from nnbcd.explore import read_table
from nnbcd.explore import sweep as recorded
from nnbcd.explore.bcd_2d import PLANES, path, powell_path

GRID = np.linspace(-4, 4, 80_001)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 5.0])
@pytest.mark.parametrize("name", PLANES)
def test_no_point_of_a_grid_beats_a_block_minimiser(name, alpha):
    plane = PLANES[name]
    rng = np.random.default_rng(0)
    for x, y in rng.uniform(-2, 2, (20, 2)):
        for j, old in enumerate((x, y)):

            def along(t, x=x, y=y, j=j, old=old):
                value = plane.value(t, y) if j == 0 else plane.value(x, t)
                return value + alpha / 2 * (t - old) ** 2

            found = along(plane.steps[j](x, y, alpha))
            assert found <= along(GRID).min() + 1e-12


@pytest.mark.parametrize("name", PLANES)
def test_the_named_minimisers_are_the_lowest_points(name):
    plane = PLANES[name]
    x, y = np.meshgrid(GRID[::200], GRID[::200])
    least = min(plane.value(*m) for m in plane.minimisers)
    assert all(plane.value(*m) == least for m in plane.minimisers)
    assert least <= plane.value(x, y).min() + 1e-12


def test_a_path_uses_the_newest_values_in_the_order_asked_for():
    first, second = (
        path(PLANES["tilted bowl"], (1.0, 2.0), sweeps=1, order=order)
        for order in ((0, 1), (1, 0))
    )
    np.testing.assert_allclose(first, [(1, 2), (-1.6, 2), (-1.6, 1.28)])
    np.testing.assert_allclose(second, [(1, 2), (1, -0.8), (0.64, -0.8)])


@pytest.mark.parametrize("alpha", [0.0, 0.5, 5.0])
def test_no_point_of_a_grid_beats_a_step_on_powells_function(alpha):
    grid = GRID[np.abs(GRID) <= 3]
    wells = np.maximum(np.abs(grid) - 1, 0) ** 2
    rng = np.random.default_rng(0)
    for start in rng.uniform(-3, 3, (30, 3)):
        new = powell_path(tuple(map(float, start)), alpha=alpha, updates=1)
        pull = start[1] + start[2]
        pay = alpha / 2 * (grid - start[0]) ** 2
        least = (-pull * grid + wells + pay).min()
        x = new[1][0]
        mine = -pull * x + max(abs(x) - 1, 0) ** 2
        mine += alpha / 2 * (x - start[0]) ** 2
        assert mine <= least + 1e-12
        assert (new[1][1:] == start[1:]).all()


def test_the_recorded_sweeps_are_those_of_the_package():
    table = read_table(recorded.__file__)
    assert len(table) == len(recorded.G_STEPS) * len(recorded.ALPHAS)
    fresh = recorded.record("svd", 1.0)
    for number, rows in table["svd, 1"].items():
        for stored, row in zip(rows, fresh[number], strict=True):
            assert stored[0] == row[0]
            # later digits depend on the machine
            assert stored[1:] == pytest.approx(row[1:], rel=0.05, abs=2e-4)


def test_only_tt_svd_raises_the_objective_and_others_keep_their_promise():
    rises = set()
    for key, sweeps in read_table(recorded.__file__).items():
        for rows in sweeps.values():
            for name, phi, fall, guaranteed, _ in rows:
                assert fall >= guaranteed - 1e-4 * phi or name == "G1"
                if fall < 0:
                    rises.add((key.partition(",")[0], name))
    assert rises == {("svd", "G1")}
