"""The table of settings shows what differs first."""

from anime_gan.comparison import settings
from anime_gan.config import load_config


def rows(*versions):
    """The table of entrants with some overrides each: the number, and a dictionary a row."""
    results = [{"config": load_config(None, [*v]), "precision": "float32"} for v in versions]
    differ, headings, cells = settings.table(results)
    return differ, [dict(zip(headings, row, strict=True)) for row in cells]


def test_every_setting_of_interest_is_there_and_what_differs_is_first():
    """Width, batch, rates, loss, length, EMA and precision, in the words of the config."""
    differ, (first, second) = rows(
        ["version=v5", "training.steps=5000"], ["version=r3gan", "training.minutes=12"]
    )
    assert differ == len(first.items() - second.items()) - 1  # without the last column
    assert list(first)[differ:] == ["width", "precision", settings.OTHERS]
    assert first["batch"] == "64" and second["batch"] == "256"
    assert (first["rate (G, D)"], second["rate (G, D)"]) == ("5e-4", "2e-4 → 5e-5")
    assert (first["loss"], second["loss"]) == ("report", "relativistic, r1, r2")
    assert (first["budget"], second["budget"]) == ("5,000 steps", "12 minutes")
    assert (first["EMA"], second["EMA"]) == ("none", "0 → 500 kimg")
    assert first["width"] == "1" and first["precision"] == "float32"
    for text in ("model.latent_dim=64", "data.x_flip=true", "objective.gamma=[2,0.2]"):
        assert text in second[settings.OTHERS]


def test_a_key_without_a_column_is_listed_where_it_is_not_the_default():
    """Also one that a file or the command line sets; what says where files are is no setting."""
    _, (first, second) = rows(
        ["version=v5", "training.label_noise=0.1", "data.cache=a", "run=a"],
        ["version=v5", "generator.beta1=0.2", "discriminator.beta1=0.2"],
    )
    assert first[settings.OTHERS] == "training.label_noise=0.1"
    assert second[settings.OTHERS] == "beta1=0.2 (G,\u00a0D)"


def test_rates_of_both_networks_are_shown_where_they_differ():
    """The generator's first."""
    _, (row,) = rows(["version=dcgan"])
    assert (row["rate (G, D)"], row["optimizer"]) == ("1e-4, 4e-4", "adam")


def test_equal_entrants_and_a_single_one_have_no_differences():
    """Then no column is said to differ."""
    for versions in ([["version=v5"]], [["version=v5"], ["version=v5", "run=other"]]):
        differ, found = rows(*versions)
        assert differ == 0 and settings.OTHERS not in found[0]


def test_a_growing_run_has_the_batch_and_rates_of_its_last_size():
    """They change with the size."""
    _, (row,) = rows(["version=stylegan", "model.resolution=128"])
    assert (row["batch"], row["rate (G, D)"]) == ("16", "1.5e-3")


def test_folders_are_not_shown():
    """The page goes to others: of an absolute path it has the last part only."""
    _, (first, second) = rows(
        ["training.start_from=/home/anna/generator_9.keras"], ["data.labels=~/anna/l.csv"]
    )
    assert first[settings.OTHERS] == "training.start_from=generator_9.keras"
    assert second[settings.OTHERS] == "data.labels=l.csv"
