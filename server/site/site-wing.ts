/** The town as its site file names it: read, followed, edited. */
import type { CameraId } from '../glossary/camera.ts'
import type { Clock } from '../tools/clock.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { HelpPoint, SafePlace, Site } from '../glossary/site.ts'
import { createHelpPoints } from './help-points.ts'
import { openings } from './opening-hours.ts'
import { editPreset, editVmsCamera } from './site-edit.ts'
import { openSiteFile } from './site-file.ts'
import { createResolver } from './site-references.ts'
import { createWalks } from './walking.ts'

export type TownNeeds = {
  clock: Clock
  logger: { error(words: string): void }
  news: { publish(news: LiveNews): void }
  closing: { add(what: string, close: () => unknown): void }
  /** The site file, and the values of what it refers to. */
  file: string
  environment: Readonly<Record<string, string | undefined>>
  /** A new town was read, and is valid. */
  onChange(site: Site): Promise<void>
}

/** @throws site/invalid, with one line per problem */
export async function openTown({ clock, logger, news, closing, file, environment, onChange }: TownNeeds) {
  const siteFile = await openSiteFile({
    file,
    resolve: createResolver(environment),
    clock,
    onChange,
    onProblem: (problem) => {
      if (problem) logger.error(`the site file was changed and is not valid; the town stays as it was:\n${problem}`)
      news.publish({ event: 'site.problem', data: { problem } })
    },
  })
  closing.add('the site file', siteFile.close)
  const { site, streets } = siteFile
  const walks = createWalks()
  return {
    site,
    streets,
    ...createHelpPoints(site),
    timezone: (): string => site().timezone,
    editPreset: ({
      camera,
      change,
    }: {
      camera: Parameters<typeof editPreset>[1]
      change: Parameters<typeof editPreset>[2]
    }) => siteFile.edit((text) => editPreset(text, camera, change)),
    /** @param theirs the VMS’s own id; null: matched by its address again */
    editVmsCamera: (connector: string, camera: CameraId, theirs: string | null): Promise<void> =>
      siteFile.edit((text) => editVmsCamera(text, connector, camera, theirs)),
    /** When it is open, from now on. */
    openings: ({ open }: SafePlace) => openings(open, clock.now(), site().timezone),
    /** How far people walk there. */
    walk: ({ location }: HelpPoint, to: SafePlace) => walks(streets(), to.location)(location),
  }
}
