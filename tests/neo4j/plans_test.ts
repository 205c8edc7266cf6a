import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { currentDialect } from "../../providers/neo4j/dialect_current.ts";
import { v3Dialect } from "../../providers/neo4j/dialect_v3.ts";
import { toLabels } from "../../providers/neo4j/labels.ts";
import { toGroup } from "../../providers/neo4j/rows.ts";
import { readServerVersion } from "../../providers/neo4j/schema.ts";
import {
  createEventStatements,
  type EventStatements,
} from "../../providers/neo4j/statements.ts";
import { Neo4jStore } from "../../providers/neo4j/store.ts";
import {
  appendTo,
  findServers,
  type Neo4jDatabase,
  type Neo4jServer,
  withNeo4j,
} from "../providers/support/neo4j.ts";

const EVENTS = 3000;
const servers = await findServers(["neo4j"], [
  "neo4j44",
  "neo4j2025",
  "neo4j35",
]);

for (const server of servers) {
  describe(`plans on ${server.name}`, () => {
    it("no query of events looks at more than it gives", () =>
      withNeo4j(server, (database) => testPlans(database, server)));
  });
}

async function testPlans(
  { client, labels, open }: Neo4jDatabase,
  server: Neo4jServer,
): Promise<void> {
  const provider = open({ limit: 10 });
  for (let id = 0; id < 6; id++) {
    await appendTo(provider, `s${id % 3}`, `id ${id}`, 1, EVENTS / 6);
  }
  const isV3 = server.name === "neo4j35";
  const dialect = isV3 ? v3Dialect : currentDialect;
  const version = await readServerVersion(
    new Neo4jStore(client as any, undefined),
    dialect,
    "a test",
  );
  const statements = createEventStatements(toLabels(labels), dialect, version);
  const events = provider.createEvents("s0", "id 0", EVENTS / 6 + 1, [{
    type: "Written",
  }]);
  const parameters = {
    streams: ["s0", "s1"],
    stream: "s0",
    after: 0n,
    until: BigInt(EVENTS - 10),
    limit: 10n,
    aggregateId: "id 0",
    command: "none",
    holder: "test",
    groups: [toGroup({
      stream: "s0",
      aggregateId: "id 0",
      version: EVENTS / 6 + 1,
      events,
      commandId: "command",
    })],
  };
  // An aggregate is read as a whole there.
  const whole = isV3 ? EVENTS : 0;
  const most: { [name in keyof EventStatements]: number } = {
    append: 100,
    head: 20,
    first: 20,
    settle: 20,
    hold: 20,
    poll: 20,
    page: 200,
    frontier: 150,
    aggregate: 200 + whole,
    last: 150 + whole,
    lastOf: 150 + whole,
    findCommand: 20,
    streams: 20 + whole * 3,
    commands: 150 + whole,
  };
  for (const [name, limit] of Object.entries(most)) {
    const session = client.session();
    const query = statements[name as keyof EventStatements];
    const { summary } = await session.run(`PROFILE ${query}`, {
      ...parameters,
      // Far into an aggregate: what comes before is not looked at.
      ...name === "aggregate" ? { after: BigInt(EVENTS / 6 - 20) } : {},
      // A page of the log; a name is looked for behind one.
      ...name === "commands" ? { after: BigInt(EVENTS - 60) } : {},
      ...name === "streams" ? { after: "s0" } : {},
    });
    await session.close();
    const operators = steps(summary.profile);
    const hits = operators.reduce((sum, { dbHits }) => sum + dbHits, 0);
    const text = `${name}: ${
      operators.map(({ name, dbHits }) => `${name} ${dbHits}`).join(", ")
    }`;
    assert(hits <= limit, `Expected at most ${limit} hits of ${text}`);
    // There an index of several properties knows only those that are equal.
    if (isV3 && name === "streams") continue;
    assert.doesNotMatch(text, /NodeByLabelScan|AllNodesScan|NodeIndexScan/);
  }
}

function steps(plan: any): { name: string; dbHits: number }[] {
  return [
    { name: plan.operatorType, dbHits: Number(plan.dbHits) },
    ...plan.children.flatMap(steps),
  ];
}
