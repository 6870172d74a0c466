// Addresses, theme, printing; then everything begins.

const decoded = (fragment) => {
  try {
    return decodeURIComponent(fragment.slice(1));
  } catch {
    return fragment.slice(1);
  }
};

const isVulnerability = (fragment) => fragment.length > 1 && detailsById.has(decoded(fragment));

const follow = () => {
  if (isVulnerability(location.hash)) {
    openDetail(decoded(location.hash));
    return;
  }
  if (dialog.open) dialog.close();
  if (location.hash.startsWith("#findings?")) {
    show(viewOf(location.hash));
    find("findings").scrollIntoView();
    find("list").focus({ preventScroll: true });
  }
};

const THEMES = { automatic: "light", light: "dark", dark: "automatic" };

const showTheme = (theme) => {
  if (theme === "automatic") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  find("theme").textContent = "Theme: " + theme;
  try {
    localStorage.setItem("assaymark-theme", theme);
  } catch {
    // a browser that keeps nothing forgets the choice with the page
  }
};

const startTheme = () => {
  const current = () => document.documentElement.dataset.theme || "automatic";
  find("theme").textContent = "Theme: " + current();
  find("theme").addEventListener("click", () => showTheme(THEMES[current()]));
};

startTheme();
startList();
startDetail();
startTree();
find("print").addEventListener("click", () => print());
addEventListener("hashchange", follow);
show(emptyView());
follow();
