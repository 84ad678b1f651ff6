"""`workbench serve`: dashboards for this machine, behind a token, for people and not for code.

Voilà renders and runs the notebooks. What it answers to is chosen here: pages, their scripts, and
a websocket for widgets. It listens on the loopback address only.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
import signal
import socket
import tempfile
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_server.auth.identity import IdentityProvider
from jupyter_server.base.websocket import WS_PING_INTERVAL
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from nbformat import NotebookNode
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from traitlets.config import Config
from voila.app import Voila
from voila.configuration import VoilaConfiguration

from workbench.dashboards import handlers
from workbench.dashboards.kernels import DashboardKernels, ThisInterpreter
from workbench.errors import InputError
from workbench.running.notebooks import DASHBOARDS, find, notebooks
from workbench.settings import Settings

HOST = "127.0.0.1"
TEMPLATE = Path(__file__).parent / "template"
LAB_EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
    "jupyterlab-plotly",
]
PRELOADED = ["ipywidgets", "plotly.graph_objects", "workbench.api", "workbench.dashboards.market"]
IDLE_S = 300
LEAST_TOKEN = 16
KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
# Nothing that a page contains may make the browser ask another host.
HEADERS = {
    "Content-Security-Policy": "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'self'",
    "Referrer-Policy": "same-origin",
}
PYTHON = {"name": "python3", "language": "python", "display_name": "Python 3"}
Dashboards = Callable[[], Mapping[str, Path]]
CELL_FAILED = "The terminal that serves this dashboard says why."


def serve(
    notebook: str | Path | None = None,
    *,
    settings: Settings | None = None,
    port: int = 8866,
    open_browser: bool = False,
    token: str | None = None,
    idle_s: int = IDLE_S,
) -> None:
    """Serve a dashboard, or all in `notebooks/dashboards/`, until SIGINT, SIGTERM or SIGHUP.

    Prints the address with its token once the server accepts connections. A taken `port` is
    replaced by a free one. Kernels end with the server; one whose viewer has gone ends after
    `idle_s` seconds. Raises UnknownNameError for a notebook that is not there and InputError for
    a token of less than 16 characters.
    """
    project = (settings or Settings.from_environment()).project_path.absolute()
    if token is not None and len(token) < LEAST_TOKEN:
        raise InputError(f"a token of {len(token)} characters; give {LEAST_TOKEN} or more, or none")
    root, served = _served(notebook, project)
    config = configuration(idle_s)
    server = DashboardServer.instance(  # the one whose log Jupyter's parts write to
        config=config,
        log_level=logging.WARNING,
        root_dir=str(root),
        token=token or secrets.token_urlsafe(24),
    )
    try:
        asyncio.run(server.run(served, port, open_browser))
    finally:
        DashboardServer.clear_instance()


def _served(notebook: str | Path | None, project: Path) -> tuple[Path, Dashboards]:
    """The folder of the dashboards, and what gives them by name at the time of a request."""
    if notebook is not None:
        path = find(notebook, project, DASHBOARDS)
        return path.parent, lambda: {path.stem: path}
    folder = project / DASHBOARDS
    if not notebooks(project, DASHBOARDS):
        raise InputError(f"there is no dashboard in {folder}; give the path of an .ipynb")
    return folder, lambda: notebooks(project, DASHBOARDS)


def configuration(idle_s: int) -> Config:
    """How Voilà and its kernels are set, whatever the user's own configuration files say."""
    config = Config()
    config.VoilaConfiguration.update(
        allow_template_override="NO",
        allow_theme_override="NO",
        attempt_fix_notebook=False,
        extension_allowlist=LAB_EXTENSIONS,
        kernel_spec_manager_class=ThisInterpreter,
        multi_kernel_manager_class=DashboardKernels,
        page_config_hook=page_config,
        prelaunch_hook=use_this_interpreter,
        show_tracebacks=False,
        strip_sources=True,
    )
    config.VoilaExecutor.cell_error_instruction = CELL_FAILED
    config.IdentityProvider.cookie_options = {"samesite": "Lax"}
    config.KernelManager.autorestart = False  # a new kernel would not know the page's widgets
    config.MappingKernelManager.update(
        allow_tracebacks=False,
        traceback_replacement_message=CELL_FAILED,
        cull_idle_timeout=idle_s,
        cull_interval=max(1, idle_s // 10),
        transport_encryption="auto",
    )
    config.DashboardKernels.preloaded = PRELOADED
    return config


def use_this_interpreter(_: Any, notebook: NotebookNode, **__: Any) -> NotebookNode:
    """Let `notebook` run on this Python, whatever kernel it names."""
    notebook.metadata["kernelspec"] = NotebookNode(PYTHON)
    return notebook


def page_config(config: dict[str, Any], settings: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Voilà's page configuration, with scripts at addresses that no other server has used."""
    paths = settings["asset_paths"]
    return config | {"fullStaticUrl": paths["static"], "fullLabextensionsUrl": paths["extensions"]}


def log_request(_: Any) -> None:
    """Log no requests: their addresses hold the token, and failures are logged where they occur."""


class Notebooks(LargeFileManager):
    """The notebooks of one folder; trust in saved outputs is no question, as every cell is run."""

    def mark_trusted_cells(self, *_: Any) -> None:
        """Leave the user's database of trusted notebooks alone."""


class DashboardServer(Voila):
    """Voilà with a short list of things it answers to."""

    name = "workbench"
    identity_provider_class = IdentityProvider
    kernel_websocket_connection_class = handlers.GatedConnection

    async def run(self, served: Dashboards, port: int, open_browser: bool) -> None:
        """Listen, say where, and end everything on the first signal."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        with tempfile.TemporaryDirectory(prefix="workbench-kernels-") as connection_dir:
            self.connection_dir = connection_dir
            server = HTTPServer(self.application(served), max_body_size=1 << 20)
            sockets = listen(port)
            server.add_sockets(sockets)
            url = f"http://{HOST}:{sockets[0].getsockname()[1]}/?token={self.token}"
            print(f"Dashboard: {url}", flush=True)
            self.kernel_manager.warm_up()
            if open_browser:
                loop.run_in_executor(None, webbrowser.open, url)
            await stop.wait()
            loop.set_exception_handler(lambda *_: None)  # pages that were being rendered
            server.stop()
            await self.kernel_manager.close()

    def application(self, served: Dashboards) -> Application:
        """Settings and handlers."""
        self.voila_configuration = VoilaConfiguration(parent=self)
        self.setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATE))
        tag = secrets.token_hex(4)
        paths = {kind: f"/voila/{kind}/{tag}" for kind in ("static", "extensions")}
        settings = self.init_settings() | {
            "contents_manager": Notebooks(parent=self),
            "allow_remote_access": False,
            "allow_unauthenticated_access": False,
            "asset_paths": paths,
            "compress_response": True,
            "default_handler_class": handlers.Missing,
            "disable_check_xsrf": True,  # the cookie is SameSite, and no form is taken
            "headers": HEADERS,
            "log_function": log_request,
            "static_immutable_cache": list(paths.values()),
            "ws_ping_timeout": WS_PING_INTERVAL,  # Jupyter's own is longer than Tornado allows
        }
        page = {
            "dashboards": served,
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        routes = [
            (r"/([^/]*)", handlers.Page, page),
            (rf"{paths['static']}/(.*)", handlers.Files, {"path": self.static_paths}),
            (rf"{paths['extensions']}/(.*)", handlers.Files, {"path": self.labextensions_path}),
            (rf"/api/kernels/{KERNEL_ID}", handlers.KernelModel),
            (rf"/api/kernels/{KERNEL_ID}/channels", handlers.KernelChannels),
            (rf"/voila/api/shutdown/{KERNEL_ID}", handlers.KernelShutdown),
        ]
        return Application(routes, **settings)


def listen(port: int) -> list[socket.socket]:
    """Sockets on the loopback address at `port`, or at a free port when it is taken."""
    try:
        sockets: list[socket.socket] = bind_sockets(port, HOST)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise InputError(f"cannot listen on port {port}: {error.strerror}") from None
        sockets = bind_sockets(0, HOST)
    return sockets
