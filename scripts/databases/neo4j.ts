import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { askNeo4j } from "./clients.ts";
import type {
  DatabaseDefinition,
  ServerCommand,
  StartContext,
} from "./definition.ts";
import { findJava } from "./java.ts";
import { fetchMavenProject } from "./maven.ts";

/** What differs from one version of the server to the next. */
interface Neo4jServer {
  readonly version: string;
  readonly leastJava: number;
  readonly mainClass: string;
  readonly settings: Settings;
  /** Packages of Java itself that it looks into. */
  readonly opens: readonly string[];
}

type Settings = (port: number) => Readonly<Record<string, string>>;

const settings5: Settings = (port) => ({
  "server.default_listen_address": "127.0.0.1",
  "server.bolt.listen_address": `127.0.0.1:${port}`,
  "server.bolt.advertised_address": `127.0.0.1:${port}`,
  "server.http.enabled": "false",
  "server.https.enabled": "false",
  "server.memory.pagecache.size": "64m",
  "dbms.usage_report.enabled": "false",
  "db.tx_log.preallocate": "false",
});

const settings4: Settings = (port) => ({
  "dbms.default_listen_address": "127.0.0.1",
  "dbms.connector.bolt.listen_address": `127.0.0.1:${port}`,
  "dbms.connector.bolt.advertised_address": `127.0.0.1:${port}`,
  "dbms.connector.http.enabled": "false",
  "dbms.memory.pagecache.size": "64m",
  "dbms.tx_log.preallocate": "false",
});

const settings3: Settings = (port) => ({
  "dbms.connectors.default_listen_address": "127.0.0.1",
  "dbms.connector.bolt.enabled": "true",
  "dbms.connector.bolt.listen_address": `127.0.0.1:${port}`,
  "dbms.connector.bolt.advertised_address": `127.0.0.1:${port}`,
  // It does not start without; 0 is any free port.
  "dbms.connector.http.enabled": "true",
  "dbms.connector.http.listen_address": "127.0.0.1:0",
  "dbms.connector.https.enabled": "false",
  "dbms.memory.pagecache.size": "64m",
  "udc.enabled": "false",
});

const opens4 = ["java.nio", "java.io", "sun.nio.ch", "java.lang"];

export const neo4j: DatabaseDefinition = {
  name: "neo4j",
  environmentVariable: "NEO4J_URL",
  composeService: "neo4j",
  composeUrl: "bolt://neo4j:evtstore@127.0.0.1:17687/",
  ask: askNeo4j,
  start: (context) =>
    startNeo4j(context, {
      version: "5.26.30",
      leastJava: 17,
      mainClass: "org.neo4j.server.CommunityEntryPoint",
      settings: settings5,
      opens: [],
    }),
};

export const neo4j2025: DatabaseDefinition = {
  name: "neo4j2025",
  environmentVariable: "NEO4J2025_URL",
  composeService: "neo4j_2025",
  composeUrl: "bolt://neo4j:evtstore@127.0.0.1:17690/",
  ask: askNeo4j,
  start: (context) =>
    startNeo4j(context, {
      version: "2026.02.2",
      leastJava: 21,
      mainClass: "org.neo4j.server.Neo4jCommunity",
      settings: settings5,
      opens: [],
    }),
};

export const neo4j44: DatabaseDefinition = {
  name: "neo4j44",
  environmentVariable: "NEO4J44_URL",
  composeService: "neo4j_v4",
  composeUrl: "bolt://neo4j:evtstore@127.0.0.1:17689/",
  ask: askNeo4j,
  start: (context) =>
    startNeo4j(context, {
      version: "4.4.44",
      leastJava: 11,
      mainClass: "org.neo4j.server.CommunityEntryPoint",
      settings: settings4,
      opens: opens4,
    }),
};

export const neo4j35: DatabaseDefinition = {
  name: "neo4j35",
  environmentVariable: "NEO4J35_URL",
  composeService: "neo4j_v3",
  composeUrl: "bolt://neo4j:evtstore@127.0.0.1:17688/",
  ask: askNeo4j,
  start: (context) =>
    startNeo4j(context, {
      version: "3.5.35",
      leastJava: 11,
      mainClass: "org.neo4j.server.CommunityEntryPoint",
      settings: settings3,
      opens: [...opens4, "java.util", "java.util.concurrent"],
    }),
};

async function startNeo4j(
  context: StartContext,
  server: Neo4jServer,
): Promise<ServerCommand> {
  const { folder, port } = context;
  const java = await findJava(server.leastJava, context);
  const libraries = await fetchMavenProject({
    name: "neo4j",
    version: server.version,
    artifacts: ["org.neo4j:neo4j", "org.neo4j.app:neo4j-server"],
  }, context);
  const configuration = join(folder, "conf");
  mkdirSync(configuration, { recursive: true });
  const settings = {
    "dbms.security.auth_enabled": "false",
    ...server.settings(port),
  };
  const lines = Object.entries(settings).map(([key, value]) =>
    `${key}=${value}\n`
  );
  writeFileSync(join(configuration, "neo4j.conf"), lines.join(""));
  return {
    program: java,
    args: [
      "-Xms128m",
      "-Xmx512m",
      "-XX:+UseSerialGC",
      ...server.opens.flatMap((name) => [
        "--add-opens",
        `java.base/${name}=ALL-UNNAMED`,
      ]),
      "-cp",
      [join(libraries, "*"), configuration].join(delimiter),
      server.mainClass,
      `--home-dir=${folder}`,
      `--config-dir=${configuration}`,
    ],
    url: `bolt://127.0.0.1:${port}/`,
    // It loses nothing, and SIGTERM takes seven seconds.
    stopSignal: "SIGKILL",
    user: undefined,
    log: join(folder, "logs", "neo4j.log"),
  };
}
