from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gan_zoo
from gan_zoo.cli import main
from gan_zoo.cli.translation import Job, device, load, plan, write
from gan_zoo.cli.weights import save
from gan_zoo.data.views import Holes
from gan_zoo.errors import UserError
from gan_zoo.models import CycleGAN, Pix2Pix
from gan_zoo.training.checkpoint_io import read

from .conftest import draw


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A CycleGAN of a few thousand parameters."""
    torch.manual_seed(0)
    small = {"_target_": "gan_zoo.networks.resnet.ResNet", "_partial_": True, "n_blocks": 1, "ngf": 4}
    judge = {"_target_": "gan_zoo.networks.patchgan.PixelGAN", "_partial_": True, "ndf": 4}
    save(CycleGAN(generator=small, discriminator=judge), tmp_path / "model.ckpt")  # type: ignore[arg-type]
    return tmp_path / "model.ckpt"


def test_files_and_folders_of_any_size(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw(tmp_path / "in" / "deep" / "a.png", 37, 21, 0)
    draw(tmp_path / "in" / "b.jpg", 8, 9, 1)
    draw(tmp_path / "c.png", 1, 1, 2)
    assert main(["translate", str(checkpoint), "in", "c.png", "--output", "out"]) == 0
    sizes = {path.relative_to("out").as_posix(): Image.open(path).size for path in Path("out").rglob("*.png")}
    assert sizes == {"deep/a.png": (37, 21), "b.png": (8, 9), "c.png": (1, 1)}
    assert "3 of 3 pictures in out" in capsys.readouterr().out


def test_the_pictures_are_the_models(checkpoint: Path, tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 20, 16, 3)
    model, view = load(checkpoint)
    image = view.read(tmp_path / "a.png", "b")
    expected = np.asarray(view.write(model.translate(image, direction="ba").detach(), image, "a"))
    assert main(["translate", str(checkpoint), "a.png", "--output", "out", "--direction", "BtoA"]) == 0
    assert np.array_equal(np.asarray(Image.open("out/a.png")), expected)
    assert main(["translate", str(checkpoint), "a.png", "--output", "out2", "--direction", "ab"]) == 0
    assert not np.array_equal(np.asarray(Image.open("out2/a.png")), expected)


def test_a_corrupt_picture_stops_or_is_skipped(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(tmp_path / "in" / "b.png", 8, 8, 1)
    (tmp_path / "in" / "a.png").write_bytes((tmp_path / "in" / "b.png").read_bytes()[:60])
    assert main(["translate", str(checkpoint), "in", "--output", "out"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: in/a.png")
    assert said.count("\n") == 1
    assert main(["translate", str(checkpoint), "in", "--output", "out", "--skip"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("skipped: in/a.png")
    assert "1 of 2 pictures" in said.out
    assert [path.name for path in Path("out").iterdir()] == ["b.png"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["x.ckpt", "a.png", "--output", "out"], "there is no checkpoint x.ckpt"),
        (["model.ckpt", "none.png", "--output", "out"], "none.png: no such file or folder"),
        (["model.ckpt", "empty", "--output", "out"], "empty holds no pictures"),
        (["model.ckpt", "a.png", "--output", "a.png"], "--output a.png is a file"),
        (["model.ckpt", "a.png", "--output", "out", "--direction", "aa"], "no direction 'aa'"),
        (["model.ckpt", "a.png", "--output", "out", "--device", "tpu"], "--device tpu: no such device"),
        (["model.ckpt", "a.png"], "--output"),
        (["truncated.ckpt", "a.png", "--output", "out"], "truncated.ckpt"),
        (["pickled.ckpt", "a.png", "--output", "out"], "pickled code"),
    ],
)
def test_mistakes(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], line: str
) -> None:
    draw(tmp_path / "a.png", 8, 8, 0)
    (tmp_path / "empty").mkdir()
    (tmp_path / "truncated.ckpt").write_bytes(checkpoint.read_bytes()[:5000])
    torch.save({"state_dict": {}, "code": Path("x")}, tmp_path / "pickled.ckpt")
    assert main(["translate", *words]) == 1
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert not Path("out").exists()


def test_a_training_runs_checkpoint_brings_its_pictures_along(trained: Path, pairs: Path) -> None:
    assert main(["translate", str(trained), str(pairs / "test"), "--output", "out"]) == 0
    assert {Image.open(path).mode for path in Path("out").iterdir()} == {"RGB"}
    assert gan_zoo.load(trained).images_seen == 2


@pytest.fixture
def repairer(tmp_path: Path) -> Path:
    """A pix2pix that fills the transparent pixels of RGBA pictures, as a run on ``data=repair`` leaves it."""
    torch.manual_seed(0)
    parts = {"generator": ("unet.UNet", {"n_downs": 3, "ngf": 4}), "discriminator": ("patchgan.PixelGAN", {"ndf": 4})}
    factories = {
        name: {"_target_": f"gan_zoo.networks.{kind}", "_partial_": True, **options}
        for name, (kind, options) in parts.items()
    }
    channels = {"a": 4, "b": 3}
    save(Pix2Pix(channels=channels, **factories), tmp_path / "bare.ckpt")  # type: ignore[arg-type]
    content = read(tmp_path / "bare.ckpt")
    torch.save(content | {"ImageDataModule": {"view": Holes(channels).config()}}, tmp_path / "repair.ckpt")
    return tmp_path / "repair.ckpt"


def test_transparent_pixels_are_repaired_and_the_others_kept(repairer: Path, tmp_path: Path) -> None:
    draw(tmp_path / "opaque.png", 21, 13, 0)
    whole = np.asarray(Image.open(tmp_path / "opaque.png"))
    alpha = np.full((13, 21, 1), 255, np.uint8)
    alpha[3:9, 4:12] = 0
    Image.fromarray(np.concatenate([whole, alpha], axis=2)).save(tmp_path / "holed.png")
    assert main(["translate", str(repairer), "opaque.png", "holed.png", "--output", "out"]) == 0
    holed, opaque = (Image.open(f"out/{name}.png") for name in ("holed", "opaque"))
    assert (holed.mode, holed.size) == ("RGB", (21, 13))
    known = alpha[:, :, 0] > 0
    assert np.array_equal(np.asarray(holed)[known], whole[known])
    assert (np.asarray(holed)[~known] != whole[~known]).any(axis=1).mean() > 0.9
    assert np.array_equal(np.asarray(opaque), whole)  # nothing is missing: nothing changes


def test_channels_that_a_model_cannot_take_are_one_line(
    repairer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "five.npy", np.zeros((8, 8, 5), np.float32))
    assert main(["translate", str(repairer), "five.npy", "--output", "out"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: five.npy: the image has 5 channels, not 4")
    assert said.count("\n") == 1
    assert not Path("out").exists()


def test_names_cannot_collide(tmp_path: Path) -> None:
    for name in ("x/a.png", "x/a.jpg", "x/A.jpeg", "y/a.png", "x/a_jpg.png"):
        draw(tmp_path / name, 4, 4, 0)
    jobs = plan([tmp_path / "x", tmp_path / "y", tmp_path / "x" / "a.jpg"], tmp_path / "out")
    targets = [str(job.target).casefold() for job in jobs]
    assert len(set(targets)) == len(targets) == 5  # a file that is named twice is one
    assert not set(targets) & {str(job.source).casefold() for job in jobs}


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 4, 4, 0)
    [job] = plan([tmp_path / "a.png"], tmp_path)
    assert job == Job(tmp_path / "a.png", tmp_path / "a_png.png")


def test_write_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    picture = Image.new("RGB", (4, 4))
    monkeypatch.setattr(picture, "save", full)
    with pytest.raises(UserError, match=r"cannot write .*a\.png: No space left on device; choose another --output"):
        write(picture, tmp_path / "out" / "a.png")
    assert not list((tmp_path / "out").iterdir())


def test_device() -> None:
    assert device("cpu").type == "cpu"
    assert device("auto").type in ("cpu", "cuda")
