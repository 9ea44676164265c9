"""pix2pixHD's reference beyond its golden cases: old files, both layouts, names, refusals."""

from typing import Any

import numpy as np
import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.interop import from_reference, reference_networks, to_reference
from gan_zoo.losses.adversarial import LeastSquares, Vanilla
from gan_zoo.training.schedules import Linear

SMALL: dict[str, Any] = {
    **{"label_nc": 4, "ngf": 2, "ndf": 2, "nef": 2, "n_downsample_global": 1, "n_blocks_global": 1},
    **{"n_downsample_E": 1, "no_vgg_loss": True, "n_blocks_local": 1},
}


def made(weights: Any = None, **options: Any) -> Any:
    torch.manual_seed(0)
    return from_reference("pix2pixhd", {**SMALL, **options}, weights or {})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"netG": "local", "n_local_enhancers": 2, "num_D": 3},
        {"instance_feat": True},
        {"label_feat": True, "no_instance": True},
        {"norm": "batch"},
        {"no_ganFeat_loss": True, "no_lsgan": True},
        {"label_nc": 0, "no_instance": True},
        {"instance_feat": True, "load_features": True, "feat_num": 5},
    ],
    ids=str,
)
def test_there_and_back(options: dict[str, Any]) -> None:
    first = to_reference(made(**options))
    assert set(first) == {"netG", "netD", *(["netE"] if {"instance_feat", "label_feat"} & set(options) else [])} - (
        {"netE"} if options.get("load_features") else set()
    )
    torch.manual_seed(1)
    second = to_reference(from_reference("pix2pixhd", {**SMALL, **options}, first))
    for net, state in first.items():
        assert list(second[net]) == list(state)
        assert all(torch.equal(value, second[net][key]) for key, value in state.items())


def test_the_default_model_is_the_references() -> None:
    with torch.device("meta"):
        model: Any = from_reference("pix2pixhd", {}, {})
    assert {net: sum(p.numel() for p in found.parameters()) for net, found in reference_networks(model).items()} == {
        "netG": 182_546_755,
        "netD": 5_603_202,
    }
    assert (model.labels, model.instances, model.lambda_fm, model.lambda_vgg) == (35, True, 10, 10)
    assert isinstance(model.adversarial, LeastSquares)
    assert isinstance(made(no_lsgan=True).adversarial, Vanilla)


def test_a_discriminator_is_read_in_both_layouts_and_written_in_its_own() -> None:
    grouped, plain = (to_reference(made(no_ganFeat_loss=off))["netD"] for off in (False, True))
    assert next(iter(grouped)) == "scale0_layer0.0.weight"
    assert next(iter(plain)) == "layer0.0.weight"
    assert [v.shape for v in grouped.values()] == [v.shape for v in plain.values()]
    for off in (False, True):
        for given in (grouped, plain):
            state = to_reference(made({"netD": given}, no_ganFeat_loss=off))["netD"]
            assert list(state) == list(plain if off else grouped)
            assert all(torch.equal(a, b) for a, b in zip(state.values(), given.values(), strict=True))


def test_scale_0_is_the_coarsest() -> None:
    model = made()
    state = to_reference(model)["netD"]
    assert torch.equal(state["scale0_layer0.0.weight"], model.discriminator.scales[-1].layers[0].weight)


def test_statistics_of_instance_norms_in_old_files_are_dropped() -> None:
    weights = dict(to_reference(made())["netG"])
    weights["model.2.running_mean"] = weights["model.2.running_var"] = torch.ones(2)
    assert "model.2.running_mean" not in to_reference(made({"netG": weights}))["netG"]


def test_files_are_named_after_their_networks_and_may_be_wrapped() -> None:
    weights = {f"module.{key}": value.numpy() for key, value in to_reference(made())["netG"].items()}
    model = made({"G": weights})
    (found,) = reference_networks(model).values()
    assert found is model.generator
    np.testing.assert_array_equal(to_reference(model)["G"]["model.1.bias"], weights["module.model.1.bias"])


def test_the_rates_are_the_references() -> None:
    assert made(niter=50, niter_decay=50).schedule == Linear(50, 49, first_epoch=0)
    assert [made(niter=2, niter_decay=0).schedule(epoch) for epoch in range(3)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"netG": "lokal"}, "did you mean local"),
        ({"n_local_enhancer": 2}, "did you mean n_local_enhancers"),
        ({"norm": "layer"}, "no norm 'layer'"),
        ({"label_nc": 0}, "model.instances=false"),
    ],
)
def test_what_the_reference_does_not_know_is_refused(options: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line) as caught:
        made(**options)
    assert "\n" not in str(caught.value)


def test_weights_that_do_not_fit_are_refused() -> None:
    weights = to_reference(made())["netG"]
    with pytest.raises(UserError, match=r"model\.1\.weight of netG has the shape"):
        made({"netG": weights}, ngf=4)
    with pytest.raises(UserError, match="lack"):
        made({"netG": weights}, n_blocks_global=2)
    with pytest.raises(UserError, match="no network 'netE'"):
        made({"netE": weights}, netG="global", load_features=True)
