#!/usr/bin/env node
'use strict'
/*
 * Writes meta_table.c: the well-known Signal K paths with their metadata (description, units, ...), read from the npm package
 * named below. The package is fetched once with `npm pack`, checked against the hash written here, and kept outside the tree in
 * $SKIFF_CACHE (default ~/.cache/skiff). See src/model/meta_table.h for what the table looks like to C.
 *
 *   node scripts/gen_metadata.js OUT.c
 */
const NAME = '@signalk/path-metadata'
const VERSION = '1.0.1'
const INTEGRITY = 'sha512-5ih3edDBK1dR2WD90OTqxoKMDpqBL99vVCcDe/0gw5fGTMaQESFinPWw2S9JTZ3qDPOJEGwNM8yYgqbiwhYfww=='

const { createHash } = require('crypto')
const { execFileSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')

function fail(text) {
  console.error('gen_metadata: ' + text)
  process.exit(1)
}

function cacheDir() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache')
  return process.env.SKIFF_CACHE || path.join(base, 'skiff')
}

function integrityOf(file) {
  return 'sha512-' + createHash('sha512').update(fs.readFileSync(file)).digest('base64')
}

/* The package's archive, from the cache or from npm. Two builds may do this at once: each works in a folder of its own. */
function archive(work) {
  const kept = path.join(cacheDir(), 'npm', `path-metadata-${VERSION}.tgz`)
  if (fs.existsSync(kept) && integrityOf(kept) === INTEGRITY) return kept
  try {
    execFileSync('npm', ['pack', `${NAME}@${VERSION}`, '--silent', '--pack-destination', work], {
      cwd: work,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, npm_config_update_notifier: 'false' }
    })
  } catch (e) {
    fail(`cannot fetch ${NAME}@${VERSION} with npm: ${String(e.stderr || e.message).trim()}`)
  }
  const got = path.join(work, fs.readdirSync(work).find((f) => f.endsWith('.tgz')) || 'missing.tgz')
  if (!fs.existsSync(got)) fail('npm pack left no archive')
  if (integrityOf(got) !== INTEGRITY) fail(`${NAME}@${VERSION} is not the archive we know (got ${integrityOf(got)})`)
  try {
    fs.mkdirSync(path.dirname(kept), { recursive: true })
    fs.copyFileSync(got, kept + `.${process.pid}`)
    fs.renameSync(kept + `.${process.pid}`, kept)
  } catch (e) {
    /* no cache is fine, only slower next time */
  }
  return got
}

/* A segment of a package key as what our table can say: literals, or "*" for any one segment. */
function alternatives(segment) {
  if (segment === '(single)|([A-C])') return ['single', 'A', 'B', 'C']
  if (segment === 'RegExp' || segment === '*' || segment === '[A-Za-z0-9]+') return ['*']
  if (!/^[A-Za-z0-9]+$/.test(segment)) fail(`segment "${segment}" is new to us; teach alternatives() about it`)
  return [segment]
}

/* All table rows in the package's own order. The package describes the same paths once per root; one root is enough. */
function readRows(registry) {
  const prefix = '/vessels/*/'
  const rows = new Map()
  for (const [key, meta] of Object.entries(registry.getAllMetadata())) {
    if (!key.startsWith(prefix)) continue
    /* A key that ends in a bare wildcard describes the container, not its members; it never matches. */
    if (key.endsWith('/*') || key.endsWith('/RegExp') || Object.keys(meta).length === 0) continue
    let patterns = ['']
    for (const segment of key.slice(prefix.length).split('/')) {
      const found = []
      for (const head of patterns)
        for (const tail of alternatives(segment)) found.push(head === '' ? tail : head + '.' + tail)
      patterns = found
    }
    for (const pattern of patterns) if (!rows.has(pattern)) rows.set(pattern, JSON.stringify(meta))
  }
  return rows
}

/*
 * The table is searched "literal before *"; the package takes the first key that matches. Both must agree, so: of two patterns
 * that can match the same path, the earlier must be the one with the literal at the first place where they differ.
 */
function checkOrder(patterns) {
  const split = patterns.map((p) => p.split('.'))
  for (let i = 0; i < split.length; i++)
    for (let k = i + 1; k < split.length; k++) {
      const [a, b] = [split[i], split[k]]
      if (a.length !== b.length || a.some((s, n) => s !== '*' && b[n] !== '*' && s !== b[n])) continue
      const n = a.findIndex((s, m) => s !== b[m])
      if (a[n] === '*') fail(`"${patterns[i]}" comes before "${patterns[k]}" in the package and would hide it`)
    }
}

function cString(text) {
  let out = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    const c = String.fromCharCode(byte)
    if (byte < 0x20 || byte > 0x7e || c === '?' || c === '"' || c === '\\') out += '\\' + byte.toString(8).padStart(3, '0')
    else out += c
  }
  return out
}

function main() {
  const [out] = process.argv.slice(2)
  if (!out) fail('usage: gen_metadata.js OUT.c')
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'skiff-meta-'))
  let rows
  try {
    execFileSync('tar', ['-xzf', archive(work), '-C', work], { stdio: ['ignore', 'ignore', 'inherit'] })
    rows = readRows(require(path.join(work, 'package', 'dist', 'index.js')).metadataRegistry)
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
  checkOrder([...rows.keys()])

  /* Every character of a pattern is '*', '.', or a letter or digit, in this ASCII order: byte order is segment order. */
  const sorted = [...rows.keys()].sort()
  const offsets = new Map()
  const text = []
  let size = 0
  const place = (s) => {
    if (!offsets.has(s)) {
      offsets.set(s, size)
      text.push(s)
      size += Buffer.byteLength(s, 'utf8') + 1
    }
    return offsets.get(s)
  }
  const table = sorted.map((pattern) => {
    const json = rows.get(pattern)
    return `    { ${place(pattern)}, ${place(json)}, ${Buffer.byteLength(json, 'utf8')} },`
  })
  const lines = [
    `/* Made by scripts/gen_metadata.js from ${NAME} ${VERSION} (Apache-2.0, the Signal K project). Do not edit. */`,
    '#include "model/meta_table.h"',
    '',
    'const char sk_meta_text[] =',
    ...text.map((s) => `    "${cString(s)}\\0"`),
    '    ;',
    '',
    'const struct sk_meta_row sk_meta_rows[] = {',
    ...table,
    '};',
    '',
    `const uint32_t sk_meta_row_count = ${sorted.length};`,
    ''
  ]
  fs.writeFileSync(out, lines.join('\n'))
}

main()
