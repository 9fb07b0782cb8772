"""What is measured: a run that has not grown to its size yet is, beside pictures of its own."""

import yaml

from anime_gan import networks
from anime_gan.config.schema import load_config
from anime_gan.config.stages import stages_of
from anime_gan.metrics.evaluate import of_weights
from anime_gan.training.state import Gan


def test_a_run_in_an_early_stage_is_measured_in_its_size(tmp_path, faces, monkeypatch, capsys):
    """Its faces of 8x8 beside real ones of 8x8, and the user is told that they are small."""
    monkeypatch.chdir(tmp_path)
    overrides = ["version=stylegan", "model.width=0.02", "model.latent_dim=8"]
    config = load_config(None, [*overrides, f"data.images={faces}"], networks.get_recipe)
    gan = Gan.create(networks.get_version("stylegan"), config, stage=stages_of(config)[0])
    folder = tmp_path / "weights/small"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump()))
    (folder / "gan.json").write_text(gan.combined.to_json())
    gan.generator.save(folder / "generator_3.keras")
    subject = of_weights("small", None, 10)
    assert subject.fake.shape == (10, 8, 8, 3) and subject.real.images.shape == (24, 8, 8, 3)
    assert "grown to 8x8 yet" in capsys.readouterr().out
