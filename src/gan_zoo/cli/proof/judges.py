"""Who learned: a model's test pictures against the truth, and against what needs no model.

The limits are those that the project set itself. A judge measures the first ``SCENES`` test scenes.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_zoo.cli.proof import baselines
from gan_zoo.cli.proof.plan import Trial, composed
from gan_zoo.cli.proof.verdict import Check, Verdict
from gan_zoo.data.worlds.truth import Truth
from gan_zoo.metrics.sliced_wasserstein import pyramid_distances

SCENES, SHOWN, STYLES = 100, 8, 12  # test scenes; those in the picture; outputs of an input where there are many
HALF = 0.5  # of the best baseline's L1: paired models
OF_IDENTITY = 0.7  # of identity's errors: unpaired models, in both directions
ACCURATE, COVERED = 0.9, 0.75  # outputs that are clearly in one of the styles; styles that appear
OF_TYPICAL = 0.7  # of the L1 of each style's typical picture, whatever the input: multimodal models look at theirs
TIMES_REAL = 3.0  # the distance of real training pictures to real test pictures: unconditional models
SAMPLES, TOGETHER = 512, 32
WAYS = ("ab", "ba")
LIMITS = (HALF, OF_IDENTITY, OF_TYPICAL, ACCURATE, COVERED, TIMES_REAL)
RULES = f"2: {SCENES}, {STYLES}, {SAMPLES}; {LIMITS}"  # another number whenever a judge measures something else


class Scenes:
    """The test scenes of a world as a model sees them, and their truth."""

    def __init__(self, model: Any, data: Any) -> None:
        self.model, images = model.eval(), data.images("test", augment=False)
        self.positions = range(min(SCENES, len(images)))
        samples = [images[position] for position in self.positions]
        self.batch = {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}
        self.truth: Truth = data.truth("test")

    @torch.no_grad()
    def translated(self, way: str, model: Any = None) -> Tensor:
        """All inputs of a way, translated one after another."""
        model = self.model if model is None else model
        if "label" in self.batch:
            parts = [self.batch[name] for name in ("label", "instance") if name in self.batch]
            return torch.cat([model.translate_labels(*(part[i : i + 1] for part in parts)) for i in self.positions])
        return torch.cat([model.translate(self.batch[way[0]][i : i + 1], direction=way) for i in self.positions])

    @torch.no_grad()
    def many(self, way: str, codes: Tensor) -> Tensor:
        """Outputs (N, S, C, H, W) of the first N inputs in styles (N, S, D)."""
        made = [
            self.model.translate(image.expand(len(some), -1, -1, -1), direction=way, style=some)
            for image, some in zip(self.batch[way[0]], codes, strict=False)
        ]
        return torch.stack(made)

    def score(self, outputs: Mapping[str, Tensor]) -> dict[str, float]:
        """See ``Truth.score``."""
        return self.truth.score(outputs, list(self.positions))


def paired(model: Any, data: Any) -> Verdict:
    """L1 to the true picture at most ``HALF`` of the best baseline's."""
    scenes = Scenes(model, data)
    outputs = scenes.translated("ab")
    target = scenes.truth.targets("ab", list(scenes.positions), outputs.shape[-1])
    rivals = baselines.paired(scenes, data)
    errors = {name: (made - target).abs().mean().item() for name, made in rivals.items()}
    best = min(errors, key=errors.__getitem__)
    own = (outputs - target).abs().mean().item()
    check = Check("L1", own, HALF * errors[best], f"half of the best baseline's, {best}: {errors[best]:.4f}")
    others = {f"L1 of {name}": value for name, value in errors.items()}
    given = {"input": rivals["identity"]} if "identity" in rivals else {}
    rows = given | {"output": outputs, "truth": target, best: rivals[best]}
    return Verdict([check], others, *_rows(rows))


def unpaired(model: Any, data: Any) -> Verdict:
    """Errors to the true translation at 16 px and of attributes at most ``OF_IDENTITY`` of identity's, both ways."""
    scenes = Scenes(model, data)
    outputs = {way: scenes.translated(way) for way in WAYS}
    scores = scenes.score(outputs)
    asked = {"l1_16px": "error at 16 px", "attributes": "error of attributes"}
    checks = [
        Check(f"{said}, {way}", scores[f"truth_{name}_of_identity/{way}"], OF_IDENTITY, "identity's is 1")
        for name, said in asked.items()
        for way in WAYS
    ]
    rows: dict[str, Tensor] = {}
    for way, made in outputs.items():
        target = scenes.truth.targets(way, list(scenes.positions), made.shape[-1])
        rows |= {f"input {way}": scenes.batch[way[0]], f"output {way}": made, f"truth {way}": target}
    return Verdict(checks, scores, *_rows(rows))


