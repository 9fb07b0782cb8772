"""What is evaluated: also a run whose networks are still growing."""

from anime_gan.config import load_config, plain_yaml
from anime_gan.config.stages import stages_of
from anime_gan.metrics.evaluate import of_weights
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
