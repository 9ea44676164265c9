"""Cases of junyanz/BicycleGAN: networks, objectives, iterations, schedules, initialisation, sampling, interpolation."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.interop import bicyclegan as adapter
from gan_zoo.interop import from_reference, reference_networks, to_reference
from gan_zoo.layers import interpolation as ways
from gan_zoo.models import BicycleGAN
from gan_zoo.training.module import GANModule
from tests.parity.golden import Case, close, directed, norms
from tests.parity.kinds import cyclegan_and_pix2pix as junyanz
from tests.parity.training import Recorder, gradients_of, train

# The reference's losses and ours, term by term.
LOSSES = {
    **{"G_GAN": ("adv_encoded",), "G_GAN2": ("adv_random",), "G_L1": ("l1",), "kl": ("kl",), "z_L1": ("z_l1",)},
    "G": ("adv_encoded", "adv_random", "l1", "kl"),
    **{"D": ("fake_encoded", "real_encoded"), "D2": ("fake_random", "real_random")},
}


def network(case: Case) -> None:
    """Networks by themselves: keys, layers, counts, outputs in both modes and after every layer; or sampling."""
    if "A" in case.says.get("inputs", {}):
        return _sampling(case)
    several = all(isinstance(value, Mapping) for value in case.config.values())
    for name, options in case.config.items() if several else [("", case.config)]:
        weights = {} if several else case.weights()
        label = name if several else next(iter(weights))
        with torch.device("meta") if several else nullcontext():  # full-size networks, by their keys alone
            _, net = _build(options, weights)
        junyanz.check_listing(case, label, net, adapter.layer_paths(net))
        if not several:
            _check_outputs(case, options, weights)
    if "parameters" in case.arrays:
        counts = case.says["parameters"]
        case.compare("parameters", torch.tensor([counts[net] for net in case.says["manifest"]]))
    return None


def _build(options: Mapping[str, Any], weights: Mapping[str, Any]) -> tuple[GANModule, Any]:
    model = from_reference("bicyclegan", options, weights).double()
    (net,) = reference_networks(model).values()
    return model, net


def _check_outputs(case: Case, options: Mapping[str, Any], weights: Mapping[str, Any]) -> None:
    inputs = list(case.inputs.values())
    modes = [name for name in ("y_train", "y_eval") if any(array.startswith(name) for array in case.arrays)]
    for name in modes or ["y"]:
        model, net = _build(options, weights)
        net.train(name != "y_eval")
        with torch.no_grad(), junyanz.traced(net, adapter.layer_paths(net)) as calls:
            made = net(*inputs)
        for part, value in _parts(made).items():
            case.compare(name + part, value)
        _compare_traces(case.says.get(f"trace_{name}", []), calls)
        if name != "y_eval" and "running_norms" in case.arrays:
            (state,) = to_reference(model).values()
            case.compare("running_norms", norms([state[key] for key in case.says["running_statistics"]]))


def _parts(made: Any) -> dict[str, Tensor]:
    """A network's outputs under what the cases add to their names."""
    if isinstance(made, Tensor):
        return {"": made}
    if isinstance(made, tuple):
        return {"_mu": made[0], "_logvar": made[1]}
    return {f"_scale{i}": scores for i, scores in enumerate(made)} if len(made) > 1 else {"": made[0]}


def _compare_traces(said: list[Any], calls: list[list[Any]]) -> None:
    """Layer by layer: a discriminator of two scales may halve the picture before or after the first of them."""
    found = {path: rest for path, *rest in calls}
    assert not said or sorted(found) == sorted(path for path, *_ in said)
    for path, kind, shape, norm in said:
        assert found[path][:2] == [kind, shape], path
        assert found[path][2] == close(norm), path


def _sampling(case: Case) -> None:
    """The target's own code (its mean), then given codes, with dropout off."""
    model: Any = from_reference("bicyclegan", case.config, case.weights()).double().eval()
    real_a, real_b = directed(case.config, case.inputs["A"], case.inputs["B"])
    with torch.no_grad():
        case.compare("encoded", model.translate(real_a, style=model.encode_style(real_b)))
        for n, style in enumerate(case.fed("z")):
            case.compare(f"random{n}", model.translate(real_a, style=style[None]))


def losses(case: Case) -> None:
    """Every term for one batch, and the gradients that each network gets from a whole iteration."""
    model: Any = from_reference("bicyclegan", case.config, case.weights()).double()
    real_a, real_b = directed(case.config, case.inputs["A"], case.inputs["B"])
    draws = {name: case.fed(name) for name in ("eps", "z_random")}
    heard = Heard(model, draws)
    model.zero, model.step = lambda *_: None, lambda *_: heard.gradients(case)
    type(model).training_step.__wrapped__(model, {"a": real_a, "b": real_b}, 0)
    made = heard.made()
    made["z_encoded"] = made["mu"] + draws["eps"] * (made["logvar"] / 2).exp()
    for name in set(made) & set(case.arrays):
        case.compare(name, made[name])
    _compare_losses(case, "loss/", heard.terms)
    for name, terms in (("D_parts", LOSSES["D"]), ("D2_parts", LOSSES["D2"])):
        if f"loss/{name}" in case.arrays:
            case.compare(f"loss/{name}", torch.stack([heard.terms[term] for term in terms]))
    if "grad_norm/G_without_z" in case.arrays:
        without = from_reference("bicyclegan", {**case.config, "lambda_z": 0.0}, case.weights()).double()
        quiet = Heard(without, draws)
        without.zero, without.step = lambda *_: None, lambda *_: None  # type: ignore[method-assign]  # one pass alone
        type(without).training_step.__wrapped__(without, {"a": real_a, "b": real_b}, 0)  # type: ignore[attr-defined]
        assert "z_l1" not in quiet.terms
        gradients = gradients_of(without, "G", case.says["parameter_order"]["G"])
        case.compare("grad_norm/G_without_z", norms(gradients).norm())


