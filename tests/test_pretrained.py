"""Compress a pretrained module: fits, layers of every kind, refusals."""

import copy
import warnings

import jaxtyping
import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import nnbcd
from nnbcd import Free, LowRank, Sparse, TensorTrain
from nnbcd.deploy import MaskedLinear, PatchConv2d, SparseLinear, TTLinear
from nnbcd.metrics import stored_bytes
from nnbcd.pretrained import Attention, compress
from nnbcd.pretrained.rows import margins, matrix_shape, pairs
from nnbcd.pretrained.sums import Sums

FAMILIES = {
    "low-rank": LowRank(3),
    "sparse": Sparse(0.7),
    "train": TensorTrain(3),
}


def rows(*shape, seed=0, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=g, dtype=dtype)


def chain(seed=0, dtype=torch.float64):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(12, 20),
        nn.ReLU(),
        nn.Linear(20, 16),
        nn.ReLU(),
        nn.Linear(16, 4),
    ).to(dtype)


def single(layer):
    """A layer alone is compressed in its own metric: nothing follows."""
    return layer.double()


# --- what a fit must be --------------------------------------------------


def narrow(n=200, p=10, rank=6):
    """Inputs of unequal directions, where the metric matters."""
    x = rows(n, rank, seed=1) @ rows(rank, p, seed=2)
    return x * torch.linspace(3, 0.1, p, dtype=torch.float64) + 1.0


@pytest.mark.parametrize("metric", ["layer", "outputs"])
def test_low_rank_is_the_best_there_is(metric):
    x, layer = narrow(), single(nn.Linear(10, 8))
    found = compress(layer, x, LowRank(2), metric=metric, damping=0.0)
    new = found.module
    assert [type(m) for m in new] == [nn.Linear, nn.Linear]
    u = layer(x).detach()
    mine = float((new(x) - u).detach().square().sum())
    # The oracle: of all rank-2 maps of centred inputs, the projection of
    # the outputs on their two leading directions.
    centred = u - u.mean(0)
    values = torch.linalg.svdvals(centred)
    best = float(values[2:].square().sum())
    if metric == "layer":
        assert mine == pytest.approx(best, rel=1e-6)
    else:
        assert mine <= 1.2 * best
    spread = float(centred.square().sum())
    (report,) = found.layers
    assert report.error == pytest.approx((mine / spread) ** 0.5, rel=1e-6)


def test_the_outputs_decide_where_they_feel_a_layer():
    x = rows(300, 8)
    first, last = nn.Linear(8, 8), nn.Linear(8, 1)
    model = nn.Sequential(first, last).double()
    with torch.no_grad():
        last.weight.copy_(torch.eye(8, dtype=torch.float64)[:1])
    structure = {"0": LowRank(1)}
    felt = compress(model, x, structure, metric="outputs", damping=1e-9)
    blind = compress(model, x, structure, metric="layer", damping=1e-9)
    assert felt.error < 0.05
    assert blind.error > 5 * felt.error


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("metric", ["layer", "outputs"])
def test_a_fit_beats_the_truncated_weight(family, metric):
    x = narrow(p=12)
    found = compress(chain(), x, FAMILIES[family], metric=metric)
    plain = compress(chain(), x, FAMILIES[family], metric="weights")
    assert found.parameters == plain.parameters
    assert found.error < 0.7 * plain.error
    for report in found.layers:
        assert report.error <= report.plain_error
    for report in plain.layers:
        assert report.error == report.plain_error


def test_the_weights_alone_are_the_projection():
    for structure in FAMILIES.values():
        layer = single(nn.Linear(12, 8))
        found = compress(layer, rows(30, 12), structure, metric="weights")
        wanted = structure.project(layer.weight.detach()).dense
        x = rows(5, 12, seed=3)
        torch.testing.assert_close(
            found.module(x), x @ wanted.T + layer.bias.detach()
        )


def test_sparse_values_are_the_best_on_their_support():
    x, layer = narrow(), single(nn.Linear(10, 8))
    found = compress(layer, x, Sparse(0.6), metric="layer", damping=0.0)
    w = found.module.weight()
    assert int((w != 0).sum()) == 32
    inputs = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)
    gap = found.module(x) - layer(x)
    slope = gap.detach().T @ inputs
    live = torch.cat([w != 0, torch.ones(8, 1, dtype=torch.bool)], 1)
    assert float(slope[live].abs().max()) < 1e-5 * float(slope.abs().max())


