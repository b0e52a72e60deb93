"""GPT-2's byte-level byte-pair encoding: trains it, encodes, decodes and writes tokenizer.json.

Source: the release of GPT-2 (encoder.py) for the byte alphabet and the splitting rule; the layout of tokenizers 0.22.
"""

import collections
import json
import re

END = "<|endoftext|>"

# GPT-2's rule. [^\W\d_] stands for \p{L} and \d for \p{N}, which Python's re lacks: equal on text of letters and Arabic digits.
_SPLIT = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")


def _alphabet():
    """Maps each byte to a printable character: itself where it is one, the characters from U+0100 on elsewhere."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + rank) for rank, byte in enumerate(others)}


_TO_CHARACTER = _alphabet()
_TO_BYTE = {character: byte for byte, character in _TO_CHARACTER.items()}


def _pieces(text):
    return ("".join(_TO_CHARACTER[byte] for byte in piece.encode()) for piece in _SPLIT.findall(text))


def _merged(symbols, pair):
    result, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            result.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            result.append(symbols[i])
            i += 1
    return result


def train(text, vocabulary_size):
    """Returns the merges, most useful first; the vocabulary is END, the 256 bytes, then the merges' results."""
    words = [(list(piece), count) for piece, count in sorted(collections.Counter(_pieces(text)).items())]
    counts, places = collections.Counter(), collections.defaultdict(set)
    for index, (symbols, count) in enumerate(words):
        for pair in zip(symbols, symbols[1:]):
            counts[pair] += count
            places[pair].add(index)
    merges = []
    while len(merges) < vocabulary_size - 257:
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        for index in sorted(places.pop(best)):
            symbols, count = words[index]
            for pair in zip(symbols, symbols[1:]):
                counts[pair] -= count
            words[index] = (_merged(symbols, best), count)
            for pair in zip(words[index][0], words[index][0][1:]):
                counts[pair] += count
                places[pair].add(index)
        del counts[best]
    return merges


class Tokenizer:
    def __init__(self, merges):
        self.merges = merges
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        tokens = [END, *(_TO_CHARACTER[byte] for byte in sorted(_TO_CHARACTER, key=_TO_CHARACTER.get))]
        self.vocabulary = {token: id for id, token in enumerate(tokens + [first + second for first, second in merges])}
        self._tokens = {id: token for token, id in self.vocabulary.items()}
        self._known = {}

    @staticmethod
    def load(path):
        model = json.loads(path.read_text(encoding="utf-8"))["model"]
        return Tokenizer([tuple(pair) for pair in model["merges"]])

    def encode(self, text):
        ids = []
        for piece in _pieces(text):
            if piece not in self._known:
                self._known[piece] = [self.vocabulary[symbol] for symbol in self._merge(list(piece))]
            ids += self._known[piece]
        return ids

    def decode(self, ids):
        data = bytes(_TO_BYTE[character] for id in ids if id for character in self._tokens[id])
        return data.decode(errors="replace")

    def _merge(self, symbols):
        while len(symbols) > 1:
            best = min(zip(symbols, symbols[1:]), key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            symbols = _merged(symbols, best)
        return symbols

    def save(self, folder, model_max_length):
        """Writes tokenizer.json and tokenizer_config.json."""
        added = {"content": END, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        byte_level = lambda prefix, trim: {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": trim, "use_regex": True}
        tokenizer = {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": 0} | added],
            "normalizer": None,
            "pre_tokenizer": byte_level(False, True),
            "post_processor": byte_level(True, False),
            "decoder": byte_level(True, True),
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": "",
                "end_of_word_suffix": "",
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": False,
                "vocab": self.vocabulary,
                "merges": self.merges,
            },
        }
        config = {
            "add_bos_token": False,
            "add_prefix_space": False,
            "added_tokens_decoder": {"0": added},
            "bos_token": END,
            "clean_up_tokenization_spaces": False,
            "eos_token": END,
            "errors": "replace",
            "extra_special_tokens": {},
            "model_max_length": model_max_length,
            "pad_token": None,
            "tokenizer_class": "GPT2Tokenizer",
            "unk_token": END,
        }
        # Pairs on one line each: a pretty-printed list of lists would be five lines a merge.
        text = json.dumps(tokenizer, ensure_ascii=False, indent=1)
        text = re.sub(r'\[\n\s+("(?:[^"\\]|\\.)*"),\n\s+("(?:[^"\\]|\\.)*")\n\s+\]', r"[\1, \2]", text)
        (folder / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
        (folder / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
