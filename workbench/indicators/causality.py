"""The look-ahead detector: does a function's past change when only the future of its bars does?"""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import InputError
from workbench.indicators.comparing import Change, Output, first_change, outputs
from workbench.indicators.perturbing import Argument, Frames, arguments, futures, places, spliced
from workbench.sessions import brief

HOW = {
    "raised": "were raised",
    "lowered": "were lowered",
    "exchanged": "were exchanged for others",
    "missing": "were made missing",
    "cut off": "were cut off",
    "gap": "were raised, with a gap before them",
}


@dataclass(frozen=True)
class Leak:
    """A value that changed although only later bars did.

    `first` is the label of the earliest bar found with such a value, `column` its column ("" for a
    Series or a vector), `before` and `after` the value (None: the row did not exist).
    `perturbed_from` is the latest bar from which on a perturbation still changes it, `ahead` the
    distance to that bar in bars, `how` what happened to the bars.
    """

    first: Any
    column: str
    before: Any
    after: Any
    perturbed_from: Any
    ahead: int
    how: str

    def __str__(self) -> str:
        column = f" (column {self.column})" if self.column else ""
        return (
            f"looks at least {self.ahead:,} bar{'s' * (self.ahead != 1)} ahead: the value of "
            f"{_shown(self.first)}{column} changed from {_shown(self.before)} to "
            f"{_shown(self.after)} when the bars from {_shown(self.perturbed_from)} on "
            f"{HOW[self.how]}"
        )


