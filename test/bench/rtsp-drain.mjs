/** Readers of one RTSP stream over TCP that throw away what they get, in a process of their own. ADDRESS PATH COUNT */
import { createHash } from 'node:crypto'
import { connect } from 'node:net'

const [address, path, count, username, password] = process.argv.slice(2)
const [host, port] = address.split(':')
const url = `rtsp://${address}${path}`
const md5 = (text) => createHash('md5').update(text, 'utf8').digest('hex')
let bytes = 0

function read() {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host)
    let nonce = ''
    let realm = ''
    let sequence = 0
    const say = (method, at, headers = '') => {
      sequence += 1
      const response = md5(`${md5(`${username}:${realm}:${password}`)}:${nonce}:${md5(`${method}:${at}`)}`)
      const digest = `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${at}", response="${response}"`
      const authorization = nonce ? `Authorization: ${digest}\r\n` : ''
      socket.write(`${method} ${at} RTSP/1.0\r\nCSeq: ${sequence}\r\n${authorization}${headers}\r\n`)
    }
    const next = [
      () => say('DESCRIBE', url),
      () => say('SETUP', `${url}/track0`, 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n'),
      () => say('PLAY', url, 'Session: 1\r\n'),
    ]
    let playing = false
    socket.on('data', (chunk) => {
      bytes += chunk.length
      if (playing) return
      const text = chunk.toString('latin1')
      if (text.startsWith('RTSP/1.0 401')) {
        nonce = /nonce="([^"]*)"/.exec(text)[1]
        realm = /realm="([^"]*)"/.exec(text)[1]
      } else if (!text.startsWith('RTSP/1.0 200')) return reject(new Error(text))
      const step = next.shift()
      if (step) return step()
      playing = true
      resolve()
    })
    socket.on('error', reject)
    say('DESCRIBE', url)
  })
}

for (let i = 0; i < Number(count); i += 1) await read()
process.send({ ready: true })
process.on('message', () => process.send({ bytes }))
process.on('disconnect', () => process.exit(0))
