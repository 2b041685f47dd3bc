/**
 * Lays out the npm package that holds the built addon of one platform, in the manner of sharp and node-llama-cpp: npm installs
 * only the one whose `os`, `cpu` and `libc` fit. Run on that platform, after
 *
 *   LIBTORCH=FOLDER_OF_THE_OLDEST npm run build:native -- --prebuilt --out build/prebuilt      (paths from where you are)
 *   node --conditions=@soft-tokens/source --import tsx packages/backend-libtorch/scripts/make-platform-package.ts BUILD OUT
 *
 * libtorch itself is not inside: the addon finds the one of the machine through a link that the loader puts beside a copy of it.
 * Nothing is published here. The main package names these in optionalDependencies once they are.
 */

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  ADDON_FILE,
  BUILD_INFO_FILE,
  type BuildInfo,
  CUDA_MODULE_FILE,
  readBuildInfo,
} from "../src/native/build-info.ts";
import { OLDEST_LIBTORCH, supportedRange } from "../src/native/libtorch-folder.ts";

const PLATFORMS = ["linux-x64", "linux-arm64", "darwin-arm64"];

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const [build, out] = process.argv.slice(2);
if (!build || !out) fail("wanted two folders: that of the build, and the one to make");
const addon = join(resolve(build), ADDON_FILE);
const info = readBuildInfo(addon);
if (!existsSync(addon) || !info)
  fail(`${build} holds no build; run build:native -- --prebuilt --out ${build} first`);
const reason = whyNotShippable(info);
if (reason) fail(`${build} cannot be shipped: ${reason}`);

const manifest = platformManifest(info);
const folder = resolve(out);
mkdirSync(folder, { recursive: true });
copyFileSync(addon, join(folder, ADDON_FILE));
copyFileSync(join(dirname(addon), BUILD_INFO_FILE), join(folder, BUILD_INFO_FILE));
const cudaModule = join(dirname(addon), CUDA_MODULE_FILE);
if (existsSync(cudaModule)) copyFileSync(cudaModule, join(folder, CUDA_MODULE_FILE));
copyFileSync(join(packageFolder, "LICENSE"), join(folder, "LICENSE"));
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(join(folder, "README.md"), readme(info));
process.stdout.write(`${folder}: ${manifest.name} ${manifest.version}\n`);

function whyNotShippable({ libtorchLib, libtorch, platform, cxx11Abi }: BuildInfo): string | null {
  const oldest = OLDEST_LIBTORCH.join(".");
  if (libtorchLib !== null) return `it looks for libtorch in ${libtorchLib}; build it with --prebuilt`;
  if (!libtorch.startsWith(`${oldest}.`))
    return `it is built for libtorch ${libtorch}, not for the oldest, ${oldest}`;
  if (!PLATFORMS.includes(platform))
    return `there is no package for ${platform}, only ${PLATFORMS.join(", ")}`;
  return cxx11Abi ? null : "it has GCC's old ABI, which no supported wheel has";
}

function platformManifest({ platform }: BuildInfo) {
  const main = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  const [os = "", cpu = ""] = platform.split("-");
  return {
    name: `${main.name}-${platform}`,
    version: main.version as string,
    description: `The native part of ${main.name} for ${platform}.`,
    license: main.license,
    type: "commonjs",
    engines: main.engines,
    os: [os],
    cpu: [cpu],
    ...(os === "linux" && { libc: ["glibc"] }),
    exports: { ".": `./${ADDON_FILE}`, "./package.json": "./package.json" },
    files: [ADDON_FILE, BUILD_INFO_FILE, ...(existsSync(cudaModule) ? [CUDA_MODULE_FILE] : [])],
    preferUnplugged: true,
  };
}

function readme({ libtorch, platform, compiler, nodeApi }: BuildInfo): string {
  return `# @soft-tokens/backend-libtorch-${platform}

The native part of \`@soft-tokens/backend-libtorch\` for ${platform}; install that package, not this one.

- \`${ADDON_FILE}\`: the addon, Node-API ${nodeApi}, built for libtorch ${libtorch} with ${compiler}.
- \`${CUDA_MODULE_FILE}\`, where it is there: CUDA graphs, loaded where a GPU is.
- \`${BUILD_INFO_FILE}\`: what it was built from.

libtorch is not inside. One of version ${supportedRange()} has to be on the machine: the \`torch\` of a Python on the path, an
unpacked libtorch that \`LIBTORCH\` names, or the project's cache. The addon is tried in a process of its own before it is loaded,
so one that does not fit is an error with advice and not a crash.
`;
}

function fail(message: string): never {
  process.stderr.write(`make-platform-package: ${message}\n`);
  process.exit(1);
}
