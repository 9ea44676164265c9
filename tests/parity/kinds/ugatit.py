"""Cases of znxlwm/UGATIT-pytorch: norms, networks, objectives, iterations, rates, preprocessing, checkpoints."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.data.images import mirrored
from gan_zoo.data.transforms import Placement, as_picture
from gan_zoo.data.transforms_bilinear import ResizeAndCropBilinear
from gan_zoo.interop import from_reference, reference_networks, to_reference
from gan_zoo.layers.adalin import LIN, AdaLIN
from gan_zoo.training.module import GANModule
from gan_zoo.training.schedules import LinearSecondHalf
from tests.golden import recipe
from tests.parity.golden import Case, norms, strides
from tests.parity.training import Recorder, gradients, train

SCOPES = {"G": "global", "L": "local"}


def images(case: Case) -> dict[str, Tensor]:
    """Every picture of the recipe, float64."""
    made = {name: how for name, how in case.says["inputs"].items() if "recipe" in how}
    return {n: torch.from_numpy(recipe.images(how["name"], tuple(how["shape"]))).double() for n, how in made.items()}


def weights(case: Case) -> dict[str, dict[str, np.ndarray]]:
    """The recipe's state dicts; vectors of power iterations have length 1 in float64."""
    found = case.weights()
    for made in found.values():
        for key, value in made.items():
            if key.endswith(("weight_u", "weight_v")):
                made[key] = value.astype(np.float64) / np.linalg.norm(value.astype(np.float64))
    return found


def double(model: GANModule, case: Case) -> Any:
    """The model in float64, the vectors of its power iterations not rounded to float32 on the way."""
    model.double()
    for name, net in reference_networks(model).items():
        exact = weights(case)[name]
        found = to_reference(model)[name]
        for key, value in exact.items():
            found[key].copy_(torch.from_numpy(np.asarray(value, dtype=np.float64)))
        assert list(found) == list(case.says["manifest"][name])
        assert {key: list(value.shape) for key, value in found.items()} == case.says["manifest"][name]
        if name in case.says.get("parameters", {}):
            assert sum(p.numel() for p in net.parameters()) == case.says["parameters"][name]
    return model


def network(case: Case) -> None:
    """A norm, a generator or a discriminator by itself."""
    if "num_features" in case.config:
        return _norms(case)
    model = double(from_reference(case.model, case.config, weights(case)), case)
    ((name, net),) = reference_networks(model).items()
    with torch.no_grad():
        if "generator" in name:
            _generator(case, net)
        else:
            _discriminator(case, model, name, net)
    return None


def _generator(case: Case, net: Any) -> None:
    (x,) = images(case).values()
    made = net(x)
    for name, value in {"out": made.out, "cam_logit": made.logits, "heatmap": made.heat[:, None]}.items():
        case.compare(name, value[strides(case.says["outputs"][name].get("sample", ""))])
    features = net.encoder(x)
    if contradicts_itself(case):
        features = case.fed("encoder")
    else:
        case.compare("encoder", features)
    seen = {"attended": net.cam(features).out}
    seen["style"] = net.style(seen["attended"].mean(dim=(2, 3)) if net.light else seen["attended"].flatten(1))
    seen |= {"gamma": net.gamma(seen["style"]), "beta": net.beta(seen["style"])}
    inner = seen["attended"]
    for i, block in enumerate(net.blocks, start=1):
        inner = seen[f"up{i}"] = block(inner, seen["gamma"], seen["beta"])
    for name in sorted(set(case.arrays) - {"out", "cam_logit", "heatmap", "encoder"}):
        case.compare(name, seen[name])


def contradicts_itself(case: Case) -> bool:
    """Whether the inner values were stored of another picture than the outputs.

    The map is the sum over channels of what comes from attention, by the case's own words. Where the stored ones
    differ, no network gives both for one picture: ``encoder`` and what follows from it belong to a picture that the
    case does not hold, so the chain is held from ``encoder`` on.
    """
    summed = case.arrays["attended"].sum(axis=1, keepdims=True)
    return not np.allclose(summed, case.arrays["heatmap"], rtol=1e-5, atol=1e-5)


def _discriminator(case: Case, model: GANModule, name: str, net: Any) -> None:
    x = images(case)
    for run, (picture, training) in {"train1": ("x1", True), "train2": ("x2", True), "eval": ("x1", False)}.items():
        features: list[Tensor] = []
        handle = net.trunk.register_forward_hook(lambda _, __, y, kept=features: kept.append(y.clone()))
        made = net.train(training)(x[picture])
        handle.remove()
        found = {"out": made.out, "cam_logit": made.logits, "heatmap": made.heat[:, None], "features": features[0]}
        found |= to_reference(model)[name]
        for array in case.arrays:
            if array.startswith(f"{run}."):
                sample = case.says["outputs"][array].get("sample", "")
                case.compare(array, found[array.removeprefix(f"{run}.")][strides(sample)])