def test_the_bias_takes_up_the_mean():
    x, layer = narrow() + 5.0, single(nn.Linear(10, 8))
    found = compress(layer, x, LowRank(1))
    mean = (found.module(x) - layer(x)).mean(0)
    torch.testing.assert_close(
        mean, torch.zeros_like(mean), atol=1e-8, rtol=0
    )
    without = single(nn.Linear(10, 8, bias=False))
    assert compress(without, x, LowRank(1)).module[1].bias is None


def test_where_no_input_reaches_the_weight_stays():
    x = narrow()
    x[:, 6:] = 0.0
    layer = single(nn.Linear(10, 8))
    found = compress(layer, x, LowRank(8), metric="layer", include=None)
    assert found.layers == ()  # rank 8 of 8 x 10 would store more
    found = compress(layer, x, Sparse(0.1), metric="layer")
    w, old = found.module.dense.detach(), layer.weight.detach()
    kept = found.module.mask
    torch.testing.assert_close(w[:, 6:][kept[:, 6:]], old[:, 6:][kept[:, 6:]])


def test_few_rows_are_enough_to_run():
    for n in (1, 3):
        found = compress(chain(), rows(n, 12), ratio=0.6)
        assert torch.isfinite(found.module(rows(4, 12))).all()
        assert found.error < 1e-3


def test_layers_make_up_for_those_before():
    x, model = narrow(p=12), chain()
    errors = [
        compress(model, x, LowRank(3), sequential=s, metric="layer").error
        for s in (True, False)
    ]
    assert errors[0] < 0.9 * errors[1]


# --- sums over batches ---------------------------------------------------


def test_batches_give_what_the_whole_gives():
    x, model = narrow(p=12), chain()
    whole = compress(model, x.split(7), LowRank(3), metric="layer")
    parts = compress(model, [x], LowRank(3), metric="layer")
    torch.testing.assert_close(whole.module(x), parts.module(x))
    labels = torch.zeros(len(x))
    loader = DataLoader(TensorDataset(x, labels), batch_size=50)
    third = compress(model, loader, LowRank(3), metric="layer")
    torch.testing.assert_close(third.module(x), parts.module(x))
    array = compress(model, x.numpy(), LowRank(3), metric="layer")
    torch.testing.assert_close(array.module(x), parts.module(x))


