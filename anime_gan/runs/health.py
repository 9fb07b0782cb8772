"""The health monitor: detects failed training and says in plain words what has failed.

It compares 64 generated faces of fixed latents with 64 real images, both as 8x8 blocks of color.
The distance of the two sets shows whether training has failed. The diversity of the generated faces
and the discriminator's accuracies show the kind of failure. Accuracies alone do not show a failure:
in healthy runs of several versions the discriminator's accuracy is 97%.

The limits were fitted on half of the runs of tests/robustness/monitor.py; docs/health.md reports
the other half.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, with_config
from scipy.spatial.distance import cdist

from anime_gan.files import whole_file
from anime_gan.runs.history import STRICT, Lines, row_type

FACES = 64  # of each set
BLOCKS = 8  # per side: layout and color, no texture
SHARE = 0.008  # of the time, for observations
# The fewest steps to the next observation, as a share of the current step: more observations would
# give no new information, and those of a day of fast steps would fill the memory.
SPACING = 0.002

SIGNS = ("distance", "spread", "twins", "moved")
MEANS = ("real_accuracy", "fake_accuracy", "d_loss", "g_loss")
COLUMNS = ("copies", *SIGNS, *MEANS)  # of health.jsonl
OBSERVATION = row_type(dict.fromkeys(COLUMNS, float))


@dataclass(frozen=True)
class Limits:
    """Limits of a healthy run; distances are relative to the mean distance of two real images."""

    warm_up: int = 550  # the first steps, in which no failure of the faces is reported
    window: float = 0.4  # the last part of the steps so far, which is judged
    far: float = 0.4  # a distance to the data: one typical face repeated has 1, the mean face 0.4
    better: float = 0.9  # times the smallest distance before the window: lower is an improvement
    twins: float = 0.1  # the distance to the nearest other face, relative to that of real images


LIMITS = Limits()
# These distinguish kinds of failure; they do not decide whether there is one.
COLLAPSED = 0.3  # spread
OSCILLATING = 0.5  # moved
D_WON, G_WON = 0.98, 0.25  # the discriminator's accuracies when it, or the generator, has won
# Where Keras clips the cross-entropy of probabilities, -log(1e-7). On TensorFlow it uses
# the logits of a sigmoid without clipping, so only a loss that stays at this value is clipped.
CEILING, AT_CEILING = 16.118, 0.01
NO_GRADIENT = " (cross-entropy is clipped at 16.118: no gradient reaches the generator)"
MAX_COPIES = 0.5  # the share of real images that may occur twice


TOO_FEW, FORMERLY = "too few images", "too few pictures"  # the latter in files of older runs
Kind = Annotated[str, AfterValidator(lambda kind: TOO_FEW if kind == FORMERLY else kind)]
Step = Annotated[int, Field(ge=0)]


@with_config(STRICT)
@dataclass
class Finding:
    """A failure of a run."""

    kind: Kind  # in two or three words, for the progress bar
    since: Step  # the first step that shows it
    step: Step  # when it was found
    seen: str  # a sentence
    advice: str  # what to try, a sentence
    until: Step | None  # when it ended
    rolled_back_to: Step | None

    def __str__(self) -> str:
        return f"{self.kind}, since step {self.since:,}: {self.seen} {self.advice}"


FINDINGS = TypeAdapter(list[Finding])  # health.json
KINDS = {
    "generator collapsed": (
        "the faces are nearly all the same: {spread:.0%} of the data's diversity.",
        "Lower both learning rates, or try augment.policy=[translation,cutout], "
        "objective.penalties=[r1], or a new run with version=r3gan.",
    ),
    "partly collapsed": (
        "many faces are nearly equal: their nearest one is at {twins:.0%} of the data's distance.",
        "Lower both learning rates, raise training.batch_size, or add objective.penalties=[r1].",
    ),
    "discriminator has won": (
        "it classifies {accuracy:.0%} of all images correctly, the generator's loss is "
        "{g_loss:.3g}{ceiling}, and the faces do not get closer to the data.",
        "Weaken the discriminator: halve discriminator.rate, raise training.label_noise if the "
        "loss has labels, or start a new run with dropout or a wider generator, as in v4.",
    ),
    "generator has won": (
        "the discriminator recognizes {fake_accuracy:.0%} of the generated images, though they are "
        "far from the data: the generator can't learn from it.",
        "Strengthen the discriminator: raise discriminator.rate or training.n_critic, lower "
        "generator.rate and objective.gamma, and check that its loss changes at all.",
    ),
    "oscillation": (
        "between two observations the mean face changes by {moved:.0%} of the data's diversity.",
        "Halve both learning rates, with Adam set beta1 to 0.5 or 0, or start a new run with "
        "training.ema_kimg=10.",
    ),
    "no learning": (
        "the distance of the faces to the data is {distance:.2f} and does not decrease (1 is one "
        "typical face repeated).",
        "Raise the learning rates if the losses hardly change, lower them if they jump; otherwise "
        "start a new run with a larger model.width.",
    ),
    TOO_FEW: (
        "{copies:.0%} of a sample of the training images are duplicates.",
        "Give data.images a folder of thousands of different images.",
    ),
    "not a number": (
        "a loss is not finite (NaN or infinite).",
        "Lower generator.rate and discriminator.rate.",
    ),
}


def sketch(images: np.ndarray) -> np.ndarray:
    """Return the block colors (N, 64 C) in [0, 1] of uint8 images (N, H, W, C)."""
    count, height, width, channels = images.shape
    side = min(BLOCKS, height)
    blocks = images.reshape(count, side, height // side, side, width // side, channels).mean(
        axis=(2, 4), dtype="float32"
    )
    return blocks.reshape(count, -1) / 255


def signs(real: np.ndarray, fake: np.ndarray, before: np.ndarray | None) -> dict[str, float]:
    """Compare sketches (N, F) of real and generated faces, and of the observation before.

    Returns:
        distance: the energy distance 2 E|r - f| - E|r - r'| - E|f - f'| (Székely and Rizzo 2013)
            over E|r - r'|: 0 for equal distributions, 1 for one typical face repeated.
        spread: E|f - f'| over E|r - r'|.
        twins: the median distance to the nearest other generated face, over that of real images.
        moved: the distance of the mean faces of two observations, over E|r - r'|.
    """
    among_real, among_fake, across = cdist(real, real), cdist(fake, fake), cdist(real, fake)
    diversity = max(_mean_of_pairs(among_real), 0.05)  # equal images have none
    spread = _mean_of_pairs(among_fake) / diversity
    moved = 0 if before is None else np.linalg.norm(fake.mean(axis=0) - before.mean(axis=0))
    return {
        "distance": float(2 * across.mean() / diversity - 1 - spread),
        "spread": float(spread),
        "twins": float(_nearest(among_fake) / max(_nearest(among_real), 0.01)),
        "moved": float(moved / diversity),
    }


def _mean_of_pairs(distances) -> float:
    """Return the mean distance of two different rows of one set."""
    count = len(distances)
    return distances.sum() / max(count * (count - 1), 1)


def _nearest(distances) -> float:
    """Return the median distance of a row to the nearest other one."""
    if len(distances) < 2:
        return 0.0
    return np.median(np.where(np.eye(len(distances), dtype=bool), np.inf, distances).min(axis=1))


def diagnose(observations: list[dict], limits: Limits = LIMITS) -> tuple[str, int] | None:
    """Return the failure that a run's observations show and its first step, or None.

    The observations of the last part of the run are judged together. It has failed if their median
    distance is above `far` and no distance is an improvement, or if all of them are below `twins`.
    """
    now = observations[-1]
    if now["copies"] > MAX_COPIES:
        return TOO_FEW, observations[0]["step"]
    if now["step"] < limits.warm_up:
        return None
    window = _window(observations, limits)
    if len(window) < 3:  # one or two may be far by chance
        return None
    typical = _medians(window)
    if typical["distance"] <= limits.far:
        if max(row["twins"] for row in window) < limits.twins:
            return "partly collapsed", _since(observations, lambda x: x["twins"] < limits.twins)
        return None
    before = [row["distance"] for row in observations[: -len(window)]]
    if before and min(row["distance"] for row in window) < limits.better * min(before):
        return None
    return _kind(typical), _since(observations, lambda row: row["distance"] > limits.far)


def _window(observations: list[dict], limits: Limits = LIMITS) -> list[dict]:
    """Return the observations that are judged together: those of the last part of the run."""
    start = (1 - limits.window) * observations[-1]["step"]
    return [row for row in observations if row["step"] > start]


def _medians(window: list[dict]) -> dict[str, float]:
    return {key: float(np.median([row[key] for row in window])) for key in window[-1]}


def _kind(typical: dict[str, float]) -> str:
    """Return which failure the medians of a window show."""
    if min(typical["real_accuracy"], typical["fake_accuracy"]) >= D_WON:
        return "discriminator has won"
    if typical["fake_accuracy"] <= G_WON:
        return "generator has won"
    if typical["spread"] < COLLAPSED:
        return "generator collapsed"
    return "oscillation" if typical["moved"] > OSCILLATING else "no learning"


def _since(observations: list[dict], wrong: Callable[[dict], bool]) -> int:
    """Return the first step of the unbroken row of wrong observations at the end."""
    since = observations[-1]["step"]
    for row in reversed(observations):
        if not wrong(row):
            break
        since = row["step"]
    return since


class Health:
    """The monitor of a run; health.jsonl keeps its observations and health.json its findings.

    finding: the current finding, or the one when the run last stopped; None if there is none.
    """

    def __init__(self, folder: Path, step: int, real: np.ndarray, rollbacks: int = 0):
        """Read what was observed up to `step`, from which the run resumes.

        real: up to FACES uint8 images (N, H, W, C). rollbacks: how often the run was rolled back.
        """
        self._observations: list[dict] = []
        self._lines = Lines(folder / "health.jsonl", step, OBSERVATION, self._keep)
        self._path = folder / "health.json"
        self.findings = before = read_findings(self._path)
        noted = sum(found.rolled_back_to is not None for found in before)
        if noted < rollbacks and before and before[-1].step > step:
            self.forget(step)  # the run was killed just after it was rolled back
        self.findings = [*filter(None, (_as_of(step, found) for found in before))]
        if self.findings != before:
            self._write()
        self.finding = next((f for f in reversed(self.findings) if f.until is None), None)
        self._real, self._before = sketch(real), None
        self._first_step, self._started = step, time.monotonic()
        # Since this start; the first observation, which is slower, is not in the seconds.
        self._count, self._seconds = 0, 0.0
        _, place, counts = np.unique(real, axis=0, return_inverse=True, return_counts=True)
        self._copies = float((counts[place] > 1).mean())
        resolved = self._copies <= MAX_COPIES  # other images were given since
        if self.finding and self.finding.kind == TOO_FEW and resolved:
            self._update(None, step)

    def _keep(self, row: dict) -> None:
        self._observations.append({key: row[key] for key in ("step", *COLUMNS)})

    def due(self, step: int) -> bool:
        """Return whether another observation fits into SHARE of the time.

        Until the second one has been timed, an observation is assumed to take as long as a step.
        """
        if self._observations and step < (1 + SPACING) * self._observations[-1]["step"]:
            return False
        count = self._count + 1
        if self._count < 2:
            return step - self._first_step >= count / SHARE
        cost = self._seconds / (self._count - 1)
        return time.monotonic() - self._started >= count * cost / SHARE

    def observe(self, step: int, means: dict[str, float], sample: Callable) -> Finding | None:
        """Compare faces of the fixed latents with the data; return a new finding.

        means: of MEANS since the previous observation. sample: returns faces, uint8 (N, H, W, C).
        """
        started = time.monotonic()
        fake = sketch(sample())
        found = signs(self._real, fake, self._before)
        seconds = time.monotonic() - started
        self._seconds += seconds if self._count else 0
        self._count += 1
        means = {key: means[key] for key in MEANS}
        self._lines.add({"step": step, "seconds": seconds, "copies": self._copies} | found | means)
        self._lines.flush()
        self._before = fake
        return self._update(diagnose(self._observations), step)

    @property
    def signs(self) -> dict[str, float]:
        """The numbers of the last observation."""
        return {key: self._observations[-1][key] for key in SIGNS}

    @property
    def sound(self) -> bool:
        """Whether this step is healthy, so that the run may be rolled back to it.

        Faces far from the data may be an early stage or a failure that is not reported yet, so such
        a step is not healthy.
        """
        if self.finding or not self._observations:
            return self.finding is None
        last = self._observations[-1]
        return last["distance"] <= LIMITS.far and last["twins"] >= LIMITS.twins

    def break_down(self, step: int) -> Finding | None:
        """Note that a loss is not finite at a step."""
        return self._update(("not a number", step), step)

    def forget(self, step: int) -> None:
        """Note that the run is rolled back to a step."""
        last = self.findings[-1]
        last.until, last.rolled_back_to = last.step, step
        self._write()

    def _update(self, diagnosis: tuple[str, int] | None, step: int) -> Finding | None:
        """Write what has changed since the previous observation; return a new finding."""
        old = self.finding
        if (diagnosis and diagnosis[0]) == (old and old.kind):
            return None
        if old:
            old.until = step
        self.finding = None
        if diagnosis:
            kind, since = diagnosis
            seen, advice = KINDS[kind]
            if self._observations:  # before the first one only a loss can be wrong
                typical = _medians(_window(self._observations))
                ceiling = NO_GRADIENT if abs(typical["g_loss"] - CEILING) < AT_CEILING else ""
                both = (typical["real_accuracy"] + typical["fake_accuracy"]) / 2
                seen = seen.format(**typical, accuracy=both, ceiling=ceiling)
            self.finding = Finding(kind, since, step, seen, advice, None, None)
            self.findings.append(self.finding)
        self._write()
        return self.finding

    def _write(self) -> None:
        with whole_file(self._path) as temporary:
            temporary.write_bytes(FINDINGS.dump_json(self.findings, indent=2) + b"\n")

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


def _as_of(step: int, found: Finding) -> Finding | None:
    """Return a finding as it was at the step from which a run resumes; None if it came later.

    The monitor will find later ones again. Those that caused a rollback are always kept.
    """
    if found.rolled_back_to is not None:
        return found
    if found.step > step:
        return None
    return replace(found, until=None) if (found.until or 0) > step else found


def read_findings(path: Path) -> list[Finding]:
    """Return the findings in a health.json; none if the file is missing or damaged."""
    try:
        return FINDINGS.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return []
