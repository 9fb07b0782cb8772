"""Evaluates a run's generator, a weights file's, or a folder of generated images."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anime_gan.config import Config, Data, from_dict
from anime_gan.config.scores import SCALES
from anime_gan.console import waiting
from anime_gan.data.image_set import ImageSet, image_sizes, open_data, open_images
from anime_gan.errors import UserError
from anime_gan.features.network import FeatureNetwork
from anime_gan.files import Appended, make_folder
from anime_gan.generation.grid import image_grid
from anime_gan.generation.load import find_weights, load_generator, output_folder, step_of
from anime_gan.generation.output import free_path, save_image
from anime_gan.metrics import demo_attributes, measures
from anime_gan.metrics.eyes import unlike_eyes
from anime_gan.metrics.labels import (
    Asked,
    classified,
    codes_of_real,
    color_reader,
    read_back,
    within_classes,
)
from anime_gan.metrics.reference import HALVES, LEAST, ReferenceSet, require_images
from anime_gan.runs.folder import DISCRIMINATOR, RunFolder

if TYPE_CHECKING:
    import keras

RESULTS = "evaluations.jsonl"
PAIRS, SCORED = 16, 1_000


@dataclass
class Subject:
    """What is evaluated."""

    name: str  # what the result calls it
    generated: np.ndarray  # its images, uint8 (N, H, W, C)
    real: ImageSet  # to compare them with
    label: str  # what files of results are named after
    run: RunFolder | None = None  # that the images are from
    step: int | None = None  # of the weights
    config: Config | None = None  # of the run
    discriminator: keras.Model | None = None  # of the same run and step, if it was saved
    truncation_psi: float = 1.0  # of the generated images, 1 for no truncation
    seed: int = 0  # of the first generated image, or of the choice among those of a folder
    asked: Asked | None = None  # the labels, if the generator takes any


def of_images(generated: str, real: str, count: int, seed: int = 0) -> Subject:
    """Return at most `count` generated images as the subject.

    Both are a folder, glob or zip; real images are resized to the size of the generated ones.
    UserError if images are missing, or the generated ones are not square and of one size.
    """
    sizes = sorted(image_sizes(generated))
    if len(sizes) != 1 or sizes[0][0] != sizes[0][1]:
        found = " and ".join(f"{width}x{height}" for width, height in sizes[:3])
        raise UserError(
            f"the images in {generated} are {found}, but must be square and all of one size."
        )
    made = open_images(generated, sizes[0][0])
    require_images(len(made.images), LEAST, "generated")
    name = re.sub(r"\W+", "_", Path(generated).stem).strip("_") or "images"
    # File names are often sorted by content, and the kernel distance compares blocks.
    chosen = np.random.default_rng(seed).permutation(len(made.images))[:count]
    images = open_images(real, sizes[0][0])
    require_images(len(images.images), 2 * LEAST, "real", HALVES)
    return Subject(generated, made.images[chosen], images, name, seed=seed)


def run_of(weights: Path, real: str | None) -> RunFolder | None:
    """Return the run of a weights file, None if it has none; UserError if real images are needed.

    real: a folder, glob or zip of real images; None for those that the run was trained on.
    """
    run = RunFolder.of_file(weights)
    if run and not run.architecture.is_file():  # a folder with a file of the user's own
        run = None
    if not run and not real:
        raise UserError(
            f"{weights} is not in a run's folder, so its training images are unknown; give the "
            "real images."
        )
    return run


def of_weights(
    source: str | None, real: str | None, count: int, truncation_psi: float = 1.0, seed: int = 0
) -> Subject:
    """Return the images of a generator as the subject.

    Args:
        source: a run's name or a weights file; None for the newest run.
        real: as for `run_of`.
        count: of generated images, at most.
        seed: of the first of them.

    Raises:
        UserError: the weights or images are missing, or `real` is needed.
    """
    path = find_weights(source)
    run = run_of(path, real)
    generator = load_generator(str(path))
    resolution = generator.resolution
    shape = {"resolution": resolution, "channels": generator.channels}
    config = run.config if run else from_dict({"model": shape})
    if real:
        config = config.updated(data={"images": real, "labels": None})
    if resolution < config.model.resolution:
        print(
            f"This run has grown to {resolution}x{resolution} so far. Its images are compared with "
            "real ones of that size; the results cannot be compared with those of other sizes."
        )
        config = config.updated(model={"resolution": resolution})
    images = open_data(config)
    print(images.summary())
    count = min(count, max(len(images.images) // 2, LEAST))  # more are never compared
    step, discriminator = step_of(path), None
    # A run from before it was saved at each step has none.
    if run and step is not None and (run.weights / DISCRIMINATOR.format(step)).is_file():
        discriminator = run.discriminator(step)
    label = f"{path.stem if step is None else step}"
    if truncation_psi != 1:
        label += f"_psi_{truncation_psi:g}"
    asked, codes, seeds = None, None, range(seed, seed + count)
    if generator.attributes:
        codes = generator.codes(seeds)
        asked = Asked(generator.attributes, codes, codes_of_real(images, generator.attributes))
    return Subject(
        str(path),
        generator.images_from_seeds(seeds, truncation_psi, labels=codes),
        images,
        label,
        run,
        step,
        config,
        discriminator,
        truncation_psi,
        seed,
        asked,
    )


def pending(
    subject: Subject, networks: Sequence[FeatureNetwork], count: int, copies: bool = True
) -> dict[str, tuple[int, float]]:
    """Return how many images the networks still have to process, and about how many seconds.

    Both are given for "compare", the images that are compared, and for "copies", the real images
    that only the check for copies needs. Features of real images are kept: they count once.
    """
    reference = _reference(subject, count)
    images, seconds = 0, 0.0
    for network in networks:
        for side in measures.SIDES:
            each = network.seconds_per_image(subject.generated, side)
            number = len(subject.generated)
            number += len(reference.missing(network, reference.taken, side))
            images, seconds = images + number, seconds + number * each
            if side == measures.COARSE and network is networks[0]:
                every = np.arange(len(reference.images))
                others = np.setdiff1d(every, reference.taken)
                further = len(reference.missing(network, others, side)) if copies else 0
                only_copies = further, further * each
    return {"compare": (images, seconds), "copies": only_copies}


def _reference(subject: Subject, count: int) -> ReferenceSet:
    """Return the reference set of a subject; UserError if there are too few images."""
    require_images(len(subject.generated), LEAST, "generated")
    cache = Path((subject.config.data if subject.config else Data()).cache)
    count = min(count, len(subject.generated))
    return ReferenceSet(subject.real.images, subject.real.key, cache, count)


def measure(
    subject: Subject, networks: Sequence[FeatureNetwork], count: int, copies: bool = True
) -> tuple[dict[str, Any], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Measure a subject.

    Args:
        networks: each gives distances; copies are searched with the features of the first.
        count: images on each side, at most; real vs real takes as many again.
        copies: whether to look for copies of real images, which takes the features of all of them.

    Returns:
        All results; and for "pixels" and "features" the (generated, real) images of the 16 nearest
        pairs, uint8 (16, H, W, C) each, or nothing without `copies`.
    """
    generated = subject.generated
    reference = _reference(subject, count)
    count = len(reference.sample)
    features, comparisons = [], []
    for network in networks:
        by_side = {}
        for side in measures.SIDES:  # with a bar; all that follows uses what is kept
            by_side[side] = network.features(generated, side, "generated")
            reference.features(network, reference.taken, side, "real")
        features.append(by_side)
        with waiting(f"Computing the distances of {2 * count:,} images"):
            comparisons.append(measures.compare(by_side, reference, network))
    result: dict[str, Any] = {"generated": subject.name, "real": subject.real.source}
    result["comparisons"] = comparisons
    if subject.truncation_psi != 1:
        result["psi"] = subject.truncation_psi
    pairs = {}
    spaces = (
        ("pixels", generated, None),
        ("features", features[0][measures.COARSE], networks[0]),
    )
    if copies:
        every = np.arange(len(reference.images))
        reference.features(networks[0], every, measures.COARSE, "all real")
    for space, values, network in spaces if copies else ():
        with waiting(f"Looking for copies of {len(reference.images):,} real images"):
            index, relative, verdict = measures.copies(values, reference, network)
        result[f"copies_in_{space}"] = asdict(verdict) | {"verdict": str(verdict)}
        closest = np.argsort(relative)[:PAIRS]
        pairs[space] = generated[closest], reference.images[index[closest]]
    if subject.discriminator:
        result["discriminator"] = measures.discriminator_scores(
            subject.discriminator,
            SCALES[subject.config.objective.name],
            generated[:SCORED],
            reference.shown(SCORED)[1],
            subject.config.training.batch_size,
        )
    is_demo = subject.config is not None and subject.config.data.images == "demo"
    if subject.asked:
        own = features[0][None], reference, networks[0], is_demo
        result |= _of_labels(subject.asked, generated, *own)
    return result | _of_faces(generated, reference, is_demo), pairs


