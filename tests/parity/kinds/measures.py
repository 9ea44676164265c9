"""Cases of the measures that come with ProGAN and StyleGAN, with linear stand-ins for features and distances."""

import re
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.interop import from_reference
from gan_zoo.metrics import path_length, separability, sliced_wasserstein
from gan_zoo.metrics.frechet import frechet_distance, moments
from gan_zoo.metrics.ms_ssim import ms_ssim
from tests.golden import recipe
from tests.parity.golden import Case


def metric(case: Case) -> None:
    """One measure, told by the options that it alone has."""
    config = case.config
    if "space" in config:
        _path_length(case)
    elif "attributes" in config:
        _separability(case)
    elif "nhood_size" in config:
        _sliced_wasserstein(case)
    elif "k1" in config:
        _ms_ssim(case)
    else:
        _frechet(case)


def _matrix(text: str) -> Tensor:
    """The A of a description's ``recipe.fill('NAME', (D, N), S)``, float64."""
    found = re.search(r"recipe\.fill\('([^']+)', \((\d+), (\d+)\), ([\d.]+)\)", text)
    assert found is not None, text
    return torch.from_numpy(recipe.fill(found[1], (int(found[2]), int(found[3])), float(found[4]))).double()


def _images(text: str, end: str = "", shape: Any = None) -> Tensor:
    """The pictures of a description's ``recipe.images('NAME', (N, C, H, W))``; ``end``: of the name of one of two."""
    found = re.search(r"recipe\.images\('([^']+)'(?: or '[^']+')?, (?:\(([\d, ]+)\)|same)", text)
    assert found is not None, text
    sides = shape or tuple(int(side) for side in found[2].split(","))
    return torch.from_numpy(recipe.images(found[1][: -len(end) or None] + end, sides)).double()


@torch.no_grad()
def _path_length(case: Case) -> None:
    config = case.config
    model: Any = from_reference(case.model, config, case.weights()).double()
    net, matrix = model.generator, _matrix(case.says["inputs"]["distance"])
    matrix = matrix / matrix.shape[1] ** 0.5 / 255
    styled = config["space"] == "w"

    def render(codes: Tensor) -> Tensor:
        styles = net.spread(codes if styled else net.mapping(codes))
        pictures: Tensor = net.synthesis(styles, net.synthesis.stored_noise())
        return pictures

    z = case.fed("z").double()
    codes = net.mapping(z) if styled else z
    found = path_length.path_distances(
        codes[::2],
        codes[1::2],
        case.fed("t").double() * (config["sampling"] == "full"),
        path_length.lerp if styled else path_length.slerp,
        render,
        lambda a, b: ((a - b).flatten(1) @ matrix.T).square().sum(dim=1),
        config["epsilon"],
    )
    case.compare("distances", found, rtol=1e-5)
    kept = path_length.trimmed(found)
    case.compare("kept", torch.tensor(len(kept)))
    case.compare("lo", kept.min(), rtol=1e-5)
    case.compare("hi", kept.max(), rtol=1e-5)
    case.compare("result", path_length.path_length(found.split(len(found) // 3)), rtol=1e-5)


def _least_squares(codes: Tensor, classes: Tensor) -> Tensor:
    points = torch.cat([codes.double(), torch.ones(len(codes), 1, dtype=torch.float64)], dim=1)
    fit = torch.linalg.lstsq(points, 2 * classes.double() - 1).solution
    return (points @ fit > 0).long()


def _separability(case: Case) -> None:
    logits, keep, spaces = case.fed("logits"), case.config["keep"], ("latents", "dlatents")
    case.compare("kept", torch.stack([separability.most_confident(row, keep) for row in logits]))
    predictions: list[Tensor] = []

    def rule(codes: Tensor, classes: Tensor) -> Tensor:
        predictions.append(_least_squares(codes, classes))
        return predictions[-1]

    tables = [
        separability.attribute_table(case.fed(space), row, keep, rule).double() for row in logits for space in spaces
    ]
    case.compare("predictions", torch.stack(predictions))
    stored = torch.from_numpy(case.arrays["tables"])
    case.compare("tables", torch.stack(tables) * stored.sum(dim=(1, 2), keepdim=True))
    case.compare("entropies", torch.stack([separability.conditional_entropy(table) for table in tables]), rtol=2e-6)
    for name, space in zip(("score_z", "score_w"), spaces, strict=True):
        case.compare(name, separability.separability(case.fed(space), logits, keep, _least_squares), rtol=1e-6)


def _frechet(case: Case) -> None:
    said = case.says["inputs"]
    matrix = _matrix(said["features"]) / 255
    shape = tuple(_images(said["real"]).shape)
    real = ((_images(said["real"]) + 1) * 127.5).round()
    fake = (_images(said["fake"], shape=shape) * 1.02 * 127.5 + 128).clamp(0, 255).floor()
    found = []
    for name, pictures in (("real", real), ("fake", fake)):
        mean, covariance = moments(pictures.flatten(1) @ matrix.T)
        case.compare(f"mu_{name}", mean, rtol=1e-5)
        case.compare(f"sigma_{name}", covariance, rtol=1e-4, atol=1e-4 * float(covariance.abs().max()))
        found += [mean, covariance]
    case.compare("result", frechet_distance(*found), rtol=1e-4)


def _sliced_wasserstein(case: Case) -> None:
    config, said = case.config, case.says["inputs"]["a, b"]
    side, each = config["nhood_size"], config["nhoods_per_image"]
    pyramids = {}
    for name in "ab":
        pictures = ((_images(said, name) + 1) * 127.5).round()
        pyramids[name] = sliced_wasserstein.laplacian_pyramid(pictures, config["resolutions"][-1])
    found = []
    for i, size in enumerate(config["resolutions"]):
        assert pyramids["b"][i].shape[-1] == size
        stored = case.arrays[f"pyramid_b_{i}"]
        case.compare(f"pyramid_b_{i}", pyramids["b"][i][:1], atol=1e-6 * float(np.abs(stored).max()))
        sets = []
        for name in "ab":
            x, y = (case.fed(f"{axis}_{name}_{i}").long().view(-1, each) for axis in "xy")
            # The reference stores patches transposed; its directions are for those.
            turned = sliced_wasserstein.patches(pyramids[name][i], x, y, side).mT
            sets.append(sliced_wasserstein.normalized(turned))
        along = [case.fed(f"directions_{i}_{repeat}") for repeat in range(config["dir_repeats"])]
        found.append(1000 * sliced_wasserstein.sliced_wasserstein(*sets, along))
    case.compare("result", torch.stack([*found, torch.stack(found).mean()]), rtol=1e-5)


def _ms_ssim(case: Case) -> None:
    config, said = case.config, case.says["inputs"]
    first = _images(said["a"])
    second = _images(said["b"], shape=tuple(first.shape))
    a, b = ((first + 1) * 127.5).round(), ((0.3 * second + 0.7 * first + 1) * 127.5).round()
    weights, k = tuple(config["weights"]), (config["k1"], config["k2"])
    case.compare("result", ms_ssim(a, b, weights, config["filter_size"], config["sigma"], k), rtol=1e-6)
