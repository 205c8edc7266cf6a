import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { currentTheme, toggleTheme } from "../theme.ts";
import { Icon } from "./icon.tsx";

/** Told when the theme has changed, for what is drawn by a script. */
export const THEME_CHANGED = "studio-theme-changed";

/** Changes between light and dark. */
export function ThemeButton(): JSX.Element {
  const [theme, setTheme] = useState(currentTheme);
  const other = theme === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      class="button is-icon"
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
      onClick={() => {
        setTheme(toggleTheme());
        dispatchEvent(new Event(THEME_CHANGED));
      }}
    >
      <Icon name={other === "dark" ? "moon" : "sun"} />
    </button>
  );
}
