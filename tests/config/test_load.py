"""Where values come from, which of them counts, and that whatever is given ends in a sentence."""

import os
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anime_gan.config import Config, from_dict, load_config, plain_yaml
from anime_gan.config.load import differences
from anime_gan.errors import UserError
from tests.conftest import ROOT


def load(*overrides, file=None) -> Config:
    """The config of these overrides over the project's own config.yaml."""
    return load_config(file, list(overrides))


def test_later_sources_win(tmp_path):
    """Recipe, then config.yaml, then --config, then the command line."""
    file = tmp_path / "mine.yaml"
    file.write_text("version: v4\ntraining: {steps: 7, batch_size: 8}\nmodel:\n")
    config = load("training.steps=9", file=str(file))
    assert config.generator.rate == 1e-3  # v4's recipe
    assert (config.training.batch_size, config.training.steps) == (8, 9)
    assert config.run == "v4"


def test_numbers_mean_what_they_say():
    """In YAML 1.1 the second is text."""
    config = load("training.steps=12", "generator.rate=1e-4", "data.images=*.png")
    assert (config.training.steps, config.generator.rate) == (12, 1e-4)
    assert config.data.images == "*.png"  # no alias


BOMB = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in pairwise("abcdefghijkl"))


@pytest.mark.parametrize(
    "text",
    [
        *("a: [", "- 1", "\t", "text", "a: *b", "!!python/object:os.x {}", "a: 1\na: 2", "a: \0"),
        *("[" * 10**6, "run: " + "9" * 10**4, "x" * 10**6, "&" + "x" * 10**4 + " a", BOMB),
        *("!!python/object:" + "x" * 10**4 + " {}", "? [1]\n: 2", "%YAML 1.9\n---\nrun: a"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path, text):
    """Invalid YAML, YAML that makes objects, and YAML without end: the error names the file."""
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=r"broken\.yaml") as caught:
        load(file=str(file))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300 + len(str(file))
    with pytest.raises(UserError, match=r"nowhere\.yaml"):
        load(file=str(tmp_path / "nowhere.yaml"))


@given(
    st.text(min_size=1, max_size=20),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10)),
)
def test_any_key_and_value_give_a_config_or_a_sentence(key, value):
    """There is never a traceback, and a config that came out can be stored."""
    for values in ({key: value}, {"training": {key: value}}, {"model": value}, {"version": value}):
        try:
            config = from_dict(values)
        except UserError as error:
            assert str(error).endswith(".")
        else:
            assert from_dict(config.model_dump()) == config


def test_a_stored_config_may_have_former_names(tmp_path):
    """A run of an older version resumes, also by its name; as a word, the old name is a mistake."""
    old = {"training": {"average_kimg": [0, 500], "steps": 7}}
    config = from_dict(old)
    assert (config.training.ema_kimg, config.training.steps) == ((0.0, 500.0), 7)
    assert old == {"training": {"average_kimg": [0, 500], "steps": 7}}
    file = tmp_path / "mine.yaml"
    file.write_text("training:\n  average_kimg: 5\n")
    assert load(file=str(file)).training.ema_kimg == 5
    with pytest.raises(UserError, match=r"right one is training\.ema_kimg"):
        load("training.average_kimg=5")


def test_differences_tell_shapes_from_the_rest():
    """A run cannot change its networks, but its length and schedule."""
    shapes, others = differences(load(), load("model.width=0.5", "training.steps=9"))
    assert shapes == ["model.width: 1.0 -> 0.5"]
    assert others == ["training.steps: 5000 -> 9"]
    assert differences(load(), load()) == ([], [])
    adaptive = load("augment.p=adaptive", "augment.policy=[cutout]", "training.ema_kimg=5")
    shapes, others = differences(load(), adaptive)
    assert [text.split(":")[0] for text in shapes] == ["training.ema_kimg", "augment.p"]
    longer = adaptive.updated(training={"ema_kimg": 9.0})
    assert differences(adaptive, longer) == ([], ["training.ema_kimg: 5.0 -> 9.0"])
    half, more = (load(f"discriminator.dropout={rate}") for rate in (0.5, 0.7))
    assert differences(load(), half)[0] == ["discriminator.dropout: None -> 0.5"]
    assert differences(half, more) == ([], ["discriminator.dropout: 0.5 -> 0.7"])
    shapes, others = differences(load(), load("training.start_from=pretrained"))
    assert shapes == ["training.start_from: None -> pretrained"] and not others
    paths = [load("version=stylegan2", f"objective.path_weight={weight}") for weight in (0, 2, 3)]
    assert differences(*paths[:2])[0] == ["objective.path_weight: 0.0 -> 2.0"]
    assert differences(*paths[1:]) == ([], ["objective.path_weight: 2.0 -> 3.0"])
    shapes, others = differences(load(), load("version=v4"))
    assert shapes[0].startswith("version") and "generator.rate" in others[0] + others[1]


