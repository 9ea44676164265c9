"""Styles, noise, truncation, mixing (the numbers were compared with the official code's)."""

import pytest
import torch

from gan_zoo.networks.stylegan import COARSE, FINE, MIDDLE, Generator, Mapping

SMALL = {"resolution": 16, "latent_dim": 6, "style_dim": 6, "hidden": 6, "base": 64, "most": 8}


def test_parameters_at_1024_px() -> None:
    with torch.device("meta"):
        net = Generator()
        assert sum(p.numel() for p in net.parameters()) == 26_219_627
        assert sum(p.numel() for p in net.mapping.parameters()) == 2_101_248
    assert net.synthesis.layers == 18


def test_without_layers_the_mapping_is_the_norm() -> None:
    w = Mapping(6, 6, 6, layers=0)(torch.randn(3, 6))
    torch.testing.assert_close(w.square().mean(dim=1), torch.ones(3))


@torch.no_grad()
def test_truncation_draws_the_layers_below_the_cutoff_towards_the_mean() -> None:
    torch.manual_seed(0)
    net = Generator(**SMALL)
    net.mean_w.fill_(2.0)
    w = net.spread(torch.randn(2, 6))
    half = net.truncated(w, 0.5, cutoff=2)
    torch.testing.assert_close(half[:, :2], (w[:, :2] + 2) / 2)
    assert torch.equal(half[:, 2:], w[:, 2:])
    assert net.truncated(w, None) is w
    assert net.truncated(w, 0.5, cutoff=0) is w
    each = net.truncated(w, [0.0, 1.0, 1.0, 1.0, 1.0, 0.5])
    torch.testing.assert_close(each[:, 0], torch.full((2, 6), 2.0))
    torch.testing.assert_close(each[:, 5], (w[:, 5] + 2) / 2)


@torch.no_grad()
def test_a_crossover_takes_the_fine_layers_from_the_second_style() -> None:
    net = Generator(**SMALL)
    w, w2 = torch.zeros(1, 6), torch.ones(1, 6)
    assert net.spread(w, w2, 2)[0, :, 0].tolist() == [0, 0, 1, 1, 1, 1]
    assert net.spread(w)[0, :, 0].tolist() == [0] * 6


@torch.no_grad()
@pytest.mark.parametrize(
    "options",
    [
        {"constant": False, "styles": False, "noise": False, "pixel": True, "instance": False},
        {"constant": False, "noise": False},
        {"noise": False},
        {},
    ],
    ids=["B", "C", "D", "E and F"],
)
def test_the_papers_configurations_make_pictures_at_each_level(options: dict[str, bool]) -> None:
    torch.manual_seed(0)
    net = Generator(**SMALL, **options)
    w = net.spread(net.mapping(torch.randn(2, 6)))
    for lod, side in ((0.0, 16), (0.5, 16), (1.0, 8), (2.0, 4)):
        assert net.synthesis(w, net.synthesis.stored_noise(), lod).shape == (2, 3, side, side)


@torch.no_grad()
def test_noise_matters_once_its_weights_are_not_zero() -> None:
    torch.manual_seed(0)
    net = Generator(**SMALL)
    w = net.spread(net.mapping(torch.randn(1, 6)))
    quiet = [torch.zeros_like(plane) for plane in net.synthesis.stored_noise() if plane is not None]
    assert torch.equal(net.synthesis(w, quiet), net.synthesis(w, net.synthesis.stored_noise()))
    for epilogue in net.synthesis.epilogues:
        epilogue.noise_weight.fill_(0.5)
    assert not torch.equal(net.synthesis(w, quiet), net.synthesis(w, net.synthesis.stored_noise()))


@torch.no_grad()
def test_every_row_takes_some_layers_of_every_column() -> None:
    net = Generator(**SMALL)
    rows, columns = net.spread(torch.zeros(2, 6)), net.spread(torch.tensor([[1.0], [2.0], [3.0]]).expand(3, 6))
    found = {name: net.mixed(rows, columns, part) for name, part in (("c", COARSE), ("m", MIDDLE), ("f", FINE))}
    assert found["c"].shape == (2, 3, 6, 6)
    assert found["c"][1, :, :, 0].tolist() == [[n, n, n, n, 0, 0] for n in (1, 2, 3)]
    assert found["m"][0, 2, :, 0].tolist() == [0, 0, 0, 0, 3, 3]
    assert not found["f"].any()  # 16 px have no fine layers
    assert rows.abs().sum() == 0


def test_the_mean_of_w_can_be_measured() -> None:
    torch.manual_seed(0)
    net = Generator(**SMALL)
    z = torch.randn(1500, 6)
    found = net.take_mean(z)
    torch.testing.assert_close(found, net.mapping(z).mean(dim=0).detach())
    assert torch.equal(net.mean_w, found)
    assert not found.requires_grad
