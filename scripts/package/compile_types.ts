/**
 * Type-checks projects by a TypeScript that has an API:
 * `node compile_types.ts COMPILER PROJECT...`.
 *
 * It checks the declarations of this package as without `skipLibCheck`, but
 * takes the drivers' own as they are: they are most of the work, and TypeScript
 * 7 checks them too.
 */
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";

const [compiler, ...projects] = process.argv.slice(2);
const ts: typeof import("typescript") = createRequire(import.meta.url)(
  join(resolve(compiler!), "lib/typescript.js"),
);

const isOurs = (path: string): boolean =>
  !path.includes("/node_modules/") || path.includes("/node_modules/evtstore/");

const host = {
  getCanonicalFileName: (path: string): string => path,
  getCurrentDirectory: (): string => process.cwd(),
  getNewLine: (): string => "\n",
};

for (const project of projects) {
  const config = ts.getParsedCommandLineOfConfigFile(project, {
    // Said for `node10`.
    ...ts.versionMajorMinor === ("6.0" as string)
      ? { ignoreDeprecations: "6.0" }
      : {},
  }, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic(diagnostic) {
      throw new Error(ts.formatDiagnostic(diagnostic, host));
    },
  });
  const { fileNames, options, errors } = config!;
  const program = ts.createProgram(fileNames, options);
  const found = [
    ...errors,
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...program.getSourceFiles()
      .filter(({ fileName }) => isOurs(fileName))
      .flatMap((file) => [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ]),
  ];
  if (found.length === 0) continue;
  console.log(ts.formatDiagnostics(found, host));
  process.exitCode = 1;
}
