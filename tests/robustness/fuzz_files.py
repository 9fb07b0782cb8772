"""Damaged checkpoints, images, caches and weights: cases for fuzz.py, as in fuzz_texts.py."""

import io
import json
from pathlib import Path
from random import Random

from anime_gan import backend

backend.start()

import keras
import numpy as np
from PIL import Image

from anime_gan.config import load_config, plain_yaml
from anime_gan.data.decode import read_chunk, whole_image
from anime_gan.data.image_set import open_images
from anime_gan.generation.load import load_network
from anime_gan.runs import checkpoint
from anime_gan.runs.weights import save_weights
from anime_gan.training.state import TrainState
from tests.robustness import mutations
from tests.robustness.fuzz_texts import Case, Wrong, require

TINY = ["model.width=0.02", "model.resolution=32", "model.latent_dim=8", "training.batch_size=4"]


def checkpoints(folder: Path) -> Case:
    """The newest of two checkpoints; its values, or those of the one before it, are right."""
    found = load_config(None, TINY)
    gan = TrainState(found)
    facts = {
        "config": found.model_dump(mode="json"),
        "precision": "float32",
        "data_key": "0" * 32,
        "seconds": 1.5,
        "peak_memory": 1,
        "rollbacks": 0,
        "sound": 1,
    }
    states, told = [], []
    for step in (1, 2):
        for variable in gan.variables:
            variable.assign(np.asarray(variable) + step)
        path = checkpoint.save(folder, step, gan.named_variables, facts, 2)
        states.append(
            {name: np.asarray(variable) for name, variable in gan.named_variables.items()}
        )
        told.append(checkpoint.newest(folder)[0])
    whole = path.read_bytes()

    def case(draw: Random) -> str:
        if draw.random() < 0.7:
            path.write_bytes(mutations.of_bytes(whole, draw))
        else:
            path.write_bytes(
                mutations.rezipped(whole, draw, lambda name, data: _changed_entry(name, data, draw))
            )
        facts, arrays = checkpoint.newest(folder)
        checkpoint.restore(gan.named_variables, arrays)
        for place in (1, 0):
            same = all(
                np.array_equal(np.asarray(variable), states[place][name], equal_nan=True)
                for name, variable in gan.named_variables.items()
            )
            if same:
                require(facts == told[place], "other facts")
                return ("skipped", "right")[place]
        raise Wrong("other arrays")

    return case


def _changed_entry(name: str, content: bytes, draw: Random) -> bytes:
    """Change one array of a checkpoint, or one of its facts; sometimes its shape too."""
    if name.startswith("facts"):
        kept = np.load(io.BytesIO(content)).tobytes().decode()
        kept = json.dumps(mutations.of_values(json.loads(kept), draw), default=str)
        array = np.frombuffer(kept.encode("utf-8", "surrogatepass"), np.uint8)
    else:
        array = np.load(io.BytesIO(content))
        array = draw.choice(
            [array.astype("O"), array[..., None], array.astype("S"), array.astype("f8") * 2]
        )
    file = io.BytesIO()
    np.save(file, array)
    data = file.getvalue()
    if draw.random() < 0.2:
        data = data.replace(b"'shape': (", b"'shape': (99999999999, ", 1)
    return data


class _Memory:
    """A source of one image that is in no file."""

    name, has_checksums = "memory", True

    def __init__(self, name: str, data: bytes):
        self.entries, self._data = [(name, len(data), 0)], data

    def read(self, index: int) -> bytes:
        return self._data


def _every_format() -> dict[str, bytes]:
    """Return an image of every format that Pillow writes, by a name with its ending."""
    originals = mutations.images()
    image = Image.open(io.BytesIO(originals["RGB.png"]))
    kinds = ("TIFF", "PPM", "TGA", "PCX", "ICO", "SGI", "IM", "JPEG2000", "DDS", "QOI", "XBM")
    for kind in (*kinds, "AVIF", "DIB", "ICNS", "BLP"):
        file = io.BytesIO()
        try:
            image.convert("1" if kind == "XBM" else "RGB").save(file, kind)
        except (OSError, KeyError, ValueError):
            continue  # this Pillow can't write it
        originals[f"a.{kind.lower()}"] = file.getvalue()
    return originals


def images(folder: Path) -> Case:
    """Every format of a set, decoded for training."""
    originals = _every_format()
    shape = (16, 16, 3)
    first = {n: read_chunk(_Memory(n, d), range(1), shape).images for n, d in originals.items()}

    def case(draw: Random) -> str:
        name = draw.choice([*originals])
        data = mutations.of_bytes(originals[name], draw)
        found, skipped, *_ = read_chunk(_Memory(name, data), range(1), shape)
        if not found:
            require(len(skipped) == 1 and bool(skipped[0][2]), "skipped without a reason")
            return "skipped"
        require(found[0].shape == shape and found[0].dtype == np.uint8, "no image")
        return "right" if first[name] and np.array_equal(found, first[name]) else "another"

    return case


