"""A Redis server for the tests, and a proxy that can make it slow or unreachable."""

from __future__ import annotations

import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from redis import Redis

from scripts import install_redis


class RedisServer:
    """Starts a Redis on a socket below `folder`; as a context it gives the URL."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        program = install_redis.find()
        assert program, "run `make setup-test`"
        options = {"port": "0", "unixsocket": str(self.socket), "save": "", "appendonly": "no"}
        options |= {"dir": str(folder), "logfile": str(folder / "redis.log")}
        self.command = [program, *(word for o, v in options.items() for word in (f"--{o}", v))]

    def __enter__(self) -> str:
        self.process = subprocess.Popen(self.command)
        while not self._answers():
            assert self.process.poll() is None, "redis ended; look at redis.log"
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.01)
        return f"unix://{self.socket}"

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            with Redis(unix_socket_path=str(self.socket)) as redis:
                return bool(redis.ping())
        except OSError:
            return False
        except Exception as error:  # redis-py's own ConnectionError is no OSError
            return "connect" not in type(error).__name__.lower()


class Proxy:
    """A port of this machine that leads to a unix socket; `stalls` keeps every byte to itself."""

    def __init__(self, url: str) -> None:
        self.target = url.removeprefix("unix://")
        self.moving = threading.Event()
        self.moving.set()
        self.open: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        self.moving.clear()

    def move(self) -> None:
        self.moving.set()

    def close(self) -> None:
        """Refuse connections from now on, and end those that there are."""
        self.moving.set()
        for one in [self.listener, *self.open]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self.listener.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(self.target)
                self.open += [here, there]
                for source, sink in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.moving.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
