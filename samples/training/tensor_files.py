"""Reads and writes safetensors files, byte for byte as the official writer lays them out.

Source: https://github.com/huggingface/safetensors, format of version 0.4: eight bytes of header length, a JSON header padded
with spaces to a multiple of eight, then the tensors, those of the largest element first and in the order of their names.
"""

import json
import struct
from pathlib import Path

import numpy
import torch

_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1", "BOOL": "?"}
_NAMES = {numpy.dtype(text): name for name, text in _DTYPES.items()}
_ORDER = ["F64", "I64", "F32", "I32", "F16", "U8", "BOOL"]


def write(path, tensors, metadata=None):
    """Writes a mapping from names to torch tensors."""
    arrays = {name: numpy.ascontiguousarray(tensor.detach().numpy()) for name, tensor in tensors.items()}
    names = sorted(arrays, key=lambda name: (_ORDER.index(_NAMES[arrays[name].dtype]), name))
    header = {"__metadata__": metadata} if metadata else {}
    offset = 0
    for name in names:
        array = arrays[name]
        header[name] = {"dtype": _NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in names:
            file.write(arrays[name].tobytes())


def read(path):
    """Returns a mapping from names to torch tensors of the stored types."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        array = numpy.frombuffer(data[begin:end], _DTYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    return tensors
