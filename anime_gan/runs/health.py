"""Watches a run and says, in a student's words, when training has gone wrong.

The judge is what the generator draws: a few faces of fixed latents, beside as many of the data,
both as blocks of colour. How far the two sets are apart says whether something is wrong; how alike
the drawn ones are, and the discriminator's scores, say what. Accuracies alone say nothing: sound
runs of several versions have a discriminator that is right 97 times in 100.

The limits below were set on half of the runs of tests/robustness/monitor.py; docs/health.md reports
the other half.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError, with_config
from scipy.spatial.distance import cdist
from typing_extensions import TypedDict

from anime_gan.files import whole_file
from anime_gan.runs.history import STRICT, Lines, row_kind

LOOKED_AT = 64  # faces of each kind
BLOCKS = 8  # a side: layout and colour, no texture
SHARE = 0.008  # of the time, for looking
# A look waits until the run is so much longer: more often would say nothing new of a long one, and
# a day of fast steps would keep a hundred thousand looks in memory.
SPACING = 0.002

SIGNS = ("distance", "spread", "twins", "moved")
MEANS = ("real_accuracy", "fake_accuracy", "d_loss", "g_loss")
COLUMNS = ("copies", *SIGNS, *MEANS)  # of health.jsonl
LOOKS = row_kind(dict.fromkeys(COLUMNS, float))


@dataclass(frozen=True)
class Limits:
    """Where sound ends; distances and spreads are in the data's own diversity.

    warm_up: steps before which faces may be as far from the data as they like. window: the share of
    the steps so far that is judged. far: a distance; one typical face over and over is at 1, the
    data's mean face at 0.4. better: what share of the best distance before the window counts as
    coming nearer. twins: a distance to the nearest face, over the data's.
    """

    warm_up: int = 550
    window: float = 0.4
    far: float = 0.4
    better: float = 0.9
    twins: float = 0.1


LIMITS = Limits()
# What tells one failure from another; these have no part in whether there is one.
ALIKE = 0.3  # spread
RESTLESS = 0.5  # of the data's diversity, between two looks
SURE, LOST = 0.98, 0.25  # the discriminator's accuracies, when it or the generator has won
# Where Keras clips the cross-entropy of probabilities, -log(1e-7). On TensorFlow it finds the
# logits behind a sigmoid and clips nothing, so only a loss that stays on this very value means it.
CEILING, AT_CEILING = 16.118, 0.01
DEAD = " (16.118 is where cross-entropy is clipped: no gradient comes through any more)"
FEW = 0.5  # of the data's pictures may be there twice


@dataclass(frozen=True)
class Finding:
    """Something that has gone wrong.

    kind: in two or three words, for the progress line. since: the step from which it is seen.
    step: when it was found. seen, advice: what is seen and what to try, a sentence each.
    """

    kind: str
    since: int
    step: int
    seen: str
    advice: str

    def __str__(self) -> str:
        return f"{self.kind}, since step {self.since:,}: {self.seen} {self.advice}"


FIELDS = tuple(Finding.__dataclass_fields__)
Step = Annotated[int, Field(ge=0)]
_EVENT = {"kind": str, "since": Step, "step": Step, "seen": str, "advice": str}
_EVENT |= dict.fromkeys(("until", "rolled_back_to"), Step | None)
EVENTS = TypeAdapter(list[with_config(STRICT)(TypedDict("Event", _EVENT))])  # of health.json
KINDS = {
    "generator collapsed": (
        "the faces are nearly all the same: {spread:.0%} of the data's diversity.",
        "Lower both rates, or give the discriminator something that punishes sameness: "
        "augment.policy=[translation,cutout], objective.penalties=[r1], version=r3gan.",
    ),
    "partly collapsed": (
        "many faces are twins: the nearest pair is {twins:.0%} as far apart as in the data.",
        "Lower both rates, raise training.batch_size, or add objective.penalties=[r1].",
    ),
    "discriminator has won": (
        "it tells {sure:.0%} of all pictures right, the generator's loss is {g_loss:.3g}{ceiling}, "
        "and the faces don't come nearer to the data.",
        "Hold it back: halve discriminator.rate, raise training.label_noise, take a version with "
        "dropout, or widen the generator, as the report did from v1 to v3.",
    ),
    "generator has won": (
        "the discriminator takes {lost:.0%} of the fakes for what they are, though they are far "
        "from the data: it teaches nothing.",
        "Help it: raise discriminator.rate or training.n_critic, lower generator.rate and "
        "objective.gamma, and see that the discriminator trains at all.",
    ),
    "oscillation": (
        "from one look to the next all faces change together, by {moved:.0%} of the data's "
        "diversity.",
        "Halve both rates, take beta1 0.5 or 0, or draw with training.ema_kimg=10.",
    ),
    "no learning": (
        "the faces are {distance:.2f} from the data, where one typical face for all would be 1, "
        "and come no nearer.",
        "Raise the rates if the losses hardly move, lower them if they jump; if neither, "
        "model.width is too small, as in the report's v1.",
    ),
    "too few pictures": (
        "{copies:.0%} of the training pictures looked at are there more than once.",
        "Give data.images a folder of thousands of different pictures.",
    ),
    "not a number": (
        "a loss is no longer a number.",
        "Lower generator.rate and discriminator.rate.",
    ),
}


def sketch(pictures: np.ndarray) -> np.ndarray:
    """Return uint8 pictures (N, H, W, C) as rows of block colours (N, 64 C) in [0, 1]."""
    count, height, width, channels = pictures.shape
    side = min(BLOCKS, height)
    blocks = pictures.reshape(count, side, height // side, side, width // side, channels).mean(
        axis=(2, 4), dtype="float32"
    )
    return blocks.reshape(count, -1) / 255


def signs(real: np.ndarray, fake: np.ndarray, before: np.ndarray | None) -> dict[str, float]:
    """Return what sketches (N, F) of real and drawn faces, and of the last look, say.

    distance: the energy distance 2 E|r - f| - E|r - r'| - E|f - f'| (Székely and Rizzo 2013) over
        E|r - r'|: 0 for sets alike, 1 for one typical face over and over.
    spread: E|f - f'| over E|r - r'|. twins: the median distance to the nearest of one's own kind,
        drawn over real. moved: how far the mean faces of two looks are apart, over E|r - r'|.
    """
    among_real, among_fake, across = cdist(real, real), cdist(fake, fake), cdist(real, fake)
    diversity = max(_mean_of_pairs(among_real), 0.05)  # equal pictures have none
    spread = _mean_of_pairs(among_fake) / diversity
    moved = 0 if before is None else np.linalg.norm(fake.mean(axis=0) - before.mean(axis=0))
    return {
        "distance": float(2 * across.mean() / diversity - 1 - spread),
        "spread": float(spread),
        "twins": float(_nearest(among_fake) / max(_nearest(among_real), 0.01)),
        "moved": float(moved / diversity),
    }


def _mean_of_pairs(lengths) -> float:
    """Return the mean distance of two different rows of one set."""
    count = len(lengths)
    return lengths.sum() / max(count * (count - 1), 1)


def _nearest(lengths) -> float:
    """Return the median distance of a row to the nearest other one."""
    if len(lengths) < 2:
        return 0.0
    return np.median(np.where(np.eye(len(lengths), dtype=bool), np.inf, lengths).min(axis=1))


def diagnose(looks: list[dict], limits: Limits = LIMITS) -> tuple[str, int] | None:
    """Return what is wrong at the last of a run's looks and since which step, or None.

    looks: rows of "step", what `signs` gives, "copies", and means since the look before of the
        accuracies and losses.

    The looks of the last part of the run are judged together: if most of them are far from the
    data, and none comes nearer than the run has been before, something is wrong.
    """
    now = looks[-1]
    if now["copies"] > FEW:
        return "too few pictures", looks[0]["step"]
    if now["step"] < limits.warm_up:
        return None
    window = _window(looks, limits)
    if len(window) < 3:  # one or two may be far by chance
        return None
    typical = _typical(window)
    if typical["distance"] <= limits.far:
        if max(look["twins"] for look in window) < limits.twins:
            return "partly collapsed", _since(looks, lambda look: look["twins"] < limits.twins)
        return None
    before = [look["distance"] for look in looks[: -len(window)]]
    if before and min(look["distance"] for look in window) < limits.better * min(before):
        return None
    return _name(typical), _since(looks, lambda look: look["distance"] > limits.far)


def _window(looks: list[dict], limits: Limits = LIMITS) -> list[dict]:
    """Return the looks that are judged together: those of the last part of the run."""
    begin = (1 - limits.window) * looks[-1]["step"]
    return [look for look in looks if look["step"] > begin]


def _typical(window: list[dict]) -> dict[str, float]:
    """Return the medians of what some looks saw."""
    return {key: float(np.median([look[key] for look in window])) for key in window[-1]}


def _name(typical: dict[str, float]) -> str:
    """Return what kind of failure the looks of a window show, by their medians."""
    if min(typical["real_accuracy"], typical["fake_accuracy"]) >= SURE:
        return "discriminator has won"
    if typical["fake_accuracy"] <= LOST:
        return "generator has won"
    if typical["spread"] < ALIKE:
        return "generator collapsed"
    return "oscillation" if typical["moved"] > RESTLESS else "no learning"


def _since(looks: list[dict], wrong) -> int:
    """Return the step of the first look of the unbroken row of wrong ones at the end."""
    since = looks[-1]["step"]
    for look in reversed(looks):
        if not wrong(look):
            break
        since = look["step"]
    return since


def _in_numbers(seen: str, typical: dict[str, float]) -> str:
    """Return the sentence of a kind with the medians of what was judged."""
    sure = (typical["real_accuracy"] + typical["fake_accuracy"]) / 2
    ceiling = DEAD if abs(typical["g_loss"] - CEILING) < AT_CEILING else ""
    return seen.format(**typical, sure=sure, lost=typical["fake_accuracy"], ceiling=ceiling)


class Health:
    """The monitor of a run; health.jsonl keeps its looks and health.json what it found.

    folder: where they are. step: which the run goes on from. real: uint8 pictures (N, H, W, C), up
    to LOOKED_AT of them. rollbacks: how often the run was taken back.

    finding: what is wrong at the last look, also of a run that stopped then; None if nothing is.
    """

    def __init__(self, folder: Path, step: int, real: np.ndarray, rollbacks: int = 0):
        self._looks: list[dict] = []
        self._lines = Lines(folder / "health.jsonl", step, LOOKS, self._keep)
        self._path = folder / "health.json"
        self.events = before = read_events(self._path)
        noted = sum(event["rolled_back_to"] is not None for event in before)
        if noted < rollbacks and before and before[-1]["step"] > step:
            self.forget(step)  # the run was killed when it had just been taken back
        self.events = [event for event in (_as_of(step, event) for event in before) if event]
        if self.events != before:
            self._write()
        open_ones = [event for event in self.events if event["until"] is None]
        self.finding = Finding(**{key: open_ones[-1][key] for key in FIELDS}) if open_ones else None
        self._real, self._before = sketch(real), None
        self._begin, self._started = step, time.monotonic()
        self._looked, self._spent = 0, 0.0  # since then; the first, which is slower, isn't in spent
        _, place, counts = np.unique(real, axis=0, return_inverse=True, return_counts=True)
        self._copies = float((counts[place] > 1).mean())
        if self.finding and self.finding.kind == "too few pictures" and self._copies <= FEW:
            self._judged(None, step)  # other pictures were given since

    def _keep(self, row: dict) -> None:
        """Take a look's row, without what is not judged."""
        self._looks.append({key: row[key] for key in ("step", *COLUMNS)})

    def due(self, step: int) -> bool:
        """Return whether another look is paid for, so that all take SHARE of the time.

        Until a second look has shown what one costs, it is taken for a step's time.
        """
        if self._looks and step < (1 + SPACING) * self._looks[-1]["step"]:
            return False
        looked = self._looked + 1
        if self._looked < 2:
            return step - self._begin >= looked / SHARE
        cost = self._spent / (self._looked - 1)
        return time.monotonic() - self._started >= looked * cost / SHARE

    def look(self, step: int, means: dict[str, float], draw: Callable) -> Finding | None:
        """Look at faces of the same latents as ever; return what is newly found.

        means: of accuracies and losses since the last look. draw: a function without arguments that
        returns the faces, uint8 (N, H, W, C).
        """
        started = time.monotonic()
        drawn = sketch(draw())
        found = signs(self._real, drawn, self._before)
        seconds = time.monotonic() - started
        self._spent += seconds if self._looked else 0
        self._looked += 1
        means = {key: means[key] for key in MEANS}
        row = {"step": step, "seconds": seconds, "copies": self._copies, **found, **means}
        self._lines.add(row)
        self._lines.flush()
        self._before = drawn
        return self._judged(diagnose(self._looks), step)

    @property
    def signs(self) -> dict[str, float]:
        """What the last look saw, in numbers."""
        return {key: self._looks[-1][key] for key in SIGNS}

    @property
    def sound(self) -> bool:
        """Whether a run can be taken back to where it stands: nothing is or begins to be wrong.

        Faces far from the data may be those of a beginner, or of a failure that is not told yet:
        then the way back is an earlier state, or the beginning.
        """
        if self.finding or not self._looks:
            return self.finding is None
        last = self._looks[-1]
        return last["distance"] <= LIMITS.far and last["twins"] >= LIMITS.twins

    def break_down(self, step: int) -> Finding:
        """Note that a loss is no longer a number at a step."""
        return self._judged(("not a number", step), step)

    def forget(self, step: int) -> None:
        """Note that the run goes back to a step."""
        self.events[-1] |= {"until": self.events[-1]["step"], "rolled_back_to": step}
        self._write()

    def _judged(self, diagnosis: tuple[str, int] | None, step: int) -> Finding | None:
        """Write what changed since the last look, and return what is new."""
        old = self.finding
        if (diagnosis and diagnosis[0]) == (old and old.kind):
            return None
        if old:
            self.events[-1]["until"] = step
        self.finding = None
        if diagnosis:
            kind, since = diagnosis
            seen, advice = KINDS[kind]
            if self._looks:  # before the first look only a loss can be wrong
                seen = _in_numbers(seen, _typical(_window(self._looks)))
            self.finding = Finding(kind, since, step, seen, advice)
            self.events.append(asdict(self.finding) | {"until": None, "rolled_back_to": None})
        self._write()
        return self.finding

    def _write(self) -> None:
        """Write what was found so far."""
        with whole_file(self._path) as temporary:
            temporary.write_text(json.dumps(self.events, indent=2) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


def _as_of(step: int, event: dict) -> dict | None:
    """Return an event as it was known at the step where a run goes on: what came later is lost with
    an interruption and found again, but for what the run was taken back for.
    """
    if event["rolled_back_to"] is not None:
        return event
    if event["step"] > step:
        return None
    return event | {"until": None} if (event["until"] or 0) > step else event


def read_events(path: Path) -> list[dict]:
    """Return the events in a health.json; none if there is no file, or what is there is none."""
    try:
        return EVENTS.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return []
