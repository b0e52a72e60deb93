"""Trains samples/storyteller: a GPT-2 of 1.2 million parameters that writes in the manner of Jane Austen.

usage: train_storyteller.py CACHE      CACHE is the folder of gather.py; packages that it lacks are downloaded
"""

import math
import random
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

import austen
import byte_level
import forms
import repository

SEED = 20250601
STEPS, BATCH, LENGTH, WARM_UP = 3000, 16, 256, 200
PEAK_RATE, WEIGHT_DECAY, AVERAGING = 3e-3, 0.1, 0.998
FOLDER = Path(__file__).resolve().parent.parent / "storyteller"

CONFIG = {
    "activation_function": "gelu_new",
    "architectures": ["GPT2LMHeadModel"],
    "attn_pdrop": 0.0,
    "bos_token_id": 0,
    "dtype": "float16",
    "embd_pdrop": 0.05,
    "eos_token_id": 0,
    "initializer_range": 0.02,
    "layer_norm_epsilon": 1e-5,
    "model_type": "gpt2",
    "n_embd": 128,
    "n_head": 4,
    "n_inner": None,
    "n_layer": 4,
    "n_positions": LENGTH,
    "reorder_and_upcast_attn": False,
    "resid_pdrop": 0.05,
    "scale_attn_by_inverse_layer_idx": False,
    "scale_attn_weights": True,
    "tie_word_embeddings": True,
    "use_cache": True,
    "vocab_size": 3072,
}
GENERATION = {
    "bos_token_id": 0,
    "do_sample": True,
    "eos_token_id": 0,
    "max_new_tokens": 80,
    "pad_token_id": 0,
    "temperature": 0.8,
    "top_k": 40,
}


def held_out_perplexity(model, ids):
    """Per token, every token seen with at least half a window of context."""
    losses = []
    with torch.no_grad():
        for start in range(0, len(ids) - LENGTH - 1, LENGTH // 2):
            window = ids[start : start + LENGTH + 1]
            loss = F.cross_entropy(model(window[None, :-1])[0], window[1:], reduction="none")
            losses.append(loss if start == 0 else loss[LENGTH // 2 :])
    return math.exp(torch.cat(losses).mean())


def train(model, ids):
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.98))
    average = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    choose = random.Random(SEED)
    began, running = time.time(), None
    for step in range(STEPS):
        progress = max(0.0, (step - WARM_UP) / (STEPS - WARM_UP))
        rate = PEAK_RATE * min((step + 1) / WARM_UP, 0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2)
        for group in optimizer.param_groups:
            group["lr"] = rate
        starts = [choose.randrange(len(ids) - LENGTH) for _ in range(BATCH)]
        windows = torch.stack([ids[start : start + LENGTH + 1] for start in starts])
        logits = model(windows[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        for name, tensor in model.state_dict().items():
            average[name].lerp_(tensor, 1 - min(AVERAGING, (step + 1) / (step + 10)))
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        if step % 100 == 99:
            print(f"step {step + 1} loss {running:.3f} rate {rate:.5f} {(time.time() - began) / 60:.1f} minutes", flush=True)
    model.load_state_dict(average)


def main(cache):
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    texts = austen.chapters(cache / "debs")
    random.Random(SEED).shuffle(texts)
    held_out, trained = texts[:12], texts[12:]
    tokenizer = byte_level.Tokenizer(byte_level.train("\n".join(trained), CONFIG["vocab_size"]))
    ids = [torch.tensor([id for text in group for id in [*tokenizer.encode(text), 0]]) for group in (trained, held_out)]
    model = forms.initialise(forms.GPT2LMHeadModel(CONFIG), CONFIG["initializer_range"])
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters} parameters; {len(trained)} chapters of {len(ids[0])} tokens, held out {len(held_out)} of {len(ids[1])}", flush=True)
    train(model, ids[0])
    tokenizer.save(FOLDER, LENGTH)
    repository.save(FOLDER, CONFIG, model)
    repository.write_json(FOLDER / "generation_config.json", GENERATION)
    model.eval()
    characters = sum(len(text) + 1 for text in held_out)
    perplexity = held_out_perplexity(model, ids[1])
    bits = math.log2(perplexity) * len(ids[1]) / characters
    print(f"held out: perplexity {perplexity:.2f} a token, {bits:.3f} bits a character; trained: {held_out_perplexity(model, ids[0][:60000]):.2f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
