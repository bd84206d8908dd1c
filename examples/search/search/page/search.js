// The page's address holds its state (?q=…&site=…&offset=…), so that results can be bookmarked and "back" works.

const SITES_SHOWN = 12;
const form = document.getElementById("form");
const statusLine = document.getElementById("status");
const results = document.getElementById("results");
const sites = document.getElementById("sites");
const pages = document.getElementById("pages");
let latest = 0;

function element(name, content, className) {
  const node = document.createElement(name);
  node.append(content);
  if (className) node.className = className;
  return node;
}

// Links look like pages (/?q=…) and are answered without loading one.
function link(text, search) {
  const anchor = element("a", text);
  anchor.href = `/?${search}`;
  return anchor;
}

function result(item) {
  const entry = document.createElement("li");
  const anchor = element("a", item.title);
  anchor.href = item.url ?? `/documents/${encodeURIComponent(item.id)}`;
  const snippet = document.createElement("p");
  // The service escapes the text and adds nothing but <mark>.
  snippet.innerHTML = item.snippet;
  entry.append(element("h2", anchor), element("p", item.site, "site"), snippet);
  return entry;
}

function showSites(facets, wanted) {
  const chosen = wanted.get("site");
  const links = facets.site.slice(0, SITES_SHOWN).map(({ value, count }) => {
    const search = new URLSearchParams({ q: wanted.get("q"), site: value });
    const anchor = link(`${value} (${count})`, search);
    if (value === chosen) anchor.setAttribute("aria-current", "true");
    return element("li", anchor);
  });
  if (chosen) links.unshift(element("li", link("All sites", new URLSearchParams({ q: wanted.get("q") }))));
  sites.firstElementChild.replaceChildren(...links);
  sites.hidden = links.length === 0;
}

function showPages(links) {
  for (const name of ["previous", "next"]) {
    const anchor = document.getElementById(name);
    if (links[name]) anchor.href = `/?${links[name].split("?")[1]}`;
    else anchor.removeAttribute("href");
  }
  pages.hidden = !links.previous && !links.next;
}

function describe(page) {
  if (page.total === 0) return `Nothing holds all of “${page.query}”.`;
  const last = page.offset + page.results.length;
  return `Results ${page.offset + 1} to ${last} of ${page.total} for “${page.query}”`;
}

async function show() {
  const wanted = new URLSearchParams(location.search);
  const query = wanted.get("q") ?? "";
  const turn = ++latest;
  form.elements.q.value = query;
  document.title = query ? `${query} – Search` : "Search";
  if (!query) return clear("");
  statusLine.textContent = "Searching…";
  try {
    const response = await fetch(`/search?${wanted}`);
    const page = await response.json();
    if (turn !== latest) return; // a later search has begun meanwhile
    if (!response.ok) return clear("The service does not accept this search.");
    statusLine.textContent = describe(page);
    results.replaceChildren(...page.results.map(result));
    results.start = page.offset + 1;
    showSites(page.facets, wanted);
    showPages(page.links);
  } catch {
    if (turn === latest) clear("The service does not answer. Try again in a moment.");
  }
}

function clear(message) {
  statusLine.textContent = message;
  results.replaceChildren();
  sites.hidden = pages.hidden = true;
}

function go(search) {
  history.pushState(null, "", search ? `/?${search}` : "/");
  show();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  go(new URLSearchParams({ q: form.elements.q.value }));
});

document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a[href^='/?']");
  if (!anchor || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(anchor.getAttribute("href").slice(2));
  scrollTo(0, 0);
  statusLine.scrollIntoView({ block: "nearest" });
});

addEventListener("popstate", show);
show();
