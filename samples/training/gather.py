"""Gathers the language identifier's text from Debian packages: CACHE/corpus.tsv, lines of language, kind, package, text.

CACHE/gathered.tsv, of the same form, is what it was before the sentences were taken out that tell no language.

usage: gather.py CACHE      downloads what packages.txt names into CACHE/debs (about 550 MB), installs nothing, needs no root
"""

import collections
import gettext
import hashlib
import html
import io
import json
import re
import struct
import subprocess
import sys
import tarfile
import unicodedata
from pathlib import Path

# Labels are ISO 639-1 codes; a catalogue's language is looked up whole, so that sr@latin or ca@valencia stay out.
LANGUAGES = (
    "ar bg ca cs cy da de el en eo es et eu fa fi fr ga gl he hi hr hu id is it ja ka ko lt lv mk nb nl pl pt ro ru sk sl sq sr sv ta th tr uk vi zh"
).split()
_ALIASES = {"en_GB": "en", "en-US": "en", "C": "en", "no": "nb", "nb_NO": "nb", "pt_BR": "pt", "pt_PT": "pt", "zh_CN": "zh", "zh_TW": "zh",
            "zh-hans": "zh", "zh-hant": "zh", "zh-cn": "zh", "pt-br": "pt", "es_ES": "es", "brasil": "pt"}
_SCRIPTS = {"ar": "ARABIC", "bg": "CYRILLIC", "el": "GREEK", "fa": "ARABIC", "he": "HEBREW", "hi": "DEVANAGARI", "ja": "HIRAGANA|KATAKANA|CJK",
            "ka": "GEORGIAN", "ko": "HANGUL", "mk": "CYRILLIC", "ru": "CYRILLIC", "sr": "CYRILLIC", "ta": "TAMIL", "th": "THAI",
            "uk": "CYRILLIC", "zh": "CJK"}
_DASHER = {"albanian": "sq", "basque": "eu", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "finnish": "fi", "french": "fr",
           "german": "de", "greek": "el", "hebrew": "he", "hungarian": "hu", "italian": "it", "persian": "fa", "polish": "pl",
           "portuguese": "pt", "russian": "ru", "spanish": "es", "swedish": "sv", "turkish": "tr", "welsh": "cy"}
_ENGLISH = {"the", "this", "that", "which", "with", "from", "you", "your"}  # words that no other of the languages has


def language_of(code):
    """The label of a locale's or a folder's name, or None."""
    code = _ALIASES.get(code, code)
    for candidate in (code, code.replace("-", "_")):
        if _ALIASES.get(candidate, candidate) in LANGUAGES:
            return _ALIASES.get(candidate, candidate)
    region = re.fullmatch(r"([a-z]{2})-([A-Z]{2})", code)  # de-DE, but not ar-MA: a regional form without its own label
    return _ALIASES.get(region[1], region[1]) if region and _ALIASES.get(region[1], region[1]) in LANGUAGES else None


# Parsers: the bytes of a file and the match of its path -> pairs of language and text


def catalogue(data, path):
    """Compiled gettext messages; the originals of a French catalogue stand for English."""
    language = language_of(path[1])
    if language is None:
        return
    try:
        messages = gettext.GNUTranslations(io.BytesIO(data))._catalog
    except (UnicodeDecodeError, ValueError, OSError):
        return
    for original, translation in messages.items():
        original = (original[0] if isinstance(original, tuple) else original).split("\x04")[-1]
        if original and language != "en" and original != translation:
            yield language, translation
        if original and (language == "fr" or language == "en"):
            yield "en", original.split("^")[-1]


def qt_catalogue(data, path):
    """Compiled Qt messages (.qm): of their blocks only the one with the translations, tag 3, in big-endian UTF-16."""
    language, position = language_of(path[1]), 16
    while language and position + 5 <= len(data):
        block, length = struct.unpack_from(">BI", data, position)
        position += 5
        if block == 0x69:
            offset, end = position, position + length
            while offset < end:
                tag = data[offset]
                offset += 1
                if tag == 1:
                    continue
                if tag == 5:
                    offset += 4
                    continue
                (size,) = struct.unpack_from(">I", data, offset)
                offset += 4
                if size != 0xFFFFFFFF:
                    if tag == 3:
                        yield language, data[offset : offset + size].decode("utf-16-be", "replace")
                    elif language == "fr" and tag == 6:
                        yield "en", data[offset : offset + size].decode("utf-8", "replace")
                    offset += size
        position += length