def _of_faces(generated: np.ndarray, reference: ReferenceSet, is_demo: bool) -> dict[str, Any]:
    """Return what only images of faces have: eyes, and the attributes of built-in faces."""
    found = {}
    real = reference.images[reference.order[: 2 * SCORED]]
    with waiting("Comparing the eyes of each face"):
        if eyes := unlike_eyes(generated, real):
            found["unlike_eyes"] = eyes
    if is_demo and generated.shape[1:] == (64, 64, 3):
        found["kinds"] = measures.kinds(generated, reference)
    return found


def _of_labels(
    asked: Asked,
    generated: np.ndarray,
    features: np.ndarray,
    reference: ReferenceSet,
    network: FeatureNetwork,
    is_demo: bool,
) -> dict[str, Any]:
    """Return the distances within classes, and the labels read back.

    Attributes without a reader of their own are read by classifiers fitted to the real images.
    """
    found: dict[str, Any] = {"read_back": {}}
    if asked.real is not None:
        found["within_classes"] = within_classes(asked, features, reference, network)
    reader = demo_attributes.read if is_demo else color_reader(asked.attributes)
    if reader and generated.shape[3] == 3:  # no colors can be read from gray images
        chosen, images = reference.shown(SCORED)
        found["read_back"] = read_back(asked, reader(generated), (chosen, reader(images)))
    others = [name for name in asked.attributes if name not in found["read_back"]]
    rest = read_back(asked, *classified(asked, others, generated, features, reference, network))
    found["read_back"] |= {name: x | {"classifier": network.name} for name, x in rest.items()}
    found["not_read"] = [name for name in others if name not in rest]
    return found


