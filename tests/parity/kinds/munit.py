"""Cases of NVlabs/MUNIT and itsss/img2img_sa: networks, layers, objectives, iterations, rates, preprocessing."""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.data.transforms_shorter import ScaleShorter
from gan_zoo.interop import from_reference, reference_networks, state, to_reference
from gan_zoo.layers.adain import AdaIN, SampleNorm
from gan_zoo.layers.attention import SelfAttention
from gan_zoo.layers.blocks import ConvBlock
from gan_zoo.losses.perceptual import domain_invariant
from gan_zoo.metrics.inception import conditional_inception_score, inception_score
from gan_zoo.training.module import GANModule
from tests.parity.golden import Case, drawn, norms
from tests.parity.training import Recorder, gradients_of, train

# The reference's terms, unweighted, by the model's; {d} is a domain.
TERMS: dict[str, dict[str, tuple[str, str]]] = {
    "munit": {
        **{"adv_{d}": ("adv_{d}", "lambda_adv"), "recon_x_{d}": ("recon_x_{d}", "lambda_recon_x")},
        **{"recon_s_{d}": ("recon_s_{d}", "lambda_recon_s"), "recon_c_{d}": ("recon_c_{d}", "lambda_recon_c")},
        **{"cycrecon_x_{d}": ("cycle_{d}", "lambda_cycle"), "vgg_{d}": ("vgg_{d}", "lambda_vgg")},
    },
    "unit": {
        **{"adv_{d}": ("adv_{d}", "lambda_adv"), "recon_x_{d}": ("recon_x_{d}", "lambda_recon_x")},
        **{"recon_kl_{d}": ("kl_{d}", "lambda_kl"), "cyc_x_{d}": ("cycle_{d}", "lambda_cycle")},
        **{"vgg_{d}": ("vgg_{d}", "lambda_vgg")},
    },
}
TERMS["sa_munit"] = TERMS["munit"]
THERE_AND_BACK = {"a": "aba", "b": "bab"}
# A draw's name in the cases, by its name in the models.
DRAWS = {
    **{f"discriminator_style_{d}": f"dis_s_{d}" for d in "ab"},
    **{f"generator_style_{d}": f"gen_s_{d}" for d in "ab"},
    **{f"discriminator_noise_{d}": f"dis_n_{d}" for d in "ab"},
    **{f"generator_noise_{d}": f"gen_n_{d}" for d in "ab"},
    **{"fake_noise_a": "gen_n_b_recon", "fake_noise_b": "gen_n_a_recon"},
}


def images(case: Case) -> dict[str, Tensor]:
    """Every picture that the case describes in prose, float64."""
    made = {name: drawn(str(how)) for name, how in case.says["inputs"].items()}
    return {name: image for name, image in made.items() if image is not None}


def network(case: Case) -> None:
    """Single networks, single layers, whole sets of networks, or keys and counts alone."""
    nets = set(case.says["manifest"])
    if nets <= set(LAYERS):
        for name in sorted(nets):
            LAYERS[name](case)
    elif not case.arrays:
        _listing(case)
    elif "gen_a" in nets:
        _translate(case)
    elif nets == {"gen"}:
        _generator(case)
    else:
        for name in case.says["manifest"]:
            _discriminator(case, name)


def _build(case: Case, net: str, options: Mapping[str, Any]) -> tuple[GANModule, Any]:
    model = from_reference(case.model, options, {net: case.weights()[net]}).double()
    found = to_reference(model)[net]
    assert {key: list(value.shape) for key, value in found.items()} == case.says["manifest"][net]
    assert list(found) == list(case.says["manifest"][net])
    return model, reference_networks(model)[net]


def _listing(case: Case) -> None:
    for net, manifest in case.says["manifest"].items():
        if net == "vgg":
            continue  # see vgg_loss
        model = from_reference(case.model, case.config, {})
        found = to_reference(model)[f"{net}_a"]
        assert [(key, list(value.shape)) for key, value in found.items()] == list(manifest.items())
        said = case.says["parameter_count"][net]
        parameters = reference_networks(model)[f"{net}_a"].parameters()
        assert sum(p.numel() for p in parameters) == said["parameters"]
        assert len(found) == said["state_dict_entries"]


