"""junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2: its options, its networks' keys, its checkpoints."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.interop import state
from gan_zoo.interop.networks import matched, named, rename
from gan_zoo.interop.options import GAMES, INITS, NORMS, SCHEDULES, check_known, choose
from gan_zoo.models.cyclegan import CycleGAN
from gan_zoo.models.pix2pix import Pix2Pix
from gan_zoo.networks.patchgan import PatchGAN, PixelGAN
from gan_zoo.networks.resnet import ResNet
from gan_zoo.networks.unet import UNet
from gan_zoo.training.module import GANModule

# The reference's defaults (options/ and the models' modify_commandline_options).
_COMMON = {
    **{"input_nc": 3, "output_nc": 3, "ngf": 64, "ndf": 64, "netD": "basic", "n_layers_D": 3},
    **{"init_type": "normal", "init_gain": 0.02, "lr": 2e-4, "beta1": 0.5, "lr_policy": "linear"},
    **{"n_epochs": 100, "n_epochs_decay": 100, "epoch_count": 1, "lr_decay_iters": 50},
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "pix2pix": {
        "netG": "unet_256",
        "norm": "batch",
        "no_dropout": False,
        "gan_mode": "vanilla",
        "lambda_L1": 100.0,
        "pool_size": 0,
    },
    "cyclegan": {
        **{"netG": "resnet_9blocks", "norm": "instance", "no_dropout": True, "gan_mode": "lsgan", "pool_size": 50},
        **{"lambda_A": 10.0, "lambda_B": 10.0, "lambda_identity": 0.5},
    },
}
_NETWORK = frozenset(("network", "use_dropout", "dropout"))

_GENERATORS: dict[str, Callable[..., nn.Module]] = {
    "unet_256": partial(UNet, n_downs=8),
    "unet_128": partial(UNet, n_downs=7),
    "resnet_9blocks": partial(ResNet, n_blocks=9),
    "resnet_6blocks": partial(ResNet, n_blocks=6),
}
_DISCRIMINATORS: dict[str, Callable[[Mapping[str, Any]], Callable[..., nn.Module]]] = {
    "basic": lambda o: partial(PatchGAN, n_layers=3),  # whatever n_layers_D says
    "n_layers": lambda o: partial(PatchGAN, n_layers=o["n_layers_D"]),
    "pixel": lambda o: PixelGAN,
}


def from_reference(name: str, options: Mapping[str, Any], weights: Mapping[str, Mapping[str, Any]]) -> GANModule:
    """See ``gan_zoo.interop.from_reference``."""
    known = _COMMON | _DEFAULTS[name]
    check_known(name, options, known, _NETWORK)
    chosen = known | dict(options)
    single = _single(name, options, weights)
    model = _build(name, _for_single(chosen, single) if single else chosen)
    if single:
        rename(model, dict.fromkeys(weights or (single,), single))
    for label, net, given in matched(name, reference_networks(model), weights):
        state.load(net, layer_paths(net), given, label)
    return model


def reference_networks(model: GANModule) -> dict[str, nn.Module]:
    """See ``gan_zoo.interop.reference_networks``."""
    if isinstance(model, CycleGAN):
        g: Any = model.generator
        d: Any = model.discriminator
        networks = {"G_A": g["ab"], "G_B": g["ba"], "D_A": d["b"], "D_B": d["a"]}  # netD_A judges what netG_A makes
    else:
        networks = {"G": model.generator, "D": model.discriminator}
    return named(model, networks)


def to_reference(model: GANModule) -> dict[str, dict[str, Tensor]]:
    """See ``gan_zoo.interop.to_reference``."""
    return {name: state.save(net, layer_paths(net)) for name, net in reference_networks(model).items()}


def layer_paths(net: nn.Module) -> list[tuple[str, str]]:
    """(our path, the reference's path) of every layer, in the reference's order."""
    if isinstance(net, UNet):
        return _unet_paths(len(net.down), [len(part) for part in net.down], [len(part) for part in net.up])  # type: ignore[arg-type]
    if isinstance(net, ResNet):
        encoder = [(f"encoder.{i}", f"model.{i}") for i in range(len(net.encoder))]
        blocks = [
            (f"blocks.{b}.body.{i}", f"model.{len(encoder) + b}.conv_block.{i}")
            for b, block in enumerate(net.blocks)
            for i in range(len(block.body))  # type: ignore[arg-type]  # body is a Sequential
        ]
        after = len(encoder) + len(net.blocks)
        return encoder + blocks + [(f"decoder.{i}", f"model.{after + i}") for i in range(len(net.decoder))]
    if isinstance(net, PatchGAN | PixelGAN):
        prefix = "model" if isinstance(net, PatchGAN) else "net"
        return [(f"layers.{i}", f"{prefix}.{i}") for i in range(len(net.layers))]
    raise UserError(f"{type(net).__name__} is not a network of the reference of pix2pix and CycleGAN")


def _unet_paths(depth: int, downs: list[int], ups: list[int]) -> list[tuple[str, str]]:
    """The reference nests its levels: level i + 1 is position 1 of the outermost and position 3 of any other level."""
    levels = ["model.model", *("model.model.1.model" + ".3.model" * i for i in range(depth - 1))]
    paths = [(f"down.{i}.{k}", f"{levels[i]}.{k}") for i in range(depth) for k in range(downs[i])]
    for i in reversed(range(depth)):
        first = downs[i] + (i < depth - 1)  # behind the down part and the next level
        paths += [(f"up.{depth - 1 - i}.{k}", f"{levels[i]}.{first + k}") for k in range(ups[depth - 1 - i])]
    return paths


def _single(name: str, options: Mapping[str, Any], weights: Mapping[str, Any]) -> str | None:
    """The slot of a network that comes alone: netG, or netD, of the first direction."""
    slots = {"pix2pix": ("G", "D"), "cyclegan": ("G_A", "D_A")}[name]
    foreign = [
        label
        for label in weights
        if label not in {"pix2pix": ("G", "D"), "cyclegan": ("G_A", "G_B", "D_A", "D_B")}[name]
    ]
    if "network" in options:
        return dict(zip(("generator", "discriminator"), slots, strict=True))[
            choose(_ROLES, options["network"], "network")
        ]
    if len(foreign) == 1 and len(weights) == 1:
        return slots[1] if foreign[0].lower().startswith("d") else slots[0]
    return None


_ROLES = {"generator": "generator", "discriminator": "discriminator"}


def _for_single(options: dict[str, Any], slot: str) -> dict[str, Any]:
    """Fill in what the other networks of the model need, as small as they can be."""
    dropout = options.get("use_dropout", options.get("dropout", not options["no_dropout"]))
    options = options | {"no_dropout": not dropout, "lambda_identity": 0.0}
    if slot.startswith("G"):
        return options | {"ndf": 1, "netD": "basic"}
    return options | {"ngf": 1, "netG": "resnet_6blocks", "output_nc": options["input_nc"], "conditional": False}


def _build(name: str, o: dict[str, Any]) -> GANModule:
    make_norm = choose(NORMS, o["norm"], "norm")
    arguments = {
        "generator": partial(
            choose(_GENERATORS, o["netG"], "netG"), ngf=o["ngf"], norm=make_norm, dropout=not o["no_dropout"]
        ),
        "discriminator": partial(choose(_DISCRIMINATORS, o["netD"], "netD")(o), ndf=o["ndf"], norm=make_norm),
        "adversarial": choose(GAMES, o["gan_mode"], "gan_mode")(),
        "channels": {"a": o["input_nc"], "b": o["output_nc"]},
        "init": choose(INITS, o["init_type"], "init_type")(o["init_gain"]),
        "optimizer": partial(Adam, lr=o["lr"], betas=(o["beta1"], 0.999)),
        "schedule": choose(SCHEDULES, o["lr_policy"], "lr_policy")(o),
    }
    if name == "pix2pix":
        return Pix2Pix(**arguments, lambda_l1=o["lambda_L1"], conditional=o.get("conditional", True))
    cycle = {"a": o["lambda_A"], "b": o["lambda_B"]}
    return CycleGAN(**arguments, lambda_cycle=cycle, lambda_idt=o["lambda_identity"], pool_size=o["pool_size"])
