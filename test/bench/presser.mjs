/** What presses in a benchmark: as little as can be between the moment that counts and the wire. */
import http from 'node:http'

/** One press over one kept connection, as an intercom server sends them; the moment its bytes leave. */
export function presser(url, token) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  return (helpPoint) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ helpPoint })
      const request = http.request(
        `${url}/api/v1/presses`,
        {
          agent,
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          },
        },
        (answer) => {
          let text = ''
          answer
            .on('data', (chunk) => (text += chunk))
            .on('end', () => resolve({ at, incident: JSON.parse(text).incident }))
        },
      )
      request.on('error', reject)
      const at = performance.timeOrigin + performance.now()
      request.end(body)
    })
}
