import hashlib
import io
from pathlib import Path
from typing import Any

import lpips
import pytest
import torch
from torch import nn

from gan_zoo.errors import UserError
from gan_zoo.evaluation import judges
from gan_zoo.evaluation.judges import LPIPS, Inception, LPIPSOfVGG, Own
from gan_zoo.metrics.protocol import Unmeasurable, unit
from tests.data.server import Served, server
from tests.unit.evaluation.nets import Tiny

CPU = torch.device("cpu")
PICTURES = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Torch hub's folder, empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture(scope="module")
def alexnet() -> dict[str, torch.Tensor]:
    """A state like torchvision's, of random weights."""
    torch.manual_seed(0)
    slices = lpips.pretrained_networks.alexnet(pretrained=False).state_dict()
    return {f"features.{key.partition('.')[2]}": value for key, value in slices.items()}


def content(state: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def test_weights_come_by_download_held_to_their_checksum(alexnet: dict[str, torch.Tensor], hub: Path) -> None:
    data = content(alexnet)
    name = f"alexnet-owt-{hashlib.sha256(data).hexdigest()[:8]}.pth"
    with server(Served(data, drops=[1000])) as served:
        judge = LPIPS(url=served.url.replace("tiny.zip", name))
        judge.prepare(CPU)
        again = LPIPS(url=served.url.replace("tiny.zip", name))
        again.prepare(CPU)
        asked = len(served.asked)
    assert asked == 2  # the broken connection and its end; the second judge finds the file
    assert [path.name for path in hub.iterdir()] == [name]
    distances = judge(PICTURES, PICTURES.flip(0))
    reference = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    keys = {key: f"features.{key.partition('.')[2]}" for key in reference.net.state_dict()}
    reference.net.load_state_dict({key: alexnet[theirs] for key, theirs in keys.items()})
    expected = reference(unit(PICTURES), unit(PICTURES.flip(0))).flatten()
    torch.testing.assert_close(distances, expected)
    assert distances[0] > 0
    assert judge.protocol()["network"] == "lpips_alex_0.1"
    assert judge.protocol() == again.protocol()


def test_a_damaged_download_is_refused_and_leaves_nothing(hub: Path) -> None:
    with server(Served(b"something else, long enough to be a file of its own" * 20)) as served:
        judge = LPIPS(url=served.url.replace("tiny.zip", "alexnet-owt-01234567.pth"))
        with pytest.raises(Unmeasurable, match="its SHA-256 begins with"):
            judge.prepare(CPU)
    assert list(hub.iterdir()) == []


def test_without_a_network_there_is_one_line_that_says_what_to_do() -> None:
    with server(Served(status=404)) as served, pytest.raises(Unmeasurable) as caught:
        Inception(url=served.url.replace("tiny.zip", "weights-01234567.pth")).prepare(CPU)
    assert "name one with judges.inception.weights=FILE" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(Unmeasurable, match=r"there are no weights at .*nowhere.pth: .*judges.lpips_vgg.weights=FILE"):
        LPIPSOfVGG(weights="nowhere.pth").prepare(CPU)


def test_files_of_something_else_are_refused(tmp_path: Path) -> None:
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="is no backbone of LPIPS"):
        LPIPS(weights=str(tmp_path / "other.pth")).prepare(CPU)
    with pytest.raises(UserError, match="holds no weights of torch-fidelity's Inception"):
        Inception(weights=str(tmp_path / "other.pth")).prepare(CPU)
    (tmp_path / "code.pth").write_bytes(content(print))
    with pytest.raises(UserError, match="cannot read weights"):
        Inception(weights=str(tmp_path / "code.pth")).prepare(CPU)
    with pytest.raises(UserError, match="lpips has no network resnet: there are alex, vgg, squeeze"):
        LPIPS("resnet")


def test_missing_packages_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges, "find_spec", lambda name: None)
    with pytest.raises(Unmeasurable, match=r"pip install 'gan-zoo\[metrics\]'"):
        Inception().prepare(CPU)


def test_inception_gives_features_and_logits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """torch-fidelity's own network on the file's weights."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    monkeypatch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
    torch.save({}, tmp_path / "empty.pth")
    torch.manual_seed(0)
    state = FeatureExtractorInceptionV3("x", ["2048"], str(tmp_path / "empty.pth")).state_dict()
    torch.save(state, tmp_path / "random.pth")
    monkeypatch.undo()
    judge = Inception(str(tmp_path / "random.pth"))
    judge.prepare(CPU)
    found = judge(PICTURES)
    reference = FeatureExtractorInceptionV3("x", ["2048", "logits_unbiased"], str(tmp_path / "random.pth"))
    for own, theirs in zip(found.values(), reference(PICTURES), strict=True):
        torch.testing.assert_close(own, theirs)
    assert {name: tuple(rows.shape) for name, rows in found.items()} == {"2048": (2, 2048), "1008": (2, 1008)}
    other = Inception(str(tmp_path / "random.pth"), antialias=True, bf16=True)
    other.prepare(CPU)
    assert other.name == "inception_antialias_bf16"
    assert other.protocol()["weights"] == judge.protocol()["weights"]
    assert not torch.equal(other(PICTURES)["2048"], found["2048"])


def test_any_module_sees_pictures_in_the_usual_range(tmp_path: Path) -> None:
    judge = Own(Tiny())
    judge.prepare(CPU)
    torch.testing.assert_close(judge(PICTURES), Tiny()(unit(PICTURES)))
    other = Tiny()
    nn.init.constant_(other.weight, 0.5)
    torch.save(other.state_dict(), tmp_path / "tiny.pth")
    filled = Own(Tiny(), name="mine", weights=str(tmp_path / "tiny.pth"))
    filled.prepare(CPU)
    torch.testing.assert_close(filled(PICTURES), other(unit(PICTURES)))
    assert filled.protocol()["network"] == "mine"
    assert filled.protocol()["weights"] != judge.protocol()["weights"]
    with pytest.raises(UserError, match="holds no weights of Tiny"):
        Own(Tiny(4), weights=str(tmp_path / "tiny.pth")).prepare(CPU)
