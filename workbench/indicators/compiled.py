"""Where compiled kernels are kept: numba's files, found by the digest of their sources."""
# mypy: ignore-errors

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

BESIDE = Path(__file__).parent / "__pycache__"


def folder() -> Path | None:
    """The first folder that can be written or that holds compiled code already; else None."""
    own = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    asked = os.environ.get("NUMBA_CACHE_DIR")
    places = [Path(asked)] if asked else []
    places += [BESIDE, Path(own) / "workbench" / "kernels"]
    found = (place for place in places if _writable(place) or any(place.glob("*.nbi")))
    return next(found, None)


def _writable(place: Path) -> bool:
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=place).close()
        return True
    return False


class _Locator(_CacheLocator):
    """The folder and the digest, for numba."""

    def __init__(self, place: Path, stamp: str) -> None:
        self._place, self._stamp = place, stamp
        self._py_file = __file__

    def get_cache_path(self):
        return str(self._place)

    def get_source_stamp(self):
        return self._stamp

    def get_disambiguator(self):
        return self._stamp[:8]


def stamp_of(files, text: str = "") -> str:
    """The digest of some sources, and of a text that was made of them."""
    parts = [Path(file).read_bytes() for file in files]
    return hashlib.sha256(b"".join([*parts, text.encode()])).hexdigest()


def kept_in(place: Path, run, stamp: str) -> FunctionCache:
    """numba's cache of a function, in `place` under `stamp`; a folder that is full is passed."""

    class Found(CompileResultCacheImpl):
        _locator_classes = ()

        def __init__(self, function):
            self._lineno = function.__code__.co_firstlineno
            self._locator = _Locator(place, stamp)
            self._filename_base = self.get_filename_base(function.__qualname__, "")

    class Kept(FunctionCache):
        _impl_class = Found

        def _index_key(self, sig, codegen):
            return sig, codegen.magic_tuple(), stamp

        def save_overload(self, sig, data):
            with suppress(OSError):
                super().save_overload(sig, data)

    return Kept(run)
