"""The config: its sections, and how it is loaded. stages.py: the sizes of a growing run."""

from anime_gan.config.load import (
    add_arguments,
    differences,
    flat,
    from_dict,
    load_config,
    read_yaml,
)
from anime_gan.config.schema import Augment, Config, Data, Network, Training

__all__ = [
    "Augment",
    "Config",
    "Data",
    "Network",
    "Training",
    "add_arguments",
    "differences",
    "flat",
    "from_dict",
    "load_config",
    "read_yaml",
]