CONVOLUTIONS = {
    "plain": {},
    "stride": {"stride": 2, "padding": 1},
    "dilation": {"dilation": 2, "padding": (2, 1)},
    "same": {"padding": "same", "kernel_size": (4, 3)},
    "valid": {"padding": "valid"},
    "reflect": {"padding": 1, "padding_mode": "reflect"},
    "circular": {"padding": (2, 1), "padding_mode": "circular"},
    "replicate": {"padding": "same", "padding_mode": "replicate"},
    "no bias": {"bias": False},
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_the_rows_of_a_convolution(name):
    options = {"kernel_size": 3, **CONVOLUTIONS[name]}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same'")
        layer = nn.Conv2d(3, 5, **options).double()
        images = rows(4, 3, 9, 8)
        out = layer(images).detach()
    q, p = matrix_shape(layer)
    w = layer.weight.detach().reshape(q, p)
    for a, u in pairs(layer, images, out):
        bias = 0 if layer.bias is None else layer.bias.detach()
        torch.testing.assert_close(a @ w.T + bias, u)
    assert len(margins(layer)) == 4


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_of_every_kind(name, family):
    options = {"kernel_size": 3, **CONVOLUTIONS[name]}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same'")
        layer = nn.Conv2d(4, 8, **options).double()
        x = rows(6, 4, 9, 8)
        found = compress(layer, x, FAMILIES[family], metric="layer")
        gap = (found.module(x) - layer(x)).detach()
        u = layer(x).detach().movedim(1, -1)
    spread = (u - u.mean((0, 1, 2))).square().sum()
    error = float((gap.square().sum() / spread).sqrt())
    assert found.layers[0].error == pytest.approx(error, rel=1e-6)
    assert error < found.layers[0].plain_error
    parts = list(found.module.modules())
    if family == "low-rank":
        assert not any(isinstance(m, PatchConv2d) for m in parts)
    else:
        inner = next(m for m in parts if isinstance(m, PatchConv2d)).linear
        assert isinstance(inner, TTLinear | MaskedLinear | SparseLinear)


def test_a_shared_layer_is_fitted_to_all_its_calls():
    layer = nn.Linear(6, 6)

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = self.second = layer

        def forward(self, x):
            return self.second(torch.tanh(self.first(x)))

    model = Twice().double()
    found = compress(model, rows(50, 6), LowRank(2))
    assert found.module.first is found.module.second
    assert len(found.layers) == 1
    assert found.error < 0.9


def test_writing_into_the_input_does_no_harm():
    model = chain()
    careful = compress(model, narrow(p=12), LowRank(3))
    for k in (1, 3):
        model[k] = nn.ReLU(inplace=True)
    hasty = compress(model, narrow(p=12), LowRank(3))
    assert hasty.error == pytest.approx(careful.error, rel=1e-9)


# --- attention -----------------------------------------------------------


def masks(length, batch):
    padding = torch.zeros(batch, length, dtype=torch.bool)
    padding[0, -2:] = True
    causal = torch.triu(torch.ones(length, length, dtype=torch.bool), 1)
    return padding, causal


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("masked", [0, 1, 2, 3])
@pytest.mark.parametrize("sizes", [{}, {"kdim": 6, "vdim": 10}])
def test_attention_taken_apart_is_the_same(
    batch_first, need_weights, masked, sizes
):
    torch.manual_seed(0)
    theirs = nn.MultiheadAttention(
        8, 2, batch_first=batch_first, **sizes
    ).double()
    with torch.no_grad():
        theirs.in_proj_bias.normal_()
    ours = Attention(theirs)
    q, k, v = (
        rows(3, 5, sizes.get(name, 8), seed=i)
        for i, name in enumerate(("qdim", "kdim", "vdim"))
    )
    padding, causal = masks(5, 3)
    if not batch_first:
        q, k, v = (x.transpose(0, 1) for x in (q, k, v))
    options = {
        "need_weights": need_weights,
        "key_padding_mask": padding if masked & 1 else None,
        "attn_mask": causal if masked & 2 else None,
    }
    for average in (True, False):
        options["average_attn_weights"] = average
        wanted, weights = theirs(q, k, v, **options)
        out, mine = ours(q, k, v, **options)
        torch.testing.assert_close(out, wanted)
        assert (mine is None) == (weights is None)
        if mine is not None:
            torch.testing.assert_close(mine, weights)


def test_attention_without_a_batch():
    theirs = nn.MultiheadAttention(8, 2).double()
    x = rows(5, 8)
    for mine, wanted in zip(
        Attention(theirs)(x, x, x), theirs(x, x, x), strict=True
    ):
        torch.testing.assert_close(mine, wanted)


def encoder(layers=2):
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    return nn.TransformerEncoder(layer, layers).eval()


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_transformer_blocks(family, grad):
    model, x = encoder(), rows(20, 6, 16, dtype=torch.float32)
    sizes = {"sparse": Sparse(0.5), "low-rank": LowRank(6)}
    structure = sizes.get(family, TensorTrain(4))
    found = compress(model, x, structure)
    plain = compress(model, x, structure, metric="weights")
    assert len(found.layers) == 12
    assert found.error < 0.8 * plain.error
    padding = torch.zeros(20, 6, dtype=torch.bool)
    padding[:, 4:] = True
    with torch.set_grad_enabled(grad):
        y = found.module(x, src_key_padding_mask=padding)
    assert torch.isfinite(y).all()
    # Attention none of whose parts was named is left packed.
    only = compress(model, x, structure, include=["*linear1"])
    assert len(only.layers) == 2
    assert not any(isinstance(m, Attention) for m in only.module.modules())
    with torch.set_grad_enabled(grad):
        only.module(x, src_key_padding_mask=padding)


def test_blocks_that_did_not_change_may_fuse_again():
    model, x = encoder(), rows(4, 6, 16, dtype=torch.float32)
    found = compress(model, x, LowRank(4), include=["layers.0.linear1"])
    first, second = found.module.layers
    assert first.activation_relu_or_gelu == 0
    assert second.activation_relu_or_gelu == 1
    assert model.layers[0].activation_relu_or_gelu == 1


# --- sizes ---------------------------------------------------------------


@pytest.mark.parametrize("ratio", [0.3, 0.6])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_ratio_is_of_the_whole_module(family, ratio):
    model = chain()
    found = compress(model, narrow(p=12), FAMILIES[family], ratio=ratio)
    total = sum(p.numel() for p in model.parameters())
    assert found.dense_parameters == total
    assert found.parameters <= ratio * total
    assert found.parameters > 0.6 * ratio * total
    stored = 0
    for part in found.module.modules():
        if isinstance(part, SparseLinear):
            stored += part.values.numel() + part.bias.numel()
        elif isinstance(part, MaskedLinear):
            stored += int(part.mask.sum()) + part.bias.numel()
        elif isinstance(part, nn.Linear | TTLinear):
            stored += sum(p.numel() for p in part.parameters())
    assert stored == found.parameters


def test_numbers_go_where_they_save_error():
    torch.manual_seed(0)
    wide, thin = nn.Linear(12, 12), nn.Linear(12, 12)
    with torch.no_grad():
        thin.weight.copy_(torch.outer(torch.ones(12), torch.randn(12)))
    model = nn.Sequential(wide, nn.ReLU(), thin).double()
    found = compress(model, rows(200, 12), ratio=0.6, metric="layer")
    ranks = {x.name: x.structure for x in found.layers}
    assert ranks["2"] == LowRank(1)
    assert ranks["0"].rank > 2


def test_a_tolerance_is_kept_by_every_layer():
    x, model = narrow(p=12), chain()
    for tolerance in (0.3, 0.05):
        found = compress(
            model, x, LowRank(1), tolerance=tolerance, sequential=False
        )
        for report in found.layers:
            assert report.error <= tolerance
            rank = report.structure.rank
            if rank > 1:
                smaller = compress(
                    model,
                    x,
                    {report.name: LowRank(rank - 1)},
                    sequential=False,
                )
                assert smaller.layers[0].error > tolerance
    assert found.error < 0.2


def test_patterns_choose_structures():
    found = compress(
        chain(), narrow(p=12), {"0": Sparse(0.5), "[24]": LowRank(1)}
    )
    kinds = {x.name: type(x.structure) for x in found.layers}
    assert kinds == {"0": Sparse, "2": LowRank, "4": LowRank}
    found = compress(chain(), narrow(p=12), LowRank(2), exclude=["4"])
    assert [x.name for x in found.layers] == ["0", "2"]
    assert found.left == {"4": "excluded"}


def test_the_table_says_it_all():
    found = compress(chain(), narrow(p=12), LowRank(2), exclude=["4"])
    text = str(found)
    assert "rank 2" in text
    assert "4: left, excluded" in text
    assert f"{found.parameters:,} of {found.dense_parameters:,}" in text
    assert found.bytes == 8 * found.parameters
    sparse = compress(chain(), narrow(p=12), Sparse(0.9))
    assert sparse.bytes > 8 * sparse.parameters  # the places count
    for x in (found, sparse):
        assert x.bytes == stored_bytes(x.module)


def test_buffers_count_among_the_bytes():
    module = nn.Sequential(nn.Linear(12, 6), nn.BatchNorm1d(6)).double()
    found = compress(module, narrow(p=12), LowRank(2))
    assert found.dense_bytes == stored_bytes(module)
    assert found.bytes == stored_bytes(found.module)
    assert found.dense_bytes == 8 * (found.dense_parameters + 2 * 6) + 8


# --- what is kept --------------------------------------------------------


def test_the_module_is_left_alone():
    model = chain(dtype=torch.float32)
    model[1].eval()
    model.train()
    model[1].eval()
    model[2].weight.requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    seen = []
    model[1].register_forward_hook(lambda *a: seen.append(1))
    found = compress(model, narrow(p=12), LowRank(3))
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key])
    assert [m.training for m in model] == [True, False, True, True, True]
    assert all(p.grad is None for p in model.parameters())
    new = found.module
    assert [m.training for m in new] == [True, False, True, True, True]
    assert all(p.dtype == torch.float32 for p in new.parameters())
    assert not any(p.requires_grad for p in new[2].parameters())
    assert all(p.requires_grad for p in new[0].parameters())
    assert len(new[1]._forward_hooks) == 1
    shared = {p.data_ptr() for p in model.parameters()}
    assert not shared & {p.data_ptr() for p in new.parameters()}


