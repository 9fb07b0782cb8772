"""The config: its sections, and how it is loaded. stages.py: the sizes of a growing run."""

from anime_gan.config.load import from_dict, load_config, read_yaml
from anime_gan.config.schema import Config, Data, Network, Training, flat

__all__ = ["Config", "Data", "Network", "Training", "flat", "from_dict", "load_config", "read_yaml"]
