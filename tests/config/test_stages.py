"""Growing: each step has its stage, outputs stay continuous, and a run can stop in any stage."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anime_gan.config import load_config
from anime_gan.config.stages import (
    grown_by_images,
    grown_until,
    growth,
    images_seen,
    stage_at,
    stage_before,
    stages_of,
    steps_for,
    unfinished_growth,
)
from anime_gan.errors import UserError
from anime_gan.generation.load import load_network
from anime_gan.runs import checkpoint

TINY = [
    "version=stylegan",
    "model.width=0.02",
    "model.latent_dim=8",
    "training.batch_size=4",
    "growing.batch_at={4: 4, 8: 4, 16: 4, 32: 4}",
]


def config_of(*overrides):
    """A config of a tiny StyleGAN."""
    return load_config(None, [*TINY, *overrides])


def test_stages_are_the_papers():
    """600,000 images at 8x8, then as many while each size fades in and as many after."""
    config = load_config(None, ["version=stylegan", "model.resolution=512"])
    stages = stages_of(config)
    assert [stage.resolution for stage in stages] == [8, 16, 32, 64, 128, 256, 512]
    batches = [stage.config.training.batch_size for stage in stages]
    assert batches == [128, 128, 64, 32, 16, 8, 4]
    assert [stage.fade for stage in stages][:3] == [0, 4688, 9375]
    assert stages[0].end == 4688 and stages[-1].end is None
    seen = [stage.seen for stage in stages]
    assert np.allclose(np.diff(seen), [600_000] + 5 * [1_200_000], rtol=1e-3)
    rates = [stage.config.generator.rate for stage in stages]
    assert rates == [0.001, 0.001, 0.001, 0.001, 0.0015, 0.002, 0.003]  # the authors' for FFHQ


@given(
    start=st.sampled_from([4, 8, 16, 32, 64]),
    fade=st.floats(0, 2),
    stable=st.floats(0.01, 2),
    batches=st.dictionaries(st.sampled_from([4, 8, 16, 32, 64]), st.integers(1, 64)),
)
def test_each_step_has_one_stage(start, fade, stable, batches):
    """Stages follow each other without a gap, double the size, and count the images seen."""
    config = config_of(
        f"growing.start={start}",
        f"growing.fade_kimg={fade}",
        f"growing.stable_kimg={stable}",
        f"growing.batch_at={batches}".replace("'", ""),
    )
    stages = stages_of(config)
    assert stages[0].first == stages[0].seen == stages[0].fade == 0
    assert stages[0].resolution == start and stages[-1].resolution == 64
    for stage, following in pairwise(stages):
        assert following.first == stage.end > stage.first
        assert following.resolution == 2 * stage.resolution
        steps = stage.end - stage.first
        assert following.seen - stage.seen == steps * stage.config.training.batch_size
        assert stage_at(config, stage.end - 1) == stage == stage_before(config, stage.end)
        assert stage_at(config, stage.end) == following == stage_before(config, stage.end + 1)


@pytest.mark.slow
def test_a_run_that_stops_in_every_stage_equals_one_that_does_not(script, call):
    """Five steps from 8x8 to 16x16, in one start and in three: equal weights and losses."""
    tiny = [value for value in script.tiny if not value.startswith("model.resolution")]
    arguments = [
        *tiny,
        *TINY,
        "model.resolution=16",
        "growing.fade_kimg=0.008",
        "growing.stable_kimg=0.008",
        "schedule.checkpoint_every=100",
    ]
    for name, ends in (("whole", [5]), ("parts", [1, 3, 5])):
        for end in ends:
            status, errors = call(
                "train_gan.py", *arguments, f"run={name}", f"training.steps={end}"
            )
            assert status == 0, errors
    folder = script.folder
    whole, parts = (checkpoint.newest(folder / "weights" / name)[1] for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)
    rows = [
        [json.loads(line) for line in (folder / path / "losses.jsonl").read_text().splitlines()]
        for path in ("gan_images/whole", "gan_images/parts")
    ]
    untimed = [[{**row, "images_per_second": 0, "trained": 0} for row in run] for run in rows]
    assert untimed[0] == untimed[1] and [row["step"] for row in untimed[0]] == [1, 2, 3, 4, 5]


def test_a_config_that_cannot_grow_is_refused():
    """Each in a sentence that names the key to change."""
    for overrides, words in (
        (["version=v5", "growing.start=8"], "does not grow"),
        (["growing.start=128"], "model.resolution"),
        (["training.ema_kimg=[0, 10]"], "is a pair"),
        (["training.micro_batch=3"], "does not divide"),
        (["version=v5", "objective.path_weight=1"], "no styles"),
        (["discriminator.spectral_norm=true"], "scale their weights"),
        (["version=progan", "generator.spectral_norm=true"], "scale their weights"),
        (["version=r3gan", "discriminator.spectral_norm=true"], "begin with zeros"),
    ):
        with pytest.raises(UserError, match=words):
            config_of(*overrides)


@pytest.mark.parametrize("critics", [1, 3])
@pytest.mark.parametrize("start", [8, "null"])
def test_images_are_counted_through_stages_of_different_batch_sizes(critics, start):
    """From steps to images, and from images to the fewest steps that see them."""
    config = config_of(
        f"growing.start={start}",
        "growing.fade_kimg=0.01",
        "growing.stable_kimg=0.02",
        "growing.batch_at={8: 8, 16: 5}",
        f"training.n_critic={critics}",
    )
    seen = [images_seen(config, steps) for steps in range(25)]
    assert seen[:4] == [n * critics * (4 if start == "null" else 8) for n in range(4)]
    for steps, images in enumerate(seen[1:], 1):
        batch = images - seen[steps - 1]
        assert batch == critics * stage_before(config, steps).config.training.batch_size
        assert steps_for(config, images) == steps_for(config, images - batch + 1) == steps


def test_too_few_images_for_a_later_stage_are_an_error_before_the_first(script, call):
    """It names the right key: a size with its own batch size does not use training.batch_size."""
    tiny = [*script.tiny, *TINY, "run=few"]
    for size in (8, 32):
        status, errors = call("train_gan.py", *tiny, f"growing.batch_at={{{size}: 64}}")
        assert status == 2 and f"smaller growing.batch_at={{{size}: N}}" in errors, errors
    assert not (script.folder / "weights/few").exists()


def test_steps_follow_from_the_schedule():
    """Each size is faded in and stable, the last for growing.last_kimg; 512x512 had 4,686 steps."""
    config = load_config(None, ["version=stylegan", "model.resolution=512"])
    last = stages_of(config)[-1]
    assert config.training.steps == last.first + 150_000 + 16_600_000 / 4 == 4_595_314
    assert (
        len(growth(config)) == 1 and "512x512 from step 295,314 (faded in at" in growth(config)[0]
    )
    as_stable = load_config(None, ["version=stylegan", "growing.last_kimg=null"])
    assert as_stable.training.steps == stages_of(as_stable)[-1].first + 18_750 * 2
    alone = load_config(None, ["version=stylegan", "growing.start=null"])
    assert alone.training.steps == 16_600_000 / 32
    with pytest.raises(UserError, match="lower them"):
        load_config(None, ["version=stylegan", "growing.stable_kimg=1e9"])


def test_a_schedule_that_ends_before_its_last_size_is_announced():
    """Where both the steps and the lengths of the stages are given."""
    overrides = ["version=stylegan", "model.resolution=512", "training.steps=300000"]
    lengths = ["growing.fade_kimg=600", "growing.stable_kimg=600"]
    config = load_config(None, overrides + lengths)
    sizes, warning = growth(config)
    assert "8x8 from step 0" in sizes and "512x512 from step 295,314" in sizes
    assert "training.steps is 300,000" in warning and "445,314" in warning
    assert len(growth(load_config(None, overrides))) == 1
    assert growth(load_config(None, ["version=stylegan2"])) == []
    last = stages_of(config)[-1]
    (words,) = unfinished_growth(last, 300_000)
    assert "512x512 images was still fading in" in words
    assert "256x256 images was reached" in unfinished_growth(stages_of(config)[-2], 9)[0]
    assert unfinished_growth(last, 445_314) == []


@given(
    start=st.sampled_from([4, 8, 16, 32, 64]),
    steps=st.integers(1, 100_000),
    minutes=st.none() | st.floats(1e-3, 1e6),
)
def test_a_length_alone_reaches_the_last_size(start, steps, minutes):
    """With its steps or its minutes: two thirds of the run, a quarter of them fading in."""
    budget = f"training.steps={steps}" if minutes is None else f"training.minutes={minutes}"
    config = config_of(f"growing.start={start}", budget)
    assert config.growing.fade_kimg is config.growing.stable_kimg is None
    stages = stages_of(config)
    last = stages[-1]
    assert last.resolution == 64 and last.is_last
    if start == 64:
        assert len(stages) == 1 and last.fade == 0
    elif minutes is None and steps >= 6 * len(stages) ** 2:
        assert last.first == pytest.approx(steps / 3, abs=1)
        assert last.fade == pytest.approx(steps / 6, abs=1)
        lengths = [stage.end - stage.first for stage in stages[:-1]]
        assert all(b == pytest.approx(2 * a, abs=3) for a, b in pairwise(lengths))
    elif minutes is not None:
        assert [stage.until for stage in stages][-2:] == pytest.approx([1 / 3, 1])
        grown = [[0, 0.0]]
        for step, share in enumerate(np.linspace(0, 1, 200), 1):
            grown = grown_until(config, grown, step, share * 60 * minutes)
        assert len(grown) == len(stages)
        newest = stage_at(config, 200, grown)
        assert newest.is_last and newest.first == pytest.approx(200 / 3, abs=3)
        faded = [newest.fade_at(0, 60 * minutes * share) for share in (1 / 3, 5 / 12, 1 / 2, 1)]
        assert faded == pytest.approx([0, 0.5, 1, 1], abs=0.1)


def test_a_stage_that_has_ended_stays_where_it_ended():
    """With another length, for which it would have ended at another step."""
    short = config_of("growing.start=16", "training.steps=90")
    assert [stage.end for stage in stages_of(short)] == [10, 30, None]
    grown = grown_until(short, [[0, 0.0]], 10, 5.0)
    assert grown == [[0, 0.0], [10, 5.0]] == grown_until(short, grown, 29, 9.0)
    for budget in ("training.steps=900", "training.minutes=60"):
        longer = config_of("growing.start=16", budget)
        stages = stages_of(longer, grown)
        assert (stages[0].end, stages[1].first, stages[1].seen) == (10, 10, 40)
        assert images_seen(longer, 12, grown) == 48
        assert stage_at(longer, 10, grown) == stages[1] == stage_before(longer, 25, grown)
        assert stage_before(longer, 10, grown) == stages[0]
    longer = config_of("growing.start=16", "training.steps=900")
    assert stages_of(longer, grown)[1].end == 300
    # In a shorter run, what is over by its length ends at once; each stage has a step or more.
    shorter = config_of("growing.start=16", "training.steps=12")
    assert grown_until(shorter, grown, 10, 5.0) == grown
    assert grown_until(shorter, grown, 11, 6.0) == [*grown, [11, 6.0]]
    # A checkpoint of an older version does not say it; its config does.
    older = config_of("growing.fade_kimg=0.04", "growing.stable_kimg=0.04")
    assert grown_by_images(older, 9) == [[0, 0.0]]
    assert grown_by_images(older, 10) == [[0, 0.0], [10, 0.0]]
    assert grown_by_images(config_of("growing.start=64"), 10) == [[0, 0.0]]


def test_the_time_before_a_stage_has_begun_is_taken_from_all_that_follow():
    """Compiling its step may take longer than its share of a short run."""
    config = config_of("growing.start=16", "training.minutes=10")
    first, second, last = stages_of(config, [[0, 60.0], [100, 300.0]])
    assert first.begun == pytest.approx(0.1) and first.until == pytest.approx(0.1 + 0.9 / 9)
    assert second.begun == pytest.approx(0.5) and second.until == pytest.approx(0.5 + 0.5 / 4)
    assert last.begun == second.until and second.fade_at(101, 300) == 0
    assert second.fade_at(101, 300 + 300 / 8) == pytest.approx(1)
    over = stages_of(config, [[0, 60.0], [100, 300.0], [101, 600.0]])[-1]
    assert over.fade_at(102, 600.0) == 1


def test_lengths_that_say_half_are_refused():
    """In a sentence that names what is missing."""
    for overrides, words in (
        (["growing.fade_kimg=null"], "growing.fade_kimg is null, but growing.stable_kimg is not"),
        (["growing.fade_kimg=null", "growing.stable_kimg=null"], "set one of these"),
        (
            ["training.minutes=5", "distribution.coordinator=a:1", "distribution.processes=2"],
            "set growing.fade_kimg and growing.stable_kimg, or training.steps",
        ),
    ):
        with pytest.raises(UserError, match=words):
            config_of(*overrides)


@pytest.mark.slow
def test_a_run_by_time_reaches_its_last_size_and_resumes(script, call):
    """Its checkpoint says where its stages ended; weights of each size can be sampled."""
    tiny = [value for value in script.tiny if not value.startswith("model.resolution")]
    arguments = [
        *(tiny + TINY),
        "run=timed",
        "model.resolution=16",
        "training.minutes=1e6",  # of whose share six steps decide
        "training.steps=6",
        "schedule.checkpoint_every=1",
    ]
    status, errors = call("train_gan.py", *arguments)
    assert status == 0, errors
    weights = script.folder / "weights/timed"
    grown = checkpoint.newest_facts(weights)["grown"]
    # A third of the five sixths that are left after the first step ends within the third.
    assert [pair[0] for pair in grown] == [0, 3]
    for step, size in ((3, 8), (4, 16), (6, 16)):
        file = weights / f"gan_weights_{step}.weights.h5"
        assert load_network(file).output_shape[1] == size
    arguments[arguments.index("training.steps=6")] = "training.steps=8"
    status, errors = call("train_gan.py", *arguments)
    assert status == 0, errors
    facts = checkpoint.newest_facts(weights)
    assert facts["step"] == 8 and facts["grown"] == grown
