from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gan_zoo
from gan_zoo.cli import main
from gan_zoo.cli.features import beside
from gan_zoo.cli.label_maps import partner, relabelled
from gan_zoo.data import clusters
from gan_zoo.errors import UserError


@pytest.fixture
def looks(painter: Path) -> dict[int, np.ndarray]:
    """Two looks of each class beside the checkpoint; car, 4, has none."""
    centres = {kind: np.array([[0.1, 0.2, 0.3], [-0.9, 0.9, 0.1]]) * (kind + 1) / 4 for kind in range(4)}
    clusters.save(centres, beside(painter, "clusters"))
    return centres


def paint(painter: Path, scenes: Path, *words: str) -> dict[str, np.ndarray]:
    """The pictures that translating the test label map 0 gives, by name."""
    assert main(["translate", str(painter), str(scenes / "test_label" / "0.png"), "--output", "out", *words]) == 0
    found = {path.name: np.asarray(Image.open(path)).astype(int) for path in sorted(Path("out").iterdir())}
    for path in Path("out").iterdir():
        path.unlink()
    return found


def maps(scenes: Path, *parts: str) -> list[torch.Tensor]:
    paths = [scenes / f"test_{part}" / "0.png" for part in parts]
    return [torch.from_numpy(np.array(Image.open(path)).astype(np.int64))[None, None] for path in paths]


def test_encoded_looks_are_the_photos(painter: Path, scenes: Path) -> None:
    found = paint(painter, scenes, "--features", "encoded")
    model = gan_zoo.load(painter)
    label, instance = maps(scenes, "label", "inst")
    photo = torch.from_numpy(np.array(Image.open(scenes / "test_img" / "0.png"))).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.inference_mode():
        features = model.encode_features(photo, instance)  # type: ignore[operator]
        expected = model.translate_labels(label, instance, features)  # type: ignore[operator]
    picture = ((expected[0] + 1) * 127.5).permute(1, 2, 0).numpy()
    assert list(found) == ["0.png"]
    assert np.abs(found["0.png"] - picture).max() <= 1


def test_looks_are_drawn_for_each_instance(painter: Path, scenes: Path, looks: dict[int, np.ndarray]) -> None:
    first = paint(painter, scenes, "--styles", "3")
    assert list(first) == ["0_style1.png", "0_style2.png", "0_style3.png"]
    assert len({picture.tobytes() for picture in first.values()}) > 1
    again = paint(painter, scenes, "--features", "sampled", "--seed", "1")
    assert np.array_equal(again["0.png"], first["0_style2.png"])


def test_clustered_looks_are_one_number_of_each_class(
    painter: Path, scenes: Path, looks: dict[int, np.ndarray]
) -> None:
    found = paint(painter, scenes, "--features", "clustered", "--styles", "3")
    assert np.array_equal(found["0_style1.png"], found["0_style3.png"])
    assert not np.array_equal(found["0_style1.png"], found["0_style2.png"])
    label, instance = maps(scenes, "label", "inst")
    features = torch.zeros(1, 3, *label.shape[-2:])
    for kind, rows in looks.items():
        features[:, :, label[0, 0] == kind] = torch.from_numpy(rows[1]).float()[None, :, None]
    with torch.inference_mode():
        expected = gan_zoo.load(painter).translate_labels(label, instance, features)  # type: ignore[operator]
    assert np.abs(found["0_style2.png"] - ((expected[0] + 1) * 127.5).permute(1, 2, 0).numpy()).max() <= 1


def test_classes_become_others_by_name_or_id(painter: Path, scenes: Path, looks: dict[int, np.ndarray]) -> None:
    words = ["--features", "clustered"]
    plain = paint(painter, scenes, *words)
    named = paint(painter, scenes, *words, "--relabel", "tree=building")
    assert np.array_equal(named["0.png"], paint(painter, scenes, *words, "--relabel", "2=3")["0.png"])
    assert not np.array_equal(named["0.png"], plain["0.png"])


def test_one_instance_gets_another_look(painter: Path, scenes: Path, looks: dict[int, np.ndarray]) -> None:
    [instance] = maps(scenes, "inst")
    number = int(instance[0, 0, -1, -1])
    words = ["--features", "clustered"]
    plain, other = paint(painter, scenes, *words), paint(painter, scenes, *words, "--instance-style", f"{number}=1")
    assert not np.array_equal(other["0.png"], plain["0.png"])
    same = paint(painter, scenes, *words, "--instance-style", f"{number}=0")
    assert np.array_equal(same["0.png"], plain["0.png"])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "there are no clusters at"),
        (["--features", "encoded", "--styles", "2"], "--styles gives other looks"),
        (["--features", "encoded", "--relabel", "tre=2"], "'tre' is neither a class nor an id in 0..4"),
        (
            ["--features", "encoded", "--relabel", "tree"],
            "--relabel tree: write two sides, as in --relabel tree=building",
        ),
        (["--features", "encoded", "--photos", "nowhere"], "no photos of that name in nowhere: --photos DIR says"),
        (["--style-image", "x.png"], "label maps have looks of instances"),
    ],
)
def test_mistakes_are_one_line(
    painter: Path, scenes: Path, words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["translate", str(painter), str(scenes / "test_label"), "--output", "out", *words]) == 1
    [said] = [one for one in capsys.readouterr().err.splitlines() if one.startswith("error: ")]
    assert line in said


def test_models_of_pictures_have_no_such_options(
    trained: Path, pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["translate", str(trained), str(pairs / "test"), "--output", "out", "--relabel", "a=b"]
    assert main(words) == 1
    assert "takes pictures: --features, --relabel and the like are for label maps" in capsys.readouterr().err


def test_relabelled_keeps_the_numbers_of_instances() -> None:
    label = torch.tensor([[2, 2, 3, 2]])
    instance = torch.tensor([[2, 2007, 3, 26001]])
    assert relabelled(label, label, {2: 4}).tolist() == [[4, 4, 3, 4]]
    assert relabelled(instance, label, {2: 4}).tolist() == [[4, 4007, 3, 26001]]


def test_partners_lie_where_the_sets_have_them(tmp_path: Path) -> None:
    names = {
        "gtFine/val/ulm": ["a_gtFine_labelIds.png", "a_gtFine_instanceIds.png", "a_gtFine_color.png"],
        "leftImg8bit/val/ulm": ["a_leftImg8bit.png", "ab_leftImg8bit.png"],
        "test_label": ["b.png"],
        "test_inst": ["b.png", "bc.png"],
        "test_img": ["b.jpg"],
    }
    for folder, files in names.items():
        (tmp_path / folder).mkdir(parents=True)
        for file in files:
            (tmp_path / folder / file).touch()
    city, flat = tmp_path / "gtFine/val/ulm/a_gtFine_labelIds.png", tmp_path / "test_label/b.png"
    assert partner(city, "instance", None).name == "a_gtFine_instanceIds.png"
    assert partner(city, "image", None) == tmp_path / "leftImg8bit/val/ulm/a_leftImg8bit.png"
    assert partner(flat, "instance", None) == tmp_path / "test_inst/b.png"
    assert partner(flat, "image", None) == tmp_path / "test_img/b.jpg"
    assert partner(flat, "image", str(tmp_path / "test_inst")) == tmp_path / "test_inst/b.png"
    with pytest.raises(UserError, match=r"no instance maps of that name in .*nowhere: --instances DIR says where"):
        partner(flat, "instance", "nowhere")
