/** The town as its site file names it: read, followed, edited. */
import { join } from 'node:path'
import type { Door } from '../door/door.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { Clock } from '../tools/clock.ts'
import type { Append } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { HelpPoint, SafePlace, Site } from '../glossary/site.ts'
import { createHelpPoints } from './help-points.ts'
import { openings } from './opening-hours.ts'
import type { editPreset } from './edit/site-edit.ts'
import { createEditWork } from './edit/edit-work.ts'
import { type AtEditWork, type EditedFile, createSiteEditor } from './edit/site-editor.ts'
import { siteFileRoutes } from './edit/site-file-routes.ts'
import { openSiteFile } from './site-file.ts'
import { createResolver } from './site-references.ts'
import { createWalks } from './walking.ts'

export type TownNeeds = {
  clock: Clock
  logger: { error(words: string): void }
  news: { publish(news: LiveNews): void }
  closing: { add(what: string, close: () => unknown): void }
  dataFolder: string
  /** The site file, and the values of what it refers to. */
  file: string
  environment: Readonly<Record<string, string | undefined>>
  /** A new town was read, and is valid. Resolves with the parts that could not follow yet. */
  onChange(site: Site): Promise<readonly string[]>
}

/** @throws site/invalid, with one line per problem */
export async function openTown({ clock, logger, news, closing, dataFolder, file, environment, onChange }: TownNeeds) {
  const { atWork, close } = createEditWork(clock)
  closing.add('the thread of edits', close)
  const siteFile = await openSiteFile({
    file,
    check: (text) => atWork((work) => work.check(text, { ...environment })),
    keptIn: join(dataFolder, 'site-file-before.json'),
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
    siteFile,
    atEditWork: atWork,
    lentFolder: environment['CREDENTIALS_DIRECTORY'],
    timezone: (): string => site().timezone,
    editPreset: ({ camera, change }: { camera: CameraId; change: Parameters<typeof editPreset>[2] }) =>
      siteFile.edit((text) => atWork((work) => work.preset(text, camera, change)), `a preset of ${camera}`),
    /** @param theirs the VMS’s own id; null: matched by its address again */
    editVmsCamera: (connector: string, camera: CameraId, theirs: string | null): Promise<void> =>
      siteFile.edit(
        (text) => atWork((work) => work.vmsCamera(text, connector, camera, theirs)),
        `what ${connector} calls ${camera}`,
      ),
    /** When it is open, from now on. */
    openings: ({ open }: SafePlace) => openings(open, clock.now(), site().timezone),
    /** How far people walk there. */
    walk: ({ location }: HelpPoint, to: SafePlace) => walks(streets(), to.location)(location),
  }
}

/** The server's own, those of a container, and what systemd lends to this service alone. */
const secretsFoldersOf = (dataFolder: string, lent: string | undefined): string[] => [
  join(dataFolder, 'secrets'),
  '/run/secrets',
  ...(lent === undefined ? [] : [lent]),
]

export type SiteEditorNeeds = {
  clock: Clock
  logger: { error(words: string): void }
  town: { siteFile: EditedFile; atEditWork: AtEditWork; lentFolder: string | undefined }
  ledger: { append: Append }
  dataFolder: string
}
/** The engineer's editor of the file. */
export function openSiteEditor({ clock, logger, town, ledger, dataFolder }: SiteEditorNeeds) {
  const desk = createSiteEditor({
    clock,
    logger,
    file: town.siteFile,
    append: ledger.append,
    atWork: town.atEditWork,
    secretsFolders: secretsFoldersOf(dataFolder, town.lentFolder),
  })
  return { begin: desk.makeUp, routes: ({ app }: Door): void => siteFileRoutes(app, desk) }
}
