"""The official code's variables, both ways."""

import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.interop import from_reference, reference_networks, to_reference

TINY = {"resolution": 16, "label_size": 0, "fmap_base": 64, "fmap_max": 4}
STYLE = {"latent_size": 4, "dlatent_size": 4, "mapping_fmaps": 4, "mapping_layers": 2}


@pytest.mark.parametrize(("name", "more"), [("progan", {}), ("progan", {"fused_scale": False}), ("stylegan", STYLE)])
def test_there_and_back(name: str, more: dict[str, object]) -> None:
    torch.manual_seed(0)
    first = from_reference(name, {**TINY, **more}, {})
    states = to_reference(first)
    second = from_reference(name, {**TINY, **more}, {net: {**state, "lod": 0.0} for net, state in states.items()})
    for net, state in to_reference(second).items():
        assert list(state) == list(states[net])
        assert all(torch.equal(state[key], states[net][key]) for key in state)


def test_a_generator_alone_is_its_own_running_mean() -> None:
    weights = {"G": to_reference(from_reference("progan", TINY, {}))["G"]}
    networks = reference_networks(from_reference("progan", TINY, weights))
    assert torch.equal(networks["Gs"].dense.weight, networks["G"].dense.weight)


def test_what_does_not_fit_is_refused_in_one_line() -> None:
    weights = to_reference(from_reference("progan", TINY, {}))
    with pytest.raises(UserError, match=r"weights of G do not fit these options: they lack 32x32/Conv0_up/bias and"):
        from_reference("progan", {**TINY, "resolution": 32}, weights)
    with pytest.raises(UserError, match=r"of G has the shape \(.*check fmap_base"):
        from_reference("progan", {**TINY, "fmap_max": 8}, weights)
    with pytest.raises(UserError, match=r"no network 'E'"):
        from_reference("progan", TINY, {"E": weights["G"]})
    with pytest.raises(UserError, match=r"no option 'fmap_bass'.*fmap_base"):
        from_reference("progan", {"fmap_bass": 3}, {})


@torch.no_grad()
def test_fused_layers_hold_mirrored_kernels() -> None:
    torch.manual_seed(0)
    weights = {"G": to_reference(from_reference("stylegan", TINY | STYLE, {}))["G"]}
    kernel = "G_synthesis/16x16/Conv0_up/weight"
    nets = {
        fused: reference_networks(from_reference("stylegan", TINY | STYLE | {"fused_scale": fused}, weights))["G"]
        for fused in ("auto", True, False)
    }
    # Below 128 px nothing is fused of itself.
    plain, fused = nets["auto"].synthesis.convs[3].weight, nets[True].synthesis.convs[3].weight
    assert torch.equal(plain, nets[False].synthesis.convs[3].weight)
    assert torch.equal(fused, plain.flip(2, 3))
    assert torch.equal(plain, weights["G"][kernel].permute(3, 2, 0, 1))


def test_other_activations_and_rates() -> None:
    relu = from_reference("progan", TINY | {"use_leakyrelu": False}, {})
    assert reference_networks(relu)["G"].slope == 0
    assert reference_networks(from_reference("progan", TINY, {}))["G"].slope == 0.2
    quick = from_reference("stylegan", TINY | STYLE | {"mapping_lrmul": 0.5}, {})
    assert reference_networks(quick)["G"].mapping.layers[0].rate == 0.5
