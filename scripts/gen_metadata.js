#!/usr/bin/env node
'use strict'
/*
 * Writes meta_table.c: the well-known Signal K paths with their metadata (description, units, ...), read from the npm package
 * named below (see npm_archive.js for how it comes). See src/model/meta_table.h for what the table looks like to C.
 *
 *   node scripts/gen_metadata.js OUT.c
 */
const NAME = '@signalk/path-metadata'
const VERSION = '1.0.1'
const INTEGRITY = 'sha512-5ih3edDBK1dR2WD90OTqxoKMDpqBL99vVCcDe/0gw5fGTMaQESFinPWw2S9JTZ3qDPOJEGwNM8yYgqbiwhYfww=='

const fs = require('fs')
const path = require('path')
const { withPackage, fail, TextPool } = require('./npm_archive.js')

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

function main() {
  const [out] = process.argv.slice(2)
  if (!out) fail('usage: gen_metadata.js OUT.c')
  const rows = withPackage({ name: NAME, version: VERSION, integrity: INTEGRITY }, (folder) =>
    readRows(require(path.join(folder, 'dist', 'index.js')).metadataRegistry)
  )
  checkOrder([...rows.keys()])

  /* Every character of a pattern is '*', '.', or a letter or digit, in this ASCII order: byte order is segment order. */
  const sorted = [...rows.keys()].sort()
  const pool = new TextPool()
  const table = sorted.map((pattern) => {
    const json = rows.get(pattern)
    return `    { ${pool.place(pattern)}, ${pool.place(json)}, ${Buffer.byteLength(json, 'utf8')} },`
  })
  const lines = [
    `/* Made by scripts/gen_metadata.js from ${NAME} ${VERSION} (Apache-2.0, the Signal K project). Do not edit. */`,
    '#include "model/meta_table.h"',
    '',
    'const char sk_meta_text[] =',
    ...pool.lines(),
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
