"""Peers in environments of their own, below `.peers/`: made on demand, driven by JSON lines.

python -m benchmarks.remote [NAME …]    make these environments, or all
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Scale

ROOT = Path(__file__).resolve().parent.parent
RECIPES = Path(__file__).parent / "peers"
MADE = ROOT / ".peers"
Arrays = dict[str, "np.ndarray[Any, Any]"]


class PeerError(Exception):
    """A peer that cannot be installed here, or whose worker failed; the message says which."""


def names() -> list[str]:
    """Every peer that has an environment of its own."""
    return sorted(path.stem for path in RECIPES.glob("*.txt"))


def python(name: str) -> Path:
    """The interpreter of a peer's environment, whether it is there or not."""
    return MADE / name / "bin" / "python"


def installed(name: str) -> bool:
    """Whether the environment is there and is what its list of packages says now."""
    stamp = MADE / name / "packages.txt"
    return stamp.exists() and stamp.read_text() == (RECIPES / f"{name}.txt").read_text()


def install(name: str) -> None:
    """Make a peer's environment unless it is there; PeerError when that is not possible."""
    if installed(name):
        return
    print(f"installing the peer {name} ...", file=sys.stderr, flush=True)
    recipe = RECIPES / f"{name}.txt"
    for command in (
        ["-m", "venv", "--clear", "--without-pip", str(MADE / name)],
        ["-m", "pip", "--python", str(python(name)), "install", "--quiet", "-r", str(recipe)],
    ):
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]
            raise PeerError(f"the peer {name} cannot be installed here: {reason}")
    (MADE / name / "packages.txt").write_text(recipe.read_text())


class Peer:
    """A running worker of one peer. Where there is none (a quick run), it has no paths."""

    def __init__(self, name: str, worker: subprocess.Popen[str] | None) -> None:
        self.name, self._worker = name, worker

    @property
    def here(self) -> bool:
        """Whether there is a worker."""
        return self._worker is not None

    def do(
        self, command: str, save: Path | None = None, memory: bool = False, **parameters: Any
    ) -> Any:
        """Run one command; the answer is a dict with `seconds` or `peak_bytes`."""
        if self._worker is None:
            return {}
        asked = {"do": command, "parameters": parameters, "memory": memory}
        try:
            self._worker.stdin.write(json.dumps(asked | {"save": save and str(save)}) + "\n")
            self._worker.stdin.flush()
            line = self._worker.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line) if line else {"error": "its worker ended"}
        if "error" in answer:
            raise PeerError(f"{self.name}: {command}: {answer['error']}")
        return answer

    def end(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()

    def path(self, label: str, command: str, **parameters: Any) -> dict[str, RemoteCall]:
        """One path of a trial, ready to be merged into its `paths`; none without a worker."""
        return {label: RemoteCall(self, command, parameters)} if self.here else {}


@dataclass(frozen=True)
class RemoteCall:
    """A path that a worker runs, times and measures itself."""

    peer: Peer
    command: str
    parameters: dict[str, Any]

    def __call__(self) -> Arrays:
        """Run it, and bring its result here as arrays."""
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            self.peer.do(self.command, save=Path(folder), **self.parameters)
            return {path.stem: np.load(path) for path in Path(folder).glob("*.npy")}

    def seconds(self) -> float:
        """How long it takes by the worker's clock."""
        return float(self.peer.do(self.command, **self.parameters)["seconds"])

    def peak(self) -> int | None:
        """The peak of the worker's memory during the call, beyond what it held before."""
        found = self.peer.do(self.command, memory=True, **self.parameters)["peak_bytes"]
        return None if found is None else int(found)


@contextmanager
def peer(scale: Scale, name: str) -> Iterator[Peer]:
    """A worker of the peer `name`, ended afterwards.

    A full run makes the environment where there is none; a quick run goes without the peer.
    """
    if scale.quick and not installed(name):
        yield Peer(name, None)
        return
    install(name)
    command = [str(python(name)), "-m", f"benchmarks.peers.{name}"]
    errors = scale.folder / f"{name}.log"
    with (
        errors.open("a") as log,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as worker,
    ):
        running = Peer(name, worker)
        try:
            yield running
        finally:
            running.end()
            with suppress(BrokenPipeError):  # what it did not read any more
                worker.stdin.close()


def main(arguments: Sequence[str]) -> None:
    for name in arguments or names():
        install(name)


if __name__ == "__main__":
    main(sys.argv[1:])
