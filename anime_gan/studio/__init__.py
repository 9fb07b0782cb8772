"""The studio: a page that generates faces by itself."""

from anime_gan.export.formats import FORMATS, Format

# export.py writes it as one more format. Importing this imports no Keras.
PAGE = Format(
    ".html",
    "anime_gan.studio.page",
    FORMATS["onnx"].packages,
    parts=("whole",),
    is_network=False,
)
