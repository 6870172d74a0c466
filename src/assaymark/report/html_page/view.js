// What is shown, and its address: `#findings?severity=CRITICAL,HIGH&fix=available&sort=-score`.

const COLUMNS = {
  severity: (a, b) => a.severity - b.severity,
  id: (a, b) => collator.compare(a.detail.id, b.detail.id),
  package: (a, b) => collator.compare(a.package.name, b.package.name),
  installed: (a, b) => collator.compare(a.package.version, b.package.version),
  fixed: (a, b) => collator.compare(fixOf(a), fixOf(b)),
  score: (a, b) => b.score - a.score,
  published: (a, b) => (a.detail.published < b.detail.published) - (a.detail.published > b.detail.published),
  title: (a, b) => collator.compare(titleOf(a.detail), titleOf(b.detail)),
};
const TEXTS = ["q", "fix", "age", "target", "package", "id", "sort"];
const collator = new Intl.Collator("en", { numeric: true });
const orders = new Map();

const emptyView = () => ({
  q: "", severity: [], fix: "", age: "", target: "", package: "", id: "", out: false, sort: "severity",
});

const viewOf = (fragment) => {
  const wanted = new URLSearchParams(fragment.slice("#findings?".length));
  const view = emptyView();
  for (const name of TEXTS) view[name] = wanted.get(name) ?? view[name];
  view.severity = (wanted.get("severity") || "").split(",").filter((each) => report.severities.includes(each));
  view.out = wanted.get("out") === "1";
  if (!Object.hasOwn(COLUMNS, view.sort.replace(/^-/, ""))) view.sort = "severity";
  return view;
};

const fragmentOf = (view) => {
  const told = new URLSearchParams();
  const empty = emptyView();
  for (const name of TEXTS) if (view[name] !== empty[name]) told.set(name, view[name]);
  if (view.severity.length) told.set("severity", view.severity.join(","));
  if (view.out) told.set("out", "1");
  const text = told.toString().replaceAll("%2C", ",");
  return text ? "#findings?" + text : "#findings";
};

// Each order is made once, when it is first asked for. Findings come worst first and the sort is stable, so what is equal
// stays worst first in both directions.
const inOrder = (sort) => {
  const compare = COLUMNS[sort.replace(/^-/, "")];
  if (!orders.has(sort)) orders.set(sort, [...findings].sort(sort.startsWith("-") ? (a, b) => compare(b, a) : compare));
  return orders.get(sort);
};

const passes = (view) => {
  const words = view.q.toLowerCase().split(/\s+/).filter(Boolean);
  const severities = new Set(view.severity.map((each) => report.severities.indexOf(each)));
  return (finding) =>
    Boolean(finding.out) === view.out &&
    (!severities.size || severities.has(finding.severity)) &&
    (!view.fix || (view.fix === "none" ? finding.state !== "available" : finding.state === view.fix)) &&
    (!view.age || String(finding.detail.age) === view.age) &&
    (!view.target || String(finding.package.target) === view.target) &&
    (!view.package || finding.package.name === view.package) &&
    (!view.id || finding.detail.id === view.id) &&
    words.every((word) => finding.words.includes(word));
};

const shownBy = (view) => inOrder(view.sort).filter(passes(view));
