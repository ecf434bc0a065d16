// {{title}}: the boat's own thermometer and barometer as a weather station.
import { JSON, getSelfPath, setError, setStatus } from '@signalk/assemblyscript-plugin-sdk/assembly'

// The SDK has no function for this one.
@external('env', 'sk_register_weather_provider')
declare function sk_register_weather_provider(name: usize, length: usize): i32

let lowPressure: f64 = 100000

function registerWeatherProvider(name: string): bool {
  const bytes = String.UTF8.encode(name)
  return sk_register_weather_provider(changetype<usize>(bytes), bytes.byteLength) == 1
}

class Reading {
  value: f64 = NaN
  timestamp: string = ''
}

function numberIn(value: JSON.Value | null): f64 {
  if (value !== null && value.isFloat) return (value as JSON.Float).valueOf()
  if (value !== null && value.isInteger) return <f64>(value as JSON.Integer).valueOf()
  return NaN
}

// NaN: there is none. The SDK decodes its whole buffer, with the zeros behind the server's answer.
function read(path: string): Reading {
  const reading = new Reading()
  const json = getSelfPath(path)
  if (json === null) return reading
  const end = json.indexOf('\0')
  const node = JSON.parse(end < 0 ? json : json.substring(0, end))
  if (!node.isObj) return reading
  const timestamp = (node as JSON.Obj).getString('timestamp')
  reading.value = numberIn((node as JSON.Obj).get('value'))
  reading.timestamp = timestamp === null ? '' : timestamp.valueOf()
  return reading
}

export function plugin_name(): string {
  return '{{title}}'
}

export function plugin_schema(): string {
  return `{"type":"object","properties":{
    "lowPressure":{"type":"number","title":"Warn when the pressure is below (Pa)","default":100000}}}`
}

// The configuration comes as bytes, unlike every other argument.
export function plugin_start(configPtr: usize, configLen: usize): i32 {
  const config = JSON.parse(String.UTF8.decodeUnsafe(configPtr, configLen)) as JSON.Obj
  const limit = numberIn(config.get('lowPressure'))
  lowPressure = isNaN(limit) ? 100000 : limit
  if (!registerWeatherProvider('{{title}}')) {
    setError('Providing weather was refused: package.json needs "weatherProvider": true')
    return 1
  }
  setStatus('Observing')
  return 0
}

export function plugin_stop(): i32 {
  setStatus('Stopped')
  return 0
}

// One observation, here and now: this boat measures nowhere else.
export function weather_get_observations(request: string): string {
  const temperature = read('environment.outside.temperature')
  const pressure = read('environment.outside.pressure')
  const date = isNaN(pressure.value) ? temperature.timestamp : pressure.timestamp
  const parts: string[] = []
  if (!isNaN(temperature.value)) parts.push(`"temperature":${temperature.value}`)
  if (!isNaN(pressure.value)) parts.push(`"pressure":${pressure.value}`)
  if (parts.length == 0) return '[]'
  return `[{"date":"${date}","type":"observation","outside":{${parts.join(',')}}}]`
}

export function weather_get_forecasts(request: string): string {
  return '[]'
}

export function weather_get_warnings(request: string): string {
  const pressure = read('environment.outside.pressure')
  if (!(pressure.value < lowPressure)) return '[]'
  const time = pressure.timestamp
  return `[{"startTime":"${time}","endTime":"${time}","details":"Pressure ${pressure.value} Pa is below ${lowPressure} Pa",
    "source":"{{title}}","type":"Warning"}]`
}
