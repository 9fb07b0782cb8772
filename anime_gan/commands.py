"""The installed commands, such as `train-gan`: each runs the script of that name.

In a clone (also with `pip install -e`) the scripts are beside the package; after `pip install .`
they are in anime_gan/scripts/.
"""

import runpy
from functools import partial
from pathlib import Path


def _run(name: str) -> None:
    folder = Path(__file__).with_name("scripts")
    if not folder.is_dir():
        folder = Path(__file__).parents[1]
    runpy.run_path(str(folder / f"{name}.py"), run_name="__main__")


compare = partial(_run, "compare")
data_loader = partial(_run, "data_loader")
evaluate = partial(_run, "evaluate")
models = partial(_run, "models")
prepare_faces = partial(_run, "prepare_faces")
sample = partial(_run, "sample")
train_gan = partial(_run, "train_gan")
