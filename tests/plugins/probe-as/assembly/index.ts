// Probe in AssemblyScript: everything that crosses the boundary as an AssemblyScript string, and the configuration, which
// does not. Values are JSON text here, as in the SDK.
import {
  Delta,
  Plugin,
  PathValue,
  Update,
  debug,
  emit,
  getSelfPath,
  readConfig,
  saveConfig,
  setError,
  setStatus,
  JSON,
} from '@signalk/assemblyscript-plugin-sdk/assembly'

// The SDK has no function for this one.
@external('env', 'sk_register_put_handler')
declare function sk_register_put_handler(context: usize, contextLen: usize, path: usize, pathLen: usize): i32

function registerPut(path: string): bool {
  const context = String.UTF8.encode('vessels.self')
  const name = String.UTF8.encode(path)
  return (
    sk_register_put_handler(
      changetype<usize>(context),
      context.byteLength,
      changetype<usize>(name),
      name.byteLength
    ) == 1
  )
}

function publish(path: string, json: string): void {
  emit(new Delta('vessels.self', [new Update([new PathValue(path, json)])]))
}

// This SDK decodes its whole buffer, with the zeros behind the server's answer.
function untilNul(text: string): string {
  const end = text.indexOf('\0')
  return end < 0 ? text : text.substring(0, end)
}

function quoted(text: string): string {
  return JSON.from<string>(text).stringify()
}

class Probe extends Plugin {
  polls: i32 = 0
  deltas: i32 = 0
  config: string = ''

  name(): string {
    return 'AssemblyScript probe \u2693'
  }

  schema(): string {
    return '{"type":"object","properties":{"label":{"type":"string","title":"Label"}}}'
  }

  start(config: string): i32 {
    this.config = config
    const parsed = JSON.parse(config)
    if (!parsed.isObj) {
      setError('configuration is not an object')
      return 1
    }
    const label = (parsed as JSON.Obj).getString('label')
    publish('test.as.label', label ? quoted(label.valueOf()) : 'null')
    publish('test.as.put', registerPut('test.as.value') ? 'true' : 'false')
    debug('probe-as started with ' + config)
    setStatus('Running \u2693')
    return 0
  }

  stop(): i32 {
    setStatus('Stopped')
    return 0
  }

  poll(): i32 {
    this.polls++
    publish('test.as.polls', this.polls.toString())
    publish('test.as.deltas', this.deltas.toString())
    return 0
  }
}

const plugin = new Probe()

export function plugin_name(): string {
  return plugin.name()
}

export function plugin_schema(): string {
  return plugin.schema()
}

// The configuration comes as bytes, unlike every other argument.
export function plugin_start(configPtr: usize, configLen: usize): i32 {
  return plugin.start(String.UTF8.decodeUnsafe(configPtr, configLen))
}

export function plugin_stop(): i32 {
  return plugin.stop()
}

export function poll(): i32 {
  return plugin.poll()
}

export function delta_handler(delta: string): void {
  // Its own deltas are not counted: each count is published, and would count again.
  if (!delta.includes('"path":"test.as.')) plugin.deltas++
}

export function handle_put_vessels_self_test_as_value(value: string): string {
  if (value.startsWith('"refuse')) {
    return '{"state":"COMPLETED","statusCode":400,"message":"refused \u2693"}'
  }
  publish('test.as.value', value)
  return '{"state":"COMPLETED","statusCode":200}'
}

export function http_endpoints(): string {
  return `[
    {"method":"GET","path":"/api/echo/:id","handler":"http_echo"},
    {"method":"POST","path":"/api/echo/:id","handler":"http_echo"},
    {"method":"GET","path":"/api/self","handler":"http_self"},
    {"method":"GET","path":"/api/units","handler":"http_units"},
    {"method":"GET","path":"/api/config","handler":"http_config"},
    {"method":"POST","path":"/api/config","handler":"http_save"},
    {"method":"GET","path":"/api/trap","handler":"http_trap"},
    {"method":"GET","path":"/api/null","handler":"http_null"}
  ]`
}

function answer(status: i32, body: string): string {
  return `{"statusCode":${status},"headers":{"Content-Type":"application/json"},"body":${body}}`
}

export function http_echo(request: string): string {
  return answer(200, request)
}

export function http_self(request: string): string {
  const parsed = JSON.parse(request) as JSON.Obj
  const query = parsed.getObj('query')
  const path = query ? query.getString('path') : null
  const value = getSelfPath(path ? path.valueOf() : 'uuid')
  return answer(value === null ? 404 : 200, value === null ? 'null' : untilNul(value))
}

// The two-parameter form: the second is the length in UTF-16 units, which must agree with the string's own.
export function http_units(request: string, units: i32): string {
  return answer(200, `{"units":${units},"length":${request.length}}`)
}

export function http_config(request: string): string {
  return answer(200, `{"stored":${untilNul(readConfig())},"started":${quoted(plugin.config)}}`)
}

export function http_save(request: string): string {
  const body = (JSON.parse(request) as JSON.Obj).getObj('body')
  const result = saveConfig(body ? body.stringify() : '{}')
  return answer(200, `{"result":${result}}`)
}

export function http_trap(request: string): string {
  assert(request.length == 0, 'told to trap \u2693')
  return ''
}

export function http_null(request: string): string | null {
  return null
}
