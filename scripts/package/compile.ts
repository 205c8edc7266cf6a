import { posix } from "node:path";
import ts from "typescript";

/** What a folder of the package is for: `import`, or `require`. */
export type ModuleKind = "esm" | "cjs";

/** Texts by path, `/` between folders. */
export type Files = Map<string, string>;

const target: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
};

const moduleKinds: Record<ModuleKind, ts.CompilerOptions> = {
  esm: { module: ts.ModuleKind.ES2022, verbatimModuleSyntax: true },
  cjs: { module: ts.ModuleKind.CommonJS },
};

/** The files that are reached from some of them, by relative imports. */
export function reach(
  entries: readonly string[],
  read: (path: string) => string,
  toFile: (imported: string) => string = (imported) => imported,
): Files {
  const found: Files = new Map();
  const open = [...entries];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    const text = read(path);
    found.set(path, text);
    for (const { fileName } of importsOf(text)) {
      open.push(toFile(posix.join(posix.dirname(path), fileName)));
    }
  }
  return new Map([...found].toSorted(([a], [b]) => a < b ? -1 : 1));
}

/** JavaScript without types and comments, and its maps. */
export function toJavaScript(modules: Files, kind: ModuleKind): Files {
  const emitted: Files = new Map();
  for (const [path, source] of modules) {
    const { outputText, sourceMapText, diagnostics } = ts.transpileModule(
      withJavaScriptNames(source),
      {
        fileName: path,
        reportDiagnostics: true,
        compilerOptions: {
          ...target,
          ...moduleKinds[kind],
          sourceMap: true,
          removeComments: true,
        },
      },
    );
    refuse(diagnostics ?? []);
    const name = path.replace(/\.ts$/, ".js");
    emitted.set(name, outputText);
    emitted.set(`${name}.map`, sourceMapText!);
  }
  return emitted;
}

/**
 * Declarations and their maps; they are the same for both kinds of modules. No
 * driver is needed, as exported types are written out (`isolatedDeclarations`);
 * `deno check` has checked them.
 */
export function toDeclarations(modules: Files): Files {
  const options: ts.CompilerOptions = {
    ...target,
    ...moduleKinds.esm,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
    isolatedDeclarations: true,
    declaration: true,
    declarationMap: true,
    emitDeclarationOnly: true,
  };
  const emitted: Files = new Map();
  const disk = ts.createCompilerHost(options);
  const program = ts.createProgram([...modules.keys()], options, {
    ...disk,
    getCurrentDirectory: () => "",
    fileExists: (path) => modules.has(path) || disk.fileExists(path),
    getSourceFile(path, ...rest) {
      const source = modules.get(path);
      if (source === undefined) return disk.getSourceFile(path, ...rest);
      const text = withJavaScriptNames(source);
      return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
    },
    writeFile: (path, text) => emitted.set(path, text),
  });
  refuse([...program.getSyntacticDiagnostics(), ...program.emit().diagnostics]);
  return withDisposables(emitted);
}

/**
 * `Symbol.asyncDispose` is not in the libraries of most applications' targets.
 * An empty line in a map is `;`.
 */
function withDisposables(declarations: Files): Files {
  const changed: Files = new Map(declarations);
  for (const [path, text] of declarations) {
    if (!text.includes("[Symbol.asyncDispose]")) continue;
    changed.set(path, `/// <reference lib="esnext.disposable" />\n${text}`);
    const map = JSON.parse(declarations.get(`${path}.map`)!);
    const mappings = `;${map.mappings}`;
    changed.set(`${path}.map`, JSON.stringify({ ...map, mappings }));
  }
  return changed;
}

function importsOf(source: string): ts.FileReference[] {
  return ts.preProcessFile(source, true, true).importedFiles
    .filter(({ fileName }) => fileName.startsWith("."));
}

/** The names are of the same length, so that all maps stay as they are. */
function withJavaScriptNames(source: string): string {
  let text = source;
  for (const { fileName, pos } of importsOf(source)) {
    const end = pos + 1 + fileName.length;
    text = `${text.slice(0, end - ".ts".length)}.js${text.slice(end)}`;
  }
  return text;
}

function refuse(diagnostics: readonly ts.Diagnostic[]): void {
  if (diagnostics.length === 0) return;
  throw new Error(ts.formatDiagnostics(diagnostics, {
    getCanonicalFileName: (path) => path,
    getCurrentDirectory: () => "",
    getNewLine: () => "\n",
  }));
}
