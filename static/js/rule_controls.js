// What a rule is put together from: fields, choices, and how a value is compared. The builder in rules.js uses them.
(function () {
  "use strict";

  const NUMBERS = [["at_least", "at least"], ["at_most", "at most"], ["more_than", "more than"], ["less_than", "less than"],
    ["exactly", "exactly"], ["between", "between"]];
  const WORDS = [["is", "is"], ["is_not", "is not"], ["one_of", "is one of"], ["known", "is known"]];
  let lists = 0;

  // A list of suggestions needs a name that no other one has.
  function listName() {
    lists += 1;
    return "rule-list-" + lists;
  }

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    Object.entries(attributes || {}).forEach(function ([name, value]) {
      if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    });
    element.append(...children);
    return element;
  }

  function choice(label, options, value, attributes) {
    const select = make("select", { class: "form-select", "aria-label": label, ...attributes });
    options.forEach(function ([name, text]) { select.append(new Option(text, name, false, name === value)); });
    return select;
  }

  function grouped(label, options, value) {
    const select = make("select", { class: "form-select rule-feature", "aria-label": label });
    const families = new Map();
    options.forEach(function (one) {
      if (!families.has(one.family)) families.set(one.family, make("optgroup", { label: one.family }));
      families.get(one.family).append(new Option(one.label, one.name, false, one.name === value));
    });
    select.append(...families.values());
    if (value && !options.some(function (one) { return one.name === value; })) select.prepend(new Option(value, value, true, true));
    return select;
  }

  function input(label, type, value, attributes) {
    const field = make("input", { class: "form-control", type: type, "aria-label": label, ...attributes });
    field.value = value === undefined || value === null ? "" : value;
    return field;
  }

  function button(text, label, act, look) {
    const found = make("button", { type: "button", class: "btn btn-sm " + (look || ""), "aria-label": label }, text);
    found.addEventListener("click", act);
    return found;
  }

  // --- Comparisons ---
  function comparison(label, given, isWord, choices, isShare) {
    const part = make("span", { class: "rule-part" });
    const start = Object.keys(given || {})[0] || (isWord ? "is" : "at_least");
    const operator = choice("How " + label + " is compared", isWord ? WORDS : NUMBERS.concat(label ? [["known", "is known"]] : []), start);
    const values = make("span", { class: "rule-part" });
    part.append(operator, values);

    function show(value) {
      values.replaceChildren();
      if (operator.value === "known") return;
      if (isWord) {
        const list = listName();
        const text = Array.isArray(value) ? value.join("; ") : value;
        values.append(input(label, "text", text, { list: list, class: "form-control rule-value" }));
        values.append(make("datalist", { id: list }, ...choices.map(function (one) { return new Option(one, one); })));
        return;
      }
      const numbers = Array.isArray(value) ? value : [value];
      const shown = numbers.map(function (one) { return isShare && typeof one === "number" ? +(one * 100).toFixed(6) : one; });
      values.append(input(label, "number", shown[0] === undefined ? (isShare ? 50 : 1) : shown[0], { step: "any" }));
      if (operator.value === "between") values.append("and", input(label + ", to", "number", shown[1] === undefined ? shown[0] : shown[1], { step: "any" }));
      if (isShare) values.append("%");
    }
    operator.addEventListener("change", function () { show(undefined); });
    show(given ? given[start] : undefined);

    part.read = function () {
      if (operator.value === "known") return { known: true };
      const fields = [...values.querySelectorAll("input")];
      if (isWord) {
        const text = fields[0].value.trim();
        return { [operator.value]: operator.value === "one_of" ? text.split(";").map(function (one) { return one.trim(); }).filter(Boolean) : text };
      }
      const numbers = fields.map(function (field) {
        return field.value === "" ? null : isShare ? +(field.valueAsNumber / 100).toFixed(8) : field.valueAsNumber;
      });
      return { [operator.value]: operator.value === "between" ? numbers : numbers[0] };
    };
    return part;
  }

  window.ruleControls = { make, choice, grouped, input, button, comparison, listName };
})();
