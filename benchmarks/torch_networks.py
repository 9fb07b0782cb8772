"""Networks of the collection as plain PyTorch, for the steps to be timed against.

Written as a PyTorch user would: torch.nn layers, channels last in memory, PyTorch's own padding,
logits out of every discriminator. torch_weights.py copies our weights into them, and both sides
must then compute the same.

A kernel whose size is no multiple of the stride lies half a pixel to the other side in PyTorch than
in Keras. Networks with such kernels are the mirror image of ours: they take and make mirrored
images.
"""

import torch
import torch.nn.functional as F
from torch import nn

from anime_gan.networks import dcgan as keras_dcgan
from anime_gan.networks.architecture import scaled
from anime_gan.networks.r3gan import BLOCKS, EXPANSION, GROUP, SLOPE, filters_at, grouped


class Maps(nn.Module):
    """Turns (B, H * W * C) into (B, C, H, W), channels last in memory as they came."""

    def __init__(self, size: int):
        super().__init__()
        self.size = size

    def forward(self, x):
        """Return the maps."""
        return x.reshape(len(x), self.size, self.size, -1).permute(0, 3, 1, 2)


class Flat(nn.Module):
    """Turns (B, C, H, W) into (B, H * W * C)."""

    def forward(self, x):
        """Return the numbers."""
        return x.permute(0, 2, 3, 1).flatten(1)


def v5(resolution, channels, latent_dim, width):
    """Return (generator, discriminator) of the report."""
    base, thin, wide, leaky = resolution // 2, scaled(128, width), scaled(256, width), 0.3
    generator = nn.Sequential(
        nn.Linear(latent_dim, thin * base * base),
        nn.LeakyReLU(leaky),
        Maps(base),
        nn.Conv2d(thin, wide, 5, padding=2),
        nn.LeakyReLU(leaky),
        nn.ConvTranspose2d(wide, wide, 4, stride=2, padding=1),
        nn.LeakyReLU(leaky),
        nn.Conv2d(wide, wide, 5, padding=2),
        nn.LeakyReLU(leaky),
        nn.Conv2d(wide, wide, 5, padding=2),
        nn.LeakyReLU(leaky),
        nn.Conv2d(wide, channels, 7, padding=3),
        nn.Tanh(),
    )
    layers, size = [nn.Conv2d(channels, thin, 3), nn.LeakyReLU(leaky)], resolution - 2
    for _ in range(3):
        layers += [nn.Conv2d(thin, thin, 4, stride=2), nn.LeakyReLU(leaky)]
        size = size // 2 - 1
    head = [Flat(), nn.Dropout(0.4), nn.Linear(thin * size * size, 1)]
    return generator, nn.Sequential(*layers, *head)


def dcgan(resolution, channels, latent_dim, width):
    """Return (generator, discriminator) with kernels of 5x5, which mirror images."""
    sizes = [2**n for n in range(2, resolution.bit_length() - 1)]
    filters = [keras_dcgan.filters_at(size, width) for size in sizes]

    def normalized(maps):
        return nn.BatchNorm2d(maps, eps=1e-5, momentum=0.1)

    layers = [nn.Unflatten(1, (latent_dim, 1, 1))]
    layers += [nn.ConvTranspose2d(latent_dim, filters[0], 4, bias=False)]
    for before, after in zip(filters, [*filters[1:], channels], strict=True):
        last = after is channels
        layers += [normalized(before), nn.ReLU()]
        layers += [nn.ConvTranspose2d(before, after, 5, 2, 2, output_padding=1, bias=last)]
    generator = nn.Sequential(*layers, nn.Tanh())

    layers = [nn.Conv2d(channels, filters[-1], 5, 2, 2), nn.LeakyReLU(0.2)]
    for before, after in zip(filters[:0:-1], filters[-2::-1], strict=True):
        layers += [nn.Conv2d(before, after, 5, 2, 2, bias=False), normalized(after)]
        layers += [nn.LeakyReLU(0.2)]
    layers += [nn.Conv2d(filters[0], 1, 4), nn.Flatten()]
    return generator, nn.Sequential(*layers)


class Block(nn.Module):
    """R3GAN's residual block of three convolutions."""

    def __init__(self, filters: int, whole: bool):
        super().__init__()
        wide = filters if whole else EXPANSION * filters
        groups = 1 if whole else wide // GROUP
        self.first = nn.Conv2d(filters, wide, 1)
        self.middle = nn.Conv2d(wide, wide, 3, padding=1, groups=groups)
        self.last = nn.Conv2d(wide, filters, 1, bias=False)

    def forward(self, x):
        """Return maps of the same shape."""
        y = F.leaky_relu(self.first(x), SLOPE)
        return x + self.last(F.leaky_relu(self.middle(y), SLOPE))


class Basis(nn.Module):
    """R3GAN's learned 4x4 basis: from numbers to maps, or from maps to numbers."""

    def __init__(self, filters: int):
        super().__init__()
        self.images = nn.Parameter(torch.randn(filters, 4, 4))

    def forward(self, x):
        """Return the one from the other."""
        if x.ndim == 2:
            maps = x[:, :, None, None] * self.images
            return maps.contiguous(memory_format=torch.channels_last)
        return (x * self.images).sum((2, 3))


def r3gan(resolution, channels, latent_dim, width, patch=1):
    """Return (generator, discriminator).

    patch: the side, in pixels, of what one position of the discriminator's first maps sees.
    """
    sizes = [2**n for n in range(2, resolution.bit_length())]
    whole = not grouped(width)
    filters = [filters_at(size, width) for size in sizes]
    blocks = 1 if whole else BLOCKS
    layers = [nn.Linear(latent_dim, filters[0], bias=False), Basis(filters[0])]
    for number, own in enumerate(filters):
        if number:
            if own != filters[number - 1]:
                layers.append(nn.Conv2d(filters[number - 1], own, 1, bias=False))
            layers.append(nn.Upsample(scale_factor=2, mode="bilinear"))
        layers += [Block(own, whole) for _ in range(blocks)]
    generator = nn.Sequential(*layers, nn.Conv2d(filters[-1], channels, 1, bias=False))

    sizes = [size for size in sizes if size * patch <= resolution]
    layers = [nn.Conv2d(channels, filters[len(sizes) - 1], patch, patch, bias=False)]
    for number in reversed(range(len(sizes))):
        layers += [Block(filters[number], whole) for _ in range(blocks)]
        if number:
            layers.append(nn.AvgPool2d(2))
            if filters[number] != filters[number - 1]:
                layers.append(nn.Conv2d(filters[number], filters[number - 1], 1, bias=False))
    layers += [Basis(filters[0]), nn.Linear(filters[0], 1, bias=False)]
    return generator, nn.Sequential(*layers)
