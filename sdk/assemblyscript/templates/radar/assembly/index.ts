// {{title}}: a simulated radar. A real one would get its spokes from a socket (sk_udp_recv).
import { JSON, setError, setStatus } from '@signalk/assemblyscript-plugin-sdk/assembly'

// The SDK has no functions for these.
@external('env', 'sk_register_radar_provider')
declare function sk_register_radar_provider(name: usize, length: usize): i32

@external('env', 'sk_radar_emit_spokes')
declare function sk_radar_emit_spokes(radar: usize, radarLen: usize, data: usize, length: usize): i32

const ID = 'sim'
const SPOKES: i32 = 32
const SAMPLES: i32 = 64

let transmitting = false
let range: f64 = 1852
let gain = '{"auto":true,"value":50}'
let angle: i32 = 0

function registerRadarProvider(name: string): bool {
  const bytes = String.UTF8.encode(name)
  return sk_register_radar_provider(changetype<usize>(bytes), bytes.byteLength) == 1
}

function emitSpokes(radar: string, spoke: ArrayBuffer): void {
  const id = String.UTF8.encode(radar)
  sk_radar_emit_spokes(changetype<usize>(id), id.byteLength, changetype<usize>(spoke), spoke.byteLength)
}

export function plugin_name(): string {
  return '{{title}}'
}

export function plugin_schema(): string {
  return '{"type":"object","properties":{}}'
}

export function plugin_start(configPtr: usize, configLen: usize): i32 {
  transmitting = false
  if (!registerRadarProvider('{{title}}')) {
    setError('Providing radars was refused: package.json needs "radarProvider": true')
    return 1
  }
  setStatus('Standby')
  return 0
}

export function plugin_stop(): i32 {
  setStatus('Stopped')
  return 0
}

// A revolution a second: each spoke is its number and a row of samples, with one echo that wanders.
export function poll(): i32 {
  for (let i = 0; transmitting && i < SPOKES; i++) {
    const spoke = new Uint8Array(1 + SAMPLES)
    spoke[0] = <u8>angle
    spoke[1 + ((angle * 2) % SAMPLES)] = 255
    emitSpokes(ID, spoke.buffer)
    angle = (angle + 1) % SPOKES
  }
  return 0
}

function power(): string {
  return transmitting ? '"transmit"' : '"standby"'
}

function member(request: string, name: string): string {
  const text = (JSON.parse(request) as JSON.Obj).getString(name)
  return text === null ? '' : text.valueOf()
}

function ours(request: string): bool {
  return member(request, 'radarId') == ID
}

export function radar_get_radars(request: string): string {
  return `["${ID}"]`
}

export function radar_get_radar_info(request: string): string {
  if (!ours(request)) return 'null'
  return `{"id":"${ID}","name":"{{title}}","brand":"Simulator","status":${power()},
    "spokesPerRevolution":${SPOKES},"maxSpokeLen":${1 + SAMPLES},"range":${range}}`
}

export function radar_get_capabilities(request: string): string {
  if (!ours(request)) return 'null'
  return `{"id":"${ID}","make":"Simulator","model":"One","controls":[
    {"id":"power","name":"Power","type":"enum","values":["standby","transmit"]},
    {"id":"range","name":"Range","type":"number","units":"m"},
    {"id":"gain","name":"Gain","type":"compound"}]}`
}

export function radar_get_state(request: string): string {
  if (!ours(request)) return 'null'
  return `{"id":"${ID}","status":${power()},"controls":{"power":${power()},"range":${range},"gain":${gain}}}`
}

export function radar_get_control(request: string): string {
  if (!ours(request)) return 'null'
  const control = member(request, 'controlId')
  if (control == 'power') return power()
  if (control == 'range') return range.toString()
  return control == 'gain' ? gain : 'null'
}

// What went wrong; empty: it is set.
function setControl(control: string, value: JSON.Value | null): string {
  if (value === null) return 'there is no value'
  if (control == 'power' && value.isString) {
    const text = (value as JSON.Str).valueOf()
    if (text != 'transmit' && text != 'standby') return 'power is standby or transmit'
    transmitting = text == 'transmit'
    setStatus(transmitting ? 'Transmitting' : 'Standby')
  } else if (control == 'range' && value.isInteger) {
    range = <f64>(value as JSON.Integer).valueOf()
  } else if (control == 'range' && value.isFloat) {
    range = (value as JSON.Float).valueOf()
  } else if (control == 'gain' && value.isObj) {
    gain = value.stringify()
  } else {
    return 'there is no such control, or it cannot have this value'
  }
  return ''
}

export function radar_set_control(request: string): string {
  const wrong = ours(request)
    ? setControl(member(request, 'controlId'), (JSON.parse(request) as JSON.Obj).get('value'))
    : 'there is no such radar'
  return wrong == '' ? '{"success":true}' : `{"success":false,"error":"${wrong}"}`
}
