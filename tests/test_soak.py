"""A short run of the soak: no read is stale, none is torn, while everything goes wrong."""

from __future__ import annotations

from pathlib import Path

from tests.soak.arena import BAD, Plan, arena, summary
from tests.soak.tally import failures

ROUGH = {"kill a reader": 30, "damage the cache": 3, "pause the replica": 25,
         "clear the cache": 40, "kill the server": 75}  # fmt: skip


def test_no_read_is_stale_and_none_is_torn(tmp_path: Path) -> None:
    with arena(Plan(reads=2000, seed=7, pause_s=0.02, every=ROUGH), tmp_path) as ready:
        counts = ready.run()
    assert not failures(tmp_path), failures(tmp_path)
    assert not any(counts[bad] for bad in BAD), summary(counts)
    assert counts["reads from store"]
    assert counts["versions"] > 100
