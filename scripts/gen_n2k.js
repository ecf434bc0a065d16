#!/usr/bin/env node
'use strict'
/*
 * Writes the NMEA 2000 decoder's tables: canboat's message definitions from the npm package named below (see npm_archive.js for how
 * it comes), as far as src/codec/n2k/paths.txt wants them. src/codec/n2k/table.h says what the tables look like to C.
 *
 *   node scripts/gen_n2k.js PATHS.txt OUT.c OUT.h      the tables, and the numbers of fields and functions
 *   node scripts/gen_n2k.js PATHS.txt --table          prints the list of paths for docs/inputs.md (see gen_input_docs.py)
 */
const PINNED = {
  name: '@canboat/ts-pgns',
  version: '1.11.18',
  integrity: 'sha512-zztRTmsd5ZgxYtOSMuW8u/aprSaRi6y+mXJels04OfF1BxiEMbK1ubssVrlHvrCes2uhNtnZ6ZLxkMCHyWhJhQ=='
}

const fs = require('fs')
const path = require('path')
const { withPackage, fail, TextPool } = require('./npm_archive.js')
const { readPaths } = require('./n2k_paths.js')

const NONE = 0xff
const MOVING = 0xffff

/* ---- lookups ---- */

function makeLookups(canboat, renames, pool) {
  const numbers = new Map() // name -> number
  const lookups = [{ first: 0, count: 0 }]
  const values = []
  function add(name, pairs) {
    const first = values.length
    pairs.sort((a, b) => a.value - b.value)
    for (const { value, text, name } of pairs) values.push({ value, text: pool.place(text), name: name === text ? 0 : pool.place(name) })
    numbers.set(name, lookups.length)
    lookups.push({ first, count: pairs.length })
    return lookups.length - 1
  }
  function number(name) {
    if (numbers.has(name)) return numbers.get(name)
    const direct = canboat.LookupEnumerations.find((e) => e.Name === name)
    const renamed = renames.get(name) || new Map()
    if (direct) {
      for (const from of renamed.keys())
        if (!direct.EnumValues.some((v) => v.Name === from)) fail(`rename ${name}: there is no "${from}"`)
      return add(
        name,
        direct.EnumValues.map((v) => ({ value: v.Value, text: renamed.has(v.Name) ? renamed.get(v.Name) : v.Name, name: v.Name }))
      )
    }
    const indirect = canboat.LookupIndirectEnumerations.find((e) => e.Name === name)
    if (!indirect) fail(`canboat has no lookup ${name}`)
    return add(
      name,
      indirect.EnumValues.map((v) => ({ value: v.Value1 * 256 + v.Value2, text: v.Name, name: v.Name }))
    )
  }
  return { number, lookups, values }
}

/* The number behind a lookup's text, as canboat (not a rename) has it. */
function valueOf(canboat, field, text) {
  const e = canboat.LookupEnumerations.find((l) => l.Name === field.LookupEnumeration)
  const v = e && e.EnumValues.find((x) => x.Name === text)
  if (!v) fail(`field ${field.Id} has no value "${text}"`)
  return v.Value
}

/* ---- fields ---- */

/* A resolution as mult / 10^exp10, exactly. */
function decimal(resolution) {
  for (let exp10 = 0, unit = 1; exp10 <= 16; exp10++, unit *= 10) {
    const mult = Math.round(resolution * unit)
    if (mult > 0 && Math.abs(mult / unit - resolution) < 1e-9 * resolution) return { mult, exp10 }
  }
  return fail(`resolution ${resolution} is new to us`)
}

