'use strict'
/* Reads src/codec/n2k/paths.txt, whose head explains it, into plain objects. A mistake there ends the build with its line. */
const fs = require('fs')
const { fail } = require('./npm_archive.js')

/* Words; a text in double quotes is one word (marked, so that "or" is not or), {…} too. */
function words(line) {
  const found = []
  for (const m of line.matchAll(/"([^"]*)"|(\{[^}]*\}\S*)|(\S+)/g)) {
    if (m[1] !== undefined) found.push({ text: m[1], quoted: true })
    else found.push({ text: m[2] || m[3], quoted: false })
  }
  return found
}

class Words {
  constructor(list, line) {
    this.list = list
    this.line = line
  }
  fail(text) {
    fail(`paths.txt line ${this.line}: ${text}`)
  }
  is(text) {
    return this.list.length > 0 && !this.list[0].quoted && this.list[0].text === text
  }
  take(what) {
    if (this.list.length === 0) this.fail(`${what} is missing`)
    return this.list.shift().text
  }
  quoted() {
    if (this.list.length === 0 || !this.list[0].quoted) this.fail('a text in quotes is missing')
    return this.list.shift().text
  }
  number() {
    const n = Number(this.take('a number'))
    if (!Number.isFinite(n)) this.fail('that is no number')
    return n
  }
}

/* Behind "if": FIELD is "A" or "B" or nothing | FIELD above 0 | FIELD below 0 */
function condition(w) {
  const field = w.take('the field')
  const how = w.take('is, above or below')
  if (how === 'above' || how === 'below') {
    if (w.number() !== 0) w.fail('only 0 can be compared with')
    return { field, test: how === 'above' ? 'SK_N2K_WHEN_ABOVE_ZERO' : 'SK_N2K_WHEN_BELOW_ZERO' }
  }
  if (how !== 'is') w.fail(`"${how}" is no condition`)
  const cond = { field, test: 'SK_N2K_WHEN_ONE_OF', texts: [], orAbsent: false }
  for (;;) {
    if (w.is('nothing')) {
      w.take()
      cond.orAbsent = true
    } else {
      cond.texts.push(w.quoted())
    }
    if (!w.is('or')) return cond
    w.take()
  }
}

const HOW = {
  if: (row, w) => (row.when = condition(w)),
  times: (row, w) => (row.times = w.number()),
  per: (row, w) => (row.per = w.number()),
  plus: (row, w) => (row.plus = w.take('the other field')),
  signed: (row) => (row.signed = true),
  nonzero: (row) => (row.nonzero = true),
  nullable: (row) => (row.nullable = true),
  text: (row) => (row.kind = 'text'),
  lower: (row) => (row.kind = 'lower'),
  flag: (row, w) => Object.assign(row, { kind: 'flag', flag: w.quoted() }),
  in: (row, w) => (row.member = w.take('the member')),
  root: (row, w) => (row.root = w.take('the member')),
  is: (row, w) => Object.assign(row, { kind: 'constant', constant: w.quoted() }),
  bit: (row, w) => Object.assign(row, { kind: 'bit', bit: w.number(), message: w.quoted() }),
  by: (row, w) => Object.assign(row, { kind: 'by', by: w.take('the function') })
}

function readRow(w) {
  const names = w.take('the field')
  const row = { line: w.line, fields: names === '-' ? [] : names.split(','), path: w.take('the path'), unit: w.take('the unit'), kind: 'number' }
  while (w.list.length > 0) {
    const how = w.take()
    if (!HOW[how]) w.fail(`"${how}" says nothing to us`)
    HOW[how](row, w)
  }
  return row
}

/* A row whose path is {SET FIELD [FIELD]}rest: one row for each entry of the set. */
function expand(row, sets, w) {
  const m = /^\{(\S+) (\S+?)(?: (\S+?))?\}(.*)$/.exec(row.path)
  if (!m) return [row]
  const [, name, by, index, rest] = m
  if (!sets.has(name)) w.fail(`there is no set ${name}`)
  return sets.get(name).map(({ text, path, after }) => ({
    ...row,
    path: path.replace('<i>', index ? `<${index}>` : 'default') + rest,
    when: text === '*' ? { field: by, test: 'SK_N2K_WHEN_OVER', over: after } : { field: by, test: 'SK_N2K_WHEN_ONE_OF', texts: [text] }
  }))
}

function attribute(def, w) {
  if (w.is('context')) {
    w.take()
    def.context = { root: w.take('the root'), field: w.take('the field'), padded: w.is('padded') && w.take() === 'padded' }
  } else if (w.is('instance') && w.list.length === 2) {
    w.take()
    def.instance = w.take('the field')
  } else if (w.is('describes')) {
    def.describes = true
  } else {
    return false
  }
  return true
}

function readPaths(file) {
  const out = { renames: new Map(), defs: [], functions: new Set() }
  const sets = new Map()
  let into = null // a set's entries, or a definition
  let last = '' // text of the last entry of any set
  for (const [i, raw] of fs.readFileSync(file, 'utf8').split('\n').entries()) {
    const line = /^\s*#/.test(raw) ? '' : raw
    if (line.trim() === '') continue
    const w = new Words(words(line), i + 1)
    if (/^\s/.test(line)) {
      if (Array.isArray(into)) {
        const text = w.take('the text')
        into.push({ text, path: w.take('the path'), after: last })
        last = text
      } else if (into === null) {
        w.fail('a row of nothing')
      } else if (!attribute(into, w)) {
        into.rows.push(...expand(readRow(w), sets, w))
      }
    } else if (w.is('rename')) {
      w.take()
      const name = w.take('the lookup')
      const texts = out.renames.get(name) || out.renames.set(name, new Map()).get(name)
      texts.set(w.quoted(), w.list.length > 0 ? w.quoted() : '')
    } else if (w.is('set')) {
      w.take()
      sets.set(w.take('the name'), (into = []))
    } else {
      into = { pgn: w.number(), id: w.take('the definition'), rows: [], describes: false }
      out.defs.push(into)
    }
  }
  for (const def of out.defs) for (const row of def.rows) if (row.by) out.functions.add(row.by)
  return out
}

module.exports = { readPaths }
