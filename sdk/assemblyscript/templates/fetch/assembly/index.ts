// {{title}}: fetches a number and publishes it, with as-fetch. (The Node server lets plugins fetch only in plugin_start and in weather
// and radar handlers; there move the call into one of these.)
import { JSON, createSimpleDelta, emit, setError, setStatus } from '@signalk/assemblyscript-plugin-sdk/assembly'
import { RequestInit } from 'as-fetch/assembly/src/Request'
import { fetchSync } from 'as-fetch/sync'

// With `fetch(…).then(…)` the answer arrives here.
export { responseHandler } from 'as-fetch/assembly'

let url = ''
let path = ''
let interval: i64 = 60
let seconds: i64 = 0

function textOf(object: JSON.Obj, member: string, otherwise: string): string {
  const text = object.getString(member)
  return text === null ? otherwise : text.valueOf()
}

export function plugin_name(): string {
  return '{{title}}'
}

export function plugin_schema(): string {
  return `{"type":"object","properties":{
    "url":{"type":"string","title":"URL of a document with a number as value"},
    "path":{"type":"string","title":"Signal K path","default":"environment.outside.temperature"},
    "interval":{"type":"integer","title":"Fetch every so many seconds","default":60,"minimum":1}}}`
}

// The configuration comes as bytes, unlike every other argument.
export function plugin_start(configPtr: usize, configLen: usize): i32 {
  const config = JSON.parse(String.UTF8.decodeUnsafe(configPtr, configLen)) as JSON.Obj
  const wanted = config.getInteger('interval')
  url = textOf(config, 'url', '')
  path = textOf(config, 'path', 'environment.outside.temperature')
  interval = wanted === null ? 60 : wanted.valueOf()
  seconds = 0
  if (interval < 1) {
    setError('The interval must be one second or more')
    return 1
  }
  setStatus(url == '' ? 'Waiting for a URL in the configuration' : 'Waiting')
  return 0
}

export function plugin_stop(): i32 {
  setStatus('Stopped')
  return 0
}

// Once a second; the first fetch comes with the first. An answer that never came is an empty one.
export function poll(): i32 {
  const due = seconds % interval == 0
  seconds++
  if (!due || url == '') return 0
  const init = new RequestInit()
  init.method = 'GET'
  init.mode = 'cors'
  init.headers = []
  init.body = new ArrayBuffer(0)
  const text = fetchSync(url, init).text()
  const document = text.startsWith('{') && text.endsWith('}') ? JSON.parse(text) : null
  const value = document !== null && document.isObj ? (document as JSON.Obj).get('value') : null
  if (value === null || !(value.isFloat || value.isInteger)) {
    setError('The answer has no number in "value"')
    return 1
  }
  emit(createSimpleDelta(path, value.stringify()))
  setStatus('Fetched')
  return 0
}
