"""`sample.py walk` with files of latents."""

from types import SimpleNamespace

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.sampling import walk
from sample import parse


def test_a_walk_in_w_needs_styles_also_with_a_file(tmp_path, monkeypatch):
    """It does not silently go through z."""
    monkeypatch.chdir(tmp_path)
    np.savez("z.npz", w=np.zeros((1, 8), "float32"), space="z", weights="")
    plain = SimpleNamespace(has_styles=False, attributes={})
    monkeypatch.setattr(walk, "open_generator", lambda *_: (plain, tmp_path / "a.gif"))
    arguments = parse(["walk", "r", "--seeds", "1,z.npz", "--space", "w"])
    with pytest.raises(UserError, match="walks in w are for versions with styles"):
        walk.run(arguments)
