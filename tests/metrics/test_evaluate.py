"""What is evaluated: also a run whose networks are still growing."""

import json

import numpy as np

from anime_gan.config import load_config, plain_yaml
from anime_gan.config.stages import stages_of
from anime_gan.features.network import FeatureNetwork
from anime_gan.metrics import evaluate
from anime_gan.metrics.evaluate import is_torn, measure, of_images, of_weights, pending, save
from anime_gan.metrics.labels import Asked
from anime_gan.networks.build import build


def test_growing_networks_are_measured_at_their_size(tmp_path, faces, monkeypatch, capsys):
    """Images and scores are of 8x8, as the real images are, and a note says so."""
    monkeypatch.chdir(tmp_path)
    overrides = ["version=stylegan", "model.width=0.02", "model.latent_dim=8"]
    config = load_config(None, [*overrides, f"data.images={faces}"])
    networks_of_8 = build(stages_of(config)[0].config)
    folder = tmp_path / "weights/small"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(plain_yaml.write(config.model_dump()))
    (folder / "gan.json").write_text(networks_of_8.combined().to_json())
    networks_of_8.generator.save(folder / "generator_3.keras")
    networks_of_8.discriminator.save(folder / "discriminator_3.keras")
    subject = of_weights("small", None, 10)
    assert subject.generated.shape == (10, 8, 8, 3) and subject.real.images.shape == (24, 8, 8, 3)
    assert subject.discriminator.input_shape[1:3] == (8, 8)
    assert "grown to 8x8 so far" in capsys.readouterr().out


def test_what_is_left_to_compute_is_counted(tmp_path, faces, monkeypatch):
    """Both sides and both views at first; the generated ones only, once all else is kept."""
    monkeypatch.chdir(tmp_path)
    identity = FeatureNetwork("pixels", 8, 0, 1, lambda images: images.reshape(len(images), -1))
    subject = of_images(str(faces), str(faces), 10)
    counts = {name: count for name, (count, _) in pending(subject, [identity], 10).items()}
    assert counts == {"compare": 2 * (10 + 20), "copies": 4}
    assert pending(subject, [identity], 10, copies=False)["copies"] == (0, 0)
    measure(subject, [identity], 10)
    counts = {name: count for name, (count, _) in pending(subject, [identity], 10).items()}
    assert counts == {"compare": 2 * 10, "copies": 0}


def test_results_after_a_crash_begin_on_a_line_of_their_own(tmp_path, faces, monkeypatch):
    """The line that was cut off stays as it is."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evaluations.jsonl"
    assert not is_torn(path)
    path.write_text('{"date": "20')
    identity = FeatureNetwork("pixels", 8, 0, 1, lambda images: images.reshape(len(images), -1))
    subject = of_images(str(faces), str(faces), 10)
    save(subject, *measure(subject, [identity], 10, copies=False))
    torn, whole = path.read_text().splitlines()
    assert torn == '{"date": "20' and json.loads(whole)["count"] == 10 and not is_torn(path)


def test_no_labels_are_read_back_from_gray_images():
    """They say nothing of colors, and the other measures stay."""
    asked = Asked({"hair": ("blue", "red")}, np.array([[1], [2]]), None)
    gray = np.zeros((2, 64, 64, 1), "uint8")
    for is_demo in (True, False):
        found = evaluate._of_labels(asked, gray, None, None, None, is_demo)
        assert found == {"read_back": {}, "not_read": ["hair"]}
