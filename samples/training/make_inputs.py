"""Makes the pictures of samples/inputs: three held-out scans as PNG files, and a drawn photograph of a digit on paper.

usage: make_inputs.py
"""

from pathlib import Path

import numpy
from PIL import Image, ImageDraw, ImageFilter

import train_digits

SEED = 20250604
FOLDER = Path(__file__).resolve().parent.parent / "inputs"
WIDTH, HEIGHT = 360, 420  # of the photograph, in pixels

# The strokes of a pen that writes a five, through these points of a unit square.
_FIVE = [
    [(0.70, 0.13), (0.60, 0.14), (0.48, 0.13), (0.39, 0.15), (0.375, 0.24), (0.355, 0.36), (0.345, 0.46), (0.44, 0.41), (0.54, 0.395),
     (0.64, 0.43), (0.71, 0.51), (0.73, 0.61), (0.71, 0.71), (0.64, 0.80), (0.53, 0.85), (0.42, 0.845), (0.33, 0.79), (0.295, 0.74)],
]


def _smooth(points, steps=24):
    """A Catmull-Rom curve through the points."""
    padded = numpy.array([points[0], *points, points[-1]])
    t = numpy.linspace(0, 1, steps, endpoint=False)[:, None]
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:]):
        yield from 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def _noise(random, scale, size=(HEIGHT, WIDTH)):
    """Smooth noise of deviation 1 whose blotches are about scale pixels wide."""
    coarse = random.standard_normal((size[0] // scale + 2, size[1] // scale + 2))
    image = Image.fromarray(coarse.astype("f4")).resize((size[1], size[0]), Image.BICUBIC)
    return numpy.asarray(image)


def photograph(path):
    """A broad felt-tip in blue-black on creamy, faintly ruled paper, seen at an angle under a lamp at the left, by a small camera."""
    random = numpy.random.default_rng(SEED)
    ink = Image.new("L", (WIDTH, HEIGHT))
    pen = ImageDraw.Draw(ink)
    for stroke in _FIVE:
        points = list(_smooth(stroke))
        widths = 22 + 3.0 * numpy.sin(numpy.linspace(0.4, 7, len(points))) + numpy.convolve(random.standard_normal(len(points)), numpy.ones(9) / 9, "same")
        for (x, y), width in zip(points, widths):
            x, y = x * WIDTH + 0.7 * random.standard_normal(), y * HEIGHT + 0.7 * random.standard_normal()
            pen.ellipse([x - width, y - width, x + width, y + width], fill=255)
    ruled = Image.new("L", (WIDTH, HEIGHT))
    lines = ImageDraw.Draw(ruled)
    for y in range(30, HEIGHT, 62):
        lines.line([0, y, WIDTH, y], fill=255, width=2)
    tilt = (1.06, 0.07, -24, -0.05, 1.03, -3, 0.00013, 0.00011)  # from the picture's pixels to the paper's
    ink, ruled = (layer.transform(layer.size, Image.PERSPECTIVE, tilt, Image.BICUBIC).filter(ImageFilter.GaussianBlur(1.3)) for layer in (ink, ruled))
    ink = numpy.asarray(ink)[..., None] / 255 * (0.88 + 0.05 * _noise(random, 5)[..., None]).clip(0, 1)
    ruled = numpy.asarray(ruled)[..., None] / 255
    paper = numpy.array([236, 228, 208]) + 2.0 * _noise(random, 3)[..., None] + 3.0 * _noise(random, 40)[..., None]
    paper = paper * (1 - 0.10 * ruled) - ruled * numpy.array([14, 6, 0])
    picture = paper * (1 - ink) + numpy.array([38, 44, 72]) * ink
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    lamp = 1.04 - 0.38 * (x / WIDTH) ** 1.3 - 0.10 * (y / HEIGHT)
    corner = 1 - 0.14 * (((x / WIDTH - 0.5) ** 2 + (y / HEIGHT - 0.5) ** 2) / 0.5)
    picture = picture * (lamp * corner)[..., None] + 3.5 * random.standard_normal(picture.shape)
    Image.fromarray(picture.clip(0, 255).astype("u1")).save(path, quality=82)


def scans():
    """The first held-out scan of each of three digits, 8 x 8 pixels as scikit-learn has them."""
    _, held_out, _, labels = train_digits.data()
    for digit in (0, 3, 7):
        image = held_out[labels == digit][0, 0]
        Image.fromarray((image * 255).round().byte().numpy()).save(FOLDER / f"digit-{digit}.png")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    scans()
    photograph(FOLDER / "digit-photo.jpg")
