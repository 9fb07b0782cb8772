"""The training steps of some versions in plain PyTorch, as anime_gan/training/step.py has them.

Losses with a penalty always run eagerly: PyTorch does not compile gradients of gradients ("does not
currently support double backward"). The rest follows PyTorch's own guides: channels last, fused or
for-each optimizers, parameters of the other network without gradients, gradients set to None,
autocast for bfloat16.
"""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks import torch_networks, torch_stylegan2
from benchmarks.torch_weights import check, copy_weights

NETWORKS = {
    "v5": torch_networks.v5,
    "dcgan": torch_networks.dcgan,
    "r3gan": torch_networks.r3gan,
    "r3gan_patch": partial(torch_networks.r3gan, patch=2),
    "stylegan2": torch_stylegan2.networks,
}
MIRRORED = ("dcgan",)


def build(state) -> tuple:
    """Return (generator, discriminator) with the weights of `state`, in float32.

    Raises:
        UserError: if the two sides do not compute the same.
    """
    name, shape = state.config.version, state.config.model
    networks = NETWORKS[name](shape.resolution, shape.channels, shape.latent_dim, shape.width)
    for model, network in zip((state.generator, state.discriminator), networks, strict=True):
        copy_weights(model, network, name in MIRRORED)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    networks = [n.to(device, memory_format=torch.channels_last) for n in networks]
    check(state, *networks, name in MIRRORED)
    return tuple(networks)


class Step:
    """A step: real images (B, H, W, C) in [-1, 1], NumPy's, to the losses of both networks."""

    def __init__(self, state, compiled: bool, precision: str):
        self.config = state.config
        self.generator, self.discriminator = build(state)
        self.device = next(self.generator.parameters()).device
        self.half = torch.autocast(self.device.type, torch.bfloat16, precision == "bfloat16")
        self.optimizers = [
            self._optimizer(network.parameters(), rule)
            for network, rule in (
                (self.generator, state.config.generator),
                (self.discriminator, state.config.discriminator),
            )
        ]
        self.ema = None
        if state.config.training.ema_kimg is not None:
            self.ema = [p.detach().clone() for p in self.generator.parameters()]
        self.path_mean = torch.zeros((), device=self.device)
        self.count = 0
        losses = [partial(loss, self) for loss in LOSSES[state.config.objective.name]]
        self.draw, self.plain, self.penalized = self.generator, losses, losses
        if compiled:
            self.draw = torch.compile(self.generator)
            self.plain = [torch.compile(loss) for loss in losses]

    def _optimizer(self, parameters, rule):
        rate = float(np.max(rule.rate))
        if rule.optimizer == "rmsprop":  # of which there is no fused one
            return torch.optim.RMSprop(parameters, rate, alpha=0.9, foreach=True)
        betas = rule.beta1, float(np.max(rule.beta2))
        return torch.optim.Adam(parameters, rate, betas=betas, fused=True)

    def __call__(self, images) -> tuple[float, float]:
        """Train both networks once and return (discriminator's loss, generator's loss)."""
        real = torch.from_numpy(images).to(self.device).permute(0, 3, 1, 2)
        rule = self.config.objective
        with torch.no_grad(), self.half:
            fake = self.draw(self._latents(len(real)))
        extra = bool(rule.penalties) and self.count % rule.penalty_every == 0
        d_loss = self._descend(1, fake, real, extra)
        extra = bool(rule.path_weight) and self.count % rule.path_every == 0
        g_loss = self._descend(0, self._latents(len(real)), real, extra)
        if self.ema:
            torch._foreach_lerp_(self.ema, list(self.generator.parameters()), 0.001)
        self.count += 1
        return float(d_loss), float(g_loss)

    def _descend(self, place, inputs, real, extra):
        """Update one network: the generator is at place 0, the discriminator at 1."""
        networks = self.generator, self.discriminator
        networks[place].requires_grad_(True)
        networks[1 - place].requires_grad_(False)
        self.optimizers[place].zero_grad(set_to_none=True)
        with self.half:
            losses = self.penalized if extra else self.plain
            value, cost = losses[place](inputs, real, extra)
        (value + cost).backward()
        limit = (self.config.generator, self.config.discriminator)[place].clipvalue
        if limit:
            torch.nn.utils.clip_grad_value_(networks[place].parameters(), limit)
        self.optimizers[place].step()
        return value.detach()

    def _latents(self, count):
        return torch.randn(count, self.config.model.latent_dim, device=self.device)

    def scores(self, images, with_gradients=False):
        """Return scores in float32 and, if asked, half the squared norms of their gradients."""
        if not with_gradients:
            return self.discriminator(images).float(), 0.0
        images = images.detach().requires_grad_()
        scores = self.discriminator(images).float()
        (gradients,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
        return scores, 0.5 * gradients.square().sum((1, 2, 3))


def _cross_entropy(scores, label):
    """Return the mean cross-entropy of logits against a label."""
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))


