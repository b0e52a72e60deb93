"""Proves forms.py: runs recorded cases of transformers with their own weights and compares every logit.

usage: check_forms.py FOLDER     where FOLDER holds bert-seqcls/, vit-image-classification/ and gpt2/, each with
                                 repo/, case.json and tensors.safetensors
"""

import json
import sys
from pathlib import Path

import torch

import forms
import tensor_files

CASES = ["bert-seqcls", "vit-image-classification", "gpt2"]
TOLERANCE = 1e-5


def check(case):
    """Returns the largest difference over the runs that forms.py covers: no interpolated positions, no padding on the left."""
    config = json.loads((case / "repo/config.json").read_text())
    model = forms.CLASSES[config["architectures"][0]](config)
    model.load_state_dict(tensor_files.read(case / "repo/model.safetensors"))
    model.eval()
    recorded = tensor_files.read(case / "tensors.safetensors")
    worst, compared = 0.0, []
    for run in json.loads((case / "case.json").read_text())["runs"]:
        inputs = {name: recorded[f"{run['name']}/in/{name}"] for name in run["inputs"]}
        mask = inputs.get("attention_mask")
        if "note" in run or "position_ids" in inputs:
            continue
        if isinstance(model, forms.GPT2LMHeadModel):
            inputs = {"input_ids": inputs["input_ids"]}  # what is padded on the right changes nothing before it
        expected = recorded[f"{run['name']}/out/logits"]
        difference = (model(**inputs) - expected).abs()
        if run.get("compare_where"):
            difference = difference[mask.bool()]
        worst, compared = max(worst, difference.max().item()), compared + [run["name"]]
    return worst, compared


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    failed = False
    with torch.no_grad():
        for name in CASES:
            worst, compared = check(Path(sys.argv[1]) / name)
            failed |= not compared or worst > TOLERANCE
            print(f"{name}: largest difference {worst:.1e} over {', '.join(compared)}")
    sys.exit(1 if failed else 0)
