"""What the dashboard server answers, all of it only to those who bring the token or its cookie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl, quote, urlencode

import nbformat
from jupyter_server.base.handlers import FileFindHandler, JupyterHandler
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.web import HTTPError
from voila.handler import VoilaHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from workbench.dashboards import gate

V1 = "v1.kernel.websocket.jupyter.org"
NOTICES = {
    403: ("This dashboard is private", "Open the address that `workbench serve` printed."),
    404: ("Nothing here", "There is no such page on this server."),
}
BROKEN = ("This did not work", "The terminal that serves the dashboards says why.")


class Guarded(JupyterHandler):
    """A handler that refuses strangers, says so in plain words and keeps tokens out of the log."""

    def get_login_url(self) -> NoReturn:
        """There is nothing to log in to: who has no token is refused."""
        raise HTTPError(403)

    def write_notice(self, title: str, text: str = "", links: Any = ()) -> None:
        """Finish with a small page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        page = self.settings["voila_jinja2_env"].get_template("notice.html")
        self.finish(page.render(title=title, text=text, links=links))

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say what is wrong without saying how the server looks inside."""
        self.write_notice(*NOTICES.get(status_code, BROKEN))

    def log_exception(self, kind: Any, error: Any, traceback: Any) -> None:
        """Log what is our fault; never the query, which may hold the token."""
        if not isinstance(error, HTTPError):
            self.log.error(
                "%s %s failed",
                self.request.method,
                self.request.path,
                exc_info=(kind, error, traceback),
            )


class Missing(Guarded):
    """Whatever has no other handler."""

    async def prepare(self) -> None:
        """Refuse strangers first, so that they learn nothing about what there is."""
        await super().prepare()
        raise HTTPError(404)


class Page(Guarded, VoilaHandler):
    """Dashboards by name; at the root the only one, or a list of them."""

    SUPPORTED_METHODS = ("GET",)

    def initialize(self, *, dashboards: Callable[[], Mapping[str, Path]], **kwargs: Any) -> None:
        """Serve what `dashboards` gives at the time of the request."""
        super().initialize(notebook_path="", **kwargs)
        self.dashboards = dashboards

    async def get(self, name: str = "") -> None:
        """Render a dashboard, cell by cell."""
        dashboards = self.dashboards()
        if not name and len(dashboards) == 1:
            name = next(iter(dashboards))
        if not name:
            links = [(quote(each), title(path)) for each, path in dashboards.items()]
            self.write_notice("Dashboards", links=links)
            return
        if name not in dashboards:
            raise HTTPError(404)
        self._forget_token()
        self.notebook_path = dashboards[name].name
        async for html in self.get_generator():
            self.write(html)
            await self.flush()

    def _forget_token(self) -> None:
        """Keep the token out of the environment of the kernel, which gets this address."""
        query = [pair for pair in parse_qsl(self.request.query, True) if pair[0] != "token"]
        self.request.query = urlencode(query)
        self.request.uri = f"{self.request.path}?{self.request.query}".rstrip("?")


class Files(Guarded, FileFindHandler):
    """Scripts and styles of the page."""

    SUPPORTED_METHODS = ("GET", "HEAD")

    def get(self, path: str, include_body: bool = True) -> Any:
        """One file; FileFindHandler's own method is open to everybody."""
        return super().get(path, include_body)

    def head(self, path: str) -> Any:
        """The headers of one file."""
        return super().head(path)


class KernelModel(Guarded, KernelHandler):
    """Whether a kernel is there, and no more."""

    SUPPORTED_METHODS = ("GET",)


class KernelShutdown(Guarded, VoilaShutdownKernelHandler):
    """A page that is left takes its kernel with it."""

    SUPPORTED_METHODS = ("POST",)


class KernelChannels(Guarded, VoilaKernelWebsocketHandler):
    """The websocket of a page to its kernel."""


class GatedConnection(ZMQChannelsWebsocketConnection):
    """What goes between a page and its kernel, as `gate` allows it."""

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Pass a widget message on, rebuilt; log and drop any other."""
        if not self.channels:
            return
        try:
            message = gate.admit(gate.read(incoming_msg, v1=self.subprotocol == V1))
        except gate.RefusedError as refusal:
            self.log.warning("refused from a page: %s", refusal)
            return
        fields = (message.header, message.parent, message.metadata, message.content)
        parts = [*map(self.session.pack, fields), *message.buffers]
        self.session.send_raw(self.channels["shell"], parts)

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[Any]) -> None:
        """Pass on what a page shows; not the source of cells."""
        _, parts = self.session.feed_identities(outgoing_msg)
        header, content = (self.session.unpack(parts[i]) for i in (1, 4))
        if gate.may_hear(header, content):
            super().handle_outgoing_message(stream, outgoing_msg)


def title(notebook: Path) -> str:
    """What the notebook's metadata call it, or its file name."""
    metadata = nbformat.read(notebook, as_version=4).metadata
    return str(metadata.get("title") or notebook.stem.replace("_", " ").capitalize())
