"""Self-attention in chunks against the whole matrix."""

import pytest
import torch
from torch import Tensor

from gan_zoo.errors import UserError
from gan_zoo.layers import attention
from gan_zoo.layers.attention import SelfAttention, places


def made(channels: int = 16) -> SelfAttention:
    torch.manual_seed(0)
    layer = SelfAttention(channels).double()
    layer.gamma.data.fill_(0.4)
    return layer


def whole(layer: SelfAttention, x: Tensor) -> Tensor:
    query, key, value = (conv(x).flatten(2) for conv in (layer.query_conv, layer.key_conv, layer.value_conv))
    looks = (query.mT @ key).softmax(dim=2)
    return x + layer.gamma * (value @ looks.mT).view_as(x)


@pytest.mark.parametrize("energies", [1, 97, 2**18])
def test_chunks_give_the_numbers_and_gradients_of_the_whole_matrix(
    energies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "ENERGIES", energies)
    layer = made()
    x = torch.randn(2, 16, 5, 6, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn_like(x)
    torch.testing.assert_close(layer(x), whole(layer, x), rtol=1e-12, atol=1e-12)
    inputs = [x, *layer.parameters()]
    ours = torch.autograd.grad(layer(x), inputs, upstream)
    for found, expected in zip(ours, torch.autograd.grad(whole(layer, x), inputs, upstream), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_a_new_layer_changes_nothing_but_learns() -> None:
    torch.manual_seed(0)
    layer, x = SelfAttention(8), torch.randn(1, 8, 3, 3)
    y = layer(x)
    assert torch.equal(y, x)
    y.square().sum().backward()
    assert layer.gamma.grad is not None
    assert layer.gamma.grad.abs() > 0


def test_weights_say_where_a_position_looks() -> None:
    layer = made()
    x = torch.randn(2, 16, 4, 3, dtype=torch.float64)
    query, key = layer.query_conv(x).flatten(2), layer.key_conv(x).flatten(2)
    looks = (query.mT @ key).softmax(dim=2)
    torch.testing.assert_close(layer.weights(x, row=2, column=1).flatten(1), looks[:, 2 * 3 + 1])


def test_fewer_than_eight_channels_are_refused_in_one_line() -> None:
    with pytest.raises(UserError, match=r"needs 8 channels, not 7: leave this position out, or widen ngf or ndf"):
        SelfAttention(7)


def test_4096_positions_take_at_most_16_mib_beyond_input_and_output() -> None:
    """The matrix alone would be 64 MiB, and its gradient as much again."""
    layer = SelfAttention(256)
    layer.gamma.data.fill_(0.4)
    x = torch.randn(1, 256, 64, 64, requires_grad=True)
    upstream = torch.randn_like(x)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        y = layer(x)
        y.backward(upstream)
    taken = peak = 0
    memory = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    for event in sorted(memory, key=lambda event: event.start_ns()):
        taken += event.nbytes()
        peak = max(peak, taken)
    output_and_input_gradient = 2 * x.numel() * 4
    assert 0 < peak - output_and_input_gradient < 16 * 2**20


def test_large_maps_are_few_chunks_of_bounded_size() -> None:
    for images, positions, most in ((1, 4096, 64), (1, 16384, 256), (1, 65536, 256), (2, 65536, 512), (1, 2**18, 4096)):
        chunks = attention._chunks(torch.empty(images, 1, positions, device="meta"))
        assert len(chunks) == most
        assert chunks[0].start == 0
        assert chunks[-1].stop >= positions
        assert images * positions * (chunks[0].stop - chunks[0].start) <= attention.MOST


def test_named_arrangements_and_places_by_part() -> None:
    assert places("none", "decoder", 2) == []
    assert places("reference", "encoder", 2) == []
    assert places("reference", "decoder", 2) == [0]
    assert places("reference", "discriminator", 5) == [4]
    assert places("all", "encoder", 2) == places("all", "decoder", 2) == [0, 1]
    assert places("discriminator", "discriminator", 5) == [1, 2, 3]
    assert places({"decoder": [1]}, "decoder", 2) == [1]
    assert places({"decoder": [1]}, "encoder", 2) == []
