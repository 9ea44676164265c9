import pytest
import torch

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.errors import UserError
from gan_zoo.evaluation.job import Job, prepare, split_of
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.distribution import FID
from gan_zoo.metrics.multimodal import CIS
from gan_zoo.metrics.paired import L1
from gan_zoo.metrics.protocol import Found, Measure, Unmeasurable
from gan_zoo.models.cyclegan import CycleGAN
from gan_zoo.models.stylegan import StyleGAN
from tests.unit.evaluation.nets import Tiny, judge

CPU = torch.device("cpu")


def job(measures: dict[str, Measure], **options: object) -> Job:
    return Job(measures, None, None, Settings(**options), "test", CPU)  # type: ignore[arg-type]


def test_a_measure_is_given_up_alone_and_only_for_what_is_known_to_be_missing() -> None:
    one = job({"l1": L1(), "fid": FID(judge(Tiny()))})
    with one.trying("l1"):
        raise Unmeasurable("too small")
    assert one.result.skipped == {"l1": "too small"}
    assert list(one.of(Measure)) == ["fid"]
    with pytest.raises(UserError, match="broken"), one.trying("fid"):
        raise UserError("broken")


def test_numbers_are_kept_under_their_place_with_all_that_they_depend_on() -> None:
    one = job({"l1": L1()}, seed=5, batch_size=3)
    one.note("l1", "ab", Found({"l1": 0.5, "l1_std": 0.1}, {"warning": "mind", "more": 1}), {"images": 9})
    one.note("l1", "ba", Found({"l1": 1.5}), {"images": 8})
    found = one.result
    assert found.values == {"l1/ab": 0.5, "l1_std/ab": 0.1, "l1/ba": 1.5}
    assert found.headlines == {"l1": 1.0}
    assert found.warnings == ["mind [ab]"]
    expected = {"measure": "L1", "split": "test", "seed": 5, "batch_size": 3, "images": 9, "more": 1, "place": "ab"}
    assert expected.items() <= found.protocols["l1/ab"].items()


def test_a_number_that_is_none_is_not_kept() -> None:
    one = job({"l1": L1()})
    with one.trying("l1"):
        one.note("l1", "ab", Found({"l1": float("nan")}), {})
    assert one.result.values == {}
    assert one.result.skipped == {"l1": "l1 would be nan: look at the pictures"}


def test_measures_are_outside_autocast_and_say_what_the_model_was_in() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        one = job({"l1": L1()})
        with one.trying("l1"):
            product = torch.ones(2, 2) @ torch.ones(2, 2)
            one.note("l1", "ab", Found({"l1": 1.0}), {})
    assert product.dtype == torch.float32
    assert one.result.protocols["l1/ab"]["precision"] == "autocast to bfloat16"
    assert job({}).precision == "float32"


def test_judges_that_are_missing_cost_their_measures_alone() -> None:
    one, waits = job({"cis": CIS(), "fid": FID(judge(Tiny()))}), []
    prepare(one, True, lambda: waits.append(1))
    assert list(one.result.skipped) == ["cis"]
    assert len(waits) == 2


def test_the_split_is_typed_or_that_of_the_moment(
    two: ImageDataModule, cyclegan: CycleGAN, generator: StyleGAN
) -> None:
    assert split_of(two, cyclegan, Settings(), training=False) == "test"
    assert split_of(two, cyclegan, Settings(), training=True) == "val"  # where the data have some to show
    assert split_of(two, cyclegan, Settings("train"), training=True) == "train"
    assert split_of(None, generator, Settings(), training=False) == "train"


def test_the_number_of_pictures_can_be_held_down() -> None:
    assert job({}).limited(7) == 7
    assert job({}, samples=5).limited(7) == 5
    assert job({}, samples=5).limited(3) == 3
