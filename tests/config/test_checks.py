"""Combinations that can't be meant are refused in one sentence."""

import pytest

from anime_gan.config import Config, load_config
from anime_gan.config.checks import check
from anime_gan.config.versions import VERSIONS
from anime_gan.errors import UserError
from anime_gan.training.state import TrainState


def checked(*overrides) -> Config:
    """The config of these overrides, if it is let through."""
    config = load_config(None, list(overrides))
    check(config)
    return config


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["objective.name=wasserstein"], ["wasserstein", "v5", "sigmoid", "cross_entropy"]),
        (["version=wgan", "objective.name=report"], ["report", "wgan", "logits", "hinge"]),
        (["version=r3gan", "training.label_noise=0.1"], ["label_noise", "0.1", "relativistic"]),
        (["version=dcgan", "training.passes=together"], ["together", "dcgan", "apart"]),
        (["version=illustration", "training.passes=together"], ["together", "illustration"]),
        (["version=r3gan", "training.passes=in_turn"], ["in_turn", "relativistic"]),
        (["version=wgan", "objective.penalties=[gradient]"], ["gradient", "wgan", "batch"]),
        (["version=wgan", "discriminator.weight_clip=null"], ["wasserstein", "weight_clip"]),
        (["version=wgan_gp", "augment.p=adaptive"], ["adaptive", "wasserstein"]),
        (["augment.p=adaptive"], ["adaptive", "augment.policy"]),
        (["training.micro_batch=5"], ["micro_batch", "5", "64"]),
        (["generator.rate=[0.01,0.001]"], ["generator.rate", "generator.decay"]),
        (["objective.gamma=[1,2,3]"], ["objective.gamma", "pair"]),
        (["generator.rate=[1,x]"], ["generator.rate", "pair"]),
        (["augment.p=2"], ["augment.p", "adaptive"]),
        (["augment.policy=[rotation]"], ["augment.policy", "rotation", "translation"]),
        (["model.resolution=16"], ["model.resolution is 16", "v5", "32"]),
        (["objective.penalties=r1"], ["objective.penalties", "r1", "[r1]"]),
    ],
)
def test_nonsense_is_one_sentence(overrides, words):
    """It names the keys, what stands there, and the way out."""
    with pytest.raises(UserError) as caught:
        checked(*overrides)
    text = str(caught.value)
    assert all(word in text for word in words), text
    assert "\n" not in text and text.endswith(".")


@pytest.mark.parametrize(
    "overrides",
    [
        ["objective.name=cross_entropy", "objective.penalties=[r1,r2]", "training.passes=in_turn"],
        ["version=dragan", "objective.name=hinge", "objective.penalties=[]"],
        ["version=dragan", "objective.name=wasserstein", "discriminator.spectral_norm=true"],
        ["version=sagan", "augment.p=adaptive", "augment.policy=[colour]"],
        ["version=r3gan", "augment.p=adaptive"],
        ["version=dcgan", "generator.spectral_norm=true", "training.ema_kimg=5"],
        ["version=v5", "training.micro_batch=16", "generator.optimizer=adam"],
    ],
)
def test_the_shared_parts_go_with_every_version_they_make_sense_for(overrides):
    """From the config alone, whatever the version's own recipe is; and they can be built."""
    config = checked("model.width=0.02", "model.resolution=32", *overrides)
    assert TrainState(config).loss


@pytest.mark.parametrize("version", VERSIONS)
def test_every_recipe_passes(version):
    """No version is refused as it stands."""
    assert checked(f"version={version}")
