"""Cases of NVIDIA/pix2pixHD: networks, inference, objectives, iterations, schedules, checkpoints, features."""

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from lightning import Trainer
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from gan_zoo.cli.weights import save
from gan_zoo.data.clusters import cluster, instance_features, sample
from gan_zoo.interop import from_reference, reference_networks, to_reference
from gan_zoo.layers.instance_pool import instance_mean
from gan_zoo.layers.labels import boundaries, one_hot
from gan_zoo.losses.feature_matching import distance
from gan_zoo.losses.perceptual import VGG19_WEIGHTS, perceptual
from gan_zoo.training.checkpoint_io import read
from gan_zoo.training.image_pool import ImagePool
from tests.golden import recipe
from tests.parity.golden import Case, drawn, norms
from tests.parity.kinds.cyclegan_and_pix2pix import Script
from tests.parity.training import Recorder, gradients

# A case's loss, as a formula of the model's terms.
LOSSES = {
    "D_fake": {"fake": 2.0},
    "D_real": {"real": 2.0},
    "D": {"fake": 1.0, "real": 1.0},
    "G_GAN": {"adv": 1.0},
    "G_GAN_Feat": {"fm": 1.0},
    "G_VGG": {"vgg": 1.0},
    "G": {"adv": 1.0, "fm": 1.0, "vgg": 1.0},
}


def images(case: Case) -> dict[str, Tensor]:
    """The inputs written in prose, ``recipe.images('NAME', [SHAPE])``, and those stored as arrays."""
    found = {}
    for name, how in case.says["inputs"].items():
        image = drawn(how)
        if image is not None:
            found[name] = image
        elif name in case.arrays:
            found[name] = case.fed(name).long() if case.arrays[name].dtype.kind in "iu" else case.fed(name)
    return found


def compare(case: Case, name: str, value: Any, atol: float = 1e-10) -> None:
    """Hold an array, of which ``NAME[…]`` in its description says what was stored."""
    said = str(case.says["outputs"].get(name, ""))
    steps = re.search(r"\[([:\d, ]*::[:\d, ]*)\]\s*$", said)
    if steps:
        value = value[tuple(slice(None, None, int(part.strip().strip(":") or 1)) for part in steps[1].split(","))]
    case.compare(name, value.to(torch.uint8) if case.arrays[name].dtype == np.uint8 else value, atol=atol)


def network(case: Case) -> None:
    """One network by itself, or the whole model's way from label maps to photos."""
    if "features" in case.config:
        return judge(case)
    if "label" in case.says["inputs"] and "netG" in case.says["manifest"]:
        return inference(case)
    (label,) = case.says["manifest"]
    model: Any = from_reference("pix2pixhd", case.config, case.weights()).double()
    net = reference_networks(model)[label]
    check_manifest(to_reference(model)[label], case.says["manifest"][label])
    x = images(case)["x"]
    with torch.no_grad():
        {"netG": generator, "netD": discriminator, "netE": encoder}[label](case, model, net, x)
    return None


def check_manifest(state: Mapping[str, Tensor], manifest: Mapping[str, list[int]]) -> None:
    """Keys in their order, and shapes."""
    assert [(key, list(value.shape)) for key, value in state.items()] == list(manifest.items())


def generator(case: Case, model: Any, net: Any, x: Tensor) -> None:
    """Output, what each part gives, the input's pyramid, running statistics after one pass."""
    parts = {"model": net.trunk}
    for number, enhancer in enumerate(getattr(net, "enhancers", ()), start=1):
        parts |= {f"model{number}_1": enhancer.before, f"model{number}_2": enhancer.after}
    heard: dict[str, Tensor] = {}
    for name, part in parts.items():
        last = part if name == "model" else part[-1]
        last.register_forward_hook(lambda _, __, y, name=name: heard.update({name: y}))
    y = net(x)
    for name in case.arrays:
        what, _, rest = name.partition("_")
        if name == "y":
            compare(case, name, y)
        elif what == "out":
            compare(case, name, heard[rest])
        elif what == "pyramid":
            small = x
            for _ in range(int(rest)):
                small = net.halve(small)
            compare(case, name, small)
        elif what == "after":
            compare(case, name, to_reference(model)["netG"][rest])


