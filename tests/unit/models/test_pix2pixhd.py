"""pix2pixHD beyond its golden cases: inputs of every kind, phases, the order of passes, life in a Trainer."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Callback
from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.interop.hub import load
from gan_zoo.layers.labels import boundaries
from gan_zoo.layers.norm import batch_norm
from gan_zoo.losses.adversarial import Vanilla
from gan_zoo.models import Pix2PixHD
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.pix2pixhd import LocalEnhancer
from tests.labelled import ENCODER, GLOBAL, JUDGES, LOCAL, tiny
from tests.unit import world

BATCH_JUDGES = partial(
    MultiScale, ndf=4, each=partial(PatchGAN, n_layers=2, norm=batch_norm, bias=True, padding=2, widest=512)
)
WITH_FEATURES: dict[str, Any] = {"encoder": ENCODER, "n_features": 3}


def maps(count: int = 3, height: int = 16, width: int = 16, features: int = 0) -> list[dict[str, Tensor]]:
    """Samples of label maps: noise."""
    noise = torch.Generator().manual_seed(1)
    found = []
    for _ in range(count):
        label = torch.randint(0, 5, (1, height, width), generator=noise)
        sample = {"label": label, "instance": label * 1000 + torch.randint(0, 2, label.shape, generator=noise)}
        sample["image"] = 2 * torch.rand(3, height, width, generator=noise) - 1
        if features:
            sample["feature"] = 2 * torch.rand(features, height, width, generator=noise) - 1
        found.append(sample)
    return found


def batch(**options: Any) -> dict[str, Tensor]:
    """Two of them."""
    samples = maps(2, **options)
    return {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}


def made(**arguments: Any) -> Any:
    """The same weights each time."""
    torch.manual_seed(0)
    return tiny(**arguments)


def test_a_bare_constructor_gives_the_references_model() -> None:
    with torch.device("meta"):
        model = Pix2PixHD()
    assert sum(p.numel() for p in model.generator.parameters()) == 182_546_755
    assert sum(p.numel() for p in model.discriminator.parameters()) == 5_603_202
    assert (model.lambda_fm, model.lambda_vgg, model.fix_global, model.pool.capacity) == (10, 10, 0, 0)
    rates = [model.schedule(epoch) for epoch in (0, 100, 101, 199, 200)]
    assert rates == pytest.approx([1, 1, 0.99, 0.01, 0])
    for optimizer in model.configure_optimizers():
        assert type(optimizer) is Adam
        assert optimizer.defaults["lr"] == 2e-4
        assert tuple(optimizer.defaults["betas"]) == (0.5, 0.999)


def test_biases_start_as_pytorch_draws_them() -> None:
    model = made()
    weights = torch.cat([p.flatten() for name, p in model.named_parameters() if name.endswith("weight")])
    assert weights.std().item() == pytest.approx(0.02, rel=0.05)
    assert all(p.abs().max() > 0 for name, p in model.named_parameters() if name.endswith("bias"))


# ---- inputs


@pytest.mark.parametrize(
    ("arguments", "seen", "judged", "samples"),
    [
        ({}, 6, 9, maps()),
        ({"instances": False}, 5, 8, maps()),
        ({"n_features": 2}, 8, 9, maps(features=2)),
        (WITH_FEATURES, 9, 9, maps()),
        (WITH_FEATURES | {"instances": False, "label_features": True}, 8, 8, maps()),
        ({"labels": 0, "instances": False, "channels": {"a": 1, "b": 3}}, 1, 4, world.samples(3, a=1)),
    ],
    ids=["instances", "labels", "stored", "encoded", "encoded by label", "pictures"],
)
def test_every_kind_of_input_trains_and_is_shown(
    arguments: dict[str, Any], seen: int, judged: int, samples: list[dict[str, Tensor]]
) -> None:
    model = made(**arguments)
    assert next(model.generator.parameters()).shape[1] == seen
    assert next(model.discriminator.parameters()).shape[1] == judged
    before = {player: world.weights(getattr(model, player)) for player in model.players}
    world.fit(model, samples)
    assert all(not torch.equal(value, world.weights(getattr(model, player))) for player, value in before.items())
    assert {name.split("/")[1] for name in model.terms if name.startswith("generator/")} == {"adv", "fm"}
    whole = {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}
    pictures = model.eval().visuals(whole)
    first, *rest = pictures
    assert rest == ["fake_b", "real_b"]
    assert pictures[first] is whole["label" if first == "input_label" else "a"]
    for picture in (images for images in pictures.values() if images.is_floating_point()):
        assert picture.shape[::2] == (3, 16)
        assert -1 <= picture.min() <= picture.max() <= 1
    assert set(model.scores(whole)) == {"l1", "psnr", "ssim"}
    torch.testing.assert_close(model.predict_step(whole, 0), pictures["fake_b"])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"labels": 0}, "model.instances=false"),
        ({"encoder": ENCODER}, "model.n_features=3"),
        (WITH_FEATURES | {"instances": False}, "model.label_features=true"),
        ({"fix_global": 1}, "leaves nothing to train"),
        ({"channels": {"a": 3, "b": 1}, "lambda_vgg": 1.0}, "model.lambda_vgg=0"),
    ],
)
def test_arguments_that_contradict_each_other_end_in_one_line(arguments: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line) as caught:
        made(**arguments)
    assert "\n" not in str(caught.value)


def test_a_label_without_a_class_is_named_before_the_first_step() -> None:
    samples = maps()
    samples[0]["label"][0, 3, 3] = 255
    model = made()
    with pytest.raises(UserError, match="the id 255"):
        world.fit(model, samples)
    assert model.images_seen == 0


def test_what_is_missing_is_named() -> None:
    data, model = batch(features=3), made(**WITH_FEATURES)
    with pytest.raises(UserError, match="encode_features makes them"):
        model.translate_labels(data["label"], data["instance"])
    with pytest.raises(UserError, match="instance maps too"):
        model.translate_labels(data["label"], None, data["feature"])
    with pytest.raises(UserError, match="translate_labels"):
        model.translate(data["image"])
    with pytest.raises(UserError, match="has no encoder"):
        made().encode_features(data["image"], data["instance"])


# ---- translation


@torch.no_grad()
def test_any_size_is_padded_by_its_edge_and_cropped() -> None:
    model, data = made(generator=LOCAL, **WITH_FEATURES), batch(height=13, width=22, features=3)
    found = model.translate_labels(data["label"], data["instance"], data["feature"])
    assert found.shape == (2, 3, 13, 22)
    grown = {name: torch.nn.functional.pad(x.double(), (0, 2, 0, 3), mode="replicate") for name, x in data.items()}
    seen = model.condition(grown["label"].long(), grown["instance"].long())
    assert torch.equal(seen[:, -1:, :13, :22], boundaries(data["instance"]))
    whole = model.generator(torch.cat([seen, grown["feature"].float()], 1))
    torch.testing.assert_close(found, whole[..., :13, :22])
    features = model.encode_features(data["image"], data["instance"])
    assert features.shape == (2, 3, 13, 22)
    for i in data["instance"][0].unique():
        assert features[0, :, data["instance"][0, 0] == i].std(1, correction=0).max() < 1e-6


@torch.no_grad()
def test_batch_norm_takes_each_pictures_own_statistics_and_keeps_the_running_ones() -> None:
    model, data = made(generator=partial(GLOBAL, norm=batch_norm)).eval(), batch()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = model.translate_labels(data["label"], data["instance"])
    one = model.generator.train()(model.condition(data["label"][:1], data["instance"][:1]))
    torch.testing.assert_close(found[:1], one)
    model.load_state_dict(before)
    model.eval().translate_labels(data["label"], data["instance"])
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items())


# ---- the step


class Passes(Callback):
    """Counts the discriminator's first convolutions: one a pass."""

    def __init__(self) -> None:
        self.count = 0

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        pl_module.discriminator.scales[0].layers[0].register_forward_hook(self.note)

    def note(self, *_: object) -> None:
        self.count += 1


