"""What the words of a command line name, and which of them contradict each other."""

import pytest

from anime_gan.errors import UserError
from anime_gan.generation.words import read_words


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the runs a and b, and config files."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / "weights" / name).mkdir(parents=True)
        (tmp_path / "weights" / name / "config.yaml").write_text(f"version: v4\nrun: {name}\n")
    (tmp_path / "c.YAML").write_bytes(b"version: dcgan\r\ntraining: {steps: 7}\r\n")
    (tmp_path / "d.json").write_text('{"version": "sagan"}')
    return tmp_path


def test_each_kind_of_word_is_read(folder):
    """In any case; values go over a version, and that over a file or run."""
    for words, version, run in (
        (["V3"], "v3", None),
        (["version=V3"], "v3", None),
        (["c.YAML"], "dcgan", None),
        (["d.json"], "sagan", None),
        (["A"], "v4", "a"),
        (["c.YAML", "V3", "training.steps=5"], "v3", None),
        (["b", "dcgan"], "dcgan", "b"),
    ):
        config, home, name = read_words(words)
        assert (config.version, home, name) == (version, folder, run)
    assert read_words(["c.YAML"])[0].training.steps == 7
    assert read_words(["training.steps=5", "c.YAML"])[0].training.steps == 5


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (["v4", "v5"], None),
        (["V4", "version=v5"], None),
        (["a", "b"], None),
        (["c.YAML", "d.json"], None),
        (["a", "c.YAML"], None),
        (["c.YAML"], "d.json"),
        (["a"], "d.json"),
    ],
)
def test_words_that_contradict_each_other_are_refused(folder, words, file):
    """None of them is silently left out."""
    with pytest.raises(UserError, match="can't go together; leave one out") as caught:
        read_words(words, file)
    assert all(word in str(caught.value) for word in words)
