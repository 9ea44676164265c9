from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gan_zoo
from gan_zoo.cli import main
from gan_zoo.cli.features import below, beside
from gan_zoo.data import clusters


@pytest.fixture
def data(scenes: Path) -> list[str]:
    return [f"data.root={scenes}", "data.labels=5", "data.load_size=64", "data.multiple=4"]


def test_encode_writes_what_stored_features_are_read_from(painter: Path, scenes: Path, data: list[str]) -> None:
    assert main(["features", "encode", f"checkpoint={painter}", *data]) == 0
    names = [path.relative_to(scenes).as_posix() for path in sorted(scenes.glob("*_feat/*"))]
    assert names == ["test_feat/0.png", "test_feat/1.png", *(f"train_feat/{number}.png" for number in range(4))]
    model = gan_zoo.load(painter)
    photo = torch.from_numpy(np.array(Image.open(scenes / "train_img" / "2.png"))).permute(2, 0, 1)[None] / 127.5 - 1
    ids = torch.from_numpy(np.array(Image.open(scenes / "train_inst" / "2.png")).astype(np.int64))[None, None]
    with torch.inference_mode():
        expected = (model.encode_features(photo, ids)[0] + 1) * 127.5  # type: ignore[operator]
    written = torch.from_numpy(np.array(Image.open(scenes / "train_feat" / "2.png"))).permute(2, 0, 1)
    assert (written - expected).abs().max() <= 1
    words = ["model=pix2pixhd", "model/features=stored", "data=labelmaps", *data, "data.features=true", "debug=tiny"]
    small = ["model.generator.n_downs=2", "model.lambda_vgg=0", "trainer.max_steps=1", "hydra.run.dir=stored"]
    assert main(["train", *words, *small]) == 0
    assert not any(name.startswith("encoder") for name in gan_zoo.load("stored/checkpoints/last.ckpt").state_dict())


def test_encode_leaves_the_datas_folder_as_it_is_where_asked(
    painter: Path, scenes: Path, data: list[str], tmp_path: Path
) -> None:
    before = sorted(scenes.rglob("*"))
    assert main(["features", "encode", f"checkpoint={painter}", *data, f"output={tmp_path / 'elsewhere'}"]) == 0
    assert sorted(scenes.rglob("*")) == before
    assert len(list((tmp_path / "elsewhere").glob("*_feat/*.png"))) == 6


def test_cluster_writes_the_looks_of_each_class(painter: Path, data: list[str]) -> None:
    assert main(["features", "cluster", f"checkpoint={painter}", *data, "clusters=2"]) == 0
    rows, centres = (clusters.load(beside(painter, what)) for what in ("features", "clusters"))
    assert rows.keys() >= {2, 3}
    assert all(part.shape[1] == 4 for part in rows.values())
    assert all(1 <= len(part) <= 2 and part.shape[1] == 3 for part in centres.values())
    assert beside(painter, "clusters").name == "last.clusters.npz"


def test_places_below_a_split() -> None:
    assert below(Path("/x/leftImg8bit/train/aachen/a_leftImg8bit.png"), "train") == Path("aachen/a_leftImg8bit.png")
    assert below(Path("/x/train_img/a.jpg"), "train") == Path("a.jpg")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["encod", "checkpoint=x"], "features encod: encode or cluster (did you mean encode?)"),
        (["encode"], "features of what? checkpoint=… is missing"),
        (["cluster", "checkpoint=nowhere.ckpt"], "there is no checkpoint nowhere.ckpt"),
    ],
)
def test_mistakes_are_one_line(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", *words]) == 1
    assert line in capsys.readouterr().err


def test_a_model_without_an_encoder(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "cluster", f"checkpoint={trained}"]) == 1
    assert "holds no encoder of features" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "--help"]) == 0
    assert "gan-zoo features cluster" in capsys.readouterr().out
