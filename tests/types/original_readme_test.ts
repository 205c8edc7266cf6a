// deno-lint-ignore-file no-unused-vars -- the sample is kept as it was.
// The sample of the README of evtstore, as it was written. Changed are its one
// typo (`userdomain`) and what its "…" left out.
import { createDomain, createHandler } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { test } from "node:test";
import assert from "node:assert/strict";

type UserEvent = { type: "UserCreated" } | {
  type: "NameChanged";
  name: string;
};

type UserCommand = { type: "createUser" } | {
  type: "changeName";
  name: string;
};

type UserAggregate = { name: string };

const errors: unknown[] = [];

/**
 * Domains:
 * - return the "command" object for invoking commands
 * - return a "handler" function for creating event handlers
 * -- i.e., for creating process managers and read model populators
 */
const userDomain = createDomain<UserEvent, UserAggregate, UserCommand>(
  {
    stream: "users",
    // Aggregate function return a new and empty aggregate
    aggregate: () => ({ name: "" }),

    /**
     * Providers:
     * - append and retrieving events (by aggregate id and from a position)
     * - retrieve and update bookmarks
     */
    provider: createProvider({
      onError: (err, stream, bookmark, event) => {
        errors.push([`Handler "${stream}:${bookmark}" failed: `, err, event]);
      },
    }),
    fold: (ev, agg) => {
      switch (ev.type) {
        case "NameChanged":
          return { name: ev.name };
        default:
          return {};
      }
    },
  },
  {
    /**
     * Command Handlers
     * An object whose contract is mapped from UserCommand:
     * - whose properties match `UserCommand.type`
     * - that takes the matching Command type and the aggregate
     * - returns a promise of Event or void
     */
    createUser: async (cmd, agg) => {
      return { type: "UserCreated" };
    },
    changeName: async (cmd, agg) => {
      return { type: "NameChanged", name: cmd.name };
    },
  },
);

const userPopulator = userDomain.handler("user-populator");

const changed: string[] = [];
userPopulator.handle("NameChanged", async (aggregateId, event, meta) => {
  // The "event" parameter will be the UserEvent:NameChanged type
  changed.push(`${aggregateId} ${event.name} ${meta.version}`);
});

async function example() {
  // Execute a command without the aggregate first
  await userDomain.command.createUser("my-user", {});
  await userDomain.command.changeName("my-user", { name: "my name" });

  // Execute a command against an aggregate
  const user = await userDomain.getAggregate("my-user");
  if (user.aggregate.version === 0) {
    throw new Error("User does not exist");
  }

  await user.changeName({ name: "new name" });
}

type GameEvent = { type: "GameStarted" };
type ProfileEvent = { type: "ProfileCreated"; about: string };

type EventMap = {
  users: UserEvent;
  game: GameEvent;
  profile: ProfileEvent;
};

const myHandler = createHandler<EventMap>({
  bookmark: "my-bookmark",
  provider: createProvider(),
  streams: ["users", "game", "profile"],
});

// The compiler will raise an error if you provide an imcompatible stream/event cominbation
myHandler.handle("users", "UserCreated", async (id, event) => {
  void [id, event];
});

test("the sample of the original README runs", async () => {
  userPopulator.start();
  myHandler.start();
  await example();
  await userPopulator.runOnce();
  await userPopulator.stop();
  await myHandler.stop();
  assert.deepEqual(changed, ["my-user my name 2", "my-user new name 3"]);
  assert.deepEqual(errors, []);
});
