"""The monitor sees what it must in pictures and scores, says it once, and keeps it over a stop."""

import itertools
import json

import numpy as np
import pytest

from anime_gan.data import demo
from anime_gan.runs import health
from anime_gan.runs.health import KINDS, LIMITS, LOOKED_AT, Health, diagnose, signs, sketch

WARM_UP = LIMITS.warm_up

draw = np.random.default_rng(0)


@pytest.fixture(scope="module")
def drawn():
    """Drawn faces, twice as many as are looked at."""
    return demo.draw_faces(2 * LOOKED_AT, 64)


def row(step, real=0.8, fake=0.8):
    """A row of the history."""
    return {
        "step": step,
        "real_accuracy": real,
        "fake_accuracy": fake,
        "d_loss": 0.5,
        "g_loss": 1.0,
    }


def looks(steps, **values):
    """Looks at some steps, sound but for the values given; a list goes over the steps."""
    sound = {"distance": 0.05, "spread": 1.0, "twins": 1.0, "moved": 0.1, "copies": 0.0}
    rows = []
    for place, step in enumerate(steps):
        now = {k: v[place] if isinstance(v, list) else v for k, v in values.items()}
        rows.append(row(step) | sound | now)
    return rows


def test_a_sketch_is_the_mean_colours_of_8x8_blocks():
    """Against plain slices, for any resolution and for grey."""
    for size, channels in ((16, 3), (64, 1)):
        pictures = draw.integers(0, 256, (3, size, size, channels), "uint8")
        block = size // 8
        found = sketch(pictures).reshape(3, 8, 8, channels)
        expected = pictures[1, block : 2 * block, 2 * block : 3 * block].mean(axis=(0, 1)) / 255
        np.testing.assert_allclose(found[1, 1, 2], expected, rtol=1e-5)


def test_signs_of_sets_that_are_alike_collapsed_twins_and_moved(drawn):
    """The scale that the limits are set on: 0 alike, 1 one face over and over, far for noise."""
    real, other = sketch(drawn[:LOOKED_AT]), sketch(drawn[LOOKED_AT:])
    alike = signs(real, other, None)
    assert abs(alike["distance"]) < 0.05 and alike["moved"] == 0
    assert alike["spread"] == pytest.approx(1, abs=0.15)
    assert alike["twins"] == pytest.approx(1, abs=0.25)
    one = signs(real, other[:1].repeat(LOOKED_AT, 0), other)
    assert one["spread"] == one["twins"] == 0 and one["moved"] > 0.3
    assert 0.4 < one["distance"] < 1.6
    mean = signs(real, real.mean(axis=0, keepdims=True).repeat(LOOKED_AT, 0), None)
    assert 0.25 < mean["distance"] < 0.6
    eight = signs(real, other[:8].repeat(LOOKED_AT // 8, 0), None)
    assert eight["twins"] == 0 and eight["distance"] < 0.5 * one["distance"]
    black = signs(real, np.zeros_like(real), None)
    assert black["distance"] > 1


def test_signs_equal_plain_loops(drawn):
    """The energy distance and the rest, pair by pair."""
    real, fake = sketch(drawn[:9]), sketch(drawn[9:16])
    far = lambda a, b: float(np.linalg.norm(a.astype("float64") - b))  # noqa: E731

    def within(rows):
        return np.mean([far(a, b) for a, b in itertools.permutations(rows, 2)])

    def nearest(rows):
        return np.median(
            [min(far(a, b) for j, b in enumerate(rows) if j != i) for i, a in enumerate(rows)]
        )

    found = signs(real, fake, real)
    across = np.mean([far(a, b) for a in real for b in fake])
    energy = (2 * across - within(real) - within(fake)) / within(real)
    assert found["distance"] == pytest.approx(energy, rel=1e-5)
    assert found["spread"] == pytest.approx(within(fake) / within(real), rel=1e-5)
    assert found["twins"] == pytest.approx(nearest(fake) / nearest(real), rel=1e-5)
    moved = far(fake.mean(axis=0), real.mean(axis=0)) / within(real)
    assert found["moved"] == pytest.approx(moved, rel=1e-5)


LATE = [10 * WARM_UP + step for step in range(4)]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (None, {}),
        (None, {"real_accuracy": 1.0, "fake_accuracy": 1.0}),
        ("too few pictures", {"copies": 1.0}),
        ("partly collapsed", {"twins": 0.0}),
        ("generator collapsed", {"distance": 0.9, "spread": 0.01}),
        ("discriminator has won", {"distance": 0.9, "real_accuracy": 1.0, "fake_accuracy": 1.0}),
        ("generator has won", {"distance": 0.9, "fake_accuracy": 0.0}),
        ("oscillation", {"distance": 0.9, "moved": 0.9}),
        ("no learning", {"distance": 0.9}),
    ],
)
def test_what_is_wrong_has_its_name(kind, values):
    """Only the faces say that something is wrong; scores and the rest say what."""
    found = diagnose(looks(LATE, **values))
    assert (found and found[0]) == kind
    assert kind is None or kind in KINDS


