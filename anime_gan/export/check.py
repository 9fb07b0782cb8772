"""The comparison of an exported file with the Keras network that it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from anime_gan.generation.generator import Generator

# A step of the 256 levels of gray is 2 / 255 = 0.0078. A quarter of it is below what an image of 8
# bits shows, and several times what sums in another order make (docs/export.md).
BOUND = 0.002
# Weights in half precision are wrong by up to 1 / 2048 each. The worst pixel was wrong by 0.01 in
# the pretrained generator, and by 0.03 in a fresh StyleGAN (docs/export.md). 0.06 is eight levels.
BOUND_FLOAT16 = 0.06


def largest_difference(
    run: Callable[..., np.ndarray], generator: Generator, part: str = "whole"
) -> float:
    """Return the largest difference of a file's outputs from those of Keras.

    Images meant for [-1, 1] may be larger, and so may w. Where Keras's values exceed 1, the
    difference is a share of the largest of them.

    Args:
        run: the file's function, from arrays by name to its output.
        generator: what the file holds, or a part of it.
        part: "whole", "mapping" or "synthesis".

    Returns:
        A number from 0; NaN if one of the two gives NaN.
    """
    differences = []
    for inputs, expected in _cases(generator, part):
        found = run(**{name: _array(value) for name, value in inputs.items()})
        if found.shape != expected.shape:
            raise ValueError(f"the file gives {found.shape}, Keras {expected.shape}")
        scale = max(1.0, float(np.abs(expected).max()))
        differences.append(float(np.abs(found - expected).max()) / scale)
    return float(np.max(differences))


def _array(value) -> np.ndarray:
    """Return labels as they are, int32, and all else as float32."""
    is_labels = getattr(value, "dtype", None) == "int32"
    return value if is_labels else np.asarray(value, "float32")


def _cases(generator: Generator, part: str) -> Iterator[tuple[dict, np.ndarray]]:
    """Yield inputs and Keras's outputs: for one latent and for several, with all scalars."""
    for seeds, psi, noise in (([0], 1, "const"), (range(1, 4), 0.5, "const"), ([4, 5], 1, "none")):
        z = generator.latents(seeds)
        given, strength = {"latent": z[:, : generator.normal_dim]}, 1 if noise == "const" else 0
        if generator.attributes:
            given["labels"] = generator.codes(seeds)
        if part == "mapping":
            yield given, generator.w_from_latents(z)
        elif part == "synthesis":
            w = np.stack([generator.w(seeds), generator.w(range(9, 9 + len(seeds)))], 1)
            w = w[:, np.arange(generator.layers) % 2]  # layers take one of two styles in turn
            yield {"w": w, "noise": strength}, generator.outputs(w, noise)
        elif generator.has_styles:
            inputs = given | {"truncation": psi, "noise": strength}
            yield inputs, generator.outputs(generator.w_from_latents(z, psi), noise)
        else:
            yield given, generator.outputs(z)
