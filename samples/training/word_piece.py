"""BERT's WordPiece: trains a vocabulary, encodes and writes tokenizer.json.

Source: the release of BERT (tokenization.py) and the arithmetic of tokenizers 0.22: BertNormalizer with lowercase true and
strip_accents false (accents tell languages apart), BertPreTokenizer, WordPiece.
"""

import collections
import heapq
import json
import unicodedata

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, _ = range(5)
_PREFIX = "##"
LONGEST_WORD = 200  # BERT's limit of 100 would make one unknown word of a long Thai sentence
_IDEOGRAPHS = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF),
               (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)]


class _Normal(dict):
    """What str.translate puts in place of each character: normalised, and apart where it is a word by itself."""

    def __missing__(self, code):
        character = chr(code)
        category = unicodedata.category(character)
        if character.isspace():
            result = " "
        elif code in (0, 0xFFFD) or category.startswith("C"):
            result = ""
        elif category.startswith("P") or character in "$+<=>^`|~" or any(a <= code <= b for a, b in _IDEOGRAPHS):
            result = f" {character} "
        else:
            result = character.lower()  # one by one: in context Python would write a final sigma, tokenizers does not
        self[code] = result
        return result


_normal = _Normal()


def words(text):
    """Normalises and splits a text into the words that WordPiece cuts up."""
    return text.translate(_normal).split()


def train(counts, alphabet, size):
    """Returns a vocabulary: the special tokens, the alphabet alone and as continuation, then the most useful merges.

    counts: how often each word occurs; alphabet: the characters to know, words with any other become [UNK].
    """
    segmented = [([word[0], *(_PREFIX + c for c in word[1:])], count) for word, count in sorted(counts.items()) if alphabet.issuperset(word)]
    seen = {piece for pieces, _ in segmented for piece in pieces}
    vocabulary = {token: None for token in [*SPECIAL, *sorted(seen)]}
    pairs, places = collections.Counter(), collections.defaultdict(set)
    for index, (pieces, count) in enumerate(segmented):
        for pair in zip(pieces, pieces[1:]):
            pairs[pair] += count
            places[pair].add(index)
    # A heap of counts that may have changed since: an entry counts when it still says what the counter says.
    heap = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(heap)
    while len(vocabulary) < size:
        count, best = heapq.heappop(heap)
        if best not in pairs or -count != pairs[best]:
            continue
        joined = best[0] + best[1][len(_PREFIX) :]
        vocabulary[joined] = None
        changed = set()
        for index in sorted(places.pop(best)):
            pieces, count = segmented[index]
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] -= count
                changed.add(pair)
            merged, i = [], 0
            while i < len(pieces):
                if tuple(pieces[i : i + 2]) == best:
                    merged.append(joined)
                    i += 2
                else:
                    merged.append(pieces[i])
                    i += 1
            for pair in zip(merged, merged[1:]):
                pairs[pair] += count
                places[pair].add(index)
                changed.add(pair)
            segmented[index] = (merged, count)
        del pairs[best]
        for pair in changed - {best}:
            if pairs[pair] > 0:
                heapq.heappush(heap, (-pairs[pair], pair))
    return {token: id for id, token in enumerate(vocabulary)}


class Tokenizer:
    def __init__(self, vocabulary):
        self.vocabulary = vocabulary
        self._longest = max(map(len, vocabulary))
        self._known = {}

    @staticmethod
    def load(folder):
        return Tokenizer(json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"])

    def pieces(self, word):
        """The longest known piece first, then the longest that continues it; one [UNK] where some character is unknown."""
        if word not in self._known:
            self._known[word] = self._cut(word, None, 0.0)
        return self._known[word]

    def other_pieces(self, word, choose, dropout):
        """As pieces, but each match is passed over by chance for a shorter one: a regulariser for training."""
        return self._cut(word, choose, dropout) or self.pieces(word)

    def encode(self, text, longest):
        ids = [id for word in words(text) for id in self.pieces(word)]
        return [CLS, *ids[: longest - 2], SEP]

    def _cut(self, word, choose, dropout):
        if len(word) > LONGEST_WORD:
            return [UNK]
        ids, start = [], 0
        while start < len(word):
            for end in range(min(len(word), start + self._longest), start, -1):
                id = self.vocabulary.get((_PREFIX if start else "") + word[start:end])
                if id is not None and not (dropout and end > start + 1 and choose.random() < dropout):
                    break
            else:
                return None if dropout else [UNK]
            ids.append(id)
            start = end
        return ids

    def save(self, folder, model_max_length):
        """Writes tokenizer.json and tokenizer_config.json."""
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        added = [{"id": id, "content": token} | flags for id, token in enumerate(SPECIAL)]
        special = lambda token, type_id=0: {"SpecialToken": {"id": token, "type_id": type_id}}
        sequence = lambda id, type_id: {"Sequence": {"id": id, "type_id": type_id}}
        tokenizer = {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": False, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [special("[CLS]"), sequence("A", 0), special("[SEP]")],
                "pair": [special("[CLS]"), sequence("A", 0), special("[SEP]"), sequence("B", 1), special("[SEP]", 1)],
                "special_tokens": {token: {"id": token, "ids": [SPECIAL.index(token)], "tokens": [token]} for token in ("[CLS]", "[SEP]")},
            },
            "decoder": {"type": "WordPiece", "prefix": _PREFIX, "cleanup": True},
            "model": {
                "type": "WordPiece",
                "unk_token": "[UNK]",
                "continuing_subword_prefix": _PREFIX,
                "max_input_chars_per_word": LONGEST_WORD,
                "vocab": self.vocabulary,
            },
        }
        config = {
            "added_tokens_decoder": {str(id): {"content": token} | flags for id, token in enumerate(SPECIAL)},
            "clean_up_tokenization_spaces": True,
            "cls_token": "[CLS]",
            "do_lower_case": True,
            "extra_special_tokens": {},
            "mask_token": "[MASK]",
            "model_max_length": model_max_length,
            "pad_token": "[PAD]",
            "sep_token": "[SEP]",
            "strip_accents": False,
            "tokenize_chinese_chars": True,
            "tokenizer_class": "BertTokenizer",
            "unk_token": "[UNK]",
        }
        for name, value in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
            (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