def discriminator(case: Case, model: Any, net: Any, x: Tensor) -> None:
    """Every scale's maps, or with the plain layout its last one alone; a sigmoid in the reference, logits here."""
    squash = torch.sigmoid if case.config["use_sigmoid"] else torch.nn.Identity()
    maps = net.features(x)
    for scale, logits in enumerate(net(x)):
        torch.testing.assert_close(logits, maps[scale][-1])
        found = maps[scale] if case.config["getIntermFeat"] else maps[scale][-1:]
        for group, value in enumerate(found):
            compare(case, f"out_{scale}_{group}", squash(value) if group == len(found) - 1 else value)


def encoder(case: Case, model: Any, net: Any, x: Tensor) -> None:
    """The convolutional part, and its averages over instances and over labels."""
    ids, raw = images(case), net(x)
    compare(case, "raw", raw)
    compare(case, "feat_inst", model.encode_features(x, ids["inst"]))
    compare(case, "feat_label", instance_mean(raw, ids["label"]))


def judge(case: Case) -> None:
    """VGG19's maps of x, each map's distance between x and y, and their weighted sum."""
    (weights,) = case.weights().values()
    model: Any = from_reference("pix2pixhd", {}, {"vgg": weights})
    check_manifest(to_reference(model)["vgg"], case.says["manifest"]["vgg"])
    assert list(VGG19_WEIGHTS) == case.config["weights"]
    given = images(case)
    x, y = model.vgg(given["x"]), model.vgg(given["y"])
    for number, maps in enumerate(x):
        compare(case, f"feat_{number}", maps)
    case.compare("l1", torch.stack([distance(a, b) for a, b in zip(x, y, strict=True)]))
    case.compare("total", perceptual(x, y))


def inference(case: Case) -> None:
    """Photos of label maps: without features, with those of the real photo, with those of drawn clusters."""
    model: Any = from_reference("pix2pixhd", case.config, case.weights()).double().eval()
    given, features = images(case), None
    with torch.no_grad():
        if "ids" in case.arrays:
            features = drawn_features(case, given)
        elif case.config["instance_feat"]:
            features = model.encode_features(given["image"], given["inst"])
        if features is not None:
            compare(case, "feat_map", features)
        compare(case, "y", model.translate_labels(given["label"], given["inst"], features))


def drawn_features(case: Case, given: Mapping[str, Tensor]) -> Tensor:
    """Clusters dealt by the draws of NumPy's old generator, whose seed the notes tell."""
    centres = {int(name.split("_")[1]): value.numpy() for name, value in given.items() if name.startswith("cluster_")}
    (seed,) = re.findall(r"numpy\.random\.seed\((\d+)\)", " ".join(case.says["notes"]))
    rng = Draws(int(seed))
    instance = given["inst"][:, 0].numpy()
    case.compare("ids", np.unique(instance).astype(np.int32))
    told = sample(centres, given["label"][:, 0].numpy(), instance, rng)
    by_rule = sample(centres, None, instance, Draws(int(seed)))
    np.testing.assert_array_equal(told, by_rule)
    case.compare("drawn", np.array(rng.drawn, dtype=np.int32))
    return torch.from_numpy(told)


class Draws:
    """NumPy's generator of old."""

    def __init__(self, seed: int) -> None:
        self.old, self.drawn = np.random.RandomState(seed), list[int]()

    def integers(self, high: int) -> int:
        """The next one."""
        self.drawn.append(int(self.old.randint(0, high)))
        return self.drawn[-1]


