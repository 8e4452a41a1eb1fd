"""Compressed output, the same bytes each time."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from qe_kg.errors import CallError

#: Ways to compress, with the ending that tells each.
ENDINGS = {"gzip": ".gz", "zstd": ".zst"}


def compression_of(path: Path) -> str | None:
    """Return how a file of this name is compressed; None if it is not."""
    return next((how for how, ending in ENDINGS.items() if path.suffix.lower() == ending), None)


def uncompressed_name(path: Path) -> Path:
    """Return the name without the ending that tells the compression."""
    return path if compression_of(path) is None else path.with_suffix("")


@contextmanager
def compressing(output: IO[bytes], how: str | None) -> Iterator[IO[bytes]]:
    """Open a binary file whose content arrives compressed in another one, which stays open.

    Neither a date nor a name is written, so that equal content gives equal bytes.

    Args:
        output: where to.
        how: a key of `ENDINGS`; None leaves the content as it is.

    Raises:
        CallError: an unknown way to compress.

    """
    if how is None:
        yield output
    elif how == "gzip":
        with gzip.GzipFile(filename="", mode="wb", fileobj=output, mtime=0, compresslevel=6) as packed:
            yield cast("IO[bytes]", packed)
    elif how == "zstd":
        import zstandard

        packing = zstandard.ZstdCompressor(level=6, write_checksum=True)
        with packing.stream_writer(output, closefd=False) as stream:
            yield cast("IO[bytes]", stream)
    else:
        raise CallError(f"unknown compression {how!r}; known are {', '.join(ENDINGS)}")
