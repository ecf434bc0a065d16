// {{title}}: publishes the greeting of its configuration.
import { JSON, createSimpleDelta, emit, setError, setStatus } from '@signalk/assemblyscript-plugin-sdk/assembly'

export function plugin_name(): string {
  return '{{title}}'
}

export function plugin_schema(): string {
  return `{"type":"object","properties":{
    "greeting":{"type":"string","title":"Greeting","default":"Hello"}}}`
}

// The configuration comes as bytes, unlike every other argument.
export function plugin_start(configPtr: usize, configLen: usize): i32 {
  const config = JSON.parse(String.UTF8.decodeUnsafe(configPtr, configLen)) as JSON.Obj
  const given = config.getString('greeting')
  const greeting = given === null ? 'Hello' : given.valueOf()
  if (greeting == '') {
    setError('The greeting is empty')
    return 1
  }
  emit(createSimpleDelta('plugins.{{key}}.greeting', JSON.from<string>(greeting).stringify()))
  setStatus('Running')
  return 0
}

export function plugin_stop(): i32 {
  setStatus('Stopped')
  return 0
}
