"""StyleGAN2 as plain PyTorch, see torch_networks.py; layers are named as in Keras."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from anime_gan.networks.stylegan import MAPPING_LAYERS, MAPPING_RATE, sizes_to
from anime_gan.networks.stylegan2 import filters_of


def active(x):
    """Return the leaky ReLU of x."""
    return F.leaky_relu(x, 0.2)


class Equal(nn.Module):
    """A dense layer or a convolution with equalized learning rate."""

    def __init__(self, *shape, gain=2**0.5, rate=1.0, bias=0.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape) / rate)
        self.scale = gain * rate / math.sqrt(math.prod(shape[1:]))
        self.rate = rate
        if bias is not None:
            self.bias = nn.Parameter(torch.full(shape[:1], bias / rate))

    def forward(self, x):
        """Return the layer's outputs."""
        bias = self.bias * self.rate if hasattr(self, "bias") else None
        if self.weight.ndim == 2:
            return F.linear(x, self.weight * self.scale, bias)
        return F.conv2d(x, self.weight * self.scale, bias, padding="same")


class Halving(Equal):
    """A 3x3 convolution and the mean of 2x2 pixels, as one of 4x4 with stride 2."""

    def __init__(self, *shape):
        super().__init__(*shape)
        lines = (torch.eye(4, 3) + torch.eye(4, 3).roll(1, 0)) / 2
        self.register_buffer("lines", torch.kron(lines, lines), persistent=False)

    def forward(self, x):
        """Return maps of half the size."""
        kernel = (self.weight * self.scale).flatten(2) @ self.lines.T
        return F.conv2d(x, kernel.unflatten(2, (4, 4)), self.bias, stride=2, padding=1)


def blurred(x, taps, padding=0):
    """Return maps filtered by the product of two lines of weights."""
    line = torch.tensor(taps, device=x.device, dtype=x.dtype) / sum(taps)
    kernel = (line[:, None] * line).expand(x.shape[1], 1, len(taps), len(taps))
    return F.conv2d(x, kernel, padding=padding, groups=x.shape[1])


class Modulated(Equal):
    """A modulated, demodulated convolution."""

    def __init__(self, filters, before, size, latent_dim, double=False, demodulate=True):
        super().__init__(filters, before, size, size, gain=1.0)
        self.affine = Equal(before, latent_dim, gain=1.0, bias=1.0)
        self.double, self.demodulate = double, demodulate

    def forward(self, x, w):
        """Return the maps."""
        style, kernel = self.affine(w), self.weight * self.scale
        x = x * style[:, :, None, None]
        if self.double:
            spread = 4 * kernel.flip(2, 3).transpose(0, 1)
            x = F.conv_transpose2d(x, spread, stride=2)[:, :, :-1, :-1]
            x = blurred(F.pad(x, (1, 2, 1, 2)), (1.0, 3.0, 3.0, 1.0))
        else:
            x = F.conv2d(x, kernel, padding="same")
        if self.demodulate:
            variance = style.square() @ kernel.square().sum((2, 3)).T
            x = x * torch.rsqrt(variance + 1e-8)[:, :, None, None]
        return x + self.bias[:, None, None]


class Noise(nn.Module):
    """One map of noise added to all maps: new in training, else the layer's own."""

    def __init__(self, size):
        super().__init__()
        self.strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("fixed", torch.randn(1, size, size))

    def forward(self, x):
        """Return the maps with noise."""
        noise = torch.randn_like(x[:, :1]) if self.training else self.fixed
        return x + noise * self.strength


class Constant(nn.Module):
    """The learned constant that images begin with."""

    def __init__(self, filters):
        super().__init__()
        self.maps = nn.Parameter(torch.randn(filters, 4, 4))

    def forward(self, count):
        """Return them for each image."""
        maps = self.maps.expand(count, -1, -1, -1)
        return maps.contiguous(memory_format=torch.channels_last)


class Styles(nn.Module):
    """Broadcasts w to the layers, with style mixing in training; tracks the mean w."""

    def __init__(self, count, latent_dim):
        super().__init__()
        self.count = count
        self.register_buffer("mean", torch.zeros(latent_dim))

    def forward(self, w, other):
        """Return (B, count, D)."""
        if not self.training:
            return w[:, None].repeat(1, self.count, 1)
        self.mean.lerp_(w.detach().float().mean(0), 0.005)
        first = torch.randint(1, self.count, (len(w), 1), device=w.device)
        mixed = torch.rand(len(w), 1, device=w.device) < 0.9
        own = torch.arange(self.count, device=w.device) < torch.where(mixed, first, self.count)
        return torch.where(own[:, :, None], w[:, None], other[:, None])


