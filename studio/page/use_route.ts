import { useEffect, useState } from "preact/hooks";
import { parseRoute, type Route } from "./links.ts";

/** The view that the address names; undefined for a broken one. */
export function useRoute(): Route | undefined {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = (): void => setHash(location.hash);
    addEventListener("hashchange", onChange);
    addEventListener(REPLACED, onChange);
    return () => {
      removeEventListener("hashchange", onChange);
      removeEventListener(REPLACED, onChange);
    };
  }, []);
  return parseRoute(hash);
}

const REPLACED = "studio-replaced";

/** Goes to an address of this page. */
export function go(link: string): void {
  location.hash = link;
}

/** Changes the address without a step in the browser's history. */
export function replace(link: string): void {
  if (location.hash === link) return;
  history.replaceState(null, "", link);
  dispatchEvent(new Event(REPLACED));
}
