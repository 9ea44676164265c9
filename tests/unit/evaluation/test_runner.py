import pytest
import torch

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.picture_module import PictureModule
from gan_zoo.errors import UserError
from gan_zoo.evaluation.runner import check, evaluate
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.distribution import FID, SWD
from gan_zoo.metrics.latent import PathLength
from gan_zoo.metrics.multimodal import CIS
from gan_zoo.metrics.paired import L1, MSSSIM
from gan_zoo.metrics.protocol import Measure
from gan_zoo.metrics.whole import Scores, Truth
from gan_zoo.models.cyclegan import CycleGAN
from gan_zoo.models.stylegan import StyleGAN
from tests.unit.evaluation.nets import Distance, Tiny, judge

QUICK = Settings(num_workers=0, cache=False)
PATH = PathLength(judge(Distance()))


def test_what_fits_neither_model_nor_data_is_refused(
    two: ImageDataModule, alone: PictureModule, cyclegan: CycleGAN, generator: StyleGAN
) -> None:
    for measure, line in (
        (L1(), "data=two has no pairs to compare with: take fid, kid or swd, or paired data"),
        (PATH, "CycleGAN translates and has no latent space of pictures"),
        (Truth(), "data=two knows no true translations"),
    ):
        with pytest.raises(UserError, match=f"^metrics=x: {line}"):
            check({"x": measure}, cyclegan, two)
    for other in (L1(), CIS(), Scores("cycle_"), Truth()):
        with pytest.raises(UserError, match="StyleGAN makes pictures of nothing: this is for translators"):
            check({"x": other}, generator, alone)
    check({"fid": FID(judge(Tiny())), "cycle": Scores("cycle_")}, cyclegan, two)
    check({"path_length": PATH, "swd": SWD()}, generator, alone)


@torch.no_grad()
def test_what_cannot_be_had_is_left_out_and_the_rest_is_measured(pairs: ImageDataModule, cyclegan: CycleGAN) -> None:
    measures: dict[str, Measure] = {"cis": CIS(), "ms_ssim": MSSSIM(), "l1": L1()}
    found = evaluate(measures, cyclegan, pairs, QUICK)
    assert set(found.values) == {"l1/ab", "l1/ba"}
    assert list(found.skipped) == ["cis", "ms_ssim"]


def test_nothing_at_all_is_an_error(pairs: ImageDataModule, cyclegan: CycleGAN) -> None:
    with pytest.raises(UserError, match=r"^not measured: cis: .*; not measured: ms_ssim: it needs pictures"):
        evaluate({"cis": CIS(), "ms_ssim": MSSSIM()}, cyclegan, pairs, QUICK)
