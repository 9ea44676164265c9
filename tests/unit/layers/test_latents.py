"""What seeds stand for."""

import torch

from gan_zoo.layers.latents import seeded


def test_a_seed_stands_for_its_latent_whatever_the_others_are() -> None:
    assert torch.equal(seeded([7], 5), seeded([3, 7], 5)[1:])
    assert not torch.equal(seeded([7], 5), seeded([8], 5))
    assert seeded([], 5).shape == (0, 5)


def test_the_latents_are_those_of_the_official_scripts() -> None:
    # The first of numpy.random.RandomState(5).randn(1, 512), which pretrained_example.py draws.
    expected = torch.tensor([0.44122749, -0.33087015, 2.43077119, -0.25209213])
    torch.testing.assert_close(seeded([5], 512)[0, :4], expected)
