"""Sets of pictures: what judges see of made and real ones, collected for all measures at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gan_zoo.evaluation.cache import fingerprint
from gan_zoo.evaluation.job import Job
from gan_zoo.evaluation.rows import Rows, shared
from gan_zoo.metrics.protocol import Judge, OfSets, Sets, Unmeasurable, chosen, enough, finite

Key = tuple[int, str]  # which judge, and of what: a domain of real pictures, or a place of made ones


class Gathering:
    """What each judge, and the measures that look at pixels themselves, have seen so far.

    ``wanted``: the real domains that each place's measures look at, its target first, its source second.
    """

    def __init__(self, job: Job, wanted: Mapping[str, tuple[str, str]], limits: Mapping[str, int]) -> None:
        self.job, self.wanted, self.limits = job, wanted, dict(limits)
        self.measures: dict[str, OfSets] = job.of(OfSets)
        self.judges: dict[int, Judge | None] = {id(one.judge): one.judge for one in self.measures.values()}
        self.made = {(judge, place): Rows() for judge in self.judges for place in wanted}
        self.real = {key: Rows() for key in self._real_keys()}
        self.size = ""
        self.held: dict[Key, dict[str, Tensor]] = {}

    def recall(self, sized: str) -> None:
        """Take from the cache what is there of real pictures of this size. Collective."""
        self.size = sized
        for key in self.real:
            if self.judges[key[0]] is not None and (about := self._about(key)) is not None:
                found = self.job.cache.read(about) if self.job.first else None
                if shared(found is not None):
                    self.held[key] = found or {}

    @property
    def open(self) -> list[Key]:
        """The real pictures that have still to be seen."""
        return [key for key in self.real if key not in self.held]

    def see_made(self, place: str, positions: Sequence[int], pictures: Tensor) -> None:
        """uint8 pictures (N, 3, H, W) made at a place."""
        for judge in self.judges:
            self._keep(self.made[judge, place], judge, positions, pictures, f"made pictures ({place})")

    def see_real(self, domain: str, positions: Sequence[int], pictures: Tensor) -> None:
        """uint8 real pictures of a domain."""
        for judge, name in self.open:
            if name == domain:
                self._keep(self.real[judge, name], judge, positions, pictures, f"real pictures ({domain})")

    def _keep(self, rows: Rows, judge: int, positions: Sequence[int], pictures: Tensor, what: str) -> None:
        """What a judge sees of pictures; where that cannot be kept, all of its measures are given up."""
        try:
            rows.add(positions, self._seen(judge, pictures, what))
        except Unmeasurable as error:
            for name, one in self.measures.items():
                if id(one.judge) == judge:
                    self.job.result.skipped.setdefault(name, str(error))

    def finish(self, about: Mapping[str, Any]) -> None:
        """All numbers, on the first rank; real features go to the cache. Collective."""
        made = {key: rows.gathered() for key, rows in self.made.items()}
        real = {key: self.held[key] if key in self.held else self.real[key].gathered() for key in self.real}
        if not self.job.first:
            return
        for key in self.open:
            if self.judges[key[0]] is not None and (where := self._about(key)) is not None:
                self.job.cache.write(where, real[key])
        for place, (target, source) in self.wanted.items():
            for name, measure in self.job.of(OfSets).items():
                with self.job.trying(name):
                    self._measure(name, measure, place, made, real, (target, source), about)

    def _measure(
        self,
        name: str,
        measure: OfSets,
        place: str,
        made: Mapping[Key, Mapping[str, Tensor]],
        real: Mapping[Key, Mapping[str, Tensor]],
        ends: tuple[str, str],
        about: Mapping[str, Any],
    ) -> None:
        judge = id(measure.judge)
        rows = [made[judge, place], real.get((judge, ends[0]), {}), real.get((judge, ends[1]), {})]
        fake, target, source = (self._chosen(some, measure) for some in rows)
        enough("of made pictures it", len(fake), measure.fewest)
        if measure.looks_at_reals:
            enough("of real pictures it", len(target), measure.fewest)
        with torch.no_grad():
            found = measure.found(Sets(fake, target, source, self.job.settings.seed))
        through = {} if measure.judge is None else {"features": fake.shape[1]}
        counts = {**through, "images": len(fake), "real_images": len(target) if measure.looks_at_reals else 0}
        self.job.note(name, place, found, {**about, "size": self.size, **counts})

    def _chosen(self, rows: Mapping[str, Tensor], measure: OfSets) -> Tensor:
        if not rows:
            return torch.empty(0, 1)
        found = rows["pictures"] if "pictures" in rows else chosen(rows, measure.layer)
        return found.to(self.job.device if self.job.device.type == "cuda" else "cpu")

    def _seen(self, judge: int, pictures: Tensor, what: str) -> dict[str, Tensor]:
        network = self.judges[judge]
        if network is None:
            return {"pictures": pictures}
        seen = network(pictures)
        rows = {"": seen} if isinstance(seen, Tensor) else dict(seen)
        return {name: finite(part.flatten(1), f"{network.name} of {what}") for name, part in rows.items()}

    def _real_keys(self) -> list[Key]:
        keys: dict[Key, None] = {}
        for one in self.measures.values():
            for target, source in self.wanted.values():
                if one.looks_at_reals:
                    keys[id(one.judge), target] = None
                if one.looks_at_sources and source:
                    keys[id(one.judge), source] = None
        return list(keys)

    def _about(self, key: Key) -> dict[str, Any] | None:
        """All that the features of real pictures depend on."""
        judge, domain = key
        known, network = fingerprint(self.job.data, self.job.split), self.judges[judge]
        if known is None or network is None:
            return None
        about = {"data": known, "split": self.job.split, "domain": domain, "count": self.limits[domain]}
        return {**about, "size": self.size, "judge": network.protocol()}
