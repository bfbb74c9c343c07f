// Small helpers for the page's elements and colours.

export const byId = (id) => document.getElementById(id);

// Return an element with attributes and children; texts are never parsed as HTML.
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export const darkScheme = window.matchMedia("(prefers-color-scheme: dark)");

const NAMES = [
  "ink", "soft", "card", "line", "accent", "bad", "good", "warn", "gap", "busiest", "shade", "select", "font",
];

// Return the colours of the page as it is shown now, for canvases.
export function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const theme = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return { ...theme, name: darkScheme.matches ? "dark" : "light" };
}

// Set an element's text, only if it differs: a live region then speaks only of changes.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
