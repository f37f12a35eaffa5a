// Runs before the page is painted, so that a dark page never flashes white.
(function () {
  "use strict";
  const KEY = "rehearsal-theme";
  const device = window.matchMedia("(prefers-color-scheme: dark)");
  const remembered = function () {
    try { return localStorage.getItem(KEY) || "auto"; } catch { return "auto"; }
  };
  const apply = function (choice) {
    const dark = choice === "dark" || (choice === "auto" && device.matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    document.documentElement.dataset.themeChoice = choice;
    document.dispatchEvent(new CustomEvent("rehearsal:theme"));
  };
  window.rehearsalTheme = {
    choose: function (choice) {
      try { localStorage.setItem(KEY, choice); } catch { /* remembered for this page only */ }
      apply(choice);
    },
  };
  device.addEventListener("change", function () { apply(remembered()); });
  apply(remembered());
})();
