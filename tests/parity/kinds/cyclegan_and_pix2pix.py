"""Cases of junyanz/pytorch-CycleGAN-and-pix2pix: networks, objectives, iterations, schedules, pools, data."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan_zoo.data.color import lab_tensors, lab_to_rgb
from gan_zoo.data.transforms import MODES, Placement, crop_params, to_uint8_truncated
from gan_zoo.interop import cyclegan_and_pix2pix as adapter
from gan_zoo.interop import from_reference, reference_networks, to_reference
from gan_zoo.interop.state import Paths
from gan_zoo.losses.penalties import gradient_penalty
from gan_zoo.models import CycleGAN, Pix2Pix
from gan_zoo.training.image_pool import ImagePool
from gan_zoo.training.module import GANModule
from tests.parity.golden import Case, close, directed, norms, strides
from tests.parity.training import Recorder, gradients_of, train

# A case's loss, as a formula of the model's terms (players' prefixes left out).
LOSSES = {
    "pix2pix": {
        **{"D_fake": {"fake": 2.0}, "D_real": {"real": 2.0}, "D": {"fake": 1.0, "real": 1.0}},
        **{"G_GAN": {"adv": 1.0}, "G_L1": {"l1": 1.0}, "G": {"adv": 1.0, "l1": 1.0}},
    },
    "cyclegan": {
        **{"G_A": {"adv_b": 1.0}, "G_B": {"adv_a": 1.0}, "cycle_A": {"cycle_a": 1.0}, "cycle_B": {"cycle_b": 1.0}},
        **{"idt_A": {"idt_b": 1.0}, "idt_B": {"idt_a": 1.0}},
        **{"D_A": {"real_b": 1.0, "fake_b": 1.0}, "D_B": {"real_a": 1.0, "fake_a": 1.0}},
        "G": {f"{term}_{d}": 1.0 for term in ("adv", "cycle", "idt") for d in "ab"},
    },
}


def network(case: Case) -> None:
    """Single networks: keys, counts, outputs in both modes, and the norm after every layer."""
    several = all(isinstance(value, Mapping) for value in case.config.values())
    for name, options in case.config.items() if several else [("", case.config)]:
        weights = {} if several else case.weights()
        label = name if several else next(iter(weights))
        build = _builder(case.model, options, weights, label)
        with torch.device("meta") if several else nullcontext():  # full-size networks, by their keys alone
            net = build()
        check_listing(case, label, net, adapter.layer_paths(net))
        if not several:
            _check_outputs(case, build)
    if "parameters" in case.arrays:
        counts = case.says["parameters"]
        case.compare("parameters", torch.tensor([counts[net] for net in case.says["manifest"]]))


def _builder(model: str, options: Mapping[str, Any], weights: Mapping[str, Any], label: str) -> Any:
    # Networks without weights are asked for by their reference name, the only one that the model then holds.
    def build() -> nn.Module:
        made = from_reference(model, options, weights).double()
        (net,) = reference_networks(made).values()
        build.model = made  # type: ignore[attr-defined]  # kept alive, and for its keys
        return net

    return build


def check_listing(case: Case, label: str, net: nn.Module, paths: Paths) -> None:
    """Keys and shapes, counts of parameters, classes of layers, in the reference's order."""
    shapes = {
        f"{theirs}.{key}": list(t.shape)
        for ours, theirs in paths
        for key, t in net.get_submodule(ours).state_dict().items()
    }
    assert list(shapes.items()) == list(case.says["manifest"][label].items()), label
    counts = case.says.get("parameters")
    if counts is not None:
        count = counts if isinstance(counts, int) else counts[label]
        assert sum(p.numel() for p in net.parameters()) == count, label
    if label in case.says.get("modules", {}):
        found = [[theirs, type(net.get_submodule(ours)).__name__] for ours, theirs in paths]
        assert found == case.says["modules"][label], label


