"""Every error that the workbench raises on purpose.

::

    WorkbenchError
    ├── SettingsError            a setting or environment variable is wrong
    ├── InputError               an argument is wrong (also a ValueError)
    │   ├── UnknownNameError     a name that is not in the list of what exists
    │   ├── RangeError           a time range that is reversed, unreadable or holds no bar
    │   │   └── NoBarsError      a range without a bar of the symbols asked for
    │   └── BarsError            a table that is not in the shape of Bars
    ├── SourceError              a source cannot be read
    ├── StoreError               the database cannot be reached or refuses
    │   └── ServerError          the embedded PostgreSQL cannot be started or stopped
    └── RunError                 a notebook run failed

Messages say what was given, what is allowed and what to do, in one line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Set


class WorkbenchError(Exception):
    """The root: catch this to catch everything the workbench raises on purpose."""


class SettingsError(WorkbenchError):
    """A setting or environment variable is wrong."""


class InputError(WorkbenchError, ValueError):
    """An argument is wrong."""


class UnknownNameError(InputError, LookupError):
    """A name that is not in the list of what exists.

    >>> str(UnknownNameError("symbol", "APPL", ["AAPL", "IBM"]))
    "unknown symbol 'APPL'; did you mean 'AAPL'? Known: AAPL, IBM"
    """

    def __init__(self, kind: str, given: str, known: Iterable[str], advice: str = "") -> None:
        self.kind, self.given = kind, given
        self.known = sorted(known) if isinstance(known, Set) else list(known)
        self.advice = advice
        close = difflib.get_close_matches(given.lower(), [name.lower() for name in self.known], 1)
        likely = next((name for name in self.known if close and name.lower() == close[0]), None)
        hint = f"did you mean {likely!r}? " if likely else ""
        message = f"unknown {kind} {given!r}; {hint}Known: {listing(self.known)}"
        super().__init__(f"{message}. {advice}" if advice else message)

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[object, ...]]:
        return type(self), (self.kind, self.given, self.known, self.advice)


class RangeError(InputError):
    """A time range that is reversed, unreadable or holds no bar."""


class NoBarsError(RangeError):
    """A range without a bar of the symbols asked for."""


class BarsError(InputError):
    """A table that is not in the shape of Bars."""


class SourceError(WorkbenchError):
    """A source cannot be read."""


class StoreError(WorkbenchError):
    """The database cannot be reached or refuses."""


class ServerError(StoreError):
    """The embedded PostgreSQL cannot be started or stopped."""


class RunError(WorkbenchError):
    """A notebook run failed."""


def listing(names: Iterable[str], limit: int = 12) -> str:
    """One line that names at most `limit` of `names` and counts the rest.

    >>> listing(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    >>> listing([])
    '(none)'
    """
    names = list(names)
    if not names:
        return "(none)"
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
