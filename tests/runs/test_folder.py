"""A run that is refused leaves no folders; one that left anything else keeps them."""

import pytest

from anime_gan.errors import UserError
from anime_gan.runs.folder import RunFolder


def refuse(run: RunFolder) -> None:
    """End as a run that another check refuses once its log is open."""
    with pytest.raises(UserError), run.recorded():
        raise UserError("it does not fit.")


@pytest.mark.parametrize("kept", [None, "weights/r/config.yaml", "gan_images/r/gan_0.png"])
def test_only_a_run_without_files_is_removed(tmp_path, monkeypatch, kept):
    """Its lock and its log do not count as files."""
    monkeypatch.chdir(tmp_path)
    run = RunFolder("r")
    for path in (run.weights / ".lock", run.log, *([tmp_path / kept] if kept else ())):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    refuse(run)
    assert run.weights.exists() == run.images.exists() == bool(kept)
    assert not kept or (run.log.is_file() and (tmp_path / kept).is_file())


def test_the_folders_of_a_run_in_training_stay(tmp_path, monkeypatch):
    """Another process may just have begun."""
    monkeypatch.chdir(tmp_path)
    run = RunFolder("r")
    run.lock()
    refuse(run)
    assert (run.weights / ".lock").is_file()


def test_a_start_from_other_networks_leaves_nothing(script, call):
    """From the command line: it is refused only when the networks are there."""
    words = [*script.tiny, "training.steps=1", "training.start_from=pretrained"]
    status, errors = call("train_gan.py", *words)
    assert status == 2 and "no layer of the shapes" in errors
    assert not any((script.folder / name / "r").exists() for name in ("weights", "gan_images"))