def _check_outputs(case: Case, build: Any) -> None:
    (x,) = case.inputs.values()
    for name in case.arrays:
        if name == "running_norms" or name == "parameters":
            continue
        net = build().train(not name.endswith("eval"))
        with torch.no_grad(), traced(net, adapter.layer_paths(net)) as trace:
            y = net(x)
        case.compare(name, y)
        for said, found in zip(case.says.get(f"trace_{name}", ()), trace, strict=True):
            assert [*said[:3]] == [*found[:3]]
            assert found[3] == close(said[3]), said[0]
        if name == "y_train" and "running_norms" in case.arrays:
            (state,) = to_reference(build.model).values()
            case.compare("running_norms", norms([state[key] for key in case.says["running_statistics"]]))


class traced:
    """The reference's path, the layer's class, shape and norm of every layer's output, in order of execution."""

    def __init__(self, net: nn.Module, paths: Sequence[tuple[str, str]]) -> None:
        self.net, self.paths, self.calls, self.handles = net, paths, [], []  # type: ignore[var-annotated]

    def __enter__(self) -> list[list[Any]]:
        for ours, theirs in self.paths:
            layer = self.net.get_submodule(ours)
            self.handles.append(layer.register_forward_hook(self._hook(theirs)))
        return self.calls

    def _hook(self, path: str) -> Any:
        def note(layer: nn.Module, _: Any, y: Tensor) -> None:
            self.calls.append([path, type(layer).__name__, list(y.shape), y.norm().item()])

        return note

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            handle.remove()


def losses(case: Case) -> None:
    """Every term for one batch, and the gradients of each total."""
    if "loss/gp" in case.arrays:
        return _penalty(case)
    model = from_reference(case.model, case.config, case.weights()).double()
    real_a, real_b = directed(case.config, case.inputs["A"], case.inputs["B"])
    if isinstance(model, Pix2Pix):
        fake = model.generator(real_a)
        case.compare("fake_B", fake)
        totals = {
            "D": lambda: model.discriminator_loss(real_a, real_b, fake.detach()),
            "G": lambda: model.generator_loss(real_a, real_b, fake),
        }
        terms = {name: _gradients(case, model, total, (name,), (name,)) for name, total in totals.items()}
        _compare_losses(case, "loss/", terms["D"] | terms["G"])
    else:
        _cyclegan_losses(case, model, {"a": real_a, "b": real_b})
    return None


def _cyclegan_losses(case: Case, model: Any, real: dict[str, Tensor]) -> None:
    fake, rec, idt = model.generate(real, {})
    made = {f"{kind}_{d.upper()}": image for kind, of in (("fake", fake), ("rec", rec)) for d, image in of.items()}
    made |= {"idt_A": idt["b"], "idt_B": idt["a"]} if idt else {}  # named after the generator
    for name in set(made) & set(case.arrays):
        case.compare(name, made[name])
    terms = _gradients(case, model, lambda: model.generator_loss(real, fake, rec, idt), ("G_A", "G_B"), ("G",))
    history = {d: model.pool[d](fake[d]) for d in "ba"}
    terms |= _gradients(
        case, model, lambda: model.discriminator_loss(real, history, {}), ("D_A", "D_B"), ("D_A", "D_B")
    )
    _compare_losses(case, "loss/", terms)


def _gradients(
    case: Case, model: GANModule, total: Any, nets: tuple[str, ...], names: tuple[str, ...]
) -> dict[str, Tensor]:
    """Back-propagate a total, compare the gradients of these networks, return its terms."""
    model.zero_grad()
    found: dict[str, Tensor] = total()
    sum(found.values()).backward(retain_graph=True)  # type: ignore[union-attr]  # there are terms
    for net in nets:
        if f"grad_norm/{net}" not in case.arrays:
            continue
        gradients = gradients_of(model, net, case.says["parameter_order"][net])
        case.compare(f"param_grad_norm/{net}", norms(gradients))
        case.compare(f"grad_norm/{net}", norms(gradients).norm())
    return found