def json_messages(data, path):
    language = language_of(path[1])
    if language:
        for key, text in json.loads(data).items():
            if not key.startswith("@"):
                yield language, re.sub(r"\{\{[^{}]*\}\}|\[\[[^|\]]*\|?|\]\]|'''?|\$\d", " ", text)


def php_messages(data, path):
    language = language_of(path[1])
    for text in re.findall(r"""\]\s*=\s*'((?:[^'\\]|\\.)*)'""", data.decode("utf-8", "replace")) if language else ():
        yield language, text.replace("\\'", "'")


def lua_dialogues(data, path):
    language = language_of(path[1])
    for text in re.findall(r'"((?:[^"\\]|\\.)*)"\s*\)', data.decode("utf-8", "replace")) if language else ():
        yield language, text.replace('\\"', '"')


def markup(data, path):
    """Manuals and phrase books in XML or HTML: the text of paragraphs, terms, items and phrases."""
    language = language_of(path[1])
    text = data.decode("utf-8", "replace")
    text = re.sub(r"(?s)<(pre|code|screen|script|style|head|comment|credit|license)\b.*?</\1>", " ", text)
    for paragraph in re.split(r"</?(?:p|dd|dt|li|h\d|td|title|desc|phrase|text|tr|div|item)\b[^>]*>", text) if language else ():
        yield language, re.sub(r"<[^>]*>", "", paragraph)


def paragraphs(data, path):
    """Plain text: paragraphs end at an empty line, or at a fortune's "%"."""
    language = path[1] and (language_of(path[1]) or _DASHER.get(path[1]))
    text = data.decode("utf-8", "replace")
    if language and text.count("\ufffd") < len(text) / 500:  # a few slips are let pass, another encoding and an index are not
        for paragraph in re.split(r"\n\s*\n|\n%\n|\n%%%%", text):
            yield language, paragraph


_FILES = [
    (r"/([^/]+)/LC_MESSAGES/[^/]+\.mo$", catalogue),
    (r"/gcompris-qt/translations/gcompris_([^/]+)\.qm$", qt_catalogue),
    (r"/i18n/(?:[^/]+/)*([a-z_-]+)\.json$", json_messages),
    (r"/localization/([^/]+)/(?:labels|messages)\.inc$", php_messages),
    (r"/dokuwiki/(?:.*/)?lang/([^/]+)/[^/]+\.php$", php_messages),
    (r"/dokuwiki/(?:.*/)?lang/([^/]+)/[^/]+\.txt$", paragraphs),
    (r"/fillets-ng/script/.*dialogs_([a-z]{2})\.lua$", lua_dialogues),
    (r"/share/help/([^/]+)/gnome-help/[^/]+\.page$", markup),
    (r"/debian-handbook/html/([^/]+)/[^/]+\.html$", markup),
    (r"/installation-guide-amd64/([^/]+)/[^/]+\.html$", markup),
    (r"/kmouth/books/([^/]+)/[^/]+\.phrasebook$", markup),
    (r"/kvtml/([^/]+)/[^/]+\.kvtml$", markup),
    (r"/klavaro/([^/]+)\.paragraphs$", paragraphs),
    (r"/crawl/dat/descript/([^/]+)/[^/]+\.txt$", paragraphs),
    (r"/dasher/training_([a-z]+)_[A-Z]{2}\.txt$", paragraphs),
    (r"/games/fortunes/([a-z]{2})/[^/.]+(?:\.u8|\.fortunes)?$", paragraphs),
    (r"/games/fortunes/(brasil)$", paragraphs),
]
_FILES = [(re.compile(pattern), parser) for pattern, parser in _FILES]
_PLAIN_FORTUNES = {"fortunes": "en", "fortunes-zh": "zh"}  # their files lie in no folder of a language


