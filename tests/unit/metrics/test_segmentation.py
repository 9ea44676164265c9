import pytest
import torch

from gan_zoo.data.transforms import to_uint8
from gan_zoo.metrics.protocol import Pairs, Unmeasurable
from gan_zoo.metrics.segmentation import Segmentation
from tests.unit.evaluation.nets import Segmenter, judge

DARK, LIGHT = -0.9, 0.9
ONE = Segmentation(judge(Segmenter()))


def halves(left: float, right: float, cut: int = 8) -> torch.Tensor:
    picture = torch.full((1, 3, 16, 16), left)
    picture[..., cut:] = right
    return picture


def pairs(fake: torch.Tensor, real: torch.Tensor, **batch: torch.Tensor) -> Pairs:
    return Pairs(fake, real, to_uint8(fake), to_uint8(real), {"source": real, **batch})


def test_without_labels_the_judge_looks_at_the_real_picture() -> None:
    same = pairs(halves(DARK, LIGHT), halves(DARK, LIGHT))
    assert set(ONE.found(ONE.each(same)).values.values()) == {1.0}
    wrong = pairs(halves(LIGHT, DARK), halves(DARK, LIGHT))
    found = ONE.found(ONE.each(wrong)).values
    assert found["segmentation_pixel_accuracy"] < 0.1  # the border is blurred at the judge's half size


def test_labels_of_the_data_are_the_truth() -> None:
    label = torch.zeros(1, 1, 16, 16, dtype=torch.int64)
    label[..., 12:] = 1  # a quarter is light, and half of the picture is
    table = ONE.each(pairs(halves(DARK, LIGHT), halves(DARK, DARK), label=label))
    assert table.shape == (1, 2, 2)
    found = ONE.found(table)
    assert found.values["segmentation_pixel_accuracy"] == pytest.approx(0.75, abs=0.05)
    assert found.values["segmentation_class_accuracy"] == pytest.approx((8 / 12 + 1) / 2, abs=0.05)
    assert found.values["segmentation_iou"] == pytest.approx((8 / 12 + 4 / 8) / 2, abs=0.05)
    assert found.facts["classes"] == 2


def test_classes_that_do_not_count_are_left_out() -> None:
    label = torch.zeros(1, 1, 16, 16, dtype=torch.int64)
    label[..., 8:] = 255
    given = pairs(halves(DARK, LIGHT), halves(DARK, DARK), label=label)
    assert int(ONE.each(given).sum()) == 128
    label[..., 8:] = 1
    ignoring = Segmentation(judge(Segmenter()), ignore=1)
    assert int(ignoring.each(given).sum()) == 128
    label[:] = 1
    with pytest.raises(Unmeasurable, match="no pixel has a true class"):
        ignoring.found(ignoring.each(given))


def test_colours_of_label_pictures_are_classes() -> None:
    palette = [[255, 0, 0], [0, 0, 255]]
    source = torch.zeros(1, 3, 16, 16)
    source[:, :, :, :12] = torch.tensor([0.9, -1, -1]).view(3, 1, 1)  # nearly red
    source[:, :, :, 12:] = torch.tensor([-1, -0.8, 1]).view(3, 1, 1)
    one = Segmentation(judge(Segmenter()), palette)
    table = one.each(pairs(halves(DARK, LIGHT, 12), halves(DARK, DARK), source=source))[0]
    assert table.sum(dim=1).tolist() == [192, 64]
    assert one.found(table[None]).values["segmentation_pixel_accuracy"] > 0.9


def test_no_network_is_said() -> None:
    with pytest.raises(Unmeasurable, match=r"judges.segmenter._target_=MODULE.CLASS"):
        Segmentation().needed()