def _compare_losses(case: Case, prefix: str, terms: Mapping[str, Tensor]) -> None:
    for name, formula in LOSSES[case.model].items():
        if prefix + name in case.arrays:
            value = sum((factor * terms[term] for term, factor in formula.items() if term in terms), torch.zeros(()))
            case.compare(prefix + name, value, rtol=1e-8)


def _penalty(case: Case) -> None:
    config = case.config
    model = from_reference(case.model, config, case.weights()).double()
    ((label, judge),) = reference_networks(model).items()
    real, fake = case.inputs["real"], case.inputs["fake"]
    kinds = {
        "mixed": lambda: case.fed("alpha"),
        "real": lambda: torch.ones(len(real), 1),
        "fake": lambda: torch.zeros(len(real), 1),
    }
    alpha = kinds[config.get("type", "mixed")]()
    value = config.get("lambda_gp", 10.0) * gradient_penalty(judge, real, fake, alpha, config.get("constant", 1.0))
    _gradients(case, model, lambda: {"gp": value}, (label,), ())
    case.compare("loss/gp", value)
    if "image_gradient_norms" in case.arrays:
        mix = alpha.view(-1, 1, 1, 1).double()
        points = (mix * real + (1 - mix) * fake).requires_grad_(True)
        (gradient,) = torch.autograd.grad(judge(points).sum(), points)
        case.compare("image_gradient_norms", gradient.flatten(1).norm(dim=1))


def batches(case: Case) -> list[dict[str, Tensor]]:
    """The pairs of each iteration."""
    pairs = [directed(case.config, inputs["A"], inputs["B"]) for inputs in case.inputs.values()]
    return [dict(zip("ab", pair, strict=True)) for pair in pairs]


def step(case: Case) -> None:
    """Whole iterations by Lightning's own Trainer, in float64."""
    model = from_reference(case.model, case.config, case.weights())
    if isinstance(model, CycleGAN):
        script = Script(draw for draws in case.says.get("pool_draws", {}).values() for draw in draws)
        for pool in model.pool.values():
            pool.random = script
    train(model, batches(case), StepRecorder(case))


class StepRecorder(Recorder):
    """Compares after each iteration."""

    def after(self, model: GANModule, iteration: int, first_output: Mapping[str, Tensor]) -> None:
        """Losses, first fakes, weights."""
        case = self.case
        terms = {name.split("/")[1]: value for name, value in model.terms.items()}
        _compare_losses(case, f"loss{iteration}/", terms)
        n = case.config["batch_size"]
        made = {"fake_B": first_output.get("G", first_output.get("G_A")), "fake_A": first_output.get("G_B")}
        for name, value in made.items():
            if f"{name}{iteration}" in case.arrays and value is not None:
                case.compare(f"{name}{iteration}", value[:n])
        compare_states(case, model, iteration)


def compare_states(case: Case, model: GANModule, iteration: int) -> None:
    """The norm of every entry of the networks' states after an iteration, and some values."""
    states = to_reference(model)
    for name in case.arrays:
        what, _, rest = name.partition("/")
        if what == f"state_norm{iteration}":
            case.compare(name, norms([states[rest][key] for key in case.says["state_order"][rest]]), atol=1e-8)
        elif what == f"value{iteration}":
            net, _, key = rest.partition("/")
            case.compare(name, states[net][key].flatten()[strides(case.says["outputs"][name])], atol=1e-8)


class Script(random.Random):
    """Random numbers from a list: ("p", number in [0, 1)) and ("index", slot)."""

    def __new__(cls, draws: Iterator[Any]) -> "Script":
        return super().__new__(cls)

    def __init__(self, draws: Iterator[Any]) -> None:
        super().__init__()
        self.draws = iter(list(draws))

    def random(self) -> float:
        """The next number, which must be a p."""
        kind, value = next(self.draws)
        assert kind == "p"
        return float(value)

    def randint(self, a: int, b: int) -> int:
        """The next number, which must be an index."""
        kind, value = next(self.draws)
        assert kind == "index"
        assert a <= value <= b
        return int(value)


