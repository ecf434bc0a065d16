// One story with the published @signalk/client per run: node signalk-client.js PORT STORY
// Each thing that happens is one line of JSON on stdout; the test that started us reads along.
'use strict'
const { default: Client } = require('@signalk/client')
const WebSocket = require('ws')

const [port, story] = [Number(process.argv[2]), process.argv[3]]
const say = (event, data) => console.log(JSON.stringify({ event, data }))

function make (options) {
  const client = new Client({ hostname: '127.0.0.1', port, useTLS: false, notifications: false, reconnect: false, ...options })
  client.on('error', (error) => say('error', error.message))
  client.on('connectionInfo', (hello) => say('hello', hello))
  return client
}

const nextResponse = (client, name, body) => new Promise((resolve) => {
  const request = client.request(name, body)
  request.on('response', (response) => {
    say(name, response)
    if (response.state === 'COMPLETED') resolve(response)
  })
  request.send()
})

const login = (username, password) => ({ useAuthentication: true, username, password })
const base = `http://127.0.0.1:${port}`

// a stream of its own with a token in its address, as displays open it; until the server ends it
const follow = (token) => new Promise((resolve) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/signalk/v1/stream?subscribe=self&token=${token}`)
  socket.on('unexpected-response', (_, response) => { say('stream-refused', response.statusCode); resolve() })
  socket.on('close', (code) => { say('stream-ended', code); resolve() })
  socket.on('message', (data) => {
    for (const update of JSON.parse(data).updates || []) {
      for (const { path, value } of update.values || []) say('stream-value', { path, value })
    }
  })
})

const stories = {
  async read () {
    const client = make()
    await client.connect()
    const api = await client.API()
    say('name', await api.name())
    say('mrn', await api.mrn())
    say('version', await api.version())
    say('sources', await api.sources())
    say('value', await api.get('vessels.self.navigation.speedOverGround.value'))
    say('meta', await api.getMeta('vessels.self.navigation.speedOverGround'))
    say('group', await api.navigation())
    say('vessels', Object.keys(await api.vessels()))
    await api.aircraft().catch((error) => say('refused', error.message))
    client.disconnect()
  },

  // the whole feed of the own vessel until the value that the test sends last
  async follow () {
    const client = make({ deltaStreamBehaviour: 'self', sendMeta: 'all', wsKeepaliveInterval: 1 })
    await new Promise((resolve, reject) => {
      client.on('delta', (delta) => {
        for (const update of delta.updates) {
          for (const meta of update.meta || []) say('meta', meta)
          for (const { path, value } of update.values || []) {
            say('value', { path, value, context: delta.context })
            if (path === 'test.last') resolve()
          }
        }
      })
      client.connect().then(() => say('connected'), reject)
    })
    client.disconnect()
  },

  // subscribe, then unsubscribe, then subscribe to something else
  async subscribe () {
    const client = make({
      deltaStreamBehaviour: 'none',
      subscriptions: [{ context: 'vessels.self', subscribe: [{ path: 'a.one', policy: 'instant' }] }]
    })
    await new Promise((resolve, reject) => {
      client.on('delta', (delta) => {
        for (const update of delta.updates) {
          for (const { path, value } of update.values || []) {
            say('value', { path, value, context: delta.context })
            if (path === 'a.one' && value === 1) {
              client.unsubscribe()
              client.subscribe({ context: 'vessels.*', subscribe: [{ path: 'a.two' }] })
              say('changed')
            }
            if (path === 'a.two') resolve()
          }
        }
      })
      client.connect().then(() => say('connected'), reject)
    })
    client.disconnect()
  },

  async notifications () {
    const client = make({ deltaStreamBehaviour: 'none', notifications: true })
    await new Promise((resolve, reject) => {
      client.on('notification', (notification) => {
        say('notification', notification)
        if (notification.state === 'alarm') resolve()
      })
      client.connect().then(() => say('connected'), reject)
    })
    client.disconnect()
  },

  // PUT over both transports: argv 4 is the path, 5 a good value, 6 a bad one (JSON)
  async put () {
    const [path, good, bad] = [process.argv[4], JSON.parse(process.argv[5]), JSON.parse(process.argv[6])]
    const client = make()
    await client.connect()
    const api = await client.API()
    await nextResponse(client, 'ws-good', { context: 'vessels.self', put: { path, value: good } })
    await nextResponse(client, 'ws-bad', { context: 'vessels.self', put: { path, value: bad } })
    await nextResponse(client, 'ws-nobody', { context: 'vessels.self', put: { path: 'no.such.path', value: 1 } })
    await api.put(`vessels.self.${path}`, { value: good }).then((reply) => say('http-good', reply), (error) => say('http-good', error.message))
    await api.put(`vessels.self.${path}`, { value: bad }).then((reply) => say('http-bad', reply), (error) => say('http-bad', error.message))
    client.disconnect()
  },

  // a login by HTTP, then one on the stream: argv 4, 5 are name and password
  async login () {
    const [name, password] = process.argv.slice(4)
    const client = make({ ...login(name, password), deltaStreamBehaviour: 'none' })
    await client.connect()
    const api = await client.API()
    say('name', await api.name())
    await new Promise((resolve) => {
      client.on('authenticated', ({ token }) => {
        say('authenticated', token.split('.').length)
        client.subscribe([{ context: 'vessels.self', subscribe: [{ path: 'test.*' }] }])
        client.connection.send({ updates: [{ values: [{ path: 'test.mine', value: 1 }] }] })
      })
      client.on('delta', (delta) => {
        say('value', delta.updates[0].values[0])
        resolve()
      })
      client.authenticate(name, password)
    })
    client.disconnect()
  },

  async refused () {
    const [name, password] = process.argv.slice(4)
    const client = make(login(name, password))
    await client.connect().catch((error) => say('refused', error.message))
  },

  // logs in again by itself after the server has been away
  async 'login-reconnect' () {
    const [name, password] = process.argv.slice(4)
    const client = make({ ...login(name, password), reconnect: true, maxTimeBetweenRetries: 250 })
    client.removeAllListeners('error') // while nobody answers there are many
    client.on('error', () => {})
    let hellos = 0
    await new Promise((resolve) => {
      client.on('connectionInfo', () => { if (++hellos === 2) resolve() })
      client.connect().catch(() => {})
    })
    const api = await client.API()
    say('name', await api.name())
    client.disconnect()
  },

  // a device asks for access and waits for an answer: argv 4 is its id, 5 what it calls itself
  async access () {
    const [id, description] = process.argv.slice(4)
    const client = make({ deltaStreamBehaviour: 'none' })
    await client.connect()
    const { clientId, response } = await client.requestDeviceAccess(description, id)
    say('requested', { clientId, ...response })
    let answer
    do {
      await new Promise((resolve) => setTimeout(resolve, 50))
      answer = await fetch(base + response.href).then((r) => r.json())
    } while (answer.state === 'PENDING')
    say('decided', answer)
    const { token } = answer.accessRequest
    if (token) {
      client.connection.setAuthenticated(token)
      const api = await client.API()
      say('name', await api.name())
      await follow(token)
      await api.name().then((name) => say('name', name), (error) => say('refused', error.message))
      await follow(token)
    }
    client.disconnect()
  },

  // an administrator decides: argv 4, 5 are name and password, 6 the device, 7 its role or "denied", 8 for how long
  async decide () {
    const [name, password, device, role, expiration] = process.argv.slice(4)
    const client = make({ ...login(name, password), deltaStreamBehaviour: 'none' })
    await client.connect()
    say('answer', await client.respondToAccessRequest(device, role, expiration))
    client.disconnect()
  },

  // a server that goes away and comes back
  async reconnect () {
    const client = make({ reconnect: true, maxTimeBetweenRetries: 250, deltaStreamBehaviour: 'self' })
    let hellos = 0
    await new Promise((resolve) => {
      client.on('connectionInfo', () => { if (++hellos === 2) resolve() })
      client.on('disconnect', () => say('disconnect'))
      client.connect().catch(() => {})
    })
    client.disconnect()
  }
}

stories[story]().then(() => process.exit(0), (error) => {
  say('failed', String(error && error.stack))
  process.exit(1)
})
