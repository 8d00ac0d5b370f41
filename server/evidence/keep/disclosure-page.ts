/**
 * What somebody sees who follows a link: what it is, how long the link opens, and how to make sure of it. Plain HTML,
 * no script. Pure.
 */
import type { Disclosure, MadeExport } from '../../glossary/evidence.ts'
import { escaped } from '../../tools/html.ts'

const STYLE = `
:root { color-scheme: light dark }
body {
  margin: 0; font: 17px/1.55 system-ui,sans-serif; background: light-dark(#f4f6f8,#11181f);
  color: light-dark(#14202b,#eef3f7);
}
main { max-width: 44rem; margin: 0 auto; padding: 2.5rem 1.25rem; display: grid; gap: 1.1rem }
h1 { font-size: 1.7rem; margin: 0 }
p { margin: 0 }
dl {
  display: grid; grid-template-columns: 11rem 1fr; gap: .4rem 1rem; margin: 0; padding: 1.1rem;
  border: 1px solid light-dark(#c3ccd5,#3c4b58); border-radius: .6rem; background: light-dark(#fff,#1b252e);
}
dt { color: light-dark(#4c5a67,#a9b8c5) }
dd { margin: 0; overflow-wrap: anywhere }
.files { display: grid; gap: .7rem }
a {
  display: block; padding: .9rem 1.1rem; border-radius: .6rem; font-weight: 600; text-decoration: none;
  background: light-dark(#0b5cad,#7cc0ff); color: light-dark(#fff,#0b1620);
}
a.second { background: none; color: inherit; border: 1px solid currentColor }
a:focus-visible { outline: 3px solid light-dark(#0b5cad,#7cc0ff); outline-offset: 3px }
`

export function disclosurePage(
  { recipient, organisation, purpose, until, most, used }: Disclosure,
  { id, facts }: MadeExport,
  site: { name: string; timezone: string },
  secret: string,
): string {
  const row = (term: string, value: string): string => `<dt>${term}</dt><dd>${escaped(value)}</dd>`
  const ends = new Intl.DateTimeFormat('en-GB', {
    timeZone: site.timezone,
    dateStyle: 'full',
    timeStyle: 'short',
  }).format(new Date(until))
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>Evidence package ${escaped(id)}</title><style>${STYLE}</style></head>
<body><main>
<h1>Evidence package ${escaped(id)}</h1>
<p>${escaped(site.name)} hands this over to ${escaped(recipient)}${organisation ? `, ${escaped(organisation)}` : ''}.
Every fetching is recorded.</p>
<dl>${row('For', purpose)}${row('Size', `${(facts.bytes / 1e6).toFixed(1)} MB`)}${row('SHA-256', facts.sha256)}
${row('This link ends', `${ends} (${site.timezone})`)}
${row('Fetched', `${used} of ${most} times`)}</dl>
<div class="files"><a href="${escaped(secret)}/package.zip">Fetch the package</a>
<a class="second" href="${escaped(secret)}/companion.zip">
Fetch receipt, root certificate and the page that verifies it</a></div>
<p>To watch it, unzip the package and open data/view: each .mp4 plays in any player. READ-ME-FIRST.txt says the rest.</p>
</main></body></html>
`
}
