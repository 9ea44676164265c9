import dataclasses

import pytest
import torch

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.evaluation.offers import completed, fitted
from gan_zoo.metrics.latent import Separability
from gan_zoo.metrics.multimodal import CIS
from gan_zoo.metrics.paired import L1
from gan_zoo.metrics.protocol import Unmeasurable, unit
from gan_zoo.models.cyclegan import CycleGAN
from gan_zoo.models.stylegan import StyleGAN
from tests.unit.evaluation.nets import Tiny, judge
from tests.unit.evaluation.test_truths import world


def test_a_classifier_of_styles_tells_pictures_that_it_has_not_seen(cyclegan: CycleGAN) -> None:
    data = world("world_layouts_styles")
    found, failed = completed({"cis": CIS(), "l1": L1()}, cyclegan, data)
    assert failed == {}
    modes = found["cis"].judge
    assert modes is not None
    modes.prepare(torch.device("cpu"))
    images, known = data.images("test", augment=False), data.truth("test")
    pictures = ((torch.stack([images[i]["b"] for i in range(5)]) + 1) * 127.5).round().to(torch.uint8)
    assert torch.equal(modes(pictures).argmax(dim=1), known.styles("ab", range(5)))
    assert modes.protocol()["accuracy"] == 1.0
    assert modes.protocol()["network"] == "modes"


def test_one_style_is_nothing_to_classify(cyclegan: CycleGAN) -> None:
    found, failed = completed({"cis": CIS()}, cyclegan, world("world_layouts"))
    assert "have one mode only" in failed["cis"]
    assert found == {"cis": CIS()}
    with pytest.raises(Unmeasurable, match="data=world_layouts have one mode only"):
        fitted(world("world_layouts"), world("world_layouts").truth("train"), "ab")


def test_faces_read_their_own_attributes(generator: StyleGAN) -> None:
    data = world_of_faces()
    found, _ = completed({"separability": Separability()}, generator, data)
    reading = found["separability"].judge
    assert reading is not None
    reading.prepare(torch.device("cpu"))
    known, images = data.truth("test"), data.images("test", augment=False)
    pictures = torch.stack([images[i]["image"] for i in range(5)])
    seen = reading(((pictures + 1) * 127.5).round().to(torch.uint8))
    labels = known.labels(range(5))
    assert seen.shape == (5, len(labels))
    rounded = unit(((pictures + 1) * 127.5).round())
    torch.testing.assert_close(seen, known.reading(32).logits(rounded).T.to(seen))


def world_of_faces() -> ImageDataModule:
    data: ImageDataModule = world("world_faces_images")
    return data


def test_nothing_is_made_where_it_is_there_or_cannot_be(cyclegan: CycleGAN, pairs: ImageDataModule) -> None:
    given = {"cis": CIS(judge(Tiny())), "separability": dataclasses.replace(Separability(), judge=judge(Tiny()))}
    assert completed(given, cyclegan, world("world_layouts_styles")) == (given, {})
    assert completed({"cis": CIS()}, cyclegan, pairs) == ({"cis": CIS()}, {})
