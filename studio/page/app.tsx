import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { OverviewAnswer, ParkedAnswer } from "../api.ts";
import { ask } from "./ask.ts";
import { links, type Route } from "./links.ts";
import { Empty, Failure, Loading } from "./parts/states.tsx";
import { SearchBox } from "./parts/search_box.tsx";
import { ThemeButton } from "./parts/theme_button.tsx";
import { listenToSaid } from "./say.ts";
import { StudioContext } from "./studio.ts";
import { useQuery } from "./use_query.ts";
import { useRoute } from "./use_route.ts";
import { AggregateView } from "./views/aggregate.tsx";
import { CausationView } from "./views/causation.tsx";
import { EventsView } from "./views/events.tsx";
import { HandlersView } from "./views/handlers.tsx";
import { OverviewView } from "./views/overview.tsx";
import { ParkedView } from "./views/parked.tsx";
import { SearchView } from "./views/search.tsx";

const OVERVIEW_MS = 15_000;
const PARKED_MS = 10_000;

const VIEWS: {
  [view: string]: {
    title: string;
    Component: (props: { route: Route }) => JSX.Element;
  };
} = {
  "": { title: "Overview", Component: OverviewView },
  events: { title: "Events", Component: EventsView },
  aggregate: { title: "Aggregate", Component: AggregateView },
  causation: { title: "Causes and effects", Component: CausationView },
  handlers: { title: "Handlers", Component: HandlersView },
  parked: { title: "Parked events", Component: ParkedView },
  search: { title: "Search", Component: SearchView },
};

const TABS = [
  { view: "", name: "Overview", link: links.overview() },
  { view: "events", name: "Events", link: links.events() },
  { view: "handlers", name: "Handlers", link: links.handlers() },
  { view: "parked", name: "Parked", link: links.parked() },
];

/** The frame: what all views have around them. */
export function App(): JSX.Element {
  const route = useRoute();
  const overview = useQuery(
    "overview",
    (signal) => ask<OverviewAnswer>("overview", {}, signal),
    OVERVIEW_MS,
  );
  const isOpen = overview.data !== undefined;
  const parked = useQuery<ParkedAnswer>(
    `parked ${isOpen}`,
    (signal) =>
      overview.data?.capabilities.records
        ? ask<ParkedAnswer>("parked", {}, signal)
        : Promise.resolve({ parked: [], more: false }),
    PARKED_MS,
  );
  const view = route && Object.hasOwn(VIEWS, route.view)
    ? VIEWS[route.view]
    : undefined;
  const place = `${route?.view}/${route?.parts.join("/")}`;
  useEffect(() => {
    document.title = `${view?.title ?? "Not found"} · EvtStore Studio`;
  }, [view]);
  const main = useFocusOnChange(place);
  const waiting = parked.data?.parked.length ?? 0;

  return (
    <>
      <a class="skip" href="#main" onClick={skipTo(main)}>Skip to content</a>
      <header class="bar">
        <a class="brand" href={links.overview()} aria-label="EvtStore Studio">
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <rect width="16" height="16" rx="4" />
            <path d="M4 4.5h8M4 8h5.5M4 11.5h8" />
          </svg>
          <span>EvtStore</span>
        </a>
        <nav class="tabs" aria-label="Views">
          {TABS.map(({ view, name, link }) => (
            <a
              key={view}
              href={link}
              aria-current={route?.view === view ? "page" : undefined}
            >
              {name}
              {view === "parked" && waiting > 0 && (
                <span class="badge">
                  {waiting}
                  {parked.data!.more ? "+" : ""}
                </span>
              )}
            </a>
          ))}
        </nav>
        <SearchBox text={route?.view === "search" ? textOf(route) : ""} />
        {overview.data && (
          <span class={`mode${overview.data.write ? " is-write" : ""}`}>
            {overview.data.write ? "Can write" : "Read only"}
          </span>
        )}
        <ThemeButton />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {overview.error && isOpen && (
          <p class="stale" role="alert">{overview.error.message}</p>
        )}
        {overview.data
          ? (
            <StudioContext.Provider value={{ overview: overview.data, parked }}>
              {route && view
                ? <view.Component key={place} route={route} />
                : <NotFound />}
            </StudioContext.Provider>
          )
          : overview.error
          ? <Failure error={overview.error} reload={overview.reload} />
          : <Loading what="the store" />}
      </main>
      <Said />
    </>
  );
}

function NotFound(): JSX.Element {
  return (
    <>
      <h1>Not found</h1>
      <Empty title="No view has this address">
        It may have been cut off where it was copied.{" "}
        <a href={links.overview()}>Go to the overview</a>
      </Empty>
    </>
  );
}

/** What a button has done, for who listens to the page. */
function Said(): JSX.Element {
  const [said, setSaid] = useState({ text: "", turn: 0 });
  useEffect(
    () =>
      listenToSaid((text) => setSaid(({ turn }) => ({ text, turn: turn + 1 }))),
    [],
  );
  useEffect(() => {
    const timer = setTimeout(() => setSaid({ text: "", turn: 0 }), 6000);
    return () => clearTimeout(timer);
  }, [said.turn]);
  return (
    <div class={`said${said.text ? " is-shown" : ""}`} role="status">
      {said.text}
    </div>
  );
}

/** Where the keyboard is after a change of the view: at its beginning. */
function useFocusOnChange(place: string): { current: HTMLElement | null } {
  const main = useRef<HTMLElement>(null);
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) return;
    before.current = place;
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [place]);
  return main;
}

function skipTo(
  main: { current: HTMLElement | null },
): (event: Event) => void {
  return (event) => {
    event.preventDefault();
    main.current?.focus();
  };
}

function textOf({ query }: Route): string {
  return query.get("text") ?? "";
}
