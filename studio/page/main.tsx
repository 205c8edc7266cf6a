import { render } from "preact";
import { App } from "./app.tsx";
import { restoreTheme } from "./theme.ts";

// The token is a cookie by now: it need not stand in the address, which is shared.
const address = new URL(location.href);
if (address.searchParams.has("token")) {
  address.searchParams.delete("token");
  history.replaceState(null, "", address);
}
restoreTheme();
render(<App />, document.getElementById("studio")!);
