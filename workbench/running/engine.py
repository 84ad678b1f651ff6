"""The Papermill engine of our runs: the kernel we choose, and a notebook that tells the truth.

Papermill's own engine starts whichever kernel `python3` names, changes the working directory of
the whole process, and marks a cell completed that was interrupted or whose kernel died.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbformat import NotebookNode
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from papermill.iorw import write_ipynb

NAME = "workbench"
START_TIMEOUT_S = 60

logger = logging.getLogger(__name__)
logger.addHandler(logging.NullHandler())  # what matters is in the notebook and in the error


def register() -> None:
    """Make the engine known to Papermill as `workbench`."""
    papermill_engines.register(NAME, RunEngine)


class RunEngine(Engine):  # type: ignore[misc]
    """Runs cells in a kernel of this interpreter, in `directory` and with `environment`."""

    @classmethod
    def execute_notebook(
        cls, nb: NotebookNode, kernel_name: str, *, report: Path, partial: Path, **options: Any
    ) -> NotebookNode:
        """Execute `nb`; what ends it from outside is written into it, and `partial` saved."""
        nb.metadata.papermill["output_path"] = str(report)
        try:
            return super().execute_notebook(nb, kernel_name, **options)
        except BaseException as error:
            if tell(nb, error) and isinstance(error, Exception):
                return nb  # Papermill finds the error in the notebook, saves it and raises
            write_ipynb(nb, str(partial))
            raise

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,  # noqa: ARG003  (it is this interpreter, whatever the notebook names)
        *,
        directory: Path,
        environment: dict[str, str],
        **_: Any,
    ) -> None:
        """Start the kernel, run the cells, stop the kernel: at once when they did not end well."""
        native_only = KernelSpecManager(kernel_dirs=[])
        kernel = AsyncKernelManager(kernel_spec_manager=native_only, transport_encryption="auto")
        client = PapermillNotebookClient(
            nb_man, km=kernel, startup_timeout=START_TIMEOUT_S, log=logger
        )
        before = run_sync(tasks)()
        ended_well = False
        try:
            client.execute(cwd=str(directory), env=environment)
            ended_well = True
        finally:
            run_sync(stop)(client, kernel, not ended_well, before)


async def tasks() -> set[asyncio.Task[Any]]:
    """The tasks of the event loop that nbclient runs on."""
    return asyncio.all_tasks()


async def stop(
    client: PapermillNotebookClient,
    kernel: AsyncKernelManager,
    at_once: bool,
    before: set[asyncio.Task[Any]],
) -> None:
    """Stop the tasks that were not there `before` (an interrupted cell's), then the kernel."""
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    if client.kc is not None:
        client.kc.stop_channels()
    if kernel.has_kernel:
        if at_once:
            await kernel.signal_kernel(signal.SIGKILL)
        else:  # kernel.shutdown_kernel would interrupt it first, which it may log
            await kernel.request_shutdown()
        await kernel.finish_shutdown()
        await kernel.cleanup_resources()


def tell(nb: NotebookNode, error: BaseException) -> bool:
    """Write into `nb` that its last started cell was ended by `error` and later ones never ran.

    False when there is no code cell that could say so.
    """
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    if not cells:
        return False
    for cell in cells:
        if cell.metadata.papermill["start_time"] is None:
            cell.metadata.papermill["status"] = "pending"
    started = [cell for cell in cells if cell.metadata.papermill["start_time"]]
    ended = (started or cells)[-1 if started else 0]
    ended.metadata.papermill.update(status="failed", exception=True)
    nb.metadata.papermill["exception"] = True
    name, text = type(error).__name__, str(error)
    ended.outputs.append(
        new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}".strip(": ")])
    )
    return True
