"""The monitor finds failures in images and scores, reports each once, and survives a stop."""

import itertools
import json

import numpy as np
import pytest

from anime_gan.data import demo
from anime_gan.runs import health
from anime_gan.runs.health import FACES, KINDS, LIMITS, Health, diagnose, signs, sketch

WARM_UP = LIMITS.warm_up

random = np.random.default_rng(0)


@pytest.fixture(scope="module")
def demo_faces():
    """Twice as many demo faces as are compared."""
    return demo.draw_faces(2 * FACES, 64)


def row(step, real=0.8, fake=0.8):
    """A row of the history."""
    return {
        "step": step,
        "real_accuracy": real,
        "fake_accuracy": fake,
        "d_loss": 0.5,
        "g_loss": 1.0,
    }


def observations(steps, **values):
    """Healthy observations at some steps, but for the values given: each one, or one a step."""
    healthy = {"distance": 0.05, "spread": 1.0, "twins": 1.0, "moved": 0.1, "copies": 0.0}
    rows = []
    for place, step in enumerate(steps):
        now = {k: v[place] if isinstance(v, list) else v for k, v in values.items()}
        rows.append(row(step) | healthy | now)
    return rows


def test_a_sketch_is_the_mean_colors_of_8x8_blocks():
    """Equal to plain slices, for any resolution and for gray images."""
    for size, channels in ((16, 3), (64, 1)):
        images = random.integers(0, 256, (3, size, size, channels), "uint8")
        block = size // 8
        found = sketch(images).reshape(3, 8, 8, channels)
        expected = images[1, block : 2 * block, 2 * block : 3 * block].mean(axis=(0, 1)) / 255
        np.testing.assert_allclose(found[1, 1, 2], expected, rtol=1e-5)


def test_signs_of_equal_collapsed_and_twin_sets(demo_faces):
    """The scale of the limits: 0 for equal sets, 1 for one face repeated, more for black."""
    real, other = sketch(demo_faces[:FACES]), sketch(demo_faces[FACES:])
    equal = signs(real, other, None)
    assert abs(equal["distance"]) < 0.05 and equal["moved"] == 0
    assert equal["spread"] == pytest.approx(1, abs=0.15)
    assert equal["twins"] == pytest.approx(1, abs=0.25)
    one = signs(real, other[:1].repeat(FACES, 0), other)
    assert one["spread"] == one["twins"] == 0 and one["moved"] > 0.3
    assert 0.4 < one["distance"] < 1.6
    mean = signs(real, real.mean(axis=0, keepdims=True).repeat(FACES, 0), None)
    assert 0.25 < mean["distance"] < 0.6
    eight = signs(real, other[:8].repeat(FACES // 8, 0), None)
    assert eight["twins"] == 0 and eight["distance"] < 0.5 * one["distance"]
    black = signs(real, np.zeros_like(real), None)
    assert black["distance"] > 1


def test_signs_equal_plain_loops(demo_faces):
    """The energy distance and the others, pair by pair."""
    real, fake = sketch(demo_faces[:9]), sketch(demo_faces[9:16])

    def far(a, b):
        return float(np.linalg.norm(a.astype("float64") - b))

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
        ("too few images", {"copies": 1.0}),
        ("partly collapsed", {"twins": 0.0}),
        ("generator collapsed", {"distance": 0.9, "spread": 0.01}),
        ("discriminator has won", {"distance": 0.9, "real_accuracy": 1.0, "fake_accuracy": 1.0}),
        ("generator has won", {"distance": 0.9, "fake_accuracy": 0.0}),
        ("oscillation", {"distance": 0.9, "moved": 0.9}),
        ("no learning", {"distance": 0.9}),
    ],
)
def test_each_failure_has_its_name(kind, values):
    """Only the faces show that something is wrong; scores and the rest show what."""
    found = diagnose(observations(LATE, **values))
    assert (found and found[0]) == kind
    assert kind is None or kind in KINDS


