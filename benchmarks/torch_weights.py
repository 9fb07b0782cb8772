"""Copies weights from Keras into PyTorch's networks, and checks that both compute the same."""

import numpy as np
import torch

from anime_gan.errors import UserError
from anime_gan.networks.build import all_layers
from anime_gan.networks.latents import latents_from_seeds

TOLERANCE = 1e-3  # of the largest output, float32


def copy_weights(model, network, mirrored: bool) -> None:
    """Copy all weights of a Keras model into a PyTorch network of the same layers."""
    named = getattr(network, "named", None)
    if named is None:
        pairs = [(model.weights, _tensors(network))]
    else:
        layers = [layer for layer in all_layers(model) if layer.weights]
        pairs = [(layer.weights, _tensors(named[layer.name])) for layer in layers]
        if len({layer.name for layer in layers}) < len(list(named)):
            raise UserError(f"PyTorch's {model.name} has layers that Keras's lacks.")
    with torch.no_grad():
        for ours, theirs in pairs:
            for weight, tensor in zip(ours, theirs, strict=True):
                value = np.asarray(weight)
                if value.ndim > tensor.ndim:  # StyleGAN2's constant, for a batch of one
                    value = value[0]
                if tensor.ndim == 4 and value.ndim == 2:  # a dense layer over 4x4 maps
                    value = value.reshape(*tensor.shape[2:], *tensor.shape[1::-1])
                value = _laid_out(value, mirrored)
                tensor.copy_(torch.from_numpy(value.reshape(tensor.shape).copy()))


def _tensors(network) -> list:
    """Return what Keras calls weights: parameters and kept buffers, in order, layer by layer."""
    return [
        tensor
        for module in network.modules()
        for tensor in (*module.parameters(recurse=False), *_buffers(module))
    ]


def _buffers(module) -> list:
    own = {name: b for name, b in module.named_buffers(recurse=False)}
    kept = module.state_dict(keep_vars=True)
    return [b for name, b in own.items() if name in kept and b.is_floating_point()]


def _laid_out(value, mirrored: bool):
    """Return an array in PyTorch's layout: outputs and channels first."""
    if value.ndim == 4:
        if mirrored:
            value = value[::-1, ::-1]
        # Transposed convolutions are (H, W, out, in) there and (in, out, H, W) here: the same move.
        return value.transpose(3, 2, 0, 1)
    if value.ndim == 3:
        return value.transpose(2, 0, 1)
    return value.T


def check(state, generator, discriminator, mirrored: bool) -> None:
    """Raise UserError unless both sides have as many parameters and the same outputs."""
    for ours, theirs in ((state.generator, generator), (state.discriminator, discriminator)):
        counts = ours.count_params(), sum(t.numel() for t in _tensors(theirs))
        if counts[0] != counts[1]:
            raise UserError(
                f"the {ours.name} has {counts[0]:,} parameters, PyTorch's {counts[1]:,}."
            )
    device = torch.device(next(generator.parameters()).device)
    latents = latents_from_seeds(range(4), state.generator.input_shape[1])
    images = np.array(state.generator(latents, training=False))
    scores = np.array(state.discriminator(images, training=False))
    generator.eval(), discriminator.eval()
    with torch.no_grad():
        generated = generator(torch.from_numpy(latents).to(device))
        turned = generated.flip(2, 3) if mirrored else generated
        given = torch.from_numpy(images.transpose(0, 3, 1, 2).copy()).to(device)
        judged = discriminator(given.flip(2, 3) if mirrored else given)
    generator.train(), discriminator.train()
    if state.scale.probabilities:
        judged = torch.sigmoid(judged)
    for name, ours, theirs in (
        ("generator", images, turned.permute(0, 2, 3, 1)),
        ("discriminator", scores, judged),
    ):
        apart = float(np.abs(ours - theirs.cpu().numpy()).max() / np.abs(ours).max())
        if not apart < TOLERANCE:
            raise UserError(f"the {name}'s outputs differ from PyTorch's by {apart:.1e}.")