@dataclass(frozen=True, repr=False)
class Causality:
    """What `check_causal` found; true when it found no look-ahead.

    `leak` is the look-ahead, None if there is none. `cuts` counts the places at which the future
    was perturbed until it was found, `calls` the calls of the function, `failures` has a line for
    each call on perturbed bars that raised. `changes_input`: the function wrote into its bars.
    `reacts`: some value changed at all; if none did, the check proves little.
    """

    function: str
    leak: Leak | None
    cuts: int
    calls: int
    failures: tuple[str, ...]
    changes_input: bool
    reacts: bool

    @property
    def causal(self) -> bool:
        """Whether no look-ahead was found."""
        return self.leak is None

    @property
    def first(self) -> Any:
        """The label of the first bar whose value changed, None if none did."""
        return self.leak.first if self.leak else None

    def __bool__(self) -> bool:
        return self.causal

    def __str__(self) -> str:
        return " ".join([f"{self.function}: {self._verdict}.", *self._notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self._notes)
        shown = f"<p><b>{html.escape(self.function)}</b>: {html.escape(self._verdict)}.</p>"
        return shown + self._table() + notes

    @property
    def _verdict(self) -> str:
        if self.leak:
            return str(self.leak)
        return (
            f"no look-ahead found; the bars after {self.cuts:,} places were perturbed in "
            f"{self.calls:,} calls and no earlier value changed"
        )

    @property
    def _notes(self) -> list[str]:
        count = len(self.failures)
        notes = {
            f"It raised in {count:,} of {self.calls:,} calls, first {count and self.failures[0]}": (
                count > 0
            ),
            "It changes the bars that it is given; let it work on a copy.": self.changes_input,
            "No later value changed either: does it use its argument, and are there enough bars?": (
                not self.reacts
            ),
        }
        return [note for note, applies in notes.items() if applies]

    def _table(self) -> str:
        if self.leak is None:
            return ""
        rows = {
            "first bar that changed": self.leak.first,
            **({"column": self.leak.column} if self.leak.column else {}),
            "value before": self.leak.before,
            "value after": self.leak.after,
            "bars perturbed from": self.leak.perturbed_from,
            "bars ahead, at least": self.leak.ahead,
        }
        cells = [(name, _shown(value)) for name, value in rows.items()]
        return pd.DataFrame(cells).to_html(index=False, header=False)


def check_causal(
    function: Callable[..., Any], /, *bars: Any, cuts: int = 8, seed: int = 0, rtol: float = 1e-9
) -> Causality:
    """Whether a function of bars looks ahead, found by perturbing the future of `bars`.

    `function` takes what is given after it: Bars, a Series, a wide frame, or arrays, one or more
    with the same rows. It returns a Series, a frame or an array with a row for each bar, or rows
    labelled by time (a label may depend on bars at or before it), or a tuple or dict of them. It is
    called some seven times for each of the `cuts` places, plus what it takes to pin a look-ahead
    down, with copies whose later bars are raised, lowered, exchanged, missing or cut off, also
    behind a gap. Values that differ by no more than `rtol` of themselves or of their column's
    median are equal; NaN equals NaN. `seed` chooses the places and the other futures.

    Raises InputError for what is not a function or not a table, for fewer than three bars, for a
    result that cannot be matched with the bars, for a function that is random, and for one that
    raises on all perturbed bars. What it raises on the given bars comes through.

    >>> close = pd.Series([3.0, 1.0, 2.0, 5.0, 4.0])
    >>> bool(check_causal(lambda close: close.rolling(2).mean(), close))
    True
    >>> report = check_causal(lambda close: close.shift(-2), close)
    >>> report.first, report.leak.ahead, report.leak.perturbed_from
    (0, 2, 2)
    """
    name = _name(function)
    _check_number("cuts", cuts, int, 1)
    _check_number("seed", seed, int, 0)
    _check_number("rtol", rtol, (int, float), 0)
    return _Check(name, function, bars, (cuts, seed, rtol)).report()


@dataclass(frozen=True)
class _Found:
    """A change, the last bar that was left alone, and what happened to the others."""

    change: Change
    cut: int
    how: str


class _Check:
    """A function, its bars and their futures, and what happened when it was called."""

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        bars: Sequence[Any],
        options: tuple[int, int, float],
    ) -> None:
        cuts, seed, self.rtol = options
        rng = np.random.default_rng(seed)
        self.name, self.function = name, function
        self.arguments = arguments(bars)
        self.frames = [argument.frame for argument in self.arguments]
        self.index = self.frames[0].index
        self.futures = futures(self.frames, rng)
        self.cuts = places(self.frames, cuts, rng)
        self.ways = [*self.futures, "cut off"]
        self.gap_from: int | None = None
        self.calls, self.tried, self.reacts = 0, 0, False
        self.failures: list[str] = []
        self.base: list[Output] = []

    def report(self) -> Causality:
        """The whole check."""
        changes_input = self._call_unperturbed()
        found = self._search()
        if not found and len(self.failures) == self.calls - 2:
            raise InputError(
                f"{self.name} raised on all perturbed bars and cannot be judged; "
                f"first {self.failures[0]}"
            )
        leak = self._leak(found) if found else None
        facts = (tuple(self.failures), changes_input, self.reacts or bool(leak))
        return Causality(self.name, leak, self.tried, self.calls, *facts)

    def _call_unperturbed(self) -> bool:
        """Keep what the function gives for the true bars; whether it writes into them."""
        given = self._restored(self.frames)
        self.base = self._call(given, self.index)
        changes_input = any(
            not Argument.of(table).frame.equals(argument.frame)
            for argument, table in zip(self.arguments, given, strict=True)
        )
        again = self._call(self._restored(self.frames), self.index)
        change = first_change(self.base, again, len(self.index), self.rtol)
        if change:
            raise InputError(
                f"{self.name} gives {_shown(change.before)} and then {_shown(change.after)} at "
                f"{_shown(change.label)} for the same bars; seed what is random inside it"
            )
        return changes_input

    def _search(self) -> _Found | None:
        """The first change that shows, moved to the earliest bar and the widest distance."""
        for ways in (self.ways, ["gap"] * ("missing" in self.futures)):
            self.ways = ways
            for number, cut in enumerate(self.cuts if ways else []):
                self.tried = max(self.tried, number + 1)
                if found := self._look(cut):
                    clean = self.cuts[number - 1] if number else -1
                    return self._widest(self._earliest(clean, found))
        return None

    def _earliest(self, clean: int, found: _Found) -> _Found:
        """The finding at the smallest cut: by bisection, then over bars that do not leak."""
        found, step = self._between(clean, found, self._look), 2
        while step <= found.cut:
            if earlier := self._look(found.cut - step):
                found, step = self._between(-1, earlier, self._look), 2
            else:
                step *= 2
        return found

    def _widest(self, found: _Found) -> _Found:
        """The same bar, with as many bars after it left alone as still show the change."""
        limit, end, step = found.change.place, len(self.index) - 1, 1
        self.gap_from = max(limit, 0)
        while found.cut + step < end and (further := self._look(found.cut + step, limit)):
            found, step = further, 2 * step
        clean = min(found.cut + step, end)
        return self._between(clean, found, lambda cut: self._look(cut, limit))

    def _between(self, clean: int, found: _Found, look: Callable[[int], _Found | None]) -> _Found:
        """The finding nearest to the cut that shows none, by bisection."""
        while abs(found.cut - clean) > 1:
            middle = (found.cut + clean) // 2
            if nearer := look(middle):
                found = nearer
            else:
                clean = middle
        return found

    def _look(self, cut: int, limit: int | None = None) -> _Found | None:
        """A change at or before `limit`, else `cut`, while the bars up to `cut` are left alone."""
        for how in self.ways:
            base, perturbed = self._pair(how, cut)
            if base is None or perturbed is None:
                continue
            if change := first_change(base, perturbed, cut if limit is None else limit, self.rtol):
                self.ways = [how, *(way for way in self.ways if way != how)]
                return _Found(change, cut, how)
            if how != "cut off" and not self.reacts:
                everywhere = len(self.index)
                self.reacts = bool(first_change(base, perturbed, everywhere, self.rtol))
        return None

    def _pair(self, how: str, cut: int) -> tuple[list[Output] | None, list[Output] | None]:
        """What the function gives for the bars and for the same bars with another future."""
        if how == "cut off":
            return self.base, self._tried(
                [frame.iloc[: cut + 1] for frame in self.frames], how, cut
            )
        if how != "gap":
            return self.base, self._tried(spliced(self.frames, self.futures[how], cut), how, cut)
        start = cut if self.gap_from is None else self.gap_from
        past = spliced(self.frames, self.futures["missing"], start - 1)
        base = self._tried(spliced(past, self.frames, cut), how, cut)
        future = spliced(past, self.futures["raised"], cut)
        return base, self._tried(future, how, cut) if base else None

    def _tried(self, frames: Frames, how: str, cut: int) -> list[Output] | None:
        """The outputs for these bars, None when the function raised."""
        try:
            return self._call(self._restored(frames), frames[0].index)
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())
            since = _shown(self.index[cut + 1])
            self.failures.append(f"{said} (when the bars from {since} on {HOW[how]}).")
            return None

    def _call(self, given: Sequence[Any], index: pd.Index[Any]) -> list[Output]:
        self.calls += 1
        return outputs(self.function(*given), index, self.index)

    def _restored(self, frames: Frames) -> list[Any]:
        pairs = zip(self.arguments, frames, strict=True)
        return [argument.restored(frame) for argument, frame in pairs]

    def _leak(self, found: _Found) -> Leak:
        change, ahead = found.change, found.cut + 1 - found.change.place
        since = self.index[found.cut + 1]
        return Leak(
            change.label, change.column, change.before, change.after, since, ahead, found.how
        )


def _name(function: Any) -> str:
    """What people call the function; InputError for what is none."""
    if not callable(function):
        given = type(function).__name__
        raise InputError(f"a {given} is not a function; give first a function that takes the bars")
    named = function.func if isinstance(function, functools.partial) else function
    return str(getattr(named, "__name__", type(named).__name__))


def _check_number(name: str, value: Any, kind: type | tuple[type, ...], least: float) -> None:
    number = isinstance(value, kind) and not isinstance(value, bool)
    if not (number and least <= value < float("inf")):
        whole = "whole " if kind is int else ""
        raise InputError(
            f"check_causal: {name}={value!r} is not allowed; give a {whole}number from {least}"
        )


def _shown(value: Any) -> str:
    if value is None:
        return "no row"
    if isinstance(value, pd.Timestamp) and not (value.second or value.microsecond):
        return brief(value)
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