@torch.no_grad()
def _generator(case: Case) -> None:
    _, net = _build(case, "gen", case.config)
    (x,) = images(case).values()
    stages: list[Tensor] = []
    handles = [
        part.register_forward_hook(lambda _, __, y: stages.append(y))
        for part in (net.decoder.blocks, *net.decoder.layers)
    ]
    if case.model == "unit":
        code = net.encoder(x)
        case.compare("hiddens", code)
        case.compare("recon", net.decoder(code))
        made = list(stages)
        case.compare("recon_noise", net.decoder(code + case.fed("noise").double()))
    else:
        content, style, given = net.content_encoder(x), net.style_encoder(x), case.fed("s").double().flatten(1)
        case.compare("content", content)
        case.compare("style", style[:, :, None, None])
        case.compare("adain_params", net.mlp(given))
        case.compare("recon", net.decode(content, style))
        stages.clear()
        case.compare("decoded", net.decode(content, given))
        made = list(stages)
    for i, stage in enumerate(made):
        case.compare(f"dec_stage_{i}", stage[:, ::4, ::4, ::4])
    for handle in handles:
        handle.remove()


@torch.no_grad()
def _discriminator(case: Case, net: str) -> None:
    several = net != "dis"
    options = {"dis": case.config[net]} if several else case.config
    _, judge = _build(case, net, options)
    (x,) = images(case).values()
    judge.train()
    prefix = f"{net.partition('_')[2]}_" if several else ""
    for i, scores in enumerate(judge(x)):
        case.compare(f"{prefix}out_{i}", scores)
    for name, smaller in zip(("x_half", "x_quarter"), judge.pyramid(x)[1:], strict=False):
        if name in case.arrays:
            case.compare(name, smaller[:, :, ::2, ::2] if "sample" in case.says["outputs"][name] else smaller)
    second = judge.scales[0].layers[1]
    if f"{prefix}running_mean" in case.arrays:
        case.compare(f"{prefix}running_mean", second.norm.running_mean)
        case.compare(f"{prefix}running_var", second.norm.running_var)
    if f"{prefix}weight_u" in case.arrays:
        case.compare(f"{prefix}weight_u", second.conv.weight_u)
        case.compare(f"{prefix}weight_v", second.conv.weight_v)


def _layer(case: Case, name: str, layer: nn.Module, paths: state.Paths) -> Any:
    state.load(layer, paths, case.weights()[name], name)
    return layer.double()


@torch.no_grad()
def _sample_norm(case: Case) -> None:
    norm = SampleNorm(case.config["layernorm"]["num_features"])
    for key, value in case.weights()["layernorm"].items():
        getattr(norm, key).copy_(torch.from_numpy(value))
    for batch in (1, 2):
        case.compare(f"ln_y_{batch}", norm.double()(case.fed(f"ln_x_{batch}").double()))


@torch.no_grad()
def _adain(case: Case) -> None:
    norm = AdaIN(case.config["adain"]["num_features"])
    case.compare("adain_y", norm(case.fed("adain_x").double(), case.fed("adain_p").double()))


@torch.no_grad()
def _conv_block(case: Case) -> None:
    o = case.config["conv2dblock"]
    assert (o["norm"], o["activation"], o["pad_type"]) == ("ln", "relu", "reflect")
    block = ConvBlock(o["in"], o["out"], o["kernel"], o["stride"], o["padding"], norm=SampleNorm)
    _layer(case, "conv2dblock", block, [("norm", "norm"), ("conv", "conv")])
    case.compare("block_y", block(case.fed("block_x").double()))


