"""Trains samples/language-id: a two-layer BERT that names the language of a text.

usage: train_language_id.py CACHE      CACHE is the folder of gather.py, with gathered.tsv and corpus.tsv
       train_language_id.py --measure CACHE     only measures the stored model
"""

import collections
import math
import random
import sys
import time
import unicodedata
from pathlib import Path

import torch
from torch.nn import functional as F

import forms
import gather
import repository
import word_piece

SEED = 20250602
# First all that was gathered, much of it untranslated English; then only what tells a language, most of it in short spans; then
# with pieces for the commonest words of each language, "words" of them, that the vocabulary lacked; last, longer, until those have learnt enough.
STAGES = (
    {"corpus": "gathered.tsv", "words": 0, "steps": 4500, "peak_rate": 2e-3, "spans": 0.6, "seed": SEED},
    {"corpus": "corpus.tsv", "words": 0, "steps": 2000, "peak_rate": 1e-3, "spans": 0.85, "seed": SEED},
    {"corpus": "corpus.tsv", "words": 400, "steps": 1200, "peak_rate": 1e-3, "spans": 0.85, "seed": SEED + 1},
    {"corpus": "corpus.tsv", "words": 0, "steps": 2500, "peak_rate": 1.5e-3, "spans": 0.85, "seed": SEED + 2},
)
BATCH, WARM_UP, WEIGHT_DECAY, AVERAGING = 256, 200, 0.01, 0.998
STORIES = 0.6  # share of examples that are drawn from the corpus's stories, where a language has enough of them
LONGEST = 128
FOLDER = Path(__file__).resolve().parent.parent / "language-id"
LANGUAGES = gather.LANGUAGES
# Languages written without spaces: of these a short crop is this many times as many words (ideographs, runs of kana) or characters.
_UNSPACED = {"zh": 2, "ja": 2, "th": 6}

CONFIG = {
    "architectures": ["BertForSequenceClassification"],
    "attention_probs_dropout_prob": 0.0,
    "classifier_dropout": None,
    "dtype": "float16",
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "hidden_size": 96,
    "id2label": {str(id): language for id, language in enumerate(LANGUAGES)},
    "initializer_range": 0.02,
    "intermediate_size": 384,
    "label2id": {language: id for id, language in enumerate(LANGUAGES)},
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": LONGEST,
    "model_type": "bert",
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "pad_token_id": word_piece.PAD,
    "position_embedding_type": "absolute",
    "problem_type": "single_label_classification",
    "type_vocab_size": 2,
    "use_cache": True,
    "vocab_size": 20000,
}


def everyday():
    """Pairs of language and everyday phrase: written for measuring alone."""
    lines = (Path(__file__).parent / "everyday.tsv").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines]


class Corpus:
    """The sentences of corpus.tsv by language and kind, each kind's packages drawn by the root of their size."""

    def __init__(self, path, most_per_package=20000):
        found = collections.defaultdict(lambda: collections.defaultdict(list))
        tested = {gather.bare_words(text) for _, text in everyday()}
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                language, kind, package, text = line.rstrip("\n").split("\t")
                if gather.bare_words(text) not in tested:
                    found[language, kind][package].append(text)
        choose = random.Random(SEED)
        self.held_out = {key: [text for texts in packages.values() for text in texts] for key, packages in found.items() if key[1].startswith("held-out")}
        self._groups = {}
        for key, packages in found.items():
            if key not in self.held_out:
                packages = [choose.sample(texts, min(len(texts), most_per_package)) for texts in packages.values()]
                self._groups[key] = packages, [math.sqrt(len(texts)) for texts in packages]

    def draw(self, language, choose):
        story = self._groups.get((language, "story"))
        # A few hundred stories are not to be repeated a thousand times.
        share = min(STORIES, sum(map(len, story[0])) / 5000) if story else 0.0
        packages, weights = story if choose.random() < share else self._groups[language, "tool"]
        return choose.choice(choose.choices(packages, weights)[0])

    def texts(self):
        """All of it, as triples of language, the factor by which stories count more than tools, and text."""
        for (language, kind), (packages, _) in self._groups.items():
            for texts in packages:
                for text in texts:
                    yield language, 3 if kind == "story" else 1, text


