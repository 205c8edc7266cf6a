import {
  createAggregate,
  createDomain,
  createHandler,
  createUpcasters,
  type Erasure,
  type Placeholder,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { test } from "node:test";
import { type Equal, expectType } from "./equal.ts";

type UserEvent =
  | { type: "Registered"; email: string | null; plan: string }
  | { type: "Rated"; stars: number | "forgotten"; by: string };

const described = {
  stream: "users",
  create: () => ({ email: "" as string | null }),
  fold: (event: UserEvent) =>
    event.type === "Registered" ? { email: event.email } : {},
} as const;

test("a placeholder is a part of the field's type that shows", () => {
  expectType<Equal<Placeholder<string | null>, null>>();
  expectType<Equal<Placeholder<string>, never>>();
  expectType<Equal<Placeholder<number | "gone">, "gone">>();
  expectType<Equal<Placeholder<{ a: 1 } | null>, null>>();
  expectType<Equal<Placeholder<boolean | null>, null>>();
  createAggregate({
    ...described,
    personal: {
      fields: {
        Registered: { email: null },
        Rated: { stars: "forgotten" },
      },
    },
  });
  void (() =>
    // @ts-expect-error the type of "plan" has nothing that would show
    createAggregate({
      ...described,
      personal: { fields: { Registered: { plan: "" } } },
    }));
  void (() =>
    // @ts-expect-error "email" is null when it is forgotten, and no other text
    createAggregate({
      ...described,
      personal: { fields: { Registered: { email: "forgotten" } } },
    }));
  void (() =>
    // @ts-expect-error there is no such field
    createAggregate({
      ...described,
      personal: { fields: { Registered: { mail: null } } },
    }));
  void (() =>
    // @ts-expect-error there is no such event
    createAggregate({
      ...described,
      personal: { fields: { Renamed: { email: null } } },
    }));
});

test("old shapes have personal fields, too, and events tell their subject", () => {
  type Old = UserEvent | { type: "SignedUp"; mail: string | null; id: string };
  const user = createAggregate({
    ...described,
    upcast: createUpcasters<Old, UserEvent>({
      SignedUp: ({ mail }) => ({ type: "Registered", email: mail, plan: "" }),
    }),
    personal: {
      fields: { SignedUp: { mail: null }, Registered: { email: null } },
      subject(event, field, meta) {
        expectType<Equal<typeof event, Old>>();
        expectType<Equal<typeof field, string>>();
        return event.type === "SignedUp" ? event.id : meta.aggregateId;
      },
    },
  });
  const domain = createDomain({ provider: createProvider() }, { user });
  expectType<Equal<typeof domain.forget, Erasure["forget"]>>();
  const handler = domain.createHandler("types", ["users"]);
  handler.handle("users", "Registered", (_id, event) => {
    expectType<Equal<typeof event.email, string | null>>();
    // @ts-expect-error it may have been forgotten
    event.email.length;
  });
});

test("a handler without a domain has the same", () => {
  createHandler<{ users: UserEvent }>({
    bookmark: "types",
    streams: ["users"],
    provider: createProvider(),
    personal: { users: { fields: { Registered: { email: null } } } },
  });
  void (() =>
    createHandler<{ users: UserEvent }>({
      bookmark: "types",
      streams: ["users"],
      provider: createProvider(),
      // @ts-expect-error the type of "by" has nothing that would show
      personal: { users: { fields: { Rated: { by: "" } } } },
    }));
});
