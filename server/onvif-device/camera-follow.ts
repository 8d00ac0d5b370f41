/** A camera's live picture in H.264: as it comes, or its H.264 form, whichever the camera has now. */
import type { CameraId } from '../glossary/camera.ts'
import type { LiveForm, PictureForm } from '../glossary/clip.ts'
import type { FollowLive } from './stream/camera-source.ts'

type Listener = Parameters<FollowLive>[1]
export type LiveSource = {
  /** As in an HLS CODECS attribute; null: nothing came yet. */
  codec(camera: CameraId): string | null
  watchLive(camera: CameraId, form: LiveForm, listener: Listener): { again(): void; leave(): void }
}

export function followIn({ codec, watchLive }: LiveSource): FollowLive {
  const formOf = (camera: CameraId): PictureForm => (/^avc[13]/.test(codec(camera) ?? 'avc1') ? 'copy' : 'h264')
  return (camera, listener) => {
    let form = formOf(camera)
    let viewing = watchLive(camera, form, listener)
    return {
      again(): void {
        const now = formOf(camera)
        if (now === form) return viewing.again()
        viewing.leave()
        form = now
        viewing = watchLive(camera, form, listener)
      },
      leave: () => viewing.leave(),
    }
  }
}
