// A file of customers' numbers is read where it is chosen, into the field beside it: what is sent can be seen first.
(function () {
  "use strict";

  document.addEventListener("change", function (event) {
    const input = event.target;
    if (!input.matches || !input.matches("input[type=file][data-into]") || !input.files.length) return;
    const field = document.getElementById(input.dataset.into);
    input.files[0].text().then(function (text) {
      // The first column of a table, without its heading.
      const found = text.split(/[\r\n]+/).map(function (line) { return line.split(/[,;\t]/)[0].trim().replace(/^"|"$/g, ""); });
      field.value = found.filter(function (one) { return one && !/^(customer|external|kunde)/i.test(one); }).join(", ");
    });
  });
})();
