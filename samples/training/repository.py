"""Writes what a publisher's repository and a recording of its model hold."""

import json

import torch

import tensor_files


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def save(folder, config, model):
    """Writes config.json and the weights in the configuration's dtype, to which the model is rounded: what is measured is what is stored."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    stored = {name: tensor.to(getattr(torch, config["dtype"])) for name, tensor in model.state_dict().items()}
    model.load_state_dict(stored)
    tensor_files.write(folder / "model.safetensors", stored, {"format": "pt"})


def load(folder, form):
    """Returns the configuration and the model in float32, ready to answer."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = form(config)
    model.load_state_dict(tensor_files.read(folder / "model.safetensors"))
    return config, model.eval()


def record(folder, task, config, runs, generation=(), texts=()):
    """Writes case.json and tensors.safetensors: what torch computes in float32 from the weights that the sample of this name stores.

    runs hold (name, inputs, outputs), generation (name, inputs, arguments, outputs), inputs and outputs being tensors by name;
    texts are a pipeline's input, arguments and output.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for run, *parts in [*runs, *generation]:
        for kind, group in (("in", parts[0]), ("out", parts[-1])):
            tensors |= {f"{run}/{kind}/{key}": tensor for key, tensor in group.items()}
    case = {
        "format": 1,
        "name": folder.name,
        "area": "models",
        "task": task,
        "model_type": config["model_type"],
        "class": config["architectures"][0],
        "made_with": {"torch": torch.__version__, "form": "samples/training/forms.py"},
        "tolerance": {"abs": 1e-4, "rel": 1e-4},
        "runs": [{"name": run, "inputs": list(inputs), "outputs": list(outputs)} for run, inputs, outputs in runs],
    }
    if generation:
        case["steps"] = True
        case["generation"] = [
            {"name": run, "inputs": list(inputs), "arguments": arguments, "outputs": list(outputs)}
            for run, inputs, arguments, outputs in generation
        ]
    if texts:
        case["texts"] = list(texts)
    write_json(folder / "case.json", case)
    tensor_files.write(folder / "tensors.safetensors", tensors)
