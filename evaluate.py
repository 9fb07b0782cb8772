"""Measure how good a generator is, how varied, and whether it copies.

    python evaluate.py                               the newest run, beside what it was trained on
    python evaluate.py v4 --count 1000
    python evaluate.py weights/v5/generator_5000.keras --images faces.zip
    python evaluate.py --pictures made --images faces.zip         two sets of pictures

Every number stands with its network, its counts and its floor: the same number between two
disjoint sets of real pictures. One number of one network is no ranking: look at the grids, and ask
a second network with --network.
"""

import argparse
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

# Before anything else of Keras: it decides which backend Keras starts with.
import training.backend  # noqa: F401

import numpy as np

import models
from config import Config, Data, from_dict, read_yaml
from data_loader import PictureSet, open_data, open_pictures, picture_sizes
from errors import UserError, clean_exit
from evaluation import measures
from evaluation.features import FeatureNetwork, open_network
from evaluation.reals import Reals
from sample import draw, find_weights, load_generator
from training import checkpoint
from training.files import whole_file
from training.gan import Gan, latents_of
from training.preview import save_grid
from training.run import IMAGES, WEIGHTS

PAIRS, SCORED = 16, 1_000


@dataclass
class Subject:
    """What is measured.

    name: what the result calls it. fake: its pictures, uint8 (N, H, W, C). real: those beside them.
    out: what the names of all that is written begin with. config, gan: of the run, where there is
    one.
    """

    name: str
    fake: np.ndarray
    real: PictureSet
    out: Path
    config: Config | None = None
    gan: Gan | None = None


def of_pictures(pictures: str, images: str, count: int) -> Subject:
    """Return a folder, glob or zip of generated pictures as what is measured."""
    sizes = sorted(picture_sizes(pictures))
    if len(sizes) != 1 or sizes[0][0] != sizes[0][1]:
        found = " and ".join(f"{width}x{height}" for width, height in sizes[:3])
        raise UserError(
            f"the pictures in {pictures} are {found}, but must be square and all of one size."
        )
    cache = Path(Data().cache)
    made = open_pictures(pictures, sizes[0][0], cache=cache)
    real = open_pictures(images, sizes[0][0], cache=cache)
    name = re.sub(r"\W+", "_", Path(pictures).stem).strip("_") or "pictures"
    return Subject(pictures, made.pictures[:count], real, Path(f"evaluation_{name}"))


def of_weights(source: str | None, images: str | None, count: int) -> Subject:
    """Return the pictures of a run's or a file's generator as what is measured."""
    path = find_weights(source)
    generator = load_generator(path)
    beside = path.with_name("config.yaml")
    if beside.is_file():
        config = from_dict(read_yaml(beside))
    elif images:
        _, _, resolution, channels = generator.output_shape
        config = from_dict({"model": {"resolution": resolution, "channels": channels}})
    else:
        raise UserError(
            f"no config.yaml lies beside {path} to tell what it was trained on; name the real "
            "pictures with --images."
        )
    if images:
        data = config.data.model_copy(update={"images": images})
        config = config.model_copy(update={"data": data})
    step = re.search(r"_(\d+)\.", path.name)
    in_run = path.parent.parent == WEIGHTS
    return Subject(
        str(path),
        draw(generator, latents_of(range(count), generator.input_shape[1])),
        open_data(config),
        (IMAGES / path.parent.name if in_run else Path())
        / f"evaluation_{step[1] if step else path.stem}",
        config,
        _gan_at(path.parent, config, int(step[1])) if in_run and step else None,
    )


def _gan_at(folder: Path, config: Config, step: int) -> Gan | None:
    """Return both networks as a run's newest checkpoint has them, None if it is of another step."""
    found = checkpoint.newest(folder)
    if not found or found[0]["step"] != step:
        return None
    gan = Gan.create(models.get_version(config.version), config)
    checkpoint.restore(gan.state, found[1])
    return gan


