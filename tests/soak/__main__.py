"""`python -m tests.soak`: the long run; exit code 1 where a read was stale or torn."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.soak.arena import BAD, Plan, arena, summary
from tests.soak.tally import failures


def main() -> int:
    """Run, say what happened, and give the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that servers are ended
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--reads", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="workbench-soak-", dir="/var/tmp") as name:
        folder = Path(name)
        with arena(Plan(given.reads, given.seed), folder) as ready:
            counts = ready.run()
        print(summary(counts))
        wrong = failures(folder)
        for line in wrong[:10]:
            print(line)
    if wrong or any(counts[bad] for bad in BAD):
        print(f"again with: make soak READS={given.reads} SEED={given.seed}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
