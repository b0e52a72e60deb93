"""The usual way from a checkpoint to ONNX, as a peer of the conversion bench. Usage: python3 torch_export.py FOLDER FILE"""

import sys

import torch
from transformers import AutoModel

folder, file = sys.argv[1:]
model = AutoModel.from_pretrained(folder).eval()
inputs = {name: torch.ones(1, 128, dtype=torch.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
axes = {name: {0: "batch_size", 1: "sequence_length"} for name in (*inputs, "last_hidden_state")}
torch.onnx.export(
    model, tuple(inputs.values()), file, input_names=list(inputs), output_names=["last_hidden_state", "pooler_output"], dynamic_axes=axes, opset_version=17
)
