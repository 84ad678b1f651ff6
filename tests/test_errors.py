"""Errors: one root, one line each, and they survive being sent to another process."""

from __future__ import annotations

import inspect
import pickle

from workbench import errors


def test_one_root_and_the_tree_in_the_docstring_is_complete() -> None:
    classes = {
        name: cls
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, Exception)
    }
    assert all(issubclass(cls, errors.WorkbenchError) for cls in classes.values())
    assert errors.__doc__ is not None
    assert all(name in errors.__doc__ for name in classes)


def test_an_unknown_name_is_answered_with_the_likely_one_and_survives_pickling() -> None:
    error = errors.UnknownNameError("symbol", "aapl", {"IBM", "AAPL"}, "Ingest it first")
    assert str(error) == (
        "unknown symbol 'aapl'; did you mean 'AAPL'? Known: AAPL, IBM. Ingest it first"
    )
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.known) == (str(error), ["AAPL", "IBM"])
    assert isinstance(error, ValueError)
    assert isinstance(error, LookupError)


def test_long_lists_are_cut() -> None:
    error = errors.UnknownNameError("symbol", "x", [f"S{n:03}" for n in range(500)])
    assert str(error).endswith("S011 and 488 more")
