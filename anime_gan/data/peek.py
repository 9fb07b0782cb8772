"""One batch of the images that a config names, and their labels, read without the cache."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from anime_gan.data import demo
from anime_gan.data.batches import Batch
from anime_gan.data.image_set import ImageSet, labels_of, open_entries, read_images
from anime_gan.data.labels import Labels, find_table, table_at

if TYPE_CHECKING:
    from anime_gan.config import Config


def one_batch(config: Config) -> tuple[Batch, Config]:
    """Return the first batch, uint8 (B, H, W, C), and the config with the values of its labels.

    Labels are int32 (B, A), or None if the config has none. UserError as `open_images`.
    """
    data, model, size = config.data, config.model, config.training.images_per_step
    if data.images == "demo":
        images = demo.draw_faces(size, model.resolution)[..., : model.channels]
    else:
        images = read_images(data.images, size, model.resolution, model.channels, data.resize)
    labels = read_labels(config) if model.labels or data.balance else None
    if not model.labels:
        return Batch(images), config
    return Batch(images, labels.codes[:size]), labels.into(config)


def read_labels(config: Config) -> Labels | None:
    """Return the labels of all files that a config names, also of those that are no images.

    None if it neither trains with labels nor balances by them. UserError as `labels_of`.
    """
    data = config.data
    if data.images == "demo":
        table = demo.table() if data.labels is None else table_at(data.labels)
        return labels_of(config, ImageSet((), demo.names(), [], None, "demo", "", table=table))
    with closing(open_entries(data.images)) as source:
        files = [name for name, _, _ in source.entries]
        table = find_table(source, data.labels)
        return labels_of(config, ImageSet((), files, [], None, source.name, "", table=table))
