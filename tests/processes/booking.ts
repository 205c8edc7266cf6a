import {
  CommandError,
  type CommandOptions,
  createAggregate,
  createCommands,
  createDomain,
  type ProcessControls,
  type ProvidedAggregate,
  type Provider,
} from "evtstore";
import { type Clock, systemClock } from "../../core/clock.ts";
import { createProcessAt } from "../../core/process.ts";

/** What can happen to a booking. */
export type BookingEvent =
  | { type: "Requested"; seat: string; cents: number; card: string }
  | { type: "Confirmed" }
  | { type: "Paid" }
  | { type: "Reminded" }
  | { type: "Closed"; reason: string };

/** What can happen to a seat. */
export type SeatEvent =
  | { type: "Held"; bookingId: string }
  | { type: "Freed"; bookingId: string };

/** What can happen to a card. */
export type CardEvent = { type: "Charged"; bookingId: string; cents: number };

type Call<Body> = (
  id: string,
  body: Body,
  options?: CommandOptions,
) => Promise<unknown>;
type Request = { seat: string; cents: number; card: string };

/** What is made of a provider. */
export type Booking = {
  domain: {
    booking: ProvidedAggregate<BookingEvent, { events: string[] }, "bookings">;
    seat: ProvidedAggregate<SeatEvent, { holder: string }, "seats">;
    card: ProvidedAggregate<CardEvent, { cents: number }, "cards">;
  };
  bookings: { request: Call<Request>; pay: Call<Record<PropertyKey, never>> };
  seats: {
    hold: Call<{ bookingId: string }>;
    free: Call<{ bookingId: string }>;
  };
  process: ProcessControls<{ seat: string; reminders: number }>;
};

const booking = createAggregate({
  stream: "bookings",
  create: () => ({ events: [] as string[] }),
  fold: (event: BookingEvent, { events }) => ({
    events: [...events, event.type],
  }),
});
const seat = createAggregate({
  stream: "seats",
  create: () => ({ holder: "" }),
  fold: (event: SeatEvent) => ({
    holder: event.type === "Held" ? event.bookingId : "",
  }),
});
const card = createAggregate({
  stream: "cards",
  create: () => ({ cents: 0 }),
  fold: (event: CardEvent, { cents }) => ({ cents: cents + event.cents }),
});

/** A process manager with memory, refusals and timers, on a provider. */
export function createBooking(
  provider: Provider<any>,
  clock: Clock = systemClock,
  name = "booking",
): Booking {
  const { domain } = createDomain({ provider }, { booking, seat, card });
  const bookings = createCommands(domain.booking, {
    request: (command: Request) => ({
      type: "Requested",
      seat: command.seat,
      cents: command.cents,
      card: command.card,
    }),
    confirm: () => ({ type: "Confirmed" }),
    pay: () => ({ type: "Paid" }),
    remind: () => ({ type: "Reminded" }),
    close: ({ reason }: { reason: string }) => ({ type: "Closed", reason }),
  }, { retries: 9 });
  const seats = createCommands(domain.seat, {
    hold({ bookingId }: { bookingId: string }, { holder }) {
      if (holder !== "") throw new CommandError("The seat is taken", "TAKEN");
      return { type: "Held", bookingId };
    },
    free: ({ bookingId }: { bookingId: string }) => ({
      type: "Freed",
      bookingId,
    }),
  }, { retries: 9 });
  const cards = createCommands(domain.card, {
    charge({ bookingId, cents }: { bookingId: string; cents: number }) {
      if (cents > 1000) throw new CommandError("Too much", "LIMIT");
      return { type: "Charged", bookingId, cents };
    },
  }, { retries: 9 });

  type Own =
    | { type: "Began"; seat: string; cents: number; card: string }
    | { type: "Counted" };
  const process = createProcessAt(clock, {
    name,
    stream: "booking",
    streams: [domain.booking, domain.seat],
    commands: { bookings, seats, cards },
    timers: ["unpaid", "remind"],
    create: () => ({ seat: "", cents: 0, card: "", reminders: 0 }),
    fold: (event: Own, { reminders }) =>
      event.type === "Began"
        ? { seat: event.seat, cents: event.cents, card: event.card }
        : { reminders: reminders + 1 },
  });
  process.startsOn("bookings", (_event, id) => id, {
    Requested: ({ seat, cents, card }, { id, send, setTimer }) => [
      { type: "Began", seat, cents, card },
      setTimer("unpaid", { after: "24h" }),
      setTimer("remind", { after: "6h" }),
      send.seats.hold(seat, { bookingId: id }),
    ],
  });
  process.on("bookings", (_event, id) => id, {
    Paid: (_event, { cancelTimer, end }) => [cancelTimer("remind"), end()],
  });
  process.on("seats", (event) => event.bookingId, {
    Held: (_event, { id, state: { card, cents }, send }) => [
      send.cards.charge(card, { bookingId: id, cents }),
      send.bookings.confirm(id, {}),
    ],
  });
  process.onTimer("remind", (_timer, { id, state, send, setTimer }) => [
    { type: "Counted" },
    send.bookings.remind(id, {}),
    ...state.reminders < 1 ? [setTimer("remind", { after: "6h" })] : [],
  ]);
  process.onTimer("unpaid", (_timer, { id, state, send, end }) => [
    send.seats.free(state.seat, { bookingId: id }),
    send.bookings.close(id, { reason: "unpaid" }),
    end(),
  ]);
  process.onRefused("seats", {
    hold: ({ code }, { id, send, end }) => [
      send.bookings.close(id, { reason: String(code) }),
      end(),
    ],
  });
  process.onRefused("cards", {
    charge: ({ message }, { id, state, send, end }) => [
      send.seats.free(state.seat, { bookingId: id }),
      send.bookings.close(id, { reason: message }),
      end(),
    ],
  });
  return { domain, bookings, seats, process };
}

/** Everything stored, in a form that two runs can be compared by. */
export async function contentsOf(
  provider: Provider<any>,
  name = "booking",
): Promise<{ log: Record<string, unknown[]>; timers: unknown[] }> {
  const log: Record<string, unknown[]> = {};
  const all = await provider.getEventsFrom(
    ["bookings", "seats", "cards", "booking"],
    await provider.getPosition("nobody"),
  );
  for (const { stream, aggregateId, version, event } of all) {
    const { position: _, timers, ...facts } = event as any;
    (log[`${stream}/${aggregateId}`] ??= []).push({
      version,
      ...facts,
      ...timers && { timers: timers.map(({ name }: any) => name) },
    });
  }
  const due = await provider.records!.due(
    `process-timer:${name}`,
    Number.MAX_SAFE_INTEGER,
  );
  return { log, timers: due.map(({ key }) => key).sort() };
}