def train_tokenizer(corpus):
    """A vocabulary in which every language has an equal say."""
    counts, letters = collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
    for language, weight, text in corpus.texts():
        for word in word_piece.words(text):
            counts[language][word] += weight
            for character in word:
                letters[language][character] += weight
    alphabet, shared = set(), collections.Counter()
    for language in LANGUAGES:
        total, covered = sum(letters[language].values()), 0
        for character, count in sorted(letters[language].items(), key=lambda entry: (-entry[1], entry[0])):
            if covered > (0.98 if language in ("zh", "ja", "ko") else 0.999) * total:
                break
            alphabet.add(character)
            covered += count
        total = sum(counts[language].values())
        for word, count in counts[language].most_common(12000):
            shared[word] += count * 10_000_000 // total
    return word_piece.Tokenizer(word_piece.train(shared, alphabet, CONFIG["vocab_size"]))


def with_words(model, tokenizer, corpus, most):
    """Returns a configuration, model and tokenizer in which each language's commonest words are pieces.

    The embedding of such a word begins as the mean of those of the pieces that it was cut into.
    """
    counts = collections.defaultdict(collections.Counter)
    for language, weight, text in corpus.texts():
        if language not in _UNSPACED:
            for word in word_piece.words(text):
                counts[language][word] += weight
    common = {word for count in counts.values() for word, _ in count.most_common(most)}
    added = sorted(word for word in common if len(tokenizer.pieces(word)) > 1)
    ids = dict(zip(added, range(len(tokenizer.vocabulary), len(tokenizer.vocabulary) + len(added))))
    config = CONFIG | {"vocab_size": len(tokenizer.vocabulary) + len(ids)}
    state = model.state_dict()
    table = state["bert.embeddings.word_embeddings.weight"]
    state["bert.embeddings.word_embeddings.weight"] = torch.cat([table, *(table[tokenizer.pieces(word)].mean(0, True) for word in added)])
    grown = forms.BertForSequenceClassification(config)
    grown.load_state_dict(state)
    return config, grown, word_piece.Tokenizer(tokenizer.vocabulary | ids)


def without_accents(word):
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def augmented(language, text, spans, choose):
    """The words of an example: most often (by the share of spans) a short span, with other or no punctuation, seldom without accents."""
    scale = _UNSPACED.get(language, 1)
    if language == "th" and choose.random() < 0.7:
        length = choose.randint(8, 60)
        start = choose.randrange(max(1, len(text) - length))
        text = text[start : start + length].strip("".join(c for c in text if unicodedata.category(c)[0] == "M"))
    words = word_piece.words(text)
    if language != "th" and choose.random() < spans:
        length = choose.randint(2, 8) * scale
        start = choose.randrange(max(1, len(words) - length + 1))
        words = words[start : start + length]
    if choose.random() < 0.3:
        words = [word for word in words if any(c.isalnum() for c in word)] or words
    if choose.random() < 0.4:
        while words[1:] and not words[-1][0].isalnum():
            words = words[:-1]
        words = [*words, choose.choice("?!.;" if language == "el" else "?!.")]
    if choose.random() < 0.04 and len(words) > 3:
        words = [without_accents(word) or word for word in words]
    return words


def encoded(tokenizer, words, choose):
    ids = [word_piece.CLS]
    for word in words:
        ids += tokenizer.other_pieces(word, choose, 0.3) if choose.random() < 0.1 else tokenizer.pieces(word)
    return [*ids[: LONGEST - 1], word_piece.SEP]


def padded(rows):
    """The inputs of the model for rows of ids."""
    ids = torch.full((len(rows), max(map(len, rows))), word_piece.PAD)
    for row, values in zip(ids, rows):
        row[: len(values)] = torch.tensor(values)
    return {"input_ids": ids, "attention_mask": (ids != word_piece.PAD).long(), "token_type_ids": torch.zeros_like(ids)}


def batches(corpus, tokenizer, spans, seed):
    """Endless batches of rows alike in length, and their labels."""
    choose = random.Random(seed)
    while True:
        examples = []
        for _ in range(16 * BATCH):
            label = choose.randrange(len(LANGUAGES))
            words = augmented(LANGUAGES[label], corpus.draw(LANGUAGES[label], choose), spans, choose)
            examples.append((encoded(tokenizer, words, choose), label))
        examples.sort(key=lambda example: len(example[0]))
        groups = [examples[start : start + BATCH] for start in range(0, len(examples), BATCH)]
        choose.shuffle(groups)
        for group in groups:
            yield padded([row for row, _ in group]), torch.tensor([label for _, label in group])