def batch_of(given: Mapping[str, Tensor], rgb: bool, suffix: str = "") -> dict[str, Tensor]:
    """A case's inputs under our names."""
    label, image = given[f"label{suffix}"], given[f"image{suffix}"]
    return {"a": label, "b": image} if rgb else {"label": label, "instance": given[f"inst{suffix}"], "image": image}


def losses(case: Case) -> None:
    """Every term for one batch, what it is made of, and the gradients of both totals."""
    model: Any = from_reference("pix2pixhd", case.config, case.weights()).double()
    batch = batch_of(images(case), not case.config["label_nc"])
    seen, real = model.condition_of(batch), model.photo(batch)
    features = model.features(batch)
    fake = model.generator(torch.cat([seen, *features], 1))
    maps = [model.discriminator.features(torch.cat([seen, image], 1)) for image in (fake.detach(), real, fake)]
    terms = model.discriminator_loss(maps[0], maps[1])
    compare_gradients(case, model, sum(terms.values()), ("netD",))
    terms |= model.generator_loss(fake, real, maps[2], maps[1])
    compare_gradients(case, model, sum(terms[t] for t in ("adv", "fm", "vgg") if t in terms), ("netG", "netE"))
    compare_losses(case, terms, "")
    parts = {
        "fake": lambda: fake,
        "feat_map": lambda: features[0],
        "gan_per_scale": lambda: torch.stack([model.adversarial.generator(scale[-1]) for scale in maps[2]]),
        "feat_l1": lambda: torch.stack(
            [
                torch.stack([distance(*pair) for pair in zip(*both, strict=True)][:-1])
                for both in zip(maps[2], maps[1], strict=True)
            ]
        ),
        "vgg_l1": lambda: torch.stack([distance(*p) for p in zip(model.vgg(fake), model.vgg(real), strict=True)]),
    }
    for name in set(parts) & set(case.arrays):
        compare(case, name, parts[name]())


def compare_gradients(case: Case, model: Any, total: Any, nets: tuple[str, ...]) -> None:
    """Back-propagate a total and compare what it gives these networks."""
    model.zero_grad()
    total.backward(retain_graph=True)
    for net in (net for net in nets if f"grad_norm_{net}" in case.arrays):
        found: Any = gradients(model, net)
        case.compare(f"grad_norms_{net}", norms(list(found.values())))
        case.compare(f"grad_norm_{net}", norms(list(found.values())).norm())
        for name in case.arrays:
            if name.startswith(f"grad_{net}_"):
                compare(case, name, found[name.removeprefix(f"grad_{net}_")].flatten())


def compare_losses(case: Case, terms: Mapping[str, Tensor], suffix: str) -> None:
    """All the sums that a case stored."""
    for name, formula in LOSSES.items():
        if f"loss_{name}{suffix}" in case.arrays:
            value = sum((factor * terms[term] for term, factor in formula.items() if term in terms), torch.zeros(()))
            case.compare(f"loss_{name}{suffix}", value)


def step(case: Case) -> None:
    """Whole iterations by Lightning's own Trainer, in float64; epochs as long as the frozen phase's."""
    model: Any = from_reference("pix2pixhd", case.config, case.weights())
    given = images(case)
    count = sum(name.startswith("image_") for name in given)
    batches = [batch_of(given, not case.config["label_nc"], f"_{k}") for k in range(1, count + 1)]
    told = re.search(r"Iterations 1\.\.(\d+): niter_fix_global phase", " ".join(case.says["notes"]))
    length = int(told[1]) // case.config["niter_fix_global"] if told else count
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
        epochs = count // length
        recorder = StepRecorder(case, length, model)
        trainer = Trainer(
            accelerator="cpu", devices=1, max_epochs=epochs, precision="64-true", callbacks=[recorder], **quiet
        )
        trainer.fit(model, DataLoader(batches, batch_size=None, sampler=Turns(count, length)))
    assert trainer.global_step == count


class Turns(Sampler[int]):
    """The next ``length`` of ``count`` samples, epoch by epoch."""

    def __init__(self, count: int, length: int) -> None:
        self.order, self.length = iter(range(count)), length

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        return (next(self.order) for _ in range(self.length))


