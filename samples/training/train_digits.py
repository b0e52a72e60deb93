"""Trains samples/digits: a small ViT that reads one handwritten digit, scanned or photographed.

usage: train_digits.py      the data come with Debian's python3-sklearn
"""

import collections
import math
import time
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.nn import functional as F

import forms
import handwriting
import repository

SEED = 20250603
CYCLES, BATCH, WARM_UP = (3500, 2200), 96, 200  # the steps of each cycle, in which the rate rises to its peak and falls
PEAK_RATE, WEIGHT_DECAY, AVERAGING = 1.5e-3, 0.05, 0.998
FOLDER = Path(__file__).resolve().parent.parent / "digits"

CONFIG = {
    "architectures": ["ViTForImageClassification"],
    "attention_probs_dropout_prob": 0.0,
    "dtype": "float32",
    "encoder_stride": 16,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.0,
    "hidden_size": 64,
    "id2label": {str(digit): str(digit) for digit in range(10)},
    "image_size": handwriting.SIZE,
    "initializer_range": 0.02,
    "intermediate_size": 128,
    "label2id": {str(digit): digit for digit in range(10)},
    "layer_norm_eps": 1e-12,
    "model_type": "vit",
    "num_attention_heads": 4,
    "num_channels": 3,
    "num_hidden_layers": 4,
    "patch_size": 4,
    "problem_type": "single_label_classification",
    "qkv_bias": True,
}
PREPROCESSOR = {
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_processor_type": "ViTImageProcessor",
    "image_std": [0.5, 0.5, 0.5],
    "resample": 2,
    "rescale_factor": 1 / 255,
    "size": {"height": handwriting.SIZE, "width": handwriting.SIZE},
}


def data():
    """Images [n, 1, 8, 8] of 0..1 as a PNG of 8 bits would hold them, and labels: the trained ones, then a fifth held out."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16 * 255).round().reshape(-1, 1, 8, 8) / 255
    parts = train_test_split(images, labels, test_size=0.2, stratify=labels, random_state=SEED)
    return [torch.tensor(part, dtype=torch.float32 if part.ndim == 4 else torch.int64) for part in parts]


def train(model, images, labels, steps, seed):
    """One cycle; leaves weights in the model that are averaged over its last steps."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY)
    average = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    generator = torch.Generator().manual_seed(seed)
    began, running = time.time(), None
    for step in range(steps):
        progress = max(0.0, (step - WARM_UP) / (steps - WARM_UP))
        for group in optimizer.param_groups:
            group["lr"] = PEAK_RATE * min((step + 1) / WARM_UP, 0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2)
        chosen = torch.randint(len(images), (BATCH,), generator=generator)
        plain = BATCH // 4  # some of them as they are, or inverted
        scans = images[chosen[:plain]]
        scans = torch.where(torch.rand(plain, 1, 1, 1, generator=generator) < 0.3, 1 - scans, scans)
        pixels = torch.cat([handwriting.processed(scans), handwriting.photographed(images[chosen[plain:]], generator)])
        loss = F.cross_entropy(model(pixels), labels[chosen], label_smoothing=0.02)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        for name, tensor in model.state_dict().items():
            average[name].lerp_(tensor, 1 - min(AVERAGING, (step + 1) / (step + 10)))
        running = loss.item() if running is None else 0.99 * running + 0.01 * loss.item()
        if step % 200 == 199:
            print(f"step {step + 1} loss {running:.4f} {(time.time() - began) / 60:.1f} minutes", flush=True)
    model.load_state_dict(average)


def measure(model, pixels, labels, title):
    with torch.no_grad():
        sure, guesses = model(pixels).softmax(-1).max(-1)
    right = guesses == labels
    wrong = collections.Counter(zip(labels[~right].tolist(), guesses[~right].tolist())).most_common(6)
    print(f"{title}: {right.sum().item()}/{len(labels)} = {right.float().mean():.4f}, median probability {sure.median():.4f};",
          ", ".join(f"{a} as {b} {count}" for (a, b), count in wrong))


def measure_all(model, held_out, held_out_labels):
    model.eval()
    generator = torch.Generator().manual_seed(SEED)
    measure(model, handwriting.processed(held_out), held_out_labels, "held-out scans")
    measure(model, handwriting.processed(1 - held_out), held_out_labels, "held-out scans, dark on light")
    photographs = torch.cat([handwriting.photographed(held_out, generator) for _ in range(5)])
    measure(model, photographs, held_out_labels.repeat(5), "held-out photographs, simulated")


def main():
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    images, held_out, labels, held_out_labels = data()
    model = forms.initialise(forms.ViTForImageClassification(CONFIG), CONFIG["initializer_range"])
    print(sum(p.numel() for p in model.parameters()), "parameters;", len(images), "images, held out", len(held_out), flush=True)
    for cycle, steps in enumerate(CYCLES):
        train(model, images, labels, steps, SEED + cycle)
        repository.save(FOLDER, CONFIG, model)
    repository.write_json(FOLDER / "preprocessor_config.json", PREPROCESSOR)
    measure_all(model, held_out, held_out_labels)


if __name__ == "__main__":
    main()
