// Builds static/dist: styles, fonts and the govuk-frontend modules that static/js/app.js imports. Run by `npm run build`.
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import * as sass from 'sass'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'static/dist')
const modules = join(root, 'node_modules')
const govuk = join(modules, 'govuk-frontend/dist/govuk')
const IMPORT = /(?<=\b(?:from|import)\s+')([^']+)\.mjs(?=')/g

async function buildStyles (name) {
  const { css } = await sass.compileAsync(join(root, `static/scss/${name}.scss`), {
    loadPaths: [modules], quietDeps: true, style: 'compressed'
  })
  await writeFile(join(dist, `${name}.css`), css)
  report(`${name}.css`, css)
}

// Copies a module and what it imports. Comments and source map references go: hashed file names would make them point nowhere.
async function copyModule (path, copied) {
  if (copied.has(path)) return
  const source = (await readFile(path, 'utf8')).replace(/\/\*\*[\s\S]*?\*\/\n?/g, '').replace(/\n\/\/# sourceMappingURL=.*/, '')
  copied.set(path, source)
  const target = join(dist, 'govuk', relative(govuk, path)).replace(/\.mjs$/, '.js')
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, source.replace(IMPORT, '$1.js'))
  for (const [, imported] of source.matchAll(IMPORT)) await copyModule(resolve(dirname(path), `${imported}.mjs`), copied)
}

async function copyScripts () {
  const app = await readFile(join(root, 'static/js/app.js'), 'utf8')
  const copied = new Map()
  for (const [, path] of app.matchAll(/'\.\.\/dist\/govuk\/([^']+)\.js'/g)) await copyModule(join(govuk, `${path}.mjs`), copied)
  report('scripts of every page', app, ...copied.values())
}

async function copyFonts () {
  const files = join(modules, '@fontsource-variable/figtree/files')
  await mkdir(join(dist, 'fonts'))
  for (const name of await readdir(files)) {
    if (name.endsWith('-normal.woff2')) await copyFile(join(files, name), join(dist, 'fonts', name))
  }
}

function report (name, ...texts) {
  const bytes = texts.reduce((sum, text) => sum + gzipSync(text).length, 0)
  console.log(`${name}: ${(bytes / 1024).toFixed(1)} KB compressed`)
}

await rm(dist, { recursive: true, force: true })
await mkdir(dist, { recursive: true })
await Promise.all([buildStyles('app'), buildStyles('office'), buildStyles('document'), copyScripts(), copyFonts()])
