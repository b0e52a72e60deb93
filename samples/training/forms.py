"""The three architectures in plain torch, with the parameter names, shapes and arithmetic of transformers 4 and 5.

A configuration is the dictionary of config.json. check_forms.py compares these modules with outputs recorded from transformers.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


def attend(query, key, value, heads, mask=None, dropout=0.0):
    """Multi-head attention over [batch, length, hidden]; mask is added to the scores [batch, heads, queries, keys]."""
    batch, length, hidden = query.shape
    split = lambda x: x.view(batch, -1, heads, hidden // heads).transpose(1, 2)
    scores = split(query) @ split(key).transpose(-1, -2) / math.sqrt(hidden // heads)
    if mask is not None:
        scores = scores + mask
    weights = F.dropout(scores.softmax(-1), dropout, training=dropout > 0)
    return (weights @ split(value)).transpose(1, 2).reshape(batch, length, hidden)


class Nested(nn.Module):
    """Children by name, so that a path such as attention.self.query needs no class of its own."""

    def __init__(self, /, **children):  # "self" is a child's name too
        super().__init__()
        for name, child in children.items():
            self.add_module(name, child)


def initialise(model, deviation):
    """Initialises as transformers does: normal weights, no biases, norms that change nothing."""
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding, nn.Conv2d, Conv1D)):
            nn.init.normal_(module.weight, std=deviation)
        if getattr(module, "bias", None) is not None and not isinstance(module, nn.LayerNorm):
            nn.init.zeros_(module.bias)
    return model


# BERT


class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, inner, epsilon = config["hidden_size"], config["intermediate_size"], config["layer_norm_eps"]
        self.heads, self.dropout = config["num_attention_heads"], nn.Dropout(config["hidden_dropout_prob"])
        self.attention_dropout = config["attention_probs_dropout_prob"]
        self.attention = Nested(
            **{
                "self": Nested(query=nn.Linear(hidden, hidden), key=nn.Linear(hidden, hidden), value=nn.Linear(hidden, hidden)),
                "output": Nested(dense=nn.Linear(hidden, hidden), LayerNorm=nn.LayerNorm(hidden, epsilon)),
            }
        )
        self.intermediate = Nested(dense=nn.Linear(hidden, inner))
        self.output = Nested(dense=nn.Linear(inner, hidden), LayerNorm=nn.LayerNorm(hidden, epsilon))

    def forward(self, x, mask):
        own, out = getattr(self.attention, "self"), self.attention.output
        context = attend(own.query(x), own.key(x), own.value(x), self.heads, mask, self.attention_dropout if self.training else 0.0)
        x = out.LayerNorm(x + self.dropout(out.dense(context)))
        return self.output.LayerNorm(x + self.dropout(self.output.dense(F.gelu(self.intermediate.dense(x)))))


class BertForSequenceClassification(nn.Module):
    """Token ids -> logits [batch, labels]."""

    def __init__(self, config):
        super().__init__()
        hidden = config["hidden_size"]
        self.bert = Nested(
            embeddings=Nested(
                word_embeddings=nn.Embedding(config["vocab_size"], hidden),
                position_embeddings=nn.Embedding(config["max_position_embeddings"], hidden),
                token_type_embeddings=nn.Embedding(config["type_vocab_size"], hidden),
                LayerNorm=nn.LayerNorm(hidden, config["layer_norm_eps"]),
            ),
            encoder=Nested(layer=nn.ModuleList(BertLayer(config) for _ in range(config["num_hidden_layers"]))),
            pooler=Nested(dense=nn.Linear(hidden, hidden)),
        )
        self.classifier = nn.Linear(hidden, len(config["id2label"]))
        self.dropout = nn.Dropout(config["hidden_dropout_prob"])

    def forward(self, input_ids, attention_mask, token_type_ids):
        tables = self.bert.embeddings
        x = tables.word_embeddings(input_ids) + tables.token_type_embeddings(token_type_ids)
        x = x + tables.position_embeddings.weight[: input_ids.shape[1]]
        x = self.dropout(tables.LayerNorm(x))
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        for layer in self.bert.encoder.layer:
            x = layer(x, mask)
        return self.classifier(self.dropout(torch.tanh(self.bert.pooler.dense(x[:, 0]))))


# ViT


class VitLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, inner, epsilon = config["hidden_size"], config["intermediate_size"], config["layer_norm_eps"]
        self.heads, self.dropout = config["num_attention_heads"], nn.Dropout(config["hidden_dropout_prob"])
        projection = lambda: nn.Linear(hidden, hidden, bias=config["qkv_bias"])
        self.attention = Nested(
            attention=Nested(query=projection(), key=projection(), value=projection()),
            output=Nested(dense=nn.Linear(hidden, hidden)),
        )
        self.intermediate = Nested(dense=nn.Linear(hidden, inner))
        self.output = Nested(dense=nn.Linear(inner, hidden))
        self.layernorm_before = nn.LayerNorm(hidden, epsilon)
        self.layernorm_after = nn.LayerNorm(hidden, epsilon)

    def forward(self, x):
        own, normal = self.attention.attention, self.layernorm_before(x)
        context = attend(own.query(normal), own.key(normal), own.value(normal), self.heads)
        x = x + self.dropout(self.attention.output.dense(context))
        return x + self.dropout(self.output.dense(F.gelu(self.intermediate.dense(self.layernorm_after(x)))))


class ViTForImageClassification(nn.Module):
    """Pixels [batch, channels, height, width] -> logits [batch, labels]."""

    def __init__(self, config):
        super().__init__()
        hidden, patch = config["hidden_size"], config["patch_size"]
        self.vit = Nested(
            embeddings=Nested(patch_embeddings=Nested(projection=nn.Conv2d(config["num_channels"], hidden, patch, patch))),
            encoder=Nested(layer=nn.ModuleList(VitLayer(config) for _ in range(config["num_hidden_layers"]))),
            layernorm=nn.LayerNorm(hidden, config["layer_norm_eps"]),
        )
        patches = (config["image_size"] // patch) ** 2
        deviation = config["initializer_range"]
        self.vit.embeddings.cls_token = nn.Parameter(torch.randn(1, 1, hidden) * deviation)
        self.vit.embeddings.position_embeddings = nn.Parameter(torch.randn(1, patches + 1, hidden) * deviation)
        self.classifier = nn.Linear(hidden, len(config["id2label"]))
        self.dropout = nn.Dropout(config["hidden_dropout_prob"])

    def forward(self, pixel_values):
        tables = self.vit.embeddings
        x = tables.patch_embeddings.projection(pixel_values).flatten(2).transpose(1, 2)
        x = torch.cat([tables.cls_token.expand(len(x), -1, -1), x], 1) + tables.position_embeddings
        x = self.dropout(x)
        for layer in self.vit.encoder.layer:
            x = layer(x)
        return self.classifier(self.vit.layernorm(x)[:, 0])


# GPT-2


class Conv1D(nn.Module):
    """A linear layer that keeps its weight as [inputs, outputs], as GPT-2's checkpoints do."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return torch.addmm(self.bias, x.reshape(-1, x.shape[-1]), self.weight).view(*x.shape[:-1], -1)