def test_the_random_numbers_of_the_user_are_not_touched():
    x, model = narrow(p=12), chain()
    state = torch.get_rng_state()
    compress(model, x, LowRank(3), ratio=0.5)
    assert torch.equal(state, torch.get_rng_state())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_number_types(dtype):
    model = chain(dtype=dtype)
    found = compress(model, narrow(p=12), LowRank(3), metric="layer")
    assert all(p.dtype == dtype for p in found.module.parameters())
    wide = compress(chain(), narrow(p=12), LowRank(3), metric="layer")
    assert found.error == pytest.approx(wide.error, rel=0.03)


def test_saved_and_loaded(tmp_path):
    model, x = chain(dtype=torch.float32), narrow(p=12).float()
    for structure in FAMILIES.values():
        small = compress(model, x, structure).module
        nnbcd.save(small, tmp_path / "small.safetensors")
        again = nnbcd.load(tmp_path / "small.safetensors")
        torch.testing.assert_close(again(x), small(x))


# --- refinement ----------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_sweeps_lower_the_error_of_the_outputs(family):
    x, model = narrow(p=12), chain()
    structure = FAMILIES[family]
    once = compress(model, x, structure)
    more = compress(model, x, structure, refine=5)
    assert more.error < once.error
    assert more.parameters == once.parameters
    assert [type(a.structure) for a in more.layers] == [type(structure)] * 3
    worst = max(report.error for report in more.layers)
    assert 0 < worst < 1