def clean(text):
    """Sentences of a message, without markup, placeholders, accelerators, addresses and options of programs."""
    text = html.unescape(unicodedata.normalize("NFC", text))
    text = re.sub(r"<[^<>]*>|\\n|\\t|%\d*\$?[-+ 0#]*\d*\.?\d*l*[a-zA-Z%]|%\([^)]*\)[a-z]|\{[^{}]*\}|\$\{?\w+\}?|\S+://\S+|\S+@\S+|\s--?\w\S*", " ", text)
    text = re.sub(r"(?<!\w)[_&](?=\w)|(?<=\w)&(?=\w)|_(?=\w)", "", text)
    text = re.sub(r"[\s\x00-\x1f\x7f]+", " ", text)
    for sentence in re.split(r"(?<=[.!?…:;])\s+|(?<=[。！？])|\s[•*|]\s", text):
        sentence = re.sub(r"^[\W\d]+(?<![\"'«„“¿¡])|\s+$", "", sentence)
        if 5 <= sum(c.isalpha() for c in sentence) and len(sentence) <= 400:
            yield sentence


def plausible(language, sentence):
    """Mostly letters, and mostly of the language's script."""
    if "\ufffd" in sentence:
        return False
    letters = [c for c in sentence if c.isalpha() or unicodedata.category(c)[0] == "M"]
    if len(letters) < 0.6 * len(sentence.replace(" ", "")):
        return False
    script = re.compile(_SCRIPTS.get(language, "LATIN"))
    own = sum(bool(script.match(unicodedata.name(c, ""))) for c in letters)
    return own >= (0.8 if language != "ja" else 0.6) * len(letters)


def packages():
    """Name, kind and whether held out, of each line of packages.txt."""
    for line in (Path(__file__).parent / "packages.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, kind, *rest = line.split()
            yield name, kind, rest[:1] == ["held-out"]


def download(debs):
    debs.mkdir(parents=True, exist_ok=True)
    missing = [name for name, _, _ in packages() if not list(debs.glob(f"{name}_*.deb"))]
    if missing:
        subprocess.run(["apt-get", "download", *missing], cwd=debs, check=True)


def texts(deb, package):
    """Pairs of language and raw text of a package's files."""
    process = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
    with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
        for member in archive:
            if not member.isfile():
                continue
            for pattern, parser in _FILES:
                match = pattern.search(member.name)
                if match:
                    yield from parser(archive.extractfile(member).read(), match)
                    break
            else:
                if package in _PLAIN_FORTUNES and re.search(r"/games/fortunes/[^/.]+$", member.name):
                    for _, text in paragraphs(archive.extractfile(member).read(), [None, _PLAIN_FORTUNES[package]]):
                        yield _PLAIN_FORTUNES[package], text
    process.wait()


def bare_words(text):
    """A text's letters alone: two texts that differ in nothing else count as one."""
    return re.sub(r"[\W\d_]+", "", text.lower())


def gather(cache):
    download(cache / "debs")
    seen = set()
    # Held-out packages come last: a sentence that any trained package has too is not one to be measured by.
    with open(cache / "gathered.tsv", "w", encoding="utf-8") as gathered:
        for package, kind, held_out in sorted(packages(), key=lambda entry: entry[2]):
            counts = collections.Counter()
            for language, text in texts(next((cache / "debs").glob(f"{package}_*.deb")), package):
                for sentence in clean(text):
                    key = (language, bare_words(sentence))
                    if key not in seen and plausible(language, sentence):
                        seen.add(key)
                        counts[language] += 1
                        gathered.write(f"{language}\t{'held-out-' if held_out else ''}{kind}\t{package}\t{sentence}\n")
            print(package, sum(counts.values()), "sentences in", len(counts), "languages", flush=True)


def tell_apart(cache):
    """Writes corpus.tsv: gathered.tsv without what it has in two languages, names mostly, and without untranslated English.

    One sentence in eight of some languages' catalogues and manuals is English; what English shares is therefore English's alone.
    """
    owners = collections.defaultdict(set)
    digest = lambda text: hashlib.blake2b(bare_words(text).encode(), digest_size=8).digest()
    kept = collections.Counter()
    with open(cache / "gathered.tsv", encoding="utf-8") as gathered:
        for line in gathered:
            language, _, _, text = line.split("\t")
            owners[digest(text)].add(language)
        gathered.seek(0)
        with open(cache / "corpus.tsv", "w", encoding="utf-8") as corpus:
            for line in gathered:
                language, _, _, text = line.split("\t")
                if language == "en" or len(owners[digest(text)]) == 1 and _ENGLISH.isdisjoint(re.findall(r"\w+", text.lower())):
                    kept[language] += 1
                    corpus.write(line)
    print("kept:", ", ".join(f"{language} {kept[language]}" for language in LANGUAGES))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    gather(Path(sys.argv[1]))
    tell_apart(Path(sys.argv[1]))
