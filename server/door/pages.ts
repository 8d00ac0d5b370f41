/** The addresses of the pages, and the files that they are built into. */
export const PAGES = {
  '/': 'wall.html',
  '/button': 'button.html',
  '/presets': 'presets.html',
  '/help-points': 'help-points.html',
  '/connectors': 'connectors.html',
  '/evidence': 'evidence.html',
  '/incidents': 'incidents.html',
  '/figures': 'figures.html',
  '/site-file': 'site-file.html',
  '/shift': 'shift.html',
  '/people': 'people.html',
  '/embed': 'embed.html',
}
