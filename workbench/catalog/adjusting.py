"""Blocks adjusted for splits and dividends."""

from __future__ import annotations

from hashlib import blake2b

from workbench.adjustment import Actions, Factors, adjust
from workbench.blocks import Block
from workbench.cache.entry import Key
from workbench.errors import UnknownNameError

ADJUSTMENTS = ("True", "False", "splits")


def known_adjustment(adjusted: bool | str) -> bool | str:
    """`adjusted` itself: False (as traded), True (splits and dividends) or "splits".

    Raises UnknownNameError for anything else.

    >>> known_adjustment("splits")
    'splits'
    """
    if adjusted is True or adjusted is False or adjusted == "splits":
        return adjusted
    raise UnknownNameError("adjusted=", str(adjusted), ADJUSTMENTS)


def adjusted_block(raw: Block, history: Block, actions: dict[str, Actions]) -> Block:
    """`raw` adjusted for the actions by symbol; `history` has the closes that dividends need."""
    factors = [
        Factors.of_all(actions[symbol], history.times, history.closes_of(symbol))
        if symbol in actions
        else None
        for symbol in raw.symbols
    ]
    values = adjust(raw.times, raw.values, raw.fields, factors)
    return Block(raw.symbols, raw.fields, raw.versions, raw.times, values)


def adjusted_key(raw: Key, actions: dict[str, Actions]) -> Key:
    """Where the cache keeps it: the facts are a part of the key, as the versions are."""
    digest = blake2b(raw.exact.encode(), digest_size=16)
    for symbol, facts in sorted(actions.items()):
        digest.update(repr(symbol).encode())
        for values in (facts.ex_us, facts.splits, facts.dividends):
            digest.update(values.tobytes())
    group = blake2b(f"adjusted {raw.group}".encode(), digest_size=16)
    return Key(group.hexdigest(), digest.hexdigest())
