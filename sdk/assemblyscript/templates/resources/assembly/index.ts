// {{title}}: buoys as resources, kept as long as the plugin runs.
import {
  JSON,
  ResourceDeleteRequest,
  ResourceGetRequest,
  ResourceSetRequest,
  registerResourceProvider,
  setError,
  setStatus,
} from '@signalk/assemblyscript-plugin-sdk/assembly'

const buoys = new Map<string, string>()

export function plugin_name(): string {
  return '{{title}}'
}

export function plugin_schema(): string {
  return '{"type":"object","properties":{}}'
}

export function plugin_start(configPtr: usize, configLen: usize): i32 {
  buoys.clear()
  buoys.set('harbour', '{"name":"Harbour entrance","position":{"latitude":60.1,"longitude":24.9}}')
  if (!registerResourceProvider('buoys')) {
    setError('Providing resources was refused: package.json needs "resourceProvider": true')
    return 1
  }
  setStatus('Keeping buoys')
  return 0
}

export function plugin_stop(): i32 {
  setStatus('Stopped')
  return 0
}

export function resources_list_resources(request: string): string {
  let out = ''
  const ids = buoys.keys()
  for (let i = 0; i < ids.length; i++) {
    out += (i > 0 ? ',' : '') + JSON.from<string>(ids[i]).stringify() + ':' + buoys.get(ids[i])
  }
  return '{' + out + '}'
}

// The buoy, or the part of it that was asked for, such as position.latitude.
export function resources_get_resource(request: string): string {
  const asked = ResourceGetRequest.parse(request)
  if (!buoys.has(asked.id)) return 'null'
  let part: JSON.Value | null = JSON.parse(buoys.get(asked.id))
  const names: string[] = asked.property === null ? new Array<string>() : asked.property!.split('.')
  for (let i = 0; i < names.length; i++) part = part !== null && part.isObj ? (part as JSON.Obj).get(names[i]) : null
  return part === null ? 'null' : part.stringify()
}

export function resources_set_resource(request: string): string {
  const asked = ResourceSetRequest.parse(request)
  const value = JSON.parse(asked.value)
  if (!value.isObj || (value as JSON.Obj).getString('name') === null) return '{"error":"a buoy needs a name"}'
  buoys.set(asked.id, asked.value)
  return '{}'
}

export function resources_delete_resource(request: string): string {
  return buoys.delete(ResourceDeleteRequest.parse(request).id) ? '{}' : '{"error":"there is no such buoy"}'
}