@pytest.mark.parametrize(
    ("arguments", "count"),
    [({}, 2), ({"pool_size": 2}, 3), ({"discriminator": BATCH_JUDGES}, 3)],
    ids=["shared", "pool", "batch norm"],
)
def test_the_discriminator_judges_a_fake_once_where_that_gives_the_same_numbers(
    arguments: dict[str, Any], count: int
) -> None:
    passes = Passes()
    world.fit(made(**arguments), maps(1), callbacks=[passes])
    assert passes.count == count


def by_hand(model: Any, data: Mapping[str, Tensor]) -> None:
    """One iteration as the reference makes it: three passes of D, G's step, then D's."""
    players = dict(zip(model.players, model.configure_optimizers(), strict=True))
    seen = model.condition(data["label"], data["instance"])
    fake = model.generator(torch.cat([seen, *model.features(data)], 1))
    see = model.discriminator.features
    old, real = see(torch.cat([seen, fake.detach()], 1)), see(torch.cat([seen, data["image"]], 1))
    new = see(torch.cat([seen, fake], 1))
    sum(model.generator_loss(fake, data["image"], new, real).values()).backward(retain_graph=True)
    for player in model.learners:
        players[player].step()
    model.discriminator.zero_grad()
    losses = model.discriminator_loss(old, real)
    gradients = torch.autograd.grad(sum(losses.values()), list(model.discriminator.parameters()))
    for p, g in zip(model.discriminator.parameters(), gradients, strict=True):
        p.grad = g
    players["discriminator"].step()


