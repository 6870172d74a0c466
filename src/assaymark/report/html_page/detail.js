// One vulnerability, opened by its address: `#CVE-2021-36159`. A modal dialog keeps the focus and closes with Escape.

const AFFECTED = 200;
const dialog = find("detail");

const fact = (name, ...value) => element("div", {}, element("dt", {}, name), element("dd", {}, value));

const layerText = (of) => {
  const layer = report.layers[of.layer];
  if (!layer) return "";
  return [layer.number && "layer " + layer.number, layer.command || layer.digest].filter(Boolean).join(": ");
};

// The shortest way from something that nobody needs, breadth first; a circle of packages ends it.
const wayTo = (of) => {
  const before = new Map([[of, null]]);
  const queue = [of];
  for (const each of queue) {
    if (!each.neededBy.length || each.relationship === "direct") {
      const way = [];
      for (let step = each; step; step = before.get(step)) way.push(step);
      return way;
    }
    for (const by of each.neededBy) {
      if (!before.has(by)) {
        before.set(by, each);
        queue.push(by);
      }
    }
  }
  return [of];
};

const wayText = (of) => {
  const way = wayTo(of);
  return way.length > 1 ? "needed by " + way.slice(0, -1).map((each) => each.name).join(" → ") : "";
};

const affectedRow = (finding) => {
  const of = finding.package;
  const notes = [of.path, layerText(of), wayText(of), finding.out].filter(Boolean);
  return element("tr", {},
    element("td", {}, badge(severityName(finding))),
    element("th", { scope: "row" }, of.name, notes.map((note) => element("small", { class: "note" }, note))),
    element("td", {}, of.version),
    element("td", { class: finding.fixed ? undefined : "unfixed" }, fixOf(finding)),
  );
};

const tableOf = (heads, rows) => element("div", { class: "scroll" }, element("table", {},
  element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
  element("tbody", {}, rows)));

const scoreRow = ([source, version, score, vector]) => element("tr", {},
  element("th", { scope: "row" }, source), element("td", {}, version),
  element("td", { class: "number" }, score ? score.toFixed(1) : ""), element("td", { class: "vector" }, vector));

const ratingsText = (detail) => detail.ratings.map(([source, severity]) => source + " " + severity).join(", ");

const unique = (values) => [...new Set(values.filter(Boolean))];

const factsOf = (detail) => {
  const first = detail.findings[0];
  const sources = unique(detail.findings.map((each) => report.sources[each.source]));
  const also = unique(detail.findings.flatMap((each) => each.vendorIds)).join(", ");
  return element("dl", {}, [
    detail.published && fact("Published", detail.published),
    detail.modified && fact("Last changed", detail.modified),
    first.ratedBy && fact("Severity from", first.ratedBy),
    detail.ratings.length && fact("Severity by source", ratingsText(detail)),
    detail.weaknesses.length && fact("Weakness", detail.weaknesses.join(", ")),
    sources.length && fact("Advisories of", ...sources.map(({ name, url }) => element("div", {}, webLink(url, name)))),
    also && fact("Also known as", also),
  ].filter(Boolean));
};

const contentOf = (detail) => [
  detail.title && element("p", { class: "lead" }, detail.title),
  element("h3", {}, amount(detail.findings.length, "affected package", "affected packages")),
  tableOf(["Severity", "Package", "Installed", "Fixed in"], detail.findings.slice(0, AFFECTED).map(affectedRow)),
  detail.findings.length > AFFECTED && element("p", {}, "These are the first " + AFFECTED + "; the list has them all."),
  detail.description && element("h3", {}, "Description"),
  detail.description && element("p", { class: "description" }, detail.description),
  element("h3", {}, "Facts"),
  factsOf(detail),
  detail.scores.length && element("h3", {}, "CVSS"),
  detail.scores.length && tableOf(["Source", "Version", "Score", "Vector"], detail.scores.map(scoreRow)),
  detail.references.length && element("h3", {}, "References"),
  detail.references.length && element("ul", { class: "references" },
    detail.references.map((each) => element("li", {}, webLink(each)))),
].filter(Boolean);

// The neighbours in the list as it is filtered and sorted now.
const neighbour = (id, step) => {
  const ids = unique(shown.map((each) => each.detail.id));
  const place = ids.indexOf(id);
  return place < 0 ? undefined : ids[place + step];
};

const stepButton = (id, step, text) => {
  const next = neighbour(id, step);
  return button(text, () => { location.hash = encodeURIComponent(next); }, { disabled: next === undefined });
};

const openDetail = (id) => {
  const all = detailsById.get(id);
  dialog.replaceChildren(
    element("div", { class: "bar-of-tools" },
      stepButton(id, -1, "Previous"), stepButton(id, 1, "Next"),
      button("Only this in the list", () => { change({ ...emptyView(), id }); dialog.close(); }),
      button("Close", () => dialog.close(), { class: "close", autofocus: true })),
    element("h2", { id: "detail-title" }, badge(severityName(all[0].findings[0])), " ", webLink(all[0].url, id)),
    ...all.flatMap(contentOf),
  );
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
};

const startDetail = () => {
  // closing leads back to the list's own address, not to the vulnerability's
  dialog.addEventListener("close", () => {
    if (!dialog.open && isVulnerability(location.hash)) history.replaceState(null, "", fragmentOf(view));
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
};
