"""Cases of the official ProGAN and StyleGAN code: networks, objectives, iterations, schedules, lists of variables."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.interop import from_reference, reference_networks, to_reference
from gan_zoo.training.growth import Growth
from gan_zoo.training.module import GANModule
from gan_zoo.training.phases import renews
from tests.golden import recipe
from tests.parity.golden import Case, norms
from tests.parity.kinds.measures import metric
from tests.parity.training import Recorder, train


def weights(case: Case) -> dict[str, dict[str, np.ndarray]]:
    """The recipe's variables; those named lod hold a level of detail and are none of a network's numbers."""
    scale, rules = case.says["scale"], case.says.get("scale_rules", ())
    listed = {
        net: {key: shape for key, shape in manifest.items() if not key.endswith("lod")}
        for net, manifest in case.says["manifest"].items()
    }
    return {net: recipe.state_dict(manifest, scale, rules) for net, manifest in listed.items()}


def image(text: str) -> Tensor:
    """The picture of a description's ``recipe.images('NAME', (N, C, H, W))``."""
    call = re.search(r"recipe\.images\('([^']+)', \(([\d, ]+)\)\)", text)
    assert call is not None, text
    return torch.from_numpy(recipe.images(call[1], tuple(int(side) for side in call[2].split(",")))).double()


def label(lod: float) -> str:
    """A level of detail as in the arrays' names."""
    return str(float(lod)).replace(".", "p")


def compare(case: Case, name: str, value: Tensor) -> None:
    """Largest error relative to the largest value, as the cases say: to float32's rounding where stored so."""
    stored = case.arrays[name]
    rtol = 1e-6 if stored.dtype == np.float32 else 1e-9
    case.compare(name, value, rtol=rtol, atol=rtol * float(np.abs(stored).max()))


@torch.no_grad()
def network(case: Case) -> None:
    """A generator, a discriminator, or a part of StyleGAN's generator, at several levels of detail."""
    if "alphas" in case.config:
        return port(case)
    options = {key: value for key, value in case.config.items() if key not in ("lod", "runs")}
    model: Any = from_reference(case.model, options, weights(case)).double()
    for net, given in weights(case).items():
        _listed(case, model, net, given)
    if "D" in case.says["manifest"]:
        return _discriminator(case, model.discriminator)
    if case.model == "progan":
        return _progan(case, model.generator)
    if "w" in case.arrays and "dlatents" not in case.arrays and len(case.arrays) == 3:
        labels = case.fed("labels").double()
        z = case.fed("z").double()
        return compare(case, "w", model.generator.mapping(z, labels if labels.shape[1] else None))
    if "dlatents" in case.arrays:
        return _synthesis(case, model.generator.synthesis)
    return _mixing(case, model) if "runs" in case.config else _truncation(case, model.generator)


def _listed(case: Case, model: GANModule, net: str, given: Mapping[str, np.ndarray]) -> None:
    """What was loaded comes back, whole and in place."""
    found = to_reference(model)[net]
    for key, value in given.items():
        assert list(found[key].shape) == list(value.shape), key
        np.testing.assert_array_equal(found[key].numpy(), value.astype(np.float64), err_msg=key)


def port(case: Case) -> None:
    """A network of the common PyTorch port, within a fade and without one."""
    for alpha in case.config["alphas"]:
        weights = case.weights()
        model: Any = from_reference(case.model, {**case.config, "alpha": alpha}, weights)
        (label_,) = weights
        for key, value in to_reference(model)[label_].items():
            if key in weights[label_]:
                np.testing.assert_allclose(value.numpy(), weights[label_][key], rtol=1e-6, atol=1e-6, err_msg=key)
        name = {-1: "alpham1"}.get(alpha, f"alpha{label(alpha)}")
        if label_ == "discriminator":
            score = model.discriminator.double()(image(case.says["inputs"]["image"]), model.lod)
            _rounded(case, f"score_{name}", score)
            continue
        net = model.generator.double()
        w = net.mapping(case.fed("z").double())
        _rounded(case, "w", w)
        planes = [case.fed(f"noise_{i // 2}").double() for i in range(2 * case.config["step"] + 2)]
        picture = net.synthesis(net.spread(w), planes, model.lod)
        _rounded(case, f"image_{name}", _thinned(picture, case.arrays[f"image_{name}"]))