@pytest.mark.parametrize(
    "arguments",
    [{}, WITH_FEATURES, {"discriminator": BATCH_JUDGES}, {"adversarial": Vanilla()}, {"lambda_fm": 0.0}],
    ids=["plain", "features", "batch norm", "cross entropy", "no matching"],
)
def test_a_step_is_the_references_also_where_it_shares_a_pass(arguments: dict[str, Any]) -> None:
    ours, theirs = made(**arguments), made(**arguments).double()
    world.fit(ours, maps(1), precision="64-true")
    data = {k: v[None].double() if v.is_floating_point() else v[None] for k, v in maps(1)[0].items()}
    by_hand(theirs, data)
    for (name, a), b in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        # Adam makes steps of the rounding noise that a bias in front of a norm has for a gradient
        torch.testing.assert_close(a, b, rtol=0, atol=1e-3 if name.endswith("bias") else 1e-9, msg=name)


class Watch(Callback):
    """Which parts of the generator moved in each iteration, and how many of its parameters Adam knows."""

    def __init__(self) -> None:
        self.moved: list[tuple[bool, bool]] = []
        self.steps: list[set[int]] = []

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self.before = self.look(pl_module)

    def look(self, model: Any) -> tuple[Tensor, Tensor]:
        return world.weights(model.generator.trunk), world.weights(model.generator.enhancers[-1])

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        now = self.look(pl_module)
        self.moved.append((not torch.equal(now[0], self.before[0]), not torch.equal(now[1], self.before[1])))
        self.before = now
        self.steps.append({int(state["step"]) for state in trainer.optimizers[0].state.values()})


@pytest.mark.parametrize("generator", [LOCAL, partial(LOCAL, n_enhancers=2)], ids=["one enhancer", "two"])
@pytest.mark.parametrize("recompute", [False, True])
def test_the_coarse_part_rests_then_a_new_adam_moves_all(generator: Any, recompute: bool) -> None:
    model, watch = made(generator=partial(generator, recompute=recompute), fix_global=2, **WITH_FEATURES), Watch()
    world.fit(model, maps(2), max_epochs=3, callbacks=[watch])
    assert watch.moved == [(False, True)] * 4 + [(True, True)] * 2
    assert watch.steps == [{1}, {2}, {3}, {4}, {1}, {2}]
    assert set(map(id, model.generator.parameters())) == set(map(id, model.trainer.optimizers[0].state))


def test_without_an_encoder_the_resting_part_has_no_graph() -> None:
    model, graphs = made(generator=LOCAL, fix_global=1), []
    model.generator.trunk.register_forward_hook(lambda _, __, y: graphs.append(y.requires_grad))
    world.fit(model, maps(1), max_epochs=2)
    assert graphs == [False, True]


