// The import of a file: drop it anywhere on its field, and send a form once.
(function () {
  "use strict";

  function dropped(event) {
    const place = event.target.closest && event.target.closest("[data-drop]");
    return place && event.dataTransfer && event.dataTransfer.types.includes("Files") ? place : null;
  }

  document.addEventListener("dragover", function (event) {
    const place = dropped(event);
    if (!place) return;
    event.preventDefault();
    place.classList.add("is-over");
  });

  document.addEventListener("dragleave", function (event) {
    const place = event.target.closest && event.target.closest("[data-drop]");
    if (place && !place.contains(event.relatedTarget)) place.classList.remove("is-over");
  });

  document.addEventListener("drop", function (event) {
    const place = dropped(event);
    if (!place) return;
    event.preventDefault();
    place.classList.remove("is-over");
    const input = place.querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    input.focus();
  });

  // The server takes a second one for the first; the button says that something happens.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (!form.matches("form[data-once]") || event.defaultPrevented) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    form.querySelectorAll("button[type=submit]").forEach(function (button) { button.classList.add("btn-loading"); });
  });

  // Whoever comes back by the browser's button may send it again.
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
      form.querySelectorAll(".btn-loading").forEach(function (button) { button.classList.remove("btn-loading"); });
    });
  });
})();
