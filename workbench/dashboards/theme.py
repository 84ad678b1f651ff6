"""Whether the page is light or dark, told by the page itself."""

from __future__ import annotations

import anywidget
import traitlets

PROBE = """
function theme() {
  const probe = document.createElement("span");
  probe.style.color = "var(--jp-layout-color0)";
  document.body.append(probe);
  const given = getComputedStyle(document.body).getPropertyValue("--jp-layout-color0").trim();
  const parts = getComputedStyle(probe).color.match(/[\\d.]+/g);
  probe.remove();
  if (!given || !parts) {
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  const [red, green, blue] = parts.map(Number);
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? "dark" : "light";
}

export default {
  render({ model, el }) {
    el.style.display = "none";
    const tell = () => {
      if (theme() !== model.get("theme")) {
        model.set("theme", theme());
        model.save_changes();
      }
    };
    const seen = new MutationObserver(tell);
    seen.observe(document.body, { attributes: true });
    const preference = matchMedia("(prefers-color-scheme: dark)");
    const soon = () => setTimeout(tell, 50);
    preference.addEventListener("change", soon);
    window.addEventListener("load", soon);
    tell();
    return () => {
      seen.disconnect();
      preference.removeEventListener("change", soon);
      window.removeEventListener("load", soon);
    };
  },
};
"""


class PageTheme(anywidget.AnyWidget):
    """An invisible widget whose `theme` is `light` or `dark`, as the page around it is.

    >>> PageTheme().theme
    'light'
    """

    _esm = PROBE
    theme = traitlets.Enum(["light", "dark"], default_value="light").tag(sync=True)
