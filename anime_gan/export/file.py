"""The export itself: a file is written, compared with Keras and kept only if it is equal."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from anime_gan.errors import UserError
from anime_gan.export import check
from anime_gan.export.card import model_card
from anime_gan.export.formats import Format
from anime_gan.export.network import export_network
from anime_gan.files import whole_file, whole_folder
from anime_gan.generation.generator import Generator


def export_file(
    generator: Generator,
    weights: Path,
    form: Format,
    out: Path,
    part: str = "whole",
    float16: bool = False,
    **options: Any,
) -> tuple[float, float]:
    """Write a generator to a file or folder, whole or not at all, and compare it with Keras.

    Args:
        generator: a trained one.
        weights: its file, which the card in the output names.
        form: one of FORMATS.
        out: replaced if it exists.
        part: one of PARTS; only StyleGANs have the last two.
        float16: store the weights in half precision.
        options: what only this format takes, such as the studio's faces.

    Returns:
        The largest difference from Keras's outputs, and the one that is allowed.

    Raises:
        UserError: the generator has no such part, or the difference is larger than that.
    """
    module = importlib.import_module(form.module)
    if part not in form.parts:
        raise UserError(f"this format holds a generator whole, and no {part}; export it whole.")
    network = export_network(generator, part) if form.is_network else None
    card = model_card(generator, network, weights, part, float16)
    bound = check.BOUND_FLOAT16 if float16 else check.BOUND
    with whole_file(out) if form.suffix else whole_folder(out) as temporary:
        module.write(generator, network, float16, card, temporary, **options)
        difference = check.largest_difference(module.open_file(temporary), generator, part)
        if not difference <= bound:
            remedy = "keep the weights in float32" if float16 else "choose another format"
            raise UserError(
                f"{out} was not written: it differs from Keras's network by {difference:.2g}, and "
                f"{bound:g} is allowed; {remedy}."
            )
    return difference, bound