def schedule(case: Case) -> None:
    """The rates of every epoch, by the schedules that the options choose."""
    for name, options in case.config.items():
        model = from_reference(case.model, {"ngf": 1, "ndf": 1, "netG": "resnet_6blocks", **options}, {})
        metric = case.fed(f"{name}_metric") if f"{name}_metric" in case.arrays else None
        rates = []
        for epoch in range(len(case.arrays[name])):
            rates.append(options.get("lr", 2e-4) * model.schedule(epoch))
            if metric is not None:
                model.schedule.end_epoch({model.schedule.monitor: metric[epoch]})  # type: ignore[attr-defined]  # a Plateau
        case.compare(name, torch.tensor(rates, dtype=torch.float64), atol=1e-15)


def pool(case: Case) -> None:
    """Which image comes back for which, by given draws or in the long run."""
    if "p" in case.arrays:
        _scripted_pool(case)
    else:
        _long_run_pool(case)


def _scripted_pool(case: Case) -> None:
    size, batches = case.config["pool_size"], case.config["batch sizes in order"]
    numbers, slots = iter(case.fed("p").tolist()), iter(case.fed("index").tolist())
    images = ImagePool(size)
    images.random = Script(())
    images.random.random = lambda: next(numbers)  # type: ignore[method-assign]  # two lists in place of one
    images.random.randint = lambda a, b: next(slots)  # type: ignore[method-assign]
    returned, stored, count = [], [], 0
    for batch in batches:
        offered = torch.arange(count, count + batch, dtype=torch.float64).view(-1, 1, 1, 1)
        count += batch
        returned += images(offered).flatten().tolist()
        stored.append([int(image) for image in images.images] + [-1] * (size - len(images.images)))
    case.compare("returned", np.array(returned, dtype=np.int64))
    case.compare("stored", np.array(stored))
    assert next(numbers, None) is None
    assert next(slots, None) is None


def _long_run_pool(case: Case) -> None:
    """Shares within 3 standard errors of this many queries, ages within what correlated draws allow."""
    size, queries = case.config["pool_size"], case.config["queries"]
    images = ImagePool(size, seed=1)
    back = np.array([int(images(torch.full((1, 1, 1, 1), float(i)))) for i in range(queries)])
    late = np.arange(queries) >= 5000
    current = back == np.arange(queries)
    ages = (np.arange(queries) - back)[late & ~current]
    counts = np.bincount(back, minlength=queries)
    settled = slice(5000, queries - 40 * size)  # later ones may still wait in the pool
    found = {
        "fraction_current": (current[late].mean(), 0.009),
        "mean_age": (ages.mean(), 0.08 * size),
        "age_quantiles": (
            np.quantile(ages, [0.05, 0.25, 0.5, 0.75, 0.95]),
            np.array([0.03, 0.06, 0.1, 0.16, 0.32]) * size + 1,
        ),
        "never_returned": ((counts[settled] == 0).mean(), 0.004),
        "returned_more_than_once": ((counts[5000:] > 1).mean(), 0.0),
        "first_fill_mean_returns": (counts[: min(40, size)].mean(), 0.15),
    }
    for name in case.arrays:
        value, error = found[name]
        case.touched.add(name)
        assert np.all(np.abs(value - case.arrays[name]) <= error), f"{name}: {value}, not {case.arrays[name]}"


