// The list of findings. Rows are made in portions when they are scrolled to, and two thousand of them for a printer,
// which is sixty pages; the time that Chromium takes for a table grows with the square of its rows.

const PORTION = 100;
const PRINTED = 2000;
const WORST_FIRST = new Set(["severity", "score", "published"]);
let view = emptyView();
let shown = [];
let made = 0;

const rowOf = (finding, position) => {
  const { detail, package: of } = finding;
  return element("tr", { "aria-rowindex": position + 2 },
    element("td", {}, badge(severityName(finding))),
    element("th", { scope: "row" }, detail.id ? element("a", { href: "#" + encodeURIComponent(detail.id) }, detail.id) : "none"),
    element("td", {}, of.name, of.path && element("small", { class: "path", title: of.path }, of.path)),
    element("td", {}, of.version),
    element("td", { class: finding.fixed ? undefined : "unfixed" }, fixOf(finding)),
    element("td", { class: "number" }, finding.score ? finding.score.toFixed(1) : ""),
    element("td", {}, detail.published),
    element("td", {}, titleOf(detail), finding.out && element("small", { class: "note" }, finding.out)),
  );
};

const makeRows = (until) => {
  const rows = shown.slice(made, until).map((finding, index) => rowOf(finding, made + index));
  fill(find("rows"), rows);
  made = Math.max(made, Math.min(until, shown.length));
  const left = shown.length - made;
  find("more").hidden = !left;
  find("more").textContent = "Show more (" + left.toLocaleString("en") + " left)";
};

const makePrinted = () => {
  makeRows(Math.max(made, PRINTED));
  find("cut").textContent = made < shown.length
    ? "Printed are the first " + made.toLocaleString("en") + " of " + shown.length.toLocaleString("en") +
      "; filters choose others."
    : "";
};

const showList = () => {
  shown = shownBy(view);
  made = 0;
  find("rows").replaceChildren();
  find("list").scrollTop = 0;
  makeRows(PORTION);
  find("none").hidden = shown.length > 0;
  find("count").textContent = countText();
  find("list").querySelector("table").setAttribute("aria-rowcount", shown.length + 1);
  showHeads();
  showChosen();
};

const countText = () => {
  const all = findings.filter((each) => Boolean(each.out) === view.out).length;
  const what = view.out ? " left out by filters" : "";
  return (shown.length === all ? "" : shown.length.toLocaleString("en") + " of ") +
    amount(all, "finding", "findings") + what + (shown.length === all ? "" : " shown");
};

const showHeads = () => {
  const column = view.sort.replace(/^-/, "");
  for (const head of find("heads").children) {
    const sorted = head.dataset.column === column;
    if (sorted) head.setAttribute("aria-sort", WORST_FIRST.has(column) !== view.sort.startsWith("-") ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
};

// Filters that have no field of their own: one vulnerability, one package.
const showChosen = () => {
  const chips = ["package", "id"].filter((name) => view[name]).map((name) =>
    button(view[name] + " ✕", () => change({ [name]: "" }), { "aria-label": "Show more than " + view[name] }));
  find("chosen").replaceChildren(...(chips.length ? ["Only ", ...chips] : []));
};

const showFields = () => {
  for (const [id, name] of [["query", "q"], ["fix", "fix"], ["age", "age"], ["target", "target"]]) {
    if (find(id).value !== view[name]) find(id).value = view[name];
  }
  for (const box of find("severities").querySelectorAll("input")) box.checked = view.severity.includes(box.value);
  find("out").checked = view.out;
};

const show = (wanted) => {
  view = wanted;
  showFields();
  showList();
};

const change = (changes) => {
  show({ ...view, ...changes });
  history.replaceState(null, "", fragmentOf(view));
};

const options = (id, pairs) =>
  fill(find(id), pairs.map(([value, text]) => element("option", { value }, text)));

const makeFields = () => {
  const present = new Set(findings.map((each) => each.state));
  const states = Object.entries(report.states).filter(([state]) => present.has(state) && state !== "available");
  options("fix", [["", "any"], ["available", "fix available"], ["none", "no fix"], ...states]);
  options("age", [["", "any time"], ...report.ages.map((label, index) => [String(index), label])]);
  options("target", [["", "all"], ...report.targets.map((_, index) => [String(index), targetName(index)])]);
  find("severities").append(...report.severities.map((name) => element("label", {},
    element("input", { type: "checkbox", value: name }), " ", badge(name))));
  find("out-label").hidden = !findings.some((each) => each.out);
};

const sortBy = (column) => change({ sort: view.sort === column ? "-" + column : column });

const makeHeads = () => {
  for (const head of find("heads").children) {
    head.dataset.label = head.textContent;
    head.replaceChildren(button(head.textContent, () => sortBy(head.dataset.column)));
  }
};

const chosenSeverities = () =>
  [...find("severities").querySelectorAll("input:checked")].map((box) => box.value);

const startList = () => {
  makeFields();
  makeHeads();
  find("filters").addEventListener("submit", (event) => event.preventDefault());
  find("query").addEventListener("input", () => change({ q: find("query").value }));
  for (const id of ["fix", "age", "target"]) find(id).addEventListener("change", () => change({ [id]: find(id).value }));
  find("severities").addEventListener("change", () => change({ severity: chosenSeverities() }));
  find("out").addEventListener("change", () => change({ out: find("out").checked }));
  find("reset").addEventListener("click", () => change(emptyView()));
  find("more").addEventListener("click", () => makeRows(made + PORTION));
  const near = new IntersectionObserver(
    (entries) => entries.some((entry) => entry.isIntersecting) && makeRows(made + PORTION),
    { root: find("list"), rootMargin: "600px" },
  );
  near.observe(find("more"));
  addEventListener("beforeprint", makePrinted);
};
