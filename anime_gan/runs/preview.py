"""What a run's grids of faces show. It imports Keras, which the page of a run needs not."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np

from anime_gan.networks.labels import inputs_from_seeds, label_layer
from anime_gan.runs.grids import COLUMNS

PREVIEWS = 25
MOST_ROWS = 24  # of a grid with a row for each label


class Preview(NamedTuple):
    """What a run's grids of faces show: a generator's inputs, and what the grids say of them."""

    inputs: list[np.ndarray]
    about: dict[str, str]


def preview(generator: keras.Model) -> Preview:
    """Return the inputs of a run's grids.

    Where the generator takes labels, each value has a row of the same seeds; the other attributes
    of a face are the same in all rows but its own. Of many values, the most frequent have rows.
    """
    layer = label_layer(generator)
    if layer is None:
        return Preview(
            inputs_from_seeds(generator, range(PREVIEWS)), {"seeds": f"0-{PREVIEWS - 1}"}
        )
    latents, labels = inputs_from_seeds(generator, range(COLUMNS))
    rows = [
        (column, code, f"{name}={value}")
        for column, (name, values) in enumerate(layer.attributes.items())
        for code, value in enumerate(values, 1)
    ]
    rows = sorted(sorted(rows, key=lambda row: -layer.share(*row[:2]))[:MOST_ROWS])
    codes, names = [], []
    for column, code, name in rows:
        own = labels.copy()
        own[:, column] = code
        codes.append(own)
        names.append(name)
    inputs = [np.tile(latents, (len(rows), 1)), np.concatenate(codes)]
    return Preview(inputs, {"seeds": f"0-{COLUMNS - 1}", "rows": ", ".join(names)})
