"""The folder of a result, and the hidden one beside it in which it is made, part by part."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from workbench.batches.parts import (
    DiskPart,
    Part,
    Union,
    appearing,
    file_of,
    parts_in,
    write_columns,
    write_head,
    write_text,
)
from workbench.cache.folder import locked
from workbench.errors import InputError

ARGUMENTS = "arguments.json"


class Place:
    """A result's folder `out` and the parts that it is made of.

    The parts of an unfinished run are kept, and a finished result is itself a part of the next.
    """

    def __init__(self, out: Path, arguments: Mapping[str, Any]) -> None:
        self.out = out
        self.making = making(out)
        self._text = json.dumps(arguments)
        digest = blake2b(self._text.encode(), digest_size=8).hexdigest()
        self.parts_folder = self.making / digest  # no part of another result is ever there

    def parts(self) -> list[DiskPart]:
        """The parts that are there, those of a finished result first."""
        folders = sorted(self.parts_folder.glob("[!.]*"))
        if (self.out / ARGUMENTS).exists():
            folders.insert(0, self.out)
        return [part for folder in folders for part in parts_in(folder)]

    def part(self, name: str) -> DiskPart:
        """A part by the name of its folder."""
        (part,) = parts_in(self.parts_folder / name)
        return part

    def keep(self, part: Part, labels: Sequence[str]) -> str:
        """Write a part that was computed elsewhere; its name."""
        name = uuid.uuid4().hex
        with appearing(self.parts_folder / name) as folder:
            _write(folder, Union(part.symbols, [part]), labels)
        return name

    def finish(self, union: Union, labels: Sequence[str]) -> None:
        """Write the result and put it where it belongs, at once; then the parts go."""
        final = self.making / "final"
        shutil.rmtree(final, ignore_errors=True)
        with appearing(final) as folder:
            _write(folder, union, labels)
            write_text(folder / ARGUMENTS, self._text)
        if (self.out / ARGUMENTS).exists():  # until the next line is done, a part like others
            self.out.rename(self.parts_folder / uuid.uuid4().hex)
        final.rename(self.out)


@contextmanager
def opened(out: Path, arguments: Mapping[str, Any]) -> Iterator[Place]:
    """The place for a result, held against other processes; what is unfinished is kept.

    Raises InputError where the folder holds something else, cannot be written, or is in use.
    """
    _refuse_other(out, arguments)
    place = Place(out, arguments)
    try:
        place.parts_folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"out={out}: {error.strerror}; give a folder to write to") from None
    with locked(place.making / "lock", timeout_s=0) as held:
        if not held:
            raise InputError(f"out={out} is being computed by another process; wait for it")
        _refuse_other(place.making, arguments)
        for unfinished in place.parts_folder.glob(".*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        if not (place.making / ARGUMENTS).exists():
            write_text(place.making / ".new", json.dumps(arguments))
            (place.making / ".new").rename(place.making / ARGUMENTS)
        yield place
        shutil.rmtree(place.making, ignore_errors=True)  # a lost worker may yet write there


def making(out: Path) -> Path:
    """The folder in which the result `out` is made.

    >>> making(Path("data/factors")).as_posix()
    'data/.factors.making'
    """
    return out.with_name(f".{out.name}.making")


def _write(folder: Path, union: Union, labels: Sequence[str]) -> None:
    shape = (len(union.times), len(union.symbols))
    for label in labels:
        write_columns(file_of(folder, label), union.columns(label), shape, union.dtype(label))
    write_head(folder, union)


def _refuse_other(folder: Path, arguments: Mapping[str, Any]) -> None:
    """Raise InputError unless results of these arguments may be put into `folder`."""
    try:
        found = json.loads((folder / ARGUMENTS).read_text())
    except FileNotFoundError:
        if folder.name.startswith(".") or not folder.exists() or not any(folder.iterdir()):
            return
        raise InputError(f"out={folder} is not a folder of results; give one of its own") from None
    except NotADirectoryError:
        raise InputError(f"out={folder} is a file; give a folder") from None
    other = [name for name, value in arguments.items() if found.get(name) != value]
    if other:
        raise InputError(
            f"{folder} holds results for other {other[0]}; give another folder, or remove it"
        )
