/** Hands a file of any size to the person: written as it comes where the browser can, else in one piece at the end. */
import { saveFile } from './save-file.ts'

type Target = { createWritable(): Promise<WritableStream<Uint8Array> & { close(): Promise<void> }> }
type Picker = (options: { suggestedName: string }) => Promise<Target>

/**
 * @param fetched asked for only when the person has said where to: each fetching is recorded. Null when they would
 * rather not.
 */
export async function saveStream(
  fetched: () => Promise<Response | null>,
  name: string,
  onShare: (share: number) => void,
): Promise<void> {
  const pick = (globalThis as { showSaveFilePicker?: Picker }).showSaveFilePicker
  const target = pick
    ? await pick({ suggestedName: name }).catch((error: DOMException) => (error.name === 'AbortError' ? 'no' : null))
    : null
  if (target === 'no') return
  const answer = await fetched()
  if (!answer?.body) return
  const total = Number(answer.headers.get('content-length') ?? 0)
  let done = 0
  const counted = answer.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        done += chunk.length
        if (total > 0) onShare(done / total)
        controller.enqueue(chunk)
      },
    }),
  )
  if (target) await counted.pipeTo(await target.createWritable())
  else saveFile(await new Response(counted).blob(), name)
}
