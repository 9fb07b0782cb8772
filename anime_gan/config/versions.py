"""The versions: where each comes from, what it needs, and the recipe that trains it.

The networks are in `networks/`, one file a family. This table does without them, so that a config
is read and checked before Keras is imported. networks/README.md: how to add a version.
"""

import difflib
from dataclasses import dataclass
from typing import Any

from anime_gan.errors import UserError


@dataclass(frozen=True)
class Version:
    """What is known of a version without building it.

    Args:
        name: what `version:` in config.yaml calls it.
        source: where it comes from, with chapter or figure.
        note: its special feature or its reported result, in one sentence.
        recipe: values for the keys that the user's config leaves out, nested as in config.yaml.
        sigmoid: the discriminator's scores are probabilities; else they are logits.
        compares_batch: the discriminator's score of an image depends on the others in its batch.
        smallest: the smallest resolution of the networks.
        grows: the networks grow progressively. Those of a resolution contain all layers of those of
            half of it, with the same names; a layer FadeIn fades in the others.
        no_spectral_norm: it is refused, since layers scale their weights or begin with zeros.
        styled: the generator is made by stylegan.style_based, of a mapping and a synthesis network.
    """

    name: str
    source: str
    note: str
    recipe: dict[str, Any]
    sigmoid: bool = False
    compares_batch: bool = False
    smallest: int = 16
    grows: bool = False
    no_spectral_norm: bool = False
    styled: bool = False


def _srm(optimizer: str, rate: float, **options) -> dict:
    """Return the report's schedule (ch. 9.1.0) with one optimizer for each network."""
    network = {"optimizer": optimizer, "rate": rate, **options}
    return {
        "model": {"latent_dim": 100},
        "training": {"steps": 5_000, "batch_size": 64, "label_noise": 0.05},
        "objective": {"name": "report"},
        "generator": network,
        "discriminator": network,
    }


def _dcgan(batch_size, steps, rates, passes="apart", label_noise=0.0) -> dict:
    """Return a recipe with Adam, beta1 0.5, for rates (generator's, discriminator's)."""
    generator, discriminator = ({"optimizer": "adam", "rate": rate, "beta1": 0.5} for rate in rates)
    return {
        "model": {"latent_dim": 100},
        "training": {
            "steps": steps,
            "batch_size": batch_size,
            "label_noise": label_noise,
            "passes": passes,
        },
        "objective": {"name": "cross_entropy"},
        "generator": generator,
        "discriminator": discriminator,
    }


def _wgan(network: dict, critic: dict, **objective) -> dict:
    """Return a recipe of five updates of the critic to one of the generator."""
    return {
        "model": {"latent_dim": 100},
        "training": {
            "steps": 20_000,
            "batch_size": 64,
            "label_noise": 0.0,
            "passes": "apart",
            "n_critic": 5,
        },
        "objective": {"name": "wasserstein", **objective},
        "generator": network,
        "discriminator": critic,
    }


def _stylegan(steps: int | None, rates: dict, objective: dict, **sections) -> dict:
    """Return the recipe that both StyleGANs share, extended by the arguments."""
    network = {"optimizer": "adam", **rates, "beta1": 0.0, "beta2": 0.99}
    return {
        "model": {"latent_dim": 512},
        "data": {"x_flip": True},
        "training": {
            "steps": steps,
            "batch_size": 32,
            "passes": "apart",
            "label_noise": 0.0,
            "ema_kimg": 10,
            "ema_ramp": 0.05,  # of StyleGAN2-ADA's code; it matters in short runs
        },
        "objective": {
            "name": "non_saturating",
            "penalties": ["r1"],
            "penalty_every": 16,
            **objective,
        },
        "generator": network,
        "discriminator": network,
        **sections,
    }


# 70 epochs of about 2,000 images in batches of 128.
_DCGAN = _dcgan(128, 1_100, (1e-4, 4e-4))
_RMSPROP = {"optimizer": "rmsprop", "rate": 5e-5}
_WGAN_GP = {"optimizer": "adam", "rate": 1e-4, "beta1": 0.0, "beta2": 0.9}
_ADAM = {"optimizer": "adam", "rate": 2e-4, "beta1": 0.5}
_SAGAN = {"optimizer": "adam", "beta1": 0.0, "beta2": 0.9, "spectral_norm": True}
_PROGAN = {"optimizer": "adam", "rate": 1e-3, "beta1": 0.0, "beta2": 0.99}
AUGMENTATIONS = ["translation", "cutout", "color"]
_R3GAN_ADAM = {"optimizer": "adam", "rate": [2e-4, 5e-5], "beta1": 0.0, "beta2": [0.9, 0.99]}
_R3GAN = {
    "model": {"latent_dim": 64},
    "data": {"x_flip": True},
    "training": {
        "steps": 100_000,
        "batch_size": 256,
        "label_noise": 0.0,
        "cosine_kimg": 20_000,
        "ema_kimg": [0, 500],
        "ema_ramp": 0.05,
    },
    "objective": {"name": "relativistic", "penalties": ["r1", "r2"], "gamma": [2, 0.2]},
    "augment": {"policy": AUGMENTATIONS, "p": [0, 0.3]},
    "generator": _R3GAN_ADAM,
    "discriminator": _R3GAN_ADAM,
}

