"""What a set of faces is made with: settings of the search, limits of cleaning, form of the output.

It imports no library, so that a command line can show the default values at once.
"""

from dataclasses import dataclass

FORMATS = {"png": ".png", "jpeg": ".jpg"}  # of the set's files, and their endings
JPEG_QUALITY = 95  # docs/faces.md has what it costs
UPSCALERS = ("auto", "lanczos", "waifu2x", "waifu2x-gpu")
FACELESS = "without"  # the folder of small copies of images without a face
NO_FACE = "no face found"  # the only reason of a file that is an image
# What the search takes for an image of about a megapixel, in seconds of one core, and what of the
# faces the quick one finds; docs/faces.md has both.
SEARCH_SECONDS, QUICK_SECONDS = 13.0, 1.4
GREY = 0.02  # a face with less `colour` is gray; JPEG adds a little


def file_name(face: str, format: str) -> str:
    """Return the name of a face's file in the set.

    face: its name in the records, which is that of a PNG. format: one of FORMATS.
    """
    return face.removesuffix(FORMATS["png"]) + FORMATS[format]


@dataclass(frozen=True)
class Settings:
    """Everything that decides which faces are found in an image, and their pixels.

    Args:
        size: side of the faces in pixels.
        detector: "animeface", the path of an OpenCV cascade, or "" if each image is a face.
        quick: whether animeface searches at two sizes only.
        likelihood: minimum detection confidence, 0 to 1.
        widen: how much hair and shoulders are included: 1 as in the thesis, 0 none.
        enlarge: the largest factor by which a face is enlarged.
        upscaler: one of UPSCALERS; "auto" is waifu2x if it is installed, else Lanczos.
    """

    size: int = 64
    detector: str = "animeface"
    quick: bool = False
    likelihood: float = 0.5
    widen: float = 1.0
    enlarge: float = 2.0
    upscaler: str = "auto"


@dataclass(frozen=True)
class Limits:
    """Limits of what `quality.measure` returns, beyond which a face is dropped.

    They were chosen by eye on 24,000 faces of 96x96, sorted by each value; docs/faces.md has how
    many faces each limit drops.
    """

    single_colour: float = 0.03
    dark: float = 0.30
    washed_out: float = 0.25
    blurred: float = 0.06
    compressed: float = 1.8
    greyscale: float = 0.0  # off; GREY drops gray faces


@dataclass(frozen=True)
class Output:
    """The form of the set.

    Args:
        format: one of FORMATS. TFRecords hold the pixels before any loss.
        zipped: whether zip files are written instead of folders.
        held_out: share of the images whose faces are held out, 0 to 1.
        records: whether TFRecords are written as well.
    """

    format: str = "png"
    zipped: bool = False
    held_out: float = 0.0
    records: bool = False