def test_sweeps_through_convolutions():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 3, stride=2, padding=1),
        nn.LeakyReLU(0.1),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(96, 5),
    ).double()
    x = rows(60, 1, 8, 8)
    structure = {"0": LowRank(2), "4": LowRank(2)}
    once = compress(model, x, structure)
    more = compress(model, x, structure, refine=3)
    assert more.error < once.error
    assert isinstance(more.module[2], nn.Dropout)


@pytest.mark.parametrize(
    ("model", "word"),
    [
        (nn.Sequential(nn.Linear(12, 8), nn.Softmax(1)), "Softmax"),
        (nn.Sequential(nn.ReLU(), nn.Linear(12, 8)), "ReLU"),
        (nn.Sequential(nn.Linear(12, 8), nn.ReLU()), "ReLU"),
        (nn.Sequential(nn.Linear(12, 8), nn.LayerNorm(8)), "LayerNorm"),
    ],
)
def test_refine_refuses_what_is_no_chain(model, word):
    with pytest.raises(ValueError, match=f"refine needs.*{word}"):
        compress(model, rows(20, 12), LowRank(2), refine=1)


# --- refusals ------------------------------------------------------------


def reasons(model, x, **options):
    return compress(model, x, LowRank(1), **options).left


def test_what_is_left_says_why():
    torch.manual_seed(0)

    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.good = nn.Linear(8, 8)
            self.embedding = nn.Embedding(8, 8)
            self.tied = nn.Linear(8, 8, bias=False)
            self.tied.weight = self.embedding.weight
            self.hooked = nn.Linear(8, 8)
            self.hooked.register_forward_hook(lambda *a: None)
            self.never = nn.Linear(8, 8)
            self.normed = nn.utils.parametrizations.weight_norm(
                nn.Linear(8, 8)
            )
            self.groups = nn.Conv2d(2, 4, 1, groups=2)
            self.strange = nn.MultiheadAttention(8, 2, add_zero_attn=True)

        def forward(self, x):
            y = self.normed(self.hooked(self.tied(self.good(x))))
            y = y + self.groups(x.reshape(-1, 2, 2, 2)).mean()
            return self.strange(y, y, y)[0]

    left = reasons(Odd(), rows(30, 8))
    assert set(left) == {
        *("embedding", "tied", "hooked", "never", "normed"),
        *("groups", "strange"),
    }
    words = {
        "tied": "embedding",
        "hooked": "hooks",
        "never": "did not reach",
        "normed": "parametrised",
        "groups": "2 groups",
        "strange": "add_zero_attn",
    }
    for name, word in words.items():
        assert word in left[name], name
    for name in ("tied", "groups"):
        with pytest.raises(ValueError, match=f"include: {name} cannot"):
            reasons(Odd(), rows(30, 8), include=[name])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ratio": 0.5, "tolerance": 0.1}, "exclude each other"),
        ({"ratio": 1.5}, "ratio must lie in"),
        ({"ratio": 0.01}, "ratio leaves"),
        ({"tolerance": -1.0}, "tolerance must be"),
        ({}, "give structure, ratio or tolerance"),
        ({"ratio": 0.5, "metric": "best"}, "metric must be one of"),
        ({"ratio": 0.5, "damping": -1.0}, "damping must be"),
        ({"ratio": 0.5, "refine": -1}, "refine must be"),
        ({"ratio": 0.5, "include": ["nine*"]}, "include: no layer"),
        ({"ratio": 0.5, "exclude": ["nine"]}, "exclude: no layer"),
        ({"ratio": 0.5, "exclude": ["*"]}, "no layer to compress"),
        ({"structure": {"9": LowRank(1)}}, "structure: no layer matches"),
        (
            {"structure": TensorTrain(2, modes=(3, 80))},
            "structure of [024]: modes",
        ),
    ],
)
def test_arguments_are_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        compress(chain(), rows(20, 12), **options)


