"""Writes samples/recordings: what torch answers, for proving that a conversion of the samples answers the same.

usage: record.py [language-id] [digits] [storyteller]      all three when none is named
"""

import sys
from pathlib import Path

import torch

import byte_level
import forms
import handwriting
import repository
import train_digits
import train_language_id
import word_piece

SAMPLES = Path(__file__).resolve().parent.parent
SENTENCES = ["Où est la gare ?", "Where is the station?", "Wo ist der Bahnhof?", "駅はどこですか？", "Der Zug nach Hamburg fährt heute von Gleis sieben ab."]
PROMPT = "It was a fine evening, and the two sisters"
NEAR = 1e-3  # a greedy step whose two best logits are closer than this is no fit reference


def language_id():
    config, model = repository.load(SAMPLES / "language-id", forms.BertForSequenceClassification)
    tokenizer = word_piece.Tokenizer.load(SAMPLES / "language-id")
    rows = [tokenizer.encode(text, train_language_id.LONGEST) for text in SENTENCES]
    runs = []
    for name, chosen in (("sentence", rows[:1]), ("longer", rows[4:]), ("padded", rows)):
        inputs = train_language_id.padded(chosen)
        runs.append((name, inputs, {"logits": model(**inputs)}))
    texts = []
    for text, row in zip(SENTENCES, runs[-1][2]["logits"].softmax(-1)):
        label = config["id2label"][str(row.argmax().item())]
        texts.append({"input": text, "arguments": {}, "output": [{"label": label, "score": row.max().item()}]})
    return "text-classification", config, runs, (), texts


def digits():
    config, model = repository.load(SAMPLES / "digits", forms.ViTForImageClassification)
    _, scans, _, _ = train_digits.data()
    photographs = handwriting.photographed(scans[:2], torch.Generator().manual_seed(1))
    runs = []
    for name, pixels in (("scan", handwriting.processed(scans[:1]).contiguous()), ("photographs", photographs)):
        runs.append((name, {"pixel_values": pixels}, {"logits": model(pixels)}))
    return "image-classification", config, runs, (), ()


def storyteller():
    config, model = repository.load(SAMPLES / "storyteller", forms.GPT2LMHeadModel)
    tokenizer = byte_level.Tokenizer.load(SAMPLES / "storyteller" / "tokenizer.json")
    ids = torch.tensor([tokenizer.encode(PROMPT)])
    written = ids
    while written.shape[1] < ids.shape[1] + 24:
        best = model(written)[:, -1].topk(2)
        if best.values[0, 0] - best.values[0, 1] < NEAR:
            sys.exit(f"A near tie after {tokenizer.decode(written[0].tolist())!r}: choose another prompt.")
        written = torch.cat([written, best.indices[:, :1]], 1)
    inputs = lambda ids: {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    full = written[:, :14].clone()
    arguments = {"do_sample": False, "max_new_tokens": 24}
    generation = [("greedy", inputs(ids), arguments, {"sequences": written})]
    texts = [{"input": PROMPT, "arguments": arguments, "output": [{"generated_text": tokenizer.decode(written[0].tolist())}]}]
    return "text-generation", config, [("full", inputs(full), {"logits": model(full)})], generation, texts


def main(names):
    torch.set_num_threads(1)
    makers = {"language-id": language_id, "digits": digits, "storyteller": storyteller}
    for name in names or makers:
        with torch.no_grad():
            repository.record(SAMPLES / "recordings" / name, *makers[name]())


if __name__ == "__main__":
    main(sys.argv[1:])
