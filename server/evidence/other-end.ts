/** Who or what was at the other end of a call, as packages say it: a help point by its id alone, as ever. Pure. */
export const otherEnd = (call: { helpPoint: string | null; camera?: string | null; contact?: string | null }): string =>
  call.helpPoint ?? (call.contact ? `contact ${call.contact}` : `camera ${call.camera ?? 'unknown'}`)
