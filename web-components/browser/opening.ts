import type { SafePlace } from '../wall-client/api-shapes.ts'

/** Open now or not, by the server's clock. Pure. */
export function opening(
  place: Pick<SafePlace, 'openings'>,
  now: number,
): { open: true; until: string | null } | { open: false; next: string | null } {
  const first = place.openings.find(({ to }) => to === null || Date.parse(to) > now)
  if (first && Date.parse(first.from) <= now) return { open: true, until: first.to }
  return { open: false, next: first?.from ?? null }
}
