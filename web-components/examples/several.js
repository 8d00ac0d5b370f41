/** One callback for all of them: they share its tokens, one event stream and one connection for pictures. */
const renewToken = async () => (await fetch('/wall-token')).json()
for (const wall of document.querySelectorAll('lamppost-wall')) wall.renewToken = renewToken
await import('https://lamppost.example/lamppost.js')
