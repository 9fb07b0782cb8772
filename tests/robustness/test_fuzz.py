"""fuzz.py in short: nothing that is damaged ends in a traceback, or is read wrong in silence."""

import pytest

from anime_gan.errors import UserError
from tests.robustness import fuzz, fuzz_texts

SHORT = {"configs": 150, "images": 30, "raw images": 30, "zips": 8, "caches": 10}
SHORT |= {"checkpoints": 60, "records": 6, "weights": 6, "run configs": 3}


@pytest.mark.parametrize("kind", SHORT)
def test_nothing_that_is_damaged_is_a_traceback_or_read_wrong(kind, tmp_path, monkeypatch):
    """A few cases of each kind, from another seed than the command's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fuzz, "_limit_memory", lambda: None)
    monkeypatch.setattr(fuzz.tempfile, "tempdir", str(tmp_path))
    fuzz.begin(kind)
    results = [fuzz.outcome(kind, number, seed=1) for number in range(SHORT[kind])]
    assert {name for name, _ in results} <= set(fuzz.OUTCOMES)
    assert [finding for _, finding in results if finding] == []


def test_every_kind_is_tested():
    """So that a new kind gets a test of its own."""
    assert SHORT.keys() == fuzz.KINDS.keys()


def test_a_bug_is_a_finding(monkeypatch):
    """What raises, an error of two lines, and what is read wrong."""

    def case(draw):
        raise draw.choice([KeyError("x"), UserError("one.\nTwo."), fuzz_texts.Wrong("3")])

    monkeypatch.setitem(fuzz._cases, "configs", case)
    results = [fuzz.outcome("configs", number, 0) for number in range(20)]
    assert {name for name, _ in results} == {"FINDING"}
    for words in ("KeyError", "no short sentence", "wrong in silence"):
        assert any(words in finding for _, finding in results)
