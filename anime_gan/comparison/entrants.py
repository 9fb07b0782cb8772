"""The entrants of a comparison: versions and config files, which are trained for it, and runs."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from anime_gan.config import Config, flat, load_config, read_yaml
from anime_gan.config.load import is_config_file, with_overrides
from anime_gan.config.stages import stage_before, steps_for
from anime_gan.config.versions import VERSIONS
from anime_gan.data.image_set import ImageSet, open_data
from anime_gan.data.sources import open_source
from anime_gan.errors import UserError
from anime_gan.runs import checkpoint
from anime_gan.runs.folder import WEIGHTS, RunFolder

# Keys that must be equal for all that are trained, so that their numbers can be compared. A run is
# taken as it is: of it, the pixels must be the same. Whether the images are, their content says.
_PIXELS = ("data.resize", "model.resolution", "model.channels")
_MEASURED = ("metrics.network", "metrics.count")
_SHARED = ("data.images", *_PIXELS, "training.seed", *_MEASURED)
# Defaults: all see the same pixels, and are measured often enough for a curve.
_DEFAULTS = ["data.resize=lanczos", "metrics.count=250", "metrics.share=0.05"]
# Where nothing is trained, only these keys have an effect.
_FOR_RUNS = ("data.images", "data.cache", "data.cache_share", *_MEASURED)


@dataclass(frozen=True)
class Budget:
    """What each entrant may spend: minutes, steps, or thousands of images; the rest is None."""

    minutes: float | None = None
    steps: int | None = None
    kimg: float | None = None

    def __str__(self) -> str:
        if self.minutes is not None:
            return f"{self.minutes:g} minutes"
        return f"{self.steps:,} steps" if self.steps else f"{self.kimg:g} thousand images"

    def overrides(self, config: Config) -> list[str]:
        """Return the arguments for train_gan.py that set it."""
        if self.minutes is not None:
            return [f"training.minutes={self.minutes}", "training.steps=null"]
        steps = self.steps or steps_for(config, 1000 * self.kimg)
        return [f"training.steps={steps}", "training.minutes=null"]


class Entry(NamedTuple):
    """What a word of the user's names."""

    kind: str  # "version", "file" or "run"
    name: str  # of the version or run, or the file's path


@dataclass(frozen=True)
class Entrant:
    """One run of a comparison."""

    name: str  # the version, the config file without its suffix, or the run
    config: Config
    arguments: list[str] | None  # for train_gan.py; None for a run that is taken as it is

    @property
    def run(self) -> RunFolder:
        """Its files."""
        return RunFolder(self.config.run)


def find_entries(words: Sequence[str]) -> list[Entry]:
    """Return what words name; "all" is every version, also beside one of them.

    UserError for an unknown word, and for two of one entry.

    As for train_gan.py, a word is a config file by its suffix, else a version, else a run in
    weights/; a path of a run is the run.
    """
    found, named = [], {}
    for word in words:
        if word.lower() == "all":
            found += [Entry("version", name) for name in VERSIONS]
            continue
        entry = _entry(word)
        if entry in named:
            raise UserError(f"{named[entry]} and {word} are the same entry; leave one out.")
        named[entry] = word
        found.append(entry)
    return [*dict.fromkeys(found)]


def _entry(word: str) -> Entry:
    path = Path(word)
    if is_config_file(word):
        return Entry("file", word)
    if word.lower() in VERSIONS:
        return Entry("version", word.lower())
    runs = [file.parent.name for file in WEIGHTS.glob("*/config.yaml")]
    if path.name in runs:
        return Entry("run", path.name)
    near = difflib.get_close_matches(word.lower(), [*VERSIONS, *runs], 1)
    nearest = f"; the nearest is {near[0]!r}" if near else ""
    raise UserError(
        f"{word!r} is not a version ({', '.join(VERSIONS)}), a run in {WEIGHTS}/ or a config file"
        f"{nearest}."
    )


def find_entrants(
    entries: list[Entry], overrides: list[str], budget: Budget | None, title: str
) -> tuple[list[Entrant], Config]:
    """Return the entrants of a comparison, and a config with what they share.

    A value comes from the first of these that has it: `overrides`, the entrant's own file, a
    comparison's defaults (which are those of the first run, if there is one), config.yaml, the
    version's recipe. A run keeps its config.

    Args:
        entries: as from `find_entries`.
        overrides: "key=value" for all that are trained.
        budget: for each that is trained; None if there are runs only.
        title: the comparison's; the names of the runs that are trained begin with it.

    Returns:
        The entrants; and a config whose data, model.resolution, model.channels, metrics.network and
        metrics.count all are compared with.

    Raises:
        UserError: two entrants of one name, settings that differ where they must be equal, a run
            without weights, or a run of the comparison's own that was trained otherwise.
    """
    versions = [entry.name for entry in entries if entry.kind == "version"]
    taken = [_taken(name, versions) for kind, name in entries if kind == "run"]
    first = _first_with_images(taken).config if taken else None
    defaults = [*_DEFAULTS]
    if first:
        values = flat(first.model_dump())
        defaults += [f"{key}={values[key]}" for key in ("data.images", *_PIXELS, *_MEASURED)]
    trained = [
        _trained(entry, defaults, overrides, budget, title)
        for entry in entries
        if entry.kind != "run"
    ]
    of_kind = {True: iter(taken), False: iter(trained)}
    entrants = [next(of_kind[entry.kind == "run"]) for entry in entries]
    _require_names(entrants)
    if trained:
        _require_shared(trained)
        shared = trained[0].config
    else:
        shared = _shared_by_runs(first, overrides)
    for entrant in taken:
        _require_pixels(entrant, shared)
    for entrant in trained:
        _require_same(entrant)
    return entrants, shared.updated(data={"labels": None})  # which may lie on another machine


