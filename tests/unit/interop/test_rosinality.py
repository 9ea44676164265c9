"""The common PyTorch port of StyleGAN (its numbers are golden)."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo.errors import UserError
from gan_zoo.interop import from_reference, reference_networks, rosinality, to_reference
from gan_zoo.interop.official import from_files

TINY = {"code_dim": 4, "n_mlp": 2, "step": 1}


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The port's networks have nine sizes of up to 512 channels: four at most here."""
    from gan_zoo.networks import progan, stylegan

    wide = progan.width
    for module in (progan, stylegan):
        monkeypatch.setattr(module, "width", lambda stage, *rest: min(wide(stage, *rest), 4))


def states(**options: Any) -> dict[str, dict[str, Tensor]]:
    torch.manual_seed(0)
    return to_reference(from_reference("stylegan", TINY | options, {}))


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("active", [True, False])
def test_there_and_back(active: bool) -> None:
    written = states(from_rgb_activate=active)
    assert list(written) == ["generator", "discriminator", "g_running"]
    model = from_reference("stylegan", TINY | {"from_rgb_activate": active}, written)
    for net, state in to_reference(model).items():
        assert list(state) == list(written[net])
        for key, value in state.items():
            torch.testing.assert_close(value, written[net][key], rtol=1e-5, atol=1e-6)
    assert ("from_rgb.0.0.conv.bias" in written["discriminator"]) == active


@pytest.mark.usefixtures("narrow")
def test_its_own_arithmetic_comes_as_options_of_the_networks() -> None:
    model: Any = from_reference("stylegan", TINY | {"alpha": 0.25, "from_rgb_activate": False}, {})
    assert model.lod == 7.75  # 8 px, of which three quarters are the smaller size's
    assert model.sample(1).shape == (1, 3, 8, 8)
    ends = model.generator.synthesis.epilogues
    assert [end.biased for end in ends][:5] == [True, True, False, True, False]
    assert {end.eps for end in ends} == {1e-5}
    picture = torch.randn(6, 3, 8, 8)
    score = model.discriminator(picture, 7.0)
    torch.testing.assert_close(model.discriminator(picture.flip(0), 7.0), score.flip(0), rtol=1e-4, atol=1e-5)
    assert set(reference_networks(model)) == {"generator", "discriminator", "g_running"}


@pytest.mark.usefixtures("narrow")
def test_noise_of_a_size_is_that_of_its_first_layer() -> None:
    model: Any = from_reference("stylegan", TINY, {})
    net = model.generator.synthesis
    for end in net.epilogues:
        end.noise_weight.data.fill_(1.0)
    styles, planes = model.codes([0]), net.stored_noise()
    first = net(styles, planes, 7.0)
    assert torch.equal(net(styles, [p + i % 2 for i, p in enumerate(planes)], 7.0), first)
    assert not torch.equal(net(styles, [p * (i % 2) for i, p in enumerate(planes)], 7.0), first)


@pytest.mark.usefixtures("narrow")
def test_files_of_a_run_and_of_the_running_mean(tmp_path: Path) -> None:
    written = states()
    optimizers = {"g_optimizer": {"state": {}, "param_groups": []}}
    torch.save({**written, **optimizers}, tmp_path / "train_step-1.model")
    torch.save(written["g_running"], tmp_path / "stylegan-8px-new.model")
    torch.save(written["g_running"], tmp_path / "080000.model")
    whole: Any = from_files("stylegan", [(None, tmp_path / "train_step-1.model")], {"code_dim": 4})
    alone: Any = from_files("stylegan", [(None, tmp_path / "stylegan-8px-new.model")], {"code_dim": 4})
    assert torch.equal(whole.sample(2), alone.sample(2))
    assert whole.lod == 7.0
    assert torch.equal(alone.generator.synthesis.constant, alone.average.synthesis.constant)
    with pytest.raises(UserError, match="add --option step=6"):
        from_files("stylegan", [(None, tmp_path / "080000.model")], {"code_dim": 4})
    assert from_files("stylegan", [(None, tmp_path / "080000.model")], {"code_dim": 4, "step": 2}).lod == 6.0  # type: ignore[attr-defined]


@pytest.mark.usefixtures("narrow")
def test_mistakes(tmp_path: Path) -> None:
    written = states()
    with pytest.raises(UserError, match=r"generator do not fit.*lack style.5.linear.*check n_mlp"):
        from_reference("stylegan", TINY | {"n_mlp": 3}, {"generator": written["generator"]})
    with pytest.raises(UserError, match=r"have besides from_rgb.0.0"):
        from_reference("stylegan", TINY | {"from_rgb_activate": False}, {"discriminator": written["discriminator"]})
    with pytest.raises(UserError, match=r"no option 'steps'.*step"):
        from_reference("stylegan", {"code_dim": 4, "steps": 3}, {})
    torch.save([1], tmp_path / "a.model")
    (tmp_path / "b.model").write_bytes(b"cos\nmkdir\n(S'harm'\ntR.")
    for file, line in (("a", "holds none of"), ("b", "is no file of weights"), ("c", "no such file")):
        with pytest.raises(UserError, match=line) as caught:
            rosinality.read(tmp_path / f"{file}.model")
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="one file is known, of stylegan"):
        from_files("progan", [(None, tmp_path / "a.model")], {})