_ALL = [
    # Of v1 to v4 the report has only a note and an image each (ch. 8.2). They are reconstructed:
    # each note names a fault and a remedy; the fault is built into that version, and the remedy
    # into the next. The rates that no note gives are those with which each learns what it says.
    Version(
        "v1",
        "SRM report, ch. 8.2, Fig. 26 (reconstructed)",
        "Underfits: dense layers only, and Adam with a learning rate that is too high.",
        _srm("adam", 3e-3),
        sigmoid=True,
    ),
    Version(
        "v2",
        "SRM report, ch. 8.2, Fig. 27 (reconstructed)",
        "Learns where the face is: first convolutions, a lower learning rate, still Adam.",
        _srm("adam", 5e-4),
        sigmoid=True,
    ),
    Version(
        "v3",
        "SRM report, ch. 8.2, Fig. 28 (reconstructed)",
        "Learns silhouettes: a generator twice as wide, RMSprop, a lower learning rate.",
        _srm("rmsprop", 2e-4, clipvalue=1.0),
        sigmoid=True,
    ),
    Version(
        "v4",
        "SRM report, ch. 8.2, Figs. 29 and 30 (reconstructed)",
        "Redesigned, and its learning rate decays: the losses stay balanced for long, but facial "
        "features are deformed.",
        # v3's note asks for a decay "with initial rate of 0.01", and v4's own note has 0.0001. From
        # 0.01 all images are white, however fast it decays (docs/results.md): RMSprop's first step
        # is three times its rate, for every weight. So the rate begins at a tenth of that, and is
        # 0.0001 at step 5,000.
        _srm("rmsprop", 1e-3, decay=1.8e-3, clipvalue=1.0),
        sigmoid=True,
        smallest=32,
    ),
    Version(
        "v5",
        "SRM report, Figs. 8, 11 and 13",
        "The report's final code.",
        _srm("rmsprop", 5e-4, decay=1e-8, clipvalue=1.0),
        sigmoid=True,
        smallest=32,
    ),
    Version(
        "oulu",
        "Shaik, University of Oulu",
        "Real and generated images in separate passes; images resized bilinearly.",
        # 40 epochs of 36,740 images. The paper does not state batch size, learning rate and latent
        # size; these are Radford's.
        _dcgan(128, 11_480, (2e-4, 2e-4)) | {"data": {"resize": "bilinear"}},
        sigmoid=True,
        compares_batch=True,
    ),
    Version(
        "dcgan",
        '"Generating anime characters using DCGANs", a repository\'s text',
        "The text reports a checkerboard but no kernel sizes; 5x5, which causes one, is a guess.",
        _DCGAN,
        sigmoid=True,
        compares_batch=True,
    ),
    Version(
        "dcgan_even",
        "dcgan, with its text's remedy for the checkerboard",
        "4x4 kernels: multiples of the stride of 2.",
        _DCGAN,
        sigmoid=True,
        compares_batch=True,
    ),
    Version(
        "dcgan_resize",
        "dcgan, after Odena et al. 2016",
        "Repeats pixels and convolves: no checkerboard with any kernel.",
        _DCGAN,
        sigmoid=True,
        compares_batch=True,
    ),
    Version(
        "blog",
        "the Keras blog post",
        "Leaky ReLUs in the generator too; one update on real images, then one on generated ones.",
        # The post says 10,000 steps; the rest is the code's that it links to, also the momentum of
        # 0.5 in batch normalization.
        _dcgan(64, 10_000, (1.5e-4, 2e-4), "in_turn", label_noise=0.2),
        sigmoid=True,
        compares_batch=True,
    ),
    Version(
        "wgan",
        "Arjovsky et al. 2017, algorithm 1",
        "A critic in place of a discriminator, its weights clipped to 0.01.",
        _wgan(_RMSPROP, {**_RMSPROP, "weight_clip": 0.01}),
        compares_batch=True,
    ),
    Version(
        "wgan_gp",
        "Gulrajani et al. 2017, algorithm 1",
        "A gradient penalty in place of clipping.",
        _wgan(_WGAN_GP, _WGAN_GP, penalties=["gradient"], gamma=10),
    ),
    Version(
        "dragan",
        "Jin et al. 2017",
        "SRResNet's generator, the DRAGAN penalty around real images.",
        {
            "model": {"latent_dim": 128, "label_head": "classifier"},
            "training": {"steps": 50_000, "batch_size": 64, "label_noise": 0.0},
            "objective": {"name": "non_saturating", "penalties": ["dragan"], "gamma": 0.5},
            "generator": _ADAM,
            "discriminator": _ADAM,
        },
    ),
    Version(
        "sagan",
        "Zhang et al. 2019",
        "Self-attention, spectral normalization in both networks, hinge loss, two learning rates.",
        {
            "model": {"latent_dim": 128},
            "training": {"steps": 50_000, "batch_size": 64, "label_noise": 0.0},
            "objective": {"name": "hinge"},
            "generator": {**_SAGAN, "rate": 1e-4},
            "discriminator": {**_SAGAN, "rate": 4e-4},
        },
    ),
    Version(
        "illustration",
        "Russell 2016; Bath thesis, October 2020, ch. 2.3.5",
        "Minibatch discrimination, and latents read back, against mode collapse.",
        {
            "model": {"latent_dim": 100},
            "training": {
                "steps": 20_000,
                "batch_size": 32,
                "label_noise": 0.0,
                "passes": "apart",
            },
            "data": {"x_flip": True},
            "objective": {"name": "non_saturating", "latent_weight": 1.0},
            "generator": _ADAM,
            "discriminator": _ADAM,
        },
        compares_batch=True,
    ),
    Version(
        "r3gan",
        "Huang et al. 2024, FFHQ at 64x64",
        "The modern baseline; width 1 is for a GPU, configs/r3gan_cpu.yaml for a CPU.",
        _R3GAN,
        no_spectral_norm=True,
    ),
    Version(
        "r3gan_patch",
        "Huang et al. 2024, changed for a CPU",
        "r3gan, whose discriminator starts at half size: better faces per minute on a CPU.",
        _R3GAN,
        no_spectral_norm=True,
    ),
    Version(
        "progan",
        "Karras et al. 2017",
        "Grows from 4x4 to the resolution; StyleGAN's discriminator without its blur.",
        {
            "model": {"latent_dim": 512},
            "data": {"x_flip": True},
            "training": {
                "steps": None,  # as many as the last size needs
                "batch_size": 16,
                "passes": "apart",
                "label_noise": 0.0,
                "ema_kimg": 11.085,  # 0.999 a step
                "ema_ramp": 0.05,
            },
            "growing": {
                "start": 4,
                "fade_kimg": 800,
                "stable_kimg": 800,
                "last_kimg": 6_200,  # of the authors' 19,000 at 1024x1024
                "batch_at": {256: 14, 512: 6, 1024: 3},
            },
            "objective": {
                "name": "wasserstein",
                "penalties": ["gradient"],
                "gamma": 10,
                "drift": 0.001,
            },
            "generator": _PROGAN,
            "discriminator": _PROGAN,
        },
        compares_batch=True,
        grows=True,
        no_spectral_norm=True,
    ),
    Version(
        "stylegan",
        "Karras et al. 2018",
        "Grows from 8x8 to the resolution; width 1 is for a GPU, configs/stylegan_cpu.yaml for a "
        "CPU; configs/thesis_512.yaml is the Bath thesis's.",
        _stylegan(
            None,  # as many as the last size needs
            # The authors' rates for FFHQ; for CelebA-HQ they take 0.002 at 512 and 1024
            # (appendix C), as the thesis does (configs/thesis_512.yaml).
            {"rate": 1e-3, "rate_at": {128: 0.0015, 256: 0.002, 512: 0.003, 1024: 0.003}},
            {"gamma": 10},
            growing={
                "start": 8,
                "fade_kimg": 600,
                "stable_kimg": 600,
                "last_kimg": 16_600,  # of the authors' 25,000 at 1024x1024
                # The authors' for one GPU.
                "batch_at": {4: 128, 8: 128, 16: 128, 32: 64, 128: 16, 256: 8, 512: 4, 1024: 4},
            },
        ),
        compares_batch=True,
        grows=True,
        no_spectral_norm=True,
        styled=True,
    ),
    Version(
        "stylegan2",
        "Karras et al. 2019, configuration F",
        "Width 1 is for a GPU, configs/stylegan2_cpu.yaml for a CPU.",
        _stylegan(
            300_000,
            {"rate": 0.002},
            {"gamma": 1, "path_weight": 2},
            augment={"policy": AUGMENTATIONS, "p": "adaptive"},
        ),
        compares_batch=True,
        no_spectral_norm=True,
        styled=True,
    ),
]
VERSIONS: dict[str, Version] = {version.name: version for version in _ALL}


def get_version(name: str) -> Version:
    """Return the version called `name`; UserError names a near one where there is none."""
    if name not in VERSIONS:
        near = difflib.get_close_matches(name.lower(), VERSIONS, 1)
        nearest = f"the nearest is {near[0]!r}" if near else "choose one of these"
        raise UserError(f"version is {name!r}, which is none of {', '.join(VERSIONS)}; {nearest}.")
    return VERSIONS[name]