class Heard:
    """What a training step without a trainer draws, makes and minimises."""

    def __init__(self, model: Any, draws: Mapping[str, Tensor]) -> None:
        self.model, self.terms = model, dict[str, Tensor]()
        self.outputs: dict[str, list[Any]] = {"G": [], "E": []}
        for name, outputs in self.outputs.items():
            reference_networks(model)[name].register_forward_hook(lambda _, __, y, outputs=outputs: outputs.append(y))
        model.draw = lambda name, shape: _shaped(draws[name], shape)
        model.accumulate = self.accumulate

    def accumulate(self, loss: Callable[..., Mapping[str, Tensor]], *args: Any, over: str | tuple[str, ...]) -> None:
        """Back-propagate, for these players, and remember the terms."""
        with self.model.frozen_except(*((over,) if isinstance(over, str) else over)):
            terms = loss(*args)
            torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        self.terms |= terms

    def made(self) -> dict[str, Tensor]:
        """Pictures and codes under the cases' names."""
        encoded, random = torch.cat(self.outputs["G"]).chunk(2)  # of one pass or of two
        (mu, logvar), *second = self.outputs["E"]
        made = {"fake_B_encoded": encoded, "fake_B_random": random, "mu": mu, "logvar": logvar}
        return made | ({"mu2": second[0][0]} if second else {})

    def gradients(self, case: Case) -> None:
        """Those of the networks that have just been told to step."""
        for net in reference_networks(self.model):
            found = gradients_of(self.model, net, case.says["parameter_order"][net])
            if any(gradient is not None for gradient in found) and f"grad_norm/{net}" not in case.touched:
                case.compare(f"param_grad_norm/{net}", norms(found))
                case.compare(f"grad_norm/{net}", norms(found).norm())


def _shaped(stored: Tensor, shape: tuple[int, ...]) -> Tensor:
    assert tuple(stored.shape) == tuple(shape)
    return stored


def _compare_losses(case: Case, prefix: str, terms: Mapping[str, Tensor]) -> None:
    for name, ours in LOSSES.items():
        if prefix + name in case.arrays:
            value = sum((terms[term] for term in ours if term in terms), torch.zeros(()))
            case.compare(prefix + name, value, rtol=1e-8)


def step(case: Case) -> None:
    """Whole iterations by Lightning's own Trainer, in float64."""
    model = from_reference("bicyclegan", case.config, case.weights())
    numbers = {"eps": 0, "z_random": 0}

    def draw(name: str, shape: tuple[int, ...]) -> Tensor:
        numbers[name] += 1
        return _shaped(case.fed(f"{name}{numbers[name]}"), shape)

    model.draw = draw  # type: ignore[method-assign]  # the stored numbers
    train(model, junyanz.batches(case), StepRecorder(case))


class StepRecorder(Recorder):
    """Compares after each iteration; of the generator it keeps both fakes, in one pass or in two."""

    def _note(self, name: str) -> Any:
        def note(_: Any, __: Any, output: Any) -> None:
            if name == "G":
                before = [self.first_output[name]] if name in self.first_output else []
                self.first_output[name] = torch.cat([*before, output.detach().clone()])

        return note

    def after(self, model: GANModule, iteration: int, first_output: Mapping[str, Tensor]) -> None:
        """Losses, fakes, weights."""
        case = self.case
        _compare_losses(case, f"loss{iteration}/", {name.split("/")[1]: term for name, term in model.terms.items()})
        half = case.config["batch_size"] // 2
        fakes = first_output["G"].split(half)[:2]  # grids and scores may have asked for more
        for name, value in zip(("fake_B_encoded", "fake_B_random"), fakes, strict=True):
            case.compare(f"{name}{iteration}", value)
        junyanz.compare_states(case, model, iteration)


def schedule(case: Case) -> None:
    """The rates of every epoch, by the schedules that the options choose."""
    for name, options in case.config.items():
        small = {"netG": "unet_128", "netE": "conv_128", "ngf": 1, "nef": 1, "ndf": 1}
        model = from_reference("bicyclegan", {**small, **options}, {})
        rates = [options.get("lr", 2e-4) * model.schedule(epoch) for epoch in range(len(case.arrays[name]))]
        case.compare(name, torch.tensor(rates, dtype=torch.float64), atol=1e-15)


def interpolation(case: Case) -> None:
    """Codes from one to another, both ends included."""
    first, second = case.fed("z")
    count = case.config["num_frames"]
    model = from_reference("bicyclegan", {"netG": "unet_128", "ngf": 1, "nef": 1, "ndf": 1, "nz": len(first)}, {})
    assert isinstance(model, BicycleGAN)
    case.compare("slerp", model.interpolate(first, second, count))
    case.compare("linear", ways.linear(first, second, count))
    assert np.isfinite(case.arrays["slerp"]).all()


RUNNERS = {
    **{"network": network, "manifest": network, "losses": losses, "step": step, "schedule": schedule},
    **{"init": junyanz.initialisation, "data": interpolation},
}
