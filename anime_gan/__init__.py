"""GANs for anime faces: networks, training, and what to do with a trained generator.

Importing this package registers its layers with Keras, so that `keras.models.load_model` opens the
files of every version. Nothing else in the process changes, and Keras is not imported by it.

    open_run(name)          a run's config, networks and grids
    load_generator(source)  a trained generator: latents, w, images
    build(config)           the networks of a config, with fresh weights
"""

import importlib.abc
import importlib.util
import os
import sys
from typing import Any

__version__ = "0.2.0"

# In a fresh clone the first command may come before the installation.
_NEEDED = ("PIL", "keras", "numpy", "pydantic", "ruamel")
if any(n not in sys.modules and importlib.util.find_spec(n) is None for n in _NEEDED):
    print(
        "error: the packages of requirements.txt are not installed; run "
        "pip install -r requirements.txt.",
        file=sys.stderr,
    )
    raise SystemExit(2)

_PUBLIC = {
    "open_run": "anime_gan.runs.folder",
    "load_generator": "anime_gan.generation.load",
    "build": "anime_gan.networks.build",
}
__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    """Import what the package offers when it is first asked for: Keras takes seconds."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


class _RegisterLayers(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the layers as soon as Keras has been imported: that alone takes seconds."""

    def find_spec(self, name, path, target=None):
        """Take over the import of Keras, once."""
        if name != "keras" or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("keras")
        if spec is not None:
            self._loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec):
        """Make the module as usual."""
        return self._loader.create_module(spec)

    def exec_module(self, module):
        """Import Keras, then the layers."""
        if "KERAS_BACKEND" not in os.environ and not importlib.util.find_spec("tensorflow"):
            os.environ["KERAS_BACKEND"] = "jax"  # Keras takes TensorFlow if nothing is said
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        importlib.import_module("anime_gan.networks.layers")


if "keras" in sys.modules:
    importlib.import_module("anime_gan.networks.layers")
else:
    sys.meta_path.insert(0, _RegisterLayers())
