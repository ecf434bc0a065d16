// One story with the published @signalk/client per run: node signalk-client.js PORT STORY
// Each thing that happens is one line of JSON on stdout; the test that started us reads along.
'use strict'
const { default: Client } = require('@signalk/client')

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