class StepRecorder(Recorder):
    """Compares after each iteration."""

    def __init__(self, case: Case, length: int, model: Any) -> None:
        super().__init__(case)
        self.length, self.count = length, 0
        self.start = {net: {key: v.double().clone() for key, v in s.items()} for net, s in to_reference(model).items()}

    def after(self, model: Any, iteration: int, first_output: Mapping[str, Tensor]) -> None:
        """Losses, norms, how far everything has moved, and some values."""
        self.count += 1
        case, k = self.case, self.count
        compare_losses(case, {name.split("/")[1]: value for name, value in model.terms.items()}, f"_{k}")
        for net, state in to_reference(model).items():
            if f"norms_{net}_{k}" in case.arrays:
                case.compare(f"norms_{net}_{k}", norms(list(state.values())), atol=1e-8)
                moved = [(value - self.start[net][key]).abs().max() for key, value in state.items()]
                case.compare(f"moved_{net}_{k}", torch.stack(moved), atol=1e-8)
            for name in case.arrays:
                if name.startswith(f"param_{net}_") and name.endswith(f"_{k}"):
                    key = name.removeprefix(f"param_{net}_").removesuffix(f"_{k}")
                    compare(case, name, state[key].flatten(), atol=1e-8)
        if f"fake_{k}" in case.arrays:
            compare(case, f"fake_{k}", first_output["netG"])


def schedule(case: Case) -> None:
    """Rates, the image pool, or what of an earlier checkpoint a new model takes."""
    if "pool_size" in case.config:
        return pool(case)
    if "source" in case.config:
        return pretrained(case)
    model = from_reference("pix2pixhd", {**case.config, "ngf": 1, "ndf": 1, "n_blocks_global": 1}, {})
    rates = [case.config["lr"] * model.schedule(epoch) for epoch in range(len(case.arrays["lr"]) + 1)]
    case.compare("lr", torch.tensor(rates[:-1], dtype=torch.float64), atol=1e-15)
    case.compare("lr_after", torch.tensor(rates[-1], dtype=torch.float64), atol=1e-15)
    return None


def pool(case: Case) -> None:
    """Which image comes back for which, by the draws stored: a row for each, the slot -1 where none was drawn."""
    script = Script(
        iter(
            [
                (kind, x)
                for row in case.fed("draws").tolist()
                for kind, x in zip(("p", "index"), row, strict=True)
                if x >= 0
            ]
        )
    )
    images = ImagePool(case.config["pool_size"])
    images.random = script
    returned, asked, queries = [], int(case.arrays["asked"][0]), []
    for size in case.config["batches"]:
        waiting = list(script.draws)
        script.draws = iter(waiting)
        batch = torch.arange(asked, asked + size, dtype=torch.float64).view(-1, 1, 1, 1)
        asked += size
        returned += images(batch).flatten().tolist()
        left = list(script.draws)
        script.draws = iter(left)
        queries.append(sum(kind == "p" for kind, _ in waiting) - sum(kind == "p" for kind, _ in left))
    assert not left
    case.compare("asked", case.arrays["asked"][0] + np.arange(len(returned), dtype=np.int32))
    case.compare("returned", np.array(returned, dtype=np.int32))
    case.compare("draws_per_query", np.array(queries, dtype=np.int32))
    case.compare("content", np.array([int(image) for image in images.images], dtype=np.int32))


