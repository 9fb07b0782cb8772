"""Evaluates a run's generator, a weights file's, or a folder of generated images."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from anime_gan.config import Config, Data, from_dict
from anime_gan.config.scores import SCALES
from anime_gan.data.image_set import ImageSet, image_sizes, open_data, open_images
from anime_gan.errors import UserError
from anime_gan.features.network import FeatureNetwork
from anime_gan.files import whole_file
from anime_gan.generation.generator import Generator
from anime_gan.generation.load import find_weights, load_network, output_folder
from anime_gan.metrics import measures
from anime_gan.metrics.reference import LEAST, ReferenceSet, require_images
from anime_gan.runs.folder import DISCRIMINATOR, RunFolder
from anime_gan.runs.grids import save_grid

PAIRS, SCORED = 16, 1_000


@dataclass
class Subject:
    """What is evaluated."""

    name: str  # what the result calls it
    generated: np.ndarray  # its images, uint8 (N, H, W, C)
    real: ImageSet  # to compare them with
    out: Path  # of the output files, without their ends
    config: Config | None = None  # of the run that the images are from
    discriminator: keras.Model | None = None  # of the same run and step, if it was saved
    truncation_psi: float = 1.0  # of the generated images, 1 for no truncation


def of_images(generated: str, real: str, count: int) -> Subject:
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
    name = re.sub(r"\W+", "_", Path(generated).stem).strip("_") or "images"
    # File names are often sorted by content, and the kernel distance compares blocks.
    chosen = np.random.default_rng(0).permutation(len(made.images))[:count]
    return Subject(
        generated,
        made.images[chosen],
        open_images(real, sizes[0][0]),
        Path(f"evaluation_{name}"),
    )


def of_weights(
    source: str | None, real: str | None, count: int, truncation_psi: float = 1.0
) -> Subject:
    """Return the images of a generator as the subject.

    Args:
        source: a run's name or a weights file; None for the newest run.
        real: a folder, glob or zip of real images; None for those that the run was trained on.
        count: of generated images, at most.

    Raises:
        UserError: the weights or images are missing, or `real` is needed.
    """
    path = find_weights(source)
    generator = Generator(load_network(path))
    resolution, run = generator.resolution, RunFolder.of_file(path)
    if run and not run.architecture.is_file():  # a folder with a file of the user's own
        run = None
    if not run and not real:
        raise UserError(
            f"{path} is not in a run's folder, so its training images are unknown; give the real "
            "images."
        )
    shape = {"resolution": resolution, "channels": generator.channels}
    config = run.config if run else from_dict({"model": shape})
    if real:
        config = config.updated(data={"images": real})
    if resolution < config.model.resolution:
        print(
            f"This run has grown to {resolution}x{resolution} so far. Its images are compared with "
            "real ones of that size; the results cannot be compared with those of other sizes."
        )
        config = config.updated(model={"resolution": resolution})
    images = open_data(config)
    print(images.summary())
    count = min(count, max(len(images.images) // 2, LEAST))  # more are never compared
    step, discriminator = re.search(r"_(\d+)\.", path.name), None
    # A run from before it was saved at each step has none.
    if run and step and (run.weights / DISCRIMINATOR.format(step[1])).is_file():
        discriminator = run.discriminator(int(step[1]))
    folder = output_folder(path)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"evaluation_{step[1] if step else path.stem}"
    if truncation_psi != 1:
        name += f"_psi_{truncation_psi:g}"
    return Subject(
        str(path),
        generator.images_from_seeds(range(count), truncation_psi),
        images,
        folder / name,
        config,
        discriminator,
        truncation_psi,
    )


def measure(
    subject: Subject, networks: list[FeatureNetwork], count: int
) -> tuple[dict[str, Any], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Measure a subject.

    Args:
        networks: each gives distances; copies are searched with the features of the first.
        count: images on each side, at most; real vs real takes as many again.

    Returns:
        All results; and for "pixels" and "features" the (generated, real) images of the 16 nearest
        pairs, uint8 (16, H, W, C) each.
    """
    cache = Path((subject.config.data if subject.config else Data()).cache)
    generated = subject.generated
    require_images(len(generated), LEAST, "generated")
    count = min(count, len(generated))
    reference = ReferenceSet(subject.real.images, subject.real.key, cache, count)
    features, comparisons = [], []
    for network in networks:
        by_side = {side: network.features(generated, side, "generated") for side in measures.SIDES}
        features.append(by_side)
        comparisons.append(measures.compare(by_side, reference, network, "real"))
    result: dict[str, Any] = {"generated": subject.name, "real": subject.real.source}
    result["comparisons"] = comparisons
    if subject.truncation_psi != 1:
        result["psi"] = subject.truncation_psi
    pairs = {}
    for space, values, network in (
        ("pixels", generated, None),
        ("features", features[0][measures.COARSE], networks[0]),
    ):
        index, relative, verdict = measures.copies(values, reference, network, "all real")
        result[f"copies_in_{space}"] = asdict(verdict) | {"verdict": str(verdict)}
        closest = np.argsort(relative)[:PAIRS]
        pairs[space] = generated[closest], reference.images[index[closest]]
    if subject.discriminator:
        result["discriminator"] = measures.discriminator_scores(
            subject.discriminator,
            SCALES[subject.config.objective.name],
            generated[:SCORED],
            reference.images[np.sort(reference.order[:SCORED])],
            subject.config.training.batch_size,
        )
    is_demo = subject.config is not None and subject.config.data.images == "demo"
    if is_demo and generated.shape[1:] == (64, 64, 3):
        result["kinds"] = measures.kinds(generated, reference)
    return result, pairs


def save(subject: Subject, result: dict, pairs: dict) -> list[Path]:
    """Write what `measure` returned, as JSON and as images of the pairs; return the paths."""
    paths = [Path(f"{subject.out}.json")]
    with whole_file(paths[0]) as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n")
    for space, (generated, real) in pairs.items():
        both = np.stack([generated, real], axis=1).reshape(-1, *generated.shape[1:])
        paths.append(Path(f"{subject.out}_nearest_{space}.png"))
        save_grid(paths[-1], both, columns=8)
    return paths
