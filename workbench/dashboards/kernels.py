"""The kernels behind dashboards: one is kept warm for the next viewer, and all of them end quickly.

A warm kernel has done the imports and nothing else. It gets the address of the page, as Voilà
gives it to any kernel, when it is handed out and before the notebook runs in it.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_server._tz import utcnow
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Float, List, Unicode, default

END_TIMEOUT_S = 1.5
READY_TIMEOUT_S = 60


class ThisInterpreter(KernelSpecManager):
    """Knows one kernel, `python3`, which is the Python that the server runs on."""

    @default("kernel_dirs")
    def _kernel_dirs_default(self) -> list[str]:
        return []


class DashboardKernels(AsyncMappingKernelManager):
    """Kernels in one folder, of which one is started ahead and imports `preloaded`."""

    preloaded = List(Unicode(), config=True, help="modules that a warm kernel imports ahead")
    refill_delay_s = Float(
        5.0, config=True, help="seconds that a page has for itself before the next warm-up"
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._warm: asyncio.Task[str] | None = None
        self._refill: asyncio.TimerHandle | None = None
        self._closed = False

    def warm_up(self) -> None:
        """Start the kernel of the next viewer, unless there is one."""
        if self._warm is None and not self._closed:
            self._warm = asyncio.create_task(self._warmed())

    async def start_kernel(self, **kwargs: Any) -> str:
        """Give the id of a kernel with the environment `env`: the warm one, or a new one."""
        kernel_id = await self._taken(kwargs.get("env") or {})
        if kernel_id is None:
            kernel_id = await super().start_kernel(**kwargs)
        loop = asyncio.get_running_loop()
        self._refill = loop.call_later(self.refill_delay_s, self.warm_up)
        return kernel_id

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Stop the kernel when its viewer has gone; the warm one waits for its viewer."""
        if self._warm is None or not self._warm.done() or self._warm.result() != kernel_id:
            await super().cull_kernel_if_idle(kernel_id)

    async def shutdown_kernel(self, kernel_id: str, **_: Any) -> None:
        """Stop one kernel, without the interrupt that Jupyter sends first and the kernel logs."""
        self._check_kernel_id(kernel_id)
        await end(self.get_kernel(kernel_id))
        await super().shutdown_kernel(kernel_id, now=True)

    async def close(self) -> None:
        """End all kernels within END_TIMEOUT_S: asked first, then made to."""
        self._closed = True
        if self._refill is not None:
            self._refill.cancel()
        if self._warm is not None:
            self._warm.cancel()
        await asyncio.gather(*self._pending_kernels.values(), return_exceptions=True)
        ends = [end(self.get_kernel(kernel_id)) for kernel_id in self.list_kernel_ids()]
        await asyncio.gather(*ends, return_exceptions=True)

    async def _warmed(self) -> str:
        kernel_id: str = await super().start_kernel(kernel_name="python3", path="")
        modules = "\n".join(f"    __import__({name!r})" for name in self.preloaded)
        code = f"try:\n    pass\n{modules}\nexcept ImportError:\n    pass"
        await execute(self.get_kernel(kernel_id), code)
        return kernel_id

    async def _taken(self, environment: dict[str, str]) -> str | None:
        """The warm kernel with `environment`; None when there is none or it has come to grief."""
        task, self._warm = self._warm, None
        if task is None:
            return None
        try:
            kernel_id = await task
            kernel = self.get_kernel(kernel_id)
            new = {str(k): str(v) for k, v in environment.items() if os.environ.get(k) != v}
            await execute(kernel, f"__import__('os').environ.update({new!r})")
        except Exception as error:
            self.log.warning("the warm kernel was of no use (%s); starting another", error)
            return None
        kernel.last_activity = utcnow()  # else it looks idle since it was started
        return kernel_id


async def execute(kernel: AsyncKernelManager, code: str) -> None:
    """Run `code` in `kernel` when it is ready, without a trace in its history."""
    client: AsyncKernelClient = kernel.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=READY_TIMEOUT_S)
        reply = await client.execute(code, silent=True, reply=True, timeout=READY_TIMEOUT_S)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"the kernel answered {reply['content'].get('ename')}")
    finally:
        client.stop_channels()


async def end(kernel: AsyncKernelManager) -> None:
    """Stop a kernel: ask it, then SIGTERM, then SIGKILL."""
    kernel.stop_restarter()
    await kernel.request_shutdown()
    await kernel.finish_shutdown(waittime=END_TIMEOUT_S)
    await kernel.cleanup_resources()
