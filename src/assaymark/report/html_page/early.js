"use strict";
// Before the first paint: the theme that was chosen last, and that scripts run. Storage may be forbidden.
document.documentElement.classList.add("scripted");
try {
  const theme = localStorage.getItem("assaymark-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {}
