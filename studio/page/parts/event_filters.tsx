import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { StreamsAnswer } from "../../api.ts";
import { ask } from "../ask.ts";
import { links, type Query } from "../links.ts";
import { useQuery } from "../use_query.ts";
import { go } from "../use_route.ts";
import { Icon } from "./icon.tsx";

/** What to look for among the events; what is entered becomes the address. */
export function EventFilters(
  { filter, order, isFiltered }: {
    filter: Query;
    order: string | undefined;
    isFiltered: boolean;
  },
): JSX.Element {
  const streams = useQuery(
    "streams",
    (signal) => ask<StreamsAnswer>("streams", {}, signal),
  );
  const [isOpen, setOpen] = useState(isFiltered);
  const names = streams.data?.streams.map(({ stream }) => stream) ?? [];
  const chosen = filter["stream"];
  if (chosen && !names.includes(chosen)) names.unshift(chosen);
  const apply = (form: HTMLFormElement): void => {
    const fields = new FormData(form);
    const text = (name: string): string =>
      String(fields.get(name) ?? "").trim();
    go(links.events({
      stream: String(fields.get("stream") ?? ""),
      aggregate: text("aggregate"),
      type: text("type"),
      since: toTime(text("since")),
      until: toTime(text("until")),
      text: text("text"),
      order,
    }));
  };
  return (
    <form
      class={`filters${isOpen ? "" : " is-closed"}`}
      aria-label="Filter"
      onSubmit={(event) => {
        event.preventDefault();
        apply(event.currentTarget);
      }}
    >
      <button
        type="button"
        class="button filters-opener"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        Filter <Icon name="open" />
      </button>
      <label>
        Stream
        <select
          name="stream"
          onChange={({ currentTarget }) => apply(currentTarget.form!)}
        >
          <option value="">All streams</option>
          {names.map((name) => (
            <option key={name} value={name} selected={name === chosen}>
              {name.slice(0, 80)}
            </option>
          ))}
        </select>
      </label>
      <Field name="aggregate" label="Aggregate id" filter={filter} />
      <Field name="type" label="Type" filter={filter} />
      <Field name="text" label="Text inside" filter={filter} />
      <Field name="since" label="From" filter={filter} isTime />
      <Field name="until" label="Until" filter={filter} isTime />
      <div class="row filters-end">
        <button type="submit" class="button is-main">Filter</button>
        {isFiltered && (
          <a class="button" href={links.events({ order })}>Clear</a>
        )}
      </div>
    </form>
  );
}

function Field(
  { name, label, filter, isTime = false }: {
    name: string;
    label: string;
    filter: Query;
    isTime?: boolean;
  },
): JSX.Element {
  const value = filter[name] ?? "";
  return (
    <label>
      {label}
      {isTime
        ? (
          <input
            name={name}
            type="datetime-local"
            step="1"
            defaultValue={toLocal(value)}
          />
        )
        : (
          <input
            name={name}
            defaultValue={value}
            autocomplete="off"
            spellcheck={false}
          />
        )}
    </label>
  );
}

/** A time of the reader's zone, as a field has it, as the server takes it. */
function toTime(local: string): string {
  const date = new Date(local);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

function toLocal(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const shifted = date.getTime() - date.getTimezoneOffset() * 60_000;
  return new Date(shifted).toISOString().slice(0, 19);
}
