"""The six novels of Jane Austen, as Debian's package r-cran-janeaustenr ships them: texts of Project Gutenberg, in the public domain."""

import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

PACKAGE = "r-cran-janeaustenr"
_HEADING = re.compile(r"^(CHAPTER|Chapter|VOLUME|Volume)\b")


def _vectors(database):
    """The character vectors of one of R's lazy-load databases: entries of a big-endian length and a zlib stream of R's XDR format."""
    position = 0
    while position < len(database):
        stream = zlib.decompressobj()
        data = stream.decompress(database[position + 4 :])
        position = len(database) - len(stream.unused_data)
        (version,) = struct.unpack_from(">i", data, 2)
        offset = 14
        if version == 3:  # names the encoding of the session that wrote it
            offset += 4 + struct.unpack_from(">i", data, offset)[0]
        flags, length = struct.unpack_from(">ii", data, offset)
        offset += 8
        if flags & 0xFF != 16:  # STRSXP
            continue
        lines = []
        for _ in range(length):
            (size,) = struct.unpack_from(">i", data, offset + 4)
            lines.append(data[offset + 8 : offset + 8 + size].decode())
            offset += 8 + size
        yield lines


def chapters(debs):
    """Downloads the package into the folder debs where it is missing; returns the texts of the chapters, one paragraph a line."""
    debs.mkdir(parents=True, exist_ok=True)
    if not list(debs.glob(f"{PACKAGE}_*.deb")):
        subprocess.run(["apt-get", "download", PACKAGE], cwd=debs, check=True)
    folder = debs / PACKAGE
    subprocess.run(["dpkg-deb", "-x", next(debs.glob(f"{PACKAGE}_*.deb")), folder], check=True)
    result = []
    for lines in _vectors(next(folder.rglob("Rdata.rdb")).read_bytes()):
        chapter, paragraph = None, []
        for line in [*lines, "", "CHAPTER"]:
            if line.strip() and not _HEADING.match(line):
                paragraph.append(line.strip())
                continue
            if paragraph and chapter is not None:
                text = re.sub(r"\s+", " ", " ".join(paragraph)).replace("_", "")
                if not text.isupper() and text not in ("THE END", "FINIS", "Finis"):
                    chapter.append(text)
            paragraph = []
            if _HEADING.match(line):  # what stands before the first chapter is a title page
                if chapter:
                    result.append("\n".join(chapter))
                chapter = []
    return [text for text in result if len(text) > 1000]


if __name__ == "__main__":
    texts = chapters(Path(sys.argv[1]))
    print(len(texts), "chapters,", sum(map(len, texts)), "characters")
    print(texts[0][:600], "\n...\n", texts[0][-300:])