def initialisation(case: Case) -> None:
    """Mean and standard deviation of every parameter, within five standard errors of two draws of that size."""
    torch.manual_seed(0)
    for name in case.arrays:
        kind, _, net = name.partition("/")
        options = {**case.config[net], "init_type": kind}
        model = from_reference(case.model, options, {})
        (state,) = to_reference(model).values()
        manifest = case.says["manifest"][net]
        case.touched.add(name)
        for (key, shape), (mean, std) in zip(manifest.items(), case.arrays[name], strict=True):
            value, n = state[key].double(), int(np.prod(shape))
            assert list(value.shape) == shape
            assert value.mean().item() == pytest.approx(mean, abs=5 * std * (2 / n) ** 0.5 + 1e-12), (name, key)
            assert value.std(correction=0).item() == pytest.approx(std, rel=5 / n**0.5, abs=1e-12), (name, key)


def data(case: Case) -> None:
    """Preprocessing of one picture by each mode, the draws of crops, colour spaces, and the way back to bytes."""
    made = case.says["inputs"]["image"]
    x = case.inputs["image"].float().numpy()
    picture = np.floor((x[0].transpose(1, 2, 0).astype(np.float64) + 1) * 127.5 + 0.5).astype(np.uint8)
    assert picture.shape == (*made["shape"][2:], 3)
    if "A" in case.arrays:
        return _colorization(case, picture)
    for name, said in case.says["outputs"].items():
        if isinstance(said, Mapping) and "preprocess" in said:
            mode = MODES[said["preprocess"]](said["load_size"], said["crop_size"])
            (place,) = [value for key, value in said.items() if key.startswith("crop_pos")]
            tensor = mode(picture, Placement(*place, said["flip"]), channels=1 if said["grayscale"] else 3)
            case.compare(name, tensor)
            if name == "resize_and_crop" and "tensor2im" in case.arrays:
                case.compare("tensor2im", to_uint8_truncated(tensor), rtol=0, atol=0)
    if "crop_draws" in case.arrays:
        said = case.says["outputs"]["resize_and_crop"]
        seed = int(case.says["outputs"]["crop_draws"].split("seeded with ")[1].split()[0].strip(",;"))
        rng, mode = random.Random(seed), MODES["resize_and_crop"](said["load_size"], said["crop_size"])
        size = (picture.shape[1], picture.shape[0])
        drawn = [crop_params(rng, size, mode) for _ in case.arrays["crop_draws"]]
        case.compare("crop_draws", np.array(drawn, dtype=np.int64))
    return None


def _colorization(case: Case, picture: np.ndarray) -> None:
    config = case.config
    mode = MODES[config["preprocess"]](config["load_size"], config["crop_size"])
    luminance, chroma = lab_tensors(np.asarray(mode.apply(_image(picture))))
    # The reference computes in float64 and stores float32: its rounding, and no more, of numbers up to 1.
    case.compare("A", luminance)
    case.compare("B", chroma)
    if "rgb" in case.arrays:
        halved = lab_to_rgb(luminance, chroma * 0.5)
        case.compare("rgb", halved.permute(1, 2, 0), atol=1e-3)


def _image(picture: np.ndarray) -> Any:
    from gan_zoo.data.transforms import as_picture

    return as_picture(picture)


def checkpoint(case: Case) -> None:
    """A file of an old version, its superfluous keys included."""
    weights = {
        name.removeprefix("checkpoint/"): case.fed(name) for name in case.arrays if name.startswith("checkpoint/")
    }
    assert list(weights) == case.says["checkpoint_keys"]
    (label,) = case.says["manifest"]
    model = from_reference(case.model, case.config, {label: weights}).double().eval()
    assert {key: list(value.shape) for key, value in to_reference(model)[label].items()} == case.says["manifest"][label]
    (x,) = case.inputs.values()
    with torch.no_grad():
        case.compare("y", reference_networks(model)[label](x))


RUNNERS = {
    **{"network": network, "manifest": network, "losses": losses, "step": step, "schedule": schedule, "pool": pool},
    **{"init": initialisation, "data": data, "preprocess": data, "checkpoint": checkpoint},
}
