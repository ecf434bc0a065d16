'use strict'
/*
 * Data that a build reads from a published npm package: fetched once with `npm pack`, checked against the hash that the caller
 * names, and kept outside the tree in $SKIFF_CACHE (default ~/.cache/skiff).
 */
const { createHash } = require('crypto')
const { execFileSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')

function fail(text) {
  console.error(path.basename(process.argv[1]) + ': ' + text)
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
function archive({ name, version, integrity }, work) {
  const kept = path.join(cacheDir(), 'npm', `${name.split('/').pop()}-${version}.tgz`)
  if (fs.existsSync(kept) && integrityOf(kept) === integrity) return kept
  try {
    execFileSync('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', work], {
      cwd: work,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, npm_config_update_notifier: 'false' }
    })
  } catch (e) {
    fail(`cannot fetch ${name}@${version} with npm: ${String(e.stderr || e.message).trim()}`)
  }
  const got = path.join(work, fs.readdirSync(work).find((f) => f.endsWith('.tgz')) || 'missing.tgz')
  if (!fs.existsSync(got)) fail('npm pack left no archive')
  if (integrityOf(got) !== integrity) fail(`${name}@${version} is not the archive we know (got ${integrityOf(got)})`)
  try {
    fs.mkdirSync(path.dirname(kept), { recursive: true })
    fs.copyFileSync(got, kept + `.${process.pid}`)
    fs.renameSync(kept + `.${process.pid}`, kept)
  } catch (e) {
    /* no cache is fine, only slower next time */
  }
  return got
}

/* Calls use(folder) with the unpacked package and returns what it returns; the folder is gone afterwards. */
function withPackage(pinned, use) {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'skiff-npm-'))
  try {
    execFileSync('tar', ['-xzf', archive(pinned, work), '-C', work], { stdio: ['ignore', 'ignore', 'inherit'] })
    return use(path.join(work, 'package'))
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
}

/* The text as the inside of a C string literal. */
function cString(text) {
  let out = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    const c = String.fromCharCode(byte)
    if (byte < 0x20 || byte > 0x7e || c === '?' || c === '"' || c === '\\') out += '\\' + byte.toString(8).padStart(3, '0')
    else out += c
  }
  return out
}

/* Texts that stand once in a C array, each with a NUL behind. */
class TextPool {
  constructor() {
    this.offsets = new Map()
    this.size = 0
  }
  place(text) {
    if (!this.offsets.has(text)) {
      this.offsets.set(text, this.size)
      this.size += Buffer.byteLength(text, 'utf8') + 1
    }
    return this.offsets.get(text)
  }
  lines() {
    return [...this.offsets.keys()].map((s) => `    "${cString(s)}\\0"`)
  }
}

module.exports = { withPackage, fail, cString, TextPool }