def raw_images(folder: Path) -> Case:
    """The same at their own size, as prepare_faces.py takes them."""
    originals = _every_format()
    first = {}
    for name, data in originals.items():
        try:
            first[name] = np.asarray(whole_image(data, name))
        except Exception:  # a bomb
            first[name] = None

    def case(draw: Random) -> str:
        name = draw.choice([*originals])
        try:
            found = np.asarray(whole_image(mutations.of_bytes(originals[name], draw), name))
        except Exception as error:  # on malformed data, decoders raise all there is
            if isinstance(error, MemoryError):
                raise
            return "skipped"
        return "right" if np.array_equal(found, first[name]) else "another"

    return case


def zips(folder: Path) -> Case:
    """Zips of images, whose checksums leave no pixel to chance."""
    some = {n: d for n, d in mutations.images().items() if n in ("RGB.png", "P.png", "plain.jpg")}
    originals = mutations.zips(some)
    right = [
        read_chunk(_Memory(name, data), range(1), (16, 16, 3)).images[0]
        for name, data in some.items()
    ]
    path = folder / "set.zip"

    def case(draw: Random) -> str:
        name = draw.choice(["stored", "stored", "deflated", "deflated", *originals])
        path.write_bytes(mutations.of_bytes(originals[name], draw))
        found = open_images(path, 16, cache=folder / "cache", workers=1)
        for image in found.images:
            require(any(np.array_equal(image, own) for own in right), "other pixels")
        for old in (folder / "cache").iterdir():
            old.unlink()
        return "skipped" if found.skipped or len(found.names) < len(some) else "right"

    return case


def caches(folder: Path) -> Case:
    """The index and the size of the pixels that are kept; their bits have no checksum."""
    source, cache = folder / "images", folder / "cache"
    source.mkdir()
    for name, data in mutations.images().items():
        if name not in ("large.png",):
            (source / name).write_bytes(data)
    first = open_images(source, 16, cache=cache, workers=1)
    right, files = np.array(first.images[:]), {p: p.read_bytes() for p in cache.iterdir()}

    def case(draw: Random) -> str:
        for path, data in files.items():
            path.write_bytes(data)
        path = draw.choice([*files])
        data = mutations.of_bytes(files[path], draw)
        if path.suffix == ".json" and draw.random() < 0.5:
            data = json.dumps(mutations.of_values(json.loads(files[path]), draw)).encode()
        elif path.suffix == ".u8" and len(data) == len(files[path]):
            data = data[: draw.randrange(len(data))]
        path.write_bytes(data)
        share = draw.choice([0.5, 0.0])
        found = open_images(source, 16, cache=cache, workers=1, cache_share=share)
        require(np.array_equal(found.images[np.arange(len(right))], right), "other pixels")
        require(found.names == first.names, "other names")
        require([n for n, _ in found.skipped] == [n for n, _ in first.skipped], "other skips")
        return "right"

    return case


def _trained(folder: Path) -> tuple[TrainState, list[np.ndarray]]:
    """Return tiny networks whose weights and config lie in a folder, and the generator's."""
    found = load_config(None, TINY)
    gan = TrainState(found)
    gan.generator.save(folder / "generator_2.keras")
    save_weights(gan.combined, folder / "gan_weights_2.weights.h5")
    (folder / "config.yaml").write_text(plain_yaml.write(found.model_dump()))
    return gan, gan.generator.get_weights()


def weights(folder: Path) -> Case:
    """The two kinds of weights files that sample.py draws from."""
    gan, right = _trained(folder)
    told = json.dumps(gan.generator.get_config(), sort_keys=True, default=str)
    files = {path: path.read_bytes() for path in folder.glob("*_2.*")}

    def case(draw: Random) -> str:
        keras.backend.clear_session()
        path = draw.choice([*files])
        crafted = path.suffix == ".keras" and draw.random() < 0.4
        if crafted:
            data = mutations.rezipped(files[path], draw, lambda name, data: _changed(data, draw))
        else:
            data = mutations.of_bytes(files[path], draw)
        path.write_bytes(data)
        try:
            found = load_network(path)
        finally:
            path.write_bytes(files[path])
        same = [np.array_equal(a, b) for a, b in zip(found.get_weights(), right, strict=False)]
        if not crafted:
            require(all(same) and len(same) == len(right), "other weights")
            own = json.dumps(found.get_config(), sort_keys=True, default=str)
            require(path.suffix != ".keras" or own == told, "other layers")
        return "right" if all(same) else "another"

    return case


def _changed(data: bytes, draw: Random) -> bytes:
    """Return a member of a .keras with a value of its JSON changed, or some of its bytes."""
    try:
        return json.dumps(mutations.of_values(json.loads(data), draw)).encode()
    except ValueError:
        return mutations.of_bytes(data, draw)


def run_configs(folder: Path) -> Case:
    """The config.yaml that a .weights.h5 needs beside it."""
    _, right = _trained(folder)
    path = folder / "config.yaml"
    whole = path.read_text()

    def case(draw: Random) -> str:
        keras.backend.clear_session()
        text = mutations.of_text(whole, draw)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        found = load_network(folder / "gan_weights_2.weights.h5").get_weights()
        same = [np.array_equal(a, b) for a, b in zip(found, right, strict=True)]
        require(all(same), "other weights")
        return "right"

    return case
