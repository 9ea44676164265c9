"""Places of attention, sizes and shared blocks (the numbers are golden cases)."""

import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.layers.attention import SelfAttention
from gan_zoo.networks.munit import AutoEncoder, StridedPatch, StyleAutoEncoder, StyleEncoder


@pytest.mark.parametrize(
    ("attention", "line"),
    [
        ("refrence", r"no arrangement of attention 'refrence'.*reference"),
        ({"decodr": [0]}, r"no part 'decodr'.*decoder"),
        ({"decoder": [2]}, r"model.attention.decoder=\[2\]: the decoder has the places 0 to 1"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(attention: object, line: str) -> None:
    with pytest.raises(UserError, match=line):
        StyleAutoEncoder(ngf=8, attention=attention)  # type: ignore[arg-type]


def test_attention_stands_where_it_is_said_to() -> None:
    net = StyleAutoEncoder(ngf=8, n_blocks=1, attention="all")
    kinds = [type(layer).__name__ for layer in net.content_encoder.layers]
    assert kinds == ["ConvBlock", "SelfAttention", "ConvBlock", "SelfAttention", "ConvBlock"]
    kinds = [type(layer).__name__ for layer in net.decoder.layers]
    assert kinds == ["SelfAttention", "Upsample", "ConvBlock"] * 2 + ["ConvBlock"]
    judge = StridedPatch(ndf=8, attention="reference")
    assert isinstance(judge.layers[4], SelfAttention)
    assert judge(torch.zeros(1, 3, 16, 16)).shape == (1, 1, 1, 1)
    with pytest.raises(UserError, match="needs 8 channels, not 4"):
        StridedPatch(ndf=4, attention="discriminator")


def test_codes_have_their_shapes_at_any_legal_size() -> None:
    net = StyleAutoEncoder(ngf=2, style_dim=3, mlp_dim=4, n_blocks=1)
    x = torch.zeros(2, 3, 24, 16)
    content, style = net.content_encoder(x), net.style_encoder(x)
    assert content.shape == (2, 8, 6, 4)
    assert style.shape == (2, 3)
    assert net.decode(content, style).shape == x.shape


def test_pictures_too_small_are_refused_in_one_line() -> None:
    with pytest.raises(UserError, match="from 16 px at its scale, not 20x15"):
        StridedPatch(ndf=2)(torch.zeros(1, 3, 15, 20))
    with pytest.raises(UserError, match="a style is read from pictures of 16 px and more, not 40x15"):
        StyleEncoder(ngf=2)(torch.zeros(1, 3, 15, 40))


def test_shared_blocks_are_the_same_weights() -> None:
    one, other = AutoEncoder(ngf=2, n_blocks=3), AutoEncoder(ngf=2, n_blocks=3)
    other.share(one, 1)
    assert other.encoder.blocks.blocks[2] is one.encoder.blocks.blocks[2]
    assert other.decoder.blocks.blocks[0] is one.decoder.blocks.blocks[0]
    assert other.encoder.blocks.blocks[1] is not one.encoder.blocks.blocks[1]
    with pytest.raises(UserError, match="shared_blocks=4: there are 3"):
        other.share(one, 4)
