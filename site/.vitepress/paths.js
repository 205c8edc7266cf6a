/**
 * Where a file of the repository stands on the site. The files are written to
 * be read in the repository, so their links are paths between files; here they
 * become links between pages.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where the sources can be read, if anywhere: the address of the root. */
const sources = process.env.SOURCE_URL;

/** The page that a document becomes, from the root of the site. */
export function sitePath(document) {
  if (document === "README.md") return "index.md";
  if (!document.includes("/")) return document.toLowerCase();
  return document
    .replace(/^(docs|site)\//, "")
    .replace(/^(examples\/.+)\/README\.md$/, "$1.md")
    .replace(/README\.md$/, "index.md");
}

/** The page that a link of a document leads to; undefined if it has none. */
function target(document, link) {
  const path = link.startsWith("/")
    ? link.slice(1)
    : relative(root, join(root, dirname(document), link));
  if (path.endsWith(".md")) return `/${sitePath(path)}`;
  if (existsSync(join(root, path, "README.md"))) {
    return `/${sitePath(`${path.replace(/\/$/, "")}/README.md`)}`;
  }
  const module = modules.get(path);
  if (module) return `/reference/${module}/index.md`;
  return sources && new URL(path, sources).href;
}

/** The modules of the package, by file. */
const modules = new Map(
  Object.entries(JSON.parse(readFileSync(join(root, "deno.json"))).imports)
    .filter(([, file]) => file.startsWith("./"))
    .map(([name, file]) => [file.slice("./".length), name]),
);

/** A plugin of markdown-it: links between files lead to pages. */
export function linkPages(md) {
  md.core.ruler.push("link_pages", ({ tokens, env }) => {
    const document = relative(root, env.realPath ?? env.path);
    for (const { children } of tokens) {
      const open = [];
      for (const token of children ?? []) {
        if (token.type === "link_open") {
          open.push(token);
          linkPage(document, token);
        } else if (token.type === "link_close") {
          // What has no page is text.
          if (open.pop().hidden) hide(token);
        }
      }
    }
  });
}

function linkPage(document, token) {
  const href = token.attrGet("href");
  if (/^([a-z]+:|#)/.test(href)) return;
  const [path, heading] = href.split("#");
  const page = target(document, path);
  if (page === undefined) hide(token);
  else token.attrSet("href", heading ? `${page}#${heading}` : page);
}

function hide(token) {
  token.hidden = true;
  token.type = "text";
  token.content = "";
}

/** The anchor of a heading, as the hosts of repositories make it. */
export function slugify(heading) {
  return heading.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-");
}