def save(subject: Subject, result: dict, pairs: dict, out: Path | None = None) -> list[Path]:
    """Append what `measure` returned to evaluations.jsonl, and write images of the pairs.

    They are in the folder `out`, else in that of the run. Without both, the results are in the
    current folder, and the images are not written, since they show real ones.

    Returns the files.
    """
    folder = out or (output_folder(Path(subject.name)) if subject.run else None)
    make_folder(folder or Path())
    paths = [(folder or Path()) / RESULTS]
    for space, (generated, real) in pairs.items() if folder else ():
        both = [image for pair in zip(generated, real, strict=True) for image in pair]
        paths.append(free_path(folder / f"evaluation_{subject.label}_nearest_{space}.png"))
        about = {"run": subject.run and subject.run.name, "step": subject.step}
        save_image(paths[-1], image_grid(both, 8), about | {"pairs": "generated, real"})
    lines = [json.dumps(row) + "\n" for row in rows(subject, result)]
    if is_torn(paths[0]):
        lines.insert(0, "\n")
    file = Appended(paths[0], "a")
    file.write("".join(lines))
    file.close()
    return paths


def rows(subject: Subject, result: dict) -> list[dict[str, Any]]:
    """Return the lines of evaluations.jsonl, one for each network."""
    about = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "generated": subject.name,
        "real": subject.real.source,
        "run": subject.run and subject.run.name,
        "step": subject.step,
        "psi": subject.truncation_psi,
        "seed": subject.seed,
    }
    others = {k: v for k, v in result.items() if k not in ("comparisons", "psi", *about)}
    return [about | comparison | others for comparison in result["comparisons"]]


def is_torn(path: Path) -> bool:
    """Say whether a file of lines ends within a line, as after a crash."""
    try:
        with path.open("rb") as file:
            file.seek(-1, 2)
            return file.read(1) != b"\n"
    except OSError:  # there is none, or it is empty
        return False
