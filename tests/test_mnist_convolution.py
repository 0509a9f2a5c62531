"""The paper's convolutional network on real images."""

import pytest

from nnbcd import Conv2d, Dense, Network, Penalties, Solver, TensorTrain
from nnbcd.datasets import mnist

RANK = 40
FIRST_MODES = (26, 26, 4, 4, 4, 4, 4, 2, 2, 2)  # 1024 x 5408
SECOND_MODES = (4,) * 10  # 1024 x 1024


@pytest.mark.slow
def test_three_sweeps_are_certified(nnbcd_data, monkeypatch):
    monkeypatch.setenv("NNBCD_DATA", str(nnbcd_data))
    data = mnist()
    network = Network(
        (1, 28, 28),
        [
            Conv2d(32, kernel_size=3, stride=2),
            Dense(1024, structure=TensorTrain(RANK, modes=FIRST_MODES)),
            Dense(1024, structure=TensorTrain(RANK, modes=SECOND_MODES)),
            Dense(10),
        ],
    )
    solver = Solver(
        Penalties(gamma=5.0, rho=5.0, tau=0.1, alpha=1.0),
        coupling="penalty",
        sweeps=3,
        dtype="float32",
    )
    result = solver.fit(network, data.x_train[:6000], data.y_train[:6000])
    seconds = [round(s.seconds, 1) for s in result.history.sweeps]
    print(f"seconds per sweep, 6,000 images: {seconds}")
    print(result.certificate())
    assert result.certificate().monotone
    assert result.certificate().min_slack >= -1e-5
    assert result.history.objective[-1] < result.history.objective[0]
