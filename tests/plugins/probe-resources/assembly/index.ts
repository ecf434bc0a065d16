// Probe: waypoints and "buoys" out of this plugin's memory, asked for as resources. Some ids misbehave on purpose:
// "trap" traps, "forever" never returns, "text" answers what is no JSON, "error" answers {"error":...}.
import { Plugin, debug, setError, setStatus, JSON } from '@signalk/assemblyscript-plugin-sdk/assembly'

@external('env', 'sk_register_resource_provider')
declare function sk_register_resource_provider(type: usize, length: usize): i32

function provide(type: string): bool {
  const bytes = String.UTF8.encode(type)
  return sk_register_resource_provider(changetype<usize>(bytes), bytes.byteLength) == 1
}

const HARBOUR =
  '{"name":"Harbour \u2693","feature":{"type":"Feature","geometry":{"type":"Point","coordinates":[24.9,60.1]},"properties":{}}}'

class Probe extends Plugin {
  waypoints: Map<string, string> = new Map<string, string>()
  buoys: Map<string, string> = new Map<string, string>()

  name(): string {
    return 'Resources probe'
  }

  schema(): string {
    return '{"type":"object","properties":{"fail":{"type":"boolean"}}}'
  }

  start(config: string): i32 {
    this.waypoints.set('11111111-1111-4111-8111-111111111111', HARBOUR)
    if (!provide('waypoints') || !provide('buoys')) {
      setError('not allowed to provide resources')
      return 1
    }
    if (config.includes('"fail":true')) return 7
    setStatus('Providing')
    return 0
  }

  stop(): i32 {
    return 0
  }

  of(type: string): Map<string, string> {
    return type == 'buoys' ? this.buoys : this.waypoints
  }
}

const plugin = new Probe()
let asked = ''

export function plugin_name(): string {
  return plugin.name()
}

export function plugin_schema(): string {
  return plugin.schema()
}

export function plugin_start(configPtr: usize, configLen: usize): i32 {
  return plugin.start(String.UTF8.decodeUnsafe(configPtr, configLen))
}

export function plugin_stop(): i32 {
  return plugin.stop()
}

function member(request: JSON.Obj, name: string): string {
  const text = request.getString(name)
  return text ? text.valueOf() : ''
}

export function resources_list_resources(request: string): string {
  const parsed = JSON.parse(request) as JSON.Obj
  const all = plugin.of(member(parsed, 'resourceType'))
  let out = '{"asked":{"request":' + request + '}'
  const ids = all.keys()
  for (let i = 0; i < ids.length; i++) out += ',"' + ids[i] + '":' + all.get(ids[i])
  return out + '}'
}

export function resources_get_resource(request: string): string | null {
  asked = request
  const parsed = JSON.parse(request) as JSON.Obj
  const id = member(parsed, 'id')
  if (id == 'trap') assert(false, 'told to trap')
  while (id == 'forever') asked = id
  if (id == 'text') return 'this is no JSON'
  if (id == 'error') return '{"error":"not today"}'
  if (id == 'long') return '{"text":"' + 'x'.repeat(200000) + '"}'
  if (id == 'request') return '{"request":' + request + '}'
  const all = plugin.of(member(parsed, 'resourceType'))
  return all.has(id) ? all.get(id) : null
}

export function resources_set_resource(request: string): string {
  debug('set ' + request)
  const parsed = JSON.parse(request) as JSON.Obj
  const id = member(parsed, 'id')
  const value = parsed.getObj('value')
  if (id == 'error') return '{"error":"not today"}'
  plugin.of(member(parsed, 'resourceType')).set(id, value ? value.stringify() : 'null')
  return ''
}

export function resources_delete_resource(request: string): string {
  const parsed = JSON.parse(request) as JSON.Obj
  const id = member(parsed, 'id')
  return plugin.of(member(parsed, 'resourceType')).delete(id) ? '' : '{"error":"there is none"}'
}
