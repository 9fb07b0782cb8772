"""Where a command finds its weights."""

import pytest

from anime_gan.errors import UserError
from anime_gan.sampling.source import find_source
from sample import parse


def test_runs_of_a_film_lie_in_one_folder(tmp_path, monkeypatch):
    """The second is not looked for beside the first, where another run may have its name."""
    for project in ("one", "two"):
        for run in ("a", "b"):
            (tmp_path / project / "weights" / run).mkdir(parents=True)
            (tmp_path / project / "weights" / run / "config.yaml").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="one/weights/a and two/weights/b lie in two folders"):
        find_source(parse(["film", "one/weights/a,two/weights/b"]))
    arguments = parse(["film", "one/weights/a,one/weights/b"])
    assert find_source(arguments) == tmp_path / "one" and arguments.runs == ["a", "b"]
