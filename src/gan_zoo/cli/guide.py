"""What ``gan-zoo train --help`` says: models and the data sets that fit, recipes, and the keys to start with."""

from hydra.core.default_element import ConfigDefault
from omegaconf import OmegaConf

from gan_zoo.cli.compose import Composer
from gan_zoo.cli.fill import COLOURS, HOLES, PAIRS, UNPAIRED, header, kind_of

KEYS = """\
  data.root=DIR             your own folder, with data=paired, unpaired, repair, colorize or labelmaps
  data.batch_size=4         per device;  data.crop_size=128 data.load_size=143 data.direction=ba
  trainer.max_epochs=50     or trainer.max_steps=1000: everything Lightning's Trainer takes
  trainer=gpu               bf16-mixed on one GPU;  trainer.devices=8;  trainer=ddp: all GPUs
  compile=true              faster networks, after minutes of torch.compile
  logger=wandb              or tensorboard, csv, many
  resume=true               go on with the last run of this model and data;  ckpt_path=FILE
  stage=NAME                one stage of an experiment alone, from model.init_from=FILE;  stages.NAME.KEY=VALUE
  debug=tiny                any recipe in seconds;  trainer.fast_dev_run=true
  -m model.lambda_l1=10,100 a sweep;  hparams_search=pix2pix_optuna  hydra/launcher=joblib
  --cfg job                 show the configuration;  --config-dir mine: your own groups"""


def train_help(composer: Composer) -> str:
    """The whole page."""
    kinds = {name: data_kind(composer, name) for name in composer.options("data")}
    lines = [
        "usage: gan-zoo train [key=value …]   (python train.py is the same; without arguments: the demo)",
        "",
        "model",
    ]
    for name in composer.options("model"):
        about = header(composer, "model", name)
        fitting = [data for data, kind in kinds.items() if fits(about.get("data", ""), kind)]
        lines += [f"  model={name:<12} {about.get('paper', '')}", f"  {'':<18} data={','.join(fitting)}"]
    lines += ["", "experiment (published rows)"]
    for folder in [group for group in composer.groups() if group.startswith("experiment/")]:
        lines.append(f"  experiment={folder.partition('/')[2]}/" + "{" + ",".join(composer.options(folder)) + "}")
    lines += ["", f"ablation (pix2pix)\n  ablation={','.join(composer.options('ablation'))}", "", "keys", KEYS]
    return "\n".join(lines)


def fits(wanted: str, kind: str) -> bool:
    """Whether a model that wants ``wanted`` (of its header) learns from data of ``kind``; unknown kinds may."""
    learnt = {PAIRS: (PAIRS, COLOURS, HOLES), UNPAIRED: (UNPAIRED, PAIRS)}
    return not wanted or not kind or kind in learnt.get(wanted, (wanted,))


def data_kind(composer: Composer, name: str) -> str:
    """The kind of ``fill.kind_of_data``, without composing; "" where neither a file nor its defaults say."""
    found = composer.loader.repository.load_config(f"data/{name}")
    if found is None:
        return ""
    if kind := kind_of(*(OmegaConf.select(found.config, key) for key in ("dataset._target_", "_target_"))):
        return kind
    parents = [one.path for one in found.defaults_list or [] if isinstance(one, ConfigDefault)]
    return next(
        (kind for parent in parents if parent and parent != "_self_" and (kind := data_kind(composer, parent))), ""
    )