function typeOf(f) {
  if (f.FieldType === 'SPARE') return 'SPARE'
  if (f.FieldType === 'LOOKUP') return 'LOOKUP'
  if (f.FieldType === 'INDIRECT_LOOKUP') return 'INDIRECT'
  if (f.FieldType === 'BITLOOKUP') return 'BITS'
  if (f.FieldType === 'STRING_FIX') return 'FIXED_TEXT'
  if (f.FieldType === 'STRING_LAU') return 'LAU_TEXT'
  if (f.FieldType === 'DATE' || f.FieldType === 'TIME') return f.FieldType
  if (['NUMBER', 'DURATION', 'MMSI', 'PGN', 'ISO_NAME'].includes(f.FieldType)) return 'NUMBER'
  return 'OTHER'
}

/* canboat says offsets in the field's unit; the decoder adds them to the raw number. */
const offsetOf = (f) => Math.round((f.Offset || 0) / (f.Resolution || 1))

const int64 = (n) => (n === -(2n ** 63n) ? 'INT64_MIN' : `INT64_C(${n})`)

/* Raw limits. What lies over them is "not available", "out of range" or reserved; a lookup loses its highest value only. */
function limits(f, type, scale, lookup, values) {
  const bits = BigInt(f.BitLength || 0)
  if (bits === 0n || bits > 64n || type === 'OTHER' || type === 'SPARE') return { min: 0n, max: 0n }
  const highest = f.Signed ? 2n ** (bits - 1n) - 1n : 2n ** (bits > 63n ? 63n : bits) - 1n
  const lowest = f.Signed ? -(2n ** (bits - 1n)) : 0n
  if (type === 'LOOKUP' || type === 'INDIRECT' || f.FieldType === 'PGN') {
    const named = lookup && values.slice(lookup.first, lookup.first + lookup.count).some((v) => BigInt(v.value) === highest)
    return { min: 0n, max: bits === 1n || named ? highest : highest - 1n }
  }
  if (type === 'BITS' || f.RangeMax === undefined || bits === 64n && f.RangeMax > 1e6)
    return { min: lowest, max: bits === 1n ? highest : highest - (bits >= 4n && type !== 'BITS' ? 3n : 1n) }
  const raw = (range) => BigInt(Math.floor((range * 10 ** scale.exp10) / scale.mult - offsetOf(f) + 1e-6))
  const max = raw(f.RangeMax)
  const min = f.RangeMin < 0 ? -raw(-f.RangeMin) : lowest
  return { min: min < lowest ? lowest : min, max: max > highest ? highest : max }
}

function makeFields(def, look, pool) {
  const groupFirst = def.RepeatingFieldSet1StartField ? def.RepeatingFieldSet1StartField - 1 : def.Fields.length
  const groupEnd = groupFirst + (def.RepeatingFieldSet1Size || 0)
  return def.Fields.map((f, i) => {
    const type = typeOf(f)
    const scale = typeof f.Resolution === 'number' ? decimal(f.Resolution) : { mult: 1, exp10: 0 }
    const name = f.LookupEnumeration || f.LookupIndirectEnumeration
    const lookup = name && (type === 'LOOKUP' || type === 'INDIRECT') ? look.number(name) : 0
    if (lookup > 255) fail('more lookups than a byte can count')
    const { min, max } = limits(f, type, scale, look.lookups[lookup], look.values)
    if (f.BitLength > 64 && type === 'NUMBER') fail(`${def.Id}.${f.Id}: a number over 64 bits`)
    return {
      def: f,
      type,
      lookup,
      min,
      max,
      ...scale,
      offset: offsetOf(f),
      bit: f.BitOffset === undefined ? MOVING : f.BitOffset,
      bits: f.BitLengthVariable ? 0 : f.BitLength,
      id: f.FieldType !== 'RESERVED' && f.FieldType !== 'SPARE' ? pool.place(f.Id) : 0,
      repeated: i >= groupFirst && i < groupEnd
    }
  })
}

/* ---- rows ---- */

function fieldIndex(def, id) {
  const i = def.Fields.findIndex((f) => f.Id === id)
  if (i < 0) fail(`${def.Id} has no field "${id}"`)
  return i
}