def train(model, examples, steps, peak_rate):
    """Leaves weights in the model that are averaged over the last steps."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak_rate, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY)
    average = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    began, running = time.time(), None
    for step, (inputs, labels) in zip(range(steps), examples):
        for group in optimizer.param_groups:
            group["lr"] = peak_rate * min((step + 1) / WARM_UP, 0.01 + 0.99 * (1 - step / steps))
        loss = F.cross_entropy(model(**inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 5 == 4:
            for name, tensor in model.state_dict().items():
                average[name].lerp_(tensor, 1 - min(AVERAGING**5, (step + 1) / (step + 50)))
        running = loss.item() if running is None else 0.99 * running + 0.01 * loss.item()
        if step % 200 == 199:
            print(f"step {step + 1} loss {running:.4f} {(time.time() - began) / 60:.1f} minutes", flush=True)
    model.load_state_dict(average)


def probabilities(model, tokenizer, texts):
    result = []
    with torch.no_grad():
        for start in range(0, len(texts), 64):
            rows = [tokenizer.encode(text, LONGEST) for text in texts[start : start + 64]]
            result.append(model(**padded(rows)).softmax(-1))
    return torch.cat(result)


def measure(model, tokenizer, examples, title):
    """Prints accuracy, confidence and what is taken for what; examples are pairs of language and text."""
    chosen = probabilities(model, tokenizer, [text for _, text in examples])
    sure, guesses = chosen.max(-1)
    wrong, right, sums = collections.Counter(), collections.Counter(), collections.Counter()
    for (language, text), guess, probability in zip(examples, guesses.tolist(), sure.tolist()):
        sums[language] += 1
        right[language] += LANGUAGES[guess] == language
        if LANGUAGES[guess] != language:
            wrong[language, LANGUAGES[guess]] += 1
            if len(examples) < 1000:
                print(f"  {language} taken for {LANGUAGES[guess]} ({probability:.2f}): {text}")
    correct = sum(right.values())
    by_language = sum(right[language] / count for language, count in sums.items()) / len(sums)
    print(f"{title}: {correct}/{len(examples)} = {correct / len(examples):.4f}, mean of {len(sums)} languages {by_language:.4f}, "
          f"median probability {sure.median():.4f}, at least 0.99: {(sure >= 0.99).float().mean():.3f}")
    print("  by language:", " ".join(f"{language} {right[language] / count:.3f}" for language, count in sorted(sums.items())))
    print("  most confused:", ", ".join(f"{a} as {b} {count}" for (a, b), count in wrong.most_common(10)))


def measure_all(model, tokenizer, corpus):
    choose = random.Random(SEED)
    for kind in ("held-out-story", "held-out-tool"):
        for least, title in ((1, "all"), (5, "of at least 5 words")):
            examples = []
            for language in LANGUAGES:
                texts = [text for text in corpus.held_out.get((language, kind), []) if len(text) >= 15 * (least > 1) and
                         (len(text.split()) >= least or language in _UNSPACED)]
                examples += [(language, text) for text in choose.sample(texts, min(400, len(texts)))]
            measure(model, tokenizer, examples, f"{kind}, {title}")
    measure(model, tokenizer, everyday(), "everyday")


def train_stages(cache):
    torch.manual_seed(SEED)
    config, model, tokenizer = CONFIG, None, None
    for stage in STAGES:
        corpus = Corpus(cache / stage["corpus"])
        if model is None:
            tokenizer = train_tokenizer(corpus)
            model = forms.initialise(forms.BertForSequenceClassification(config), config["initializer_range"])
        if stage["words"]:
            config, model, tokenizer = with_words(model, tokenizer, corpus, stage["words"])
        print(len(tokenizer.vocabulary), "tokens,", sum(p.numel() for p in model.parameters()), "parameters", flush=True)
        train(model, batches(corpus, tokenizer, stage["spans"], stage["seed"]), stage["steps"], stage["peak_rate"])
        repository.save(FOLDER, config, model)
        tokenizer.save(FOLDER, LONGEST)
        torch.manual_seed(SEED)  # so that the next stage depends on the stored weights alone


def main(cache, only_measure):
    torch.set_num_threads(1)
    if not only_measure:
        train_stages(cache)
    _, model = repository.load(FOLDER, forms.BertForSequenceClassification)
    measure_all(model, word_piece.Tokenizer.load(FOLDER), Corpus(cache / "corpus.tsv"))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or len(sys.argv) == 3 and sys.argv[1] != "--measure":
        sys.exit(__doc__)
    main(Path(sys.argv[-1]), len(sys.argv) == 3)
