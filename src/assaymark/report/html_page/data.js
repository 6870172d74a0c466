// The embedded report. Indices become values that point at each other; words to search are joined once.

const report = JSON.parse(find("data").textContent);

const packages = report.packages.map((each, index) => ({
  path: "", version: "", purl: "", relationship: "", licenses: [], depends: [], layer: -1, ...each,
  index,
  findings: [],
  neededBy: [],
}));
for (const each of packages) {
  for (const index of each.depends) packages[index].neededBy.push(each);
}

const details = report.details.map((each) => ({
  title: "", description: "", url: "", references: [], weaknesses: [], scores: [], ratings: [], published: "",
  modified: "", age: 0, ...each,
  findings: [],
}));

const findings = report.findings.map((each) => {
  const detail = details[each.detail];
  const of = packages[each.package];
  const finding = {
    fixed: "", score: 0, ratedBy: "", source: -1, vendorIds: [], out: "", ...each,
    detail,
    package: of,
    words: [detail.id, of.name, of.version, of.path, each.fixed || "", detail.title, ...(each.vendorIds || [])]
      .join("\n").toLowerCase(),
  };
  detail.findings.push(finding);
  if (!finding.out) of.findings.push(finding);
  return finding;
});

const detailsById = new Map();
for (const detail of details) {
  if (!detailsById.has(detail.id)) detailsById.set(detail.id, []);
  detailsById.get(detail.id).push(detail);
}

const severityName = (finding) => report.severities[finding.severity];
const fixOf = (finding) => finding.fixed || report.states[finding.state];
const titleOf = (detail) => detail.title || detail.description.split(". ")[0];
const targetName = (index) => {
  const target = report.targets[index];
  return target.kind ? target.name + " (" + target.kind + ")" : target.name;
};
