/**
 * Builds the browser's part: third-party code and our modules into static/build/.
 *
 *   node static/build.mjs              everything, into static/build/, under names with a hash
 *   node static/build.mjs --to DIR     the same into another directory
 *   node static/build.mjs IN.js OUT    one module under a plain name, for tests and benches
 *
 * Prints the SHA-256 of the sealing bundle, which the platform publishes in its ledger so that
 * anybody can compare what a browser was given. The same sources give the same bytes.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { roundsModule } from "./sealing/rounds.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "build");
const PACKAGES = join(dirname(HERE), "node_modules");
const COPIED = { "htmx.js": "htmx.org/dist/htmx.min.js" };

const rounds = {
  name: "rounds",
  setup(plugin) {
    plugin.onResolve({ filter: /^sealing:rounds$/ }, ({ path }) => ({ path, namespace: "rounds" }));
    plugin.onLoad({ filter: /./, namespace: "rounds" }, () => ({ contents: roundsModule() }));
  },
};

async function bundle(entry) {
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: dirname(HERE),
    nodePaths: [PACKAGES],
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: ["chrome93", "firefox92", "safari15.4"],
    minify: true,
    charset: "ascii",
    legalComments: "inline",
    plugins: [rounds],
  });
  return Buffer.from(result.outputFiles[0].contents);
}

async function listed(folder, extension) {
  const names = await readdir(join(HERE, folder)).catch(() => []);
  return names.filter((name) => extname(name) === extension).sort()
    .map((name) => join(HERE, folder, name));
}

/** Name in the manifest -> bytes: the sealing bundle, static/site/*.js, static/*.css, copies. */
async function products() {
  const found = new Map();
  found.set("sealing.js", await bundle(join(HERE, "sealing", "main.js")));
  for (const path of await listed("site", ".js")) found.set(basename(path), await bundle(path));
  for (const path of await listed(".", ".css")) found.set(basename(path), await readFile(path));
  for (const [name, path] of Object.entries(COPIED)) {
    found.set(name, await readFile(join(PACKAGES, path)));
  }
  return found;
}

const hash = (name, bytes, encoding) => createHash(name).update(bytes).digest(encoding);

async function writeAll(folder, found) {
  const manifest = {};
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of found) {
    const sha256 = hash("sha256", bytes, "hex");
    const extension = extname(name);
    const file = `${basename(name, extension)}-${sha256.slice(0, 16)}${extension}`;
    await writeFile(join(folder, file), bytes);
    const sri = `sha384-${hash("sha384", bytes, "base64")}`;
    manifest[name] = { file, sha256, sri, size: bytes.length };
  }
  const draft = join(folder, `manifest.json.${process.pid}`);
  await writeFile(draft, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(draft, join(folder, "manifest.json"));
  return manifest;
}

async function removeOld(folder, manifest) {
  const kept = new Set(["manifest.json", ...Object.values(manifest).map(({ file }) => file)]);
  for (const name of await readdir(folder)) {
    if (!kept.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function buildAll(folder) {
  const manifest = await writeAll(folder, await products());
  await removeOld(folder, manifest);
  const { file, sha256, size } = manifest["sealing.js"];
  process.stdout.write(`${sha256}  ${relative(process.cwd(), join(folder, file))}  ${size} bytes\n`);
}

const [input, output] = process.argv.slice(2);
if (input === undefined) await buildAll(OUT);
else if (input === "--to") await buildAll(resolve(output));
else await writeFile(resolve(output), await bundle(resolve(input)));
