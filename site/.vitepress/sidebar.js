/** What the site's pages are, in their order. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root, sitePath } from "./paths.js";

/** A page by its title, as the sidebar shows it. */
const page = (text, link) => ({ text, link });

/** The pages of documents, by the titles that these have. */
const titled = (documents) =>
  documents.filter((document) => existsSync(join(root, document))).sort().map(
    (document) => {
      const text = readFileSync(join(root, document), "utf8");
      const [, title] = /^# (.+)$/m.exec(text);
      return page(title, `/${sitePath(document).replace(/\.md$/, "")}`);
    },
  );

const examples = titled(
  readdirSync(join(root, "examples")).map((name) =>
    `examples/${name}/README.md`
  ),
);

const decisions = titled(
  readdirSync(join(root, "docs/decisions"))
    .filter((name) => /^\d{4}-/.test(name))
    .map((name) => `docs/decisions/${name}`),
);

/** The modules, as TypeDoc has listed them before the site is built. */
function modules() {
  const list = join(root, "site/reference/typedoc-sidebar.json");
  if (!existsSync(list)) return [];
  const found = [];
  const kinds = /^(Classes|Interfaces|Type Aliases|Variables|Functions)$/;
  // It nests the modules by the slashes in their names; here each is a group.
  const collect = (items, prefix) => {
    for (const { text, link, items: inner = [] } of items) {
      const name = prefix ? `${prefix}/${text}` : text;
      const members = inner.filter(({ text }) => kinds.test(text));
      if (link) {
        found.push({
          text: name,
          link: toPage(link),
          collapsed: true,
          items: members.flatMap(({ items }) =>
            items.map(({ text, link }) => page(text, toPage(link)))
          ),
        });
      }
      collect(inner.filter(({ text }) => !kinds.test(text)), name);
    }
  };
  collect(JSON.parse(readFileSync(list, "utf8")), "");
  return found;
}

const toPage = (link) => link.replace("/site/", "/").replace(/\.md$/, "");

/** The sidebar of the reference. */
export const reference = [
  page("Back to the documentation", "/"),
  { text: "Reference", link: "/reference/", items: modules() },
];

/** The sidebar of everything else, in the order in which it is read. */
export const guide = [
  {
    text: "Begin",
    items: [
      page("EvtStore", "/"),
      page("Start in five minutes", "/start"),
      page("Concepts", "/concepts"),
    ],
  },
  {
    text: "How to",
    items: [
      page("Choose a database", "/how-to/choose-a-database"),
      page("Send commands safely", "/how-to/send-commands"),
      page("Decide across aggregates", "/how-to/across-aggregates"),
      page("Validate with schemas", "/how-to/schemas"),
      page("Keep snapshots of long aggregates", "/how-to/keep-snapshots"),
      page("Change the shape of events", "/how-to/change-events"),
      page("Forget personal data", "/how-to/forget-personal-data"),
      page("Test a domain", "/how-to/test-a-domain"),
      page("Build a read model", "/how-to/build-a-read-model"),
      page("Write a read model exactly once", "/how-to/exactly-once"),
      page("Rebuild a read model", "/how-to/rebuild-a-read-model"),
      page("Write a process manager", "/how-to/process-manager"),
      page("Handle several streams", "/how-to/several-streams"),
      page("Run several processes", "/how-to/several-processes"),
      page("Handle events in parallel", "/how-to/parallel"),
      page("Share out a handler over processes", "/how-to/shard-a-handler"),
      page("Past one machine", "/how-to/capacity"),
      page("Read your own writes", "/how-to/read-your-own-writes"),
      page("Run in production", "/how-to/run-in-production"),
      page("Use the command line", "/how-to/command-line"),
      page("Look into a store with the studio", "/how-to/studio"),
      page("Watch over handlers", "/how-to/watch-handlers"),
      page("Trace and measure with OpenTelemetry", "/how-to/opentelemetry"),
      page("Handle errors", "/how-to/handle-errors"),
      page("Park failing events", "/how-to/park-failing-events"),
      page("Let TypeScript help", "/how-to/typescript"),
      page("Write your own provider", "/how-to/write-a-provider"),
      page("Migrate from evtstore 12", "/upgrade"),
    ],
  },
  {
    text: "Look up",
    items: [
      page("Guarantees", "/guarantees"),
      page("Databases", "/databases"),
      page("Performance", "/performance"),
      page("How it is built", "/architecture"),
      page("Dependencies", "/dependencies"),
      page("What the tests notice", "/mutation"),
      page("Errors", "/errors"),
      page("Reference", "/reference/"),
      page("Changelog", "/changelog"),
      page("Contributing", "/contributing"),
      ...titled(["SECURITY.md"]),
    ],
  },
  { text: "Examples", items: examples },
  {
    text: "Decisions",
    link: "/decisions/",
    collapsed: true,
    items: decisions,
  },
];
