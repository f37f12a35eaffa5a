// The few things of the shell that need a script: the theme switch, the bar on phones, menus, filters, confirmations.
(function () {
  "use strict";

  function markTheme() {
    const choice = document.documentElement.dataset.themeChoice;
    document.querySelectorAll("button[data-theme-choice]").forEach(function (button) {
      const chosen = button.dataset.themeChoice === choice;
      button.setAttribute("aria-checked", String(chosen));
      button.classList.toggle("active", chosen);
    });
  }

  document.addEventListener("click", function (event) {
    const theme = event.target.closest("button[data-theme-choice]");
    if (theme) window.rehearsalTheme.choose(theme.dataset.themeChoice);

    const toggle = event.target.closest("[data-toggle]");
    if (toggle) {
      const open = document.querySelector(toggle.dataset.toggle).classList.toggle("show");
      toggle.setAttribute("aria-expanded", String(open));
    }

    document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });

    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(function () { copy.classList.add("copied"); });
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // A form that throws something away asks first.
  document.addEventListener("submit", function (event) {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // A choice in a filter is applied at once.
  document.addEventListener("change", function (event) {
    const form = event.target.closest("form[data-autosubmit]");
    if (form && event.target.matches("select, input[type=checkbox]")) form.requestSubmit();
  });

  document.addEventListener("rehearsal:theme", markTheme);
  markTheme();
})();