def test_an_encoder_learns_through_a_resting_global_generator() -> None:
    model = made(fix_global=1, **WITH_FEATURES)
    before = [world.weights(getattr(model, player)) for player in ("generator", "encoder")]
    world.fit(model, maps(1))
    assert torch.equal(before[0], world.weights(model.generator))
    assert not torch.equal(before[1], world.weights(model.encoder))


def test_mixed_precision_trains() -> None:
    model = made(generator=partial(LOCAL, recompute=True), **WITH_FEATURES)
    world.fit(model, maps(2), precision="bf16-mixed")
    assert all(value.isfinite() for value in model.terms.values())
    assert model.terms["generator/fm"].dtype == torch.float32


# ---- the perceptual term


def vgg_weights() -> dict[str, Tensor]:
    """Small noise under torchvision's keys."""
    from gan_zoo.networks.vgg import VGG19

    with torch.device("meta"):
        shapes = {key: value.shape for key, value in VGG19().network().state_dict().items()}
    noise = torch.Generator().manual_seed(0)
    return {key: 0.03 * torch.randn(shape, generator=noise) for key, shape in shapes.items()}


def test_the_judge_is_neither_saved_nor_trained_nor_needed_to_translate(tmp_path: Path) -> None:
    model = made(lambda_vgg=10.0)
    model.vgg.fill(vgg_weights())
    before = {name: value.clone() for name, value in model.vgg.network.state_dict().items()}
    trainer = world.fit(model, maps(1))
    assert model.terms["generator/vgg"] > 0
    assert not any("vgg" in name for name in model.state_dict())
    assert all(torch.equal(value, model.vgg.network.state_dict()[name]) for name, value in before.items())
    trainer.save_checkpoint(tmp_path / "run.ckpt")
    data = batch()
    for again in (load(tmp_path / "run.ckpt"), Pix2PixHD.load_from_checkpoint(tmp_path / "run.ckpt")):
        assert again.vgg.network is None
        torch.testing.assert_close(
            again.translate_labels(data["label"], data["instance"]),  # type: ignore[attr-defined]  # a Pix2PixHD
            model.translate_labels(data["label"], data["instance"]),
        )


def test_training_without_the_judges_weights_ends_before_the_first_step(tmp_path: Path) -> None:
    from gan_zoo.networks.vgg import VGG19

    model = made(lambda_vgg=10.0, vgg=VGG19(weights=str(tmp_path / "vgg19.pth")))
    with pytest.raises(UserError, match=r"no weights at .*vgg19.pth.*model.lambda_vgg=0"):
        world.fit(model, maps(1))
    assert model.images_seen == 0
    torch.save(vgg_weights(), tmp_path / "vgg19.pth")
    world.fit(model, maps(1))
    assert model.terms["generator/vgg"] > 0


# ---- from one run to the next


def test_a_finer_model_takes_the_coarser_ones_trunk_and_scales() -> None:
    coarse = made(generator=partial(GLOBAL, ngf=4))
    torch.manual_seed(1)
    fine = tiny(generator=partial(LOCAL, ngf=2), discriminator=partial(JUDGES, n_scales=3))
    fresh = {name: value.clone() for name, value in fine.state_dict().items()}
    taken = fine.initialise_from(coarse.state_dict())
    assert {name.split(".")[1] for name in taken} == {"trunk", "scales"}
    for name, value in fine.state_dict().items():
        theirs = name.replace("scales.1", "scales.0").replace("scales.2", "scales.1")
        assert torch.equal(value, coarse.state_dict()[theirs] if name in taken else fresh[name])
    assert not any(name.startswith("discriminator.scales.0.") for name in taken)


def test_weights_fit_an_enhancer_of_any_depth() -> None:
    net: Any = LocalEnhancer(4, 3, n_downs=1, n_blocks=1, ngf=2, n_enhancers=3, n_local_blocks=1)
    assert [len(enhancer.after) for enhancer in net.enhancers] == [4, 4, 7]
    assert isinstance(net.enhancers[-1].after[-1], nn.Tanh)
