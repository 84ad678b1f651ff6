"""A process that uses an embedded server: reads orders from stdin, answers each with a JSON line.

Run by test_server_embedded.py, as root or as another account, with any Python ≥ 3.11.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.store.binaries import find_binaries
from workbench.store.embedded import EmbeddedServer


class Orders:
    """One method for each order."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.server = server

    def acquire(self) -> dict[str, Any]:
        address = self.server.acquire()
        return {"socket_dir": str(address.socket_dir), "port": address.port}

    def acquire_by_threads(self) -> None:
        threads = [threading.Thread(target=self.server.acquire) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def release(self) -> None:
        self.server.release()

    def stop(self) -> bool:
        return self.server.stop()

    def keep_running(self) -> None:
        self.server.keep_running()

    def status(self) -> dict[str, Any]:
        return {name: str(v) if isinstance(v, Path) else v for name, v in self._status().items()}

    def _status(self) -> dict[str, Any]:
        return asdict(self.server.status())

    def sql(self, statement: str) -> str:
        socket_dir = self.server.status().socket_dir
        psql = [str(find_binaries().bin_dir / "psql"), "-XAtq", "-h", str(socket_dir), "-p", "5432"]
        names = ["-U", "workbench_owner", "-d", "workbench", "-c", statement]
        done = subprocess.run([*psql, *names], capture_output=True, text=True, check=False)
        if done.returncode:
            raise WorkbenchError(done.stderr.strip())
        return done.stdout.strip()

    def churn(self, rounds: str) -> int:
        """Come, use the server, go, at random moments; an answer means that no use failed."""
        for _ in range(int(rounds)):
            self.server.acquire()
            assert self.sql("SELECT 1") == "1"
            self.server.release()
            time.sleep(random.uniform(0, 0.06))
        return int(rounds)

    def fork(self) -> int:
        child = os.fork()
        if child == 0:
            time.sleep(600)
            os._exit(0)
        return child


def main() -> None:
    server = EmbeddedServer(
        Path(sys.argv[1]), keep="keep" in sys.argv, start_timeout_s=float(os.environ["TIMEOUT_S"])
    )
    orders = Orders(server)
    for line in sys.stdin:
        name, _, argument = line.strip().partition(" ")
        try:
            answer = {"answer": getattr(orders, name)(*[argument] * bool(argument))}
        except WorkbenchError as error:
            answer = {"error": str(error), "type": type(error).__name__}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