def pretrained(case: Case) -> None:
    """Run 1's checkpoint as the start of run 2."""
    config, manifest = case.config, case.says["manifest"]
    width = {"ndf": next(iter(manifest["file_D"].values()))[0]}
    weights = {f"net{n}": recipe.state_dict(manifest[f"file_{n}"], case.says["scale"]) for n in "GD"}
    source = from_reference("pix2pixhd", {**config["source"], **width}, weights)
    for n in "GD":
        check_manifest(to_reference(source)[f"net{n}"], manifest[f"file_{n}"])
    target: Any = from_reference("pix2pixhd", {**config["target"], **width}, {})
    before = {net: {k: v.clone() for k, v in s.items()} for net, s in to_reference(target).items()}
    with TemporaryDirectory() as folder:
        path = Path(folder, "run1.ckpt")
        save(source, path)
        target.initialise_from(read(path)["state_dict"])
    after = to_reference(target)
    for n in "GD":
        said = case.says["loading"][n]
        given, was, now = weights[f"net{n}"], before[f"net{n}"], after[f"net{n}"]
        taken = [k for k in now if k in given and np.array_equal(now[k].numpy(), given[k])]
        assert taken == said["loaded"]
        assert [k for k in now if torch.equal(now[k], was[k])] == said["untouched"]
        assert [k for k in given if k not in taken] == said["ignored_in_file"]
        case.compare(f"n_loaded_{n}", torch.tensor(len(taken)))


def data(case: Case) -> None:
    """What networks see of label and instance maps; what instances look like, for the clusters; preprocessing."""
    if "settings" in case.config:
        from tests.parity.kinds import pix2pixhd_data

        return pix2pixhd_data.preprocess(case)
    given = images(case)
    if "input_label" in case.arrays:
        parts = [one_hot(given["label"], case.config["label_nc"])]
        parts += [] if case.config["no_instance"] else [boundaries(given["inst"])]
        return compare(case, "input_label", torch.cat(parts, 1))
    model: Any = from_reference("pix2pixhd", case.config, case.weights()).double()
    with torch.no_grad():
        features = model.encode_features(given["x"], given["inst"])
    rows = instance_features(features[0].numpy(), given["inst"][0, 0].numpy())
    for label in rows:
        case.compare(f"rows_{label}", rows[label])
    check_clusters(rows)
    return None


def check_clusters(rows: Mapping[int, np.ndarray]) -> None:
    """Centres as scikit-learn gives them for the rows that are large enough, as the notes say."""
    from sklearn.cluster import KMeans

    centres = cluster(rows, n_clusters=10)
    for label, found in rows.items():
        kept = found[found[:, -1] > 0.5, :-1]
        assert (label in centres) == bool(len(kept))
        if len(kept):
            means = KMeans(n_clusters=min(len(kept), 10), random_state=0).fit(kept)
            np.testing.assert_array_equal(centres[label], means.cluster_centers_)


def manifest(case: Case) -> None:
    """Key lists of the full-size networks: options are told in prose, networks by the manifest's keys."""
    for name, said in case.config.items():
        options = told_options(said)
        wanted = case.says["manifest"][name]
        net = {"G": "netG", "D": "netD", "E": "netE"}[name.partition("_")[0]]
        features = {"instance_feat": True} if net == "netE" else {}
        with torch.device("meta"):
            model: Any = from_reference("pix2pixhd", {**options, **features}, {})
        check_manifest(to_reference(model)[net], wanted)
        count = sum(p.numel() for p in reference_networks(model)[net].parameters())
        case.compare(f"parameters_{name}", torch.tensor(count))


def told_options(said: str) -> dict[str, Any]:
    """``netG local, ngf 32, no_instance``: names with a value, and switches."""
    known = ("netG", "norm", "ngf", "num_D", "label_nc", "nef", "n_downsample_E", "feat_num")
    found: dict[str, Any] = {}
    for key in known:
        for value in re.findall(rf"\b{key} (\w+)", said):
            found[key] = int(value) if value.isdigit() else value
    switches = {"no_instance": "no_instance", "instance_feat": "instance_feat", "no_ganFeat_loss": "no_ganFeat_loss"}
    found |= {key: True for word, key in switches.items() if re.search(rf"\b{word}\b", said)}
    if "with features" in said:
        found["instance_feat"] = True
    return found


RUNNERS = {
    **{"network": network, "manifest": manifest, "losses": losses, "step": step, "schedule": schedule, "data": data},
}
