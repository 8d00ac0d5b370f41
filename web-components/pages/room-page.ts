/** A page that is one element: its place says which, and the role that a simulated town lends for it. */
import { place } from '../page-parts/enter.ts'

const { place: tag = '', role } = document.querySelector<HTMLElement>('[data-place]')?.dataset ?? {}
await place(tag, role as Parameters<typeof place>[1])
