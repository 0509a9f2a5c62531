"""A trained network as a module: same outputs, trainable, portable."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from deploy_cases import NETWORKS, largest, rows, trained
from torch import nn

from nnbcd import Dense, Network, Solver, Sparse
from nnbcd.deploy import (
    BREAK_EVEN,
    SMALLEST,
    MaskedLinear,
    PatchConv2d,
    SparseLinear,
    TTLinear,
    sparse_linear,
)
from nnbcd.deploy.tt_plan import contract, contraction_flops, split_modes

ROOT = Path(__file__).resolve().parents[1]
WAYS = [
    {},
    {"sparse": "csr", "train": "contract"},
    {"sparse": "masked", "train": "rebuild"},
    {"train": "factors"},
    {"lean": True},
]


@pytest.mark.parametrize("options", WAYS, ids=str)
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("n", [1, 40])
def test_the_module_computes_what_the_result_does(name, options, n):
    result, x = trained(name), rows(name, n)
    model = result.to_module(**options)
    wanted = result.decision(x)
    assert largest(model(x), wanted) < 1e-12 * wanted.abs().max() + 1e-13
    with torch.no_grad():
        assert largest(model(x), wanted) < 1e-12 * wanted.abs().max() + 1e-13
    assert (model.predict(x) == result.predict(x)).all()
    single = result.to_module(**options, dtype=torch.float32)
    assert largest(single(x.float()), wanted) < 1e-4 * wanted.abs().max()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_module_is_its_own(name):
    result, x = trained(name), rows(name, 5)
    before = result.decision(x)
    model = result.to_module()
    with torch.no_grad():
        for p in model.parameters():
            assert p.is_leaf
            p.add_(1.0)
    assert largest(result.decision(x), before) == 0
    again = copy.deepcopy(model)
    assert largest(again(x), model(x)) == 0
    fresh = result.to_module()
    fresh.load_state_dict(model.state_dict())
    assert largest(fresh(x), model(x)) == 0
    for value in model.state_dict().values():
        assert type(value) is torch.Tensor
        assert value.layout == torch.strided


def test_each_weight_has_the_layer_of_its_structure():
    def kinds(name, **options):
        model = trained(name).to_module(**options)
        return [type(m).__name__ for m in model if hasattr(m, "weight")]

    assert kinds("dense") == ["Linear"] * 3
    assert kinds("half-sparse")[:2] == ["MaskedLinear"] * 2
    csr = kinds("half-sparse", sparse="csr")
    assert csr[:2] == ["SparseLinear"] * 2
    assert kinds("train")[:2] == ["TTLinear"] * 2
    assert kinds("conv") == ["Conv2d", "Conv2d", "Linear"]
    assert kinds("conv-train")[:2] == ["PatchConv2d"] * 2
    two = trained("low-rank").to_module()[0]
    assert [type(m) for m in two] == [nn.Linear, nn.Linear]
    assert two[0].bias is None and two[0].out_features == 3
    two = trained("conv-low-rank").to_module()[0]
    assert [m.kernel_size for m in two] == [(3, 3), (1, 1)]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("n", [1, 40])
def test_half_precision(name, dtype, n):
    result, x = trained(name), rows(name, n)
    model = result.to_module(sparse="csr").to(dtype)
    y = model(x.to(dtype))
    assert y.dtype == dtype
    wanted = result.decision(x)
    assert largest(y, wanted) < 0.05 * wanted.abs().max()


@pytest.mark.parametrize("options", WAYS, ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_fine_tuning_lowers_the_loss_and_keeps_the_structure(name, options):
    x, y = rows(name, 30), torch.arange(30) % 3
    model = trained(name).to_module(**options).train()
    zeros = [
        m.weight() == 0
        for m in model.modules()
        if isinstance(m, SparseLinear | MaskedLinear)
    ]
    size = sum(p.numel() for p in model.parameters())
    adam = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(15):
        adam.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        assert all(p.grad is not None for p in model.parameters())
        adam.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    assert size == sum(p.numel() for p in model.parameters())
    with torch.no_grad():
        after = [
            m.weight() == 0
            for m in model.modules()
            if isinstance(m, SparseLinear | MaskedLinear)
        ]
    for old, new in zip(zeros, after, strict=True):
        assert (new | ~old).all()


@pytest.mark.parametrize("kind", [SparseLinear, MaskedLinear])
@pytest.mark.parametrize("n", [3, 40])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_of_sparse_layers(kind, n, dtype):
    generator = torch.Generator().manual_seed(0)
    w = torch.randn(7, 5, generator=generator, dtype=dtype)
    w[w.abs() < 0.9] = 0
    w[2] = 0  # an empty row
    x = torch.randn(n, 5, generator=generator, dtype=dtype)
    x.requires_grad_()
    layer = kind(w)
    layer(x).square().sum().backward()
    fixed = x.detach()
    wanted_x = 2 * (fixed @ w.mT) @ w
    wanted_w = 2 * (fixed @ w.mT).mT @ fixed * (w != 0)
    parameter = layer.values if kind is SparseLinear else layer.dense
    found = parameter.grad
    if kind is SparseLinear:
        wanted_w = wanted_w[w != 0]
    scale = float(wanted_w.abs().max())
    assert largest(found, wanted_w) < 1e-5 * scale
    assert largest(x.grad, wanted_x) < 1e-5 * float(wanted_x.abs().max())


def test_a_kept_entry_that_is_zero_stays_kept():
    w = torch.zeros(3, 4)
    mask = torch.eye(3, 4, dtype=torch.bool)
    for layer in (SparseLinear(w, mask=mask), MaskedLinear(w, mask=mask)):
        layer(torch.ones(2, 4)).sum().backward()
        (p,) = layer.parameters()
        assert int((p.grad != 0).sum()) == 3


def test_inputs_may_have_more_axes_or_no_rows():
    x = torch.randn(2, 3, 8)
    w = torch.randn(6, 8)
    tt = TTLinear([w.reshape(1, 48, 1)], out_features=6, product="contract")
    for layer in (tt, SparseLinear(w), MaskedLinear(w)):
        assert largest(layer(x), x @ w.mT) < 1e-5
        assert layer(x[:0]).shape == (0, 3, 6)
        assert layer(x[0, 0]).shape == (6,)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("n", [1, 5])
def test_contraction_equals_the_dense_product(reverse, n):
    pairs = ((2, 3), (4, 1), (1, 5), (3, 2))
    ranks = (1, 2, 4, 3, 1)
    generator = torch.Generator().manual_seed(0)
    cores = [
        torch.randn(r, i * j, s, generator=generator, dtype=torch.float64)
        for (i, j), r, s in zip(pairs, ranks, ranks[1:], strict=False)
    ]
    layer = TTLinear(cores, pairs=pairs)
    x = torch.randn(n, 30, generator=generator, dtype=torch.float64)
    y = contract(x, cores, pairs, reverse=reverse)
    assert largest(y, x @ layer.weight().mT) < 1e-11
    assert y.shape == (n, 24)


def test_flops_count_what_the_products_do():
    pairs, ranks = ((2, 3), (4, 5)), (1, 6, 1)
    # last core first: (3 rows left) times (4 * 6) times 5, then 8 x 18
    wanted = 2 * (3 * 5 * 24) + 2 * (4 * 3 * 6 * 2)
    assert contraction_flops(pairs, ranks, reverse=True) == wanted
    # first core first: 5 columns to come
    wanted = 2 * (3 * 12 * 5) + 2 * (2 * 6 * 5 * 4)
    assert contraction_flops(pairs, ranks, reverse=False) == wanted


@pytest.mark.parametrize("name", ["train", "pairs", "across"])
def test_auto_takes_the_way_with_the_fewest_flops(name):
    tt = trained(name).to_module()[0]
    ways = set()
    for rows_ in (1, 2, 3, 5, 10, 100, 10**4):
        cost = {way: c + rows_ * e for way, (c, e) in tt.costs.items()}
        assert cost[tt.way(rows_)] == min(cost.values()) == tt.flops(rows_)
        ways.add(tt.way(rows_))
    if name != "across":
        assert len(ways) > 1


def test_the_costs_are_those_of_the_products():
    # 16 x 8 as modes 4 4 | 4 2, ranks 3 3 2
    tt = trained("train").to_module()[0]
    assert tt.modes == (4, 4, 4, 2) and tt.ranks == (1, 3, 3, 2, 1)
    left, right = 2 * 4 * 3 * 12, 2 * 2 * 2 * 12
    assert tt.costs["factors"] == (left + right, 2 * 3 * (16 + 8))
    whole = 2 * (4 * 3 * 12 + 16 * 3 * 8 + 64 * 2 * 2)
    assert tt.costs["rebuild"] == (whole, 2 * 16 * 8)


def test_modes_that_do_not_allow_a_way():
    assert split_modes((6, 6, 5), 15, 12) is None
    layer = trained("unsplit").to_module(train="contract")[0]
    assert list(layer.costs) == ["rebuild"] == [layer.way(1)]
    with pytest.raises(ValueError, match="use one of rebuild"):
        TTLinear(list(layer.cores), out_features=15, product="contract")
    across = trained("across").to_module(train="factors")[0]
    assert set(across.costs) == {"contract", "rebuild"}


def test_sparse_layers_are_chosen_by_the_break_even():
    w = torch.zeros(512, SMALLEST // 512)
    kept = int(SMALLEST * BREAK_EVEN)
    w.view(-1)[:kept] = 1.0
    assert isinstance(sparse_linear(w), SparseLinear)
    assert isinstance(sparse_linear(w[1:]), MaskedLinear)  # too small
    w.view(-1)[kept] = 1.0
    assert isinstance(sparse_linear(w), MaskedLinear)  # too full
    assert isinstance(sparse_linear(w, format="csr"), SparseLinear)
    with pytest.raises(ValueError, match="format must be one of"):
        sparse_linear(w, format="coo")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: TTLinear([torch.ones(1, 6, 1)], out_features=4), "divide"),
        (lambda: TTLinear([torch.ones(1, 6, 1)], pairs=((2, 2),)), "match"),
        (
            lambda: TTLinear(
                [torch.ones(1, 6, 1)], torch.ones(2), out_features=3
            ),
            "bias must have shape",
        ),
        (lambda: SparseLinear(torch.ones(3)), "must be a matrix"),
        (
            lambda: PatchConv2d(SparseLinear(torch.ones(3, 8)), 1, (3, 3)),
            "a patch has 9",
        ),
    ],
)
def test_refusals(make, said):
    with pytest.raises(ValueError, match=said):
        make()


COMPILED = """
import sys
sys.path.insert(0, "tests")
import torch
from deploy_cases import NETWORKS, largest, rows, trained
for name in NETWORKS:
    for options in ({}, {"sparse": "csr", "train": "contract"}):
        model = trained(name, "float32").to_module(**options)
        x, z = rows(name, 4).float(), rows(name, 9).float()
        batch = torch.export.Dim("batch", min=1, max=4096)
        graph = torch.export.export(
            model, (x,), dynamic_shapes=({0: batch},)
        ).module()
        assert largest(graph(z), model(z)) < 1e-5, name
        torch._dynamo.reset()
        fast = torch.compile(model, backend="aot_eager", fullgraph=True)
        assert largest(fast(x), model(x)) < 1e-5, name
        fast(x).sum().backward()
