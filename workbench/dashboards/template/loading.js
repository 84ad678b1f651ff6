// Voilà calls these while the notebook runs. The sign of loading stays until a widget is drawn.
window.showTheme();
window.voila_process = () => {};
window.voila_heartbeat = () => {
  document.getElementById("loading_text").textContent = "Still working …";
};
window.display_cells = window.voila_finish = () => {
  window.cellLoaded = true;
  window.expectsWidgets ??= [
    ...document.querySelectorAll('script[type="application/vnd.voila.cell-output+json"]'),
  ].some((output) => output.textContent.includes("widget-view+json"));
  if (!window.themeLoaded) return;
  const cells = document.getElementById("rendered_cells");
  cells.style.display = "";
  const done = () => document.getElementById("loading")?.remove();
  const drawn = () => cells.querySelector(".jupyter-widgets") !== null;
  if (!window.expectsWidgets || drawn()) return done();
  const watch = new MutationObserver(() => {
    if (!drawn()) return;
    watch.disconnect();
    done();
  });
  watch.observe(cells, { childList: true, subtree: true });
  setTimeout(done, 30000);
};
// A page that is left takes its kernel with it.
addEventListener("pagehide", () => {
  const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  navigator.sendBeacon(`${config.baseUrl}voila/api/shutdown/${config.kernelId}`);
});
