"""Which weights are drawn from."""

import os

import pytest

from anime_gan.errors import UserError
from anime_gan.generation.load import find_weights


def test_of_the_newest_run_the_newest_step_is_taken_whatever_the_clock_did(tmp_path, monkeypatch):
    """A clock that was set back makes later steps look older; of two runs only times can tell."""
    monkeypatch.chdir(tmp_path)
    for time, name in (
        (9, "a/generator_8.keras"),
        (5, "a/generator_10.keras"),
        (7, "b/mine.keras"),
    ):
        path = tmp_path / "weights" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (time, time))
    assert find_weights(None).name == find_weights("a").name == "generator_10.keras"
    assert find_weights("b").name == "mine.keras"
    with pytest.raises(UserError, match="the runs with weights are a"):
        find_weights("c")
    (tmp_path / "weights/b/mine.keras").rename(tmp_path / "weights/b/generator_mine.keras")
    os.utime(tmp_path / "weights/b/generator_mine.keras", (10, 10))
    assert find_weights(None).name == "generator_mine.keras"