def test_a_rate_given_alone_holds_for_every_size(tmp_path):
    """Those that the recipe has for some sizes are its own; rates by size go over it."""
    recipe = load("version=stylegan")
    assert recipe.generator.rate_at
    given = load("version=stylegan", "generator.rate=2e-4")
    assert not given.generator.rate_at and given.generator.rate == 2e-4
    assert given.discriminator == recipe.discriminator
    both = load("version=stylegan", "generator.rate=2e-4", "generator.rate_at={128: 0.1}")
    assert both.generator.rate_at[128] == 0.1
    file = tmp_path / "c.yaml"
    file.write_text("version: stylegan\ndiscriminator: {rate: 0.001}\n")
    assert not load(file=str(file)).discriminator.rate_at
    # Also over a file, whose rates go over the recipe's.
    file.write_text("version: stylegan\ngenerator: {rate: 0.001, rate_at: {128: 0.002}}\n")
    over = load("generator.rate=2e-4", file=str(file)).generator
    assert (over.rate, over.rate_at) == (2e-4, {})


def test_a_file_and_a_run_may_be_called_anything():
    """YAML would end "set #2" before the #; null is still null."""
    config = load("data.labels=my #2.csv", "training.start_from=2024")
    assert (config.data.labels, config.training.start_from) == ("my #2.csv", "2024")
    config = load("data.labels=null", "training.start_from=null")
    assert (config.data.labels, config.training.start_from) == (None, None)


def test_other_growing_stages_make_a_run_longer(tmp_path):
    """The config of a run holds the steps of its stages as if they had been chosen."""
    stored = load("version=stylegan")
    stages = "growing: {fade_kimg: 600, stable_kimg: 600, last_kimg: 16600}"
    (file := tmp_path / "run.yaml").write_text(
        f"version: stylegan\n{stages}\ntraining: {{steps: {stored.training.steps}}}\n"
    )
    longer = "growing.last_kimg=30000"
    assert load(file=str(file)) == stored
    assert load(longer, file=str(file)) == load(longer, "version=stylegan")
    assert load(longer, file=str(file)).training.steps > stored.training.steps
    assert load(longer, "training.steps=9", file=str(file)).training.steps == 9
    file.write_text(f"version: stylegan\n{stages}\ntraining: {{steps: 9}}\n")
    assert load(longer, file=str(file)).training.steps == 9  # chosen by the user


def test_a_cache_may_lie_in_the_home_folder():
    """No shell expands ~ after the =."""
    assert load("data.cache=~/faces").data.cache == os.path.expanduser("~/faces")


def test_sizes_that_a_run_does_not_have_do_not_keep_it_from_going_on():
    """An older recipe had no batch size and rate for 1024x1024."""
    old = load("version=stylegan")
    batches = {size: n for size, n in old.growing.batch_at.items() if size != 1024}
    rates = {size: n for size, n in old.generator.rate_at.items() if size != 1024}
    older = old.updated(growing={"batch_at": batches}, generator={"rate_at": rates})
    assert differences(older, old) == differences(old, older) == ([], [])
    other = old.updated(growing={"batch_at": batches | {16: 2}})
    assert differences(other, old)[0] == ["growing.batch_at.16: 2 -> 128"]


def test_the_config_is_there_without_keras():
    """Scripts read it before they choose a backend; Keras takes seconds to import."""
    code = "import sys, anime_gan.config; assert not {'keras', 'numpy'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    ("overrides", "steps", "minutes", "cosine"),
    [
        (["version=r3gan"], 100_000, None, 20_000),
        (["version=r3gan", "training.minutes=60"], None, 60, None),
        (["version=r3gan", "training.steps=2000"], 2000, None, None),
        (["version=r3gan", "training.steps=9", "training.minutes=3"], 9, 3, None),
        (["version=r3gan", "training.minutes=null"], 100_000, None, 20_000),
        (["version=r3gan", "training.minutes=60", "training.cosine_kimg=5"], None, 60, 5),
    ],
)
def test_the_length_given_last_counts(overrides, steps, minutes, cosine):
    """Minutes alone are a run of that time, and its schedules end with it."""
    training = load(*overrides).training
    assert (training.steps, training.minutes, training.cosine_kimg) == (steps, minutes, cosine)


def test_a_file_can_set_the_length_too(tmp_path):
    """Over the recipe, and below the command line."""
    file = tmp_path / "own.yaml"
    file.write_text("training: {minutes: 7}")
    assert load(file=str(file)).training.steps is None
    training = load("training.steps=9", file=str(file)).training
    assert (training.steps, training.minutes) == (9, None)
    with pytest.raises(UserError, match="both null"):
        load("training.steps=null")


@pytest.mark.parametrize(
    "path", ["set #2/faces", "2021", "007", "true", "faces: new", "{a}", "~", "a\u3000b", "'x'"]
)
def test_a_path_on_the_command_line_is_taken_as_it_is(path):
    """YAML would read a part of it, or a number; and it comes back the same from a run's config."""
    data = load(f"data.images={path}", f"data.cache={path}").data
    assert (data.images, data.cache) == (path, os.path.expanduser(path))
    again = plain_yaml.read(plain_yaml.write({"images": path}))
    assert again == {"images": path}


@pytest.mark.parametrize("path", ["a\nb", "a\x00b", "a\u2028b"])
def test_a_path_of_several_lines_is_refused(path):
    """Nor one with control characters."""
    with pytest.raises(UserError, match=r"data\.images must"):
        load(f"data.images={path}")


def test_a_config_that_is_no_regular_file_is_refused_at_once(tmp_path):
    """Nobody may ever write into a pipe, and reading it would wait for that."""
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/zero", tmp_path):
        with pytest.raises(UserError, match=f"{path} is not a regular file"):
            load(file=str(path))