class Gpt2Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, epsilon = config["n_embd"], config["layer_norm_epsilon"]
        self.heads, self.dropout = config["n_head"], nn.Dropout(config["resid_pdrop"])
        self.attention_dropout = config["attn_pdrop"]
        self.ln_1, self.ln_2 = nn.LayerNorm(hidden, epsilon), nn.LayerNorm(hidden, epsilon)
        self.attn = Nested(c_attn=Conv1D(hidden, 3 * hidden), c_proj=Conv1D(hidden, hidden))
        self.mlp = Nested(c_fc=Conv1D(hidden, 4 * hidden), c_proj=Conv1D(4 * hidden, hidden))

    def forward(self, x, mask):
        query, key, value = self.attn.c_attn(self.ln_1(x)).chunk(3, -1)
        context = attend(query, key, value, self.heads, mask, self.attention_dropout if self.training else 0.0)
        x = x + self.dropout(self.attn.c_proj(context))
        inner = F.gelu(self.mlp.c_fc(self.ln_2(x)), approximate="tanh")
        return x + self.dropout(self.mlp.c_proj(inner))


class GPT2LMHeadModel(nn.Module):
    """Token ids -> logits [batch, length, vocabulary]; the head is the embedding table."""

    def __init__(self, config):
        super().__init__()
        hidden = config["n_embd"]
        self.transformer = Nested(
            wte=nn.Embedding(config["vocab_size"], hidden),
            wpe=nn.Embedding(config["n_positions"], hidden),
            h=nn.ModuleList(Gpt2Block(config) for _ in range(config["n_layer"])),
            ln_f=nn.LayerNorm(hidden, config["layer_norm_epsilon"]),
        )
        self.dropout = nn.Dropout(config["embd_pdrop"])

    def forward(self, input_ids):
        body, length = self.transformer, input_ids.shape[1]
        x = self.dropout(body.wte(input_ids) + body.wpe.weight[:length])
        lowest = torch.finfo(x.dtype).min
        mask = torch.full((length, length), lowest).triu(1)
        for block in body.h:
            x = block(x, mask)
        return body.ln_f(x) @ body.wte.weight.T


CLASSES = {form.__name__: form for form in (BertForSequenceClassification, ViTForImageClassification, GPT2LMHeadModel)}