class Generator(nn.Module):
    """From latents to images; `styles` and `synthesis` are its two halves."""

    def __init__(self, resolution, channels, latent_dim, width):
        super().__init__()
        self.sizes, before = sizes_to(resolution), filters_of(4, width)
        own = nn.ModuleDict()
        for number in range(MAPPING_LAYERS):
            own[f"dense{number}"] = Equal(latent_dim, latent_dim, rate=MAPPING_RATE)
        own["styles"] = Styles(2 * len(self.sizes), latent_dim)
        own["b4"] = Constant(before)
        for size in self.sizes:
            filters = filters_of(size, width)
            for half in (1,) if size == 4 else (0, 1):
                name = f"b{size}_{half}"
                own[name] = Modulated(filters, before, 3, latent_dim, double=half == 0)
                own[f"{name}_noise"] = Noise(size)
                before = filters
            own[f"b{size}_rgb"] = Modulated(channels, filters, 1, latent_dim, demodulate=False)
        self.named = own

    def mapping(self, latents):
        """Return one style for each image."""
        x = latents * torch.rsqrt(latents.square().mean(1, keepdim=True) + 1e-8)
        for number in range(MAPPING_LAYERS):
            x = active(self.named[f"dense{number}"](x))
        return x

    def styles(self, latents):
        """Return the styles of all layers."""
        w = self.mapping(latents)
        other = self.mapping(torch.randn_like(latents)) if self.training else w
        return self.named["styles"](w, other)

    def synthesis(self, w):
        """Return images of styles."""
        x, image, number = self.named["b4"](len(w)), None, 0
        for size in self.sizes:
            for half in (1,) if size == 4 else (0, 1):
                name = f"b{size}_{half}"
                x = self.named[f"{name}_noise"](self.named[name](x, w[:, number]))
                x = active(x) * 2**0.5
                number += 1
            rgb = self.named[f"b{size}_rgb"](x, w[:, number])
            if image is not None:
                rgb = rgb + F.interpolate(image, scale_factor=2, mode="bilinear")
            image = rgb
        return image

    def forward(self, latents):
        """Return images."""
        return self.synthesis(self.styles(latents))


class Discriminator(nn.Module):
    """From images to scores; residual."""

    def __init__(self, resolution, channels, width):
        super().__init__()
        self.sizes, own = sizes_to(resolution), nn.ModuleDict()
        filters = filters_of(resolution, width)
        own[f"b{resolution}_rgb"] = Equal(filters, channels, 1, 1)
        for size in reversed(self.sizes[1:]):
            filters, smaller = (filters_of(n, width) for n in (size, size // 2))
            own[f"b{size}_short"] = Equal(smaller, filters, 1, 1, gain=1.0, bias=None)
            own[f"b{size}_0"] = Equal(filters, filters, 3, 3)
            own[f"b{size}_1"] = Halving(smaller, filters, 3, 3)
        filters = filters_of(4, width)
        own["b4_0"] = Equal(filters, filters + 1, 3, 3)
        own["b4_1"] = Equal(filters, 16 * filters)
        own["score"] = Equal(1, filters, gain=1.0)
        self.named = own

    def forward(self, x):
        """Return scores (B, 1)."""
        x = active(self.named[f"b{self.sizes[-1]}_rgb"](x))
        for size in reversed(self.sizes[1:]):
            short = F.avg_pool2d(blurred(x, (1.0, 2.0, 1.0), 1), 2)
            short = self.named[f"b{size}_short"](short)
            x = blurred(active(self.named[f"b{size}_0"](x)), (1.0, 2.0, 1.0), 1)
            x = (active(self.named[f"b{size}_1"](x)) + short) * 2**-0.5
        group = 4 if len(x) % 4 == 0 else len(x)
        apart = x.unflatten(0, (group, -1))
        deviation = (apart.var(0, correction=0) + 1e-8).sqrt().mean((1, 2, 3))
        deviation = deviation.repeat(group)[:, None, None, None].expand(-1, 1, 4, 4)
        x = active(self.named["b4_0"](torch.cat([x, deviation], 1)))
        x = active(self.named["b4_1"](x.permute(0, 2, 3, 1).flatten(1)))
        return self.named["score"](x)


def networks(resolution, channels, latent_dim, width):
    """Return (generator, discriminator)."""
    return (
        Generator(resolution, channels, latent_dim, width),
        Discriminator(resolution, channels, width),
    )
