import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { links } from "../links.ts";
import { go } from "../use_route.ts";
import { Icon } from "./icon.tsx";

/** One box for all that can be searched for; the key "/" goes to it. */
export function SearchBox({ text }: { text: string }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey) return;
      const target = event.target as HTMLElement;
      if (target.closest("input, textarea, select, dialog")) return;
      event.preventDefault();
      input.current!.select();
      input.current!.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = input.current!.value.trim();
        if (wanted !== "") go(links.search(wanted));
      }}
    >
      <Icon name="search" />
      <input
        ref={input}
        key={text}
        type="search"
        defaultValue={text}
        aria-label="Search"
        placeholder="Id, position, type or text"
        autocomplete="off"
        spellcheck={false}
        onKeyDown={({ key, currentTarget }) =>
          key === "Escape" && currentTarget.blur()}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}