def _rounded(case: Case, name: str, value: Tensor) -> None:
    """As ``compare``, for weights that were multiplied in float32: to 1e-6, as the cases say."""
    case.compare(name, value, rtol=1e-6, atol=1e-6 * float(np.abs(case.arrays[name]).max()))


def _progan(case: Case, net: Any) -> None:
    z, labels = case.fed("z").double(), case.fed("labels").double()
    seen: dict[str, Tensor] = {}
    for name, layer in _layers(net).items():
        layer.register_forward_hook(lambda _, __, y, name=name: seen.__setitem__(name, net.act(y)))
    for lod in case.config["lods"]:
        picture = net(z, lod, labels if labels.shape[1] else None)
        stored = case.arrays[f"image_lod{label(lod)}"]
        compare(case, f"image_lod{label(lod)}", _thinned(picture, stored))
        if lod == 0:
            for name in set(case.arrays) & {f"{scope}_out" for scope in _layers(net)}:
                compare(case, name, _like(seen[name.removesuffix("_out")], case.arrays[name]))
    dense = "4x4_Dense_out"
    if dense in case.arrays:
        from gan_zoo.layers.equalized import pixel_norm

        x = net.dense(pixel_norm(z)).view(len(z), -1, 4, 4) + net.dense_bias[:, None, None]
        compare(case, dense, _like(net.act(x), case.arrays[dense]))


def _layers(net: Any) -> dict[str, Any]:
    found = {"4x4_Conv": net.first}
    for i, (up, again) in enumerate(net.blocks):
        side = 2 ** (i + 3)
        found |= {f"{side}x{side}_Conv0_up": up, f"{side}x{side}_Conv1": again}
    return found


def _thinned(x: Tensor, stored: np.ndarray) -> Tensor:
    step = x.shape[-1] // stored.shape[-1]
    return x[:, :, ::step, ::step]


def _like(x: Tensor, stored: np.ndarray) -> Tensor:
    return x[:, : stored.shape[1]]


def _discriminator(case: Case, net: Any) -> None:
    deviation: list[Tensor] = []
    net.last.register_forward_pre_hook(lambda _, inputs: deviation.append(inputs[0][:, -net.features :]))
    for count in case.config["batches"]:
        for lod in case.config["lods"]:
            name = f"n{count}_lod{label(lod)}"
            out = net(image(case.says["outputs"][f"score_{name}"]), lod)
            stored = case.arrays[f"stddev_{name}"]
            compare(case, f"stddev_{name}", deviation[-1][:, :, 0, 0].reshape(stored.shape))
            if case.model == "progan":
                compare(case, f"score_{name}", out[:, :1])
                if f"logits_{name}" in case.arrays:
                    compare(case, f"logits_{name}", out[:, 1:])
            else:
                score = out if out.shape[1] == 1 else (out * _labels(case, count)).sum(dim=1, keepdim=True)
                compare(case, f"score_{name}", score)


def _labels(case: Case, count: int) -> Tensor:
    """Sample i has class i modulo the number of classes, as the case says."""
    classes = case.config["label_size"]
    return torch.nn.functional.one_hot(torch.arange(count) % classes, classes).double()


