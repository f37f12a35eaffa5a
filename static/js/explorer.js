// The explorer's list of features: narrowed by what is typed, and counted. Without this file all of it is there.
(function () {
  "use strict";

  const card = document.querySelector("[data-choices]");
  if (!card) return;
  const search = card.querySelector("[data-choices-search]");
  const count = card.querySelector("[data-choices-count]");

  function narrow() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    card.querySelectorAll("[data-choices-family]").forEach(function (family) {
      let found = 0;
      family.querySelectorAll("[data-choice]").forEach(function (choice) {
        const fits = words.every(function (word) { return choice.dataset.choice.includes(word); });
        choice.hidden = !fits;
        if (fits) found += 1;
      });
      family.hidden = !found;
      if (words.length && found) family.open = true;
    });
  }

  function tell() {
    count.textContent = card.querySelectorAll("input[type=checkbox]:checked").length + " chosen";
  }

  search.addEventListener("input", narrow);
  // Enter in the search must not send the form.
  search.addEventListener("keydown", function (event) { if (event.key === "Enter") event.preventDefault(); });
  card.addEventListener("change", tell);
  tell();
})();
