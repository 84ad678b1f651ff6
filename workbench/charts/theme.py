"""What only the page knows: whether it is light or dark, and how wide it is."""

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
    // A chart measures itself before it is attached, and then only when the window is resized.
    const fit = new ResizeObserver(() => window.dispatchEvent(new Event("resize")));
    const attached = setInterval(() => {
      if (el.parentElement && el.isConnected) {
        clearInterval(attached);
        fit.observe(el.parentElement);
      }
    }, 50);
    return () => {
      clearInterval(attached);
      fit.disconnect();
      seen.disconnect();
      preference.removeEventListener("change", soon);
      window.removeEventListener("load", soon);
    };
  },
};
"""


class PageTheme(anywidget.AnyWidget):
    """An invisible widget whose `theme` is `light` or `dark`, as the page around it is.

    It also tells the charts beside it when the box around them changes its size.

    >>> PageTheme().theme
    'light'
    """

    _esm = PROBE
    theme = traitlets.Enum(["light", "dark"], default_value="light").tag(sync=True)
