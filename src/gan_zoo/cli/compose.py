"""Hydra configurations, composed with readable errors.

Hydra is driven directly (its ``hydra.main`` prints its own errors, of many lines) by the functions below; they are the
only place that touches its internals, which is why the project pins Hydra 1.3.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gan_zoo.cli.report import squeeze
from gan_zoo.errors import UserError, nearest


def conf_dir() -> Path:
    """The folder of the shipped configurations: in the wheel beside this package, in a checkout at the top."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "conf", package.parents[1] / "conf"):
        if (folder / "train.yaml").is_file():
            return folder
    raise UserError(f"the configurations are missing beside {package}: install gan-zoo again")


def parse(argv: Sequence[str], config_name: str) -> argparse.Namespace:
    """Hydra's own command line: overrides, -m, --cfg, --config-dir, --config-name, --config-path, --help…

    Raises:
        UserError: an option that Hydra does not know.
    """
    parser = get_args_parser()
    parser.exit_on_error = False
    try:
        args, unknown = parser.parse_known_args(list(argv))
    except argparse.ArgumentError as error:
        raise UserError(f"{error}: see --help") from error
    if stray := [word for word in unknown if word.startswith("-")]:
        options = [option for action in parser._actions for option in action.option_strings]
        raise UserError(f"there is no option {stray[0]}{nearest(stray[0], options)}: values are given as key=value")
    args.overrides = [*args.overrides, *unknown]
    args.config_name = args.config_name or config_name
    return args