def _norms(case: Case) -> None:
    n = case.config["num_features"]
    x, gamma, beta = (case.fed(name).double().requires_grad_(True) for name in ("x", "gamma", "beta"))
    rho, upstream = case.fed("rho").double(), case.fed("weight").double()
    adaptive, own = AdaLIN(n).double(), LIN(n).double()
    adaptive.rho.data.copy_(rho)
    own.rho.data.copy_(rho)
    own.gamma.data.copy_(case.fed("iln.gamma"))
    own.beta.data.copy_(case.fed("iln.beta"))
    runs = {
        "adailn": (adaptive(x, gamma, beta), {"x": x, "gamma": gamma, "beta": beta, "rho": adaptive.rho}),
        "iln": (own(x), {"x": x, "rho": own.rho, "gamma": own.gamma, "beta": own.beta}),
    }
    for name, (out, leaves) in runs.items():
        case.compare(f"{name}.out", out)
        gradients = torch.autograd.grad((upstream * out).sum(), list(leaves.values()))
        for leaf, gradient in zip(leaves, gradients, strict=True):
            case.compare(f"{name}.grad.{leaf}", gradient)


def manifest(case: Case) -> None:
    """Keys, shapes and counts at the papers' widths."""
    slots = {"generator": "genA2B", "discriminator_global": "disGA", "discriminator_local": "disLA"}
    for label, listed in case.says["manifest"].items():
        light = {"light": label.endswith("light")}
        with torch.device("meta"):
            model = from_reference(case.model, {**case.config, **light}, {})
        slot = slots[label.removesuffix("_full").removesuffix("_light")]
        found = to_reference(model)[slot]
        assert [(key, list(value.shape)) for key, value in found.items()] == list(listed.items()), label
        count = sum(p.numel() for p in reference_networks(model)[slot].parameters())
        assert count == case.says["parameters"][label]
    case.compare("parameters", torch.tensor([case.says["parameters"][net] for net in case.says["manifest"]]))


def compare_losses(case: Case, model: Any, prefix: str, terms: Mapping[str, Tensor]) -> None:
    """Every loss of the reference, from the model's weighted terms."""
    found: dict[str, Any] = {}
    for d in "ab":
        for letter, scope in SCOPES.items():
            for kind, suffix in (("ad", ""), ("ad_cam", "_cam")):
                for player in ("discriminator", "generator"):
                    name = f"{player[0].upper()}_{kind}_loss_{letter}{d.upper()}"
                    found[name] = terms[f"{player}/{scope}{suffix}_{d}"] / model.lambda_adv
        for their, our, weight in (
            ("recon", "cycle", model.lambda_cycle),
            ("identity", "idt", model.lambda_idt),
            ("cam", "cam", model.lambda_cam),
        ):
            found[f"G_{their}_loss_{d.upper()}"] = terms[f"generator/{our}_{d}"] / weight
        for player in ("discriminator", "generator"):
            of = (v for k, v in terms.items() if k.startswith(player) and k.endswith(f"_{d}") and "accuracy" not in k)
            found[f"{player[0].upper()}_loss_{d.upper()}"] = sum(of)
    found["Discriminator_loss"] = found["D_loss_A"] + found["D_loss_B"]
    found["Generator_loss"] = found["G_loss_A"] + found["G_loss_B"]
    for name in case.arrays:
        if name.startswith(f"{prefix}loss."):
            case.compare(name, found[name.removeprefix(f"{prefix}loss.")])


def losses(case: Case) -> None:
    """Every term for one batch, and the gradients of both totals, at the same weights."""
    model = double(from_reference(case.model, case.config, weights(case)), case).train()
    real = {d: images(case)[f"real_{d.upper()}"] for d in "ab"}
    found: dict[str, Tensor] = {}

    def minimize(loss_fn: Any, *args: Any, over: str) -> None:
        model.zero_grad()
        terms = loss_fn(*args)
        sum(terms.values()).backward(retain_graph=True)
        found.update({f"{over}/{name}": value.detach() for name, value in terms.items()})
        for label in reference_networks(model):
            if label.startswith(over[:3]):
                _compare_gradients(case, model, label)

    model.minimize = minimize
    type(model).training_step.__wrapped__(model, real, 0)
    compare_losses(case, model, "", found)
    with torch.no_grad():
        fake, kept, _ = model.generate(real)
        back = {s: model.generator[t + s](fake[t]).out for s, t in (("a", "b"), ("b", "a"))}
    pictures = {"A2B": fake["b"], "B2A": fake["a"], "A2B2A": back["a"], "B2A2B": back["b"]}
    for name, picture in {**pictures, "A2A": kept["a"], "B2B": kept["b"]}.items():
        if f"image.fake_{name}" in case.arrays:
            sample = case.says["outputs"][f"image.fake_{name}"].get("sample", "")
            case.compare(f"image.fake_{name}", picture[strides(sample)])


