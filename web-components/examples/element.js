/** This page's own server asks Lamppost for a short-lived token (POST /api/v1/tokens) with the long-lived one that only it knows. */
const life = Number(new URLSearchParams(location.search).get('life'))
const wall = document.querySelector('lamppost-wall')
wall.renewToken = async () => {
  const answer = await fetch('/wall-token')
  const { token, expiresAt } = await answer.json()
  // For a demonstration it may be renewed much sooner than it must be.
  return { token, expiresAt: life ? new Date(Date.now() + life * 1000).toISOString() : expiresAt }
}
const heard = []
for (const what of ['opened', 'acknowledged'])
  wall.addEventListener(`lamppost-incident-${what}`, ({ detail }) => {
    heard.push(`${what} ${detail.helpPoint}`)
    document.querySelector('#heard').textContent = heard.join(', ')
  })
try {
  await import('https://lamppost.example/lamppost.js')
} catch {
  // A wall that is not there must be seen to be missing.
  document.querySelector('#failed').hidden = false
}
