// Elements are made from text alone: nothing here can turn a string into markup.

const find = (id) => document.getElementById(id);

const element = (name, attributes, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  return fill(made, children.flat(Infinity).filter((child) => child !== undefined && child !== ""));
};

// One by one: a call with a hundred thousand arguments fails.
const fill = (parent, children) => {
  for (const child of children) parent.append(child);
  return parent;
};

const button = (text, act, attributes) => {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
};

const isWeb = (text) => /^(https?|ftp):\/\//i.test(text);

const webLink = (address, text) =>
  isWeb(address) ? element("a", { href: address, rel: "noopener noreferrer" }, text || address) : text || address;

const badge = (severity) => element("span", { class: "badge " + severity.toLowerCase() }, severity);

const amount = (count, one, many) => count.toLocaleString("en") + " " + (count === 1 ? one : many);
