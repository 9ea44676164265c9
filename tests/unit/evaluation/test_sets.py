from pathlib import Path

import pytest
import torch

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.errors import UserError
from gan_zoo.evaluation.job import Job
from gan_zoo.evaluation.sets import Gathering
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.distribution import FID, KID, SWD, KIDOfUGATIT
from gan_zoo.metrics.protocol import Measure
from tests.unit.evaluation.nets import Tiny, judge

WANTED = {"ab": ("b", "a"), "ba": ("a", "b")}
LIMITS = {"a": 6, "b": 6}


def pictures(seed: int) -> torch.Tensor:
    chance = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (6, 3, 16, 16), dtype=torch.uint8, generator=chance)


def gathering(measures: dict[str, Measure], data: object, cache: Path | None = None) -> Gathering:
    settings = Settings(cache=str(cache) if cache else False)
    made = Gathering(Job(measures, None, data, settings, "test", torch.device("cpu")), WANTED, LIMITS)
    made.recall("16x16")
    return made


def fill(one: Gathering) -> dict[str, float]:
    for number, domain in enumerate("ab"):
        one.see_real(domain, range(6), pictures(number))
        one.see_made("ab" if domain == "b" else "ba", range(6), pictures(10 + number))
    one.finish({})
    return one.job.result.values


def test_each_network_looks_at_each_picture_once(two: ImageDataModule) -> None:
    network = Tiny()
    eye = judge(network)
    fill(gathering({"fid": FID(eye), "kid": KID(eye), "kid_ugatit": KIDOfUGATIT(eye)}, two))
    assert network.calls == 4 * 6  # two domains and two directions


def test_numbers_are_of_the_right_sets(two: ImageDataModule) -> None:
    found = fill(gathering({"fid": FID(judge(Tiny())), "swd": SWD()}, two))
    eye = judge(Tiny())
    from gan_zoo.metrics.protocol import Sets

    for place, made, real in (("ab", 11, 1), ("ba", 10, 0)):
        given = [eye(pictures(seed)) for seed in (made, real)]
        assert found[f"fid_tiny_8/{place}"] == FID(eye).found(Sets(*given, given[0])).values["fid_tiny_8"]
        raw = [pictures(seed) for seed in (made, real)]
        assert found[f"swd_16px/{place}"] == SWD().found(Sets(*raw, raw[0])).values["swd_16px"]


def test_real_features_are_seen_once_for_ever(two: ImageDataModule, tmp_path: Path) -> None:
    first = fill(gathering({"fid": FID(judge(Tiny()))}, two, tmp_path))
    network = Tiny()
    again = gathering({"fid": FID(judge(network))}, two, tmp_path)
    assert again.open == []
    assert fill(again) == first
    assert network.calls == 12  # the made ones
    other = Tiny()
    torch.nn.init.ones_(other.weight)
    assert gathering({"fid": FID(judge(other))}, two, tmp_path).open  # another network's features
    assert gathering({"fid": FID(judge(Tiny()))}, object(), tmp_path).open  # data that say nothing of themselves


def test_pixels_are_not_kept(two: ImageDataModule, tmp_path: Path) -> None:
    fill(gathering({"swd": SWD()}, two, tmp_path))
    assert list(tmp_path.rglob("*.pt")) == []


def test_features_that_are_not_finite_are_said(two: ImageDataModule) -> None:
    one = gathering({"fid": FID(judge(Tiny(bad=True)))}, two)
    with pytest.raises(UserError, match=r"tiny of made pictures \(ab\): 6 of 6 are not finite"):
        one.see_made("ab", range(6), pictures(0))
