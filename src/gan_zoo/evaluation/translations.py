"""One pass over a split: every picture is translated once in each direction, and all measures look at that."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gan_zoo.evaluation import ask
from gan_zoo.evaluation.chunks import chunks, derived
from gan_zoo.evaluation.job import Job
from gan_zoo.evaluation.rows import Rows
from gan_zoo.evaluation.sets import Gathering
from gan_zoo.metrics.protocol import OfPairs, OfSets, Pairs, Unmeasurable, finite
from gan_zoo.metrics.whole import Scores

Batch = dict[str, Tensor]


class Translations:
    """What is collected in the pass."""

    def __init__(self, job: Job) -> None:
        self.job, self.images = job, job.data.images(job.split, augment=False)
        found = ask.counts(self.images)
        self.names = {d: ask.domain(found, d) for d in "ab"}
        self.counts = {d: job.limited(found[self.names[d]]) for d in "ab"}
        self.places = ask.places(job.model)
        wanted = {place: (place[1], place[0]) for place in self.places}
        self.sets = Gathering(job, wanted, self.counts)
        self.pairs = {(name, place): Rows() for place in self.places for name in job.of(OfPairs, place)}
        self.scores = {domain: Rows() for domain in ("a", "b", "")}  # by what the scores' names end in

    def run(self) -> None:
        """The pass, then all numbers. Collective."""
        job, sides = self.job, self.images[0]
        shape = torch.as_tensor(sides[self.names["b"]]).shape if isinstance(sides, dict) else ()
        size = f"{shape[-1]}x{shape[-2]}" if len(shape) > 1 else ""
        self.sets.recall(size)
        for positions, batch in chunks(self.images, max(self.counts.values()), job.share, job.device):
            self.see(positions, batch)
        job.agree()
        self.sets.finish({})
        self._finish_pairs()
        self._finish_scores()

    def see(self, positions: list[int], batch: Batch) -> None:
        """One chunk: of a smaller domain, which begins again, only what comes for the first time."""
        within = {d: sum(position < self.counts[d] for position in positions) for d in "ab"}
        if self.sets.measures:
            for d in "ab":
                if n := within[d]:
                    real = ask.shown(self.job.data, f"real_{d}", batch[self.names[d]][:n].float(), head(batch, n))
                    self.sets.see_real(d, positions[:n], real)
        for place in self.places:
            if n := within[place[0]]:
                self.translate(place, positions[:n], head(batch, n))
        if self.job.of(Scores):
            self._score(positions, batch, within)

    def translate(self, place: str, positions: list[int], batch: Batch) -> None:
        """One direction of a chunk."""
        if not (self.sets.measures or self.pairs):
            return
        torch.manual_seed(derived(self.job.settings.seed, place, positions[0]))
        fake = finite(ask.translated(self.job.model, batch, place), f"translations ({place})")
        seen = ask.shown(self.job.data, f"fake_{place[1]}", fake, batch)
        if self.sets.measures:
            self.sets.see_made(place, positions, seen)
        if self.job.of(OfPairs):
            target = batch[self.names[place[1]]].float()
            shown = ask.shown(self.job.data, f"real_{place[1]}", target, batch)
            whole = {**batch, "source": batch[self.names[place[0]]]}
            self._pair(place, positions, Pairs(fake, target, seen, shown, whole))

    def _pair(self, place: str, positions: Sequence[int], pairs: Pairs) -> None:
        for name, measure in self.job.of(OfPairs, place).items():
            with self.job.trying(name):
                rows = finite(measure.each(pairs).float(), f"{name} ({place})")
                self.pairs[name, place].add(positions, {"": rows})

    def _score(self, positions: list[int], batch: Batch, within: Mapping[str, int]) -> None:
        """The model's scores of a chunk, and, where one domain has come to its end, those of the other alone."""
        both, most = min(within.values()), max(within.values())
        larger = max(within, key=within.__getitem__)
        for start, stop, domains in ((0, both, ("a", "b", "")), (both, most, (larger,))):
            if stop > start:
                torch.manual_seed(derived(self.job.settings.seed, "scores", positions[start]))
                part = {name: value[start:stop] for name, value in batch.items()}
                scores = self.job.model.scores(ask.fitting(self.job.model, part))
                for domain in domains:
                    rows = {name: value for name, value in scores.items() if ending(name) == domain}
                    expanded = {name: value.detach().float().expand(stop - start) for name, value in rows.items()}
                    self.scores[domain].add(positions[start:stop], expanded)

    def _finish_pairs(self) -> None:
        for (name, place), rows in self.pairs.items():
            found = rows.gathered()
            if self.job.first and found and name not in self.job.result.skipped:
                with self.job.trying(name):
                    one = self.job.measures[name]
                    assert isinstance(one, OfPairs)
                    self._note(name, place, one.found(found[""]), len(found[""]))

    def _finish_scores(self) -> None:
        found = {name: rows for part in self.scores.values() for name, rows in part.gathered().items()}
        for name, measure in self.job.of(Scores).items():
            if self.job.first:
                with self.job.trying(name):
                    rows = measure.chosen(found)
                    if not rows:
                        raise Unmeasurable(f"{type(self.job.model).__name__} has no such score")
                    self._note(name, "", measure.found(rows), max(map(len, rows.values())))

    def _note(self, name: str, place: str, found: Any, count: int) -> None:
        about = {"images": count, "size": self.sets.size, "format": "float32 in [-1, 1]"}
        if self.job.measures[name].judge is not None:
            about["format"] = "uint8"
        self.job.note(name, place, found, about)


def ending(name: str) -> str:
    """The domain that a score's name ends in, if any: ``cycle_a``."""
    last = name.rpartition("_")[2]
    return last if last in ("a", "b") else ""


def head(batch: Mapping[str, Tensor], count: int) -> Batch:
    """The first samples of a batch."""
    return {name: value[:count] for name, value in batch.items()}


KINDS = (OfSets, OfPairs, Scores)
