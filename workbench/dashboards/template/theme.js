// Light or dark: as the address asks (?theme=dark), else as the browser prefers, also when that
// changes. The token has done its work by now (a cookie stands for it), so it leaves the address.
(() => {
  const address = new URL(location.href);
  const asked = address.searchParams.get("theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const theme = ["light", "dark"].includes(asked) ? asked : prefersDark.matches ? "dark" : "light";
    document.documentElement.dataset.theme = theme;
    for (const sheet of document.querySelectorAll("link[data-for]")) {
      sheet.media = sheet.dataset.for === theme ? "all" : "not all";
    }
    if (document.body) {
      document.body.dataset.jpThemeLight = String(theme === "light");
      document.body.dataset.jpThemeName = theme === "light" ? "JupyterLab Light" : "JupyterLab Dark";
    }
  };
  show();
  prefersDark.addEventListener("change", show);
  window.showTheme = show;
  if (address.searchParams.has("token")) {
    address.searchParams.delete("token");
    history.replaceState(null, "", address);
  }
})();
