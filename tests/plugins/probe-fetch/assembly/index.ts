// Fetches with as-fetch, built as its authors say (with its Asyncify transform), in every kind of call:
// in plugin_start the URL of the configuration's `start`, in poll `poll`, in plugin_stop `stop`; over HTTP
//   POST /api/fetch {"url","method","headers":[["Name","value"]],"body"} -> {"length":n,"text":"..."}
//   POST /api/later, the same, answered at once; GET /api/later -> what responseHandler brought last.
import { JSON, setStatus } from '@signalk/assemblyscript-plugin-sdk/assembly'
import { fetch } from 'as-fetch/assembly'
import { RequestInit } from 'as-fetch/assembly/src/Request'
import { Response } from 'as-fetch/assembly/src/Response'
import { fetchSync } from 'as-fetch/sync'

export { responseHandler } from 'as-fetch/assembly'

let config: JSON.Obj = new JSON.Obj()
let polls: i32 = 0
let later: string = '{}'

function textOf(from: JSON.Obj, name: string): string {
  const found = from.getString(name)
  return found ? found.valueOf() : ''
}

function described(text: string, length: i32): string {
  return `{"length":${length},"text":${JSON.from<string>(text).stringify()}}`
}

function initOf(asked: JSON.Obj): RequestInit {
  const init = new RequestInit()
  const method = textOf(asked, 'method')
  const headers = asked.getArr('headers')
  init.method = method == '' ? 'GET' : method
  init.mode = 'cors'
  init.headers = []
  init.body = String.UTF8.encode(textOf(asked, 'body'))
  if (headers) {
    const pairs = headers.valueOf()
    for (let i = 0; i < pairs.length; i++) {
      const pair = (pairs[i] as JSON.Arr).valueOf()
      init.headers!.push([(pair[0] as JSON.Str).valueOf(), (pair[1] as JSON.Str).valueOf()])
    }
  }
  return init
}

function get(name: string): string {
  const url = textOf(config, name)
  return url == '' ? '' : fetchSync(url, initOf(new JSON.Obj())).text()
}

export function plugin_name(): string {
  return 'Fetch probe'
}

export function plugin_schema(): string {
  return '{"type":"object","properties":{}}'
}

export function plugin_start(configPtr: usize, configLen: usize): i32 {
  config = JSON.parse(String.UTF8.decodeUnsafe(configPtr, configLen)) as JSON.Obj
  setStatus('started with "' + get('start') + '"')
  return 0
}

export function plugin_stop(): i32 {
  get('stop')
  return 0
}

export function poll(): i32 {
  polls++
  if (textOf(config, 'poll') != '') setStatus('polled "' + get('poll') + '"')
  return 0
}

export function http_endpoints(): string {
  return `[
    {"method":"POST","path":"/api/fetch","handler":"http_fetch"},
    {"method":"POST","path":"/api/later","handler":"http_later"},
    {"method":"GET","path":"/api/later","handler":"http_came"}
  ]`
}

function answer(body: string): string {
  return `{"statusCode":200,"headers":{"Content-Type":"application/json"},"body":${body}}`
}

function asked(request: string): JSON.Obj {
  return (JSON.parse(request) as JSON.Obj).getObj('body')!
}

export function http_fetch(request: string): string {
  const what = asked(request)
  const buffer = fetchSync(textOf(what, 'url'), initOf(what)).arrayBuffer()
  return answer(described(buffer.byteLength > 4096 ? '' : String.UTF8.decode(buffer), buffer.byteLength))
}

export function http_later(request: string): string {
  const what = asked(request)
  fetch(textOf(what, 'url'), initOf(what)).then((response: Response) => {
    const text = response.text()
    later = `{"status":${response.status},"redirected":${response.redirected},"text":${JSON.from<string>(text).stringify()}}`
  })
  return answer('true')
}

export function http_came(request: string): string {
  return answer(later)
}
