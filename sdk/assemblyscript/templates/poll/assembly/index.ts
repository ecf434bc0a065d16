// {{title}}: publishes how long it has been running.
import { JSON, createSimpleDelta, emit, setError, setStatus } from '@signalk/assemblyscript-plugin-sdk/assembly'

let interval: i64 = 1
let seconds: i64 = 0

export function plugin_name(): string {
  return '{{title}}'
}

export function plugin_schema(): string {
  return `{"type":"object","properties":{
    "interval":{"type":"integer","title":"Publish every so many seconds","default":1,"minimum":1}}}`
}

// The configuration comes as bytes, unlike every other argument.
export function plugin_start(configPtr: usize, configLen: usize): i32 {
  const config = JSON.parse(String.UTF8.decodeUnsafe(configPtr, configLen)) as JSON.Obj
  const wanted = config.getInteger('interval')
  interval = wanted === null ? 1 : wanted.valueOf()
  seconds = 0
  if (interval < 1) {
    setError('The interval must be one second or more')
    return 1
  }
  setStatus('Counting')
  return 0
}

export function plugin_stop(): i32 {
  setStatus('Stopped')
  return 0
}

// Once a second.
export function poll(): i32 {
  seconds++
  if (seconds % interval == 0) emit(createSimpleDelta('plugins.{{key}}.uptime', seconds.toString()))
  return 0
}