def _synthesis(case: Case, net: Any) -> None:
    styles = case.fed("dlatents").double()
    seen: dict[str, Tensor] = {}
    for i, epilogue in enumerate(net.epilogues):
        side = 2 ** (i // 2 + 2)
        scope = ("Const" if i == 0 else "Conv") if i < 2 else ("Conv0_up" if i % 2 == 0 else "Conv1")
        _watch(epilogue, f"{side}x{side}_{scope}", seen)
    for lod in case.config["lods"]:
        picture = net(styles, net.stored_noise(), lod)
        compare(case, f"image_lod{label(lod)}", _thinned(picture, case.arrays[f"image_lod{label(lod)}"]))
        if lod == 0:
            for name in set(case.arrays) & set(seen):
                stored = case.arrays[name]
                compare(case, name, _like(seen[name], stored))


def _watch(epilogue: Any, scope: str, seen: dict[str, Tensor]) -> None:
    """What stands between the parts of a layer's end, by their definitions on the card."""

    def note(_: Any, inputs: Any, y: Tensor) -> None:
        x, _style, noise = inputs
        seen[f"{scope}_after_blur"] = x
        noisy = x if noise is None else x + noise * epilogue.noise_weight[:, None, None]
        active = torch.nn.functional.leaky_relu(noisy + epilogue.bias[:, None, None], 0.2)
        centred = active - active.mean(dim=(2, 3), keepdim=True)
        normal = centred * (centred.square().mean(dim=(2, 3), keepdim=True) + 1e-8).rsqrt()
        seen[f"{scope}_after_noise"], seen[f"{scope}_after_lrelu"] = noisy, active
        seen[f"{scope}_after_instance_norm"], seen[f"{scope}_out"] = normal, y

    epilogue.register_forward_hook(note)


def _truncation(case: Case, net: Any) -> None:
    w = net.mapping(case.fed("z").double())
    compare(case, "w", w)
    for name in case.arrays:
        if found := re.fullmatch(r"image_psi(.+)_cutoff(.+)", name):
            psi, cutoff = (
                None if text == "None" else float(text.replace("m", "-").replace("p", ".")) for text in found.groups()
            )
            styles = net.truncated(net.spread(w), psi, None if cutoff is None else int(cutoff))
            picture = net.synthesis(styles, net.synthesis.stored_noise(), case.config["lod"])
            compare(case, name, _thinned(picture, case.arrays[name]))


def _mixing(case: Case, model: Any) -> None:
    start = model.generator.mean_w.clone()
    for run in case.config["runs"]:
        i = run["index"]
        model.generator.mean_w.copy_(start)
        count = case.fed(f"z_{i}").shape[0]
        feed(case, model, {"discriminator": ""}, i, run)
        model.crossover = lambda player, used, run=run: run["crossover"]
        picture = model.generate("discriminator", count, run["lod"])
        compare(case, f"image_{i}", _thinned(picture, case.arrays[f"image_{i}"]))
        compare(case, f"dlatent_avg_after_{i}", model.generator.mean_w)


def feed(case: Case, model: Any, prefixes: Mapping[str, str], run: int, said: Mapping[str, Any]) -> None:
    """Let the model draw the case's numbers of a run."""

    def draw(name: str, shape: tuple[int, ...]) -> Tensor:
        player, _, what = name.partition("_")
        kind, _, layer = what.partition("_")
        array = f"{prefixes[player]}{kind}_{run}" + (f"_{layer}" if layer else "")
        return case.fed(array).to(model.dtype).reshape(shape)

    model.draw = draw
    model.uniform = lambda name, shape: case.fed(f"D_mixing_factors_{run}").to(model.dtype).reshape(shape)
    if "d_crossover" in said:
        model.crossover = lambda player, used: said[f"{player[0]}_crossover"]


PLAYERS = {"discriminator": "D_", "generator": "G_"}


def reals(case: Case, run: int, lod: float) -> Tensor:
    """The pictures of a run at the size of its level of detail."""
    side = case.config["G"]["resolution"] >> int(lod)
    name = re.search(r"recipe\.images\('([^']+)<i>'", case.says["inputs"]["reals"])
    assert name is not None
    return torch.from_numpy(recipe.images(f"{name[1]}{run}", (case.config["batch"], 3, side, side))).double()


def losses(case: Case) -> None:
    """Every term of several runs, each from the same weights, and the gradients of both totals."""
    for run in case.config["runs"]:
        options = {key: value for key, value in case.config.items() if key != "runs"} | {"lod": run["lod"]}
        model: Any = from_reference(case.model, options, weights(case)).double()
        feed(case, model, PLAYERS, run["index"], run)
        _one_run(case, model, run)


def _one_run(case: Case, model: Any, run: Mapping[str, Any]) -> None:
    i, lod = run["index"], run["lod"]
    real = reals(case, i, lod)
    labels = {p: case.fed(f"{p}labels_{i}").double() for p in PLAYERS.values() if f"{p}labels_{i}" in case.arrays}
    with Watched(model.discriminator) as judged:
        if case.model == "progan":
            fake_labels = labels.get("D_")
            with torch.no_grad():
                fake = model.generator(model.latents("discriminator_z", len(real)), lod, fake_labels)
            mixing = model.uniform("mixing", (len(real), 1))
            terms = model.discriminator_loss(real, fake, mixing, fake_labels, lod)
        else:
            with torch.no_grad():
                fake = model.generate("discriminator", len(real), lod)
            terms = model.discriminator_loss(real, fake, lod)
    _gradients(case, model, "d", "D", terms, i)
    _pieces(case, model, judged.outputs, real, fake, lod, i, labels.get("D_"))
    if case.model == "progan":
        terms = model.generator_loss(model.latents("generator_z", len(real)), labels.get("G_"), lod)
    else:
        terms = model.generator_loss(len(real), lod)
    _gradients(case, model, "g", "G", terms, i)


class Watched:
    """The discriminator's outputs in their order."""

    def __init__(self, net: Any) -> None:
        self.net, self.outputs = net, []  # type: ignore[var-annotated]

    def __enter__(self) -> "Watched":
        self.handle = self.net.register_forward_hook(lambda _, inputs, y: self.outputs.append((inputs[0], y)))
        return self

    def __exit__(self, *_: object) -> None:
        self.handle.remove()


def _gradients(case: Case, model: Any, short: str, net: str, terms: Mapping[str, Tensor], i: int) -> None:
    model.zero_grad()
    total = sum(terms.values())
    total.backward(retain_graph=True)  # type: ignore[union-attr]
    for name in (f"{short}_loss_mean_{i}", f"{short}_loss_{i}"):
        if name in case.arrays:
            stored = case.arrays[name]
            if stored.ndim:  # samples by themselves: the optimisers minimise their mean
                case.touched.add(name)
                np.testing.assert_allclose(total.item(), stored.mean(), rtol=1e-8)  # type: ignore[union-attr]
            else:
                compare(case, name, total.detach())  # type: ignore[union-attr]
    parameters = dict(reference_networks(model)[net].named_parameters())
    pairs = _by_variable(reference_networks(model)[net])
    found = norms([parameters[pairs[key]].grad for key in case.says[f"{short}_names"]])
    compare(case, f"{short}_grad_norms_{i}", found)


def _by_variable(net: Any) -> dict[str, str]:
    from gan_zoo.interop.growing import pairs

    return {pair.theirs: pair.ours for pair in pairs(net)}


def _pieces(
    case: Case, model: Any, judged: list[Any], real: Tensor, fake: Tensor, lod: float, i: int, labels: Tensor | None
) -> None:
    """Pieces of the discriminator's objective, unweighted, from what it gave."""
    with torch.no_grad():
        real_out, fake_out = model.discriminator(real, lod), model.discriminator(fake, lod)
    found = {"d_real_scores": real_out[:, :1], "d_fake_scores": fake_out[:, :1]}
    found |= {"d_scores_real": real_out[:, :1], "d_scores_fake": fake_out[:, :1]}
    found["d_epsilon_penalty"] = real_out[:, :1].square()
    if labels is not None:
        target = labels.argmax(dim=1)
        for kind, out in (("reals", real_out), ("fakes", fake_out)):
            entropy = torch.nn.functional.cross_entropy(out[:, 1:], target, reduction="none")
            found[f"d_label_penalty_{kind}"] = entropy
    if f"d_mixed_scores_{i}" in case.arrays:
        found["d_mixed_scores"] = judged[-1][1][:, :1]
        mixing = model.uniform("mixing", (len(real), 1))
        found["d_mixed_norms"] = model.mixed_norm(real, fake, mixing, lod)
    if f"d_r1_penalty_{i}" in case.arrays:
        seen = real.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(model.discriminator(seen, lod).sum(), seen)
        factor = 4 ** int(lod)
        found["d_r1_penalty"] = gradient.square().sum(dim=(1, 2, 3)) / factor
        found["d_real_image_gradient"] = gradient / factor
    for name, value in found.items():
        if f"{name}_{i}" in case.arrays:
            stored = case.arrays[f"{name}_{i}"]
            compare(case, f"{name}_{i}", value.reshape(stored.shape))


def step(case: Case) -> None:
    """Whole iterations by Lightning's own Trainer, in float64."""
    options = {key: value for key, value in case.config.items() if key != "runs"}
    model: Any = from_reference(case.model, options, weights(case))
    count = len(case.config["runs"])
    batches = [{"image": reals(case, i, case.config["lod"])} for i in range(count)]
    feed(case, model, PLAYERS, 0, case.config["runs"][0])
    train(model, batches, StepRecorder(case, model))


class StepRecorder(Recorder):
    """Compares after each iteration, and within it."""

    def __init__(self, case: Case, model: Any) -> None:
        super().__init__()
        self.case, self.iteration, self.means = case, 0, []  # type: ignore[var-annotated]
        self.watch(model)

    def watch(self, model: Any) -> None:
        """Compare pieces of the objectives as they are made."""
        judge = model.discriminator_loss

        def watched(real: Tensor, fake: Tensor, *rest: Any) -> Any:
            _pieces_of_step(self.case, model, real, fake, rest, self.iteration)
            return judge(real, fake, *rest)

        model.discriminator_loss = watched
        if self.case.model == "stylegan":
            generate = model.generate

            def generated(player: str, count: int, lod: float) -> Tensor:
                pictures: Tensor = generate(player, count, lod)
                name = f"dlatent_avg_after_{player[0]}_{self.iteration}"
                compare(self.case, name, model.generator.mean_w)
                return pictures

            model.generate = generated

    def after(self, model: GANModule, iteration: int, first_output: Mapping[str, Tensor]) -> None:
        """Losses and variables."""
        case, i = self.case, iteration - 1
        for short, player in (("d", "discriminator"), ("g", "generator")):
            total = sum(v for k, v in model.terms.items() if k.startswith(player) and "accuracy" not in k)
            for name in (f"{short}_loss_mean_{i}", f"{short}_loss_{i}"):
                if name in case.arrays:
                    case.touched.add(name)
                    np.testing.assert_allclose(float(total), case.arrays[name].mean(), rtol=1e-8, err_msg=name)
        states = to_reference(model)
        for short, net in (("g", "G"), ("d", "D"), ("ema", "Gs")):
            names = case.says["d_names" if short == "d" else "g_names"]
            compare(case, f"{short}_norms_{i}", norms([states[net][key] for key in names]))
            for name in case.arrays:
                if name.startswith(f"{short}:") and name.endswith(f":{i}"):
                    value = states[net][name.split(":")[1]].flatten()
                    compare(case, name, value[:: max(1, len(value) // 32)][: case.arrays[name].size])
        self.iteration = iteration
        if iteration < len(case.config["runs"]):
            feed(case, model, PLAYERS, iteration, case.config["runs"][iteration])


def _pieces_of_step(case: Case, model: Any, real: Tensor, fake: Tensor, rest: Any, i: int) -> None:
    lod = rest[-1]
    judged: list[Any] = [(None, torch.zeros(0))]
    if f"d_mixed_scores_{i}" in case.arrays:
        mixed = torch.lerp(real, fake, rest[0].view(-1, 1, 1, 1))
        judged = [(mixed, model.discriminator(mixed, lod).detach())]
    _pieces(case, model, judged, real, fake, lod, i, None)


TICK_KIMG = {
    "progan": {4: 160, 8: 140, 16: 120, 32: 100, 64: 80, 128: 60, 256: 40, 512: 20, 1024: 10},
    "stylegan": {4: 160, 8: 140, 16: 120, 32: 100, 64: 80, 128: 60, 256: 40, 512: 30, 1024: 20},
}


def growth(config: Mapping[str, Any]) -> Growth:
    """The schedule that the reference's options make."""
    o = config["defaults"] | config["options"]
    return Growth(
        resolution=config["dataset_resolution"],
        start=o["lod_initial_resolution"],
        train_kimg=o["lod_training_kimg"],
        fade_kimg=o["lod_transition_kimg"],
        batch=o["minibatch_base"],
        batches=o["minibatch_dict"],
        rate=o["lrate_base"],
        rates=o.get("G_lrate_dict", {}),
        most_per_device=o.get("max_minibatch_per_gpu", {}),
        every=o["minibatch_repeats"],
    )


def schedule(case: Case) -> None:
    """The table at given times, and every event of a simulated run."""
    config, made, devices = case.config, growth(case.config), case.config["num_gpus"]
    assert config["options"].get("G_lrate_dict") == config["options"].get("D_lrate_dict")
    rows = []
    for images in case.arrays["table"][:, 0].tolist():
        now = made.at(int(images), devices)
        tick = TICK_KIMG[case.model][now.resolution]
        rows.append([images, now.lod, now.resolution, now.batch, now.rate, now.rate, tick])
    case.compare("table", np.array(rows), rtol=1e-14, atol=0)
    events, images, iterations, before = [], 0, 0, None
    while images < config["total_kimg"] * 1000:
        now = made.at(images, devices)
        reset = before is None or renews(before.lod, now.lod)
        if reset or (now.batch, now.resolution) != (before.batch, before.resolution):
            events.append([images, iterations, now.lod, now.resolution, now.batch, now.rate, float(reset)])
        before = now
        images, iterations = images + made.every * now.batch, iterations + made.every
    case.compare("events", np.array(events), rtol=1e-14, atol=0)
    assert (images, iterations) == (case.says["total_images"], case.says["total_iterations"])
    if "ema_beta" in case.arrays:
        half_life = 1000 * config["defaults"]["G_smoothing_kimg"]
        batches = case.arrays["ema_beta"][:, 0]
        case.compare("ema_beta", np.stack([batches, 0.5 ** (batches / half_life)], axis=1), rtol=1e-14)


def manifest(case: Case) -> None:
    """Every variable of full-size networks with its shape, and the counts."""
    with torch.device("meta"):
        model = from_reference(case.model, case.config, {})
    states, said = to_reference(model), case.says["parameters"]
    for net, listed in case.says["manifest"].items():
        shapes = {key: list(value.shape) for key, value in states[net].items()}
        assert shapes == {key: shape for key, shape in listed.items() if not key.endswith("lod")}, net
    counts = [sum(p.numel() for p in reference_networks(model)[net].parameters()) for net in "GD"]
    assert counts == list(said.values())[:2]
    case.compare("parameters", np.array(counts))


RUNNERS = {
    "network": network,
    "losses": losses,
    "step": step,
    "schedule": schedule,
    "manifest": manifest,
    "metric": metric,
}
