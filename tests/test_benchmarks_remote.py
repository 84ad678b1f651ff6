"""Peers in environments of their own: made, asked, timed, and clear about what fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import remote
from benchmarks.cases.scratch import bars, redis_server, same_bars, saved
from benchmarks.harness import Scale, clock, peak
from benchmarks.remote import Peer, PeerError, install, installed, names, peer


@pytest.fixture
def scale(tmp_path: Path) -> Scale:
    return Scale(True, tmp_path)


@pytest.fixture
def redis(scale: Scale, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """A real worker and a real Redis; the worker's interpreter is that of the tests."""
    monkeypatch.setattr(remote, "MADE", tmp_path / "peers")
    program = remote.python("redis")
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    recipe = (remote.RECIPES / "redis.txt").read_text()
    (program.parent.parent / "packages.txt").write_text(recipe)
    with redis_server(scale) as (socket, _), peer(scale, "redis") as worker:
        worker.do("open", socket=socket)
        yield worker


def test_a_worker_does_times_and_measures(redis: Peer, scale: Scale) -> None:
    frame = bars(1_000, 60)
    redis.do("write", symbol="A", **saved(scale, "A", frame))
    call = redis.path("Redis", "read", symbol="A")["Redis"]
    same_bars(frame, call())
    assert 0 < clock(call) < 60
    found = peak(call, lambda: None)
    assert found is None or found >= 0
    with pytest.raises(AssertionError):
        same_bars(frame * 2, call())


def test_a_failing_command_is_told_and_the_worker_goes_on(redis: Peer, scale: Scale) -> None:
    with pytest.raises(PeerError, match="redis: read: TypeError"):
        redis.do("read", symbol="nothing of this name")
    with pytest.raises(PeerError, match="redis: sing: AttributeError"):
        redis.do("sing")
    frame = bars(10, 60)
    redis.do("write", symbol="A", **saved(scale, "A", frame))


def test_a_worker_that_ends_is_told(redis: Peer) -> None:
    redis.end()
    with pytest.raises(PeerError, match="redis: read: its worker ended"):
        redis.do("read", symbol="A")


def test_a_quick_run_goes_without_a_peer_that_is_not_there(
    scale: Scale, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "MADE", tmp_path / "nowhere")
    with peer(scale, "qlib") as absent:
        assert not absent.here
        assert absent.path("Qlib", "features") == {}
        assert absent.do("open", folder="x") == {}


def test_a_peer_that_cannot_be_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "MADE", tmp_path / "peers")
    monkeypatch.setattr(remote, "RECIPES", tmp_path)
    (tmp_path / "ghost.txt").write_text("./there_is_no_such_package\n")
    with pytest.raises(PeerError, match=r"the peer ghost cannot be installed here: .*no_such"):
        install("ghost")
    assert not installed("ghost")


def test_every_peer_has_a_worker_and_pins_what_it_installs() -> None:
    assert names() == ["adbc", "arcticdb", "pandas_ta", "qlib", "redis", "vectorbt"]
    for name in names():
        assert (remote.RECIPES / f"{name}.py").exists()
        lines = (remote.RECIPES / f"{name}.txt").read_text().splitlines()
        assert all(line.count("==") == 1 for line in lines), name
