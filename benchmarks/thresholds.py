"""Show where each limit of cleaning lies, on demo faces that are degraded step by step.

    python -m benchmarks.thresholds docs/faces_thresholds.webp

A row for each reason: the face as it is, the last step that is kept and the first that is dropped,
each with the number that is compared with the limit. The same numbers are printed as a table.
"""

import io

from anime_gan import backend

backend.start()

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageEnhance, ImageFilter

from anime_gan.data import demo
from anime_gan.errors import clean_exit
from anime_gan.preparation.duplicates import SAME, fine_correlation, thumbnail
from anime_gan.preparation.quality import measure
from anime_gan.preparation.settings import GREY, Limits
from benchmarks import new_parser

SIZE, STEPS = 96, 200


def less(kind):
    """Return a function that takes away what Pillow's ImageEnhance.KIND adds."""
    return lambda face, share: kind(face).enhance(1 - share)


def one_colour(face, share):
    """Blend with the face's mean color."""
    mean = face.resize((1, 1), Image.Resampling.BOX).resize(face.size)
    return Image.blend(face, mean, share)


def blurred(face, share):
    """Blur by a Gaussian of up to 8 pixels."""
    return face.filter(ImageFilter.GaussianBlur(8 * share))


def encoded(face, share):
    """Encode as JPEG, from quality 95 downwards."""
    packed = io.BytesIO()
    face.save(packed, "JPEG", quality=round(95 - 94 * share))
    return Image.open(packed).convert("RGB")


def cropped(face, share):
    """Crop a quarter of the side on the left and above, then less and less."""
    edge = round(SIZE / 4 * (1 - share))
    return face.crop((edge, edge, SIZE, SIZE)).resize(face.size, Image.Resampling.LANCZOS)


def likeness(face, other):
    """Return the correlation that a copy's detail has with the face's."""
    one, two = thumbnail(face)[None], thumbnail(other)[None]
    return float(fine_correlation(one, two)[0])


def number(name):
    """Return the function from (face, degraded) to one of the numbers that are measured."""
    return lambda _, face: measure(face, np.asarray(face.convert("L")), (0, 0))[name]


# What is done to the face, what is measured, and the limit.
ROWS = {
    "too dark": (less(ImageEnhance.Brightness), number("light"), Limits.dark),
    "washed out": (less(ImageEnhance.Contrast), number("contrast"), Limits.washed_out),
    "one colour": (one_colour, number("spread"), Limits.single_colour),
    "blurred": (blurred, number("sharpness"), Limits.blurred),
    "too compressed": (encoded, number("blocks"), Limits.compressed),
    "gray, --no-gray": (less(ImageEnhance.Color), number("colour"), GREY),
    "near-duplicate": (cropped, likeness, SAME),
}
ABOVE = ("too compressed", "near-duplicate")  # here a face is dropped above the limit, else below


def main() -> None:
    """Degrade, measure, draw."""
    parser = new_parser(__doc__)
    parser.add_argument("out", help="the image to write")
    out = parser.parse_args().out
    figure = Figure((4.6, 1.3 * len(ROWS)), layout="constrained")
    every = figure.subplots(len(ROWS), 3)
    faces = map(Image.fromarray, demo.draw_faces(len(ROWS), SIZE))
    print("| reason | limit | as it is | last kept | first dropped |\n|---|---|---|---|---|")
    rows = zip(every, faces, ROWS.items(), strict=True)
    for row, face, (reason, (degrade, value, limit)) in rows:
        before, step = None, 0
        while (value(face, now := degrade(face, step / STEPS)) > limit) is not (reason in ABOVE):
            before, step = now, step + 1
        texts = [f"{value(face, image):.3g}" for image in (face, before, now)]
        for axes, image, words in zip(row, (face, before, now), texts, strict=True):
            axes.imshow(image)
            axes.set_title(words, fontsize=8)
            axes.set_axis_off()
        row[0].text(-8, SIZE / 2, f"{reason}\nlimit {limit:g}", ha="right", fontsize=8)
        print(f"| {reason} | {limit:g} | {' | '.join(texts)} |")
    for axes, words in zip(every[0], ("as it is", "last kept", "first dropped"), strict=True):
        axes.set_title(f"{words}\n{axes.get_title()}", fontsize=8)
    figure.savefig(out, dpi=100, pil_kwargs={"quality": 80})


if __name__ == "__main__":
    clean_exit(main)()