def _compare_gradients(case: Case, model: Any, label: str) -> None:
    found = gradients(model, label)
    sizes = norms([found[key] for key in case.says["gradnorm_keys"][label]])
    case.compare(f"gradnorm.{label}", sizes, rtol=1e-7, atol=1e-9 * float(sizes.max()))
    case.compare(f"gradnorm_total.{label}", sizes.norm(), rtol=1e-7)
    for name in case.arrays:
        if name.startswith(f"gradient.{label}."):
            key = name.removeprefix(f"gradient.{label}.")
            value = found[key].flatten()  # type: ignore[union-attr]  # it has one
            sample = strides(case.says["outputs"][name].get("sample", ""))
            case.compare(name, value[sample], rtol=1e-7, atol=1e-9 * float(sizes.max()))


def step(case: Case) -> None:
    """Whole iterations by Lightning's own Trainer, in float64."""
    model = double(from_reference(case.model, case.config, weights(case)), case)
    x, count = images(case), len(case.says["inputs"]) // 2
    batches = [{d: x[f"real_{d.upper()} of iteration {i}"] for d in "ab"} for i in range(1, count + 1)]
    train(model, batches, StepRecorder(case))


class StepRecorder(Recorder):
    """Compares after each iteration."""

    def after(self, model: GANModule, iteration: int, first_output: Mapping[str, Tensor]) -> None:
        """Losses, rates, weights and the vectors of power iterations."""
        case, prefix = self.case, f"it{iteration}."
        compare_losses(case, model, prefix, model.terms)
        rates = [optimizer.param_groups[0]["lr"] for optimizer in model.trainer.optimizers]
        case.compare(f"{prefix}lr", torch.tensor(rates, dtype=torch.float64), atol=1e-15)
        for net, found in to_reference(model).items():
            if f"{prefix}norm.{net}" in case.arrays:
                sizes = norms([found[key] for key in case.says["manifest"][net]])
                case.compare(f"{prefix}norm.{net}", sizes, rtol=1e-8, atol=1e-8)
            for name in case.arrays:
                if name.startswith(f"{prefix}value.{net}."):
                    value = found[name.removeprefix(f"{prefix}value.{net}.")].flatten()
                    sample = strides(case.says["outputs"][name].get("sample", ""))
                    case.compare(name, value[sample], rtol=1e-8, atol=1e-8)


def schedule(case: Case) -> None:
    """The rate of each iteration. What the reference does wrong is its formula, and ours is not that."""
    rate = case.config["lr"]
    for name in case.arrays:
        if name.startswith("steps_"):
            iterations = 1_000_000 if name.endswith("million") else int(name.removeprefix("steps_"))
            rates = name.replace("steps_", "rates_" if f"rates_{iterations}" in case.arrays else "rate_")
            ours = LinearSecondHalf(iterations)
            steps = case.fed(name).tolist()
            found = [rate * ours(step - 1) for step in steps]
            half = iterations // 2
            # Without the floor at 0, which an odd number of iterations reaches in its last one.
            plain = [rate * (1 - max(0, step - half) / half) for step in steps]
            assert found == [max(0.0, value) for value in plain]
            case.compare(rates, torch.tensor(plain, dtype=torch.float64), rtol=1e-8, atol=1e-15)
        elif name.startswith("resume_steps_"):
            iterations, start = (int(number) for number in name.split("_")[2:])
            half = iterations // 2
            steps = case.fed(name).tolist()
            late = [rate * (1 - (max(0, step - half) + (start > half)) / half) for step in steps]
            case.compare(name.replace("steps", "rates"), torch.tensor(late, dtype=torch.float64), rtol=1e-8, atol=1e-15)


def preprocess(case: Case) -> None:
    """One picture for training, by given draws, and for testing."""
    size = case.config["img_size"]
    picture = case.fed("image").numpy()
    mode = ResizeAndCropBilinear(size + 30, size)
    case.compare("test", mode.at_test_time()(picture))
    for name in case.arrays:
        if name.endswith(".draws"):
            flip, row, column = case.fed(name).tolist()
            first = mirrored(as_picture(picture)) if flip else as_picture(picture)
            case.compare(name.removesuffix(".draws"), mode(first, Placement(column, row)))


RUNNERS = {
    **{"network": network, "manifest": manifest, "losses": losses, "step": step, "schedule": schedule},
    "preprocess": preprocess,
}
