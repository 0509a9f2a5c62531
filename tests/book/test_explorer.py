"""The explorers: the page computes what the package computes."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

import nnbcd.explore
from nnbcd.activations import Piece, PiecewiseLinear
from nnbcd.explore import Choice, Slider, prox_explorer
from nnbcd.explore.prox import ACTIVATIONS, piece_table

SCRIPTS = Path(nnbcd.explore.__file__).parent


class Bent(PiecewiseLinear):
    """Slopes and intercepts that none of the shipped ones has together."""

    pieces = (
        Piece(-float("inf"), 1.0, 0.5, 0.25),
        Piece(1.0, float("inf"), -1.0, 1.75),
    )


SIGMAS = {**ACTIVATIONS, "bent": Bent()}
DRIVER = """
const prox = require(process.argv[1]);
const jobs = JSON.parse(require("fs").readFileSync(0, "utf8"));
const out = jobs.map((job) => job.points.map((p) => {
  const best = prox.prox(job.pieces, p[0], p[1], p[2]);
  const again = prox.value(job.pieces, best.u, p[0], p[1], p[2]);
  const s = prox.sigma(job.pieces, p[1]);
  return [best.u, best.value, again, s, prox.reluThreshold(p[0], p[2])];
}));
console.log(JSON.stringify(out));
"""


def random_points(count: int) -> torch.Tensor:
    """Rows (v, m, c), also far outside the sliders."""
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(count, 3, dtype=torch.float64, generator=generator)
    points[:, :2] *= 4
    points[:, 2] = 10 ** points[:, 2].clamp(-2, 2)
    return points


def grid_points(name: str) -> torch.Tensor:
    rows = [
        [g["v"], g["m"], g["c"]]
        for g in prox_explorer().grid(7)
        if g["activation"] == name
    ]
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)


@pytest.fixture(scope="module")
def in_javascript() -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("prox.js runs in Node.js, which is not installed")
    points = {
        name: torch.cat((random_points(1000), grid_points(name)))
        for name in SIGMAS
    }
    jobs = [
        {"pieces": piece_table(SIGMAS[n]), "points": p.tolist()}
        for n, p in points.items()
    ]
    done = subprocess.run(
        [node, "-e", DRIVER, str(SCRIPTS / "prox.js")],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    return {
        name: (p, torch.tensor(a, dtype=torch.float64))
        for (name, p), a in zip(points.items(), answers, strict=True)
    }


@pytest.mark.parametrize("name", SIGMAS)
def test_the_page_and_the_package_agree(name, in_javascript) -> None:
    points, answers = in_javascript[name]
    assert len(points) >= 1000
    sigma = SIGMAS[name]
    for (v, m, c), row in zip(points, answers, strict=True):
        u, value, again, s, _ = row
        ours = sigma.prox(v[None], m[None], float(c))[0]
        least = 0.5 * (sigma(ours) - v) ** 2 + 0.5 * c * (ours - m) ** 2
        assert abs(value - least) <= 1e-9 * max(1, least)
        assert abs(again - value) <= 1e-9 * max(1, value)
        assert abs(s - sigma(m)) <= 1e-9
        if near_tie(sigma, v, m, c):
            continue
        assert abs(u - ours) <= 1e-9


def near_tie(sigma, v, m, c) -> bool:
    """Two different candidates within rounding: either is an answer."""
    found = []
    for piece in sigma.table:
        u = (piece.slope * (v - piece.intercept) + c * m) / (
            piece.slope**2 + c
        )
        u = u.clamp(piece.lo, piece.hi)
        found.append((0.5 * (sigma(u) - v) ** 2 + 0.5 * c * (u - m) ** 2, u))
    (best, at), *others = sorted(found, key=lambda pair: float(pair[0]))
    return any(
        abs(value - best) < 1e-12 * max(1, best) and abs(u - at) > 1e-9
        for value, u in others
    )


def test_threshold_is_where_the_package_jumps(in_javascript) -> None:
    points, answers = in_javascript["ReLU"]
    relu = ACTIVATIONS["ReLU"]
    for (v, _, c), row in zip(points, answers, strict=True):
        if v < 0.1 or c > 20:
            continue
        at = row[4]
        below, above = (
            relu.prox(v[None], (at + e)[None], float(c))[0]
            for e in (-1e-9, 1e-9)
        )
        assert below < 0 < above


def test_html_is_the_same_every_time() -> None:
    assert prox_explorer().html() == prox_explorer()._repr_html_()
    other = prox_explorer(v=0.5).html()
    assert other != prox_explorer().html()
    assert other.split("\n")[0] != prox_explorer().html().split("\n")[0]


def test_html_needs_no_network_and_no_kernel() -> None:
    html = prox_explorer().html()
    for word in ("http:", "https:", "src=", "href=", "import(", "fetch("):
        assert word not in html
    assert html.count("<script>") == html.count("</script>") == 1
    assert len(html.encode()) < 60_000


def test_every_control_has_a_label_and_a_live_caption_exists() -> None:
    html = prox_explorer().html()
    labelled = r"<label><span>[^<]+</span><(?:input|select) [^>]*"
    named = re.findall(labelled + r'data-control="(\w+)"', html)
    assert named == [c.name for c in prox_explorer().controls]
    assert 'aria-live="polite"' in html
    assert "prefers-reduced-motion" in html


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"v": 9.0}, "v must lie between -2.0 and 3.0, got 9.0"),
        ({"c": 0.0}, "c must lie between"),
        ({"activation": "sine"}, "activation must be one of ReLU"),
    ],
)
def test_a_start_outside_is_refused_in_words(arguments, words) -> None:
    with pytest.raises(ValueError, match=words):
        prox_explorer(**arguments)


def test_slider_positions_span_the_slider() -> None:
    slider = Slider("v", "v", -2.0, 3.0, 0.5, 0.0)
    assert slider.positions(3) == [-2.0, 0.5, 3.0]
    assert slider.positions(99) == [-2.0 + 0.5 * k for k in range(11)]
    assert Choice("a", "a", ("x", "y"), "x").positions(1) == ["x", "y"]
    with pytest.raises(ValueError, match="minimum < maximum"):
        Slider("v", "v", 1.0, 1.0, 0.5, 1.0)
