/** A lamp post to press, for the demo: what a real help point sends, sent by a browser. */
import { enter } from '../page-parts/enter.ts'

const [press, reader] = await Promise.all([enter('press', null), enter('operator', null)])
const { items } = (await (
  await fetch('api/v1/help-points', { headers: { authorization: `Bearer ${reader}` } })
).json()) as { items: { id: string; name: string }[] }
const where = document.querySelector('#where')
const answer = document.querySelector('#answer')
const points = document.querySelector('#points')
let chosen = items[0]

function show(): void {
  if (where) where.textContent = chosen?.name ?? ''
  if (answer) answer.textContent = ''
  for (const [i, button] of [...(points?.children ?? [])].entries())
    button.setAttribute('aria-pressed', String(items[i] === chosen))
}
for (const item of items) {
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = item.name
  button.addEventListener('click', () => {
    chosen = item
    show()
  })
  points?.append(button)
}
show()

document.querySelector('#press')?.addEventListener('click', async () => {
  if (!chosen || !answer) return
  answer.textContent = 'Calling the control room …'
  const body = { helpPoint: chosen.id, id: crypto.randomUUID(), pressedAt: new Date().toISOString() }
  // A real help point tries again with the same id until it has its receipt.
  for (let tries = 0; tries < 5; tries += 1) {
    const reply = await fetch('api/v1/presses', {
      method: 'POST',
      headers: { authorization: `Bearer ${press}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).catch(() => null)
    if (reply?.ok) {
      answer.textContent = 'The control room has your call.'
      return
    }
    if (reply && reply.status < 500) break
    await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tries))
  }
  answer.textContent = 'The control room could not be reached. Call 999 if you are in danger.'
})