/* The template's bytes; "" for a path that a function writes. */
function template(def, row) {
  if (row.path === '-' || /<\d|<lookup:/.test(row.path)) return ''
  const at = (id) => String.fromCharCode(fieldIndex(def, id) + 1)
  return row.path.replace(/<([^>]*)>/g, (all, name) => {
    if (name === 'engine') return '\x01' + at('instance')
    if (name === 'src') return '\x04'
    if (name === 'line') return '\x05' + at('line')
    if (name === 'course') return '\x06'
    if (name === 'lookup') return '\x03' + at(row.when.field)
    return '\x02' + at(name)
  })
}

const KINDS = { text: 'TEXT', lower: 'LOWER', flag: 'FLAG', constant: 'CONSTANT', bit: 'BIT', by: 'BY' }

function kindOf(row, field) {
  if (row.kind !== 'number') return KINDS[row.kind]
  if (!field) fail(`line ${row.line}: no field`)
  return field.type === 'FIXED_TEXT' || field.type === 'LAU_TEXT' ? 'STRING' : 'NUMBER'
}

function makeRow(canboat, def, fields, row, pool, functions) {
  const where = (text) => fail(`paths.txt line ${row.line}: ${text}`)
  const numbers = row.fields.map((id) => fieldIndex(def, id))
  const field = fields[numbers[0]]
  const kind = kindOf(row, field)
  const cond = row.when ? fieldIndex(def, row.when.field) : NONE
  const values = (row.when && row.when.texts ? row.when.texts : []).map((t) => valueOf(canboat, def.Fields[cond], t))
  if (row.when && row.when.over !== undefined) values.push(valueOf(canboat, def.Fields[cond], row.when.over))
  if (values.length > 3) where('more than three values')
  let mult = field ? field.mult * (row.times || 1) : 1
  let exp10 = field ? field.exp10 : 0
  let divide = row.per || 1
  while (divide % 10 === 0 && exp10 < 16) [divide, exp10] = [divide / 10, exp10 + 1]
  while (mult % 10 === 0 && exp10 > 0) [mult, exp10] = [mult / 10, exp10 - 1]
  if (mult > 0xffffffff || (row.plus && (row.times || row.per))) where('a scale that does not fit')
  if (row.per && divide !== 1 && row.nullable) where('per and nullable together')
  let arg = 0
  if (kind === 'BIT') arg = row.bit
  if (kind === 'FLAG') arg = valueOf(canboat, field.def, row.flag)
  if (kind === 'BY') arg = functions.get(row.by)
  const flags = [
    row.when && row.when.orAbsent && 'SK_N2K_OR_ABSENT',
    row.signed && 'SK_N2K_SIGNED',
    row.nonzero && 'SK_N2K_NONZERO',
    row.nullable && 'SK_N2K_NULLABLE',
    row.root && 'SK_N2K_ROOT',
    row.member && 'SK_N2K_MEMBER'
  ].filter(Boolean)
  return {
    divide,
    mult,
    exp10,
    path: pool.place(template(def, row)),
    text: pool.place(row.message || row.constant || row.root || row.member || ''),
    values,
    when: row.when ? row.when.test : 'SK_N2K_ALWAYS',
    whenField: cond,
    kind,
    flags: flags.length ? flags.join(' | ') : '0',
    plus: row.plus ? fieldIndex(def, row.plus) : NONE,
    arg,
    fields: [0, 1, 2].map((i) => (numbers[i] === undefined ? NONE : numbers[i])),
    repeated: kind !== 'BY' && field !== undefined && field.repeated
  }
}

/* ---- all of it ---- */

function definition(canboat, pgn, id) {
  const def = canboat.PGNs.find((p) => p.PGN === pgn && p.Id === id)
  if (!def) fail(`canboat has no definition ${pgn} ${id}`)
  return def
}

