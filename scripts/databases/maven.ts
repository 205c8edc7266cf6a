import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { findProgram, run } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import { MissingError, type StartContext } from "./definition.ts";
import { tellingLine } from "./telling_line.ts";

const packages = { debian: ["maven"], homebrew: "maven" };

export interface MavenProject {
  /** Of the folder in the cache. */
  readonly name: string;
  /** Exact: a range would give another server from one day to the next. */
  readonly version: string;
  /** "group:artifact", each of that version. */
  readonly artifacts: readonly string[];
  /** What is inside the artifacts is wanted, and not what they need. */
  readonly unpack?: boolean;
}

/**
 * Downloads artifacts and all that they need from Maven Central, once; gives
 * the folder of their files.
 *
 * @throws {MissingError} where Maven or Maven Central cannot be had
 */
export async function fetchMavenProject(
  project: MavenProject,
  context: StartContext,
): Promise<string> {
  const { name, version } = project;
  const folder = join(context.packages, `maven-${name}-${version}`);
  if (existsSync(folder)) return folder;
  const find = () => findProgram("mvn");
  const maven = await findOrInstall(find, packages, context);
  context.say(`Downloading ${name} ${version} from Maven Central`);
  mkdirSync(dirname(folder), { recursive: true });
  const scratch = mkdtempSync(join(context.packages, "download-"));
  try {
    writeFileSync(join(scratch, "pom.xml"), projectFile(project));
    const { code, output } = await run(maven, [
      "-q",
      "-B",
      "-ntp",
      project.unpack
        ? "dependency:unpack-dependencies"
        : "dependency:copy-dependencies",
      ...project.unpack ? ["-DexcludeTransitive"] : [],
      "-DincludeScope=runtime",
      "-DoutputDirectory=files",
    ], { cwd: scratch, timeout: 600_000 });
    if (code !== 0) {
      const reason = tellingLine(output);
      throw new MissingError(
        `cannot download ${name} ${version} from Maven Central: ${reason}`,
      );
    }
    renameSync(join(scratch, "files"), folder);
    return folder;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function projectFile({ version, artifacts }: MavenProject): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, id] = artifact.split(":");
    return `<dependency><groupId>${group}</groupId>` +
      `<artifactId>${id}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>evtstore</groupId><artifactId>server</artifactId><version>1</version>
<dependencies>${dependencies.join("\n")}</dependencies>
</project>
`;
}
