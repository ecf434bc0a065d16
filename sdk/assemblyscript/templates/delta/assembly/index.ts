// {{title}}: the highest speed over ground so far.
import { JSON, createSimpleDelta, emit, getSelfPath, setStatus } from '@signalk/assemblyscript-plugin-sdk/assembly'

const SPEED = 'navigation.speedOverGround'

let maxSpeed: f64 = 0
let context = '' // of the own vessel; where the server does not tell, all vessels count

// The SDK decodes its whole buffer, with the zeros behind the server's answer.
function selfText(path: string): string {
  const json = getSelfPath(path)
  if (json === null) return ''
  const end = json.indexOf('\0')
  const text = JSON.parse(end < 0 ? json : json.substring(0, end))
  return text.isString ? (text as JSON.Str).valueOf() : ''
}

function numberIn(value: JSON.Value | null): f64 {
  if (value !== null && value.isFloat) return (value as JSON.Float).valueOf()
  if (value !== null && value.isInteger) return <f64>(value as JSON.Integer).valueOf()
  return NaN
}

export function plugin_name(): string {
  return '{{title}}'
}

export function plugin_schema(): string {
  return `{"type":"object","properties":{
    "ignoreBelow":{"type":"number","title":"Ignore speeds below (m/s)","default":0}}}`
}

// The configuration comes as bytes, unlike every other argument.
export function plugin_start(configPtr: usize, configLen: usize): i32 {
  const config = JSON.parse(String.UTF8.decodeUnsafe(configPtr, configLen)) as JSON.Obj
  const limit = numberIn(config.get('ignoreBelow'))
  const mmsi = selfText('mmsi')
  const uuid = selfText('uuid')
  maxSpeed = isNaN(limit) ? 0 : limit
  context = mmsi != '' ? 'vessels.urn:mrn:imo:mmsi:' + mmsi : uuid != '' ? 'vessels.' + uuid : ''
  setStatus('Watching')
  return 0
}

export function plugin_stop(): i32 {
  setStatus('Stopped')
  return 0
}

function lookAt(entry: JSON.Obj): void {
  const path = entry.getString('path')
  const speed = numberIn(entry.get('value'))
  if (path === null || path.valueOf() != SPEED || !(speed > maxSpeed)) return
  maxSpeed = speed
  emit(createSimpleDelta('plugins.{{key}}.maxSpeed', speed.toString()))
}

export function delta_handler(text: string): void {
  if (!text.includes('"path":"' + SPEED + '"')) return // most deltas are of no interest: spare the parsing
  const delta = JSON.parse(text) as JSON.Obj
  const from = delta.getString('context')
  const updates = delta.getArr('updates')
  if (updates === null || (context != '' && (from === null || from.valueOf() != context))) return
  for (let u = 0; u < updates.valueOf().length; u++) {
    const values = (updates.valueOf()[u] as JSON.Obj).getArr('values')
    for (let i = 0; values !== null && i < values.valueOf().length; i++) lookAt(values.valueOf()[i] as JSON.Obj)
  }
}
