/**
 * The pictures that show what a preset should show, as the engineer taught them; a few per preset, for day and night.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CameraId, HeadLook, PresetToken } from '../../glossary/camera.ts'

/** By day, by night, and two for what else comes. The oldest goes. */
const MOST = 4
const CHECK = 'check.jpg'
/** A picture, and where the head stood for it; null where nobody knows. */
export type KeptPicture = { jpeg: Buffer; position: HeadLook['position'] }
/** Beside a picture. */
const placeBeside = (file: string): string => `${file}.json`
async function kept(file: string): Promise<KeptPicture> {
  const [jpeg, position] = await Promise.all([
    readFile(file),
    readFile(placeBeside(file), 'utf8').then(
      (text) => JSON.parse(text) as HeadLook['position'],
      () => null,
    ),
  ])
  return { jpeg, position }
}

export type PictureReferences = ReturnType<typeof createPictureReferences>

/**
 * @param folder one folder per camera and preset lies in it; tokens are the camera's own words and never become file
 * names.
 */
export function createPictureReferences({ folder, now }: { folder: string; now(): number }) {
  const placeOf = (camera: CameraId, token: PresetToken): string =>
    join(folder, camera, createHash('sha256').update(token, 'utf8').digest('hex').slice(0, 24))
  const namesOf = async (camera: CameraId, token: PresetToken): Promise<string[]> =>
    (await readdir(placeOf(camera, token)).catch(() => []))
      .filter((name) => name.endsWith('.jpg') && name !== CHECK)
      .sort()

  return {
    /** Newest last; empty when nobody taught any. */
    async all(camera: CameraId, token: PresetToken): Promise<Buffer[]> {
      const names = await namesOf(camera, token)
      return Promise.all(names.map((name) => readFile(join(placeOf(camera, token), name))))
    },
    async newest(camera: CameraId, token: PresetToken): Promise<KeptPicture | null> {
      const name = (await namesOf(camera, token)).at(-1)
      return name === undefined ? null : kept(join(placeOf(camera, token), name))
    },
    async count(camera: CameraId, token: PresetToken): Promise<number> {
      return (await namesOf(camera, token)).length
    },
    /** One more; or, when the preset itself was saved anew, the only one. */
    async teach(
      camera: CameraId,
      token: PresetToken,
      { jpeg, position, alone }: { jpeg: Uint8Array; position: HeadLook['position']; alone: boolean },
    ): Promise<void> {
      const place = placeOf(camera, token)
      if (alone) await rm(place, { recursive: true, force: true })
      await mkdir(place, { recursive: true })
      const name = `${String(now()).padStart(15, '0')}.jpg`
      await writeFile(placeBeside(join(place, name)), JSON.stringify(position))
      await writeFile(join(place, `${name}.new`), jpeg)
      await rename(join(place, `${name}.new`), join(place, name))
      for (const old of (await namesOf(camera, token)).slice(0, -MOST))
        for (const file of [join(place, old), placeBeside(join(place, old))]) await rm(file, { force: true })
    },
    /** What the newest check saw; kept beside what was taught. */
    async noteCheck(
      camera: CameraId,
      token: PresetToken,
      { jpeg, position }: { jpeg: Uint8Array; position: HeadLook['position'] },
    ): Promise<void> {
      const place = placeOf(camera, token)
      await mkdir(place, { recursive: true })
      // A picture never stands beside the place of another.
      await rm(join(place, CHECK), { force: true })
      await writeFile(placeBeside(join(place, CHECK)), JSON.stringify(position))
      await writeFile(join(place, `${CHECK}.new`), jpeg)
      await rename(join(place, `${CHECK}.new`), join(place, CHECK))
    },
    forgetCheck: (camera: CameraId, token: PresetToken): Promise<void> =>
      rm(join(placeOf(camera, token), CHECK), { force: true }),
    checked: (camera: CameraId, token: PresetToken): Promise<KeptPicture | null> =>
      kept(join(placeOf(camera, token), CHECK)).catch(() => null),
    forget: (camera: CameraId, token: PresetToken): Promise<void> =>
      rm(placeOf(camera, token), { recursive: true, force: true }),
  }
}