print("ok")
"""


@pytest.mark.slow
def test_export_and_compile_see_one_graph():
    # In a process of its own: the checks of shapes that wrap every function
    # in the tests would break the graph.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMPILED],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout.strip() == "ok", done.stderr[-2000:]


def tangled(seed):
    """A pruned network with silent units, unread units, and constants."""
    generator = torch.Generator().manual_seed(seed)
    widths = [6, 7, 5, 6, 3]
    layers = [
        Dense(width, structure=Sparse(0.85), bias=(seed + i) % 5 != 0)
        for i, width in enumerate(widths[1:-1])
    ]
    net = Network(6, [*layers, Dense(3)])
    start = [
        (
            torch.randn(m, k, generator=generator, dtype=torch.float64),
            torch.randn(m, generator=generator, dtype=torch.float64)
            if layer.bias
            else None,
        )
        for m, k, layer in zip(widths[1:], widths, net.layers, strict=False)
    ]
    x = torch.randn(8, 6, generator=generator, dtype=torch.float64)
    result = Solver(sweeps=1, coupling="constraint").fit(
        net, x, torch.arange(8) % 3, start=start
    )
    return result, torch.randn(50, 6, dtype=torch.float64)


@pytest.mark.parametrize("seed", range(40))
def test_lean_networks_give_the_same_outputs(seed):
    result, x = tangled(seed)
    full, lean = result.to_module(), result.to_module(lean=True)
    assert largest(full(x), lean(x)) < 1e-12 * (1 + full(x).abs().max())
    for old, new in zip(full, lean, strict=True):
        if hasattr(old, "out_features"):
            assert new.out_features <= old.out_features


def test_lean_networks_have_no_dead_units():
    smaller = 0
    for seed in range(40):
        result, _ = tangled(seed)
        full, lean = (
            [m for m in model if hasattr(m, "weight")]
            for model in (result.to_module(), result.to_module(lean=True))
        )
        smaller += sum(m.out_features for m in lean) < sum(
            m.out_features for m in full
        )
        weights = [
            m.weight() if callable(m.weight) else m.weight for m in lean
        ]
        for here, after, layer in zip(
            weights, weights[1:], lean[1:], strict=False
        ):
            if len(here) > 1:
                assert (after != 0).any(0).all()
            if len(here) > 1 and layer.bias is not None:
                assert (here != 0).any(1).all()
    assert smaller > 30