def _report_d(step, fake, real, extra):
    scores, _ = step.scores(torch.cat([fake, real]))
    labels = torch.cat([torch.ones_like(fake[:, 0, 0, :1]), torch.zeros_like(real[:, 0, 0, :1])])
    labels = labels + step.config.training.label_noise * torch.rand_like(labels)
    return F.binary_cross_entropy_with_logits(scores, labels.float()), 0.0


def _report_g(step, latents, real, extra):
    return _cross_entropy(step.scores(step.generator(latents))[0], 0.0), 0.0


def _cross_entropy_d(step, fake, real, extra):
    on_real, on_fake = step.scores(real)[0], step.scores(fake)[0]
    return _cross_entropy(on_real, 1.0) + _cross_entropy(on_fake, 0.0), 0.0


def _cross_entropy_g(step, latents, real, extra):
    return _cross_entropy(step.scores(step.generator(latents))[0], 1.0), 0.0


def _relativistic_d(step, fake, real, extra):
    scores, squares = step.scores(torch.cat([fake, real]), extra)
    on_fake, on_real = scores.chunk(2)
    gamma = float(np.max(step.config.objective.gamma))
    return F.softplus(on_fake - on_real).mean(), gamma * squares.sum() / len(real)


def _relativistic_g(step, latents, real, extra):
    with torch.no_grad():
        on_real, _ = step.scores(real)
    return F.softplus(on_real - step.scores(step.generator(latents))[0]).mean(), 0.0


def _non_saturating_d(step, fake, real, extra):
    on_real, squares = step.scores(real, extra)
    on_fake, _ = step.scores(fake)
    rule = step.config.objective
    cost = float(np.max(rule.gamma)) * rule.penalty_every * squares.mean() if extra else 0.0
    return F.softplus(-on_real).mean() + F.softplus(on_fake).mean(), cost


def _non_saturating_g(step, latents, real, extra):
    value = F.softplus(-step.scores(step.generator(latents))[0]).mean()
    if not extra:
        return value, 0.0
    w = step.generator.styles(latents[: len(latents) // 2])
    images = step.generator.synthesis(w).float()
    noise = torch.randn_like(images) / images.shape[2]
    (gradients,) = torch.autograd.grad((images * noise).sum(), w, create_graph=True)
    lengths = (gradients.float().square().sum(2).mean(1) + 1e-12).sqrt()
    cost = (lengths - step.path_mean).square().mean()
    step.path_mean.lerp_(lengths.detach().mean(), 0.01)
    rule = step.config.objective
    return value, rule.path_weight * rule.path_every * cost


LOSSES = {  # of the generator, of the discriminator
    "report": (_report_g, _report_d),
    "cross_entropy": (_cross_entropy_g, _cross_entropy_d),
    "relativistic": (_relativistic_g, _relativistic_d),
    "non_saturating": (_non_saturating_g, _non_saturating_d),
}
