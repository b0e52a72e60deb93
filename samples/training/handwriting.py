"""Makes pictures of digits as a camera would see them from scikit-learn's 8 x 8 scans."""

import math

import torch
from torch.nn import functional as F

SIZE = 32


def processed(images):
    """What preprocessor_config.json asks for: grey images [n, 1, h, w] of 0..1 -> pixels [n, 3, SIZE, SIZE] of -1..1."""
    resized = F.interpolate(images, (SIZE, SIZE), mode="bilinear", antialias=True).clamp(0, 1)
    return ((resized - 0.5) / 0.5).expand(-1, 3, -1, -1)


def _uniform(generator, low, high, *shape):
    return low + (high - low) * torch.rand(*shape, generator=generator)


def _placed(images, generator):
    """Turned, scaled, sheared, shifted and tilted away: each image through a random projective map."""
    n = len(images)
    angle = torch.randn(n, generator=generator).clamp(-2, 2) * math.radians(8)
    wide, high = (_uniform(generator, 0.8, 1.9, n) * _uniform(generator, 0.85, 1.15, n) for _ in range(2))
    high = wide * (high / wide).clamp(0.75, 1.35)
    shear = _uniform(generator, -0.2, 0.2, n)
    room_x, room_y = (0.1 + (scale - 0.9).clamp(min=0) * 0.5 for scale in (wide, high))
    shift_x, shift_y = (_uniform(generator, -1, 1, n) * room for room in (room_x, room_y))
    tilt_x, tilt_y = _uniform(generator, -0.12, 0.12, n), _uniform(generator, -0.12, 0.12, n)
    axis = torch.linspace(-1, 1, SIZE)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    x, y = x.expand(n, -1, -1), y.expand(n, -1, -1)
    each = lambda value: value[:, None, None]
    x, y = x - each(shift_x), y - each(shift_y)
    depth = 1 + each(tilt_x) * x + each(tilt_y) * y
    turned_x = each(wide) * (each(angle.cos()) * x + each(angle.sin() + shear) * y) / depth
    turned_y = each(high) * (-each(angle.sin()) * x + each(angle.cos()) * y) / depth
    fine = F.interpolate(images, scale_factor=6, mode="bicubic", align_corners=False)
    return F.grid_sample(fine, torch.stack([turned_x, turned_y], -1), padding_mode="zeros", align_corners=False)[:, 0]


def photographed(images, generator):
    """Scans [n, 1, 8, 8] of 0..1, light strokes on black -> pixels [n, 3, SIZE, SIZE] of -1..1 of what could be their photographs.

    Any pen on any ground: stroke width, ink, paper, colours, uneven light, soft focus, grain, the light on the dark and its inverse.
    """
    n = len(images)
    each = lambda low, high: _uniform(generator, low, high, n, 1, 1)
    ink = torch.sigmoid((_placed(images, generator) - each(0.3, 0.6)) * each(5, 16))
    dark, light = each(0.0, 0.35), each(0.5, 1.0)
    inverted = (torch.rand(n, 1, 1, generator=generator) < 0.6).float()
    stroke, ground = inverted * dark + (1 - inverted) * light, inverted * light + (1 - inverted) * dark
    axis = torch.linspace(-1, 1, SIZE)
    slope = each(-0.25, 0.25) * axis[None, :, None] + each(-0.25, 0.25) * axis[None, None, :]
    blotches = F.interpolate(torch.randn(n, 1, 4, 4, generator=generator), (SIZE, SIZE), mode="bicubic")[:, 0] * each(0, 0.06)
    picture = (ground + (stroke - ground) * ink) * (1 + slope + blotches)
    colour = _uniform(generator, 0.85, 1.1, n, 3, 1, 1)
    picture = (picture[:, None] * colour).clamp(0, 1)
    soft = F.avg_pool2d(F.pad(picture, (1, 1, 1, 1), mode="replicate"), 3, 1)
    blur = _uniform(generator, 0, 0.9, n, 1, 1, 1)
    picture = picture + blur * (soft - picture)
    picture = picture + torch.randn(picture.shape, generator=generator) * _uniform(generator, 0, 0.06, n, 1, 1, 1)
    return (picture.clamp(0, 1) - 0.5) / 0.5
