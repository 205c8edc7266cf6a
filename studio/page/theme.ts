const KEY = "studio-theme";

/** The theme that is shown. */
export type Theme = "light" | "dark";

/** What was chosen, or else what the system has. */
export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Shows what was chosen the last time. */
export function restoreTheme(): void {
  const chosen = stored();
  if (chosen) document.documentElement.dataset["theme"] = chosen;
}

/** Shows the other theme, and remembers it. */
export function toggleTheme(): Theme {
  const theme = currentTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch { /* Not remembered where storage is forbidden. */ }
  return theme;
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
