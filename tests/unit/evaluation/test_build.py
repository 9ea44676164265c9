import pytest
from omegaconf import OmegaConf

from gan_zoo.errors import UserError
from gan_zoo.evaluation.build import build, settings
from gan_zoo.evaluation.judges import Inception, Own
from gan_zoo.metrics.distribution import FID, KID
from gan_zoo.metrics.multimodal import CIS

NOBODY = "gan_zoo.evaluation.judges.nobody"
TINY = "tests.unit.evaluation.nets.Tiny"


def test_measures_that_describe_a_judge_alike_share_it() -> None:
    cfg = OmegaConf.create(
        {
            "judge": {"_target_": TINY, "dim": 4, "weights": None},
            "metrics": {
                "fid": {"_target_": "gan_zoo.metrics.distribution.FID", "judge": "${judge}"},
                "kid": {"_target_": "gan_zoo.metrics.distribution.KID", "judge": "${judge}", "subsets": 7},
                "own": {"_target_": "gan_zoo.metrics.distribution.FID", "judge": {"_target_": TINY, "dim": 5}},
                "off": None,
            },
        }
    )
    found = build(cfg.metrics)
    assert list(found) == ["fid", "kid", "own"]
    assert isinstance(found["fid"], FID)
    assert isinstance(found["fid"].judge, Own)
    assert found["fid"].judge is found["kid"].judge is not found["own"].judge
    assert isinstance(found["kid"], KID)
    assert found["kid"].subsets == 7


def test_our_own_judges_take_their_options() -> None:
    judge = {"_target_": "gan_zoo.evaluation.judges.Inception", "weights": "file.pth"}
    found = build({"fid": {"_target_": "gan_zoo.metrics.distribution.FID", "judge": judge}})["fid"].judge
    assert isinstance(found, Inception)
    assert found.weights == "file.pth"


def test_a_judge_that_was_not_named_is_none() -> None:
    found = build(
        {"cis": {"_target_": "gan_zoo.metrics.multimodal.CIS", "judge": {"_target_": NOBODY, "weights": None}}}
    )
    assert found == {"cis": CIS()}
    assert build(None) == {}


def test_what_is_no_measure_or_no_network_is_refused() -> None:
    with pytest.raises(UserError, match=r"metrics.x makes a Tiny, which is no measure"):
        build({"x": {"_target_": TINY}})
    with pytest.raises(UserError, match=r"metrics.fid.judge makes a dict: name a torch.nn.Module"):
        build({"fid": {"_target_": "gan_zoo.metrics.distribution.FID", "judge": {"_target_": "builtins.dict"}}})
    with pytest.raises(UserError, match=r"evaluation: .*smaples"):
        settings({"smaples": 3})
    assert settings({"samples": 3}).samples == 3