@pytest.mark.parametrize(
    ("calibration", "kind", "message"),
    [
        (3, TypeError, "calibration must be"),
        ("digits", TypeError, "calibration must be"),
        ([], ValueError, "has no batches"),
        (np.zeros((0, 12)), ValueError, "has no rows"),
        (iter([np.zeros((3, 12))]), ValueError, "only once"),
        (np.full((3, 12), np.nan), ValueError, "NaN or infinity reached"),
    ],
)
def test_calibration_is_refused_in_words(calibration, kind, message):
    with pytest.raises(kind, match=message):
        compress(chain(), calibration, ratio=0.5)


def test_modules_are_refused_in_words(monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    x = rows(5, 12)
    with pytest.raises(TypeError, match="module must be"):
        compress(lambda x: x, x, ratio=0.5)
    with pytest.raises(TypeError, match=r"module\.module"):
        compress(nn.DataParallel(chain()), x, ratio=0.5)
    with pytest.raises(ValueError, match="no layer to compress"):
        compress(nn.ReLU(), x, ratio=0.5)
    with pytest.raises(TypeError, match="structure must be"):
        compress(chain(), x, "low rank")

    class Blind(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(12, 12).double()

        def forward(self, x):
            return self.layer(x).argmax(1)

    with pytest.raises(ValueError, match="metric='layer'"):
        compress(Blind(), x, LowRank(1))
    assert compress(Blind(), x, LowRank(1), metric="layer").layers


def test_a_call_of_your_own():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(12, 12).double()

        def forward(self, a, b):
            return {"sum": self.layer(a + b)}

    x = rows(40, 12)
    batches = [(x, x)]
    found = compress(
        Pair(), batches, LowRank(2), forward=lambda m, pair: m(*pair)
    )
    named = compress(Pair(), [{"a": x, "b": x}], LowRank(2))
    assert len(found.layers) == len(named.layers) == 1


def test_sums_know_when_nothing_varies():
    sums = Sums((2, 3), torch.device("cpu"))
    sums.add(rows(5, 3), torch.ones(5, 2, dtype=torch.float64))
    zero = torch.zeros(2, 3, dtype=torch.float64)
    assert sums.error(zero, torch.ones(2, dtype=torch.float64)) == 0.0
    assert sums.rows == 5


def test_progress_goes_to_stderr(capsys):
    compress(chain(), narrow(p=12), LowRank(2), progress=True)
    shown = capsys.readouterr()
    assert "3/3" in shown.err
    assert shown.out == ""


def test_free_layers_after_others_are_fitted_again():
    model, x = chain(), narrow(p=12)
    structure = {"0": LowRank(2), "4": Free()}
    found = compress(model, x, structure)
    assert [x.structure for x in found.layers] == [LowRank(2), Free()]
    alone = compress(model, x, {"0": LowRank(2)})
    assert found.error < alone.error
    assert found.parameters == alone.parameters
