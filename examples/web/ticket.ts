import {
  CommandError,
  createAggregate,
  type StorableAggregate,
} from "evtstore";

/** What can happen to a ticket. */
export type TicketEvent =
  | { type: "Opened"; title: string }
  | { type: "Assigned"; to: string }
  | { type: "Closed"; reason: string };

/** What a ticket is, as its commands see it. */
export type Ticket = { title: string; assignee: string; closed: boolean };

/** A ticket and what its events change. */
export const ticket: StorableAggregate<TicketEvent, Ticket, "tickets"> =
  createAggregate({
    stream: "tickets",
    create: (): Ticket => ({ title: "", assignee: "", closed: false }),
    fold: (event: TicketEvent): Partial<Ticket> => {
      switch (event.type) {
        case "Opened":
          return { title: event.title };
        case "Assigned":
          return { assignee: event.to };
        case "Closed":
          return { closed: true };
      }
    },
  });

type Loaded = Ticket & { version: number };

/** What can be asked of a ticket. */
export const ticketCommands = {
  open({ title }: { title: string }, { version }: Loaded): TicketEvent {
    if (version > 0) throw new CommandError("Open already", "ALREADY_OPEN");
    return { type: "Opened", title };
  },

  assign({ to }: { to: string }, ticket: Loaded): TicketEvent {
    mustBeOpen(ticket);
    return { type: "Assigned", to };
  },

  close({ reason }: { reason: string }, ticket: Loaded): TicketEvent {
    mustBeOpen(ticket);
    return { type: "Closed", reason };
  },
};

function mustBeOpen({ version, closed }: Loaded): void {
  if (version === 0) {
    throw new CommandError("There is no such ticket", "NO_SUCH_TICKET");
  }
  if (closed) throw new CommandError("This ticket is closed", "CLOSED");
}