def multimodal(model: Any, data: Any) -> Verdict:
    """Outputs are clearly in one of the styles, most styles appear, and pictures show their inputs' scenes."""
    scenes, chance = Scenes(model, data), torch.Generator().manual_seed(0)
    codes = torch.randn(len(scenes.positions), STYLES, model.style_dim, generator=chance)  # for each input its own
    outputs = scenes.many("ab", codes)
    scores = scenes.score({"ab": outputs[:, 0]}) | scenes.truth.styled("ab", outputs, list(scenes.positions))
    outputs = scenes.many("ab", codes[:1].expand(SHOWN, -1, -1))  # in the picture, rows have one each
    checks = [
        Check(
            "style accuracy", scores["truth_style_accuracy/ab"], ACCURATE, "outputs clearly in one style", above=True
        ),
        Check(
            "styles covered", scores["truth_style_coverage/ab"], COVERED, f"of {STYLES} outputs an input", above=True
        ),
    ]
    typical = baselines.typical(scenes, data.truth("train"), outputs.shape[-1])
    because = f"{OF_TYPICAL} of the styles' median pictures', whatever the input: {typical:.3g}"
    checks.append(Check("L1 to the true picture in its style", scores["truth_l1/ab"], OF_TYPICAL * typical, because))
    rows = {"input": scenes.batch["a"]} | {f"style {n + 1}": outputs[:, n] for n in range(6)}
    return Verdict(checks, scores, *_rows(rows))


@torch.no_grad()
def unconditional(model: Any, data: Any) -> Verdict:
    """Sliced Wasserstein distance to test pictures against that of training pictures and of a Gaussian."""
    reals = {split: baselines.pictures(data, split, "image", SAMPLES) for split in ("train", "test")}
    options = {"psi": None} if hasattr(model, "mix") else {}
    starts, count = range(0, len(reals["test"]), TOGETHER), len(reals["test"])
    parts = [model.eval().sample(min(TOGETHER, count - start), seed=start, **options) for start in starts]
    made = torch.cat(parts).clamp(-1, 1)
    drawn = baselines.gaussian(reals["train"], len(reals["test"]))
    found = {name: _swd(x, reals["test"]) for name, x in (("own", made), ("train", reals["train"]), ("pca", drawn))}
    checks = [
        Check(
            "SWD", found["own"], TIMES_REAL * found["train"], f"3 times that of training pictures: {found['train']:.3g}"
        ),
        Check("SWD", found["own"], found["pca"], "that of a Gaussian of the principal components"),
    ]
    return Verdict(checks, {}, *_rows({"samples": made, "training pictures": reals["train"], "Gaussian": drawn}))


def _swd(first: Tensor, second: Tensor) -> float:
    count = min(len(first), len(second))
    one, other = ((x[:count].clamp(-1, 1) + 1) * 127.5 for x in (first, second))
    return pyramid_distances(one, other).mean().item()


def _rows(rows: Mapping[str, Tensor]) -> tuple[list[list[Any]], list[str]]:
    from gan_zoo.data.views import Plain

    view = Plain({})
    pictures = [[view.write(x, x, "image") for x in made[:SHOWN].clamp(-1, 1)] for made in rows.values()]
    return pictures, list(rows)


JUDGES: dict[str, Callable[[Any, Any], Verdict]] = {
    "paired": paired,
    "unpaired": unpaired,
    "multimodal": multimodal,
    "unconditional": unconditional,
}


def judge(trial: Trial, checkpoint: Path, pictures: Path) -> dict[str, Any]:
    """The verdict on a checkpoint in plain containers; its picture goes to ``<pictures>/<name>.jpg``."""
    from hydra.utils import instantiate

    import gan_zoo
    from gan_zoo.cli.sheets import laid_out
    from gan_zoo.cli.translation import write

    torch.manual_seed(0)
    data, picture = instantiate(composed(trial.plain).data), f"{trial.name}.jpg"
    with _one_core():
        verdict = JUDGES[trial.judge](gan_zoo.load(checkpoint), data)
    write(laid_out(verdict.rows), pictures / picture, format="JPEG", quality=90)
    return verdict.plain() | {"rules": RULES, "judge": trial.judge, "picture": picture}


def is_current(trial: Trial, verdict: Mapping[str, Any], pictures: Path) -> bool:
    """Whether ``judge`` would say the same again: by today's rules, and its picture is there."""
    by_today = (verdict.get("rules"), verdict.get("judge")) == (RULES, trial.judge)
    return by_today and (pictures / str(verdict["picture"])).is_file()


@contextmanager
def _one_core() -> Iterator[None]:
    """As trainings have."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