function fastPgns(canboat) {
  const fast = new Set(canboat.PGNs.filter((p) => p.Type === 'Fast').map((p) => p.PGN))
  for (const p of canboat.PGNs)
    if (p.Type === 'Single' && fast.has(p.PGN)) fail(`PGN ${p.PGN} is both single and fast; the decoder knows only one of them`)
  return [...fast].sort((a, b) => a - b)
}

function build(canboat, source) {
  const pool = new TextPool()
  pool.place('')
  const look = makeLookups(canboat, source.renames, pool)
  const functions = new Map([...source.functions].sort().map((name, i) => [name, i]))
  const out = { pool, look, functions, pgns: [], fields: [], rows: [], matches: [], fast: fastPgns(canboat) }
  for (const d of [...source.defs].sort((a, b) => a.pgn - b.pgn)) {
    const def = definition(canboat, d.pgn, d.id)
    def.describes = d.describes
    const fields = makeFields(def, look, pool)
    const rows = d.rows.map((row) => makeRow(canboat, def, fields, row, pool, functions))
    const matches = def.Fields.filter((f) => f.Match !== undefined)
    const repeated = fields.filter((f) => f.repeated)
    const groupFirst = fields.findIndex((f) => f.repeated)
    out.pgns.push({
      pgn: d.pgn,
      id: d.id,
      title: def.Description,
      source: d,
      root: d.context ? pool.place(d.context.root) : 0,
      firstField: out.fields.length,
      firstRow: out.rows.length,
      firstMatch: out.matches.length,
      fieldCount: fields.length,
      rowCount: rows.length,
      matchCount: matches.length,
      groupBits: repeated.some((f) => f.bits === 0) ? 0 : repeated.reduce((n, f) => n + f.bits, 0),
      groupFirst: groupFirst < 0 ? NONE : groupFirst,
      groupCount: def.RepeatingFieldSet1CountField ? def.RepeatingFieldSet1CountField - 1 : NONE,
      contextField: d.context ? fieldIndex(def, d.context.field) : NONE,
      padded: Boolean(d.context && d.context.padded),
      instance: d.instance ? fieldIndex(def, d.instance) : NONE,
      describes: d.describes,
      fields
    })
    out.fields.push(...fields)
    out.rows.push(...rows)
    out.matches.push(...matches.map((f) => ({ bit: f.BitOffset, bits: f.BitLength, value: f.Match })))
  }
  return out
}

const upper = (id) => id.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()

function writeHeader(file, t) {
  const lines = [
    `/* Made by scripts/gen_n2k.js from ${PINNED.name} ${PINNED.version} and paths.txt. Do not edit. */`,
    '#ifndef SK_N2K_GENERATED_H',
    '#define SK_N2K_GENERATED_H',
    '',
    `#define SK_N2K_FUNCTIONS(X) ${[...t.functions.keys()].map((f) => `X(${f})`).join(' ')}`,
    ''
  ]
  for (const p of t.pgns) {
    lines.push('enum {')
    for (const [i, f] of p.fields.entries())
      if (f.def.FieldType !== 'RESERVED' && f.def.FieldType !== 'SPARE')
        lines.push(`    SK_N2K_${upper(p.id)}_${upper(f.def.Id)} = ${i},`)
    lines.push('};')
  }
  lines.push('', '#endif', '')
  fs.writeFileSync(file, lines.join('\n'))
}

