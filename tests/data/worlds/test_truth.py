"""Scores of true translations, and of what is none: inputs left as they are, other scenes, means, noise."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from gan_zoo.data.worlds import Faces, Layouts, Textures, World
from gan_zoo.data.worlds.truth import Judge, Truth, coarse
from gan_zoo.errors import UserError

WORLDS = {"faces": Faces(), "textures": Textures(), "layouts": Layouts(), "styles": Layouts(styles=4)}
NUMBER = 5
POSITIONS = range(NUMBER)
WAYS = ("ab", "ba")


def truth(world: World, sides: dict[str, str] | None = None) -> Truth:
    split = world.layout(sides or {"a": "a", "b": "b"}, 64, apart=True).splits["test"]
    return Truth(world, split.a, split.b)


def pictures(world: World, part: str, side: int = 64) -> Tensor:
    return torch.from_numpy(np.stack([world.pixels(part, world.scene("test", n), side) for n in POSITIONS]))


def worn(images: Tensor) -> Tensor:
    """Blurred a little, with noise."""
    noise = 0.1 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    return avg_pool2d(images, 3, 1, 1, count_include_pad=False) + noise


CHANGES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {  # of true translations and inputs
    "true": lambda true, _: true,
    "worn": lambda true, _: worn(true),
    "identity": lambda _, source: source,
    "shuffled": lambda true, _: true.roll(1, 0),
    "mean": lambda true, _: (true.sum(dim=0, keepdim=True) - true) / (len(true) - 1),  # of the others
}
Table = dict[str, dict[str, float]]  # by change and by <measure>/<way>


@pytest.fixture(scope="module", params=WORLDS)
def table(request: pytest.FixtureRequest) -> Table:
    """Means over scenes of what each change is measured as; each scene is drawn once for all of them."""
    world = WORLDS[request.param]
    found: Table = {change: {} for change in CHANGES}
    for here, there in WAYS:
        true, source = pictures(world, there), pictures(world, here)
        changed = {name: change(true, source).numpy() for name, change in CHANGES.items()}
        each: dict[str, list[dict[str, float]]] = {name: [] for name in CHANGES}
        for number in POSITIONS:
            judge = Judge(world, there, world.scene("test", number), 64, source[number].numpy())
            for name, images in changed.items():
                each[name].append(judge.measured(images[number], None))
        for name, measured in each.items():
            keys = measured[0]
            found[name] |= {f"{key}/{here}{there}": float(np.mean([one[key] for one in measured])) for key in keys}
    return found


def of_identity(table: Table, change: str, measure: str) -> float:
    return table[change][measure] / table["identity"][measure]


@pytest.mark.parametrize("way", WAYS)
def test_true_translations_are_perfect(table: Table, way: str) -> None:
    found = table["true"]
    assert found[f"l1/{way}"] == found[f"l1_16px/{way}"] == found[f"attributes/{way}"] == 0
    assert found[f"recovered/{way}"] == found[f"domain/{way}"] == 1
    assert found.get(f"content/{way}", 1) > 0.98


@pytest.mark.parametrize("way", WAYS)
def test_nearly_true_ones_are_recovered(table: Table, way: str) -> None:
    assert table["worn"][f"recovered/{way}"] > 0.93
    assert of_identity(table, "worn", f"attributes/{way}") < 0.65
    assert of_identity(table, "worn", f"l1_16px/{way}") < 0.2


@pytest.mark.parametrize("way", WAYS)
def test_inputs_left_as_they_are_have_all_to_learn(table: Table, way: str) -> None:
    found = table["identity"]
    assert found[f"domain/{way}"] == 0
    assert found[f"l1_16px/{way}"] > 0.15
    assert found[f"attributes/{way}"] > 0.4
    assert found.get(f"style_accuracy/{way}", 0) == 0


@pytest.mark.parametrize("way", WAYS)
def test_translations_of_other_inputs_are_told_from_the_true_ones(table: Table, way: str) -> None:
    found = table["shuffled"]
    assert found[f"recovered/{way}"] < 0.65
    assert of_identity(table, "shuffled", f"attributes/{way}") > 0.75
    assert found.get(f"content/{way}", 0) < 0.7


@pytest.mark.parametrize("way", WAYS)
def test_the_mean_of_other_pictures_is_no_translation(table: Table, way: str) -> None:
    found = table["mean"]
    assert found[f"attributes/{way}"] > 0.55
    assert found[f"recovered/{way}"] < 0.85
    assert found.get(f"style_accuracy/{way}", 0) == 0


@pytest.mark.parametrize("name", WORLDS)
def test_large_pictures_are_scored_as_small_ones(name: str) -> None:
    world = WORLDS[name]
    a, b = (torch.from_numpy(world.pixels(part, world.scene("test", 0), 256))[None] for part in ("a", "b"))
    found = truth(world).score({"ab": b, "ba": a}, range(1))
    for way in WAYS:
        for measure in ("l1", "l1_16px", "attributes", "l1_16px_of_identity", "attributes_of_identity"):
            assert found[f"truth_{measure}/{way}"] == 0
        assert found[f"truth_recovered/{way}"] == 1


def test_scores_are_relative_to_inputs_left_as_they_are() -> None:
    world = WORLDS["textures"]
    sources = {"ab": pictures(world, "a")[:2], "ba": pictures(world, "b")[:2]}
    found = truth(world).score(sources, range(2))
    for way in WAYS:
        assert found[f"truth_l1_16px_of_identity/{way}"] == found[f"truth_attributes_of_identity/{way}"] == 1


def test_measures_are_means_over_inputs_however_they_are_batched() -> None:
    world = WORLDS["faces"]
    judged, outputs = truth(world), worn(pictures(world, "b"))
    whole = judged.measures({"ab": outputs}, POSITIONS)
    parts = [judged.measures({"ab": outputs[i : i + 1]}, [i]) for i in POSITIONS]
    for name, values in whole.items():
        assert values.shape == (NUMBER,)
        assert torch.equal(values, torch.cat([part[name] for part in parts]))
    assert set(whole) == {
        f"{name}/ab"
        for name in ("l1", "l1_16px", "attributes", "recovered", "domain", "identity_l1_16px", "identity_attributes")
    }
    again = judged.measures({"ab": outputs[:1]}, [len(judged)])
    assert again["l1/ab"][0] == whole["l1/ab"][0]  # the split begins again, as loaders do


def test_styles_are_told_and_counted() -> None:
    world = WORLDS["styles"]
    judged, number = truth(world), 3
    scenes = [world.scene("test", position) for position in range(number)]
    every = [[world.pixels("b", one, 64) for one in world.renderings("b", scene)] for scene in scenes]
    all_four = torch.from_numpy(np.array(every))
    numbers = torch.arange(4).expand(number, 4)
    found = judged.score({"ab": all_four}, range(number), {"ab": numbers})
    assert found["truth_style_accuracy/ab"] == found["truth_style_coverage/ab"] == 1
    assert found["truth_l1/ab"] == 0
    wrong = judged.score({"ab": all_four}, range(number), {"ab": numbers.roll(1, 1)})
    assert wrong["truth_style_accuracy/ab"] == 0
    assert wrong["truth_style_coverage/ab"] == 1
    same = all_four[:, :1].expand(-1, 4, -1, -1, -1)
    assert judged.score({"ab": same}, range(number))["truth_style_coverage/ab"] == 0.25
    for pictures_of_it in (all_four, same):
        scores = judged.score({"ab": pictures_of_it}, range(number))
        for name, value in judged.styled("ab", pictures_of_it, range(number)).items():
            assert value == scores[name]
    blurred = judged.score({"ab": all_four.mean(dim=1, keepdim=True).expand_as(all_four)}, range(number))
    assert blurred["truth_style_accuracy/ab"] == blurred["truth_style_coverage/ab"] == 0
    assert judged.styles("ab", range(number)).tolist() == [world.style(scene) for scene in scenes]
    assert "truth_style_accuracy/ba" not in judged.score({"ba": pictures(world, "a")[:number]}, range(number))


def test_outputs_may_be_in_any_of_the_styles() -> None:
    """What the input does not tell is not scored."""
    world = WORLDS["styles"]
    judged = truth(world)
    other = [world.renderings("b", world.scene("test", n))[(world.scene("test", n).style + 1) % 4] for n in POSITIONS]
    found = judged.score({"ab": torch.from_numpy(np.stack([world.pixels("b", one, 64) for one in other]))}, POSITIONS)
    assert (found["truth_l1/ab"], found["truth_recovered/ab"]) == (0, 1)


def test_directions_follow_the_sides() -> None:
    world = WORLDS["textures"]
    turned = truth(world, {"a": "b", "b": "a"})
    assert turned.score({"ab": pictures(world, "a")}, POSITIONS)["truth_l1/ab"] == 0
    assert torch.equal(turned.targets("ab", POSITIONS, 64), pictures(world, "a"))
    assert torch.equal(turned.targets("ba", POSITIONS, 32), pictures(world, "b", 32))


def test_label_maps_are_inputs_without_a_way_back() -> None:
    judged = truth(WORLDS["layouts"], {"a": "label", "b": "image", "instance": "instance"})
    found = judged.score({"ab": pictures(WORLDS["layouts"], "b")}, POSITIONS)
    assert (found["truth_l1/ab"], found["truth_content/ab"]) == (0, 1)
    assert not any("identity" in name for name in found)
    with pytest.raises(UserError, match="no true translations in the way 'ba': ab"):
        judged.score({"ba": pictures(WORLDS["layouts"], "a")}, POSITIONS)


def test_pictures_alone_have_labels_and_a_reading() -> None:
    alone = truth(WORLDS["faces"], {"a": "image"})
    assert len(alone) == 512
    labels = alone.labels(range(100))
    assert set(labels) == {"awake", "laughing", "glasses", "long_hair", "dark_hair", "looks_right"}
    assert labels["glasses"].dtype == torch.bool
    assert 20 < int(labels["glasses"].sum()) < 60
    with pytest.raises(UserError, match="no true translations in the way 'ab'"):
        alone.score({"ab": pictures(WORLDS["faces"], "b")}, POSITIONS)


def test_pictures_that_cannot_be_held_against_a_scene() -> None:
    judged = truth(WORLDS["faces"])
    with pytest.raises(ValueError, match="2 pictures for 3 positions"):
        judged.score({"ab": torch.zeros(2, 3, 64, 64)}, range(3))
    for shape in ((2, 1, 64, 64), (2, 3, 64, 32), (3, 64, 64)):
        with pytest.raises(UserError, match="cannot be held against a world's: square, in colours"):
            judged.score({"ab": torch.zeros(shape)}, range(2))


def test_coarse_pictures_are_means() -> None:
    picture = np.arange(3 * 32 * 32, dtype=np.float32).reshape(3, 32, 32)
    assert coarse(picture)[1, 2, 3] == picture[1, 4:6, 6:8].mean()
