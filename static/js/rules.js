// The rule builder: the tree of a rule as controls (see rule_controls.js), and a count that follows every change.
(function () {
  "use strict";

  const form = document.querySelector("form[data-rule]");
  if (!form) return;
  const known = JSON.parse(document.getElementById("rule-catalogue").textContent);
  const place = form.querySelector("[data-rule-tree]");
  const answer = form.querySelector("[data-rule-count]");
  const words = form.querySelector("[data-rule-sentence]");
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  // One word for this page, so that the server stops the count before when another one is asked for.
  const page = Math.random().toString(36).slice(2);
  const { make, choice, grouped, input, button, comparison, listName } = window.ruleControls;
  let waiting = null, asking = null;

  const SPANS = [["ever", "at any time"], ["last_days", "in the last"], ["days_ago", "days ago"], ["dates", "between dates"]];
  const STATES = [["granted", "allows"], ["refused", "refused"], ["unasked", "was never asked about"]];

  // --- Conditions ---
  function valueCondition(kind, given) {
    const options = known.values.filter(function (one) { return one.kind === kind; });
    const part = make("span", { class: "rule-part" });
    const name = grouped(kind === "feature" ? "What is known of customers" : "What is predicted", options, given.name || (options[0] || {}).name);
    const test = make("span", { class: "rule-part" });
    let compared = null;
    function show(old) {
      const like = name.value.split(":")[0] + ":";
      const one = options.find(function (each) { return each.name === name.value; }) ||
        options.find(function (each) { return each.name.startsWith(like); }) || { label: name.value, type: "number", choices: [] };
      compared = comparison(one.label, old, one.type === "word", one.choices, one.type === "share");
      test.replaceChildren(compared, one.type === "share" || one.unit === "word" || one.unit === "money" ? "" : one.unit);
    }
    name.addEventListener("change", function () { show(null); });
    show(given.test);
    part.append(name, test);
    part.read = function () { return { kind: kind, name: name.value, test: compared.read() }; };
    return part;
  }

  function aboutPart(happening, name, values) {
    const part = make("span", { class: "rule-part" });
    const list = listName();
    const field = choice("What it is about", happening.fields.map(function (one) { return [one.name, one.label]; }), name);
    const text = input("Which", "text", (values || []).join("; "), { list: list, class: "form-control rule-value", placeholder: "one, or several with ; between", autocomplete: "off" });
    const options = make("datalist", { id: list });
    let looking = null;
    text.addEventListener("input", function () {
      const parts = text.value.split(";");
      const before = parts.slice(0, -1).join(";");
      if (looking) looking.abort();
      looking = new AbortController();
      const query = new URLSearchParams({ kind: happening.name, field: field.value, text: parts[parts.length - 1].trim() });
      fetch(form.dataset.suggest + "?" + query, { signal: looking.signal }).then(function (told) { return told.json(); }).then(function (told) {
        options.replaceChildren(...told.choices.map(function (one) {
          return new Option(one.told, before ? before + "; " + one.value : one.value);
        }));
      }).catch(function () {});
    });
    const out = button("×", "Take out what it is about", function () { part.remove(); changed(); }, "btn-icon");
    part.append(field, text, options, out);
    part.classList.add("rule-about");
    part.read = function () {
      return [field.value, text.value.split(";").map(function (one) { return one.trim(); }).filter(Boolean)];
    };
    return part;
  }

  function countPart(happening, name, test) {
    const part = make("span", { class: "rule-part rule-measured" });
    const measure = choice("What is counted", happening.measures.map(function (one) { return [one.name, one.label]; }), name || "times");
    const compared = comparison("", test, false, [], false);
    part.append(measure, compared, button("×", "Take out what is counted", function () { part.remove(); changed(); }, "btn-icon"));
    part.read = function () { return [measure.value, compared.read()]; };
    return part;
  }

  function spanPart(given) {
    const part = make("span", { class: "rule-part" });
    const start = "last_days" in given ? "last_days" : "days_ago" in given ? "days_ago" : "since" in given || "before" in given ? "dates" : "ever";
    const how = choice("When", SPANS, start);
    const values = make("span", { class: "rule-part" });
    function show(old) {
      const ago = old.days_ago || [60, 30];
      const each = {
        ever: function () { return []; },
        last_days: function () { return [input("Days", "number", old.last_days || 30, { min: 1 }), "days"]; },
        days_ago: function () { return ["from", input("Days ago, from", "number", ago[0], { min: 1 }), "to", input("Days ago, to", "number", ago[1], { min: 0 })]; },
        dates: function () { return ["from", input("First day", "date", old.since), "to before", input("Day after the last", "date", old.before)]; },
      };
      values.replaceChildren(...each[how.value]());
    }
    how.addEventListener("change", function () { show({}); });
    show(given);
    part.append(how, values);
    part.read = function () {
      const fields = [...values.querySelectorAll("input")];
      if (how.value === "ever") return {};
      if (how.value === "last_days") return { last_days: fields[0].valueAsNumber };
      if (how.value === "days_ago") return { days_ago: fields.map(function (field) { return field.valueAsNumber; }) };
      const dates = {};
      if (fields[0].value) dates.since = fields[0].value;
      if (fields[1].value) dates.before = fields[1].value;
      return dates;
    };
    return part;
  }

  function eventCondition(happening, given) {
    const part = make("span", { class: "rule-part" });
    const abouts = make("span", { class: "rule-part" });
    const counts = make("span", { class: "rule-part" });
    Object.entries(given.about || {}).forEach(function ([name, values]) { abouts.append(aboutPart(happening, name, values)); });
    Object.entries(given.counts || { times: { at_least: 1 } }).forEach(function ([name, test]) { counts.append(countPart(happening, name, test)); });
    const when = spanPart(given.when || {});
    function unused(parts, options) {
      const used = [...parts.children].map(function (one) { return one.read()[0]; });
      return (options.find(function (one) { return !used.includes(one.name); }) || options[0]).name;
    }
    part.append(abouts, button("+ of what", "Say of what", function () {
      const made = aboutPart(happening, unused(abouts, happening.fields), []);
      abouts.append(made);
      made.querySelector("input").focus();
      changed();
    }), counts, button("+ how much", "Count something else, too", function () {
      counts.append(countPart(happening, unused(counts, happening.measures)));
      changed();
    }), when);
    part.read = function () {
      const told = { kind: happening.name, counts: Object.fromEntries([...counts.children].map(function (one) { return one.read(); })) };
      const about = Object.fromEntries([...abouts.children].map(function (one) { return one.read(); }));
      if (Object.keys(about).length) told.about = about;
      const span = when.read();
      if (Object.keys(span).length) told.when = span;
      return told;
    };
    return part;
  }

  function consentCondition(given) {
    const part = make("span", { class: "rule-part" });
    const state = choice("What they said", STATES, given.state || "granted");
    const first = (known.consents[0] || {});
    const current = (given.purpose || first.purpose || "marketing") + "|" + (given.channel || first.channel || "email");
    const pairs = known.consents.map(function (one) { return [one.purpose + "|" + one.channel, one.purpose + " by " + one.channel]; });
    if (!pairs.some(function (one) { return one[0] === current; })) pairs.unshift([current, current.replace("|", " by ")]);
    const pair = choice("For what and how", pairs, current);
    part.append(state, pair);
    part.read = function () {
      const [purpose, channel] = pair.value.split("|");
      return { kind: "consent", purpose: purpose, channel: channel, state: state.value };
    };
    return part;
  }

  function segmentCondition(given) {
    const part = make("span", { class: "rule-part" });
    const options = known.segments.map(function (one) { return [String(one.id), one.name]; });
    const select = choice("Segment", options.length ? options : [["", "There is no other segment yet"]], String(given.segment || ""));
    part.append("is in", select);
    part.read = function () { return { kind: "segment", segment: Number(select.value) }; };
    return part;
  }

  function kinds() {
    return known.happenings.map(function (one) { return [one.name, one.label]; })
      .concat([["feature", "What is known of them"], ["prediction", "What is predicted"], ["consent", "What they allow"], ["segment", "Another segment"]])
      .filter(function (one) { return one[0] !== "prediction" || known.values.some(function (each) { return each.kind === "prediction"; }); });
  }

  function built(kind, given) {
    if (kind === "feature" || kind === "prediction") return valueCondition(kind, given);
    if (kind === "consent") return consentCondition(given);
    if (kind === "segment") return segmentCondition(given);
    return eventCondition(known.happenings.find(function (one) { return one.name === kind; }) || known.happenings[0], given);
  }

  function row(node) {
    const isNot = Boolean(node.not);
    const given = isNot ? node.not : node;
    const element = make("div", { class: "rule-row", role: "group", "aria-label": "Condition" });
    const not = choice("Holds or not", [["", "if"], ["not", "if not"]], isNot ? "not" : "");
    const kind = choice("Kind of condition", kinds(), given.kind);
    const inside = make("span", { class: "rule-part" });
    let condition = built(kind.value, given);
    inside.append(condition);
    kind.addEventListener("change", function () {
      condition = built(kind.value, {});
      inside.replaceChildren(condition);
    });
    element.append(not, kind, inside, takeOut(element, "condition"));
    element.read = function () { return not.value ? { not: condition.read() } : condition.read(); };
    return element;
  }

  function takeOut(element, what) {
    return button("Take out", "Take out this " + what, function () {
      const near = element.previousElementSibling || element.parentElement.closest(".rule-group");
      element.remove();
      const next = near && near.querySelector("select, button");
      if (next) next.focus();
      changed();
    }, "rule-take-out");
  }

  function group(node, isOutermost) {
    const isNot = Boolean(node.not);
    const given = isNot ? node.not : node;
    const element = make("div", { class: "rule-group", role: "group", "aria-label": "Group of conditions" });
    const how = choice("How the conditions are joined", [["every", "all of these hold"], ["some", "at least one of these holds"]], given.some ? "some" : "every");
    const not = choice("Holds or not", [["", "if"], ["not", "if not"]], isNot ? "not" : "");
    const parts = make("div", { class: "rule-group-parts" });
    (given.every || given.some || []).forEach(function (part) { parts.append(one_(part)); });
    const head = make("div", { class: "rule-head" }, ...(isOutermost ? ["Customers of whom"] : [not]), how, ...(isOutermost ? [] : [takeOut(element, "group")]));
    const add = make("div", { class: "rule-head" }, button("+ Condition", "Add a condition", function () {
      const made = row({ kind: "bought" });
      parts.append(made);
      made.querySelector("select").focus();
      changed();
    }, "btn-primary"), button("+ Group", "Add a group of conditions", function () {
      const made = group({ some: [{ kind: "bought" }] });
      parts.append(made);
      made.querySelector("select").focus();
      changed();
    }));
    element.append(head, parts, add);
    element.read = function () {
      const told = { [how.value]: [...parts.children].map(function (one) { return one.read(); }) };
      return not.value ? { not: told } : told;
    };
    element.parts = parts;
    return element;
  }

  function one_(node) {
    const given = node.not || node;
    return given.every || given.some ? group(node, false) : row(node);
  }

  function readTree() { return { version: 1, rule: place.firstElementChild.read() }; }

  // --- The count ---
  function changed() {
    window.clearTimeout(waiting);
    answer.classList.add("is-waiting");
    waiting = window.setTimeout(count, 350);
  }

  function count() {
    if (asking) asking.abort();
    const tree = readTree();
    mark("");
    if (!place.querySelector(".rule-row")) {
      answer.classList.remove("is-waiting");
      answer.textContent = "Add a condition, and the number of customers appears here.";
      words.textContent = "";
      return;
    }
    const mine = new AbortController();
    asking = mine;
    fetch(form.dataset.count, {
      method: "POST", body: JSON.stringify(tree), signal: mine.signal,
      headers: { "Content-Type": "application/json", "X-CSRFToken": token, "X-Page": page },
    }).then(function (told) { return told.json(); }).then(function (told) {
      if (asking !== mine) return;
      answer.classList.remove("is-waiting");
      answer.textContent = told.count || told.problem;
      words.textContent = told.sentence || "";
      if (told.place) mark(told.place, told.problem);
    }).catch(function (error) {
      if (error.name === "AbortError" || asking !== mine) return;
      answer.classList.remove("is-waiting");
      answer.textContent = "The count could not be asked for. It is asked for again with the next change.";
    });
  }

  function mark(where, problem) {
    place.querySelectorAll(".is-wrong").forEach(function (one) { one.classList.remove("is-wrong"); });
    place.querySelectorAll(".rule-problem").forEach(function (one) { one.remove(); });
    if (!where) return;
    const found = where.split(".").reduce(function (group_, number) {
      return group_ && group_.parts ? group_.parts.children[Number(number) - 1] : null;
    }, place.firstElementChild);
    if (!found || found.parts) return;
    found.classList.add("is-wrong");
    found.append(make("div", { class: "rule-problem" }, problem));
  }

  const start = JSON.parse(document.getElementById("rule-tree").textContent) || {};
  const rule = start.rule && (start.rule.every || start.rule.some) ? start.rule : { every: start.rule ? [start.rule] : [] };
  place.append(group(rule, true));
  place.addEventListener("input", changed);
  place.addEventListener("change", changed);
  form.addEventListener("submit", function () { form.elements.rule.value = JSON.stringify(readTree()); });
  if (place.querySelector(".rule-row")) count();
})();
