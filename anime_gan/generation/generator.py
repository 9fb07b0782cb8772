"""A trained generator as figures and films take it: codes that can be truncated and mixed, noise.

A code is what a face is made from: its style w where the generator has such, else its latent.
Truncation moves codes towards their mean, where faces are more usual and more alike (Karras et al.
2018, arXiv 1812.04948, appendix B); of latents the mean is 0.
"""

import keras
import numpy as np
from tqdm import tqdm

from anime_gan.data.pixels import to_uint8
from anime_gan.errors import UserError
from anime_gan.generation.load import BATCH, FEW, batched
from anime_gan.networks.layers.style import AddNoise
from anime_gan.training.state import latents_of, layers_of

NOISE = ("fixed", "fresh", "off")


class Drawer:
    """Draws faces of seeds and codes.

    generator: from latents (B, latent_dim) to pictures (B, H, W, C) meant for [-1, 1].
    shape: of a picture, (H, W, C).
    styled: whether it has styles, and so codes for each of its `layers`, and noise.
    dim: how many numbers a code has. mean: the mean code (dim,). synthesis: from codes for each
        layer, (B, layers, dim), to pictures.
    """

    def __init__(self, generator: keras.Model):
        self._generator = generator
        named = {layer.name: layer for layer in generator.layers}
        self.styled = {"mapping", "styles", "synthesis"} <= set(named)
        self.layers, self.dim = 1, generator.input_shape[1]
        self.shape = generator.output_shape[1:]
        self.mean, self._noises, self._own = np.zeros(self.dim, "float32"), [], []
        self.synthesis = generator
        if self.styled:
            self._mapping, self.synthesis = named["mapping"], named["synthesis"]
            self.layers = self.synthesis.input_shape[1]
            self.mean = keras.ops.convert_to_numpy(named["styles"].mean)
            self._noises = [x for x in layers_of(self.synthesis) if isinstance(x, AddNoise)]
            self._own = [keras.ops.convert_to_numpy(x.fixed) for x in self._noises]

    def latents(self, seeds) -> np.ndarray:
        """Return the latents of seeds, (len(seeds), latent_dim)."""
        return latents_of(seeds, self._generator.input_shape[1])

    def codes(self, seeds, psi: float = 1.0) -> np.ndarray:
        """Return the codes of seeds, truncated: mean + psi (code - mean), (len(seeds), dim)."""
        return self.codes_of(self.latents(seeds), psi)

    def codes_of(self, latents, psi: float = 1.0) -> np.ndarray:
        """Return the codes of latents (N, latent_dim), truncated, (N, dim)."""
        codes = batched(self._mapping, latents) if self.styled else latents
        return codes if psi == 1 else self.mean + np.float32(psi) * (codes - self.mean)

    def faces(self, seeds, psi: float = 1.0, noise: str = "fixed") -> np.ndarray:
        """Return the faces of seeds as uint8 (N, H, W, C); fresh noise too belongs to the seed."""
        return self.images(self.codes(seeds, psi), noise, seeds)

    def images(self, codes, noise: str = "fixed", seeds=(), noisy=None) -> np.ndarray:
        """Return the pictures of codes (N, dim), or of one for each layer (N, layers, dim).

        noise: "fixed" is the generator's own, the same in every picture; "fresh" another for each
        of `seeds`; "off" none. noisy: the sizes of maps, in pixels, that have it; None for all.
        What comes out is uint8 (N, H, W, C), each picture the same whatever is drawn with it.
        """
        if not self.styled:
            if noise != "fixed":
                raise UserError(f"--noise {noise} is for versions with noise: stylegan, stylegan2.")
            return batched(self._generator, codes, to_uint8, FEW)
        if codes.ndim == 2:
            codes = np.repeat(codes[:, None], self.layers, axis=1)
        try:
            if noise == "fresh":
                # One by one, each with noise of its own in place of the generator's.
                pairs = zip(tqdm(seeds, "faces", disable=len(seeds) < 100), codes, strict=True)
                return np.concatenate(
                    [self._with_noise(self._drawn(s), noisy, code[None], 1) for s, code in pairs]
                )
            maps = self._own if noise == "fixed" else [0 * own for own in self._own]
            return self._with_noise(maps, noisy, codes)
        finally:
            self._set(self._own)

    def _drawn(self, seed: int) -> list[np.ndarray]:
        """Return the fresh noise of a seed, for each layer."""
        draw = np.random.default_rng([seed, 1])  # not the numbers that are its latent
        return [draw.standard_normal(own.shape, "float32") for own in self._own]

    def _with_noise(self, maps, noisy, codes, batch: int = BATCH) -> np.ndarray:
        self._set([m if noisy is None or len(m) in noisy else 0 * m for m in maps])
        return batched(self.synthesis, codes, to_uint8, batch)

    def _set(self, maps) -> None:
        for layer, values in zip(self._noises, maps, strict=True):
            layer.fixed.assign(values)


def parse_psis(text: str) -> list[float]:
    """Return "1.2,1,0.7" as numbers; UserError if it is none such."""
    try:
        psis = [float(part) for part in text.split(",")]
    except ValueError:
        psis = []
    if not psis or not all(-10 <= psi <= 10 for psi in psis):
        raise UserError(f"--psi is {text!r}, but must be like 0.7 or 1.2,1,0.5, within 10 of 0.")
    return psis