def _trained(
    entry: Entry, defaults: list[str], overrides: list[str], budget: Budget, title: str
) -> Entrant:
    """Return an entrant that is trained for the comparison."""
    if entry.kind == "file":
        file, label, in_file = entry.name, Path(entry.name).stem, flat(read_yaml(Path(entry.name)))
        own = []
    else:
        file, label, in_file, own = None, entry.name, {}, [f"version={entry.name}"]
    own += [text for text in defaults if text.partition("=")[0] not in in_file]
    own += [*overrides, "run=" + re.sub(r"[^\w.-]", "_", f"{title}-{label}", flags=re.ASCII)]
    # With a length of its own, as below: a budget may decide how a run grows.
    own += budget.overrides(load_config(file, [*own, "training.steps=1", "training.minutes=null"]))
    config = load_config(file, own)
    return Entrant(label, config, ["--config", file, *own] if file else own)


def _taken(name: str, versions: list[str]) -> Entrant:
    """Return a run as an entrant; UserError if it has no weights of its full size."""
    run = RunFolder(name)
    config = run.config.model_copy(update={"run": name})  # the folder may have been renamed
    facts = checkpoint.newest_facts(run.weights)
    if not facts or not facts["step"]:
        raise UserError(
            f"run {name} has no checkpoint of a trained step; train it first, or leave it out."
        )
    run.generator_file(facts["step"])
    stage, last = (
        stage_before(config, facts["step"], facts.get("grown") or ()),
        config.model.resolution,
    )
    size = stage.resolution
    if size < last:
        raise UserError(
            f"run {name} has grown only to {size}x{size} of {last}x{last}, and such images can't "
            "be compared; train it further, or leave it out."
        )
    return Entrant(f"run {name}" if name in versions else name, config, None)


def _first_with_images(taken: list[Entrant]) -> Entrant:
    """Return the first run whose images are here; the first where all were trained elsewhere."""

    def are_here(images: str) -> bool:
        if images == "demo":
            return True
        try:
            open_source(images).close()
        except UserError:
            return False
        return True

    return next((one for one in taken if are_here(one.config.data.images)), taken[0])


def _shared_by_runs(config: Config, overrides: list[str]) -> Config:
    """Return a run's config with the user's values; UserError for those without effect."""
    for text in overrides:
        if text.partition("=")[0] not in _FOR_RUNS:
            raise UserError(
                f"{text} has no effect, since only finished runs are compared, as they are; leave "
                f"it out. These have one: {', '.join(_FOR_RUNS)}."
            )
    return with_overrides(config, overrides)


def _require_names(entrants: list[Entrant]) -> None:
    """Raise UserError if two entrants have one name, or are one run."""
    for what in (lambda entrant: entrant.name, lambda entrant: entrant.config.run):
        names = [what(entrant) for entrant in entrants]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise UserError(
                f"two entries have the same name, {twice[0]}; rename a config file, or give the "
                "comparison another name."
            )


def _require_shared(trained: list[Entrant]) -> None:
    """Raise UserError if a setting differs that must be equal for all that are trained."""
    values = [flat(entrant.config.model_dump()) for entrant in trained]
    for key in _SHARED:
        found = {str(value[key]): e.name for value, e in zip(values, trained, strict=True)}
        if len(found) > 1:
            (first, a), (second, b) = list(found.items())[:2]
            raise UserError(
                f"{key} is {first} for {a} and {second} for {b}, but must be equal for all; set it "
                f"for all with {key}={first}."
            )


def _require_pixels(entrant: Entrant, shared: Config) -> None:
    """Raise UserError if a run was trained on images of another shape."""
    own, others = flat(entrant.config.model_dump()), flat(shared.model_dump())
    for key in _PIXELS:
        if own[key] != others[key]:
            raise UserError(
                f"run {entrant.config.run} was trained with {key}={own[key]}, but it is "
                f"{others[key]} for the others, and must be equal for all; leave the run out, or "
                f"train the others with {key}={own[key]}."
            )


def _require_same(entrant: Entrant) -> None:
    """Raise UserError if its run was trained otherwise before; a larger budget is allowed."""
    run = entrant.run
    if not run.config_file.is_file():
        return
    before, now = flat(run.config.model_dump()), flat(entrant.config.model_dump())
    # Training adapts augmentation by itself, where it starts from weights and images are few.
    adapts = before["training.start_from"] and before["augment.p"] == "adaptive"
    for key, value in now.items():
        old = before.get(key)
        longer = key in ("training.steps", "training.minutes") and old and value and value > old
        if key.startswith("augment.") and adapts:
            continue
        if value != old and not longer:
            raise UserError(
                f"run {run.name} was trained with {key}={old}, but it is {value} now; choose "
                "another name for the comparison, or restore the value."
            )


def require_same_data(entrant: Entrant, images: ImageSet, shared: Config) -> None:
    """Raise UserError if a run was trained on images of other content.

    images: those of the comparison, which `shared` names, at full size.
    """
    facts = checkpoint.newest_facts(entrant.run.weights)
    if not facts:
        return
    key = images.key
    stage = stage_before(entrant.config, facts["step"], facts.get("grown") or ())
    if stage.resolution < entrant.config.model.resolution:  # the key is that of smaller images
        key = open_data(shared.updated(model={"resolution": stage.resolution})).key
    if facts["data_key"] == key:
        return
    remedy = "give this comparison another name"
    if entrant.arguments is None:
        remedy = "leave it out, or name its images with data.images=PATH"
    raise UserError(
        f"run {entrant.config.run} was trained on other images than are now in {images.source}; "
        f"{remedy}."
    )
