import torch

from gan_zoo.data.picture_module import PictureModule
from gan_zoo.evaluation.runner import evaluate
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.latent import PathLength, Separability
from gan_zoo.models.stylegan import StyleGAN
from tests.unit.evaluation.nets import Distance, Tiny, judge

QUICK = Settings(batch_size=8, cache=False)


@torch.no_grad()
def test_both_spaces_of_a_styled_generator_are_measured(alone: PictureModule, generator: StyleGAN) -> None:
    measures = {
        "path_length": PathLength(judge(Distance()), samples=20, epsilon=1e-2),
        "separability": Separability(judge(Tiny()), samples=40),
    }
    found = evaluate(measures, generator, alone, QUICK)
    lengths = {f"ppl_{space}{way}_distance" for space in "zw" for way in ("full", "end")}
    assert set(found.values) == lengths | {f"separability_{space}_tiny_8" for space in "zw"}
    assert all(found.values[key] > 0 for key in lengths)
    assert all(found.values[f"separability_{space}_tiny_8"] >= 1 for space in "zw")
    assert found.protocols["ppl_zfull_distance"]["images"] == 20


@torch.no_grad()
def test_one_sample_is_too_few(alone: PictureModule, generator: StyleGAN) -> None:
    measures = {
        "path_length": PathLength(judge(Distance()), samples=4),
        "separability": Separability(judge(Tiny()), samples=4),
    }
    assert "at least 20" in evaluate(measures, generator, alone, QUICK).skipped["separability"]
