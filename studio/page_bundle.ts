/** A file of the page, as the server answers it. */
export type PageFile = {
  /** Its media type. */
  type: string;
  /** Its content. */
  body: string;
};

/** The files of the page. */
export const pageFiles: Record<"/" | "/studio.js" | "/studio.css", PageFile> = {
  "/": {
    type: "text/html; charset=utf-8",
    body:
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>EvtStore studio</title><link rel="stylesheet" href="/studio.css"><script type="module" src="/studio.js"></script><main></main></html>`,
  },
  "/studio.js": { type: "text/javascript; charset=utf-8", body: "" },
  "/studio.css": { type: "text/css; charset=utf-8", body: "" },
};
