#!/usr/bin/env node
'use strict'
/*
 * Writes units_data.c: what display units are made of (categories, unit definitions with their formulas, presets), read from the
 * npm package named below as data (see npm_archive.js for how it comes). One JSON text; src/model/units_data.h says what is in it.
 *
 *   node scripts/gen_units.js OUT.c
 */
const PINNED = {
  name: 'signalk-server',
  version: '2.32.0',
  integrity: 'sha512-z9jEkY02zEoFY/MVObQR+HO/WpwOWlmQuL+vkMRlevQTA41gwVjHMfC6YBEF5QAkhTcmVBA0twiNsE0E/72Kqg=='
}

const fs = require('fs')
const path = require('path')
const { withPackage, fail, cString } = require('./npm_archive.js')

function read(folder) {
  const json = (name) => JSON.parse(fs.readFileSync(path.join(folder, 'unitpreferences', name), 'utf8'))
  const presets = {}
  for (const file of fs.readdirSync(path.join(folder, 'unitpreferences', 'presets')).sort())
    if (file.endsWith('.json')) presets[file.slice(0, -5)] = json('presets/' + file)
  return {
    categories: json('categories.json'),
    customCategories: json('custom-categories.json'),
    primaryCategories: json('primary-categories.json'),
    defaultCategories: json('default-categories.json'),
    definitions: json('standard-units-definitions.json'),
    customDefinitions: json('custom-units-definitions.json'),
    presets
  }
}

function main() {
  const [out] = process.argv.slice(2)
  if (!out) fail('usage: gen_units.js OUT.c')
  const data = withPackage(PINNED, read)
  if (!data.presets['nautical-metric']) fail('the package has no preset nautical-metric')
  const text = JSON.stringify(data)
  const pieces = text.match(/[^]{1,100}/gu)
  const lines = [
    `/* Made by scripts/gen_units.js from ${PINNED.name} ${PINNED.version} (Apache-2.0, the Signal K project). Do not edit. */`,
    '#include "model/units_data.h"',
    '',
    'const char sk_units_json[] =',
    ...pieces.map((s) => `    "${cString(s)}"`),
    '    ;',
    '',
    `const size_t sk_units_json_len = ${Buffer.byteLength(text, 'utf8')};`,
    ''
  ]
  fs.writeFileSync(out, lines.join('\n'))
}

main()
