"""What is measured: a run's generator, a weights file's, or a folder of pictures."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from anime_gan import networks
from anime_gan.config.schema import Config, Data, from_dict, read_yaml
from anime_gan.config.stages import stage_before
from anime_gan.data.image_set import ImageSet, image_sizes, open_data, open_images
from anime_gan.errors import UserError
from anime_gan.features.network import FeatureNetwork
from anime_gan.generation.generator import Drawer
from anime_gan.generation.load import draw, find_weights, images_beside, load_generator
from anime_gan.metrics import measures
from anime_gan.metrics.reference import LEAST, ReferenceSet, require_images
from anime_gan.runs import checkpoint
from anime_gan.training.state import Gan, latents_of

PAIRS, SCORED = 16, 1_000


@dataclass
class Subject:
    """What is measured.

    name: what the result calls it. fake: its pictures, uint8 (N, H, W, C). real: those beside them.
    out: what the names of all that is written begin with. config, gan: of the run, where there is
    one. psi: how far the pictures are truncated, 1 for not at all.
    """

    name: str
    fake: np.ndarray
    real: ImageSet
    out: Path
    config: Config | None = None
    gan: Gan | None = None
    psi: float = 1.0


def of_pictures(pictures: str, images: str, count: int) -> Subject:
    """Return a folder, glob or zip of generated pictures as what is measured."""
    sizes = sorted(image_sizes(pictures))
    if len(sizes) != 1 or sizes[0][0] != sizes[0][1]:
        found = " and ".join(f"{width}x{height}" for width, height in sizes[:3])
        raise UserError(
            f"the pictures in {pictures} are {found}, but must be square and all of one size."
        )
    cache = Path(Data().cache)
    made = open_images(pictures, sizes[0][0], cache=cache)
    real = open_images(images, sizes[0][0], cache=cache)
    name = re.sub(r"\W+", "_", Path(pictures).stem).strip("_") or "pictures"
    # Names often sort by kind, and the kernel distance takes blocks.
    some = np.random.default_rng(0).permutation(len(made.images))[:count]
    return Subject(pictures, made.images[some], real, Path(f"evaluation_{name}"))


def of_weights(source: str | None, images: str | None, count: int, psi: float = 1.0) -> Subject:
    """Return the pictures of a run's or a file's generator, truncated, as what is measured."""
    path = find_weights(source)
    generator = load_generator(path)
    _, _, resolution, channels = generator.output_shape
    is_run = path.with_name("gan.json").is_file()  # another config.yaml may lie beside it by chance
    if is_run:
        config = from_dict(read_yaml(path.with_name("config.yaml")))
    elif images:
        config = from_dict({"model": {"resolution": resolution, "channels": channels}})
    else:
        raise UserError(
            f"{path} does not lie in a run's folder, so it is not known what it was trained on; "
            "name the real pictures with --real."
        )
    if images:
        data = config.data.model_copy(update={"images": images})
        config = config.model_copy(update={"data": data})
    whole = config
    if resolution < config.model.resolution:
        print(
            f"This run has grown to {resolution}x{resolution} yet, so its faces are measured "
            "beside real ones of that size; the numbers compare with those of no other."
        )
        shape = config.model.model_copy(update={"resolution": resolution})
        config = config.model_copy(update={"model": shape})
    real = open_data(config)
    count = min(count, max(len(real.images) // 2, LEAST))  # more are never compared
    step = re.search(r"_(\d+)\.", path.name)
    folder = images_beside(path)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"evaluation_{step[1] if step else path.stem}"
    return Subject(
        str(path),
        draw(generator, latents_of(range(count), generator.input_shape[1]))
        if psi == 1
        else Drawer(generator).faces(range(count), psi),
        real,
        folder / (name if psi == 1 else f"{name}_psi_{psi:g}"),
        config,
        _gan_at(path.parent, whole, int(step[1])) if is_run and step else None,
        psi,
    )


def _gan_at(folder: Path, config: Config, step: int) -> Gan | None:
    """Return both networks as a run's newest checkpoint has them, None if it is of another step."""
    found = checkpoint.newest(folder)
    if not found or found[0]["step"] != step:
        return None
    stage = stage_before(config, step)
    gan = Gan.create(networks.get_version(config.version), config, stage=stage)
    checkpoint.restore(gan.state, found[1])
    return gan


def measure(subject: Subject, networks: list[FeatureNetwork], count: int) -> tuple[dict, dict]:
    """Return all results, and by space the (generated, real) pictures of the nearest pairs.

    count: on each side, at most; as many again are taken of the real ones for the floor.

    Every network has its own comparison; copies are looked for in the features of the first.
    """
    cache = Path((subject.config.data if subject.config else Data()).cache)
    require_images(len(subject.fake), LEAST, "generated")
    count = min(count, len(subject.fake))
    reals = ReferenceSet(subject.real.images, subject.real.key, cache, count)
    made = [
        {side: network.features(subject.fake, side, "generated") for side in measures.SIDES}
        for network in networks
    ]
    result: dict[str, Any] = {
        "pictures": subject.name,
        "real": subject.real.source,
        "comparisons": [
            measures.compare(features, reals, network, "real")
            for features, network in zip(made, networks, strict=True)
        ],
    }
    if subject.psi != 1:
        result["psi"] = subject.psi
    pairs = {}
    for space, some, by in (
        ("pixels", subject.fake, None),
        ("features", made[0][measures.COARSE], networks[0]),
    ):
        found, verdict = measures.copies(some, reals, by, "all real")
        result[f"copies_in_{space}"] = asdict(verdict) | {"verdict": str(verdict)}
        closest = np.argsort(found.relative)[:PAIRS]
        pairs[space] = subject.fake[closest], reals.images[found.index[closest]]
    if subject.gan:
        result["discriminator"] = measures.discriminator_scores(
            subject.gan, subject.fake[:SCORED], reals.images[np.sort(reals.order[:SCORED])]
        )
    is_drawn = subject.config is not None and subject.config.data.images == "demo"
    if is_drawn and subject.fake.shape[1:] == (64, 64, 3):
        result["kinds"] = measures.kinds(subject.fake, reals)
    return result, pairs
