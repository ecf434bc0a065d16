// {{title}}: a lamp that is switched by PUT requests. (The Node server calls PUT handlers in AssemblyScript with nothing: there this
// template answers every request with status 400.)
import { JSON, createSimpleDelta, emit, setError, setStatus } from '@signalk/assemblyscript-plugin-sdk/assembly'

// The SDK has no function for this one.
@external('env', 'sk_register_put_handler')
declare function sk_register_put_handler(context: usize, contextLen: usize, path: usize, pathLen: usize): i32

const PATH = 'electrical.switches.cabinLight.state'

function registerPut(path: string): bool {
  const context = String.UTF8.encode('vessels.self')
  const name = String.UTF8.encode(path)
  return sk_register_put_handler(changetype<usize>(context), context.byteLength, changetype<usize>(name), name.byteLength) == 1
}

// Here a real plugin talks to its relay.
function switchLamp(on: bool): void {
  emit(createSimpleDelta(PATH, on ? 'true' : 'false'))
  setStatus(on ? 'The lamp is on' : 'The lamp is off')
}

export function plugin_name(): string {
  return '{{title}}'
}

export function plugin_schema(): string {
  return `{"type":"object","properties":{
    "onAtStart":{"type":"boolean","title":"Switch the lamp on at start","default":false}}}`
}

// The configuration comes as bytes, unlike every other argument.
export function plugin_start(configPtr: usize, configLen: usize): i32 {
  const config = JSON.parse(String.UTF8.decodeUnsafe(configPtr, configLen)) as JSON.Obj
  const on = config.getBool('onAtStart')
  if (!registerPut(PATH)) {
    setError('PUT requests were refused: package.json needs "putHandlers": true')
    return 1
  }
  switchLamp(on === null ? false : on.valueOf())
  return 0
}

export function plugin_stop(): i32 {
  setStatus('Stopped')
  return 0
}

// The name is that of the path, with underscores for its dots. The value is JSON text.
export function handle_put_vessels_self_electrical_switches_cabinLight_state(value: string | null): string {
  if (value === null || (value != 'true' && value != 'false')) {
    return '{"state":"COMPLETED","statusCode":400,"message":"the state must be true or false"}'
  }
  switchLamp(value == 'true')
  return '{"state":"COMPLETED","statusCode":200}'
}
