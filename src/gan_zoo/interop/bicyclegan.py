"""junyanz/BicycleGAN @ 40b9d52c: its options, its networks' keys, its checkpoints."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.interop import state
from gan_zoo.interop.networks import matched, named, rename
from gan_zoo.interop.options import GAMES, INITS, NORMS, SCHEDULES, check_known, choose
from gan_zoo.models.bicyclegan import BicycleGAN
from gan_zoo.networks.latent_encoder import ConvEncoder, LatentEncoder, ResNetEncoder
from gan_zoo.networks.latent_unet import LatentUNet, bilinear, transposed
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.training.module import GANModule

# The reference's defaults (options/ and BiCycleGANModel's modify_commandline_options).
_DEFAULTS: dict[str, Any] = {
    **{"netG": "unet_256", "netE": "resnet_256", "netD": "basic_256_multi", "netD2": "basic_256_multi"},
    **{"input_nc": 3, "output_nc": 3, "nz": 8, "ngf": 64, "nef": 64, "ndf": 64, "num_Ds": 2, "norm": "instance"},
    **{"nl": "relu", "upsample": "basic", "where_add": "all", "use_dropout": False, "conditional_D": False},
    **{"gan_mode": "lsgan", "lambda_L1": 10.0, "lambda_GAN": 1.0, "lambda_GAN2": 1.0, "lambda_z": 0.5},
    **{"lambda_kl": 0.01, "use_same_D": False, "init_type": "xavier", "init_gain": 0.02, "lr": 2e-4, "beta1": 0.5},
    **{"lr_policy": "linear", "niter": 100, "niter_decay": 100, "epoch_count": 1, "lr_decay_iters": 100},
}
# How a run ends, tests or describes itself, beyond what other code bases say too.
_BESIDES = frozenset(("network", "no_encode", "n_samples", "sync", "center_crop", "num_frames", "continue_train"))

_GENERATORS = {"unet_256": partial(LatentUNet, n_downs=8), "unet_128": partial(LatentUNet, n_downs=7)}
_ACTIVATIONS: dict[str, Callable[..., nn.Module]] = {
    **{"relu": nn.ReLU, "lrelu": partial(nn.LeakyReLU, 0.2), "elu": nn.ELU}
}
_UPSAMPLINGS = {"basic": transposed, "bilinear": bilinear}
_PLACES = {"all": True, "input": False}
_ENCODERS: dict[str, Callable[..., nn.Module]] = {
    "resnet_256": partial(ResNetEncoder, n_blocks=4),
    "resnet_128": partial(ResNetEncoder, n_blocks=3),
    "conv_256": partial(ConvEncoder, n_layers=5),
    "conv_128": partial(ConvEncoder, n_layers=4),
}
_DISCRIMINATORS = {"basic_256_multi": 3, "basic_128_multi": 2}  # n_layers; the single ones cannot be built there
_CYCLES = {"encoded": "netD", "random": "netD2"}
_SLOTS = {"generator": "G", "encoder": "E", "discriminator": "D"}


def from_reference(name: str, options: Mapping[str, Any], weights: Mapping[str, Mapping[str, Any]]) -> GANModule:
    """See ``gan_zoo.interop.from_reference``."""
    check_known(name, options, _DEFAULTS, _BESIDES)
    chosen = _DEFAULTS | dict(options)
    single = _single(options, weights)
    model = _build(_for_single(chosen, single) if single else chosen)
    if single:
        rename(model, dict.fromkeys(weights or (single,), single))
    for label, net, given in matched(name, reference_networks(model), weights):
        state.load(net, layer_paths(net), given, label)
    return model


def reference_networks(model: GANModule) -> dict[str, nn.Module]:
    """See ``gan_zoo.interop.reference_networks``: one discriminator of both cycles is D."""
    judges: Any = model.discriminator
    networks: dict[str, Any] = {"G": model.generator, "E": model.encoder}
    networks |= {net: judges[cycle] for net, cycle in (("D", "encoded"), ("D2", "random")) if cycle in judges}
    if len(networks) == 4 and networks["D"] is networks["D2"]:
        del networks["D2"]
    return named(model, networks)


def to_reference(model: GANModule) -> dict[str, dict[str, Tensor]]:
    """See ``gan_zoo.interop.to_reference``."""
    return {name: state.save(net, layer_paths(net)) for name, net in reference_networks(model).items()}


# ---- keys


def layer_paths(net: nn.Module) -> list[tuple[str, str]]:
    """(our path, the reference's path) of every layer, in the reference's order; it has none where a norm is off."""
    if isinstance(net, LatentUNet):
        return _nested_paths(net) if net.everywhere else _sequence_paths(net)
    if isinstance(net, LatentEncoder):
        heads, layers = [("mean", "fc.0"), ("log_variance", "fcVar.0")], _encoder_paths(net)
        return heads + layers if isinstance(net, ResNetEncoder) else layers + heads
    if isinstance(net, MultiScale):
        judges: list[Any] = list(net.scales)
        prefixes = [f"model_{i}" for i in range(len(judges))] if len(judges) > 1 else ["model"]
        parts = [
            _numbered(judge.layers, f"scales.{i}.layers", prefix)
            for i, (judge, prefix) in enumerate(zip(judges, prefixes, strict=True))
        ]
        return [*parts[0], *([("halve", "down")] if len(parts) > 1 else []), *(pair for p in parts[1:] for pair in p)]
    raise UserError(f"{type(net).__name__} is not a network of the reference of BicycleGAN")


def _numbered(layers: Any, ours: str, theirs: str, first: int = 0) -> list[tuple[str, str]]:
    """The layers of a sequence, counted without those that stand in for a norm."""
    real = [i for i, layer in enumerate(layers) if not isinstance(layer, nn.Identity)]
    return [(f"{ours}.{i}", f"{theirs}.{first + k}") for k, i in enumerate(real)]


def _nested_paths(net: LatentUNet) -> list[tuple[str, str]]:
    """Codes at every level: each level has ``down``, ``submodule`` and ``up``."""
    depth = len(net.down)
    levels = ["model" + ".submodule" * i for i in range(depth)]
    downs = [_numbered(part, f"down.{i}", f"{levels[i]}.down") for i, part in enumerate(net.down)]
    ups = [_numbered(part, f"up.{k}", f"{levels[depth - 1 - k]}.up") for k, part in enumerate(net.up)]
    return [pair for part in (*downs, *ups) for pair in part]


def _sequence_paths(net: LatentUNet) -> list[tuple[str, str]]:
    """A code at the picture alone: each level is one sequence, the next level in its middle."""
    depth = len(net.down)
    downs, levels = [], ["model.model"]
    for i, part in enumerate(net.down):
        downs.append(_numbered(part, f"down.{i}", levels[i]))
        levels.append(f"{levels[i]}.{len(downs[i])}.model")
    ups = []
    for k, part in enumerate(net.up):
        i = depth - 1 - k
        ups.append(_numbered(part, f"up.{k}", levels[i], first=len(downs[i]) + (i < depth - 1)))
    return [pair for part in (*downs, *ups) for pair in part]


def _encoder_paths(net: LatentEncoder) -> list[tuple[str, str]]:
    paths = []
    for ours, theirs in _numbered(net.layers, "layers", "conv"):
        block: Any = net.get_submodule(ours)
        if hasattr(block, "shortcut"):
            main = _numbered(block.main, f"{ours}.main", f"{theirs}.conv")
            last = main[-2][1]  # the second convolution and the pooling are a sequence of their own
            paths += [*main[:-2], (main[-2][0], f"{last}.0"), (main[-1][0], f"{last}.1")]
            paths += _numbered(block.shortcut, f"{ours}.shortcut", f"{theirs}.shortcut")
        else:
            paths.append((ours, theirs))
    return paths


# ---- options


def _single(options: Mapping[str, Any], weights: Mapping[str, Any]) -> str | None:
    """The slot of a network that comes alone."""
    if "network" in options:
        slot: str = choose(_SLOTS, options["network"], "network")
        return slot
    foreign = [label for label in weights if label not in ("G", "E", "D", "D2")]
    if len(foreign) == 1 and len(weights) == 1:
        return {"e": "E", "d": "D"}.get(foreign[0][0].lower(), "G")
    return None


def _for_single(options: dict[str, Any], slot: str) -> dict[str, Any]:
    """Fill in what the other networks of the model need, as small as they can be; E and D take ``input_nc``."""
    small = {"ngf": 1, "nef": 1, "ndf": 1, "netG": "unet_128", "netE": "conv_128", "netD": "basic_128_multi"}
    own = {"G": ("ngf", "netG"), "E": ("nef", "netE"), "D": ("ndf", "netD")}[slot]
    small |= {"conditional_D": False, "use_same_D": True, "output_nc": options["input_nc"]}
    small |= {} if slot == "D" else {"num_Ds": 1}
    kept = (*own, "output_nc") if slot == "G" else own
    return options | {key: value for key, value in small.items() if key not in kept}


def _build(o: dict[str, Any]) -> BicycleGAN:
    make_norm = choose(NORMS, o["norm"], "norm")
    generator = partial(
        choose(_GENERATORS, o["netG"], "netG"),
        ngf=o["ngf"],
        norm=make_norm,
        activation=choose(_ACTIVATIONS, o["nl"], "nl"),
        upsample=choose(_UPSAMPLINGS, o["upsample"], "upsample"),
        dropout=o["use_dropout"],
        everywhere=choose(_PLACES, o["where_add"], "where_add"),
    )
    return BicycleGAN(
        generator=generator,
        encoder=partial(choose(_ENCODERS, o["netE"], "netE"), nef=o["nef"], norm=make_norm),
        discriminator={cycle: _discriminator(o, net, make_norm) for cycle, net in _CYCLES.items()},
        adversarial=choose(GAMES, o["gan_mode"], "gan_mode")(),
        channels={"a": o["input_nc"], "b": o["output_nc"]},
        nz=o["nz"],
        lambda_adv={"encoded": o["lambda_GAN"], "random": o["lambda_GAN2"]},
        lambda_l1=o["lambda_L1"],
        lambda_z=o["lambda_z"],
        lambda_kl=o["lambda_kl"],
        conditional=o["conditional_D"],
        shared_discriminator=o["use_same_D"],
        sum_over_images=o["num_Ds"] == 1,
        init=choose(INITS, o["init_type"], "init_type")(o["init_gain"]),
        optimizer=partial(Adam, lr=o["lr"], betas=(o["beta1"], 0.999)),
        schedule=choose(SCHEDULES, o["lr_policy"], "lr_policy")(
            o | {"n_epochs": o["niter"], "n_epochs_decay": o["niter_decay"]}
        ),
    )


def _discriminator(o: dict[str, Any], net: str, make_norm: Any) -> partial[MultiScale]:
    n_layers = choose(_DISCRIMINATORS, o[net], net)
    each = partial(PatchGAN, n_layers=n_layers, norm=make_norm, bias=True)
    return partial(MultiScale, n_scales=o["num_Ds"], ndf=o["ndf"], narrowing=2, each=each)
