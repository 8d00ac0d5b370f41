/** The frame asks for a token when it needs one; only the frame itself, on Lamppost's own origin, gets it. */
const LAMPPOST = 'https://lamppost.example'
const frame = document.querySelector('iframe')
addEventListener('message', async ({ source, origin, data }) => {
  if (source !== frame.contentWindow || origin !== LAMPPOST || data?.lamppost !== 'token-wanted') return
  const { token, expiresAt } = await (await fetch('/wall-token')).json()
  frame.contentWindow.postMessage({ lamppost: 'token', token, expiresAt }, LAMPPOST)
})