function writeTables(file, t) {
  const array = (head, rows) => [`const ${head}[] = {`, ...rows.map((r) => `    { ${r} },`), '};', '']
  const lines = [
    `/* Made by scripts/gen_n2k.js from ${PINNED.name} ${PINNED.version} (Apache-2.0, the canboat project). Do not edit. */`,
    '#include "codec/n2k/table.h"',
    '',
    'const char sk_n2k_text[] =',
    ...t.pool.lines(),
    '    ;',
    '',
    ...array(
      'struct sk_n2k_field sk_n2k_fields',
      t.fields.map((f) =>
        [int64(f.min), int64(f.max), f.mult, f.id, f.offset, f.bit, f.bits, `SK_N2K_${f.type}`, f.exp10, f.lookup, Boolean(f.def.Signed), f.repeated].join(', ')
      )
    ),
    ...array(
      'struct sk_n2k_row sk_n2k_rows',
      t.rows.map((r) =>
        [r.divide, r.mult, r.path, r.text, `{ ${r.values.join(', ') || 0} }`, r.values.length, r.when, r.whenField, r.exp10, `SK_N2K_IS_${r.kind}`, r.flags, r.plus, r.arg, `{ ${r.fields.join(', ')} }`, r.repeated].join(', ')
      )
    ),
    ...array('struct sk_n2k_match sk_n2k_matches', t.matches.map((m) => [m.bit, m.bits, m.value].join(', '))),
    ...array(
      'struct sk_n2k_pgn sk_n2k_pgns',
      t.pgns.map((p) =>
        [p.pgn, p.root, p.firstField, p.firstRow, p.firstMatch, p.fieldCount, p.matchCount, p.rowCount, p.groupBits, p.groupFirst, p.groupCount, p.contextField, p.instance, p.padded, p.describes].join(', ')
      )
    ),
    `const uint32_t sk_n2k_pgn_count = ${t.pgns.length};`,
    ...array('struct sk_n2k_lookup sk_n2k_lookups', t.look.lookups.map((l) => [l.first, l.count].join(', '))),
    ...array('struct sk_n2k_lookup_value sk_n2k_lookup_values', t.look.values.map((v) => [v.value, v.text, v.name].join(', '))),
    `const uint32_t sk_n2k_fast_pgns[] = { ${t.fast.join(', ')} };`,
    `const uint32_t sk_n2k_fast_count = ${t.fast.length};`,
    ''
  ]
  fs.writeFileSync(file, lines.join('\n'))
}

/* ---- the page ---- */

function whenText(row) {
  if (!row.when) return ''
  const { field, texts, orAbsent, over, test } = row.when
  if (test === 'SK_N2K_WHEN_ABOVE_ZERO') return `${field} above 0`
  if (test === 'SK_N2K_WHEN_BELOW_ZERO') return `${field} below 0`
  if (over !== undefined) return `another ${field}`
  return `${field}: ${[...texts, ...(orAbsent ? ['not available'] : [])].join(', ')}`
}

function pathText(row) {
  if (row.root) return `(context) ${row.root}`
  const named = { mmsi: '(context) mmsi', callsign: '(context) communication.callsignVhf', imo: '(context) registrations.imo' }
  return row.path === '-' ? named[row.by] || '' : '`' + row.path.replace('<lookup>', '<text>').replace(/<lookup:/g, '<') + '`'
}

function page(t) {
  const lines = ['| PGN | path | unit | |', '| --- | --- | --- | --- |']
  for (const p of t.pgns) {
    let head = `${p.pgn} ${p.title}`
    const put = (place, unit, note) => {
      lines.push(`| ${head} | ${place} | ${unit} | ${note} |`)
      head = ''
    }
    if (p.describes) put("the device's entry in `sources`", '', 'all fields')
    for (const row of p.source.rows) {
      const where = pathText(row)
      if (where !== '') put(where, row.unit === '-' ? '' : row.unit, whenText(row))
    }
  }
  return lines.join('\n')
}

function main() {
  const [paths, out, second] = process.argv.slice(2)
  if (!second && out !== '--table') fail('usage: gen_n2k.js PATHS.txt OUT.c OUT.h | PATHS.txt --table')
  const canboat = withPackage(PINNED, (folder) => JSON.parse(fs.readFileSync(path.join(folder, 'canboat.json'), 'utf8')))
  const tables = build(canboat, readPaths(paths))
  if (out === '--table') {
    console.log(page(tables))
    return
  }
  writeTables(out, tables)
  writeHeader(second, tables)
}

main()