def test_faces_that_get_closer_and_those_of_the_first_steps_are_healthy():
    """A slow run is not a failed one, and every run starts far from the data."""
    slow = [WARM_UP, *(4 * WARM_UP + step for step in range(3))]
    assert diagnose(observations(slow, distance=[0.9, 0.8, 0.7, 0.7])) is None
    assert diagnose(observations(slow, distance=[0.9, 0.88, 0.88, 0.88])) is not None
    assert diagnose(observations([1, WARM_UP // 2], distance=0.9, spread=0.0)) is None
    kind, since = diagnose(observations([WARM_UP, *LATE], distance=[0.1, 0.9, 0.9, 0.9, 0.9]))
    assert (kind, since) == ("no learning", LATE[0])
    # One observation may be far by chance; a close one is no recovery, unless it is the best.
    assert diagnose(observations([WARM_UP, *LATE], distance=[0.2, 0.1, 0.9, 0.1, 0.1])) is None
    assert diagnose(observations([WARM_UP, *LATE], distance=[0.2, 0.9, 0.25, 0.9, 0.9])) is not None
    assert diagnose(observations([WARM_UP, *LATE], distance=[0.2, 0.9, 0.15, 0.9, 0.9])) is None


def watch(folder, demo_faces, step=0):
    """A monitor of the demo faces."""
    return Health(folder, step, demo_faces[:FACES])


def test_a_collapse_is_reported_once_kept_and_ends(tmp_path, demo_faces):
    """The sentence has what is seen, since when, and what to try; a stop changes nothing."""
    one, healthy = demo_faces[:1].repeat(FACES, 0), demo_faces[FACES:]
    monitor = watch(tmp_path, demo_faces)
    results = [monitor.observe(step, row(step), lambda: one) for step in LATE]
    monitor.close()
    found = next(filter(None, results))
    assert sum(map(bool, results)) == 1 and found.kind == "generator collapsed"
    assert not monitor.sound and "0% of the data's diversity" in str(found)
    assert f"since step {LATE[0]:,}" in str(found) and "rate" in str(found)
    monitor = watch(tmp_path, demo_faces, LATE[-1])
    assert monitor.finding == found
    for step in (20 * WARM_UP, 20 * WARM_UP + 1, 20 * WARM_UP + 2):
        assert monitor.observe(step, row(step), lambda: healthy) is None
    assert monitor.finding is None and monitor.sound
    (event,) = json.loads((tmp_path / "health.json").read_text())
    assert event["kind"] == found.kind and event["until"] == 20 * WARM_UP
    monitor.close()
    # Resumed from before its end, it is open again; from before it was found, it is gone.
    monitor = watch(tmp_path, demo_faces, LATE[-1])
    assert monitor.finding == found
    monitor.close()
    monitor = watch(tmp_path, demo_faces, LATE[0])
    assert monitor.findings == [] and monitor.finding is None
    assert json.loads((tmp_path / "health.json").read_text()) == []
    monitor.close()


@pytest.mark.parametrize("text", ["", "{", "3", "[3]", '[{"kind": "no learning"}]'])
def test_damaged_events_are_ignored(tmp_path, demo_faces, text):
    """The run resumes as one in which nothing was found."""
    (tmp_path / "health.json").write_text(text)
    monitor = watch(tmp_path, demo_faces)
    assert monitor.findings == [] and monitor.sound
    monitor.close()


def test_a_loss_that_breaks_at_once_is_reported(tmp_path, demo_faces):
    """Also before the first observation."""
    monitor = watch(tmp_path, demo_faces)
    assert monitor.break_down(1).kind == "not a number" and not monitor.sound
    monitor.close()


def test_the_reported_numbers_are_those_judged(tmp_path, demo_faces):
    """The median observation, not the last one, which may be an outlier."""
    monitor = watch(tmp_path, demo_faces)
    one, healthy = demo_faces[:1].repeat(FACES, 0), demo_faces[FACES:]
    for step, faces in zip(LATE, (one, one, healthy), strict=False):
        found = monitor.observe(step, row(step), lambda faces=faces: faces)
    monitor.close()
    assert found.kind == "generator collapsed" and " 0% of the data's diversity" in found.seen


def test_a_run_is_not_rolled_back_to_faces_far_from_the_data(tmp_path, demo_faces):
    """Not even to the first steps, which may be far: a later failure may have started there."""
    one, healthy = demo_faces[:1].repeat(FACES, 0), demo_faces[FACES:]
    monitor = watch(tmp_path, demo_faces)
    assert monitor.sound  # before the first step
    for step, faces in ((1, one), (2, healthy)):
        assert monitor.observe(step, row(step), lambda faces=faces: faces) is None
        assert monitor.sound is (faces is healthy)
    monitor.close()


@pytest.mark.parametrize("loss", [16.118, 9.0, 40.0])
def test_the_ceiling_of_cross_entropy_is_named(tmp_path, demo_faces, loss):
    """Where Keras clips it, the generator no longer learns; a loss above was not clipped."""
    monitor = watch(tmp_path, demo_faces)
    means = row(1, 1.0, 1.0) | {"g_loss": loss}
    one = demo_faces[:1].repeat(FACES, 0)
    (found,) = filter(None, [monitor.observe(step, means, lambda: one) for step in LATE])
    monitor.close()
    assert found.kind == "discriminator has won"
    assert ("no gradient" in found.seen) is (loss == 16.118)


def test_equal_images_are_reported_at_once(tmp_path, demo_faces):
    """One image many times is reported; a set of one is not."""
    for name, real in (("one", demo_faces[:1].repeat(FACES, 0)), ("few", demo_faces[:1])):
        monitor = Health(tmp_path / name, 0, real)
        found = monitor.observe(1, row(1), lambda: demo_faces[:FACES])
        monitor.close()
        assert (found and found.kind) == ("too few images" if name == "one" else None)


@pytest.mark.parametrize("kind", ["too few images", "too few pictures"])
def test_other_images_end_the_finding(tmp_path, demo_faces, kind):
    """A run that was stopped for equal images resumes with others; old files too."""
    monitor = Health(tmp_path, 0, demo_faces[:1].repeat(FACES, 0))
    assert monitor.observe(1, row(1), lambda: demo_faces[:FACES]).kind == "too few images"
    monitor.close()
    path = tmp_path / "health.json"
    path.write_text(path.read_text().replace("too few images", kind))
    for real, wrong in ((demo_faces[:1].repeat(FACES, 0), True), (demo_faces[:FACES], False)):
        monitor = Health(tmp_path, 1, real)
        assert bool(monitor.finding) is wrong
        monitor.close()
    (event,) = json.loads(path.read_text())
    assert event["until"] == 1 and event["kind"] == "too few images"


def test_observations_take_no_more_than_their_share(tmp_path, demo_faces, monkeypatch):
    """In an hour of steps of half a second and observations of one, the first included."""
    clock = [1000.0]
    monkeypatch.setattr(health.time, "monotonic", lambda: clock[0])
    monitor = watch(tmp_path, demo_faces, 40)

    def slow():
        clock[0] += 1 if observed else 3  # the first is slower
        return demo_faces[:FACES]

    observed = []
    for step in range(41, 7241):
        clock[0] += 0.5
        if monitor.due(step):
            monitor.observe(step, row(step), slow)
            observed.append(step)
    monitor.close()
    assert observed[:2] == [40 + 125, 40 + 250]  # as if an observation took a step
    assert 24 <= len(observed) <= 29 and len(observed) + 2 <= 0.01 * (clock[0] - 1000)


def test_a_long_run_has_few_observations(tmp_path, demo_faces, monkeypatch):
    """However cheap they are: a day of fast steps must not fill the memory."""
    monkeypatch.setattr(health, "diagnose", lambda observations: None)
    monkeypatch.setattr(health, "signs", lambda *_: dict.fromkeys(health.SIGNS, 0.5))
    monkeypatch.setattr(health.time, "monotonic", lambda: 0.0)  # nothing costs any time
    monitor = watch(tmp_path, demo_faces)
    observed = []
    for step in range(1, 100_001):
        if monitor.due(step):
            monitor.observe(step, row(step), lambda: demo_faces[:1])
            observed.append(step)
    monitor.close()
    assert len(observed) == len(monitor._observations) < 2_800
    assert max(b - a for a, b in itertools.pairwise(observed[2:])) <= 0.002 * observed[-1] + 1


def test_every_kind_has_what_is_seen_and_what_to_try():
    """And its numbers are among those of an observation."""
    numbers = observations([1])[0] | {"accuracy": 1.0, "ceiling": ""}
    for seen, advice in KINDS.values():
        assert seen.format(**numbers).endswith(".") and advice.endswith(".")
    assert health.SHARE < 0.01