def measure(subject: Subject, network: FeatureNetwork, count: int) -> tuple[dict, dict]:
    """Return all results, and by space the (generated, real) pictures of the nearest pairs."""
    cache = Path((subject.config.data if subject.config else Data()).cache)
    reals = Reals(subject.real.pictures, subject.real.key, cache, count)
    made = {side: network.features(subject.fake, side, "generated") for side in measures.SIDES}
    result = {
        "pictures": subject.name,
        "real": subject.real.source,
        **measures.compare(made, reals, network, "real"),
    }
    pairs = {}
    for space, some, by in (
        ("pixels", subject.fake, None),
        ("features", made[measures.COARSE], network),
    ):
        found, verdict = measures.copies(some, reals, by, "all real")
        result[f"copies_in_{space}"] = asdict(verdict) | {"verdict": str(verdict)}
        closest = np.argsort(found.relative)[:PAIRS]
        pairs[space] = subject.fake[closest], reals.pictures[found.index[closest]]
    if subject.gan:
        result["discriminator"] = measures.discriminator_scores(
            subject.gan, subject.fake[:SCORED], reals.pictures[reals.sample[:SCORED]]
        )
    is_drawn = subject.config is not None and subject.config.data.images == "demo"
    if is_drawn and subject.fake.shape[1:] == (64, 64, 3):
        result["kinds"] = measures.kinds(subject.fake, reals)
    return result, pairs


def table(result: dict) -> str:
    """Return the results as a person reads them."""
    lines = [
        f"{result['pictures']}: {result['fake_count']:,} pictures beside "
        f"{result['real_count']:,} of {result['real']}; floors of {result['floor_count']:,} "
        "and as many",
    ]
    for name, title in (("whole", "as they are"), ("coarse", "coarse, without texture")):
        values = result[name]
        lines.append(f"{title}: {result['network']}, {result['resize'][name]}")
        for key, label in (
            ("frechet", "Fréchet distance"),
            ("kernel", "kernel distance"),
            ("precision", "precision"),
            ("recall", "recall"),
            ("density", "density"),
            ("coverage", "coverage"),
        ):
            error = f" +- {values['kernel_error']:.2g}" if key == "kernel" else ""
            lines.append(
                f"  {label:18}{values[key]:>10.4g}{error:12} floor {values['floor'][key]:.4g}"
            )
    for space in ("pixels", "features"):
        lines.append(f"copies in {space}: {result[f'copies_in_{space}']['verdict']}")
    if "discriminator" in result:
        scores = result["discriminator"]
        parts = [f"{key.replace('_', ' ')} {value:.3g}" for key, value in scores.items()]
        lines.append(f"discriminator: {', '.join(parts)}")
    if "kinds" in result:
        kinds = result["kinds"]
        lines.append(
            f"kinds of drawn faces: {kinds['coverage']:.1%} seen, divergence "
            f"{kinds['divergence']:.3f} bits; {kinds['floor_count']:,} real ones: "
            f"{kinds['floor']['coverage']:.1%}, {kinds['floor']['divergence']:.3f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", nargs="?", help="a run's name or a weights file; else the newest")
    parser.add_argument("--pictures", metavar="PATH", help="generated pictures in place of weights")
    parser.add_argument("--images", metavar="PATH", help="real pictures; else the run's own")
    parser.add_argument("--count", type=int, default=5_000, metavar="N", help="on each side")
    parser.add_argument(
        "--network", default="lite0", metavar="NAME", help="lite0, inception, or a .keras or .onnx"
    )
    parser.add_argument("--input-size", type=int, metavar="N", help="pixels that a file's takes")
    parser.add_argument("--scale", metavar="A,B", help="what a file's takes for black and white")
    parser.add_argument("--layer", metavar="NAME", help="whose output of a file's is taken")
    arguments = parser.parse_args()
    if arguments.count < 1:
        raise UserError(f"--count is {arguments.count}, but must be at least 1.")
    if arguments.pictures and (arguments.source or not arguments.images):
        raise UserError("--pictures takes no run or weights, but real pictures with --images.")
    network = open_network(
        arguments.network, arguments.input_size, parse_scale(arguments.scale), arguments.layer
    )
    if arguments.pictures:
        subject = of_pictures(arguments.pictures, arguments.images, arguments.count)
    else:
        subject = of_weights(arguments.source, arguments.images, arguments.count)

    result, pairs = measure(subject, network, arguments.count)
    print(table(result))
    with whole_file(Path(f"{subject.out}.json")) as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n")
    for space, (fake, real) in pairs.items():
        both = np.stack([fake, real], axis=1).reshape(-1, *fake.shape[1:])
        save_grid(Path(f"{subject.out}_nearest_{space}.png"), both, columns=8)
    print(
        f"written: {subject.out}.json, and the nearest pairs, generated beside real, to "
        f"{subject.out}_nearest_pixels.png and _features.png"
    )


def parse_scale(text: str | None) -> tuple[float, float] | None:
    """Return "-1,1" as (-1.0, 1.0)."""
    if text is None:
        return None
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise UserError(f"--scale is {text!r}, but must be two numbers, such as -1,1.") from None
    return low, high


if __name__ == "__main__":
    raise SystemExit(clean_exit(main)())
