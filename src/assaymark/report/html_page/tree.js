// The packages of each target, with what they depend on. Branches are made when they are opened.

const PORTION_OF_PACKAGES = 200;
const PORTION_OF_TARGETS = 20;
const LICENSES = 2;

const leading = new Set();

// Everything on the way to a finding, upwards from the packages that have one.
const markLeading = () => {
  const queue = packages.filter((each) => each.findings.length);
  for (const each of queue) leading.add(each);
  for (const each of queue) {
    for (const by of each.neededBy) {
      if (!leading.has(by)) {
        leading.add(by);
        queue.push(by);
      }
    }
  }
};

// Packages that nobody needs; then, of what these do not reach (circles), the first of each.
const rootsOf = (members) => {
  const roots = members.filter((each) => !each.neededBy.length);
  const reached = new Set();
  const reach = (from) => {
    const queue = [from];
    for (const each of queue) {
      if (reached.has(each)) continue;
      reached.add(each);
      for (const index of each.depends) queue.push(packages[index]);
    }
  };
  roots.forEach(reach);
  for (const each of members) {
    if (!reached.has(each)) {
      roots.push(each);
      reach(each);
    }
  }
  return roots.sort((a, b) => collator.compare(a.name, b.name));
};

const findingsLink = (of) => {
  const counts = report.severities.map((name, rank) => [name, of.findings.filter((each) => each.severity === rank).length]);
  const text = counts.filter(([, count]) => count).map(([name, count]) => [badge(name), " " + count + " "]);
  const wanted = { ...emptyView(), package: of.name, target: String(of.target) };
  return element("a", { class: "found", href: fragmentOf(wanted) }, text);
};

const licensesOf = ({ licenses }) =>
  licenses.slice(0, LICENSES).join(", ") + (licenses.length > LICENSES ? " and " + (licenses.length - LICENSES) + " more" : "");

const nodeOf = (of, above, wanted) => {
  const below = of.depends.map((index) => packages[index]).filter((each) => wanted(each) && !above.has(each));
  const again = of.depends.some((index) => above.has(packages[index]));
  const notes = [of.relationship, of.dev && "development", licensesOf(of), again && "needs a package above"];
  const node = element("li", {},
    element("span", { class: "package" }, of.name), " ", of.version, " ",
    of.findings.length ? findingsLink(of) : "",
    element("small", {}, " " + notes.filter(Boolean).join(" · ")),
    of.path && element("small", { class: "note" }, of.path));
  if (below.length) node.prepend(branchButton(node, of, below, new Set([...above, of]), wanted));
  return node;
};

const branchButton = (node, of, below, above, wanted) => {
  let branch = null;
  const made = button("", () => {
    branch ||= packageList(below.map((each) => () => nodeOf(each, above, wanted)));
    const open = made.getAttribute("aria-expanded") !== "true";
    made.setAttribute("aria-expanded", open);
    if (open) node.append(branch);
    else branch.remove();
  }, { class: "branch", "aria-expanded": "false", "aria-label": "What " + of.name + " needs (" + below.length + ")" });
  return made;
};

// Makes the first children, and the next with a button; `wrap` is what the button stands in.
const inPortions = (parent, makers, portion, wrap) => {
  fill(parent, makers.slice(0, portion).map((make) => make()));
  const rest = makers.slice(portion);
  if (rest.length) {
    const more = element(wrap, {}, button("Show more (" + rest.length.toLocaleString("en") + " left)", () => {
      more.remove();
      inPortions(parent, rest, portion, wrap);
    }));
    parent.append(more);
  }
  return parent;
};

const packageList = (makers, attributes) => inPortions(element("ul", attributes), makers, PORTION_OF_PACKAGES, "li");

const targetPart = (index, members, roots, wanted) => element("div", {},
  element("h3", {}, targetName(index), element("small", {}, " " + amount(members.length, "package", "packages"))),
  packageList(roots.map((each) => () => nodeOf(each, new Set(), wanted)), { class: "tree" }));

const targetMakers = (words) => {
  const wanted = (each) => !find("vulnerable-only").checked || leading.has(each);
  const matching = (each) =>
    words.every((word) => (each.name + "\n" + each.version + "\n" + each.path).toLowerCase().includes(word));
  const held = report.targets.map(() => []);
  for (const each of packages) if (wanted(each)) held[each.target].push(each);
  return held.flatMap((members, index) => {
    const roots = words.length ? members.filter(matching) : rootsOf(members);
    return roots.length ? [() => targetPart(index, members, roots, wanted)] : [];
  });
};

const showTree = () => {
  const words = find("package-query").value.toLowerCase().split(/\s+/).filter(Boolean);
  find("tree").replaceChildren();
  inPortions(find("tree"), targetMakers(words), PORTION_OF_TARGETS, "p");
  const listed = packages.filter((each) => each.listed).length;
  const bad = packages.filter((each) => each.findings.length).length;
  find("package-count").textContent = listed
    ? amount(listed, "package", "packages") + ", " + bad.toLocaleString("en") + " with findings"
    : "Only packages with findings are in this report (" + bad.toLocaleString("en") + ").";
};

const startTree = () => {
  markLeading();
  if (!leading.size) find("vulnerable-only").checked = false;
  find("package-query").addEventListener("input", showTree);
  find("vulnerable-only").addEventListener("change", showTree);
  showTree();
};
