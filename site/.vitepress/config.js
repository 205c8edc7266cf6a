/** The site: the documents of the repository, and the reference. */
import { linkPages, root, sitePath, slugify } from "./paths.js";
import { guide, reference } from "./sidebar.js";

const base = process.env.SITE_BASE ?? "/";

export default {
  title: "EvtStore",
  description:
    "Event sourcing and CQRS for TypeScript, on the database your application already runs.",
  lang: "en",
  base,
  head: [
    ["link", { rel: "stylesheet", href: `${base}style.css` }],
    ["link", { rel: "icon", type: "image/svg+xml", href: `${base}icon.svg` }],
  ],
  srcDir: "..",
  outDir: "dist",
  cacheDir: "node_modules/.cache/vitepress",
  srcExclude: [
    "README.md",
    "{npm,scripts,tests,bench,studio,.cache}/**",
    "site/*.md",
  ],
  rewrites: sitePath,
  cleanUrls: process.env.SITE_CLEAN_URLS === "1",
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark" },
    anchor: { slugify },
    toc: { slugify },
    headers: { slugify },
    config: linkPages,
  },
  transformPageData({ relativePath, frontmatter }) {
    // Its tables have a column for each database.
    if (relativePath !== "guarantees.md") return;
    frontmatter.aside = false;
    frontmatter.pageClass = "wide";
  },
  themeConfig: {
    nav: [
      { text: "Start", link: "/start" },
      { text: "How to", link: "/how-to/choose-a-database" },
      { text: "Guarantees", link: "/guarantees" },
      { text: "Reference", link: "/reference/" },
    ],
    sidebar: { "/": guide, "/reference/": reference },
    outline: [2, 3],
    search: {
      provider: "local",
      options: {
        miniSearch: {
          // A page that explains comes before one that lists. It is called in
          // the browser, so it can use nothing from here.
          searchOptions: {
            boostDocument: (id) => id.includes("/reference/") ? 0.4 : 1,
          },
        },
      },
    },
  },
  vite: {
    publicDir: `${root}/site/public`,
    build: { chunkSizeWarningLimit: 4000 },
    plugins: [{
      // The documents stand above the folder that has the packages.
      name: "packages-of-the-site",
      enforce: "pre",
      resolveId(source, importer, options) {
        if (!/^vue(\/|$)/.test(source) || !importer?.endsWith(".md")) return;
        const site = `${root}/site/package.json`;
        return this.resolve(source, site, { skipSelf: true, ...options });
      },
    }],
  },
};
