"""NVIDIA/pix2pixHD @ 14b3b3c7: its options, its networks' keys, its checkpoints (``<epoch>_net_{G,D,E}.pth``)."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.interop import state
from gan_zoo.interop.networks import matched, named, rename
from gan_zoo.interop.options import NORMS, check_known, choose
from gan_zoo.losses.adversarial import LeastSquares, Vanilla
from gan_zoo.models.pix2pixhd import Pix2PixHD
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.pix2pixhd import FeatureEncoder, GlobalGenerator, LocalEnhancer
from gan_zoo.networks.vgg import VGG
from gan_zoo.training.module import GANModule
from gan_zoo.training.schedules import Linear

# The reference's defaults (options/).
_DEFAULTS: dict[str, Any] = {
    **{"label_nc": 35, "input_nc": 3, "output_nc": 3, "no_instance": False, "norm": "instance"},
    **{"netG": "global", "ngf": 64, "n_downsample_global": 4, "n_blocks_global": 9},
    **{"n_local_enhancers": 1, "n_blocks_local": 3, "niter_fix_global": 0},
    **{"instance_feat": False, "label_feat": False, "load_features": False, "feat_num": 3},
    **{"n_downsample_E": 4, "nef": 16},
    **{"num_D": 2, "n_layers_D": 3, "ndf": 64, "no_lsgan": False, "no_ganFeat_loss": False, "no_vgg_loss": False},
    **{"lambda_feat": 10.0, "pool_size": 0, "lr": 2e-4, "beta1": 0.5, "niter": 100, "niter_decay": 100},
}
# What a network's own constructor calls its switches, and options of a run, which make no difference to the model.
# fmt: off
_BESIDES = frozenset(
    (
        "getIntermFeat", "use_sigmoid", "features", "weights", "criterion",
        "use_dropout", "data_type", "fp16", "local_rank", "batchSize", "loadSize", "fineSize", "resize_or_crop",
        "nThreads", "display_winsize", "tf_log", "n_clusters", "display_freq", "print_freq", "save_latest_freq",
        "save_epoch_freq", "no_html", "debug", "continue_train", "load_pretrain", "which_epoch", "ntest",
        "results_dir", "aspect_ratio", "how_many", "cluster_path", "use_encoded_image", "export_onnx", "engine", "onnx",
        "batches", "seed", "settings",
    )
)
# fmt: on
_NETS = ("netG", "netD", "netE", "vgg")
_GAMES = {False: LeastSquares, True: Vanilla}

_GROUPED: WeakKeyDictionary[GANModule, bool] = WeakKeyDictionary()  # whether D's keys are scale0_layer0.0, not layer0.0


def from_reference(name: str, options: Mapping[str, Any], weights: Mapping[str, Mapping[str, Any]]) -> Pix2PixHD:
    """See ``gan_zoo.interop.from_reference``. ``vgg`` among the weights is the network of the perceptual term."""
    check_known(name, options, _DEFAULTS, _BESIDES)
    names = {label: _net(label, options) for label in weights}
    model = _build(_completed(options, set(names.values())))
    _GROUPED[model] = options.get("getIntermFeat", not options.get("no_ganFeat_loss", False))
    if any(label != net for label, net in names.items()):
        rename(model, names)
    judged = [label for label, net in names.items() if net == "vgg"]
    for label in judged:
        model.vgg.fill(weights[label])
    played = {label: given for label, given in weights.items() if label not in judged}
    for label, net, given in matched(name, reference_networks(model), played):
        grouped = any(key.startswith("scale") for key in given)
        state.load(net, layer_paths(net, grouped), given, label)
    return model


def reference_networks(model: GANModule) -> dict[str, nn.Module]:
    """See ``gan_zoo.interop.reference_networks``."""
    ours: Any = model
    networks = {"netG": ours.generator, "netD": ours.discriminator, "netE": ours.encoder, "vgg": ours.vgg.network}
    return named(model, {name: net for name, net in networks.items() if net is not None})


def to_reference(model: GANModule) -> dict[str, dict[str, Tensor]]:
    """See ``gan_zoo.interop.to_reference``."""
    grouped = _GROUPED.get(model, bool(getattr(model, "lambda_fm", 1.0)))
    return {name: state.save(net, layer_paths(net, grouped)) for name, net in reference_networks(model).items()}


def layer_paths(net: nn.Module, grouped: bool = True) -> list[tuple[str, str]]:
    """(our path, the reference's path) of every layer, in the reference's order.

    ``grouped``: a discriminator's keys tell groups of layers, as with feature matching, not places in one sequence.
    """
    if isinstance(net, MultiScale):
        return [pair for number in range(len(net.scales)) for pair in _scale_paths(net, number, grouped)]
    if isinstance(net, VGG):
        return [(f"features.{i}", f"features.{i}") for i in range(len(net.features))]
    if not isinstance(net, GlobalGenerator | LocalEnhancer | FeatureEncoder):
        raise UserError(f"{type(net).__name__} is not a network of the reference of pix2pixHD")
    trunk = net.trunk
    paths = _sequence(trunk.encoder, "trunk.encoder", "model", 0)
    paths += _sequence(trunk.blocks, "trunk.blocks", "model", len(trunk.encoder))
    paths += _sequence(trunk.decoder, "trunk.decoder", "model", len(trunk.encoder) + len(trunk.blocks))
    end = len(trunk.encoder) + len(trunk.blocks) + len(trunk.decoder)
    if isinstance(net, GlobalGenerator):
        return paths + _sequence(net.to_image, "to_image", "model", end)
    if isinstance(net, FeatureEncoder):
        return paths + _sequence(net.to_features, "to_features", "model", end)
    for number, enhancer in enumerate(net.enhancers, start=1):
        for part, name in ((enhancer.before, "before"), (enhancer.after, "after")):
            theirs = f"model{number}_{1 if name == 'before' else 2}"
            paths += _sequence(part, f"enhancers.{number - 1}.{name}", theirs, 0)  # type: ignore[arg-type]
    return paths


def _sequence(layers: nn.Sequential, ours: str, theirs: str, start: int) -> list[tuple[str, str]]:
    """Layers one behind the other; a residual block's are within it."""
    paths = []
    for i, layer in enumerate(layers):
        inner = getattr(layer, "body", None)
        if inner is None:
            paths.append((f"{ours}.{i}", f"{theirs}.{start + i}"))
        else:
            paths += [(f"{ours}.{i}.body.{k}", f"{theirs}.{start + i}.conv_block.{k}") for k in range(len(inner))]
    return paths


def _scale_paths(net: MultiScale, number: int, grouped: bool) -> list[tuple[str, str]]:
    """The reference's numbers count from the coarsest scale, ours from the finest."""
    scale = len(net.scales) - 1 - number
    judge = net.scales[scale]
    if not isinstance(judge, PatchGAN):
        raise UserError(f"{type(judge).__name__} is not a network of the reference of pix2pixHD")
    paths, group, place = [], -1, 0
    for i, layer in enumerate(judge.layers):
        group, place = (group + 1, 0) if isinstance(layer, nn.Conv2d) else (group, place + 1)
        theirs = f"scale{number}_layer{group}.{place}" if grouped else f"layer{number}.{i}"
        paths.append((f"scales.{scale}.layers.{i}", theirs))
    return paths


def _net(label: str, options: Mapping[str, Any]) -> str:
    """Which network a name means; a name of its own is told by the options beside it."""
    plain = {"G": "netG", "D": "netD", "E": "netE"}.get(label, label)
    if plain in _NETS:
        return plain
    if {"num_D", "getIntermFeat", "ndf"} & set(options) and "netG" not in options:
        return "netD"
    if "criterion" in options:
        return "vgg"
    return "netE" if "nef" in options and "netG" not in options else "netG"


def _completed(options: Mapping[str, Any], given: set[str]) -> dict[str, Any]:
    """The reference's defaults for what is left out; networks that nobody asked for as small as they can be."""
    o = _DEFAULTS | dict(options)
    o["no_ganFeat_loss"] = not options.get("getIntermFeat", not o["no_ganFeat_loss"])
    o["no_lsgan"] = options.get("use_sigmoid", o["no_lsgan"])
    if "input_nc" in options and "label_nc" not in options:  # a network's own channels
        o |= {"label_nc": 0, "no_instance": True, "no_vgg_loss": True}
        if given == {"netD"}:
            o["output_nc"] = min(3, o["input_nc"] - 1)
            o["input_nc"] -= o["output_nc"]
    if given == {"netE"} and not (o["instance_feat"] or o["label_feat"]):
        o["instance_feat"] = True
    if given and not given & {"netG"} and not {"ngf", "netG"} & set(options):
        o |= {"ngf": 1, "n_blocks_global": 0, "n_downsample_global": 1}
    if given and not given & {"netD"} and not {"ndf", "num_D"} & set(options):
        o |= {"ndf": 1}
    return o


def _build(o: Mapping[str, Any]) -> Pix2PixHD:
    norm = choose(NORMS, o["norm"], "norm")
    features = o["instance_feat"] or o["label_feat"]
    encoder = partial(FeatureEncoder, n_downs=o["n_downsample_E"], nef=o["nef"], norm=norm)
    judge = partial(PatchGAN, n_layers=o["n_layers_D"], norm=norm, bias=True, padding=2, widest=512)
    return Pix2PixHD(
        generator=choose(_GENERATORS, o["netG"], "netG")(o, norm),
        discriminator=partial(MultiScale, n_scales=o["num_D"], ndf=o["ndf"], each=judge),
        adversarial=_GAMES[bool(o["no_lsgan"])](),
        labels=o["label_nc"],
        instances=not o["no_instance"],
        encoder=encoder if features and not o["load_features"] else None,
        n_features=o["feat_num"] if features else 0,
        label_features=bool(o["label_feat"]),
        channels={"a": o["input_nc"], "b": o["output_nc"]},
        lambda_fm=0.0 if o["no_ganFeat_loss"] else o["lambda_feat"],
        lambda_vgg=0.0 if o["no_vgg_loss"] else o["lambda_feat"],
        fix_global=o["niter_fix_global"],
        pool_size=o["pool_size"],
        optimizer=partial(Adam, lr=o["lr"], betas=(o["beta1"], 0.999)),
        schedule=Linear(o["niter"], max(0, o["niter_decay"] - 1), first_epoch=0),
    )


def _global(o: Mapping[str, Any], norm: Callable[[int], nn.Module]) -> Callable[..., nn.Module]:
    depth = {"n_downs": o["n_downsample_global"], "n_blocks": o["n_blocks_global"]}
    return partial(GlobalGenerator, **depth, ngf=o["ngf"], norm=norm)


def _local(o: Mapping[str, Any], norm: Callable[[int], nn.Module]) -> Callable[..., nn.Module]:
    depth = {"n_downs": o["n_downsample_global"], "n_blocks": o["n_blocks_global"]}
    local = {"n_enhancers": o["n_local_enhancers"], "n_local_blocks": o["n_blocks_local"]}
    return partial(LocalEnhancer, **depth, **local, ngf=o["ngf"], norm=norm)


_GENERATORS = {"global": _global, "local": _local}
