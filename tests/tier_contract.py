"""What every tier of the cache must do: a test class adopts it and gives the fixture `tier`."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.cache.entry import Entry, Key, Tier

DTYPES = ["f8", "i8", "f4", "?", "M8[us]", "U7"]


def entry_of(key: Key, rows: int = 100) -> Entry:
    """The one right entry of a key, another one for each key."""
    seed = int.from_bytes("".join(key).encode().ljust(8, b"\0"), "little")
    values = np.random.default_rng(seed).normal(size=(5, rows, 1))
    return Entry("/".join(key).encode(), (np.arange(rows) * seed % 1000, values))


def same(one: Entry, other: Entry) -> bool:
    """Whether two entries have the same bytes, dtypes and shapes."""
    return one.head == other.head and all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(one.arrays, other.arrays, strict=True)
    )


class TierContract:
    """Adopt it, and give a fixture `tier` that is empty and has room for a megabyte."""

    def test_it_gives_back_what_was_put(self, tier: Tier) -> None:
        keys = [Key(f"a{n}", f"b{n}") for n in range(5)]
        for key in keys:
            assert tier.get(key) is None
            tier.put(key, entry_of(key))
        for key in keys:
            found = tier.get(key)
            assert found is not None
            assert same(found, entry_of(key))

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("shape", [(0,), (3,), (2, 0, 4), (2, 3, 4), ()])
    def test_every_dtype_and_shape(self, tier: Tier, dtype: str, shape: tuple[int, ...]) -> None:
        array = np.arange(int(np.prod(shape))).astype("i8").astype(dtype).reshape(shape)
        tier.put(Key("a", "b"), Entry(b"", (array, array.T)))
        found = tier.get(Key("a", "b"))
        assert found is not None
        assert same(found, Entry(b"", (array, array.T)))

    def test_nan_and_infinity_keep_their_bits(self, tier: Tier) -> None:
        array = np.array([np.nan, -np.nan, np.inf, -0.0])
        tier.put(Key("a", "b"), Entry(b"", (array.copy(),)))
        found = tier.get(Key("a", "b"))
        assert found is not None
        assert found.arrays[0].tobytes() == array.tobytes()

    def test_what_it_gives_cannot_be_written(self, tier: Tier) -> None:
        key = Key("a", "b")
        tier.put(key, entry_of(key))
        found = tier.get(key)
        assert found is not None
        for array in found.arrays:
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.view().flags.writeable = True

    def test_other_versions_and_groups_are_other_entries(self, tier: Tier) -> None:
        tier.put(Key("a", "b"), entry_of(Key("a", "b")))
        assert tier.get(Key("a", "c")) is None
        assert tier.get(Key("c", "b")) is None

    def test_the_latest_of_a_group(self, tier: Tier) -> None:
        assert tier.latest("a") is None
        for exact in ("b1", "b2", "b3"):
            tier.put(Key("a", exact), entry_of(Key("a", exact)))
            found = tier.latest("a")
            assert found is not None
            assert same(found, entry_of(Key("a", exact)))
        assert tier.latest("b") is None

    def test_a_group_is_dropped_and_the_others_stay(self, tier: Tier) -> None:
        for group in ("a", "b"):
            tier.put(Key(group, "1"), entry_of(Key(group, "1")))
        tier.drop("a")
        assert tier.get(Key("a", "1")) is None
        assert tier.latest("a") is None
        assert tier.get(Key("b", "1")) is not None
        tier.drop("nothing")

    def test_everything_is_dropped(self, tier: Tier) -> None:
        for group in ("a", "b"):
            tier.put(Key(group, "1"), entry_of(Key(group, "1")))
        assert tier.stats().entries == 2
        tier.drop()
        assert (tier.stats().entries, tier.stats().bytes) == (0, 0)
        assert tier.get(Key("b", "1")) is None

    def test_putting_twice_keeps_one(self, tier: Tier) -> None:
        key = Key("a", "b")
        tier.put(key, entry_of(key))
        size = tier.stats().bytes
        tier.put(key, entry_of(key))
        assert (tier.stats().entries, tier.stats().bytes) == (1, size)
        assert size >= entry_of(key).nbytes

    def test_it_says_its_name(self, tier: Tier) -> None:
        assert tier.stats().name == tier.name
        assert tier.stats().errors == 0
