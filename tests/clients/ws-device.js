// A switch behind the published `ws` package: node ws-device.js PORT
// Publishes electrical.switches.s1.state and carries out what it is asked; leaves when the state becomes 2.
'use strict'
const WebSocket = require('ws')

const path = 'electrical.switches.s1.state'
const socket = new WebSocket(`ws://127.0.0.1:${process.argv[2]}/signalk/v1/stream?subscribe=none`) // offers permessage-deflate
const say = (event, data) => console.log(JSON.stringify({ event, data }))
const publish = (value) => socket.send(JSON.stringify({ updates: [{ $source: 'dev.1', values: [{ path, value }] }] }))

socket.on('error', (error) => { say('error', error.message); process.exit(1) })
socket.on('close', (code) => { say('close', code); process.exit(0) })
socket.on('message', (data) => {
  const message = JSON.parse(data)
  if (message.name) {
    say('hello', { extensions: socket.extensions })
    publish(0)
  } else if (Array.isArray(message.put)) {
    say('put', message)
    const { requestId } = message
    const { value } = message.put[0]
    const good = value === 0 || value === 1 || value === 2
    socket.send(JSON.stringify({ requestId, state: 'PENDING', statusCode: 202 }))
    if (good) publish(value)
    socket.send(JSON.stringify({ requestId, state: 'COMPLETED', statusCode: good ? 200 : 400, message: good ? 'done' : 'no such state' }))
    if (value === 2) socket.close(1000)
  }
})
