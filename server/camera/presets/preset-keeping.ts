/** Presets in both places where they live: on the camera, and mapped to help points in the site file. */
import type { KeptPicture } from '../framing/picture-references.ts'
import type { CameraId, Preset, PresetCheck, PresetToken, PtzStatus } from '../../glossary/camera.ts'
import type { IncidentId } from '../../glossary/incident.ts'
import type { Append, Draft } from '../../glossary/ledger.ts'
import type { HelpPointId } from '../../glossary/press.ts'
import type { SiteCamera } from '../../glossary/site.ts'
import { Failure } from '../../tools/failure.ts'
import { isAway } from '../framing/framing-proof.ts'

/** A preset on the camera, and what the site file, the record and the pictures say of it. */
export type PresetView = Preset & {
  /** How it differs from what was confirmed: a sentence. */ changed: string | null
  helpPoints: HelpPointId[]
  pictures: number
  lastCheck: PresetCheck | null
}
export type PresetHead = {
  presets(): Promise<Preset[]>
  savePreset(name: string, token: PresetToken | null): Promise<PresetToken>
  removePreset(token: PresetToken): Promise<void>
  gotoPreset(token: PresetToken): Promise<void>
  status(): Promise<PtzStatus>
}
export type SiteEdit = {
  camera: CameraId
  change: { helpPoint: HelpPointId; token: PresetToken; name: string } | { forget: PresetToken }
}

