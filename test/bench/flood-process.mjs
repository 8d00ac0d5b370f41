/** Sends so many presses of one help point a second, whether or not they are answered. URL TOKEN PER-SECOND SECONDS */
import http from 'node:http'
import { setPriority } from 'node:os'

const [url, token, perSecond, seconds] = [
  process.argv[2],
  process.argv[3],
  Number(process.argv[4]),
  Number(process.argv[5]),
]
// A flood comes from other machines: it must not take the processor from what it floods, nor from who measures.
setPriority(10)
const MOST_OPEN = 2000
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
const counts = { offered: 0, acknowledged: 0, refused: 0, failed: 0 }
let open = 0

function send(n) {
  counts.offered += 1
  // Who cannot even hand it to the network has lost it on their own side.
  if (open >= MOST_OPEN) return void (counts.failed += 1)
  open += 1
  const body = JSON.stringify({ helpPoint: 'hp-0', id: `flood-${process.pid}-${n}` })
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
      answer.resume().on('end', () => {
        open -= 1
        if (answer.statusCode < 300) counts.acknowledged += 1
        else if (answer.statusCode === 429) counts.refused += 1
        else counts.failed += 1
      })
    },
  )
  request.on('error', () => {
    open -= 1
    counts.failed += 1
  })
  request.end(body)
}

const startedAt = performance.now()
let n = 0
const timer = setInterval(() => {
  const passed = performance.now() - startedAt
  for (const due = Math.min(passed, seconds * 1000) * (perSecond / 1000); n < due; n += 1) send(n)
  if (passed > seconds * 1000) {
    clearInterval(timer)
    setTimeout(() => {
      process.stdout.write(JSON.stringify(counts))
      process.exit(0)
    }, 2000)
  }
}, 2)
