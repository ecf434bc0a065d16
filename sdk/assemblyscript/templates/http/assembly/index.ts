// {{title}}: answers HTTP requests below /plugins/{{id}}.
import { JSON, setStatus } from '@signalk/assemblyscript-plugin-sdk/assembly'

let greeting = 'Hello'
let answered: i32 = 0

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
  greeting = textOf(config, 'greeting', 'Hello')
  answered = 0
  setStatus('Answering')
  return 0
}

export function plugin_stop(): i32 {
  setStatus('Stopped')
  return 0
}

export function http_endpoints(): string {
  return `[
    {"method":"GET","path":"/api/hello/:name","handler":"http_hello"},
    {"method":"POST","path":"/api/greeting","handler":"http_greeting"}
  ]`
}

function textOf(object: JSON.Obj | null, member: string, otherwise: string): string {
  if (object === null) return otherwise
  const text = object.getString(member)
  return text === null ? otherwise : text.valueOf()
}

function quoted(text: string): string {
  return JSON.from<string>(text).stringify()
}

function answer(status: i32, body: string): string {
  return `{"statusCode":${status},"headers":{"content-type":"application/json"},"body":${body}}`
}

export function http_hello(request: string): string {
  const params = (JSON.parse(request) as JSON.Obj).getObj('params')
  answered++
  return answer(200, `{"text":${quoted(greeting + ', ' + textOf(params, 'name', 'you'))},"answered":${answered}}`)
}

export function http_greeting(request: string): string {
  const text = textOf((JSON.parse(request) as JSON.Obj).getObj('body'), 'greeting', '')
  if (text == '') return answer(400, '{"error":"greeting must be a text"}')
  greeting = text
  return answer(200, `{"greeting":${quoted(greeting)}}`)
}
