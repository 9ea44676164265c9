"""Label and instance maps as channels."""

import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.layers.labels import boundaries, check_labels, one_hot


def test_one_channel_a_class() -> None:
    label = torch.tensor([[[[0, 2], [1, 1]]]])
    channels = one_hot(label, 3)
    assert channels.shape == (1, 3, 2, 2)
    assert channels.dtype == torch.float32
    torch.testing.assert_close(channels.argmax(1, keepdim=True), label)
    torch.testing.assert_close(channels.sum(1), torch.ones(1, 2, 2))
    assert one_hot(label.byte(), 3, torch.float64).dtype == torch.float64


@pytest.mark.parametrize(("wrong", "told"), [(3, "holds the id 3,"), (-1, "holds the id -1,"), (255, "at least 256")])
def test_an_id_without_a_class_is_named_in_one_line(wrong: int, told: str) -> None:
    label = torch.tensor([[[[0, wrong], [1, 1]]]])
    for look in (check_labels, one_hot):
        with pytest.raises(UserError, match=told) as caught:
            look(label, 3)
        assert "\n" not in str(caught.value)


def test_boundaries_are_two_pixels_wide_and_end_at_the_picture() -> None:
    instance = torch.zeros(1, 1, 5, 6, dtype=torch.int64)
    instance[..., 1:4, 2:4] = 33000
    expected = torch.tensor(
        [
            [0, 0, 1, 1, 0, 0],
            [0, 1, 1, 1, 1, 0],
            [0, 1, 1, 1, 1, 0],
            [0, 1, 1, 1, 1, 0],
            [0, 0, 1, 1, 0, 0],
        ]
    ).float()
    torch.testing.assert_close(boundaries(instance)[0, 0], expected)
    assert not boundaries(torch.full((2, 1, 4, 4), 7)).any()


def test_boundaries_are_those_of_single_pixels_compared_one_by_one() -> None:
    instance = torch.randint(0, 3, (2, 1, 7, 5), generator=torch.Generator().manual_seed(0))
    found = boundaries(instance, torch.float64)
    for n in range(2):
        for y in range(7):
            for x in range(5):
                around = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
                near = [instance[n, 0, j, i] for j, i in around if 0 <= j < 7 and 0 <= i < 5]
                assert found[n, 0, y, x] == float(any(instance[n, 0, y, x] != other for other in near))
