"""Sizes, style heads, ablations (the numbers are golden cases)."""

import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.networks.ugatit import NORMS, Discriminator, Generator


def test_the_light_head_takes_any_legal_size() -> None:
    net = Generator(ngf=2, n_blocks=1, light=True)
    for height, width in ((8, 8), (16, 40)):
        made = net(torch.zeros(2, 3, height, width))
        assert made.out.shape == (2, 3, height, width)
        assert made.logits.shape == (2, 2)
        assert made.heat.shape == (2, height // 4, width // 4)
    with pytest.raises(UserError, match="multiples of 4, from 8 px on, not 18x16"):
        net(torch.zeros(1, 3, 16, 18))


def test_the_full_head_takes_the_size_it_was_made_for() -> None:
    net = Generator(ngf=2, n_blocks=1, size=(16, 24))
    assert net(torch.zeros(1, 3, 16, 24)).out.shape == (1, 3, 16, 24)
    with pytest.raises(UserError, match=r"made for 24x16, not 16x16: .*generator.size.*generator.light=true"):
        net(torch.zeros(1, 3, 16, 16))


@pytest.mark.parametrize("norm", sorted(NORMS))
def test_every_norm_of_the_ablation_trains(norm: str) -> None:
    torch.manual_seed(0)
    net = Generator(ngf=2, n_blocks=1, light=True, norm=norm)
    net(torch.randn(1, 3, 16, 16)).out.sum().backward()
    learning = [name for name, p in net.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0]
    assert any(name.startswith("blocks") for name in learning)
    adaptive = any(name.startswith("gamma") for name in learning)
    assert adaptive == (norm in ("adalin", "adain"))


def test_without_attention_there_is_neither_logit_nor_map() -> None:
    made = Generator(ngf=2, n_blocks=1, light=True, cam=False)(torch.zeros(1, 3, 16, 16))
    assert (made.logits, made.heat) == (None, None)
    judged = Discriminator(ndf=2, n_layers=5, cam=False)(torch.zeros(1, 3, 32, 32))
    assert (judged.logits, judged.heat) == (None, None)


def test_an_unknown_norm_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"norm=adalim: there is no such norm.*adalin"):
        Generator(ngf=2, norm="adalim")


def test_checkpointing_changes_no_number() -> None:
    gradients = []
    for checkpointing in (False, True):
        torch.manual_seed(0)
        net = Generator(ngf=2, n_blocks=2, light=True, checkpointing=checkpointing).double()
        net(torch.linspace(-1, 1, 3 * 16 * 16, dtype=torch.float64).view(1, 3, 16, 16)).out.square().sum().backward()
        gradients.append(torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None]))
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("n_layers", "smallest"), [(5, 24), (7, 96)])
def test_the_smallest_picture_just_works_and_one_smaller_is_refused(n_layers: int, smallest: int) -> None:
    net = Discriminator(ndf=1, n_layers=n_layers)
    assert net.smallest == smallest
    assert net(torch.zeros(1, 3, smallest, smallest)).out.shape == (1, 1, 1, 1)
    with pytest.raises(UserError, match=f"from {smallest} px"):
        net(torch.zeros(1, 3, smallest - 1, smallest))


@pytest.mark.parametrize("light", [False, True])
def test_styles_are_read_at_full_precision_inside_autocast(light: bool) -> None:
    net, seen = Generator(ngf=2, n_blocks=1, size=16, light=light), list[torch.dtype]()
    for layer in (net.style[0], net.gamma, net.beta):
        layer.register_forward_hook(lambda _, __, y: seen.append(y.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        net(torch.zeros(1, 3, 16, 16)).out.sum().backward()
    assert seen == [torch.float32] * 3