def test_faces_that_come_nearer_are_left_in_peace_and_those_of_the_first_steps():
    """A slow run is not a failed one, and every run begins far from the data."""
    slow = [WARM_UP, *(4 * WARM_UP + step for step in range(3))]
    assert diagnose(looks(slow, distance=[0.9, 0.8, 0.7, 0.7])) is None
    assert diagnose(looks(slow, distance=[0.9, 0.88, 0.88, 0.88])) is not None
    assert diagnose(looks([1, WARM_UP // 2], distance=0.9, spread=0.0)) is None
    kind, since = diagnose(looks([WARM_UP, *LATE], distance=[0.1, 0.9, 0.9, 0.9, 0.9]))
    assert (kind, since) == ("no learning", LATE[0])
    # A single look may be far by chance, and a single one near is no cure, unless it is the best.
    assert diagnose(looks([WARM_UP, *LATE], distance=[0.2, 0.1, 0.9, 0.1, 0.1])) is None
    assert diagnose(looks([WARM_UP, *LATE], distance=[0.2, 0.9, 0.25, 0.9, 0.9])) is not None
    assert diagnose(looks([WARM_UP, *LATE], distance=[0.2, 0.9, 0.15, 0.9, 0.9])) is None


def watch(folder, drawn, step=0):
    """A monitor of drawn faces."""
    return Health(folder, step, drawn[:LOOKED_AT])


def test_a_collapse_is_told_once_kept_and_ends(tmp_path, drawn):
    """In a sentence with what is seen, since when, and what to try; a stop changes nothing."""
    one, sound = drawn[:1].repeat(LOOKED_AT, 0), drawn[LOOKED_AT:]
    monitor = watch(tmp_path, drawn)
    told = [monitor.look(step, row(step), lambda: one) for step in LATE]
    monitor.close()
    found = next(filter(None, told))
    assert sum(map(bool, told)) == 1 and found.kind == "generator collapsed"
    assert not monitor.sound and "0% of the data's diversity" in str(found)
    assert f"since step {LATE[0]:,}" in str(found) and "rate" in str(found)
    monitor = watch(tmp_path, drawn, LATE[-1])
    assert monitor.finding == found
    for step in (20 * WARM_UP, 20 * WARM_UP + 1, 20 * WARM_UP + 2):
        assert monitor.look(step, row(step), lambda: sound) is None
    assert monitor.finding is None and monitor.sound
    (event,) = json.loads((tmp_path / "health.json").read_text())
    assert event["kind"] == found.kind and event["until"] == 20 * WARM_UP
    monitor.close()
    # Interrupted and gone on from before its end, it is open again; from before the finding, gone.
    monitor = watch(tmp_path, drawn, LATE[-1])
    assert monitor.finding == found
    monitor.close()
    monitor = watch(tmp_path, drawn, LATE[0])
    assert monitor.events == [] and monitor.finding is None
    assert json.loads((tmp_path / "health.json").read_text()) == []
    monitor.close()


@pytest.mark.parametrize("text", ["", "{", "3", "[3]", '[{"kind": "no learning"}]'])
def test_events_that_are_damaged_or_changed_by_hand_stop_nobody(tmp_path, drawn, text):
    """The run goes on as one in which nothing was found."""
    (tmp_path / "health.json").write_text(text)
    monitor = watch(tmp_path, drawn)
    assert monitor.events == [] and monitor.sound
    monitor.close()


def test_a_loss_that_breaks_at_once_is_told(tmp_path, drawn):
    """Before the first look too."""
    monitor = watch(tmp_path, drawn)
    assert monitor.break_down(1).kind == "not a number" and not monitor.sound
    monitor.close()


def test_the_numbers_told_are_those_judged(tmp_path, drawn):
    """The middle of the looks, not the last one, which may be the one that differs."""
    monitor = watch(tmp_path, drawn)
    one, sound = drawn[:1].repeat(LOOKED_AT, 0), drawn[LOOKED_AT:]
    for step, faces in zip(LATE, (one, one, sound), strict=False):
        found = monitor.look(step, row(step), lambda faces=faces: faces)
    monitor.close()
    assert found.kind == "generator collapsed" and " 0% of the data's diversity" in found.seen


def test_faces_far_from_the_data_are_no_place_to_go_back_to(tmp_path, drawn):
    """Not even in the first steps, where they may be: what is wrong later may have begun there."""
    one, sound = drawn[:1].repeat(LOOKED_AT, 0), drawn[LOOKED_AT:]
    monitor = watch(tmp_path, drawn)
    assert monitor.sound  # before the first step
    for step, faces in ((1, one), (2, sound)):
        assert monitor.look(step, row(step), lambda faces=faces: faces) is None
        assert monitor.sound is (faces is sound)
    monitor.close()


@pytest.mark.parametrize("loss", [16.118, 9.0, 40.0])
def test_the_ceiling_of_cross_entropy_is_named(tmp_path, drawn, loss):
    """Where Keras clips it, the generator learns no more; a loss above was not clipped."""
    monitor = watch(tmp_path, drawn)
    means = row(1, 1.0, 1.0) | {"g_loss": loss}
    one = drawn[:1].repeat(LOOKED_AT, 0)
    (found,) = filter(None, [monitor.look(step, means, lambda: one) for step in LATE])
    monitor.close()
    assert found.kind == "discriminator has won"
    assert ("no gradient" in found.seen) is (loss == 16.118)


def test_pictures_that_are_all_the_same_are_told_at_once(tmp_path, drawn):
    """One picture, many times, and grey ones: nothing can be learned from them."""
    for name, real in (("one", drawn[:1].repeat(LOOKED_AT, 0)), ("few", drawn[:1])):
        monitor = Health(tmp_path / name, 0, real)
        found = monitor.look(1, row(1), lambda: drawn[:LOOKED_AT])
        monitor.close()
        assert (found and found.kind) == ("too few pictures" if name == "one" else None)


def test_other_pictures_end_what_was_said_of_the_first(tmp_path, drawn):
    """A run that was stopped for them can go on as it was told to."""
    monitor = Health(tmp_path, 0, drawn[:1].repeat(LOOKED_AT, 0))
    assert monitor.look(1, row(1), lambda: drawn[:LOOKED_AT]).kind == "too few pictures"
    monitor.close()
    for real, told in ((drawn[:1].repeat(LOOKED_AT, 0), True), (drawn[:LOOKED_AT], False)):
        monitor = Health(tmp_path, 1, real)
        assert bool(monitor.finding) is told
        monitor.close()
    (event,) = json.loads((tmp_path / "health.json").read_text())
    assert event["until"] == 1


def test_looking_takes_no_more_than_its_share(tmp_path, drawn, monkeypatch):
    """Of an hour in which a step takes half a second and a look one: all looks, the first too."""
    clock = [1000.0]
    monkeypatch.setattr(health.time, "monotonic", lambda: clock[0])
    monitor = watch(tmp_path, drawn, 40)

    def slow():
        clock[0] += 1 if len(looked) else 3  # the first is slower
        return drawn[:LOOKED_AT]

    looked = []
    for step in range(41, 7241):
        clock[0] += 0.5
        if monitor.due(step):
            monitor.look(step, row(step), slow)
            looked.append(step)
    monitor.close()
    assert looked[:2] == [40 + 125, 40 + 250]  # as if a look took a step
    assert 24 <= len(looked) <= 29 and len(looked) + 2 <= 0.01 * (clock[0] - 1000)


def test_looks_of_a_long_run_are_no_more_than_are_judged(tmp_path, drawn, monkeypatch):
    """However cheap they are: what a day of fast steps keeps in memory must not grow with it."""
    monkeypatch.setattr(health, "diagnose", lambda looks: None)
    monkeypatch.setattr(health, "signs", lambda *_: dict.fromkeys(health.SIGNS, 0.5))
    monkeypatch.setattr(health.time, "monotonic", lambda: 0.0)  # nothing costs any time
    monitor = watch(tmp_path, drawn)
    looked = []
    for step in range(1, 100_001):
        if monitor.due(step):
            monitor.look(step, row(step), lambda: drawn[:1])
            looked.append(step)
    monitor.close()
    assert len(looked) == len(monitor._looks) < 2_800
    assert max(b - a for a, b in itertools.pairwise(looked[2:])) <= 0.002 * looked[-1] + 1


def test_a_damaged_file_is_begun_anew(tmp_path, drawn):
    """What the monitor knew is worth less than the run."""
    (tmp_path / "health.json").write_text("{")
    monitor = watch(tmp_path, drawn)
    assert monitor.events == [] and monitor.sound
    monitor.close()


def test_every_kind_has_what_is_seen_and_what_to_try():
    """And its numbers are among those that a look keeps."""
    numbers = looks([1])[0] | {"sure": 1.0, "lost": 0.0, "ceiling": ""}
    for seen, advice in KINDS.values():
        assert seen.format(**numbers).endswith(".") and advice.endswith(".")
    assert health.SHARE < 0.01
