// What the Node server's own libraries make of our tokens and hashes, and we of theirs: node credentials.js KEY TOKEN HASH PASSWORD
'use strict'
const bcrypt = require('bcryptjs')
const jwt = require('jsonwebtoken')

const [key, token, hash, password] = process.argv.slice(2)
const say = (event, data) => console.log(JSON.stringify({ event, data }))

say('claims', jwt.verify(token, key, { algorithms: ['HS256'] }))
say('matches', bcrypt.compareSync(password, hash))
say('token', jwt.sign({ id: 'anna' }, key, { expiresIn: '1h' }))
say('device', jwt.sign({ device: 'aaaaaaaa-1111-2222-3333-444444444444' }, key))
say('hash', bcrypt.hashSync('sesame', 10))