@dataclass
class Composer:
    """One command line's configurations."""

    config_name: str
    config_path: str | None = None
    config_dir: str | None = None
    _offered: tuple[list[str], list[str]] | None = field(default=None, init=False)

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Composer":
        """The composer that a command line asks for."""
        return cls(args.config_name, args.config_path, args.config_dir)

    @classmethod
    def of_job(cls) -> "Composer":
        """The composer of the running Hydra job, also where a launcher started it in another process."""
        hydra = HydraConfig.get()
        places = {source.provider: str(source.path) for source in hydra.runtime.config_sources}
        return cls(str(hydra.job.config_name), places["main"], places.get("command-line"))

    @cached_property
    def hydra(self) -> Hydra:
        """Hydra with our folder and the user's --config-dir before it."""
        version.setbase("1.3")
        GlobalHydra.instance().clear()
        main = os.path.abspath(self.config_path) if self.config_path else str(conf_dir())
        search = create_config_search_path(main)
        if self.config_dir is not None:
            folder = os.path.abspath(self.config_dir)
            if not os.path.isdir(folder):
                raise UserError(f"--config-dir {self.config_dir}: no such folder")
            search.prepend("command-line", f"file://{folder}", SearchPathQuery(provider="main"))
        return Hydra.create_main_hydra2(task_name=self.config_name, config_search_path=search)

    @property
    def loader(self) -> ConfigLoaderImpl:
        """Hydra's loader of this search path."""
        loader = self.hydra.config_loader
        assert isinstance(loader, ConfigLoaderImpl)
        return loader

    def compose(self, overrides: Sequence[str], multirun: bool = False) -> DictConfig:
        """The configuration with Hydra's own part under ``hydra``.

        Raises:
            UserError: an unknown group, option or key, with the nearest names; a value that cannot be read.
        """
        mode = RunMode.MULTIRUN if multirun else RunMode.RUN
        if line := self._misplaced(overrides):
            raise UserError(line)
        chosen = [text for text in overrides if text.startswith("stage=") and text != "stage=null"]
        if chosen and not self.stages(overrides):
            raise UserError(f"{chosen[0]}: this configuration has no stages")
        try:
            cfg = self.hydra.compose_config(self.config_name, list(overrides), run_mode=mode)
        except (HydraException, OmegaConfBaseException, ValueError) as error:
            raise UserError(self.explain(error, overrides)) from error
        HydraConfig.instance().set_config(cfg)
        return cfg

    def stages(self, overrides: Sequence[str]) -> list[str]:
        """The stages that a configuration declares, each of them now a choice of ``stage``: a file that lies nowhere.

        What is typed for single keys, of which some may be of one stage only, does not bear on them.
        """
        keys = [text.lstrip("+~").partition("=")[0].partition("@")[0] for text in overrides]
        base = [text for text, key in zip(overrides, keys, strict=True) if "." not in key and key != "stage"]
        if self._offered is None or self._offered[0] != base:
            content: Any = OmegaConf.to_container(self.compose(base, multirun=True).get("stages") or OmegaConf.create())
            for name, stage in content.items():
                node = {**(stage or {}), "stages": None}
                ConfigStore.instance().store(name=name, node=node, group="stage", package="_global_")
            self._offered = base, list(content)
        return self._offered[1]

    def run(self, job: Callable[[DictConfig], Any], overrides: Sequence[str]) -> Any:
        """What ``job`` returns for the composed configuration, run by Hydra in ``hydra.run.dir`` with logs of its own.

        An exception of the job is raised as it is: Hydra would print it in its own way.
        """
        caught: list[Exception] = []

        def kept(cfg: DictConfig) -> Any:
            try:
                return job(cfg)
            except Exception as error:
                caught.append(error)
                return None

        done = self.hydra.run(self.config_name, kept, list(overrides), with_log_configuration=True)
        if caught:
            raise caught[0]
        return done.return_value

    def launch(
        self, task: Callable[[DictConfig], Any], overrides: Sequence[str], jobs: Sequence[Sequence[str]]
    ) -> None:
        """Run a task once for each list of words, by the launcher that ``overrides`` choose, below ``hydra.sweep.dir``.

        What a sweep cannot say: words that differ from job to job in more than values.
        """
        cfg = self.compose(overrides, multirun=True)
        context = HydraContext(config_loader=self.loader, callbacks=Callbacks(cfg))
        launcher = Plugins.instance().instantiate_launcher(hydra_context=context, task_function=task, config=cfg)
        launcher.launch([list(words) for words in jobs], initial_job_idx=0)

    def options(self, group: str) -> list[str]:
        """The names one can choose in a group, in order."""
        return sorted(self.loader.get_group_options(group, ObjectType.CONFIG))

    def groups(self, parent: str = "") -> Iterator[str]:
        """All groups, ``model/generator`` and the like."""
        for name in sorted(set(self.loader.list_groups(parent))):
            group = f"{parent}/{name}" if parent else name
            yield group
            yield from self.groups(group)

    def explain(self, error: BaseException, overrides: Sequence[str]) -> str:
        """One line for what Hydra said in many: an unreadable word, an unknown option or key, else Hydra's words."""
        parsed = []
        for text in overrides:
            try:
                parsed.append(OverridesParser.create().parse_override(text))
            except HydraException:
                return f"cannot read {text!r}: write key=value (a list as [1,2], text with blanks or commas in quotes)"
        groups = {group for group in self.groups() if self.options(group)}
        chosen = [override for override in parsed if override.key_or_group in groups]
        known = self._keys([str(override.input_line) for override in chosen])
        lines = [self._unknown_option(override) for override in chosen]
        if known:
            lines += [self._unknown_key(override, known, groups) for override in parsed if override not in chosen]
        return next((line for line in lines if line), squeeze(f"{error} {error.__cause__ or ''}"))

    @cached_property
    def parts(self) -> dict[str, str]:
        """The groups below groups by their key: ``model.generator`` is ``model/generator``. Listing folders is slow."""
        return {group.replace("/", "."): group for group in self.groups() if "/" in group}

    def _misplaced(self, overrides: Sequence[str]) -> str | None:
        """Hydra would silently replace a group's values by a word: ``model.generator=unet_128``."""
        for text in overrides:
            key, _, value = text.lstrip("+").partition("=")
            if key in self.parts and value in self.options(self.parts[key]):
                return f"{key} is a group of values: choose one with {self.parts[key]}={value}"
        return None

    def _unknown_key(self, override: Override, known: set[str], groups: set[str]) -> str | None:
        key = override.key_or_group
        if override.is_add() or key.startswith("hydra") or key in known:
            return None
        tail = key.rpartition(".")[2]
        same_tail = [name for name in known if name.rpartition(".")[2] == tail]
        hint = f" (did you mean {' or '.join(same_tail[:3])}?)" if same_tail else _near_key(key, known | groups)
        return f"there is no key {key}{hint}; a new one is added with +{override.input_line}"

    def _unknown_option(self, override: Override) -> str | None:
        group = override.key_or_group
        below = list(self.groups(group)) if group == "experiment" else []
        nested = [f"{inner[len(group) + 1 :]}/{name}" for inner in below for name in self.options(inner)]
        names = [*self.options(group), *nested]
        for name in _choices(override):
            if name not in names and name != "null":
                return f"there is no {group}={name}{nearest(name, names)}"
        return None

    def _keys(self, overrides: list[str]) -> set[str]:
        """Every dotted key of the configuration that these group choices give."""
        try:
            cfg = self.hydra.compose_config(
                self.config_name, overrides, RunMode.MULTIRUN, validate_sweep_overrides=False
            )
        except (HydraException, OmegaConfBaseException, ValueError):
            return set()
        return set(dotted(OmegaConf.to_container(cfg)))


def dotted(tree: Any, prefix: str = "") -> Iterator[str]:
    """The keys of nested dicts, inner ones as ``outer.inner``."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield f"{prefix}{name}"
            yield from dotted(value, f"{prefix}{name}.")


def forget() -> None:
    """Leave no Hydra state behind: for programs and tests that compose several times in one process."""
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None
    ConfigStore.instance().repo.pop("stage", None)


def quoted(value: str) -> str:
    """A text as a value in Hydra's override language, whatever characters it has."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _choices(override: Override) -> list[str]:
    """The options an override names: one, or all of a sweep."""
    if override.is_sweep_override():
        return [str(value) for value in override.sweep_iterator()] if override.is_choice_sweep() else []
    value = override.value()
    return [str(name) for name in value] if isinstance(value, list) else ["null" if value is None else str(value)]


def _near_key(key: str, known: set[str]) -> str:
    """Nearest among all keys; else among those of the same parent."""
    hint = nearest(key, known)
    if hint.startswith(" (did you mean"):
        return hint
    parent = key.rpartition(".")[0]
    beside = [name for name in known if name.rpartition(".")[0] == parent and not name.startswith("hydra")]
    return nearest(key, beside)
