/**
 * Bundles with Metro's own resolver and its conditions, so that each import is the file that it is
 * on React Native.
 */
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { type ResolutionContext, resolve } from "metro-resolver";
import { redirectModulePath } from "metro-resolver/private/PackageResolve";

/** A bundle, its files, and the imports that were not found. */
export interface Bundle {
  readonly code: string;
  readonly files: readonly string[];
  readonly missing: readonly string[];
}

/** Bundles the program for React Native, from the sources of this repository. */
export async function bundleForReactNative(program: string): Promise<Bundle> {
  const missing: string[] = [];
  const metro: Plugin = {
    name: "metro",
    setup(building) {
      building.onResolve({ filter: /./ }, ({ path, importer, kind, resolveDir }) => {
        const from = importer === "<stdin>" ? join(resolveDir, "program.js") : importer;
        try {
          const found = resolve(contextOf(from, kind !== "require-call"), path, "ios");
          if (found.type === "sourceFile") return { path: found.filePath };
          return { path, external: true };
        } catch (error) {
          missing.push(`${path} in ${relative(root, from)}: ${String(error)}`);
          return { path, external: true };
        }
      });
    },
  };
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    bundle: true,
    write: false,
    metafile: true,
    format: "iife",
    platform: "neutral",
    absWorkingDir: root,
    logLevel: "silent",
    plugins: [metro],
  });
  return { code: outputFiles[0]?.text ?? "", files: Object.keys(metafile.inputs), missing };
}

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Metro's view of the files, with the settings of React Native: `getDefaultConfig` of
 * `@react-native/metro-config`.
 */
function contextOf(originModulePath: string, isESMImport: boolean): ResolutionContext {
  const context = {
    originModulePath,
    isESMImport,
    unstable_enablePackageExports: true,
    unstable_conditionNames: ["react-native", "@bellwire/source"],
    unstable_conditionsByPlatform: {},
    mainFields: ["react-native", "browser", "main"],
    sourceExts: ["js", "jsx", "json", "ts", "tsx"],
    assetExts: new Set<string>(),
    allowHaste: false,
    customResolverOptions: {},
    dev: true,
    disableHierarchicalLookup: false,
    nodeModulesPaths: [],
    preferNativePlatform: true,
    doesFileExist: (path: string) => stat(path)?.isFile() === true,
    fileSystemLookup(path: string) {
      const found = stat(path);
      if (!found) return { exists: false } as const;
      return { exists: true, type: found.isFile() ? "f" : "d", realPath: realpathSync(path) } as const;
    },
    getPackage: (path: string) => (stat(path) ? manifestAt(path) : null),
    getPackageForModule(path: string) {
      for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
        if (folder.endsWith(`${sep}node_modules`)) return null;
        const packageJson = stat(join(folder, "package.json")) && manifestAt(join(folder, "package.json"));
        if (packageJson)
          return { packageJson, rootPath: folder, packageRelativePath: relative(folder, path) };
      }
      return null;
    },
    resolveAsset: () => undefined,
    resolveHasteModule: () => undefined,
    resolveHastePackage: () => undefined,
    unstable_logWarning(message: string) {
      throw new Error(message);
    },
  };
  return {
    ...context,
    redirectModulePath: (path: string) => redirectModulePath(context, path),
  } as unknown as ResolutionContext;
}

function stat(path: string) {
  return existsSync(path) ? statSync(path) : undefined;
}

function manifestAt(path: string) {
  return JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>>;
}