export function createPresetKeeping(options: {
  head(id: CameraId): PresetHead
  siteCamera(id: CameraId): SiteCamera
  heldBy(id: CameraId): IncidentId | null
  knowsHelpPoint(id: string): boolean
  editSite(edit: SiteEdit): Promise<void>
  /**
   * The picture of where the camera looks now becomes what the preset should show; `alone` forgets what it showed
   * before.
   * @throws live/none
   */
  teach(id: CameraId, token: PresetToken, options: { alone: boolean }): Promise<void>
  forgetPictures(id: CameraId, token: PresetToken): Promise<void>
  reference(id: CameraId, token: PresetToken): Promise<KeptPicture | null>
  /** What the newest check saw. */
  checked(id: CameraId, token: PresetToken): Promise<KeptPicture | null>
  pictures(id: CameraId, token: PresetToken): Promise<number>
  lastCheck(id: CameraId, token: PresetToken): PresetCheck | null
  /** Another view is saved under it now, by its engineer. */
  saving(id: CameraId, token: PresetToken): void
  /** It was not: the camera refused. */
  notSaved(id: CameraId, token: PresetToken): void
  /** How the preset differs from what was confirmed. */
  changed(id: CameraId, token: PresetToken): string | null
  /** The entry by which the engineer says that it is right; null when the camera does not list it. */
  confirmation(id: CameraId, token: PresetToken, actor: string): Draft | null
  append: Append
}) {
  const {
    head,
    siteCamera,
    heldBy,
    knowsHelpPoint,
    editSite,
    teach,
    forgetPictures,
    reference,
    checked,
    pictures,
    lastCheck,
    saving,
    notSaved,
    changed,
    confirmation,
    append,
  } = options
  const view = async (id: CameraId, preset: Preset): Promise<PresetView> => ({
    ...preset,
    changed: changed(id, preset.token),
    pictures: await pictures(id, preset.token),
    lastCheck: lastCheck(id, preset.token),
    helpPoints: [...siteCamera(id).presets].flatMap(([helpPoint, { token }]) =>
      token === preset.token ? [helpPoint] : [],
    ),
  })

  /** @throws camera/held: while somebody needs help, the engineer waits. */
  function mustBeFree(id: CameraId): void {
    const incident = heldBy(id)
    if (incident !== null)
      throw new Failure(
        'camera/held',
        `${id} shows the place of an open incident; its presets can be changed when that is closed.`,
        { extra: { heldBy: incident } },
      )
  }
  async function known(id: CameraId, token: PresetToken): Promise<Preset> {
    const found = (await head(id).presets()).find((preset) => preset.token === token)
    if (!found) throw new Failure('preset/unknown', `${id} has no preset ${token}.`)
    return found
  }

  return {
    list: async (id: CameraId): Promise<PresetView[]> =>
      Promise.all((await head(id).presets()).map((preset) => view(id, preset))),
    /** @throws camera/held, preset/unknown, help-point/unknown, site/invalid */
    async save(
      id: CameraId,
      {
        token,
        name: given,
        helpPoint,
      }: { token: PresetToken | null; name: string | null; helpPoint: HelpPointId | null },
      actor: string,
    ): Promise<PresetView> {
      mustBeFree(id)
      if (helpPoint !== null && !knowsHelpPoint(helpPoint))
        throw new Failure('help-point/unknown', `There is no help point "${helpPoint}" in this town's site file.`)
      const name = given ?? (token === null ? '' : (await known(id, token)).name)
      if (token !== null && given !== null) await known(id, token)
      if (token !== null) saving(id, token)
      const saved = await head(id)
        .savePreset(name, token)
        .catch((error: unknown) => {
          if (token !== null) notSaved(id, token)
          throw error
        })
      if (helpPoint !== null) await editSite({ camera: id, change: { helpPoint, token: saved, name } })
      // A preset that was saved while there is no picture is still a preset: it has no picture proof until one is
      // taught.
      await teach(id, saved, { alone: true }).catch(() => {})
      const confirmed = confirmation(id, saved, actor)
      await append([
        { kind: 'preset.saved', actor, subject: id, body: { camera: id, token: saved, name, helpPoint } },
        ...(confirmed ? [confirmed] : []),
      ]).durable
      return view(id, await known(id, saved))
    },
    async remove(id: CameraId, token: PresetToken, actor: string): Promise<void> {
      mustBeFree(id)
      await known(id, token)
      await head(id).removePreset(token)
      await forgetPictures(id, token)
      await editSite({ camera: id, change: { forget: token } })
      await append([{ kind: 'preset.removed', actor, subject: id, body: { camera: id, token } }]).durable
    },
    /** The engineer looks at the picture and says: this is what it should show. The camera must stand at the preset. */
    async teach(id: CameraId, token: PresetToken, actor: string): Promise<void> {
      mustBeFree(id)
      const { name, position } = await known(id, token)
      const { position: now, moving } = await head(id).status()
      if (moving === true || isAway(position, now))
        throw new Failure(
          'preset/not-there',
          `${id} does not stand at ${name || token} now: send it there first, and look at the picture.`,
        )
      await teach(id, token, { alone: false })
      const confirmed = confirmation(id, token, actor)
      await append([
        { kind: 'preset.taught', actor, subject: id, body: { camera: id, token } },
        ...(confirmed ? [confirmed] : []),
      ]).durable
    },
    /** The engineer has looked: as the camera has it now, it is right. @throws preset/unknown */
    async confirm(id: CameraId, token: PresetToken, actor: string): Promise<void> {
      await known(id, token)
      const confirmed = confirmation(id, token, actor)
      if (confirmed) await append([confirmed]).durable
    },
    /** @throws preset/no-picture */
    async reference(id: CameraId, token: PresetToken): Promise<KeptPicture> {
      const picture = await reference(id, token)
      if (!picture)
        throw new Failure('preset/no-picture', `${id} has no reference picture for preset ${token}; teach it one.`)
      return picture
    },
    /** @throws preset/no-picture */
    async checkPicture(id: CameraId, token: PresetToken): Promise<KeptPicture> {
      const picture = await checked(id, token)
      if (!picture) throw new Failure('preset/no-picture', `No check of ${id} has seen preset ${token} yet.`)
      return picture
    },
    async recall(id: CameraId, token: PresetToken, actor: string): Promise<void> {
      mustBeFree(id)
      await known(id, token)
      await head(id).gotoPreset(token)
      await append([{ kind: 'preset.recalled', actor, subject: id, body: { camera: id, token } }]).durable
    },
  }
}