@torch.no_grad()
def _attention(case: Case) -> None:
    layer = SelfAttention(case.config["in_dim"])
    layer.load_state_dict({key: torch.from_numpy(value) for key, value in case.weights()["attention"].items()})
    layer.double()
    (x,) = images(case).values()
    case.compare("y", layer(x))
    height, width = x.shape[2:]
    rows = [layer.weights(x, i // width, i % width).flatten(1) for i in range(height * width)]
    case.compare("attention", torch.stack(rows, dim=1)[:, ::3, ::3])


LAYERS = {"layernorm": _sample_norm, "adain": _adain, "conv2dblock": _conv_block, "attention": _attention}


@torch.no_grad()
def _translate(case: Case) -> None:
    """Test-time translation: whole batches, and the grid's picture by picture."""
    model: Any = from_reference(case.model, case.config, case.weights()).double().eval()
    x = {name.removeprefix("x_"): value for name, value in images(case).items()}
    styles = {name: case.fed(name).double().flatten(1) for name in case.says["stored_inputs"]}

    def each(s: str, t: str, name: str | None) -> Tensor:
        keywords = [{} if name is None else {"style": styles[name][i : i + 1]} for i in range(len(x[s]))]
        return torch.cat([model.translate(x[s][i : i + 1], s + t, **k) for i, k in enumerate(keywords)])

    outputs = {}
    for s, t in (("a", "b"), ("b", "a")):
        if case.model == "unit":
            outputs |= {f"forward_x_{s}{t}": model.translate(x[s], s + t), f"sample_x_{s}{t}": each(s, t, None)}
            outputs[f"sample_x_{s}_recon"] = torch.cat([model.reconstruct(image[None], s) for image in x[s]])
            continue
        outputs[f"guided_{s}{t}"] = model.translate(x[s], s + t, model.encode_style(x[t], s + t))
        outputs[f"forward_x_{s}{t}"] = model.translate(x[s], s + t, styles[f"display_s_{t}"])
        outputs[f"sample_x_{s}_recon"] = model.reconstruct(x[s], s)
        outputs[f"sample_x_{s}{t}1"] = each(s, t, f"display_s_{t}")
        outputs[f"sample_x_{s}{t}2"] = each(s, t, f"sample_s_{t}2")
    for name in set(case.arrays) - set(styles):
        case.compare(name, outputs[name][:, :, ::2, ::2])


def feed_draws(case: Case, model: GANModule) -> None:
    """Let the model draw the case's numbers, iteration by iteration."""
    counts: dict[str, int] = {}

    def draw(name: str, shape: tuple[int, ...]) -> Tensor:
        iteration = counts[name] = counts.get(name, -1) + 1
        return case.fed(f"it{iteration}_{DRAWS[name]}").to(model.dtype).reshape(shape)

    model.draw = draw  # type: ignore[method-assign]


def compare_losses(case: Case, model: GANModule, prefix: str, terms: Mapping[str, Tensor], **close: float) -> None:
    """Every loss of the reference, from the model's weighted terms."""
    player = {name.removeprefix("generator/"): value for name, value in terms.items() if "generator/" in name}
    found: dict[str, Any] = {"gen_total": sum(player.values()), "dis_total": torch.zeros(())}
    named = TERMS[case.model].items()
    formulas = [(their.format(d=d), our.format(d=d), lam) for their, (our, lam) in named for d in "ab"]
    if case.model == "unit":
        formulas += [(f"recon_kl_cyc_{way}", f"kl_cycle_{d}", "lambda_kl_cycle") for d, way in THERE_AND_BACK.items()]
    for their, our, lam in formulas:
        found[f"gen_{their}"] = player[our] / getattr(model, lam) if our in player else torch.zeros(())
    for d in "ab":
        total = terms[f"discriminator/fake_{d}"] + terms[f"discriminator/real_{d}"]
        found[f"dis_{d}"] = total / model.lambda_adv  # type: ignore[operator]
        found["dis_total"] = found["dis_total"] + total
    for name in case.arrays:
        if name.startswith(f"{prefix}/loss_"):
            case.compare(name, found[name.removeprefix(f"{prefix}/loss_")], **close)


def losses(case: Case) -> None:
    """Every term for one batch, and the gradients of both totals, at the same weights."""
    if "img" in case.says["inputs"]:
        return _perceptual(case)
    model: Any = from_reference(case.model, case.config, case.weights()).double()
    feed_draws(case, model)
    real = {d: images(case)[f"x_{d}"] for d in "ab"}
    found: dict[str, Tensor] = {}

    def minimize(loss_fn: Any, *args: Any, over: str) -> None:
        terms = loss_fn(*args)
        sum(terms.values()).backward()
        found.update({f"{over}/{name}": value.detach() for name, value in terms.items()})
        for label in reference_networks(model):
            if label.startswith(over[:3]):
                keys = order(case, label)
                gradients = norms(gradients_of(model, label, keys))
                case.compare(f"grad_norms/{label}", gradients, atol=1e-9 * float(gradients.max()))
                case.compare(f"grad_norm/{label}", gradients.norm())
        model.zero_grad()

    model.minimize = minimize
    type(model).training_step.__wrapped__(model, real, 0)
    compare_losses(case, model, "loss", found)
    return None


def _perceptual(case: Case) -> None:
    """The judge's eye, its feature, the distance, and the distance's gradient."""
    model: Any = from_reference(case.model, {"vgg_w": case.config["vgg_w"]}, case.weights())
    judge, x = model.perceptual, images(case)
    picture = x["img"].requires_grad_(True)
    (feature,), (target,) = judge(picture), judge(x["target"])
    case.compare("preprocessed", judge.load().prepared(picture)[:, :, ::4, ::4], atol=1e-5)  # up to 152
    case.compare("feature", feature[:, ::16])
    case.compare("feature_l2", feature.norm())
    loss = domain_invariant(feature, target)
    case.compare("loss", loss)
    (gradient,) = torch.autograd.grad(loss, picture)
    case.compare("grad", gradient[:, :, ::4, ::4])
    case.compare("grad_l2", gradient.norm())


def order(case: Case, net: str) -> list[str]:
    """The parameters of a network, or of its twin in the other domain, as the case lists them."""
    orders = case.says["parameter_order"]
    found: list[str] = orders[net] if net in orders else orders[f"{net[:-1]}a"]
    return found


def step(case: Case) -> None:
    """Whole iterations by Lightning's own Trainer, in the precision that the case was made in."""
    model = from_reference(case.model, case.config, case.weights())
    feed_draws(case, model)
    x = images(case)
    count = len({name.partition(" ")[0] for name in x})
    batches = [{d: x[f"it{i} x_{d}"] for d in "ab"} for i in range(count)]
    single = case.says["dtype"].startswith("float32")
    if single:
        batches = [{name: image.float() for name, image in batch.items()} for batch in batches]
    train(model, batches, StepRecorder(case, model, single), precision="32-true" if single else "64-true")


class StepRecorder(Recorder):
    """Compares after each iteration.

    In float32 the rounding of two programs differs, and Adam makes steps of the rate's size of it wherever a gradient
    is zero but for rounding: there, and nowhere else, weights may be as far apart as two such runs can be.
    """

    def __init__(self, case: Case, model: GANModule, single: bool) -> None:
        super().__init__(case)
        self.single = single
        self.start = {net: {k: v.double().clone() for k, v in s.items()} for net, s in to_reference(model).items()}

    def after(self, model: GANModule, iteration: int, first_output: Mapping[str, Tensor]) -> None:
        """Losses and weights."""
        case, prefix = self.case, f"step{iteration}"
        # The reference itself drifts from its float64 run by 2e-6 in the first iteration and 7e-5 in the second.
        drift = {"rtol": 1e-5 if iteration == 1 else 5e-4, "atol": 1e-6}
        close = drift if self.single else {"rtol": 1e-8, "atol": 1e-10}
        compare_losses(case, model, prefix, model.terms, **close)
        states = to_reference(model)
        for net, found in states.items():
            keys = order(case, net)
            free = torch.tensor([key.endswith("bias") and self.single for key in keys])
            self._norms(f"{prefix}/param_norms/{net}", [found[key] for key in keys], free, iteration)
            moved = [found[key].double() - self.start[net][key] for key in keys]
            self._norms(f"{prefix}/delta_norms/{net}", moved, free, iteration)
            for name in case.arrays:
                if name.startswith(f"{prefix}/param/{net}/"):
                    every = int(re.search(r"every (\d+)th", case.says["outputs"][name])[1])  # type: ignore[index]
                    value = found[name.split("/", 3)[3]].flatten()[::every]
                    case.compare(name, value, rtol=1e-4 if self.single else 1e-8, atol=1e-5 if self.single else 1e-9)

    def _norms(self, name: str, tensors: list[Tensor], free: Tensor, iteration: int) -> None:
        found, stored = norms(tensors), torch.from_numpy(self.case.arrays[name])
        reach = torch.tensor([2.2e-4 * iteration * t.numel() ** 0.5 for t in tensors])
        wild = free & ((found - stored).abs() > 1e-6)
        assert bool(((found - stored).abs() <= reach)[wild].all()), name
        held = torch.where(wild, stored, found)
        # A tenth of a step: the reference's own runs in float32 and float64 are that far apart, attention's most.
        close = {"rtol": 2e-3, "atol": 1e-5} if self.single else {"rtol": 1e-8, "atol": 1e-9}
        self.case.compare(name, held, **close)


def schedule(case: Case) -> None:
    """The rate of each iteration; the quirk of newer PyTorch is its formula, and not ours."""
    options = {key: value for key, value in case.config.items() if key != "max_iter"}
    small = {"gen": {"dim": 2, "n_res": 1}, "dis": {"dim": 8, "num_scales": 1}}  # attention takes 8 channels
    model = from_reference(case.model, {**options, **small}, {})
    iterations = case.fed("iteration").tolist()
    rate, every, factor = case.config["lr"], case.config["step_size"], case.config["gamma"]
    case.compare("lr", torch.tensor([rate * model.schedule(i) for i in iterations], dtype=torch.float64), atol=1e-18)
    early = [rate * factor ** ((i + 1) // every) for i in iterations]
    case.compare("lr_torch_ge_1_1", torch.tensor(early, dtype=torch.float64), atol=1e-18)


def metric(case: Case) -> None:
    """Scores of probabilities, and their exponentials."""
    probabilities = case.fed("probs")
    conditional, plain = conditional_inception_score(probabilities), inception_score(probabilities)
    for name, value in {"cis": conditional, "is": plain}.items():
        case.compare(f"{name}_kl", value)
        case.compare(f"{name}_exp", value.exp())


def data(case: Case) -> None:
    """A picture as the test script reads it."""
    size = case.config["new_size"]
    case.compare("tensor", ScaleShorter(size, size)(case.fed("image").numpy()))


RUNNERS = {"network": network, "losses": losses, "step": step, "schedule": schedule, "metric": metric, "data": data}
