/** What a person sees whose link does not open any more, or never did: a page without a script. Pure. */
import { escaped } from '../tools/html.ts'

export const lentPage = (words: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>CCTV control room</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="page/responder-page.css">
</head>
<body class="over"><main><h1>${escaped(words)}</h1>
<p lang="en">Telephone the CCTV control room if you still need it.</p>
<p lang="cy">Ffoniwch yr ystafell reoli teledu cylch cyfyng os oes ei angen arnoch o hyd.</p></main></body>
</html>
`
