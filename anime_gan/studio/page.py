"""The studio: one HTML file that generates faces by itself, with no server and no network."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from anime_gan.data.png import SOFTWARE
from anime_gan.directions.components import principal_directions
from anime_gan.directions.direction import Direction, load_directions
from anime_gan.export.onnx import to_float16, to_onnx
from anime_gan.features.onnx_runtime import open_session
from anime_gan.generation.figures import LEVELS
from anime_gan.generation.generator import MEAN_OF, Generator
from anime_gan.studio.faces import specs_of
from anime_gan.web.page import render

FOLDER = Path(__file__).parent
_VENDOR = FOLDER / "vendor"
_ABOUT = ("run", "version", "step", "weights")  # of the card, what each image says about itself
_CARD = ("training images", "whose they are", "license")


def studio_page(
    generator: Generator,
    title: str,
    about: dict[str, Any],
    card: Sequence[str] = (),
    directions: Sequence[Direction] | None = None,
    float16: bool = False,
    faces: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> str:
    """Return the page of a generator as HTML.

    Args:
        generator: a trained one.
        title: of the page, such as the run's name.
        about: what each image says about itself: the weights, their run, their step.
        card: paragraphs about the generator and its license.
        directions: what the sliders change; None for those that were found before, or else the
            principal components.
        float16: store the weights in half precision; a seed is then not quite sample.py's face.
        faces: latents of files by the names of these, as `load_faces` returns them. The page opens
            with these faces picked.
    """
    if directions is None:
        directions = _own_directions(generator)
    parts = ("mapping", "synthesis") if generator.has_styles else ("whole",)
    page = render(
        FOLDER / "studio.html",
        title=title,
        card=card,
        spec=_spec(generator, directions) | {"about": _texts(about), "faces": specs_of(faces)},
        networks={part: _network(generator, part, float16) for part in parts},
        runtime=_base64(_VENDOR / "onnxruntime.wasm.gz"),
        licenses={path.stem: path.read_text() for path in sorted(_VENDOR.glob("*.LICENSE"))},
    )
    return _with_policy(page)


def _own_directions(generator: Generator) -> Sequence[Direction]:
    """Return the directions beside a generator's weights, else its principal components."""
    found = load_directions(generator.source) if generator.source else None
    return found.directions if found else principal_directions(generator)


def write(
    generator: Generator,
    network: None,
    float16: bool,
    card: Mapping[str, str],
    path: Path,
    faces: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> None:
    """Write the page of a generator, with what its card says of it.

    network is not used; faces: as for `studio_page`.
    """
    about = {key: card[key] for key in _ABOUT if key in card}
    title = card.get("run") or Path(card["weights"]).stem
    page = studio_page(generator, title, about, paragraphs(card), float16=float16, faces=faces)
    path.write_text(page, encoding="utf-8")


def open_file(path: Path) -> Callable[..., np.ndarray]:
    """Return the function of the networks in a page, from arrays by name to images."""
    page = path.read_text(encoding="utf-8")
    found = re.findall(r'data-part="(\w+)">([^<]*)<', page)
    parts = {name: open_session(gzip.decompress(base64.b64decode(text))) for name, text in found}
    spec = json.loads(re.search(r'id="spec">([^<]*)<', page)[1])
    tables = [np.array(one["vectors"], "float32") for one in spec["labels"]]

    def joined(latent: np.ndarray, labels: np.ndarray) -> np.ndarray:
        columns = zip(tables, np.reshape(labels, (len(latent), -1)).T, strict=True)
        return np.hstack([latent, *(table[codes] for table, codes in columns)])

    def mean(labels: np.ndarray) -> np.ndarray:
        if not tables:
            return np.array(spec["mean"], "float32")
        z = np.random.default_rng(0).standard_normal((MEAN_OF, spec["normalDim"]))
        latent = joined(z.astype("float32"), np.tile(labels, (MEAN_OF, 1)))
        return parts["mapping"].run(None, {"latent": latent})[0].mean(axis=0)

    def run(latent: np.ndarray, labels: np.ndarray = (), **scalars: np.ndarray) -> np.ndarray:
        latent = joined(latent, labels)
        if "whole" in parts:
            return parts["whole"].run(None, {"latent": latent})[0]
        (w,) = parts["mapping"].run(None, {"latent": latent})
        means = np.stack([mean(row) for row in labels]) if tables else mean(labels)
        w = means + scalars["truncation"] * (w - means)
        w = np.repeat(w[:, None], spec["layers"], axis=1)
        return parts["synthesis"].run(None, {"w": w, "noise": scalars["noise"]})[0]

    return run


def _network(generator: Generator, part: str, float16: bool) -> str:
    """Return a part of a generator as packed ONNX; the page joins labels with latents itself."""
    own = Generator(generator.network) if generator.attributes else generator
    model = to_onnx(own, part)
    if float16:
        to_float16(model)
    return _packed(model.SerializeToString())


def paragraphs(card: Mapping[str, str]) -> list[str]:
    """Return what a model card says of rights, without marks of code."""
    rows = {key: card[key].replace("`", "").rstrip(".") for key in _CARD if key in card}
    return [f"{key.capitalize()}: {text}." for key, text in rows.items()]


def _spec(generator: Generator, directions: Sequence[Direction]) -> dict[str, Any]:
    """Return what the page has to know about a generator."""
    numbers = range(generator.layers)
    levels = {name: list(numbers[part]) for name, part in LEVELS.items()}
    if not generator.has_styles:
        levels = {}
    return {
        "hasStyles": generator.has_styles,
        "latentDim": generator.latent_dim,
        "normalDim": generator.normal_dim,
        "layers": generator.layers,
        "resolution": generator.resolution,
        "channels": generator.channels,
        "mean": generator.mean_w.tolist(),
        "labels": [
            {"name": name, "values": values, "vectors": vectors.tolist(), "shares": list(shares)}
            for (name, values), (vectors, shares) in zip(
                generator.attributes.items(), generator.label_tables(), strict=True
            )
        ],
        "levels": [{"name": name, "layers": layers} for name, layers in levels.items() if layers],
        "directions": [
            {"name": x.name, "label": x.label, "vector": x.vector.tolist(), "layers": x.layers}
            for x in directions
        ],
    }


def _texts(about: dict[str, Any]) -> dict[str, str]:
    """Return the text chunks that all images have."""
    known = {"Software": SOFTWARE, **about}
    return {key: str(value) for key, value in known.items() if value is not None}


def _packed(data: bytes) -> str:
    """Return data as base64, gzipped, the same in each call."""
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _with_policy(page: str) -> str:
    """Return the page with its content policy.

    It names the page's own scripts and styles by their hashes, so that no others run, and no
    source of anything else: the page can't request.
    """

    def hashes(start: str) -> str:
        texts = re.findall(f"{re.escape(start)}(.*?)</", page, re.DOTALL)
        return " ".join(f"'sha256-{_hash(text)}'" for text in texts)

    styles, scripts = hashes("<style>"), hashes('<script type="module">')
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data: blob:; "
        f"worker-src blob:; style-src {styles}; "
        f"script-src blob: 'wasm-unsafe-eval' {scripts}"
    )
    return page.replace("CONTENT-POLICY", policy, 1)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
